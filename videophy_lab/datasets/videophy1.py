"""The official CSV files of VideoPhy-1, as our tables.

Source: huggingface.co/datasets/videophysics/videophy_test_public, columns video_url, caption,
states_of_matter, source, complexity, majority_sa, majority_pc; labels are 0/1, the majority of the
annotators. The training file (videophy_train_public) calls the labels sa and physics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from videophy_lab.datasets.rows import name_prompts, name_videos, parse_rating, require_columns

if TYPE_CHECKING:
    import pandas as pd

GENERATOR = "source"
LABELS = {"sa": ("majority_sa", "sa"), "pc": ("majority_pc", "physics", "pc")}
EXTRAS = ("states_of_matter", "complexity")


def parse_facts(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Read ``complexity`` as 0 or 1 where the file has it."""
    if "complexity" not in rows.columns:
        return rows
    complexity = parse_rating(rows["complexity"], low=0, high=1, source=source)
    return rows.assign(complexity=complexity.astype("Int64"))


def make_ratings(rows: pd.DataFrame, tasks: tuple[str, ...], source: str) -> pd.DataFrame:
    """Make the ratings (0/1) of SA and PC, with ``states_of_matter`` and ``complexity`` of the prompt."""
    import pandas as pd

    named = name_videos(parse_facts(rows, source), GENERATOR, source)
    keys = ["video_id", "prompt_id", "generator", *[name for name in EXTRAS if name in named.columns]]
    parts = []
    for task in [task for task in LABELS if task in tasks]:
        column = next((name for name in LABELS[task] if name in rows.columns), LABELS[task][0])
        require_columns(rows, (column,), source)
        parts.append(
            named[keys].assign(task=task, rating=parse_rating(rows[column], low=0, high=1, source=source))
        )
    return pd.concat(parts, ignore_index=True) if parts else named[keys].iloc[:0].assign(task="", rating=0.0)


def make_prompts(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Make the prompts, with ``states_of_matter`` and ``complexity``."""
    named = name_prompts(parse_facts(rows, source), source)
    columns = ["prompt_id", "caption", *[name for name in EXTRAS if name in named.columns]]
    return named[columns].drop_duplicates("prompt_id").reset_index(drop=True)


def make_videos(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Make the videos: ``video_id, prompt_id, generator, seed, caption, url``."""
    named = name_videos(rows, GENERATOR, source).rename(columns={"video_url": "url"})
    columns = ["video_id", "prompt_id", "generator", "seed", "caption", "url"]
    return named[[name for name in columns if name in named.columns]]
