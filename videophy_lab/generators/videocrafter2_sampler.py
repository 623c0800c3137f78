"""The sampler that VideoCrafter2 was trained for: DDIM with a picture that fades as the noise grows.

While it was trained, the picture in a noisy latent was multiplied by a factor that falls from 1 to 0.7 over
the first 400 noise levels; a sampler without it makes other videos. Source: lvdm/models/ddpm3d.py and
lvdm/models/samplers/ddim.py of AILab-CVC/VideoCrafter@11bcd76; DDIM is arXiv 2010.02502.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

LEVELS = 1000
FIRST_BETA, LAST_BETA = 0.00085, 0.012
FIRST_SCALE, LAST_SCALE, SCALED_LEVELS = 1.0, 0.7, 400


def compute_alphas() -> np.ndarray:
    """Compute which part of the variance is picture, at each of the 1000 noise levels."""
    betas = np.linspace(math.sqrt(FIRST_BETA), math.sqrt(LAST_BETA), LEVELS) ** 2
    return np.cumprod(1 - betas)


def compute_scales() -> np.ndarray:
    """Compute the factor of the picture at each of the 1000 noise levels."""
    falling = np.linspace(FIRST_SCALE, LAST_SCALE, SCALED_LEVELS)
    return np.concatenate([falling, np.full(LEVELS - SCALED_LEVELS, LAST_SCALE)])


@dataclass(frozen=True)
class Step:
    """One step from a noise level to the one before it.

    Attributes
    ----------
    level : int
        What the network is told as the time.
    alpha, next_alpha : float
        Part of the variance that is picture, before and after.
    scale, next_scale : float
        Factor of the picture, before and after.
    sigma : float
        Standard deviation of the noise that is added.
    """

    level: int
    alpha: float
    next_alpha: float
    scale: float
    next_scale: float
    sigma: float

    def take(self, latents: Any, predicted: Any, noise: Any) -> Any:
        """Give the latents after this step.

        Parameters
        ----------
        latents, predicted, noise : array or tensor
            Of one shape: the noisy latents, the noise that the network sees in them, and fresh noise.
        """
        picture = (latents - math.sqrt(1 - self.alpha) * predicted) / (math.sqrt(self.alpha) * self.scale)
        towards = math.sqrt(1 - self.next_alpha - self.sigma**2)
        return (
            math.sqrt(self.next_alpha) * self.next_scale * picture + towards * predicted + self.sigma * noise
        )


def check_steps(steps: int) -> None:
    """Check that the steps are even; raise ValueError that lists what may be."""
    allowed = [number for number in range(1, LEVELS) if LEVELS % number == 0]
    if steps not in allowed:
        raise ValueError(f"steps is {steps}. Allowed: {', '.join(map(str, allowed))}.")


def plan_steps(steps: int, eta: float, alphas: np.ndarray, scales: np.ndarray) -> tuple[Step, ...]:
    """Plan all steps, from noise to video.

    Parameters
    ----------
    steps : int
        A divisor of 1000.
    eta : float
        0 adds no noise, 1 as much as was taken away.
    alphas, scales : array, shape (1000,)
        See :func:`compute_alphas` and :func:`compute_scales`.
    """
    check_steps(steps)
    levels = np.arange(0, LEVELS, LEVELS // steps) + 1
    next_levels = np.concatenate([[0], levels[:-1]])
    planned = []
    for level, after in zip(levels.tolist(), next_levels.tolist(), strict=True):
        alpha, next_alpha = float(alphas[level]), float(alphas[after])
        sigma = eta * math.sqrt((1 - next_alpha) / (1 - alpha) * (1 - alpha / next_alpha))
        planned.append(Step(level, alpha, next_alpha, float(scales[level]), float(scales[after]), sigma))
    return tuple(reversed(planned))
