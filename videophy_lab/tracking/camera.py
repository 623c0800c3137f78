"""The camera's motion between frames, and frames laid over each other without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

CELLS = 4


@dataclass(frozen=True)
class Stabilised:
    """Frames laid over the middle frame.

    Attributes
    ----------
    frames : array of uint8, shape (frames, height, width, 3)
        On a canvas that holds them all; where a frame does not reach it is 0.
    valid : array of bool, shape (frames, height, width)
        Where the canvas is covered by the frame.
    origin : (float, float)
        Canvas position (x, y) of the middle frame's first pixel.
    borders : array of float, shape (frames, 4)
        Left, top, right and bottom of every frame, in the middle frame's pixels.
    shift : float
        Farthest that a frame's corner lies from the middle frame's, in pixels.
    moved : bool
        Whether the frames were moved at all.
    """

    frames: np.ndarray
    valid: np.ndarray
    origin: tuple[float, float]
    borders: np.ndarray
    shift: float
    moved: bool


def count_cells(points: np.ndarray, shape: Sequence[int]) -> int:
    """Count the cells of a 4 × 4 grid over the frame that hold at least one point."""
    if not len(points):
        return 0
    cells = np.floor(points / [shape[1] / CELLS, shape[0] / CELLS]).astype(int).clip(0, CELLS - 1)
    return len(np.unique(cells @ [1, CELLS]))


def match_features(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Follow corners (Shi and Tomasi) from one grey frame to the next (pyramidal Lucas and Kanade)."""
    import cv2

    corners = cv2.goodFeaturesToTrack(first, 150, 0.01, 6)
    if corners is None:
        return np.empty((0, 2)), np.empty((0, 2))
    guess = np.empty_like(corners)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(first, second, corners, guess, winSize=(13, 13))
    good = found.ravel() == 1
    return corners.reshape(-1, 2)[good].astype(float), moved.reshape(-1, 2)[good].astype(float)


def estimate_step(first: np.ndarray, second: np.ndarray, *, min_cells: int = 6) -> np.ndarray:
    """Estimate the similarity that lays the second grey frame over the first.

    It is believed only when corners all over the frame agree on it, when it halves the error of a camera at
    rest, and when corners at rest do not cover more of the frame: noise must not pass for a camera, nor
    a large object before a plain wall.

    Returns
    -------
    array, shape (3, 3)
        The identity where nothing can be said.
    """
    import cv2

    here, there = match_features(first, second)
    if len(here) < 12:
        return np.eye(3)
    model, _ = cv2.estimateAffinePartial2D(there, here, method=cv2.RANSAC, ransacReprojThreshold=1.0)
    if model is None:
        return np.eye(3)
    moved = np.linalg.norm(there @ model[:, :2].T + model[:, 2] - here, axis=1)
    still = np.linalg.norm(there - here, axis=1)
    covered = count_cells(here[moved < 0.4], first.shape)
    better = np.median(moved) < min(0.4, 0.5 * float(np.median(still)))
    if not better or covered < max(min_cells, count_cells(here[still < 0.4], first.shape)):
        return np.eye(3)
    return np.vstack([model, [0, 0, 1]])


def is_at_rest(greys: np.ndarray, *, shift: float = 0.2, min_slope: float = 4.0) -> bool:
    """Say whether the camera rests, as far as a look at slopes can say.

    Where the picture slopes, a shift changes it by the slope times the shift. In every frame three quarters
    of the cells that have slopes, eight cells at least, must be within `shift` pixels of the middle frame.
    """
    import cv2

    middle = greys[len(greys) // 2]
    slope = np.hypot(cv2.Sobel(middle, cv2.CV_32F, 1, 0), cv2.Sobel(middle, cv2.CV_32F, 0, 1)) / 8
    rows, columns = np.nonzero(slope > min_slope)
    height, width = middle.shape
    cells = rows * CELLS // height * CELLS + columns * CELLS // width
    members = [np.flatnonzero(cells == cell) for cell in range(CELLS**2)]
    members = [member for member in members if len(member) >= 30]
    if len(members) < 8:
        return False
    places, slopes = middle[rows, columns].astype(np.int16), slope[rows, columns]
    for grey in greys:
        away = np.abs(grey[rows, columns] - places) / slopes
        still = [float(np.median(away[member])) < shift for member in members]
        if np.mean(still) < 0.75:
            return False
    return True


def estimate_camera(frames: np.ndarray) -> np.ndarray:
    """Estimate the maps that lay every frame over the middle one.

    Parameters
    ----------
    frames : array of uint8, shape (frames, height, width, 3)

    Returns
    -------
    array, shape (frames, 3, 3)
    """
    import cv2

    greys = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames])
    if is_at_rest(np.stack([cv2.GaussianBlur(grey, (5, 5), 1.0) for grey in greys])):
        return np.tile(np.eye(3), (len(frames), 1, 1))
    maps = [np.eye(3)]
    for first, second in pairwise(greys):
        maps.append(maps[-1] @ estimate_step(first, second))
    return np.asarray(np.linalg.inv(maps[len(maps) // 2]) @ np.stack(maps))


def map_corners(maps: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Map the frame's four corners, shape (frames, 4, 2)."""
    height, width = shape
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], dtype=float)
    return np.asarray(np.einsum("tij,cj->tci", maps, corners)[..., :2])


def lay_over(frames: np.ndarray, maps: np.ndarray, *, still_below: float = 1.0) -> Stabilised:
    """Lay frames over the middle one.

    Parameters
    ----------
    frames : array of uint8, shape (frames, height, width, 3)
    maps : array, shape (frames, 3, 3)
        As of :func:`estimate_camera`.
    still_below : float
        Pixels; a camera whose frames' corners stay within it is taken as still, and the frames are kept.
    """
    import cv2

    height, width = frames.shape[1:3]
    corners = map_corners(maps, (height, width))
    rest = map_corners(np.eye(3)[None], (height, width))
    shift = float(np.abs(corners - rest).max())
    if shift < still_below:
        borders = np.tile([0.0, 0.0, width, height], (len(frames), 1))
        return Stabilised(frames, np.ones(frames.shape[:3], bool), (0.0, 0.0), borders, shift, False)
    low, high = np.floor(corners.min((0, 1))), np.ceil(corners.max((0, 1)))
    size = tuple(int(side) for side in high - low)
    moves = maps.copy()
    moves[:, :2, 2] -= low
    laid = np.stack([cv2.warpAffine(f, m[:2], size) for f, m in zip(frames, moves, strict=True)])
    cover = np.full((height, width), 255, np.uint8)
    valid = np.stack([cv2.warpAffine(cover, move[:2], size) == 255 for move in moves])
    borders = np.concatenate([corners.min(1), corners.max(1)], axis=1)
    return Stabilised(laid, valid, (-float(low[0]), -float(low[1])), borders, shift, True)
