"""What is asked of a video's frames, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class VideoError(ValueError):
    """A video cannot be read or written; the message names the file, the reason and the remedy."""


@dataclass(frozen=True)
class VideoInfo:
    """What a file says about its video stream.

    Attributes
    ----------
    path : Path
    codec, pixel_format : str
        FFmpeg's names, for example ``h264`` and ``yuv420p``.
    width, height : int
        Pixels as they are stored.
    frames : int
        Frames in the stream, counted, not claimed.
    fps : float
        Frames a second; NaN when the file claims none that can be believed.
    seconds : float
        Duration; NaN when not known.
    """

    path: Path
    codec: str
    pixel_format: str
    width: int
    height: int
    frames: int
    fps: float
    seconds: float


@dataclass(frozen=True)
class FrameView:
    """Which frames of a video a scorer looks at, and how large.

    Attributes
    ----------
    rule : str
        Sampling rule, a key of :data:`videophy_lab.video.SAMPLING`; ``"all"`` takes every frame.
    count : int, optional
        Number of frames, for rules that take a number (the most, for those that take fewer of short videos).
    fps : float, optional
        Frames a second, for the rule ``"fps"``.
    size : (int, int), optional
        Height and width to resize to by FFmpeg's bilinear filter, ignoring the aspect ratio; None keeps the
        stored size.
    """

    rule: str = "all"
    count: int | None = None
    fps: float | None = None
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Clip:
    """A video that was decoded once, for all who look at it.

    Attributes
    ----------
    info : VideoInfo
    frames : mapping of FrameView to array of uint8, shape (frames, height, width, 3)
        RGB. The arrays are shared between scorers and read-only.
    indices : mapping of FrameView to array of int, shape (frames,)
        Place of each frame in the stream, from 0.
    seconds : float
        Time that decoding took.
    """

    info: VideoInfo
    frames: Mapping[FrameView, np.ndarray] = field(default_factory=dict)
    indices: Mapping[FrameView, np.ndarray] = field(default_factory=dict)
    seconds: float = 0.0
