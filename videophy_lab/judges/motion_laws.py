"""Newton's laws on tracks: pieces of constant acceleration, the impulses between them, and their energy.

Positions are (x, y) with y downwards, time is in frames. Nothing here knows how many pixels make a metre:
signs, ratios and consistency can be judged, magnitudes cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

PARAMETERS = 7  # of one piece: place, velocity and acceleration in two directions, and where it begins


@dataclass(frozen=True)
class Piece:
    """A stretch of constant acceleration.

    Attributes
    ----------
    start, end : float
        Times of its first and last point.
    terms : array, shape (3, 2)
        Place, velocity and half the acceleration at `start`.
    covariance : array, shape (3, 3)
        Of one column of `terms`.
    points : int
    """

    start: float
    end: float
    terms: np.ndarray
    covariance: np.ndarray
    points: int

    def locate(self, time: float) -> np.ndarray:
        """Give the place at a time."""
        step = time - self.start
        return np.asarray(np.array([1.0, step, step**2]) @ self.terms)

    def find_velocity(self, time: float) -> np.ndarray:
        """Give the velocity at a time, pixels a frame."""
        return np.asarray(np.array([0.0, 1.0, 2 * (time - self.start)]) @ self.terms)

    def find_errors(self, time: float) -> tuple[float, float]:
        """Give the standard errors of place and velocity, in one direction, at a time."""
        step = time - self.start
        place, speed = np.array([1.0, step, step**2]), np.array([0.0, 1.0, 2 * step])
        return (
            float(np.sqrt(place @ self.covariance @ place)),
            float(np.sqrt(speed @ self.covariance @ speed)),
        )

    @property
    def acceleration(self) -> np.ndarray:
        """Acceleration, pixels a frame squared."""
        return np.asarray(2 * self.terms[2])


@dataclass(frozen=True)
class Impulse:
    """What happens between two pieces.

    Attributes
    ----------
    time : float
    place : array, shape (2,)
    before, after : array, shape (2,)
        Velocities.
    error : float
        Standard error of the change of velocity, in one direction.
    least : float
        Change of velocity below which it is none: 15 % of the path's greatest speed, or half a pixel a frame.
    gap : float
        Distance that no motion bridges, less three standard errors, in pixels.
    hidden : bool
        Whether the object was unseen there for more than two frames.
    """

    time: float
    place: np.ndarray
    before: np.ndarray
    after: np.ndarray
    error: float
    least: float
    gap: float
    hidden: bool

    @property
    def change(self) -> np.ndarray:
        """Change of velocity."""
        return np.asarray(self.after - self.before)

    @property
    def size(self) -> float:
        """Change of velocity over the sum of both speeds, from 0 to 1; 0 where it may be noise."""
        size = float(np.linalg.norm(self.change))
        if size < max(5 * self.error, self.least):
            return 0.0
        return size / float(np.linalg.norm(self.before) + np.linalg.norm(self.after))


def estimate_sigma(times: np.ndarray, points: np.ndarray) -> float:
    """Estimate the noise of places from their third differences, which constant acceleration leaves at 0.

    The median of absolute values keeps bounces out; white noise has 20 times its variance in them.
    """
    run = np.flatnonzero(times[3:] - times[:-3] == 3)
    if not len(run):
        return 0.0
    third = points[run + 3] - 3 * points[run + 2] + 3 * points[run + 1] - points[run]
    return float(np.median(np.abs(third)) / 0.6745 / np.sqrt(20))


def sum_residuals(times: np.ndarray, points: np.ndarray, shortest: int) -> np.ndarray:
    """Sum the squared residuals of parabolas through points i to j; infinite where too short.

    Returns
    -------
    array, shape (n, n + 1)
        Of points i to j - 1.
    """
    count = len(times)
    table = np.full((count, count + 1), np.inf)
    for i in range(count - shortest + 1):
        step = times[i:] - times[i]
        place = points[i:] - points[i]
        powers = np.cumsum(step[:, None] ** np.arange(5), axis=0)[shortest - 1 :]
        moments = np.cumsum(step[:, None, None] ** np.arange(3)[:, None] * place[:, None], axis=0)
        squares = np.cumsum((place**2).sum(1))[shortest - 1 :]
        normal = powers[:, np.add.outer(np.arange(3), np.arange(3))]
        right = moments[shortest - 1 :]
        explained = (np.linalg.solve(normal, right) * right).sum((1, 2))
        table[i, i + shortest :] = np.maximum(squares - explained, 0)
    return table


def split_path(times: np.ndarray, points: np.ndarray, sigma: float, *, shortest: int = 4) -> list[slice]:
    """Split a path into pieces of constant acceleration, at the least penalised sum of squares.

    Exact optimal partitioning (Jackson et al., 2005, "An algorithm for optimal partitioning of data on an
    interval") with the penalty of the Bayesian information criterion (Schwarz, 1978), taken 1.5 times
    because a region's centre has errors that last over frames.
    """
    count = len(times)
    if count < shortest:
        return []
    cost = sum_residuals(times, points, shortest) / sigma**2 + 1.5 * PARAMETERS * np.log(count)
    best, before = np.full(count + 1, np.inf), np.zeros(count + 1, dtype=int)
    best[0] = 0.0
    for end in range(shortest, count + 1):
        total = best[:end] + cost[:end, end]
        before[end] = int(np.argmin(total))
        best[end] = total[before[end]]
    ends = [count]
    while ends[-1] > 0:
        ends.append(int(before[ends[-1]]))
    return [slice(a, b) for b, a in pairwise(ends)][::-1]


def fit_pieces(times: np.ndarray, points: np.ndarray, sigma: float) -> list[Piece]:
    """Fit a path by pieces of constant acceleration.

    A piece that fits worse than the noise explains gets errors to match.

    Parameters
    ----------
    times : array, shape (n,)
    points : array, shape (n, 2)
    sigma : float
        Noise of a place, pixels; positive.
    """
    pieces = []
    for part in split_path(times, points, sigma):
        step = times[part] - times[part][0]
        design = step[:, None] ** np.arange(3)
        covariance = np.linalg.inv(design.T @ design)
        terms = covariance @ design.T @ points[part]
        left = ((points[part] - design @ terms) ** 2).sum() / (2 * len(step) - 6)
        covariance *= max(sigma**2, float(left))
        pieces.append(Piece(float(times[part][0]), float(times[part][-1]), terms, covariance, len(step)))
    return pieces


def find_impulses(pieces: Sequence[Piece]) -> list[Impulse]:
    """Find what happens between pieces: where they meet best, and what is left between them there."""
    impulses = []
    speeds = [np.linalg.norm(p.find_velocity(time)) for p in pieces for time in (p.start, p.end)]
    least = max(0.5, 0.15 * float(max(speeds, default=0)))
    for left, right in pairwise(pieces):
        times = np.linspace(left.end, right.start, 11)
        apart = [float(np.linalg.norm(right.locate(t) - left.locate(t))) for t in times]
        time = float(times[int(np.argmin(apart))])
        (place_l, speed_l), (place_r, speed_r) = left.find_errors(time), right.find_errors(time)
        impulses.append(
            Impulse(
                time=time,
                place=(left.locate(time) + right.locate(time)) / 2,
                before=left.find_velocity(time),
                after=right.find_velocity(time),
                error=float(np.hypot(speed_l, speed_r)),
                least=least,
                gap=max(0.0, min(apart) - 3 * float(np.hypot(place_l, place_r))),
                hidden=right.start - left.end > 2,
            )
        )
    return impulses


def find_flights(pieces: Sequence[Piece], *, shortest: int = 6) -> list[Piece]:
    """Find the pieces that look like free flight: long, clearly curved, and curved up or down."""
    flights = []
    for piece in pieces:
        across, down = np.abs(piece.acceleration)
        certain = down > 5 * 2 * float(np.sqrt(piece.covariance[2, 2]))
        if piece.points >= shortest and certain and down > 2 * across:
            flights.append(piece)
    return flights


def measure_gravity(pieces: Sequence[Piece]) -> tuple[float, float]:
    """Measure gravity's direction on one path.

    Returns
    -------
    direction : float
        Cosine of the acceleration's angle with the image's downward direction, averaged over free flights by
        their duration: 1 down, -1 up, NaN without a flight.
    frames : float
        Duration of the flights.
    """
    flights = find_flights(pieces)
    if not flights:
        return np.nan, 0.0
    cosines = [piece.acceleration[1] / np.linalg.norm(piece.acceleration) for piece in flights]
    frames = [piece.end - piece.start for piece in flights]
    return float(np.average(cosines, weights=frames)), float(np.sum(frames))


def estimate_gravity(pieces: Sequence[Piece]) -> float:
    """Estimate gravity for one path's energy, pixels a frame squared, positive downwards.

    The vertical acceleration of free flights where they agree within 40 %; otherwise (a slope, a pendulum)
    the slope of kinetic energy over depth, at least 0; 0 for motion that hardly leaves the horizontal.
    """
    flights = find_flights(pieces)
    if flights:
        down = np.array([piece.acceleration[1] for piece in flights])
        middle = float(np.median(down))
        if np.all(np.abs(down - middle) < 0.4 * abs(middle)):
            return middle
    times = [np.linspace(p.start, p.end, p.points) for p in pieces]
    places = np.array([p.locate(t) for p, ts in zip(pieces, times, strict=True) for t in ts])
    speeds = np.array([p.find_velocity(t) for p, ts in zip(pieces, times, strict=True) for t in ts])
    spread = np.ptp(places, axis=0)
    if spread[1] < 0.1 * np.hypot(*spread):
        return 0.0
    kinetic = (speeds**2).sum(1) / 2
    depth = places[:, 1] - places[:, 1].mean()
    return max(0.0, float(depth @ (kinetic - kinetic.mean()) / (depth @ depth)))


def find_energy(piece: Piece, time: float, gravity: float) -> tuple[float, float]:
    """Give kinetic and potential energy for a unit of mass at a time, and its standard error."""
    velocity = piece.find_velocity(time)
    place_error, speed_error = piece.find_errors(time)
    energy = float(velocity @ velocity) / 2 - gravity * float(piece.locate(time)[1])
    error = np.hypot(np.linalg.norm(velocity) * speed_error + speed_error**2, gravity * place_error)
    return energy, float(error)


def find_velocity_at(pieces: Sequence[Piece], time: float) -> np.ndarray:
    """Give the velocity at a time by the piece that is nearest; zero without pieces."""
    if not pieces:
        return np.zeros(2)
    away = [max(piece.start - time, time - piece.end, 0.0) for piece in pieces]
    piece = pieces[int(np.argmin(away))]
    return piece.find_velocity(min(max(time, piece.start), piece.end))
