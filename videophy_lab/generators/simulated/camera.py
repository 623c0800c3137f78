"""A camera that stands still and sees all that happens."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

FIELD = 36.0  # vertical and horizontal field of view, degrees
FILLED = 0.88  # share of the picture's half width that the action may reach
LOWERED = 0.35  # share of the room below the action that is given up for room above it


@dataclass(frozen=True)
class Camera:
    """Where the picture is taken from.

    Attributes
    ----------
    place : array, shape (3,)
        Metres.
    azimuth, elevation : float
        Direction of view, degrees: 90 looks along y, negative elevations look down.
    centre : array, shape (3,)
        Of what it was placed for.
    reach : float
        From there to the farthest point of it, metres.
    """

    place: np.ndarray
    azimuth: float
    elevation: float
    centre: np.ndarray
    reach: float

    @property
    def axes(self) -> np.ndarray:
        """Directions to the right, upwards and forwards, as rows."""
        return find_axes(self.azimuth, self.elevation)

    def project(self, points: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Find where points are in the picture.

        Parameters
        ----------
        points : array, shape (…, 3)
        size : int
            Pixels of the picture's height and width.

        Returns
        -------
        array, shape (…, 2)
            u to the right, v downwards; the centre of the first pixel is (0, 0).
        array, shape (…)
            Pixels of a metre there, across the line of sight.
        """
        seen = (points - self.place) @ self.axes.T
        depth = seen[..., 2]
        pixels = size / 2 / math.tan(math.radians(FIELD / 2)) / depth
        u = seen[..., 0] * pixels + (size - 1) / 2
        v = -seen[..., 1] * pixels + (size - 1) / 2
        return np.stack([u, v], axis=-1), pixels

    def turn(self, right: float, up: float) -> Camera:
        """Turn by shares of the picture's width."""
        return replace(self, azimuth=self.azimuth - right * FIELD, elevation=self.elevation + up * FIELD)


def find_axes(azimuth: float, elevation: float) -> np.ndarray:
    """Give the directions to the right, upwards and forwards of a view, as rows."""
    turn, tilt = math.radians(azimuth), math.radians(elevation)
    forward = np.array([math.cos(tilt) * math.cos(turn), math.cos(tilt) * math.sin(turn), math.sin(tilt)])
    right = np.array([math.sin(turn), -math.cos(turn), 0.0])
    return np.stack([right, np.cross(right, forward), forward])


def place_camera(points: np.ndarray, radii: np.ndarray, azimuth: float, elevation: float) -> Camera:
    """Place a camera as near as it can be with all balls in the picture.

    Parameters
    ----------
    points : array, shape (n, 3)
    radii : array, shape (n,)
    azimuth, elevation : float
        Degrees.
    """
    axes = find_axes(azimuth, elevation)
    seen = points @ axes.T
    slope = math.tan(math.radians(FIELD / 2)) * FILLED
    margin = radii * math.hypot(1, slope)
    sides = []
    for axis in (0, 1):
        most = float(np.max(seen[:, axis] - slope * seen[:, 2] + margin))
        least = float(np.max(-seen[:, axis] - slope * seen[:, 2] + margin))
        sides.append(((most - least) / 2, -(most + least) / 2 / slope))
    back = min(depth for _, depth in sides)
    # where there is room above and below, the action is a little below the middle
    room = (sides[1][1] - back) * slope
    place = np.array([sides[0][0], sides[1][0] + LOWERED * room, back]) @ axes
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    reach = float((np.linalg.norm(points - centre, axis=1) + radii).max())
    return Camera(place, azimuth, elevation, centre, reach)


def shake_camera(
    camera: Camera, frames: int, onset: int, amount: float, rng: np.random.Generator
) -> list[Camera]:
    """Let a hand shake the camera from one frame on.

    Parameters
    ----------
    amount : float
        Farthest that the picture moves, as a share of its width.
    """
    times = np.arange(frames)
    sway = np.zeros((frames, 2))
    for _ in range(3):
        speed, phase, weight = (
            rng.uniform(0.25, 0.8, 2),
            rng.uniform(0, 2 * math.pi, 2),
            rng.uniform(0.5, 1, 2),
        )
        sway += weight * np.sin(speed * times[:, None] + phase)
    # it begins gently
    sway *= np.clip((times[:, None] - onset + 1) / 6, 0, 1)
    sway *= amount / max(np.abs(sway).max(), 1e-9)
    return [camera.turn(*move) for move in sway]
