"""Small draws that scenes share."""

from __future__ import annotations

import numpy as np


def draw(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number between two others, rounded to four decimals so that it can be written down exactly."""
    return round(float(rng.uniform(low, high)), 4)


def draw_side(rng: np.random.Generator) -> float:
    """Draw the direction of a motion: 1 to the right, −1 to the left."""
    return float(rng.choice([-1.0, 1.0]))
