"""Temporal flickering against VBench's definition and a count by hand."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from videophy_lab.metrics.flicker import TemporalFlickering


def follow_vbench(frames: np.ndarray) -> float:
    """Follow the published definition in plain NumPy: the mean over pairs of each pair's mean difference."""
    pairs = [
        np.abs(frames[t].astype(np.int64) - frames[t + 1].astype(np.int64)).mean()
        for t in range(len(frames) - 1)
    ]
    return float((255.0 - np.mean(pairs)) / 255.0)


def make_frames(rng: np.random.Generator, count: int = 6, height: int = 17, width: int = 23) -> np.ndarray:
    return rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def test_it_is_vbenchs_definition_on_noise(rng: np.random.Generator) -> None:
    frames = make_frames(rng)
    assert TemporalFlickering().measure(frames) == pytest.approx(follow_vbench(frames), abs=1e-14)


def test_it_is_counted_by_hand() -> None:
    frames = np.zeros((3, 2, 2, 3), dtype=np.uint8)
    frames[1, 0, 0] = (30, 60, 90)  # the pair differs by 180 in 12 values: 15
    frames[2] = frames[1]
    frames[2, 1, 1, 0] = 36  # the pair differs by 36 in 12 values: 3
    assert TemporalFlickering().measure(frames) == pytest.approx((255 - 9) / 255, abs=1e-15)


@pytest.mark.parametrize("value", [0, 77, 255])
def test_a_still_picture_is_one(value: int) -> None:
    assert TemporalFlickering().measure(np.full((5, 4, 6, 3), value, dtype=np.uint8)) == 1


def test_black_and_white_in_turn_is_zero_even_at_4k() -> None:
    frames = np.zeros((2, 2160, 3840, 3), dtype=np.uint8)
    frames[1] = 255  # a sum of 6.3e9, beyond 32 bits
    assert TemporalFlickering().measure(frames) == 0


def test_it_falls_with_jitter_in_brightness(rng: np.random.Generator) -> None:
    scene = rng.integers(60, 190, (32, 32, 3))
    signs = rng.choice([-1, 1], 24)
    scores = [
        TemporalFlickering().measure(
            np.stack([np.clip(scene + strength * sign, 0, 255) for sign in signs]).astype(np.uint8)
        )
        for strength in (0, 2, 5, 10, 20, 40)
    ]
    assert scores[0] == 1
    assert all(np.diff(scores) < 0)


def test_order_of_frames_counts_and_order_of_channels_does_not(rng: np.random.Generator) -> None:
    frames = np.sort(make_frames(rng), axis=0)
    metric = TemporalFlickering()
    assert metric.measure(frames[..., ::-1]) == pytest.approx(metric.measure(frames), abs=1e-14)
    assert metric.measure(frames[::-1]) == pytest.approx(metric.measure(frames), abs=1e-14)
    assert metric.measure(frames[[0, 5, 1, 4, 2, 3]]) < metric.measure(frames) - 0.01


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_frames_have_no_flicker(count: int) -> None:
    assert math.isnan(TemporalFlickering().measure(np.zeros((count, 4, 4, 3), dtype=np.uint8)))


def test_it_is_vbenchs_definition_on_real_videos(shared: Path) -> None:
    paths = sorted((shared / "data/videos/videophy2").glob("*.mp4"), key=lambda path: path.stat().st_size)[:3]
    assert len(paths) == 3
    for path in paths:
        capture, frames = cv2.VideoCapture(str(path)), []
        while (read := capture.read())[0]:
            frames.append(read[1])
        capture.release()
        pairs = [np.mean(cv2.absdiff(one, other)) for one, other in pairwise(frames)]
        vbench = (255.0 - np.mean(pairs)) / 255.0
        rgb = np.stack(frames)[..., ::-1]
        assert TemporalFlickering().measure(rgb) == pytest.approx(vbench, abs=1e-13)
        assert 0.9 < vbench < 1
