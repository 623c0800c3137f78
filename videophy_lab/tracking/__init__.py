"""Moving regions and their paths in a video.

The camera's motion is estimated from corners and taken out, what differs from the median over time is
foreground, its connected regions are linked from frame to frame. It runs on a CPU, the same input gives the
same tracks, and nothing in it is learnt.

It does not see: what never moves; objects of the background's colour; two objects that touch from the first
frame to the last (they are one); rotation; motion in depth, except as a change of area. A camera that turns
by more than a frame, and a picture of which most moves (water, a cut), give no tracks and a reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from videophy_lab.tracking.camera import Stabilised, estimate_camera, lay_over
from videophy_lab.tracking.foreground import (
    Region,
    find_cut,
    find_regions,
    make_background,
    repair_background,
    smooth_frames,
)
from videophy_lab.tracking.linking import OpenPath, link_regions

__all__ = ["Settings", "Track", "Tracking", "find_tracks"]


@dataclass(frozen=True)
class Settings:
    """What decides a track.

    Attributes
    ----------
    contrast : float
        Grey levels that a pixel must differ from the background, at least.
    min_area : float
        Share of the frame that a region covers, at least.
    max_share : float
        Share of the frame that may be foreground in any one frame, or change at a cut.
    max_canvas : float
        Area of all frames laid over each other, in frames.
    max_regions : int
        Regions of one frame that are followed, the largest first.
    min_frames : int
        Frames in which a track is seen, at least.
    reach : float
        Distance between the first two places of a track, at most, in frame diagonals.
    max_gap, max_shared : int
        Frames for which a track may be unseen; for which it may be one region with another.
    """

    contrast: float = 22.0
    min_area: float = 0.0005
    max_share: float = 0.4
    max_canvas: float = 3.0
    max_regions: int = 30
    min_frames: int = 4
    reach: float = 0.2
    max_gap: int = 2
    max_shared: int = 15


@dataclass(frozen=True)
class Track:
    """The path of one moving region, in pixels of the middle frame.

    Attributes
    ----------
    frames : array of int, shape (n,)
        Frames in which it was measured, rising.
    centres : array, shape (n, 2)
        x to the right, y downwards; the centre of the first pixel is (0, 0).
    areas : array, shape (n,)
        Pixels; a body of strong contrast is seen about a pixel too wide all round, because of the blur.
    boxes : array, shape (n, 4)
        Left, top, right, bottom.
    touches_edge : array of bool, shape (n,)
        Whether it reaches the frame's edge, so that centre and area are not the whole object's.
    shared : array of int
        Frames in which it was one region with another track, and was not measured.
    colour : array, shape (3,)
        Mean RGB.
    shadow : float
        Share of its pixels that look like a shadow (median over frames).
    """

    frames: np.ndarray
    centres: np.ndarray
    areas: np.ndarray
    boxes: np.ndarray
    touches_edge: np.ndarray
    shared: np.ndarray
    colour: np.ndarray
    shadow: float


@dataclass(frozen=True)
class Tracking:
    """All tracks of a video, or why there are none.

    Attributes
    ----------
    tracks : tuple of Track
        By first frame, then by area.
    reason : str
        Why nothing could be tracked; empty where there are tracks.
    borders : array, shape (frames, 4)
        Left, top, right, bottom of every frame, in pixels of the middle frame.
    noise : float
        Of a still pixel, grey levels.
    foreground : float
        Greatest share of a frame that was foreground, or that changed at a cut.
    camera_shift : float
        Farthest that a frame's corner moved from the middle frame's, pixels.
    settings : Settings
    """

    tracks: tuple[Track, ...] = ()
    reason: str = ""
    borders: np.ndarray = field(default_factory=lambda: np.empty((0, 4)))
    noise: float = 0.0
    foreground: float = 0.0
    camera_shift: float = 0.0
    settings: Settings = field(default_factory=Settings)


def close_path(path: OpenPath, origin: tuple[float, float]) -> Track:
    """Make a track of a path, moved from the canvas to the middle frame."""
    regions = path.regions
    return Track(
        frames=np.array(path.frames),
        centres=np.stack([region.centre for region in regions]) - origin,
        areas=np.array([region.area for region in regions]),
        boxes=np.stack([region.box for region in regions]) - [*origin, *origin],
        touches_edge=np.array([region.touches_edge for region in regions]),
        shared=np.array(path.shared, dtype=int),
        colour=np.mean([region.colour for region in regions], axis=0),
        shadow=float(np.median([region.shadow for region in regions])),
    )


def find_foreground(stable: Stabilised, settings: Settings) -> tuple[list[list[Region]], float, float]:
    """Find every frame's moving regions, the greatest share of a frame they cover, and the pixels' noise."""
    smooth = smooth_frames(stable.frames)
    cut = 0.0 if stable.moved else find_cut(smooth)
    jitter = 0.8 if stable.moved else 0.15
    background = make_background(smooth, stable.valid, contrast=settings.contrast, jitter=jitter)
    background = repair_background(smooth, stable.valid, background)
    least = max(12.0, settings.min_area * stable.valid[0].sum())
    found, shares = [], [cut]
    for frame, valid in zip(smooth, stable.valid, strict=True):
        regions, share = find_regions(frame, valid, background, min_area=least, most=settings.max_regions)
        found.append(regions)
        shares.append(share)
    return found, max(shares), background.noise


def check_frames(frames: np.ndarray) -> None:
    """Raise ValueError unless the frames are RGB pictures."""
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8:
        raise ValueError(
            f"frames have shape {frames.shape} and type {frames.dtype}; allowed: uint8 of shape "
            "(frames, height, width, 3). Convert grey or float frames to RGB from 0 to 255 first."
        )


def find_tracks(frames: np.ndarray, *, settings: Settings | None = None) -> Tracking:
    """Find what moves in a video, and its paths.

    Parameters
    ----------
    frames : array of uint8, shape (frames, height, width, 3)
        RGB, at equal steps in time. About 250 pixels wide is enough, and fast.
    settings : Settings, optional

    Raises
    ------
    ValueError
        The array is not of that kind.
    """
    settings = settings or Settings()
    check_frames(frames)
    if len(frames) < settings.min_frames:
        return Tracking(reason=f"{len(frames)} frames are too few to follow anything", settings=settings)
    maps = estimate_camera(frames)
    stable_area = measure_canvas(maps, frames.shape[1:3])
    if stable_area > settings.max_canvas:
        return Tracking(reason="the camera moves too far", settings=settings)
    stable = lay_over(frames, maps)
    regions, share, noise = find_foreground(stable, settings)
    seen = Tracking((), "nothing moves", stable.borders, noise, share, stable.shift, settings)
    if share > settings.max_share:
        why = "too much of the picture changes at once (a cut, or a camera that cannot be followed)"
        return replace(seen, reason=why)
    reach = settings.reach * float(np.hypot(*frames.shape[1:3]))
    paths = link_regions(regions, first_reach=reach, max_gap=settings.max_gap, max_shared=settings.max_shared)
    tracks = [close_path(path, stable.origin) for path in paths if len(path.frames) >= settings.min_frames]
    tracks.sort(key=lambda track: (track.frames[0], -track.areas[0], *track.centres[0]))
    return replace(seen, tracks=tuple(tracks), reason="") if tracks else seen


def measure_canvas(maps: np.ndarray, shape: tuple[int, ...]) -> float:
    """Measure the area of all frames laid over each other, in frames."""
    from videophy_lab.tracking.camera import map_corners

    corners = map_corners(maps, shape)
    sides = corners.max((0, 1)) - corners.min((0, 1))
    return float(sides.prod() / (shape[0] * shape[1]))
