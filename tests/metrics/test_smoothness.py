"""Motion smoothness by VBench's definition with known interpolators, and its relative by optical flow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from tests.metrics.test_base import make_clip
from tests.metrics.test_flow import cut_moving, make_texture
from videophy_lab.judges.base import Question
from videophy_lab.metrics.interpolators import FlowInterpolator
from videophy_lab.metrics.smoothness import FlowSmoothness, MotionSmoothness
from videophy_lab.registry import find_class
from videophy_lab.video.clip import FrameView

SPEED = 3


class Mean:
    """Predict the mean of both neighbours, which is the truth where brightness grows steadily."""

    def describe(self) -> Mapping[str, Any]:
        return {"rule": "mean"}

    def interpolate(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return ((first.astype(np.uint16) + second) // 2).astype(np.uint8)


class Truth(Mean):
    """Know that everything moves SPEED pixels a frame to the right and comes back on the left."""

    def interpolate(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.roll(first, SPEED, axis=2)


def use(made: type) -> MotionSmoothness:
    return MotionSmoothness(interpolator=f"{made.__module__}:{made.__qualname__}")


def follow_vbench(frames: np.ndarray, interpolator: Any) -> float:
    """Follow the published steps: interleave kept and predicted frames, then compare the odd ones."""
    kept = [frames[number] for number in range(0, len(frames), 2)]
    outputs = [kept[0]]
    for first, second in pairwise(kept):
        outputs += [interpolator.interpolate(first[None], second[None])[0], second]
    original = [frames[number] for number in range(1, len(frames), 2)]
    predicted = [outputs[number] for number in range(1, len(outputs), 2)]
    differences = [np.mean(cv2.absdiff(original[k], predicted[k])) for k in range(len(predicted))]
    return float((255.0 - np.mean(differences)) / 255.0)


def make_noise(rng: np.random.Generator, count: int, height: int = 13, width: int = 17) -> np.ndarray:
    return rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8)


# --- VBench's definition


@pytest.mark.parametrize("count", [3, 4, 5, 8, 17, 18, 19, 36])
def test_it_is_vbenchs_definition_on_noise(rng: np.random.Generator, count: int) -> None:
    frames = make_noise(rng, count)
    for made in (Mean, Truth):
        assert use(made).measure(frames) == pytest.approx(follow_vbench(frames, made()), abs=1e-14)


def test_it_is_counted_by_hand() -> None:
    frames = np.zeros((5, 2, 2, 3), np.uint8)
    frames[1, 0, 0] = (30, 60, 90)  # 180 in 12 values: 15
    frames[2], frames[4] = 10, 30  # the means are 5 and 20
    frames[3] = 20
    frames[3, 1, 1, 0] = 56  # 36 in 12 values: 3
    # the first prediction is 5 everywhere: 25 + 55 + 85 + 9 · 5 = 210 in 12 values: 17.5
    assert use(Mean).measure(frames) == pytest.approx((255 - (17.5 + 3) / 2) / 255, abs=1e-15)


def test_a_last_frame_without_a_right_neighbour_is_not_looked_at(rng: np.random.Generator) -> None:
    frames = make_noise(rng, 8)
    changed = np.concatenate([frames[:7], 255 - frames[7:]])
    assert use(Mean).measure(frames) == use(Mean).measure(changed) == use(Mean).measure(frames[:7])
    assert use(Mean).measure(frames[:6]) == use(Mean).measure(frames[:5])


def test_a_perfect_interpolator_gives_exactly_one(rng: np.random.Generator) -> None:
    scene = rng.integers(0, 100, (15, 21, 3))
    ramp = np.stack([scene + 6 * step for step in range(20)]).astype(np.uint8)
    assert use(Mean).measure(ramp) == 1
    rolling = np.stack([np.roll(scene, SPEED * step, axis=1) for step in range(20)]).astype(np.uint8)
    assert use(Truth).measure(rolling) == 1
    assert use(Mean).measure(rolling) < 0.95


def test_the_worst_prediction_gives_zero() -> None:
    frames = np.zeros((5, 6, 4, 3), np.uint8)
    frames[1::2] = 255
    assert use(Mean).measure(frames) == 0


def test_it_falls_with_jitter(rng: np.random.Generator) -> None:
    texture = make_texture(rng, 64, 96)
    signs = rng.choice([-1, 1], 21)
    scores = [
        use(Truth).measure(
            np.stack([np.roll(texture, SPEED * step + jitter * signs[step], axis=1) for step in range(21)])
        )
        for jitter in range(7)
    ]
    assert scores[0] == 1
    assert all(np.diff(scores) < 0)


# --- optical flow


def shift(picture: np.ndarray, down: float, right: float) -> np.ndarray:
    """Move a picture by parts of a pixel, as OpenCV's affine warp does."""
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)
    height, width = picture.shape[:2]
    return cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)


def make_jittered(rng: np.random.Generator, jitter: float, count: int = 15) -> np.ndarray:
    """Make a texture that moves two pixels a frame, trembling."""
    texture = make_texture(rng, 200, 260)
    signs = np.random.default_rng(4).choice([-1, 1], count)
    moved = [shift(texture, 0, 2 * step + jitter * signs[step]) for step in range(count)]
    return np.stack(moved)[:, 50:-50, 50:-50]


def test_flow_predicts_a_translation(rng: np.random.Generator) -> None:
    texture = make_texture(rng, 160, 220)
    frames = cut_moving(texture, [(40 - 2 * step, 60 - 3 * step) for step in range(13)], 110, 150)
    score = FlowSmoothness().measure(frames)
    assert 0.997 < score < 1
    assert use(FlowInterpolator).measure(frames) == score


def test_flow_smoothness_falls_with_jitter() -> None:
    scores = [
        FlowSmoothness().measure(make_jittered(np.random.default_rng(8), jitter))
        for jitter in (0, 0.25, 0.5, 1, 2, 4)
    ]
    assert scores[0] > 0.995
    assert all(np.diff(scores) < 0)


def test_flow_smoothness_falls_with_flicker_and_noise(rng: np.random.Generator) -> None:
    frames = make_jittered(rng, 0).astype(int)
    flicker = rng.choice([-1, 1], len(frames))[:, None, None, None]
    noise = rng.normal(size=frames.shape)
    for fault in (flicker, noise):
        scores = [
            FlowSmoothness().measure(np.clip(frames + strength * fault, 0, 255).astype(np.uint8))
            for strength in (0, 2, 5, 10, 20)
        ]
        assert all(np.diff(scores) < 0)


@pytest.mark.parametrize("level", [0, 77, 255])
def test_a_still_clip_is_exactly_smooth(rng: np.random.Generator, level: int) -> None:
    assert FlowSmoothness().measure(np.full((5, 48, 61, 3), level, np.uint8)) == 1
    assert FlowSmoothness().measure(np.repeat(make_texture(rng, 61, 48)[None], 6, axis=0)) == 1


def test_flow_smoothness_does_not_depend_on_threads(rng: np.random.Generator) -> None:
    frames = make_jittered(rng, 1, 7)
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = FlowSmoothness().measure(frames)
        cv2.setNumThreads(4)
        assert FlowSmoothness().measure(frames) == alone
    finally:
        cv2.setNumThreads(threads)


@pytest.mark.parametrize("size", [(48, 64), (151, 49), (49, 401)], ids=str)
def test_odd_sizes_and_portraits_are_measured(rng: np.random.Generator, size: tuple[int, int]) -> None:
    texture = make_texture(rng, size[0], size[1] + 8)
    frames = cut_moving(texture, [(0, 8), (0, 6), (0, 4), (0, 2), (0, 0)], *size)
    assert 0.98 < FlowSmoothness().measure(frames) < 1


@pytest.mark.parametrize("shape", [(5, 47, 90), (5, 90, 8), (3, 1, 1)], ids=str)
def test_tiny_frames_are_unscored_by_flow_and_not_by_others(shape: tuple[int, int, int]) -> None:
    frames = np.zeros((*shape, 3), np.uint8)
    metric = FlowSmoothness()
    answer = metric.score([make_clip(frames, metric.view)], [[Question("flow_smoothness")]])[0][0]
    assert (answer.status, math.isnan(answer.score)) == ("unscored", True)
    assert f"48 or more pixels a side; the video has {shape[2]}×{shape[1]}" in answer.error
    assert math.isnan(metric.measure(frames))
    assert use(Mean).measure(frames) == 1


# --- both


@pytest.mark.parametrize("metric", [use(Mean), FlowSmoothness()], ids=["motion", "flow"])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_frames_are_unscored(metric: Any, count: int) -> None:
    frames = np.zeros((count, 64, 64, 3), np.uint8)
    answer = metric.score([make_clip(frames, metric.view)], [[Question(metric.card.name)]])[0][0]
    assert (answer.status, math.isnan(answer.score)) == ("unscored", True)
    assert "needs 3 or more" in answer.error
    assert f"the video has {count}" in answer.error


@pytest.mark.parametrize("name", ["motion_smoothness", "flow_smoothness"])
def test_cards_state_range_and_direction(name: str) -> None:
    card = find_class(name, "metrics").card
    assert (card.name, card.tasks, card.better) == (name, (name,), "higher")
    assert card.scale.startswith("0–1")
    assert find_class(name, "metrics")().view == FrameView("all")


@pytest.mark.parametrize("metric", [use(Mean), FlowSmoothness()], ids=["motion", "flow"])
def test_frames_of_another_kind_are_refused(metric: Any) -> None:
    with pytest.raises(ValueError, match="RGB frames of uint8"):
        metric.measure(np.zeros((5, 64, 64), np.uint8))
