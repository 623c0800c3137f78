"""Ratings of items by several annotators, published and drawn."""

from __future__ import annotations

import numpy as np

# Shrout & Fleiss (1979), table 2: six targets, four judges.
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)


def draw_ratings(rng, n_items, n_annotators, reliability=0.5):
    """Draw ratings (n_items, n_annotators) whose intraclass correlation is ``reliability``."""
    noise = rng.normal(size=(n_items, n_annotators))
    return np.sqrt(reliability) * rng.normal(size=(n_items, 1)) + np.sqrt(1 - reliability) * noise


def draw_in_prompts(rng, n_prompts, n_videos, *, reliability=0.5, alike=0.7, n_annotators=3):
    """Draw ratings of several videos a prompt, of which ``alike`` is the correlation, and their prompts."""
    shared, own = rng.normal(size=(n_prompts, 1)), rng.normal(size=(n_prompts, n_videos))
    level = np.sqrt(reliability) * (np.sqrt(alike) * shared + np.sqrt(1 - alike) * own)
    noise = np.sqrt(1 - reliability) * rng.normal(size=(n_prompts, n_videos, n_annotators))
    ratings = (level[:, :, np.newaxis] + noise).reshape(-1, n_annotators)
    return ratings, np.repeat(np.arange(n_prompts), n_videos)
