"""How well frames that are left out can be predicted from their neighbours."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any, ClassVar

import numpy as np

from videophy_lab.judges.base import Card
from videophy_lab.metrics.base import FrameMetric, check_frames
from videophy_lab.metrics.flow import FlowMetric
from videophy_lab.metrics.interpolators import FlowInterpolator, list_interpolators, load_interpolator

Interpolate = Callable[[np.ndarray, np.ndarray], np.ndarray]
# a frame between two others
LEAST_FRAMES = 3
# pairs that an interpolator is given at a time; bounds the memory
PAIRS = 8


@dataclass(kw_only=True)
class MotionSmoothness(FrameMetric):
    """Motion smoothness as VBench defines it, with an interpolator that you bring.

    Frames 0, 2, 4, … are kept, and the interpolator predicts each frame between two of them;
    ``(255 − error) / 255``, where the error is the mean over these frames of the mean of ``|I − Î|`` over
    pixels and channels, in whole grey levels. With an even number of frames the last one is not looked at.

    The number is VBench's with VBench's interpolator, AMT-S, and another one with every other interpolator:
    its class and what it describes are part of the spec. None ships (AMT-S is CC BY-NC 4.0), none is taken
    unless it is named, and ``flow_smoothness`` is another metric.

    Parameters
    ----------
    interpolator : str
        Name of an entry point in the group ``videophy_lab.interpolators``, or ``module:attribute``; see
        :mod:`videophy_lab.metrics.interpolators`.

    References
    ----------
    Huang et al. (2024), VBench, CVPR; github.com/Vchitect/VBench@45e79ec, vbench/motion_smoothness.py.
    """

    interpolator: str = ""
    _loaded: Any = field(default=None, init=False, repr=False, compare=False)
    _prepared: bool = field(default=False, init=False, repr=False, compare=False)

    least_frames: ClassVar[int] = LEAST_FRAMES
    card: ClassVar[Card] = Card(
        name="motion_smoothness",
        summary="How well an interpolator that you bring predicts every second frame (VBench's definition)",
        tasks=("motion_smoothness",),
        scale="0–1, 1 where every prediction is exact",
        weights="the interpolator's own",
        size="not known",
        licence="MIT; the interpolator's own (AMT-S, which VBench uses: CC BY-NC 4.0)",
        needs="an interpolator that you bring: --option motion_smoothness.interpolator=NAME",
    )

    def describe(self) -> Mapping[str, Any]:
        """Give the name, the frames, and the interpolator's class and settings."""
        loaded = self._load()
        made = {"class": f"{type(loaded).__module__}:{type(loaded).__qualname__}", **loaded.describe()}
        return {"scorer": self.card.name, "frames": asdict(self.view), "interpolator": made}

    def prepare(self) -> None:
        """Let the interpolator load what it needs, once.

        Raises
        ------
        ValueError
            No interpolator is named, or there is none of that name.
        ImportError
            It cannot be imported.
        """
        loaded = self._load()
        if not self._prepared and hasattr(loaded, "prepare"):
            loaded.prepare()
        self._prepared = True

    def measure(self, frames: np.ndarray) -> float:
        """Measure frames, uint8 RGB of shape (frames, height, width, 3); NaN for fewer than three."""
        self.prepare()
        return measure_smoothness(frames, self._loaded.interpolate)

    def _load(self) -> Any:
        if self._loaded is None:
            if not self.interpolator:
                raise ValueError(
                    "motion_smoothness needs an interpolator of frames, and none is named: VBench's, AMT-S, "
                    "is CC BY-NC 4.0 and does not ship. Remedy: install a package that brings one and type "
                    "--option motion_smoothness.interpolator=NAME (on this machine: "
                    f"{list_interpolators()}; or MODULE:ATTRIBUTE); or score flow_smoothness, which needs "
                    "none and is another definition."
                )
            self._loaded = load_interpolator(self.interpolator)
        return self._loaded


@dataclass(kw_only=True)
class FlowSmoothness(FlowMetric):
    """How well optical flow predicts every second frame: our own definition, not VBench's number.

    As :class:`MotionSmoothness`, with the middle frame made by DIS flow, which needs no weights: both
    neighbours are moved halfway along the flow to the other one and averaged; where one of them would have to
    show what lies outside of it, the other one is taken. Things that cover each other, and motion of more
    than DIS can follow, count as lack of smoothness, as does noise. Frames below 48 pixels a side are
    unscored.

    References
    ----------
    The score: Vchitect/VBench@45e79ec, vbench/motion_smoothness.py; the flow: Kroeger et al. (2016), Fast
    optical flow using dense inverse search, ECCV.
    """

    least_frames: ClassVar[int] = LEAST_FRAMES
    parallel: ClassVar[bool] = True
    card: ClassVar[Card] = Card(
        name="flow_smoothness",
        summary="How well optical flow (DIS) predicts every second frame; our own definition, not VBench's",
        tasks=("flow_smoothness",),
        scale="0–1, 1 where every prediction is exact",
    )

    def describe(self) -> Mapping[str, Any]:
        """Give the name, the frames and the way of prediction, which decide the number."""
        return {**super().describe(), "interpolator": dict(FlowInterpolator().describe())}

    def measure(self, frames: np.ndarray) -> float:
        """Measure frames, uint8 RGB of shape (frames, height, width, 3); NaN for fewer than three."""
        check_frames(frames)
        if self.find_obstacle(frames):
            return math.nan
        return measure_smoothness(frames, FlowInterpolator().interpolate)


def measure_smoothness(frames: np.ndarray, interpolate: Interpolate) -> float:
    """Measure how well every second frame is predicted from its neighbours, frames 0, 2, 4 and so on.

    Parameters
    ----------
    frames : array of uint8, shape (frames, height, width, 3)
    interpolate : callable
        Gives the frames halfway between pairs of frames.

    Returns
    -------
    float
        1 where every prediction is exact, 0 where all are wrong by 255; NaN for fewer than three frames.

    Raises
    ------
    ValueError
        Predictions of another size or type.
    """
    import cv2

    check_frames(frames)
    # a last frame without a right neighbour cannot be predicted
    kept, between = frames[::2], frames[1:-1:2]
    if not len(between):
        return math.nan
    errors: list[float] = []
    for start in range(0, len(between), PAIRS):
        wanted = between[start : start + PAIRS]
        stop = start + len(wanted)
        found = interpolate(kept[start:stop], kept[start + 1 : stop + 1])
        check_predictions(found, wanted)
        errors += [
            cv2.norm(one, other, cv2.NORM_L1) / one.size for one, other in zip(found, wanted, strict=True)
        ]
    return (255 - fmean(errors)) / 255


def check_predictions(found: Any, wanted: np.ndarray) -> None:
    """Check that predicted frames are of the kind of those that they predict."""
    given = getattr(found, "shape", None), getattr(found, "dtype", type(found).__name__)
    if given != (wanted.shape, wanted.dtype):
        raise ValueError(
            f"the interpolator gave frames of shape {given[0]} and type {given[1]}; it must give "
            f"{wanted.shape} and {wanted.dtype}. Remedy: crop what it padded, clip to 0–255 and round."
        )
