"""What was refused in earlier runs of a step stays in its list, and what was answered since leaves it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.prompts.folder import FILES
from videophy_lab.schema import TableError, read_rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Refusals:
    """A step's list of what was refused.

    Attributes
    ----------
    table : str
        Its name in :data:`videophy_lab.prompts.folder.FILES`.
    unit : str
        The column that tells what was worked on.
    keys : tuple of str
        Columns that together name a row.
    passing : tuple of str
        Checks that say how a unit stood, or that no answer came: the next run says so anew.
    text : str
        The column of the text that was refused, where one that is taken later leaves the list.
    """

    table: str
    unit: str
    keys: tuple[str, ...]
    passing: tuple[str, ...]
    text: str = ""

    @property
    def file(self) -> str:
        """Name the file."""
        return FILES[self.table]


CAPTIONS = Refusals(
    "caption_failures",
    "action",
    ("action", "caption", "check", "round", "prompt_hash"),
    ("short", "failed", "unscored"),
    "caption",
)
UPSAMPLING = Refusals(
    "upsampling_failures",
    "prompt_id",
    ("prompt_id", "upsampled_caption", "check", "attempt", "model"),
    ("no answer", "unchecked"),
)
RULES = Refusals(
    "rule_failures",
    "video_id",
    ("video_id", "rule", "check", "attempt"),
    ("short", "no video", "failed", "unscored"),
    "rule",
)


def read_earlier(folder: str | Path, kind: Refusals) -> pd.DataFrame | None:
    """Read the list of earlier runs; None where there is none, or a blank file.

    Raises
    ------
    TableError
        The file is none that the step wrote.
    """
    path = Path(folder) / kind.file
    if not path.is_file() or not path.read_bytes().strip():
        return None
    rows = read_rows(path)
    missing = [name for name in (*kind.keys, "reason") if name not in rows.columns]
    if missing:
        raise TableError(
            f"{path} is there already, and is no list of what this step refused: it has no column "
            f"{missing[0]}. Remedy: give another --out, or move that file away."
        )
    return rows


def join_earlier(
    earlier: pd.DataFrame | None,
    new: pd.DataFrame,
    kind: Refusals,
    *,
    worked_on: Iterable[str],
    taken: pd.DataFrame,
) -> tuple[pd.DataFrame, int]:
    """Put what was refused now behind what was refused before, nothing twice.

    Parameters
    ----------
    earlier : DataFrame or None
        Of :func:`read_earlier`.
    new : DataFrame
        What was refused now.
    kind : Refusals
    worked_on : iterable of str
        The units of this run.
    taken : DataFrame
        The texts that the step gives, by `kind`'s unit and text: what was refused and taken since is left
        out.

    Returns
    -------
    DataFrame
        The whole list. ``is_final``, where there is such a column, is true only of units without a text.
    int
        How many rows of it are of earlier runs alone.
    """
    import pandas as pd

    if earlier is None or not len(earlier):
        return new, 0
    is_answered = earlier[kind.unit].isin(list(worked_on)) & earlier["check"].isin(kind.passing)
    is_taken = is_among(earlier, taken, [kind.unit, kind.text]) if kind.text else False
    kept = earlier[~(is_answered | is_taken | is_among(earlier, new, kind.keys))]
    if "is_final" in kept.columns:
        is_final = kept["is_final"].eq("True") & ~kept[kind.unit].isin(taken[kind.unit])
        kept = kept.assign(is_final=is_final)
    columns = [*new.columns, *(name for name in kept.columns if name not in new.columns)]
    whole = pd.concat([kept.astype(object), new.astype(object)], ignore_index=True)
    return whole.reindex(columns=columns), len(kept)


def is_among(rows: pd.DataFrame, others: pd.DataFrame, names: Collection[str]) -> pd.Series:
    """Say which rows are among others, by some columns as they are written in a file."""
    import pandas as pd

    known = set(list_keys(others, names))
    return pd.Series([key in known for key in list_keys(rows, names)], index=rows.index, dtype=bool)


def list_keys(rows: pd.DataFrame, names: Collection[str]) -> list[tuple[str, ...]]:
    """List what names each row, as text; a blank is an empty one."""
    cells = rows[list(names)].astype(object)
    return list(cells.where(cells.notna(), "").astype(str).itertuples(index=False, name=None))


def tell_earlier(n_earlier: int, kind: Refusals) -> str:
    """Say how many of earlier runs stay in the list; empty where none does."""
    return f" ({n_earlier} of earlier runs stay in {kind.file})" if n_earlier else ""
