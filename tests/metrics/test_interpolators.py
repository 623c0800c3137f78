"""Interpolators: who may be one, what it is asked, and the one by optical flow against a warp by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.metrics.test_base import make_clip
from tests.metrics.test_flow import cut_moving, make_texture
from tests.metrics.test_smoothness import Mean, Truth, follow_vbench, make_noise, use
from videophy_lab.judges.base import Question, make_spec
from videophy_lab.metrics.flow import estimate_dis_flow
from videophy_lab.metrics.interpolators import FlowInterpolator, interpolate_by_flow, move_halfway
from videophy_lab.metrics.smoothness import FlowSmoothness, MotionSmoothness


class Loads(Mean):
    """Has something to load, and remembers what it was asked."""

    def __init__(self) -> None:
        self.prepared = 0
        self.pairs: list[int] = []

    def prepare(self) -> None:
        self.prepared += 1

    def interpolate(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        assert self.prepared == 1
        assert first.shape == second.shape
        assert not first.flags.writeable
        self.pairs.append(len(first))
        return super().interpolate(first, second)


class Uncropped(Mean):
    def interpolate(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.pad(first, ((0, 0), (0, 4), (0, 0), (0, 0)))


class Unrounded(Mean):
    def interpolate(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return first.astype(np.float32)


class Forgets(Mean):
    def interpolate(self, first: np.ndarray, second: np.ndarray) -> Any:
        return None


class NoInterpolator:
    def describe(self) -> Mapping[str, Any]:
        return {}


def test_without_an_interpolator_it_says_what_to_do() -> None:
    for act in (MotionSmoothness.prepare, MotionSmoothness.describe):
        with pytest.raises(ValueError, match="needs an interpolator") as caught:
            act(MotionSmoothness())
        said = str(caught.value)
        assert "AMT-S, is CC BY-NC 4.0" in said
        assert "--option motion_smoothness.interpolator=NAME" in said
        assert "score flow_smoothness, which needs none and is another definition" in said


def test_the_spec_names_the_interpolator() -> None:
    assert use(Mean).describe() == {
        "scorer": "motion_smoothness",
        "frames": {"rule": "all", "count": None, "fps": None, "size": None},
        "interpolator": {"class": "tests.metrics.test_smoothness:Mean", "rule": "mean"},
    }
    metrics = [use(Mean), use(Truth), use(FlowInterpolator), FlowSmoothness()]
    assert len({make_spec(metric.describe()) for metric in metrics}) == len(metrics)


def test_an_interpolator_gets_at_most_eight_pairs_and_loads_once(rng: np.random.Generator) -> None:
    metric = use(Loads)
    metric.describe()
    metric.prepare()
    frames = make_noise(rng, 41)
    clip = make_clip(frames, metric.view)
    question = Question("motion_smoothness")
    answers = metric.score([clip, clip], [[question], [question]])
    assert metric._loaded.pairs == [8, 8, 4, 8, 8, 4]
    assert answers[0][0].score == pytest.approx(follow_vbench(frames, Mean()), abs=1e-14)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Install a distribution that registers an interpolator; give the interpolator's name."""
    (tmp_path / "made_middles.py").write_text("from tests.metrics.test_smoothness import Mean\n")
    info = tmp_path / "made_middles-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-middles\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[videophy_lab.interpolators]\nmiddle = made_middles:Mean\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "middle"


def test_a_package_brings_an_interpolator(package: str, rng: np.random.Generator) -> None:
    frames = make_noise(rng, 7)
    metric = MotionSmoothness(interpolator=package)
    assert metric.measure(frames) == use(Mean).measure(frames)
    assert metric.describe() == use(Mean).describe()
    with pytest.raises(ValueError, match=r"on this machine: middle; or MODULE:ATTRIBUTE"):
        MotionSmoothness().prepare()
    with pytest.raises(ValueError, match=r"no interpolator 'midle'\. Did you mean middle"):
        MotionSmoothness(interpolator="midle").prepare()


@pytest.mark.parametrize("name", ["tests.gone:Mean", "tests.metrics.test_smoothness:Gone"])
def test_what_cannot_be_imported_is_refused(name: str) -> None:
    with pytest.raises(ImportError, match="Remedy: install its package"):
        MotionSmoothness(interpolator=name).prepare()


def test_what_is_no_interpolator_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has no interpolate\. Remedy"):
        use(NoInterpolator).prepare()


@pytest.mark.parametrize("made", [Uncropped, Unrounded, Forgets])
def test_predictions_of_another_kind_are_refused(made: type, rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match=r"the interpolator gave frames of shape.*Remedy"):
        use(made).measure(make_noise(rng, 5))


# --- by optical flow


def sample_by_hand(frame: np.ndarray, y: float, x: float) -> np.ndarray:
    """Take a bilinear sample, the edge repeated beyond the frame."""
    height, width = frame.shape[:2]
    top, left = math.floor(y), math.floor(x)
    found = np.zeros(3)
    for row, column in [(top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)]:
        weight = (1 - abs(y - row)) * (1 - abs(x - column))
        found += weight * frame[min(max(row, 0), height - 1), min(max(column, 0), width - 1)]
    return found


def test_a_frame_is_moved_half_its_flow(rng: np.random.Generator) -> None:
    frame = make_noise(rng, 1, 7, 9)[0]
    flow = np.round(rng.uniform(-6, 6, (7, 9, 2)) * 8).astype(np.float32) / 8
    moved, inside = move_halfway(frame, flow)
    for row in range(7):
        for column in range(9):
            x, y = column - flow[row, column, 0] / 2, row - flow[row, column, 1] / 2
            np.testing.assert_allclose(moved[row, column], sample_by_hand(frame, y, x), atol=1e-3)
            assert inside[row, column] == (0 <= x <= 8 and 0 <= y <= 6)


def test_the_middle_is_the_mean_of_both_or_the_one_that_sees(rng: np.random.Generator) -> None:
    texture = make_texture(rng, 80, 140)
    first, second = cut_moving(texture, [(10, 30), (10, 20)], 60, 100)
    forward, forward_inside = move_halfway(first, estimate_dis_flow(first, second))
    backward, backward_inside = move_halfway(second, estimate_dis_flow(second, first))
    # everything goes 10 pixels right: the first frame does not know what comes in, nor the second what went
    assert not forward_inside[:, :4].any()
    assert backward_inside[5:-5, :4].all()
    assert not backward_inside[:, -4:].any()
    middle = interpolate_by_flow(first, second)
    for row in range(60):
        for column in range(100):
            a, b = forward[row, column], backward[row, column]
            one = forward_inside[row, column] != backward_inside[row, column]
            expected = (a if forward_inside[row, column] else b) if one else (a + b) / 2
            np.testing.assert_array_equal(middle[row, column], np.rint(expected))
    truth = texture[10:70, 25:125].astype(int)
    assert np.abs(middle - truth).mean() < 1.5
