"""Reasons of rows that failed: like ones are taken together, the commonest said first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5
LONGEST = 300


def blank_numbers(reasons: pd.Series) -> pd.Series:
    """Write # for numbers, so that reasons that differ in nothing else are counted together."""
    return fill_reasons(reasons).str.replace(r"\d+(\.\d+)?", "#", regex=True)


def fill_reasons(reasons: pd.Series) -> pd.Series:
    """Say of a missing reason that none was given, so that its row is counted too."""
    return reasons.astype(object).where(reasons.notna(), "(no reason given)").astype(str)


def write_reasons(
    wrong: pd.DataFrame,
    write: Callable[[pd.DataFrame, str], str],
    *,
    label: str,
    by: Sequence[str] = (),
    where: str = "the column error",
) -> list[str]:
    """Write a line about each of the commonest reasons, and one about how many are left.

    Parameters
    ----------
    wrong : DataFrame
        The rows that failed, with ``error``.
    write : callable
        Makes the line from the rows that share a reason, and the reason of the first of them, cut where it is
        long.
    label : str
        What the line about the rest begins with.
    by : sequence of str
        Columns whose values are kept apart.
    where : str
        Where all reasons stand, for the line about the rest.
    """
    wrong = wrong.assign(error=fill_reasons(wrong["error"]))
    groups = wrong.groupby([*by, blank_numbers(wrong["error"])], sort=False)
    alike = sorted((part for _, part in groups), key=len, reverse=True)
    lines = []
    for part in alike[:SHOWN]:
        reason = str(part["error"].iloc[0])
        lines.append(write(part, reason if len(reason) <= LONGEST else f"{reason[:LONGEST]}…"))
    if len(alike) > SHOWN:
        lines.append(f"{label}: {len(alike) - SHOWN} more reasons in {where}")
    return lines
