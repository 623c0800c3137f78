"""How differently a picture flows forwards and backwards, where there are no single bodies to be followed.

Many bodies that topple, crumble or pour come down and come to rest; backwards, they rise from rest. The flow
of every pixel shows it without telling bodies apart. Of the reversed film each statistic is the negative,
but for errors of the flow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from videophy_lab.judges.motion_events import Body

STEP = 2  # of so many pixels in each direction, one is looked at
STILL = 0.5  # pixels a frame below which nothing moves
FEW = 10  # moving pixels below which a step tells nothing of its shape


@dataclass(frozen=True)
class Flow:
    """Where every pixel goes.

    Attributes
    ----------
    ways : array, shape (frames - 1, height, width, 2)
        Square pixels a frame, y downwards; 0 where nothing moves.
    pixel : array, shape (2,)
        Width and height of a pixel of the flow, square pixels.
    """

    ways: np.ndarray
    pixel: np.ndarray

    @property
    def energies(self) -> np.ndarray:
        """Square of the speed, shape (frames - 1, height, width)."""
        return np.asarray((self.ways**2).sum(-1))


def estimate_flow(frames: np.ndarray, scale: np.ndarray) -> Flow:
    """Estimate the flow by polynomial expansion (Farnebäck, 2003), which has learnt nothing.

    Parameters
    ----------
    frames : array of uint8, shape (frames, height, width, 3)
    scale : array, shape (2,)
        Width and height of a pixel, in square pixels.
    """
    import cv2

    grey = [cv2.cvtColor(frame[::STEP, ::STEP], cv2.COLOR_RGB2GRAY) for frame in frames]
    nothing = np.zeros((*grey[0].shape, 2), np.float32)
    steps = [
        cv2.calcOpticalFlowFarneback(grey[t], grey[t + 1], nothing.copy(), 0.5, 3, 9, 3, 5, 1.1, 0)
        for t in range(len(grey) - 1)
    ]
    ways = np.stack(steps) * (STEP * scale)
    moving = np.linalg.norm(ways, axis=-1, keepdims=True) > STILL
    return Flow(np.where(moving, ways, 0.0), STEP * scale)


def measure_ends(flow: Flow) -> tuple[float, float]:
    """Measure the kinetic energy at the beginning and at the end, as shares of the most there is."""
    energies = np.convolve(flow.energies.sum((1, 2)), np.ones(3) / 3, mode="valid")
    most = float(energies.max())
    return float(energies[:2].mean()) / most, float(energies[-2:].mean()) / most


def measure_sinking(flow: Flow) -> float:
    """Measure how far what moves comes down, and to rest (−1 to 1).

    The way down over the whole way of all pixels, times the share of the greatest kinetic energy that is gone
    at the end; of what rises, likewise, the share that was not there at the beginning, as a negative number.
    What comes down and speeds up, or rises and slows down, loses nothing. NaN where nothing moves.
    """
    total = float(np.linalg.norm(flow.ways, axis=-1).sum())
    if len(flow.ways) < 4 or not total:
        return float("nan")
    down = float(flow.ways[..., 1].sum()) / total
    first, last = measure_ends(flow)
    return max(down, 0.0) * (1 - last) - max(-down, 0.0) * (1 - first)


def measure_spreading(flow: Flow) -> float:
    """Measure whether what moves spreads or gathers (−1 to 1).

    The correlation of place and velocity among the moving pixels of a step, both from their means, averaged
    over steps by their energy. NaN where nothing moves.
    """
    values, weights = [], []
    for ways, energies in zip(flow.ways, flow.energies, strict=True):
        rows, columns = np.nonzero(energies)
        if len(rows) < FEW:
            continue
        places = np.stack([columns, rows], axis=1) * flow.pixel
        places, speeds = places - places.mean(0), ways[rows, columns] - ways[rows, columns].mean(0)
        spread = float(np.sqrt((places**2).sum() * (speeds**2).sum()))
        values.append(float((places * speeds).sum()) / spread if spread else 0.0)
        weights.append(float(energies.sum()))
    return float(np.average(values, weights=weights)) if values else float("nan")


def measure_followed(flow: Flow, bodies: Sequence[Body]) -> float:
    """Measure the share of the flow's energy that lies within a quarter of some bodies' size around them."""
    energies, inside = flow.energies, 0.0
    height, width = energies.shape[1:]
    rows, columns = (np.arange(n) * size for n, size in zip((height, width), flow.pixel[::-1], strict=True))
    for time, energy in enumerate(energies):
        held = np.zeros((height, width), bool)
        for body in bodies:
            if body.is_seen(time):
                left, top, right, bottom = body.find_box(time) + (4 + 0.15 * body.size) * np.array(
                    [-1, -1, 1, 1]
                )
                across = (columns >= left) & (columns <= right)
                held |= ((rows >= top) & (rows <= bottom))[:, None] & across
        inside += float(energy[held].sum())
    total = float(energies.sum())
    return inside / total if total else 0.0
