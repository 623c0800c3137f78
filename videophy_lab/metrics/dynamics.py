"""Whether a video moves, and how fast: VBench's dynamic degree, by RAFT and by DIS flow."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from statistics import fmean
from typing import Any, ClassVar

import numpy as np

from videophy_lab.judges.base import Card
from videophy_lab.metrics.base import check_frames
from videophy_lab.metrics.flow import (
    DIS,
    DIS_SIDE,
    RAFT_MULTIPLE,
    RAFT_SIDE,
    FlowMetric,
    describe_absent_raft,
    estimate_dis_flow,
    estimate_raft_flow,
    load_raft,
    resolve_raft_file,
)
from videophy_lab.places import hash_file
from videophy_lab.video.clip import FrameView

EIGHT_A_SECOND = FrameView("vbench_8fps")
FASTEST_SHARE = 0.05
# a pair moves by more than 6 pixels of a picture whose shorter side has 256
PIXELS, SIDE = 6.0, 256.0
# of 16 frames, 4 pairs must move
PAIRS, FRAMES = 4, 16


@dataclass(kw_only=True)
class DynamicMetric(FlowMetric):
    """A metric that applies VBench's rule for dynamic degree to some optical flow."""

    least_frames: ClassVar[int] = 2

    @property
    def view(self) -> FrameView:
        """Ask for about eight frames a second at their stored size."""
        return EIGHT_A_SECOND

    @abstractmethod
    def estimate_flow(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Estimate the flow between two frames; give pixels, shape (height, width, 2)."""

    def measure(self, frames: np.ndarray) -> Mapping[str, float]:
        """Measure frames, uint8 RGB of shape (frames, height, width, 3); NaN for fewer than two."""
        check_frames(frames)
        degree, magnitude = self.card.tasks
        if self.find_obstacle(frames):
            return {degree: math.nan, magnitude: math.nan}
        speeds = [average_fastest(self.estimate_flow(first, second)) for first, second in pairwise(frames)]
        mean = fmean(speeds)
        moving = float(is_dynamic(speeds, *frames.shape[1:3])) if math.isfinite(mean) else math.nan
        return {degree: moving, magnitude: mean}


@dataclass(kw_only=True)
class DynamicDegree(DynamicMetric):
    """Dynamic degree as VBench defines it: 1 for a video that moves, 0 for one that does not.

    Of every k-th frame, ``k = max(1, round(fps / 8))``, RAFT gives the flow to the next one kept; r is the
    mean length of its longest 5 %. With n frames kept, at least ``round(n / 4)`` pairs (halves to even) must
    have ``r > 6 · min(height, width) / 256``. That is VBench's rule as it stands: two kept frames need 0
    pairs, and always move.

    ``dynamic_degree_flow`` is the mean of r beside it, which tells more than 0 or 1: in pixels of the stored
    size from one kept frame to the next, that is in about an eighth of a second. Compare it among videos of
    one size.

    VBench's weights are those of the RAFT repository (raft-things); here torchvision's port of them, whose
    numbers differ in rounding only. VBench decodes with OpenCV, whose colours may differ from ours by a few
    grey levels a pixel. It calls a video still of which one frame is kept; here that is unscored, and so are
    frames below 121 pixels a side, which torchvision's RAFT refuses. A video without a believable frame rate
    fails with that reason.

    Parameters
    ----------
    checkpoint : str
        File with a state dict of torchvision's ``raft_large``; the published one, fetched once into torch's
        cache, when empty.
    device : str
        ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:1``.

    References
    ----------
    Huang et al. (2024), VBench, CVPR; github.com/Vchitect/VBench@45e79ec, vbench/dynamic_degree.py.
    """

    checkpoint: str = ""
    device: str = "auto"
    _network: Any = field(default=None, init=False, repr=False, compare=False)

    # smaller frames are padded up to it
    least_side: ClassVar[int] = RAFT_SIDE - RAFT_MULTIPLE + 1
    card: ClassVar[Card] = Card(
        name="dynamic_degree",
        summary="Whether a video moves by VBench's definition (RAFT), and its flow in pixels a step",
        tasks=("dynamic_degree", "dynamic_degree_flow"),
        scale="0 or 1, 1 for one that moves; its flow 0 and more, in pixels from kept frame to kept frame",
        weights="raft_large_C_T_V1-22a6c225.pth",
        size="21 MB",
        licence="BSD-3-Clause",
        needs="judges, vision",
    )

    def find_absent(self) -> str:
        """Say which weights a run would have to fetch first, and how large they are."""
        return describe_absent_raft(self.checkpoint)

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a score; weights that are not here are fetched for it, not loaded."""
        weights = hash_file(resolve_raft_file(self.checkpoint))
        return {"scorer": self.card.name, "frames": asdict(self.view), "weights": weights}

    def prepare(self) -> None:
        """Load RAFT, once.

        Raises
        ------
        ValueError
            Weights that cannot be found, fetched or used, or a device that is not there.
        ImportError
            An extra is not installed.
        """
        if self._network is None:
            self._network = load_raft(resolve_raft_file(self.checkpoint), self.device)

    def estimate_flow(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Estimate the flow between two frames; give pixels of the padded frame, shape (height, width, 2)."""
        self.prepare()
        return estimate_raft_flow(self._network, first, second)


@dataclass(kw_only=True)
class DynamicDegreeDis(DynamicMetric):
    """VBench's rule for dynamic degree on DIS flow, which needs no weights; not VBench's number.

    All is as in :class:`DynamicDegree` but the flow, which is not padded; DIS may miss small things that move
    fast. ``dynamic_degree_dis_flow`` is in pixels of the stored size from one kept frame to the next. Frames
    below 48 pixels a side are unscored.

    References
    ----------
    The rule: Vchitect/VBench@45e79ec, vbench/dynamic_degree.py; the flow: Kroeger et al. (2016), Fast optical
    flow using dense inverse search, ECCV.
    """

    least_side: ClassVar[int] = DIS_SIDE
    parallel: ClassVar[bool] = True
    card: ClassVar[Card] = Card(
        name="dynamic_degree_dis",
        summary="Whether a video moves by VBench's rule on DIS flow, and its flow; not VBench's number",
        tasks=("dynamic_degree_dis", "dynamic_degree_dis_flow"),
        scale="0 or 1, 1 for one that moves; its flow 0 and more, in pixels from kept frame to kept frame",
    )

    def describe(self) -> Mapping[str, Any]:
        """Give the name, the frames and the flow, which decide the number."""
        return {**super().describe(), "flow": DIS}

    def estimate_flow(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Estimate the flow between two frames; give pixels, shape (height, width, 2)."""
        return estimate_dis_flow(first, second)


def average_fastest(flow: np.ndarray) -> float:
    """Average the lengths of the longest 5 % of the vectors of a flow.

    Parameters
    ----------
    flow : array, shape (height, width, 2)
        At least 20 vectors; the number averaged is rounded down.
    """
    lengths = np.hypot(flow[..., 0], flow[..., 1]).ravel()
    count = int(lengths.size * FASTEST_SHARE)
    return float(np.partition(lengths, lengths.size - count)[-count:].mean(dtype=np.float64))


def is_dynamic(speeds: Sequence[float], height: int, width: int) -> bool:
    """Say whether enough pairs of neighbouring frames are fast enough.

    Parameters
    ----------
    speeds : sequence of float
        Of each pair, one fewer than frames; in pixels.
    height, width : int
        Of the frames, before any padding.
    """
    threshold = PIXELS * (min(height, width) / SIDE)
    needed = round(PAIRS * ((len(speeds) + 1) / FRAMES))
    return sum(speed > threshold for speed in speeds) >= needed
