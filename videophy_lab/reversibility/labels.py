"""Labels of actions: what becomes of an action backwards, and who says so.

A label has an origin: ``confirmed`` by a person, exact in the ``simulated`` world, or proposed by a language
model, ``llm``. What the ``motion`` of a video says is added where nobody else says anything. In a table of
labels the column is called ``origin``, in a table of videos or prompts ``reversibility_origin``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.schema import TableError, check_table, read_reversibility, read_rows

if TYPE_CHECKING:
    import pandas as pd

# who is believed first
CONFIRMED, SIMULATED, LLM, MOTION = "confirmed", "simulated", "llm", "motion"
ORIGINS = (CONFIRMED, SIMULATED, LLM)
COLUMNS = ("action", "label", "origin", "reason")
SOURCES = ("label", "confirmed", "proposed")


def make_key(action: str) -> str:
    """Bring an action to the form in which two count as the same: small letters, single blanks."""
    return " ".join(action.split()).casefold()


def read_class(cell: object, where: str) -> str:
    """Read a class; empty for a blank.

    Raises
    ------
    TableError
        It is none; `where` says where it stands.
    """
    try:
        return read_reversibility(cell, where=where)
    except ValueError as error:
        raise TableError(f"{error} Remedy: correct it.") from None


def load_labels(path: str | Path) -> pd.DataFrame:
    """Load labels from a CSV file; what a person has confirmed comes before what was proposed.

    Parameters
    ----------
    path : path
        ``action`` and one of ``label``, ``confirmed`` and ``proposed`` (the last two are what ``videophy-lab
        reversal-labels`` writes); ``origin`` of ``label``, and ``reason``, where there are any. A label
        without an origin is a person's. A row in which all of them are blank says nothing.

    Returns
    -------
    DataFrame
        ``action, label, origin, reason``.

    Raises
    ------
    TableError
        No such file or columns, a label that is none, an unknown origin, one action with two labels of one
        origin; the row is named.
    """
    import pandas as pd

    if not Path(path).is_file():
        raise TableError(f"{path}: there is no such file. Remedy: check the path (you are in {Path.cwd()}).")
    rows = read_rows(path)
    if "action" not in rows.columns or not set(SOURCES) & set(rows.columns):
        raise TableError(
            f"{path}: its columns are {', '.join(rows.columns)}; needed are action and label. Remedy: write "
            "a header such as action,label, or let videophy-lab reversal-labels write the file."
        )
    found = []
    for place, row in enumerate(rows.to_dict("records"), 2):
        if not isinstance(row["action"], str) or not row["action"].strip():
            raise TableError(f"{path}: row {place} has no action. Remedy: fill it in, or delete the row.")
        words = {name: read_class(row.get(name), f"{path}: {name} in row {place}") for name in SOURCES}
        origin = str(row["origin"]) if isinstance(row.get("origin"), str) else CONFIRMED
        if origin not in ORIGINS:
            raise TableError(
                f"{path}: origin in row {place} is {origin!r}. Allowed: {', '.join(ORIGINS)}. Remedy: "
                "correct it, or leave it blank for a label that a person gave."
            )
        reason = str(row["reason"]) if isinstance(row.get("reason"), str) else ""
        label, origin, reason = settle(words, origin, reason)
        if label:
            found.append((row["action"].strip(), label, origin, reason))
    return check_labels(pd.DataFrame(found, columns=list(COLUMNS), dtype="object"), str(path))


def settle(words: Mapping[str, str], origin: str, reason: str) -> tuple[str, str, str]:
    """Settle which word of a row counts: the confirmed one, else the label, else the proposed one.

    Returns
    -------
    label, origin, reason : str
        A model's reason for what a person did not follow is no reason; then it says who was overruled.
    """
    first = words.get("label") or words.get("proposed", "")
    if words.get("confirmed"):
        overruled = bool(first) and first != words["confirmed"]
        return words["confirmed"], CONFIRMED, f"a person overruled {first}" if overruled else reason
    return first, origin if words.get("label") else LLM, reason


def check_labels(labels: pd.DataFrame, source: str) -> pd.DataFrame:
    """Check that one origin gives an action one label.

    Raises
    ------
    TableError
        It gives two.
    """
    keyed = labels.assign(key=[make_key(action) for action in labels["action"]])
    counts = keyed.groupby(["key", "origin"])["label"].nunique()
    twice = counts[counts > 1]
    if len(twice):
        action, origin = twice.index[0]
        raise TableError(
            f"{source}: the action {action!r} has two labels of the origin {origin!r}. Remedy: keep one row."
        )
    return keyed.drop_duplicates(["key", "origin"]).drop(columns="key").reset_index(drop=True)


def merge_labels(*tables: pd.DataFrame) -> pd.DataFrame:
    """Merge labels: one row an action, of the origin that is believed first.

    Parameters
    ----------
    *tables : DataFrame
        ``action, label, origin, reason``. A confirmed label comes before a simulated one, and that before a
        proposal; of one origin, the first table's.

    Returns
    -------
    DataFrame
        ``action, label, origin, reason``, by the order in which actions first appear.

    Raises
    ------
    TableError
        A table lacks one of these columns.
    """
    import pandas as pd

    columns = list(COLUMNS)
    for table in tables:
        if not set(columns) <= set(table.columns):
            raise TableError(
                f"labels: their columns are {', '.join(map(str, table.columns))}; needed are "
                f"{', '.join(columns)}. Remedy: read their file with load_labels."
            )
    parts = [table[columns].dropna(subset=["label"]) for table in tables if len(table)]
    if not parts:
        return pd.DataFrame(columns=columns, dtype="object")
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.assign(
        key=[make_key(action) for action in rows["action"]], rank=rows["origin"].map(ORIGINS.index)
    )
    best = rows.sort_values("rank", kind="stable").drop_duplicates("key").set_index("key")
    return best.loc[rows["key"].drop_duplicates(), columns].reset_index(drop=True)


def list_actions(prompts: pd.DataFrame) -> list[str]:
    """List the actions of a prompts table, each once, in their order.

    Raises
    ------
    TableError
        It has none.
    """
    checked = check_table(prompts, "prompts")
    if "action" not in checked.columns or checked["action"].isna().all():
        raise TableError(
            "prompts: they have no actions. Remedy: give a table with the column action, or the official "
            "file (hub:videophy2 has it; the bundled numbers have not)."
        )
    actions: dict[str, str] = {}
    for action in checked["action"].dropna():
        actions.setdefault(make_key(action), action.strip())
    return list(actions.values())
