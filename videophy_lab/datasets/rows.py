"""Checks that every official file needs: columns, names, ratings, each row once."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from videophy_lab.schema import TableError, make_prompt_id, make_video_id, raise_cell

if TYPE_CHECKING:
    import pandas as pd


def require_columns(rows: pd.DataFrame, names: Sequence[str], source: str) -> None:
    """Check that the columns are there; name the close matches of those that are not."""
    present = [str(name) for name in rows.columns if name]
    for name in [name for name in names if name not in present]:
        close = difflib.get_close_matches(name, present, n=2, cutoff=0.6)
        remedy = f"rename {' or '.join(close)}" if close else "download the official file again"
        raise TableError(
            f"{source}: the column '{name}' is missing; the file has {', '.join(present)}. Remedy: {remedy}."
        )


def name_videos(rows: pd.DataFrame, generator: str, source: str) -> pd.DataFrame:
    """Give each row its prompt_id, generator, seed and video_id.

    Several videos of one generator and caption are told apart by their URL and get the seeds 0, 1, … in the
    order of the file; the same video twice is an error.
    """
    require_columns(rows, ("caption", generator), source)
    check_unique(rows, [name for name in (generator, "caption", "video_url") if name in rows.columns], source)
    named = name_prompts(rows, source).rename(columns={generator: "generator"})
    blank = named["generator"].isna().to_numpy()
    if blank.any():
        raise_cell(source, int(blank.argmax()), generator, None, "the generator's name", "fill it in")
    named["seed"] = named.groupby(["generator", "prompt_id"]).cumcount()
    names = zip(named["generator"], named["prompt_id"], named["seed"], strict=True)
    return named.assign(video_id=[make_video_id(*name) for name in names])


def check_unique(rows: pd.DataFrame, names: list[str], source: str) -> None:
    """Check that no two rows are the same video."""
    twice = rows.duplicated(names).to_numpy()
    if twice.any():
        second = int(twice.argmax())
        same = (rows[names] == rows[names].iloc[second]).all(axis=1).to_numpy()
        shown = ", ".join(f"{name} {rows[name].iloc[second]!r}" for name in names)
        raise TableError(
            f"{source}: rows {int(same.argmax()) + 1} and {second + 1} are the same video ({shown}). "
            "Remedy: delete one of the two rows."
        )


def name_prompts(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Add the prompt_id; a blank caption is an error. The caption is hashed as it stands, spaces included."""
    require_columns(rows, ("caption",), source)
    blank = rows["caption"].isna().to_numpy()
    if blank.any():
        raise_cell(source, int(blank.argmax()), "caption", None, "a text", "fill it in, or delete the row")
    return rows.assign(prompt_id=rows["caption"].map(make_prompt_id))


def parse_rating(values: pd.Series, *, low: float, high: float, source: str) -> pd.Series:
    """Read ratings from text; one that is no number or off the scale is an error with its row."""
    import pandas as pd

    numbers = pd.to_numeric(values, errors="coerce")
    off = ~numbers.between(low, high).to_numpy()
    if off.any():
        row = int(off.argmax())
        allowed = f"a number from {low:g} to {high:g}"
        raise_cell(source, row, str(values.name), values.iloc[row], allowed, "correct it, or delete the row")
    return numbers.astype("float64")
