"""Check a table against its declaration."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from videophy_lab.schema.cells import KINDS, TableError, raise_cell, tell_number
from videophy_lab.schema.tables import COLUMNS, TABLES

if TYPE_CHECKING:
    import pandas as pd

QUESTIONS = ("sa", "pc", "rule")


def coerce_column(values: pd.Series, name: str, source: str) -> pd.Series:
    """Give a declared column its dtype; the first cell that cannot have it is an error."""
    import pandas as pd

    parse, dtype = KINDS[COLUMNS[name].kind]
    parsed: list[Any] = []
    for row, cell in enumerate(values.astype(object).where(values.notna(), None).tolist()):
        try:
            parsed.append(None if cell is None else parse(cell))
        except ValueError as error:
            remedy = tell_number(cell, parse) + COLUMNS[name].remedy
            raise_cell(source, row, name, cell, str(error), remedy)
    return pd.Series(parsed, index=values.index, dtype=dtype, name=name)


def check_columns(table: pd.DataFrame, name: str, source: str) -> None:
    """Check that every required column is there, once; name the close matches of one that is not."""
    present = [str(column) for column in table.columns]
    twice = sorted({column for column in present if present.count(column) > 1})
    missing = [column for column in TABLES[name].required if column not in present]
    if name == "rules" and not {"prompt_id", "video_id"} & set(present):
        missing.append("prompt_id (or video_id)")
    if twice:
        raise TableError(f"{source}: the column {', '.join(twice)} is there twice. Remedy: rename one.")
    if missing:
        # a column that the table has by rights is no other one under a wrong name
        free = [column for column in present if column not in TABLES[name].required + TABLES[name].optional]
        close = {m: difflib.get_close_matches(m, free, n=1, cutoff=0.6) for m in missing}
        hints = [f"rename '{match[0]}' to '{column}'" for column, match in close.items() if match]
        raise TableError(
            f"{source}: a table of {name} needs the column {', '.join(missing)}; "
            f"it has {', '.join(present)}. "
            f"Remedy: {'; '.join(hints) or 'add it'}."
        )


def check_values(table: pd.DataFrame, name: str, source: str) -> None:
    """Check blanks, ranges and words with pandera; the first cell that fails is an error."""
    import pandera.pandas as pa

    declared = {}
    for column in [c for c in TABLES[name].required + TABLES[name].optional if c in table.columns]:
        spec = COLUMNS[column]
        checks = [pa.Check.isin(spec.words)] if spec.words else []
        checks += [] if spec.low is None else [pa.Check.ge(spec.low)]
        checks += [] if spec.high is None else [pa.Check.le(spec.high)]
        blank = column not in TABLES[name].required or column in TABLES[name].blank
        declared[column] = pa.Column(checks=checks, nullable=blank)
    try:
        pa.DataFrameSchema(declared).validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        first = error.failure_cases.sort_values("index", kind="stable").iloc[0]
        spec = COLUMNS[first["column"]]
        bounds = [f"{sign} {end:g}" for sign, end in (("≥", spec.low), ("≤", spec.high)) if end is not None]
        allowed = ", ".join(spec.words) or " and ".join(bounds) or "anything but a blank"
        raise_cell(source, int(first["index"]), first["column"], first["failure_case"], allowed, spec.remedy)


def check_rows(table: pd.DataFrame, name: str, source: str) -> None:
    """Check what one cell demands of another: a score of its status, a rule's rating of its task."""
    if name in ("ratings", "scores"):
        check_tasks(table, source)
    if name == "scores":
        wrong = (table["status"] == "ok") == table["score"].isna()
        allowed, column = "a score exactly where status is ok", "score"
    elif name == "ratings":
        wrong = (table["task"] == "rule") & ~table["rating"].isin([0, 1, 2])
        allowed, column = "0 violated, 1 followed, 2 cannot be determined", "rating"
    else:
        return
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise_cell(source, row, column, table[column].iloc[row], allowed, COLUMNS[column].remedy)


def check_tasks(table: pd.DataFrame, source: str) -> None:
    """Check that the benchmark's own tasks are spelt as declared: ``PC`` would be taken for a metric."""
    folded = table["task"].str.strip().str.lower()
    wrong = folded.isin(QUESTIONS) & (table["task"] != folded)
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        found = table["task"].iloc[row]
        raise_cell(source, row, "task", found, ", ".join(QUESTIONS), f"write {folded.iloc[row]}")


def check_key(table: pd.DataFrame, name: str, source: str) -> None:
    """Check that no two rows have the same name; name both rows of the first pair that has."""
    key = [column for column in TABLES[name].key if column in table.columns]
    if not key:
        return
    names = table[key].astype(object).where(table[key].notna(), "")
    twice = names.duplicated().to_numpy()
    if twice.any():
        second = int(twice.argmax())
        first = int((names == names.iloc[second]).all(axis=1).to_numpy().argmax())
        shown = ", ".join(f"{column} {names[column].iloc[second]!r}" for column in key)
        remedy = "delete one of the two rows."
        if "probe" in TABLES[name].key and "probe" not in table.columns:
            remedy = (
                "if they are of edits of one video, add a column probe that names the edit of each row "
                "(reencode, reverse and so on; blank for the original); else delete one of the two."
            )
        raise TableError(
            f"{source}: rows {first + 1} and {second + 1} have the same {shown}; allowed: one row each. "
            f"Remedy: {remedy}"
        )


def check_table(table: pd.DataFrame, name: str, *, source: str | None = None) -> pd.DataFrame:
    """Check a table against its declaration and give its declared columns their dtypes.

    Parameters
    ----------
    table : DataFrame
        Extra columns are kept; those that another table declares (``is_hard`` beside ratings) get their
        dtype too where every cell can have it.
    name : {"prompts", "videos", "rules", "ratings", "scores", "estimates"}
        Which table it is.
    source : str, optional
        File that the table came from, for the error.

    Returns
    -------
    DataFrame
        A new table, index 0 … n − 1. Text is ``str`` (blank = NaN), numbers ``float64``, whole numbers
        ``Int64``, ``is_hard`` ``boolean``, ``probabilities`` lists.

    Raises
    ------
    TableError
        A missing column, a value that is not allowed, or two rows with the same name; counted from row 1.
    """
    if name not in TABLES:
        raise ValueError(f"no table is called {name!r}; allowed: {', '.join(TABLES)}")
    source = source or name
    check_columns(table, name, source)
    checked = table.reset_index(drop=True)
    declared = TABLES[name].required + TABLES[name].optional
    for column in [column for column in checked.columns if column in COLUMNS]:
        try:
            checked[column] = coerce_column(checked[column], column, source)
        except TableError:
            if column in declared:
                raise
    check_values(checked, name, source)
    check_rows(checked, name, source)
    check_key(checked, name, source)
    return checked
