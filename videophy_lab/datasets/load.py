"""Load a table from any source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.datasets import bundled, videophy1, videophy2
from videophy_lab.datasets.sources import Source, find_source
from videophy_lab.schema import (
    SCALES,
    TableError,
    check_scale,
    check_table,
    infer_scale,
    read_rows,
    read_table,
)

if TYPE_CHECKING:
    import pandas as pd

OFFICIAL = {"videophy1": videophy1, "videophy2": videophy2}


def load_ratings(
    source: str | Path = "videophy2",
    *,
    tasks: tuple[str, ...] = ("sa", "pc"),
    split: str = "test",
    scale: str | None = None,
    encoding_errors: str = "strict",
) -> pd.DataFrame:
    """Load human ratings, one row a video, annotator and task."""
    found = find_source(source, ("numbers", "videophy1", "videophy2"), split=split)
    if found.form.startswith("numbers"):
        ratings = bundled.make_ratings(found.path, tasks)
    else:
        ratings = read_table(found.path, "ratings")
    return check_table(ratings, "ratings", source=found.name)


def load_scores(source: str | Path = "videophy2", *, on_collision: str = "warn") -> pd.DataFrame:
    """Load scores."""
    found = find_source(source, ("numbers", "autoeval"))
    scores = bundled.make_scores(found.path)
    return check_table(scores, "scores", source=found.name)


def load_prompts(source: str | Path = "videophy2") -> pd.DataFrame:
    """Load prompts."""
    return check_table(bundled.make_prompts(find_source(source, ()).path), "prompts")


def load_videos(source: str | Path = "videophy2") -> pd.DataFrame:
    """Load videos."""
    return check_table(bundled.make_videos(find_source(source, ()).path), "videos")


def load_rules(source: str | Path = "videophy2") -> pd.DataFrame:
    """Load rules."""
    return check_table(bundled.make_rules(find_source(source, ()).path), "rules")
