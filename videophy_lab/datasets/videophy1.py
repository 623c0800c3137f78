"""The official CSV of VideoPhy-1, as our tables.

Source: huggingface.co/datasets/videophysics/videophy_test_public, columns video_url, caption, states_of_matter,
source, complexity, majority_sa, majority_pc; labels are 0/1, the majority of the annotators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from videophy_lab.datasets.rows import check_unique, name_prompts, parse_rating, require_columns
from videophy_lab.schema import make_video_id

if TYPE_CHECKING:
    import pandas as pd

SIGNATURE = {"caption", "source"}
LABELS = {"sa": ("majority_sa", "sa"), "pc": ("majority_pc", "pc")}
EXTRAS = ("states_of_matter", "complexity")


def name_rows(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Give each row its prompt_id, generator and video_id; two rows for one video are an error."""
    require_columns(rows, ("caption", "source"), source)
    check_unique(rows, ["source", "caption"], source)
    named = name_prompts(rows, source).rename(columns={"source": "generator"})
    pairs = zip(named["generator"], named["prompt_id"], strict=True)
    named["video_id"] = [make_video_id(generator, prompt) for generator, prompt in pairs]
    return named


def make_ratings(rows: pd.DataFrame, tasks: tuple[str, ...], source: str) -> pd.DataFrame:
    """Make the ratings (0/1) of SA and PC, with ``states_of_matter`` and ``complexity`` of the prompt."""
    import pandas as pd

    named = name_rows(rows, source)
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
    named = name_prompts(rows, source)
    columns = ["prompt_id", "caption", *[name for name in EXTRAS if name in named.columns]]
    return named[columns].drop_duplicates("prompt_id").reset_index(drop=True)


def make_videos(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Make the videos: ``video_id, prompt_id, generator, seed, caption, url``."""
    named = name_rows(rows, source).assign(seed=0).rename(columns={"video_url": "url"})
    columns = ["video_id", "prompt_id", "generator", "seed", "caption", "url"]
    return named[[name for name in columns if name in named.columns]]
