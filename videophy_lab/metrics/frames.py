"""What a single frame looks like, averaged over all frames of a video."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from videophy_lab.judges.base import Card
from videophy_lab.metrics.base import FrameMetric, average_frames


@dataclass(kw_only=True)
class Sharpness(FrameMetric):
    """Variance of the Laplacian of the grey picture; mean over all frames at their stored size.

    It grows with detail and with noise, and depends on the size of the frames: compare videos of one size.

    References
    ----------
    Pech-Pacheco et al. (2000), Diatom autofocusing in brightfield microscopy, ICPR; here without their factor
    1/6 on the mask and with the sign of the Laplacian, as in Pertuz et al. (2013), Pattern Recognition 46,
    operator LAP4, and as OpenCV's ``Laplacian(grey).var()``.
    """

    parallel: ClassVar[bool] = True
    card: ClassVar[Card] = Card(
        name="sharpness",
        summary="Variance of the Laplacian, mean over frames (grows with detail and with noise)",
        tasks=("sharpness",),
        scale="0–1040400, 0 without any edge; depends on the frame's size",
    )

    def measure(self, frames: np.ndarray) -> float:
        """Measure frames, uint8 RGB of shape (frames, height, width, 3)."""
        return average_frames(laplacian_variance, frames)


@dataclass(kw_only=True)
class Colourfulness(FrameMetric):
    """Colourfulness of Hasler and Süsstrunk; mean over all frames at their stored size.

    Their raters called 15 slightly, 33 moderately, 59 quite and 109 extremely colourful.

    References
    ----------
    Hasler and Süsstrunk (2003), Measuring colourfulness in natural images, SPIE 5007, metric M̂⁽³⁾. A widely
    copied script takes the absolute values of the opponent colours first, which gives other numbers.
    """

    parallel: ClassVar[bool] = True
    card: ClassVar[Card] = Card(
        name="colourfulness",
        summary="Spread and strength of opponent colours (Hasler and Süsstrunk 2003, M3), mean over frames",
        tasks=("colourfulness",),
        scale="0 for grey, 15 slightly, 109 extremely colourful",
        better="neither",
    )

    def measure(self, frames: np.ndarray) -> float:
        """Measure frames, uint8 RGB of shape (frames, height, width, 3)."""
        return average_frames(colourfulness, frames)


@dataclass(kw_only=True)
class Contrast(FrameMetric):
    """Root-mean-square contrast of the luma; mean over all frames at their stored size.

    References
    ----------
    Peli (1990), Contrast in complex images, JOSA A 7, 2032–2040, root-mean-square contrast: the standard
    deviation of grey levels between 0 and 1, here of the luma R′G′B′ of BT.601 (not of linear light), with
    divisor n, and not divided by the mean.
    """

    parallel: ClassVar[bool] = True
    card: ClassVar[Card] = Card(
        name="contrast",
        summary="Standard deviation of the luma (root-mean-square contrast, Peli 1990), mean over frames",
        tasks=("contrast",),
        scale="0–0.5, 0 for one grey level, 0.5 for half black and half white",
        better="neither",
    )

    def measure(self, frames: np.ndarray) -> float:
        """Measure frames, uint8 RGB of shape (frames, height, width, 3)."""
        return average_frames(rms_contrast, frames)


def laplacian_variance(frame: np.ndarray) -> float:
    """Compute the variance of the Laplacian of a frame's grey picture.

    The mask is 1 for the four neighbours and −4 for the pixel; the picture is mirrored at its border.

    Parameters
    ----------
    frame : array of uint8, shape (height, width, 3)
        RGB.
    """
    import cv2

    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    _, deviation = _describe_values(cv2.Laplacian(grey, cv2.CV_16S))
    return deviation**2


def colourfulness(frame: np.ndarray) -> float:
    """Compute M̂⁽³⁾ = σ + 0.3 μ of a frame's opponent colours.

    rg = R − G and yb = (R + G)/2 − B; σ² = σ²(rg) + σ²(yb) and μ² = μ²(rg) + μ²(yb).

    Parameters
    ----------
    frame : array of uint8, shape (height, width, 3)
        RGB.
    """
    import cv2

    red, green, blue = cv2.split(frame)
    red_green = cv2.subtract(red, green, dtype=cv2.CV_16S)
    # whole numbers are exact in 16 bits, so yb is halved afterwards
    red_and_green = cv2.add(red, green, dtype=cv2.CV_16S)
    twice_yellow_blue = cv2.addWeighted(red_and_green, 1, blue, -2, 0, dtype=cv2.CV_16S)
    mean_rg, deviation_rg = _describe_values(red_green)
    mean_yb, deviation_yb = (value / 2 for value in _describe_values(twice_yellow_blue))
    return math.hypot(deviation_rg, deviation_yb) + 0.3 * math.hypot(mean_rg, mean_yb)


def rms_contrast(frame: np.ndarray) -> float:
    """Compute the standard deviation of a frame's luma, on 0–1.

    Parameters
    ----------
    frame : array of uint8, shape (height, width, 3)
        RGB.
    """
    import cv2

    _, deviation = _describe_values(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY))
    return deviation / 255


def _describe_values(channel: np.ndarray) -> tuple[float, float]:
    """Give the mean and the standard deviation (divisor n) of one channel."""
    import cv2

    mean, deviation = cv2.meanStdDev(channel)
    return float(mean[0, 0]), float(deviation[0, 0])
