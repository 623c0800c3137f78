"""Sharpness, colourfulness and contrast against their formulas, SciPy and planted faults."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from scipy import ndimage

from videophy_lab.metrics.base import FrameMetric
from videophy_lab.metrics.frames import (
    Colourfulness,
    Contrast,
    Sharpness,
    colourfulness,
    laplacian_variance,
    rms_contrast,
)

METRICS = [Sharpness(), Colourfulness(), Contrast()]


def make_grey(levels: np.ndarray) -> np.ndarray:
    """Make an RGB picture of grey levels."""
    return np.repeat(np.asarray(levels, dtype=np.uint8)[..., None], 3, axis=-1)


def compute_luma(frame: np.ndarray) -> np.ndarray:
    """Compute the luma of BT.601 in floating point."""
    return frame.astype(float) @ [0.299, 0.587, 0.114]


@pytest.fixture
def picture(rng: np.random.Generator) -> np.ndarray:
    """Give a picture with smooth and sharp parts, and colours."""
    noise = ndimage.gaussian_filter(rng.normal(size=(60, 80, 3)), (2, 2, 0))
    picture = 128 + 250 * noise
    picture[20:40, 30:50] += (60, -40, 20)
    return np.clip(picture, 0, 255).astype(np.uint8)


# --- sharpness


def test_sharpness_by_hand() -> None:
    # one pixel of 10 in a field of 0, far from the border: responses −40, four of 10, and 95 of 0
    levels = np.zeros((10, 10))
    levels[5, 5] = 10
    mean_square = ((-40) ** 2 + 4 * 10**2) / 100
    assert laplacian_variance(make_grey(levels)) == pytest.approx(mean_square, abs=1e-12)


def test_sharpness_is_scipys_laplacian(picture: np.ndarray) -> None:
    grey = np.round(compute_luma(picture))
    levels = grey.astype(np.uint8)
    expected = ndimage.laplace(grey, mode="mirror").var()
    assert laplacian_variance(make_grey(levels)) == pytest.approx(expected, rel=1e-12)


def test_sharpness_has_the_range_that_its_card_says() -> None:
    board = 255 * (np.indices((8, 8)).sum(axis=0) % 2)
    assert laplacian_variance(make_grey(board)) == 1020**2
    assert Sharpness.card.scale.startswith(f"0–{1020**2},")


def test_blur_lowers_sharpness(picture: np.ndarray) -> None:
    values = [laplacian_variance(cv2.GaussianBlur(picture, (0, 0), sigma)) for sigma in (0.3, 0.6, 1, 2, 4)]
    assert all(np.diff(values) < 0)


# --- colourfulness


def compute_m3(frame: np.ndarray) -> float:
    """Compute equation M̂⁽³⁾ of Hasler and Süsstrunk as it is printed."""
    red, green, blue = frame.astype(float).transpose(2, 0, 1)
    rg, yb = red - green, (red + green) / 2 - blue
    return float(np.sqrt(rg.var() + yb.var()) + 0.3 * np.sqrt(rg.mean() ** 2 + yb.mean() ** 2))


def test_colourfulness_is_the_printed_formula(picture: np.ndarray) -> None:
    assert colourfulness(picture) == pytest.approx(compute_m3(picture), rel=1e-12)


def test_colourfulness_by_hand() -> None:
    # half pure red (rg 255, yb 127.5), half pure blue (rg 0, yb −255)
    frame = np.zeros((2, 2, 3), dtype=np.uint8)
    frame[0], frame[1] = (255, 0, 0), (0, 0, 255)
    spread = math.sqrt(127.5**2 + 191.25**2)
    strength = math.sqrt(127.5**2 + 63.75**2)
    assert colourfulness(frame) == pytest.approx(spread + 0.3 * strength, rel=1e-14)


def test_colourfulness_is_not_the_copied_scripts_number() -> None:
    # with absolute opponent colours a red, a green and a blue pixel were reported to give 206.52; the paper's
    # formula has signs: rg 255, −255, 0 and yb 127.5, 127.5, −255, both of mean 0
    frame = np.eye(3, dtype=np.uint8)[None] * 255
    assert colourfulness(frame) == pytest.approx(math.sqrt(255**2 * (2 + 1.5) / 3), rel=1e-14)


def test_desaturation_lowers_colourfulness(picture: np.ndarray) -> None:
    grey = compute_luma(picture)[..., None]
    values = [
        colourfulness(np.round(share * picture + (1 - share) * grey).astype(np.uint8))
        for share in (1, 0.75, 0.5, 0.25, 0)
    ]
    assert all(np.diff(values) < 0)
    assert values[-1] == 0


# --- contrast


def test_contrast_by_hand() -> None:
    half = np.zeros((4, 6))
    half[:, :3] = 255
    assert rms_contrast(make_grey(half)) == pytest.approx(0.5, abs=1e-15)
    # levels 0, 51, 102, 255 are 0, 0.2, 0.4, 1: mean 0.4, mean square deviation (0.16 + 0.04 + 0.36) / 4
    assert rms_contrast(make_grey([[0, 51], [102, 255]])) == pytest.approx(math.sqrt(0.14), abs=1e-15)


def test_contrast_is_numpys_deviation_of_the_luma(picture: np.ndarray) -> None:
    # grey levels of 8 bits are off by at most half a level, and so is their deviation from its mean
    assert rms_contrast(picture) == pytest.approx((compute_luma(picture) / 255).std(), abs=0.5 / 255)
    levels = np.arange(256).reshape(16, 16)
    assert rms_contrast(make_grey(levels)) == pytest.approx((levels / 255).std(), abs=1e-14)


@pytest.mark.parametrize(("channel", "luma"), [(0, 76), (1, 150), (2, 29)])
def test_grey_is_the_luma_of_bt601(channel: int, luma: int) -> None:
    # 0.299, 0.587 and 0.114 of 255, to the next whole level
    frame = np.zeros((12, 12, 3), dtype=np.uint8)
    frame[:, ::2, channel] = 255
    assert rms_contrast(frame) == pytest.approx(luma / 2 / 255, rel=1e-14)
    # each column differs from both neighbours by the luma: responses of ±2 luma
    assert laplacian_variance(frame) == pytest.approx((2 * luma) ** 2, rel=1e-14)


def test_flattening_lowers_contrast(picture: np.ndarray) -> None:
    values = [
        rms_contrast(np.round(128 + share * (picture.astype(float) - 128)).astype(np.uint8))
        for share in (1, 0.75, 0.5, 0.25, 0)
    ]
    assert all(np.diff(values) < 0)
    assert values[-1] == 0


# --- all of them


@pytest.mark.parametrize(
    ("metric", "measure"),
    [(Sharpness(), laplacian_variance), (Colourfulness(), colourfulness), (Contrast(), rms_contrast)],
)
def test_a_video_has_the_mean_of_its_frames(
    metric: FrameMetric, measure: Callable[[np.ndarray], float], rng: np.random.Generator
) -> None:
    frames = rng.integers(0, 256, (7, 12, 10, 3), dtype=np.uint8)
    assert metric.measure(frames) == pytest.approx(np.mean([measure(frame) for frame in frames]), rel=1e-14)
    assert metric.measure(frames[::-1]) == pytest.approx(metric.measure(frames), rel=1e-14)


@pytest.mark.parametrize("metric", METRICS)
def test_one_grey_level_is_zero(metric: FrameMetric) -> None:
    assert metric.measure(np.full((4, 9, 7, 3), 90, dtype=np.uint8)) == 0


def test_one_colour_has_strength_and_no_spread() -> None:
    frames = np.zeros((3, 5, 5, 3), dtype=np.uint8)
    frames[..., 0] = 255
    assert Colourfulness().measure(frames) == pytest.approx(0.3 * math.hypot(255, 127.5), rel=1e-14)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("shape", [(1, 1, 1, 3), (1, 1, 5, 3), (2, 3, 1, 3), (1, 2, 2, 3)])
def test_the_smallest_frames_are_measured(
    metric: FrameMetric, shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    assert metric.measure(rng.integers(0, 256, shape, dtype=np.uint8)) >= 0


@pytest.mark.parametrize("metric", METRICS)
def test_no_frames_have_no_number(metric: FrameMetric) -> None:
    assert math.isnan(metric.measure(np.zeros((0, 4, 4, 3), dtype=np.uint8)))
