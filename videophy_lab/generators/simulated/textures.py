"""Textures that are computed: wood, tiles, plaster, bricks, grass, and the patterns of balls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SIDE = 256  # pixels of a surface's texture
FACE = 96  # pixels of a side of a ball's texture
Colour = tuple[float, float, float]


def make_noise(rng: np.random.Generator, height: int, width: int, cells: tuple[int, int]) -> np.ndarray:
    """Make smooth noise between −1 and 1 that can be laid side by side."""
    grid = rng.uniform(-1, 1, cells)
    rows, columns = (np.arange(n) * c / n for n, c in zip((height, width), cells, strict=True))
    top, left = rows.astype(int), columns.astype(int)
    down, across = ((x - x.astype(int)) for x in (rows, columns))
    down, across = (x * x * (3 - 2 * x) for x in (down, across))
    bottom, right = (top + 1) % cells[0], (left + 1) % cells[1]
    upper = grid[top][:, left] * (1 - across) + grid[top][:, right] * across
    lower = grid[bottom][:, left] * (1 - across) + grid[bottom][:, right] * across
    return np.asarray(upper * (1 - down[:, None]) + lower * down[:, None])


def make_grain(rng: np.random.Generator, *cells: tuple[int, int]) -> Any:
    """Add up noise of several scales."""
    layers = [make_noise(rng, SIDE, SIDE, size) / (1 + n / 2) for n, size in enumerate(cells)]
    return np.sum(layers, axis=0)


def paint(colour: Colour, light: np.ndarray) -> np.ndarray:
    """Give a colour the light and dark of a map around 1, as bytes."""
    return np.asarray(np.clip(255 * np.array(colour) * light[..., None], 0, 255), dtype=np.uint8)


def paint_planks(colour: Colour, rng: np.random.Generator) -> np.ndarray:
    """Paint a wooden floor of four rows of planks."""
    light = 1 + 0.05 * make_grain(rng, (64, 4), (128, 8))
    rows, high = 4, SIDE // 4
    for row in range(rows):
        band = slice(row * high, (row + 1) * high)
        cut = int(rng.integers(0, SIDE))
        shades = 1 + rng.uniform(-0.1, 0.1, 2)
        across = (np.arange(SIDE) - cut) % SIDE < SIDE // 2
        light[band] *= np.where(across, *shades)
        light[band.start : band.start + 2] *= 0.62
        for seam in (cut, cut + SIDE // 2):
            light[band, seam % SIDE] *= 0.62
    return paint(colour, light)


def paint_tiles(colour: Colour, rng: np.random.Generator) -> np.ndarray:
    """Paint four by four tiles with joints."""
    light = 1 + 0.03 * make_grain(rng, (16, 16), (64, 64))
    light *= np.kron(1 + rng.uniform(-0.06, 0.06, (4, 4)), np.ones((SIDE // 4, SIDE // 4)))
    joint = np.arange(SIDE) % (SIDE // 4) < 3
    light[joint] *= 0.7
    light[:, joint] *= 0.7 / np.where(joint, 0.7, 1)[:, None]
    return paint(colour, light)


def paint_chequers(colour: Colour, rng: np.random.Generator) -> np.ndarray:
    """Paint chequers of two close shades."""
    light = 1 + 0.03 * make_grain(rng, (32, 32), (128, 128))
    cells = np.arange(SIDE) // (SIDE // 2)
    return paint(colour, light * np.where((cells[:, None] + cells) % 2, 1.08, 0.86))


def paint_concrete(colour: Colour, rng: np.random.Generator) -> np.ndarray:
    """Paint bare concrete, plaster or sand."""
    return paint(colour, 1 + 0.07 * make_grain(rng, (6, 6), (24, 24), (96, 96)))


def paint_grass(colour: Colour, rng: np.random.Generator) -> np.ndarray:
    """Paint a lawn or a carpet."""
    return paint(colour, 1 + 0.16 * make_grain(rng, (5, 5), (40, 40), (128, 128)))


def paint_bricks(colour: Colour, rng: np.random.Generator) -> np.ndarray:
    """Paint a wall of bricks, eight courses high."""
    light = 1 + 0.05 * make_grain(rng, (32, 32), (96, 96))
    high, wide = SIDE // 8, SIDE // 4
    joint = np.zeros((SIDE, SIDE), bool)
    for course in range(8):
        band = slice(course * high, (course + 1) * high)
        columns = (np.arange(SIDE) + (wide // 2) * (course % 2)) % SIDE
        light[band] *= (1 + rng.uniform(-0.12, 0.12, 4))[columns // wide]
        joint[band.start : band.start + 3] = True
        joint[band, columns % wide < 3] = True
    return np.where(joint[..., None], paint((0.72, 0.7, 0.66), light), paint(colour, light))


def paint_panels(colour: Colour, rng: np.random.Generator) -> np.ndarray:
    """Paint upright boards."""
    light = 1 + 0.03 * make_grain(rng, (4, 64), (8, 128))
    edge = np.arange(SIDE) % (SIDE // 4) < 3
    light *= np.where(edge, 0.8, 1.0)
    return paint(colour, light)


def paint_stripes(colour: Colour, rng: np.random.Generator) -> np.ndarray:
    """Paint wallpaper with broad soft stripes."""
    light = 1 + 0.02 * make_grain(rng, (32, 32), (96, 96))
    return paint(colour, light * np.where((np.arange(SIDE) // (SIDE // 8)) % 2, 1.0, 0.94))


SURFACES: dict[str, Callable[[Colour, np.random.Generator], np.ndarray]] = {
    "planks": paint_planks,
    "tiles": paint_tiles,
    "chequers": paint_chequers,
    "concrete": paint_concrete,
    "grass": paint_grass,
    "bricks": paint_bricks,
    "panels": paint_panels,
    "stripes": paint_stripes,
}


def list_directions() -> Any:
    """List the directions of a cube map's pixels: right, left, up, down, front, back (OpenGL's order)."""
    line = (np.arange(FACE) + 0.5) / FACE * 2 - 1
    down, across = np.meshgrid(line, line, indexing="ij")
    one = np.ones_like(down)
    faces = [
        (one, -down, -across), (-one, -down, across), (across, one, down),
        (across, -one, -down), (across, -down, one), (-across, -down, -one),
    ]  # fmt: skip
    points = np.stack([np.stack(face, axis=-1) for face in faces])
    return points / np.linalg.norm(points, axis=-1, keepdims=True)


def paint_ball(pattern: str, first: Colour, second: Colour, rng: np.random.Generator) -> np.ndarray:
    """Paint the cube map of a ball.

    Parameters
    ----------
    pattern : {"segments", "band", "halves", "dots", "marble"}
    first, second : tuple of float
        Colours.
    rng : numpy.random.Generator

    Returns
    -------
    array of uint8, shape (6 · FACE, FACE, 3)
    """
    x, y, z = np.moveaxis(list_directions(), -1, 0)
    if pattern == "segments":
        part = (np.floor(np.arctan2(y, x) / (np.pi / 3)).astype(int) % 2 == 0) & (np.abs(z) < 0.93)
    elif pattern == "band":
        part = np.abs(z) < 0.28
    elif pattern == "halves":
        part = x > 0
    elif pattern == "dots":
        centres = rng.normal(size=(26, 3))
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        part = (np.stack([x, y, z], axis=-1) @ centres.T).max(axis=-1) > 0.965
    else:
        waves = sum(
            np.sin(rng.uniform(2, 5, 3) @ np.stack([x, y, z]).reshape(3, -1) + rng.uniform(0, 6))
            for _ in range(4)
        )
        part = np.asarray(waves).reshape(x.shape) > 0.6
    painted = np.where(part[..., None], np.array(second), np.array(first))
    return np.asarray(np.clip(255 * painted, 0, 255), dtype=np.uint8).reshape(-1, FACE, 3)


PATTERNS = ("segments", "band", "halves", "dots", "marble")
