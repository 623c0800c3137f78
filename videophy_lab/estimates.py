"""Tables of estimates: numbers with their intervals, checked, and their columns in one order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ESTIMATE_COLUMNS = ("quantity", "estimate", "low", "high", "level", "method", "n_videos", "n_prompts")
LAST_COLUMNS = ("estimate", "low", "high", "level", "method", "n_videos", "n_prompts", "seed", "notebook")


def check_estimates(frame: pd.DataFrame) -> pd.DataFrame:
    """Return estimates in the contract's order of columns, or raise naming the row and the column."""
    import pandas as pd

    missing = [column for column in ESTIMATE_COLUMNS if column not in frame.columns]
    if missing:
        raise ValueError(
            f"estimates lack the column(s) {', '.join(missing)}; given: "
            f"{', '.join(map(str, frame.columns))}; needed: {', '.join(ESTIMATE_COLUMNS)}"
        )
    rows = frame.reset_index(drop=True)
    for column in ("estimate", "low", "high", "level", "n_videos", "n_prompts"):
        if not pd.api.types.is_numeric_dtype(rows[column]):
            raise ValueError(f"estimates column {column!r} must hold numbers, got {rows[column].dtype}")
    faults = {
        "quantity is blank": rows["quantity"].isna() | (rows["quantity"].astype(str).str.strip() == ""),
        "low is above high": rows["low"] > rows["high"],
        "level is not between 0 and 1": ~rows["level"].between(0, 1, inclusive="neither"),
        "n_videos is not a count": ~((rows["n_videos"] >= 0) & (rows["n_videos"] % 1 == 0)),
        "n_prompts is not a count": ~((rows["n_prompts"] >= 0) & (rows["n_prompts"] % 1 == 0)),
    }
    for fault, where in faults.items():
        if where.any():
            first = rows.loc[where].iloc[0].to_dict()
            raise ValueError(f"estimates row {where.idxmax()}: {fault}: {first}")
    return order_estimates(rows)


def order_estimates(frame: pd.DataFrame) -> pd.DataFrame:
    """Put the columns in the contract's order; counts and seeds become whole numbers."""
    whole = [column for column in ("n_videos", "n_prompts", "seed") if column in frame.columns]
    return frame[order_columns(frame.columns)].astype(dict.fromkeys(whole, "Int64"))


def order_columns(columns: Iterable[str]) -> list[str]:
    """Put the quantity first, then the groups as they came, then the numbers."""
    given = list(columns)
    groups = [column for column in given if column != "quantity" and column not in LAST_COLUMNS]
    return ["quantity", *groups, *(column for column in LAST_COLUMNS if column in given)]


def check_distinct(frame: pd.DataFrame) -> None:
    """Raise if two rows estimate the same quantity of the same group in the same way."""
    numbers = {"estimate", "low", "high", "n_videos", "n_prompts", "seed"}
    key = [column for column in frame.columns if column not in numbers]
    twice = frame.duplicated(key, keep=False)
    if twice.any():
        first = frame.loc[twice, key].iloc[0].dropna().to_dict()
        raise ValueError(
            f"two estimates are of the same thing: {first}; add the group column that tells them apart"
        )
