"""The scale that ratings of SA and PC stand on, and the rating that counts as success."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from videophy_lab.schema.cells import TableError, raise_cell

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Scale:
    """Lowest and highest rating, and the lowest that counts as success."""

    low: float
    high: float
    success: float


SCALES = {"1-5": Scale(1, 5, 4), "0/1": Scale(0, 1, 1)}
SCALE_TASKS = ("sa", "pc")


def check_scale(ratings: pd.DataFrame, scale: Scale, *, source: str = "ratings") -> None:
    """Check that every rating of SA and PC lies on the scale; means of several annotators may lie between.

    Parameters
    ----------
    ratings : DataFrame
        Columns task, rating; other tasks are not looked at.

    Raises
    ------
    TableError
        Naming the first row off the scale.
    """
    off = ratings["task"].isin(SCALE_TASKS) & ~ratings["rating"].between(scale.low, scale.high)
    if off.any():
        row = int(off.to_numpy().argmax())
        raise_cell(
            source,
            row,
            "rating",
            ratings["rating"].iloc[row],
            f"{scale.low:g} to {scale.high:g} for {ratings['task'].iloc[row]}",
            "correct the rating or delete its row; if the scale is another one, pass scale=",
        )


def infer_scale(ratings: pd.DataFrame, *, source: str = "ratings") -> Scale:
    """Tell the scale from the ratings of SA and PC.

    A rating above 1 means 1–5, one below 1 means 0/1.

    Parameters
    ----------
    ratings : DataFrame
        Columns task, rating.

    Raises
    ------
    TableError
        No rating of SA or PC; all are 1 (both scales hold 1); some below 1 and some above; off the scale.
    """
    import numpy as np

    values = ratings["rating"].where(ratings["task"].isin(SCALE_TASKS)).to_numpy(dtype=float)
    allowed = "scale='1-5' or scale='0/1'"
    below, above = np.flatnonzero(values < 1), np.flatnonzero(values > 1)
    if not below.size and not above.size:
        found = "every rating of sa and pc is 1" if (values == 1).any() else "there is no rating of sa or pc"
        raise TableError(f"{source}: {found}, so the scale cannot be told. Remedy: pass {allowed}.")
    if below.size and above.size:
        low, high = below[0], above[0]
        raise TableError(
            f"{source}: row {low + 1} has the rating {values[low]:g}, which is below 1–5, and row "
            f"{high + 1} has {values[high]:g}, which is above 0/1. Remedy: bring all ratings to one scale."
        )
    scale = SCALES["1-5"] if above.size else SCALES["0/1"]
    check_scale(ratings, scale, source=source)
    return scale
