"""Dynamic degree against VBench's rule by hand, planted speeds, its boundaries and its quirks."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from tests.metrics.test_base import make_clip
from tests.metrics.test_flow import cut_moving, make_texture, save_raft
from videophy_lab.judges.base import Card, Question, make_spec
from videophy_lab.metrics.dynamics import (
    DynamicDegree,
    DynamicDegreeDis,
    DynamicMetric,
    average_fastest,
    is_dynamic,
)
from videophy_lab.metrics.flow import estimate_dis_flow, estimate_raft_flow, load_raft
from videophy_lab.video import VideoError, sample_frames
from videophy_lab.video.clip import FrameView
from videophy_lab.weights import WeightsError

METRICS = [DynamicDegree(), DynamicDegreeDis()]


def follow_vbench(flows: list[np.ndarray], height: int, width: int) -> tuple[bool, float]:
    """Follow the published rule step by step: the verdict with its early end, and the mean of r."""
    fastest = []
    for flow in flows:
        lengths = np.sqrt(np.square(flow[:, :, 0]) + np.square(flow[:, :, 1]))
        cut = int(lengths.shape[0] * lengths.shape[1] * 0.05)
        fastest.append(float(np.mean(np.abs(np.sort(-lengths.flatten()))[:cut])))
    threshold = 6.0 * (min(height, width) / 256.0)
    needed, count = round(4 * ((len(flows) + 1) / 16.0)), 0
    for speed in fastest:
        count += speed > threshold
        if count >= needed:
            return True, float(np.mean(fastest))
    return False, float(np.mean(fastest))


def make_moving(rng: np.random.Generator, speed: int, count: int = 6, *, size: tuple[int, int]) -> np.ndarray:
    """Make a texture that moves to the right by `speed` pixels a frame."""
    height, width = size
    texture = make_texture(rng, height, width + 200)
    return cut_moving(texture, [(0, 150 - speed * step) for step in range(count)], height, width)


@dataclass(kw_only=True)
class Planted(DynamicMetric):
    """A metric whose flow is as long everywhere as the first byte of the second frame says."""

    least_side: ClassVar[int] = 5
    card: ClassVar[Card] = Card("planted", "planted flow", ("planted", "planted_flow"), "0 or 1")

    def estimate_flow(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        flow = np.zeros((*second.shape[:2], 2), np.float32)
        flow[..., 1] = -float(second[0, 0, 0])
        return flow


def plant_speeds(speeds: list[int], height: int = 256, width: int = 300) -> np.ndarray:
    frames = np.zeros((len(speeds) + 1, height, width, 3), np.uint8)
    frames[1:, 0, 0, 0] = speeds
    return frames


# --- the rule


def test_the_fastest_twentieth_is_averaged(rng: np.random.Generator) -> None:
    # 83 vectors: int(83 · 0.05) = 4 of them, of the lengths 10, 10, 5 and 13
    flow = np.zeros((1, 83, 2), np.float32)
    flow[0, 5:9] = [(6, 8), (0, -10), (3, -4), (-12, 5)]
    flow[0, 20] = (1, 2)
    assert average_fastest(flow) == pytest.approx((10 + 10 + 5 + 13) / 4, abs=1e-6)
    noise = rng.normal(size=(37, 41, 2)).astype(np.float32)
    assert average_fastest(noise) == pytest.approx(follow_vbench([noise], 37, 41)[1], rel=1e-6)


def test_the_shortest_flow_that_has_a_twentieth() -> None:
    flow = np.zeros((4, 5, 2))
    flow[3, 4] = (3, 4)
    assert average_fastest(flow) == 5


@pytest.mark.parametrize(
    ("frames", "needed"),
    # round(n / 4), halves to even: 2.5 and 4.5 fall, 1.5 and 3.5 rise
    [(3, 1), (4, 1), (5, 1), (6, 2), (7, 2), (10, 2), (11, 3), (14, 4), (16, 4), (18, 4), (19, 5), (49, 12)],
)
def test_as_many_pairs_must_move_as_vbench_says(frames: int, needed: int) -> None:
    for moving in range(frames):
        speeds = [7.0] * moving + [1.0] * (frames - 1 - moving)
        assert is_dynamic(speeds, 256, 256) == (moving >= needed)


def test_two_kept_frames_always_move() -> None:
    # round(4 · 2 / 16) = round(0.5) = 0 pairs are needed
    assert Planted().measure(plant_speeds([0])) == {"planted": 1, "planted_flow": 0}
    assert Planted().measure(plant_speeds([0, 0]))["planted"] == 0


@pytest.mark.parametrize(
    ("height", "width", "threshold"), [(256, 400, 6.0), (400, 256, 6.0), (480, 720, 11.25), (128, 128, 3.0)]
)
def test_a_pair_moves_above_a_share_of_the_shorter_side(height: int, width: int, threshold: float) -> None:
    assert not is_dynamic([threshold] * 15, height, width)
    assert is_dynamic([math.nextafter(threshold, 100)] * 4 + [0.0] * 11, height, width)
    assert not is_dynamic([math.nextafter(threshold, 100)] * 3 + [0.0] * 12, height, width)


def test_a_video_has_its_verdict_and_its_mean_speed() -> None:
    speeds = [7, 0, 3, 9, 6, 6, 2, 1]  # 9 frames: round(2.25) = 2 pairs above 6
    assert Planted().measure(plant_speeds(speeds)) == {"planted": 1, "planted_flow": pytest.approx(34 / 8)}
    assert Planted().measure(plant_speeds([7, *[6] * 7]))["planted"] == 0


def test_frames_are_an_eighth_of_a_second_apart() -> None:
    for fps in (1, 8, 11.9, 12, 12.1, 15, 20, 23.976, 24, 25, 28, 30, 60):
        step = max(1, round(fps / 8))
        found = sample_frames(DynamicDegree().view, 121, fps)
        assert found.tolist() == list(range(0, 121, step))
    assert DynamicDegree().view == DynamicDegreeDis().view == FrameView("vbench_8fps")
    with pytest.raises(VideoError, match="frames a second"):
        sample_frames(DynamicDegree().view, 121, math.nan)


# --- DIS


@pytest.mark.parametrize("size", [(96, 128), (128, 96), (97, 131), (160, 90)], ids=str)
def test_dis_follows_the_published_rule(rng: np.random.Generator, size: tuple[int, int]) -> None:
    frames = make_moving(rng, 4, size=size)
    flows = [estimate_dis_flow(first, second) for first, second in pairwise(frames)]
    moves, speed = follow_vbench(flows, *size)
    assert DynamicDegreeDis().measure(frames) == {
        "dynamic_degree_dis": float(moves),
        "dynamic_degree_dis_flow": pytest.approx(speed, rel=1e-6),
    }


def test_the_speed_is_the_planted_one_and_grows_with_it(rng: np.random.Generator) -> None:
    planted = [1, 2, 3, 4, 6, 8, 12]
    found = [DynamicDegreeDis().measure(make_moving(rng, speed, size=(160, 240))) for speed in planted]
    speeds = [each["dynamic_degree_dis_flow"] for each in found]
    assert all(np.diff(speeds) > 0)
    np.testing.assert_allclose(speeds[1:], planted[1:], rtol=0.08)
    # the shorter side has 160 pixels: above 3.75 pixels a frame a video moves
    assert [each["dynamic_degree_dis"] for each in found] == [0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_still_clip_has_no_speed(rng: np.random.Generator, level: int) -> None:
    still = np.repeat(make_texture(rng, 60, 80)[None], 5, axis=0)
    nothing = {"dynamic_degree_dis": 0, "dynamic_degree_dis_flow": 0}
    assert DynamicDegreeDis().measure(still) == nothing
    assert DynamicDegreeDis().measure(np.full((5, 60, 80, 3), level, np.uint8)) == nothing


def test_one_fast_thing_is_enough_if_it_fills_a_twentieth(rng: np.random.Generator) -> None:
    scene, thing = make_texture(rng, 128, 192), 255 - make_texture(rng, 40, 60)
    found = []
    for height, width in [(40, 60), (16, 24)]:  # 10 % and 1.6 % of the frame
        frames = np.repeat(scene[None], 6, axis=0)
        for step, frame in enumerate(frames):
            frame[40 : 40 + height, 20 + 6 * step : 20 + 6 * step + width] = thing[:height, :width]
        found.append(DynamicDegreeDis().measure(frames))
    assert [each["dynamic_degree_dis"] for each in found] == [1, 0]
    assert found[0]["dynamic_degree_dis_flow"] == pytest.approx(6, rel=0.02)


# --- RAFT


@pytest.fixture(scope="module")
def raft_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_raft(tmp_path_factory.mktemp("raft") / "raft.pth")


def test_raft_follows_the_published_rule(raft_file: Path, rng: np.random.Generator) -> None:
    frames = make_moving(rng, 4, 3, size=(131, 123))
    metric = DynamicDegree(checkpoint=str(raft_file), device="cpu")
    metric.prepare()
    network = load_raft(raft_file, "cpu")
    flows = [estimate_raft_flow(network, *pair) for pair in pairwise(frames)]
    moves, speed = follow_vbench(flows, 131, 123)
    assert speed > 0
    clip = make_clip(frames, metric.view)
    answers = metric.score([clip], [[Question("dynamic_degree_flow"), Question("dynamic_degree")]])[0]
    assert [answer.status for answer in answers] == ["ok", "ok"]
    assert [answer.score for answer in answers] == [pytest.approx(speed, rel=1e-5), float(moves)]


def test_the_spec_names_the_content_of_the_weights(raft_file: Path, tmp_path: Path) -> None:
    copy, other = tmp_path / "copy.pth", tmp_path / "other.pth"
    copy.write_bytes(raft_file.read_bytes())
    other.write_bytes(raft_file.read_bytes() + b" ")
    specs = [
        make_spec(DynamicDegree(checkpoint=str(path), device=device).describe())
        for path, device in [(raft_file, "auto"), (copy, "cpu"), (other, "cpu")]
    ]
    assert specs[0] == specs[1] != specs[2]
    assert DynamicDegree(checkpoint=str(raft_file)).find_absent() == ""


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    for act in (DynamicDegree.prepare, DynamicDegree.describe, DynamicDegree.find_absent):
        with pytest.raises(WeightsError, match=r"is a folder.*dynamic_degree\.checkpoint"):
            act(DynamicDegree(checkpoint=str(tmp_path)))


def test_a_device_that_is_not_there_is_refused(raft_file: Path) -> None:
    with pytest.raises(ValueError, match="Allowed: auto, cpu, cuda"):
        DynamicDegree(checkpoint=str(raft_file), device="gpu").prepare()


def test_it_travels_to_other_processes(raft_file: Path) -> None:
    metric = DynamicDegree(checkpoint=str(raft_file), device="cpu")
    spec = make_spec(metric.describe())
    assert make_spec(pickle.loads(pickle.dumps(metric)).describe()) == spec


# --- both


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.card.name)
@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_kept_frames_are_unscored(metric: DynamicMetric, count: int) -> None:
    frames = np.zeros((count, 128, 128, 3), np.uint8)
    answers = metric.score([make_clip(frames, metric.view)], [[Question(task) for task in metric.card.tasks]])
    assert [answer.status for answer in answers[0]] == ["unscored"] * 2
    assert all(math.isnan(answer.score) for answer in answers[0])
    assert f"needs 2 or more of the frames it looks at (rule vbench_8fps); the video has {count}" in (
        answers[0][1].error
    )
    assert all(math.isnan(number) for number in metric.measure(frames).values())


@pytest.mark.parametrize(
    ("metric", "side", "least"), [(METRICS[0], 120, 121), (METRICS[1], 47, 48)], ids=["raft", "dis"]
)
def test_tiny_frames_are_unscored(metric: DynamicMetric, side: int, least: int) -> None:
    for shape in [(3, side, 200, 3), (3, 200, side, 3), (3, 1, 1, 3)]:
        frames = np.zeros(shape, np.uint8)
        answers = metric.score([make_clip(frames, metric.view)], [[Question(metric.card.name)]])
        assert answers[0][0].status == "unscored"
        assert f"needs frames of {least} or more pixels a side" in answers[0][0].error


def test_a_flow_that_is_no_number_is_unscored() -> None:
    class Lost(Planted):
        def estimate_flow(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
            return super().estimate_flow(first, second) * np.nan

    metric = Lost()
    clip = make_clip(plant_speeds([7, 7, 7]), metric.view)
    answers = metric.score([clip], [[Question(task) for task in metric.card.tasks]])[0]
    assert [answer.status for answer in answers] == ["unscored"] * 2
    assert "not defined on these frames" in answers[0].error


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.card.name)
def test_cards_name_the_verdict_and_the_speed(metric: DynamicMetric) -> None:
    name = metric.card.name
    assert metric.card.tasks == (name, f"{name}_flow")
    assert "pixels" in metric.card.scale
    with pytest.raises(ValueError, match="RGB frames of uint8"):
        metric.measure(np.zeros((3, 128, 128), np.uint8))


def test_reading_the_cards_imports_nothing_heavy() -> None:
    probe = (
        "import sys; from videophy_lab.metrics import dynamics, smoothness; dynamics.DynamicDegree.card;"
        "print(sorted({'torch', 'torchvision', 'av', 'cv2', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
