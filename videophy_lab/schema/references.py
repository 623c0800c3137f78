"""Which generators chose the hard subset by their own failures, and so cannot be compared on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

COLUMN = "hard_reference"


def fold_name(name: str) -> str:
    """Bring a generator's name to small letters and digits."""
    return "".join(character for character in name.casefold() if character.isalnum())


def list_references(table: pd.DataFrame) -> list[str]:
    """List the generators of a table that its column ``hard_reference`` names; none without that column.

    Parameters
    ----------
    table : DataFrame
        Ratings, scores or videos, with ``generator``. Capitals, blanks and signs in names do not matter.
    """
    if COLUMN not in table.columns:
        return []
    references = {fold_name(str(name)) for name in table[COLUMN].dropna().unique()}
    names = sorted(str(name) for name in table["generator"].dropna().unique())
    return [name for name in names if fold_name(name) in references]
