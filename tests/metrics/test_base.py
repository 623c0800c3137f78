"""What every metric of frames shares: scoring, what is unscored, cards and specs."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from videophy_lab.judges.base import Card, Question, make_spec
from videophy_lab.metrics.base import FrameMetric, average_frames
from videophy_lab.metrics.flicker import TemporalFlickering
from videophy_lab.metrics.frames import Colourfulness, Contrast, Sharpness
from videophy_lab.video.clip import Clip, FrameView, VideoInfo

METRICS = [TemporalFlickering(), Sharpness(), Colourfulness(), Contrast()]


@dataclass(kw_only=True)
class FirstByte(FrameMetric):
    """A metric that reads one byte and has an option, a view and a value that it does not define."""

    undefined: int = 13

    card: ClassVar[Card] = Card("first_byte", "The first byte", ("first_byte",), "0–255", better="neither")
    calls: ClassVar[list[int]] = []

    @property
    def view(self) -> FrameView:
        return FrameView("all", size=(2, 2))

    def measure(self, frames: np.ndarray) -> float:
        self.calls.append(len(frames))
        first = int(frames[0, 0, 0, 0])
        return math.inf if first == self.undefined else first


def make_clip(frames: np.ndarray, view: FrameView) -> Clip:
    """Make a clip whose frames are read-only, as a decoded one's are."""
    frames = frames.copy()
    frames.setflags(write=False)
    info = VideoInfo(Path("v.mp4"), "h264", "yuv420p", 4, 4, len(frames), 8.0, len(frames) / 8)
    return Clip(info, {view: frames}, {view: np.arange(len(frames))})


def fill_frames(count: int, value: int = 7) -> np.ndarray:
    return np.full((count, 4, 4, 3), value, dtype=np.uint8)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.card.name)
def test_the_score_of_a_clip_is_the_measure_of_its_frames(
    metric: FrameMetric, rng: np.random.Generator
) -> None:
    videos = [rng.integers(0, 256, (count, 6, 8, 3), dtype=np.uint8) for count in (2, 5)]
    question = Question(metric.card.name)
    answers = metric.score([make_clip(frames, metric.view) for frames in videos], [[question], [question]])
    assert [[(a.score, a.status, a.probabilities) for a in asked] for asked in answers] == [
        [(metric.measure(frames), "ok", ())] for frames in videos
    ]


def test_a_clip_is_measured_once_for_all_its_questions() -> None:
    metric = FirstByte()
    metric.calls.clear()
    clips = [make_clip(fill_frames(3), metric.view), make_clip(fill_frames(4, 9), metric.view)]
    questions = [[Question("first_byte"), Question("first_byte", probe="reverse")], [Question("first_byte")]]
    answers = metric.score(clips, questions)
    assert [[answer.score for answer in asked] for asked in answers] == [[7, 7], [9]]
    assert metric.calls == [3, 4]


@dataclass(kw_only=True)
class Ends(FrameMetric):
    """A metric of two numbers, of which one may not be defined."""

    card: ClassVar[Card] = Card("ends", "The first and the last byte", ("first", "last"), "0–255")

    def measure(self, frames: np.ndarray) -> dict[str, float]:
        return {"first": float(frames[0, 0, 0, 0]), "last": math.nan}


def test_a_metric_of_two_numbers_gives_each_task_its_own() -> None:
    metric = Ends()
    asked = [Question("last"), Question("first"), Question("pc")]
    [[last, first, pc]] = metric.score([make_clip(fill_frames(2), metric.view)], [asked])
    assert (first.score, first.status) == (7, "ok")
    assert last.status == "unscored"
    assert (pc.status, pc.error) == ("failed", "ends measures nothing for 'pc'. Allowed: first, last.")


@pytest.mark.parametrize(("count", "said"), [(0, "the video has 0"), (1, "the video has 1")])
def test_too_few_frames_are_unscored_with_the_reason(count: int, said: str) -> None:
    metric = TemporalFlickering()
    answer = metric.score([make_clip(fill_frames(count), metric.view)], [[Question("temporal_flickering")]])
    assert math.isnan(answer[0][0].score)
    assert answer[0][0].status == "unscored"
    assert said in answer[0][0].error
    assert "needs 2" in answer[0][0].error


def test_a_number_that_is_not_finite_is_unscored_with_the_reason() -> None:
    metric = FirstByte()
    answer = metric.score([make_clip(fill_frames(2, 13), metric.view)], [[Question("first_byte")]])[0][0]
    assert math.isnan(answer.score)
    assert (answer.status, answer.error) == (
        "unscored",
        "first_byte is not defined on these frames: inf",
    )


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.card.name)
@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((2, 4, 4, 3), dtype=np.float32),
        np.zeros((2, 4, 4), dtype=np.uint8),
        np.zeros((2, 4, 4, 4), dtype=np.uint8),
        np.zeros((2, 0, 4, 3), dtype=np.uint8),
    ],
    ids=["float", "grey", "rgba", "no-rows"],
)
def test_frames_of_another_kind_are_refused(metric: FrameMetric, frames: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"allowed are RGB frames of uint8.*Remedy"):
        metric.measure(frames)


def test_the_average_is_over_frames() -> None:
    frames = np.concatenate([fill_frames(1, 10), fill_frames(3, 30)])
    assert average_frames(lambda frame: float(frame.mean()), frames) == 25
    assert math.isnan(average_frames(lambda frame: float(frame.mean()), frames[:0]))


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.card.name)
def test_metrics_share_their_frames_and_state_range_and_direction(metric: FrameMetric) -> None:
    metric.prepare()
    assert metric.view == FrameView("all")
    assert metric.batch_size == 1
    assert metric.card.tasks == (metric.card.name,)
    assert metric.card.better in {"higher", "lower", "neither"}
    assert "0" in metric.card.scale


def test_the_spec_holds_name_frames_and_options() -> None:
    assert FirstByte(undefined=4).describe() == {
        "scorer": "first_byte",
        "frames": {"rule": "all", "count": None, "fps": None, "size": (2, 2)},
        "undefined": 4,
    }
    metrics = [*METRICS, FirstByte(), FirstByte(undefined=4)]
    assert len({make_spec(metric.describe()) for metric in metrics}) == len(metrics)


def test_reading_the_cards_imports_no_video_library() -> None:
    probe = (
        "import sys; from videophy_lab.metrics import flicker, frames; frames.Sharpness.card;"
        "print(sorted({'torch', 'av', 'cv2', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
