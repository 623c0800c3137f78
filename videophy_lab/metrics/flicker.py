"""Change from frame to frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import ClassVar

import numpy as np

from videophy_lab.judges.base import Card
from videophy_lab.metrics.base import FrameMetric, check_frames


@dataclass(kw_only=True)
class TemporalFlickering(FrameMetric):
    """Temporal flickering as VBench defines it: 1 for a still picture, lower the more the pixels change.

    ``(255 − change) / 255``, where the change is the mean over neighbouring frames of the mean of
    ``|I_t − I_t+1|`` over pixels and channels, of all frames at their stored size. It does not tell flicker
    from motion: VBench measures still scenes, which it selects by optical flow; here every video is measured.

    Equal to VBench's on equal frames. VBench decodes with OpenCV, whose conversion to RGB may differ from
    ours by a few grey levels a pixel. Other tools use the name for an error after warping by optical flow.

    References
    ----------
    Huang et al. (2024), VBench, CVPR; github.com/Vchitect/VBench@45e79ec, vbench/temporal_flickering.py.
    """

    least_frames: ClassVar[int] = 2
    parallel: ClassVar[bool] = True
    card: ClassVar[Card] = Card(
        name="temporal_flickering",
        summary="Likeness of neighbouring frames by VBench's definition (motion counts as flicker)",
        tasks=("temporal_flickering",),
        scale="0–1, 1 for a still picture",
    )

    def measure(self, frames: np.ndarray) -> float:
        """Measure frames, uint8 RGB of shape (frames, height, width, 3); NaN for fewer than two."""
        import cv2

        check_frames(frames)
        if len(frames) < self.least_frames:
            return math.nan
        change = fmean(cv2.norm(one, other, cv2.NORM_L1) / one.size for one, other in pairwise(frames))
        return (255 - change) / 255
