"""What differs from the background: a robust background, and the regions that leave it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Region:
    """One connected region of one frame, in canvas pixels.

    Attributes
    ----------
    centre : array, shape (2,)
        Mean x, y of its pixels; the centre of the first pixel is (0, 0).
    area : float
        Pixels.
    box : array, shape (4,)
        Left, top, right, bottom; the last two lie one past the region.
    colour : array, shape (3,)
        Mean RGB.
    touches_edge : bool
        Whether it reaches the frame's edge.
    shadow : float
        Share of its pixels that look like the background in a shadow.
    """

    centre: np.ndarray
    area: float
    box: np.ndarray
    colour: np.ndarray
    touches_edge: bool
    shadow: float


@dataclass(frozen=True)
class Background:
    """What is seen where nothing moves.

    Attributes
    ----------
    picture : array of uint8, shape (height, width, 3)
    threshold : array of float, shape (height, width)
        Change, in grey levels, above which a pixel is foreground.
    noise : float
        Standard deviation of a still pixel from one frame to the next, grey levels.
    """

    picture: np.ndarray
    threshold: np.ndarray
    noise: float


def take_median(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Take the (lower) median over frames of uint8 values where they are valid."""
    hidden = ~valid if values.ndim == valid.ndim else ~valid[..., None]
    ordered = np.sort(np.where(hidden, np.uint8(255), values), axis=0)
    count = np.maximum(valid.sum(0), 1)
    middle = (count - 1) // 2
    middle = middle if values.ndim == valid.ndim else middle[..., None]
    median: np.ndarray = np.take_along_axis(ordered, middle[None], axis=0)[0]
    return median


def smooth_frames(frames: np.ndarray) -> np.ndarray:
    """Blur every frame lightly, against noise and the codec's blocks."""
    import cv2

    return np.stack([cv2.GaussianBlur(frame, (5, 5), 1.0) for frame in frames])


def measure_change(frame: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Measure by how many grey levels a frame differs from a picture, in the worst channel.

    The whole frame's brightness (its median difference, by channel) is taken out first: flicker is no motion.
    """
    difference = frame.astype(np.int16) - picture
    offset = np.median(difference[::4, ::4].reshape(-1, 3), axis=0).astype(np.int16)
    red, green, blue = np.moveaxis(np.abs(difference - offset), 2, 0)
    worst: np.ndarray = np.maximum(np.maximum(red, green), blue)
    return worst


def find_cut(frames: np.ndarray, *, least: int = 10, share: float = 0.4) -> float:
    """Find the greatest share of a frame that changes from one frame to the next, if it stands out.

    A pixel changes by more than `least` grey levels; a cut changes more than `share` of the frame, and three
    times as much as the median step (heavy grain changes much of the frame, but always).

    Returns
    -------
    float
        0 without a cut.
    """
    shares = [
        float((measure_change(second[::2, ::2], first[::2, ::2]) > least).mean())
        for first, second in pairwise(frames)
    ]
    worst = max(shares)
    return worst if worst > max(share, 3 * float(np.median(shares))) else 0.0


def make_background(
    frames: np.ndarray, valid: np.ndarray, *, contrast: float, jitter: float, most: int = 31
) -> Background:
    """Make the background from the median over time.

    Parameters
    ----------
    frames, valid
        Smoothed and laid over each other.
    contrast : float
        Least threshold, grey levels.
    jitter : float
        Pixels by which frames may lie wrong; the threshold rises by this times the background's slope.
    most : int
        Frames that the median is taken over, evenly spaced.
    """
    import cv2

    chosen = np.unique(np.linspace(0, len(frames) - 2, min(most, len(frames) - 1)).round().astype(int))
    picture = take_median(frames[chosen], valid[chosen])
    steps = np.stack([measure_change(frames[n + 1], frames[n]) for n in chosen]).clip(0, 255)
    both = valid[chosen] & valid[chosen + 1]
    wobble = take_median(steps.astype(np.uint8), both) / 0.6745 / np.sqrt(2)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    slope = np.hypot(cv2.Sobel(grey, cv2.CV_64F, 1, 0), cv2.Sobel(grey, cv2.CV_64F, 0, 1)) / 8
    noise = float(np.median(wobble))
    threshold = np.maximum(contrast, 5 * wobble) + jitter * slope
    return Background(picture, threshold, noise)


def find_mask(
    frame: np.ndarray, valid: np.ndarray, background: Background, *, keep_thin: bool = False
) -> np.ndarray:
    """Mark the foreground of a smoothed frame: above the threshold, specks taken out, cracks closed."""
    import cv2

    change = measure_change(frame, background.picture)
    mask = ((change > background.threshold) & valid).astype(np.uint8)
    if not keep_thin:
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)))


def find_shadow(frame: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Mark pixels that are the background made darker by one factor in all channels (.4 to .92)."""
    ratio = (frame.astype(np.float32) + 1) / (picture.astype(np.float32) + 1)
    high, low = ratio.max(2), ratio.min(2)
    return np.asarray((high < 0.92) & (low > 0.4) & (high - low < 0.06))


def repair_region(picture: np.ndarray, frame: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Take what only rested in a region out of the background, if that is what the region shows.

    The region is first filled in from around it (Telea, 2004, "An image inpainting technique"). Where the
    frame is nearer to the filling than the background, the frame shows what is behind; where neither is near
    in such a region, another object hides it, and the filling must do.
    """
    import cv2

    area = cv2.dilate(region, np.ones((5, 5), np.uint8))
    top, bottom = np.flatnonzero(area.any(1))[[0, -1]] + [-8, 9]
    left, right = np.flatnonzero(area.any(0))[[0, -1]] + [-8, 9]
    part = np.s_[max(top, 0) : bottom, max(left, 0) : right]
    filled = cv2.inpaint(np.ascontiguousarray(picture[part]), area[part], 3, cv2.INPAINT_TELEA)
    old, new = measure_distance(picture[part], filled), measure_distance(frame[part], filled)
    revealed = (area[part] > 0) & (old > new + 12)
    if revealed.sum() < 0.3 * region.sum():
        return picture
    repaired = picture.copy()
    repaired[part][revealed] = frame[part][revealed]
    hidden = (area[part] > 0) & ~revealed & (old > 30)
    repaired[part][hidden] = filled[hidden]
    return repaired


def measure_distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Measure how far two pictures lie apart, in the worst channel."""
    return np.asarray(np.abs(first.astype(np.int16) - second).max(axis=2))


def repair_background(frames: np.ndarray, valid: np.ndarray, background: Background) -> Background:
    """Take out of the background what only rested there.

    An object that rests for most of the time gets into the median; where it rests there is then a false
    region in the first frame (it has not come yet) or in the last (it has left).
    """
    import cv2

    picture = background.picture
    for end in (0, -1):
        mask = find_mask(frames[end], valid[end], background, keep_thin=True)
        count, labels = cv2.connectedComponents(mask)
        for label in range(1, count):
            region = (labels == label).astype(np.uint8)
            if region.sum() >= 6:
                picture = repair_region(picture, frames[end], region)
    return Background(picture, background.threshold, background.noise)


def read_region(
    label: int,
    box: np.ndarray,
    labels: np.ndarray,
    picture: np.ndarray,
    frame: np.ndarray,
    inside: np.ndarray,
) -> Region:
    """Measure one labelled region; where at least a quarter of it is no shadow, the shadow is left out."""
    left, top, right, bottom = box
    part = np.s_[top:bottom, left:right]
    whole = labels[part] == label
    solid = whole & ~find_shadow(frame[part], picture[part])
    share = 1 - solid.sum() / whole.sum()
    member = solid if share < 0.75 else whole
    rows, columns = np.nonzero(member)
    return Region(
        centre=np.array([columns.mean() + left, rows.mean() + top]),
        area=float(len(rows)),
        box=np.array(
            [left + columns.min(), top + rows.min(), left + columns.max() + 1, top + rows.max() + 1],
            dtype=float,
        ),
        colour=frame[part][member].mean(0),
        touches_edge=bool((~inside[part][member]).any()),
        shadow=float(share),
    )


def find_regions(
    frame: np.ndarray, valid: np.ndarray, background: Background, *, min_area: float, most: int
) -> tuple[list[Region], float]:
    """Find a frame's moving regions, the largest `most` of them, and the share of the frame they cover."""
    import cv2

    mask = find_mask(frame, valid, background)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    share = float(mask.sum() / max(valid.sum(), 1))
    order = [n for n in 1 + np.argsort(-stats[1:, 4], kind="stable") if stats[n, 4] >= min_area][:most]
    if not order:
        return [], share
    bordered = cv2.copyMakeBorder(valid.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    inside = cv2.erode(bordered, np.ones((5, 5), np.uint8))[1:-1, 1:-1] > 0
    regions = []
    for label in order:
        left, top, width, height = stats[label, :4]
        box = np.array([left, top, left + width, top + height])
        regions.append(read_region(label, box, labels, background.picture, frame, inside))
    return regions, share
