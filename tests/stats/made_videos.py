"""Made ratings and scores that several tests share."""

from __future__ import annotations

import numpy as np


def make_videos(rng, *, n_prompts=13, n_generators=5, share=0.8):
    """Make five-level ratings and scores in an unbalanced design, rows shuffled."""
    prompts = np.repeat(np.arange(n_prompts), n_generators)
    generators = np.tile(np.arange(n_generators), n_prompts)
    latent = rng.normal(size=n_prompts)[prompts] + 0.4 * generators
    x = np.digitize(latent + rng.normal(size=len(latent)), [-1.0, 0.0, 0.7, 1.4]) + 1.0
    y = np.round(0.5 * latent + rng.normal(size=len(latent)), 1)
    chosen = rng.permutation(len(x))[: int(share * len(x))]
    return x[chosen], y[chosen], prompts[chosen], np.array(list("abcdefgh"))[generators[chosen]]


def simulate_normal(rng, *, between, within, n_prompts=45, n_generators=4, noise=(0.0, 0.0)):
    """Draw normal values: half the variance between prompts, half within, shifted by generator."""
    prompts = np.repeat(np.arange(n_prompts), n_generators)
    generators = np.tile(np.arange(n_generators), n_prompts)
    parts = [
        rng.multivariate_normal([0, 0], [[0.5, 0.5 * r], [0.5 * r, 0.5]], size=size)
        for r, size in ((between, n_prompts), (within, len(prompts)))
    ]
    values = parts[0][prompts] + parts[1] + rng.normal(size=(len(prompts), 2)) * np.sqrt(noise)
    return values, prompts, generators
