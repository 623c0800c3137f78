"""What decides a probed video beside the video itself: options of the user, and what one edit is told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

# frames of shape (frames, height, width, 3), uint8, RGB, in and out; the array that comes in is read-only
Edit = Callable[[np.ndarray, "How"], np.ndarray]
FROZEN = ("moving", "first", "middle")
# options of the one encoder that all probes go through
COMMON = ("qp", "preset", "fallback_fps")


@dataclass(frozen=True, kw_only=True)
class ProbeOptions:
    """Options of probes.

    Parameters
    ----------
    qp : int
        Quantiser of x264, of every frame of every probe alike, 1 (best) to 50. Each frame is compressed by
        itself, so that one that is shown at another time, or again, is the same picture.
    preset : str
        Of x264, for every probe alike.
    fallback_fps : float
        Frames a second of the probes of a video that claims no rate that can be believed.
    block : int
        Frames that ``shuffle_blocks`` keeps together; fewer where the video has not two such blocks.
    frozen : {"moving", "first", "middle"}
        The frame that ``freeze`` shows: the one that differs most from the one before it, so that something
        stands still that cannot, or the first or middle one.
    blur : float
        Standard deviation of the blur of severity 1, as a share of the height.
    noise : float
        Standard deviation of the noise of severity 1, in grey levels of 255.
    neutral, positive, negative : str
        Words of the overlays.
    """

    qp: int = 16
    preset: str = "medium"
    fallback_fps: float = 24.0
    block: int = 8
    frozen: str = "moving"
    blur: float = 0.02
    noise: float = 48.0
    neutral: str = "The library opens at nine o'clock."
    positive: str = "All motion here obeys physics."
    negative: str = "The motion here breaks physics."

    def __post_init__(self) -> None:
        for name, least, most in (("qp", 1, 50), ("block", 1, 10_000), ("blur", 0.0, 1.0)):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: {least} to {most}.")
        if not 0 < self.noise <= 255:
            raise ValueError(f"noise is {self.noise}; allowed: more than 0, up to 255 grey levels.")
        if not 1 <= self.fallback_fps <= 1000:
            raise ValueError(f"fallback_fps is {self.fallback_fps}; allowed: 1 to 1000 frames a second.")
        if self.frozen not in FROZEN:
            raise ValueError(f"frozen is {self.frozen!r}; allowed: {', '.join(FROZEN)}.")
        for name in ("neutral", "positive", "negative"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} has no words; allowed: a sentence to lay over the video.")


@dataclass(frozen=True, kw_only=True)
class How:
    """What one edit of one video is told.

    Attributes
    ----------
    severity : float
        In (0, 1]; 1 where the probe has none.
    draw : int
        Seeds what is drawn; the same for all severities of a probe and video.
    options : ProbeOptions
    """

    severity: float = 1.0
    draw: int = 0
    options: ProbeOptions = field(default_factory=ProbeOptions)

    @property
    def rng(self) -> np.random.Generator:
        """Give a fresh generator."""
        return np.random.default_rng(self.draw)


def find_draw(seed: int, video_id: str, probe: str) -> int:
    """Find what seeds the draws of one probe of one video: always the same, whatever else is probed."""
    name = f"{seed}\n{probe}\n{video_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big")
