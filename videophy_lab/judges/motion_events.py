"""Bodies in motion, and what they touch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from videophy_lab.judges.motion_laws import (
    Impulse,
    Piece,
    estimate_gravity,
    estimate_sigma,
    find_impulses,
    find_velocity_at,
    fit_pieces,
)
from videophy_lab.tracking import Track, Tracking


@dataclass(frozen=True)
class Body:
    """A track in square pixels, with the laws fitted to it.

    Attributes
    ----------
    times : array of int, shape (n,)
    points : array, shape (n, 2)
    areas : array, shape (n,)
    boxes : array, shape (n, 4)
        Left, top, right, bottom.
    whole : array of bool, shape (n,)
        Where the frame's edge does not cut it.
    shared : array of int
        Frames in which it was one region with another.
    colour : array, shape (3,)
    size : float
        Diameter of the disc of its median area.
    pieces : list of Piece
    impulses : list of Impulse
    gravity : float
        See :func:`estimate_gravity`.
    firm : bool
        Whether it is seen long enough and keeps its shape.
    solid : bool
        Whether it is firm and gets away: its motion is judged.
    """

    times: np.ndarray
    points: np.ndarray
    areas: np.ndarray
    boxes: np.ndarray
    whole: np.ndarray
    shared: np.ndarray
    colour: np.ndarray
    size: float
    pieces: list[Piece]
    impulses: list[Impulse]
    gravity: float
    firm: bool
    solid: bool

    def find_box(self, time: float) -> np.ndarray:
        """Give its box at the measured time that is nearest."""
        return np.asarray(self.boxes[int(np.argmin(np.abs(self.times - time)))])

    def is_seen(self, time: float) -> bool:
        """Say whether it was measured within two frames of a time."""
        return bool(np.abs(self.times - time).min() <= 2)

    def is_shared(self, time: float) -> bool:
        """Say whether it was one region with another within two frames of a time."""
        return bool(len(self.shared) and np.abs(self.shared - time).min() <= 2)


@dataclass(frozen=True)
class Scene:
    """The bodies of a video and where its frames end.

    Attributes
    ----------
    bodies : tuple of Body
    borders : array, shape (frames, 4)
        Left, top, right and bottom of every frame, square pixels.
    """

    bodies: tuple[Body, ...]
    borders: np.ndarray

    @property
    def judged(self) -> tuple[Body, ...]:
        """Bodies that are solid."""
        return tuple(body for body in self.bodies if body.solid)


def is_firm(track: Track, *, shortest: int) -> bool:
    """Say whether a track keeps the shape of one body: its box is filled, its area is steady."""
    whole = ~track.touches_edge
    if whole.sum() < shortest:
        return False
    width, height = (track.boxes[:, 2:] - track.boxes[:, :2]).T
    filled = np.median(track.areas / (width * height)) > 0.4
    steady = np.median(np.abs(np.diff(np.log(track.areas[whole])))) < 0.08
    return bool(filled and steady)


def make_body(track: Track, scale: np.ndarray, *, shortest: int, travel: float) -> Body:
    """Put a track into square pixels and fit the laws of motion to it."""
    points, areas = track.centres * scale, track.areas * scale.prod()
    whole = ~track.touches_edge
    size = float(2 * np.sqrt(np.median(areas) / np.pi))
    firm = is_firm(track, shortest=shortest)
    way = float(np.hypot(*np.ptp(points[whole], axis=0))) if firm else 0.0
    solid = firm and way > max(6.0, travel * size)
    pieces: list[Piece] = []
    if solid:
        times, places = track.frames[whole].astype(float), points[whole]
        sigma = max(estimate_sigma(times, places), 0.15, 0.008 * size)
        pieces = fit_pieces(times, places, sigma)
    return Body(
        times=track.frames,
        points=points,
        areas=areas,
        boxes=track.boxes * np.tile(scale, 2),
        whole=whole,
        shared=track.shared,
        colour=track.colour,
        size=size,
        pieces=pieces,
        impulses=find_impulses(pieces),
        gravity=estimate_gravity(pieces) if pieces else 0.0,
        firm=firm,
        solid=solid,
    )


def make_scene(tracking: Tracking, scale: np.ndarray, *, shortest: int = 8, travel: float = 0.5) -> Scene:
    """Make bodies of tracks.

    Parameters
    ----------
    tracking : Tracking
    scale : array, shape (2,)
        Width and height of a pixel, in square pixels.
    shortest : int
        Frames in which a body must be whole to be judged.
    travel : float
        Diameters that it must get away.
    """
    bodies = [make_body(track, scale, shortest=shortest, travel=travel) for track in tracking.tracks]
    dark = [track.shadow > 0.9 for track in tracking.tracks]
    if any(body.solid and not shadow for body, shadow in zip(bodies, dark, strict=True)):
        pairs = zip(bodies, dark, strict=True)
        bodies = [make_unjudged(body) if shadow else body for body, shadow in pairs]
    return Scene(tuple(bodies), tracking.borders * np.tile(scale, 2))


def make_unjudged(body: Body) -> Body:
    """Keep a shadow as something that others may touch, and judge it no more."""
    return replace(body, pieces=[], impulses=[], gravity=0.0, firm=False, solid=False)


def measure_apart(first: np.ndarray, second: np.ndarray) -> float:
    """Measure how far two boxes lie apart, 0 where they overlap."""
    gaps = np.maximum(np.maximum(second[:2] - first[2:], first[:2] - second[2:]), 0)
    return float(np.hypot(*gaps))


def find_partners(scene: Scene, body: Body, time: float) -> list[Body]:
    """Find the other bodies that are in reach of a body at a time."""
    box, reach = body.find_box(time), 3 + 0.3 * body.size
    others = [other for other in scene.bodies if other is not body]
    return [
        other
        for other in others
        if (other.is_seen(time) or other.is_shared(time))
        and measure_apart(box, other.find_box(time))
        < reach + np.linalg.norm(find_velocity_at(other.pieces, time))
    ]


def is_at_edge(scene: Scene, body: Body, time: float, *, margin: float = 4.0) -> bool:
    """Say whether a body is at the edge of the frame."""
    box, border = body.find_box(time), scene.borders[round(time)]
    return bool(np.any(box[:2] < border[:2] + margin) or np.any(box[2:] > border[2:] - margin))


def is_supported(body: Body, impulse: Impulse) -> bool:
    """Say whether an impulse is a floor's: within 40° of the direction against gravity, on the way down."""
    down = 1.0 if body.gravity >= 0 else -1.0
    across, against = abs(impulse.change[0]), -down * impulse.change[1]
    return bool(against > 0 and across < np.tan(np.radians(40)) * against and down * impulse.before[1] > 0)


def is_repeated(scene: Scene, body: Body, impulse: Impulse) -> bool:
    """Say whether another impulse, of any body, shows the same wall: parallel, and in the same plane."""
    normal = impulse.change / np.linalg.norm(impulse.change)
    for other in scene.judged:
        for second in other.impulses:
            if second is impulse or second.size < 0.2:
                continue
            parallel = abs(second.change @ normal) > 0.94 * np.linalg.norm(second.change)
            if parallel and abs((second.place - impulse.place) @ normal) < 0.5 * body.size:
                return True
    return False


def has_cause(scene: Scene, body: Body, impulse: Impulse) -> bool:
    """Say whether an impulse has a cause: another body, the frame's edge, a floor, a wall met twice."""
    return (
        impulse.hidden
        or body.is_shared(impulse.time)
        or is_at_edge(scene, body, impulse.time)
        or is_supported(body, impulse)
        or bool(find_partners(scene, body, impulse.time))
        or is_repeated(scene, body, impulse)
    )
