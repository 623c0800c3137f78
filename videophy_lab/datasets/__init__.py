"""Where tables come from: bundled numbers, official files, the Hugging Face hub, and your own tables."""

from __future__ import annotations

from videophy_lab.datasets.bundled import list_published, load_generator_labels, load_published
from videophy_lab.datasets.catalog import list_datasets
from videophy_lab.datasets.load import load_prompts, load_ratings, load_rules, load_scores, load_videos
from videophy_lab.datasets.videos import download_videos

__all__ = [
    "download_videos",
    "list_datasets",
    "list_published",
    "load_generator_labels",
    "load_prompts",
    "load_published",
    "load_ratings",
    "load_rules",
    "load_scores",
    "load_videos",
]
