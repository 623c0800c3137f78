"""Take of a table that was reviewed the rows that were kept, and say how many were left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from videophy_lab.schema.cells import TableError

if TYPE_CHECKING:
    import pandas as pd

# people's decision counts before a model's proposal
DECISIONS = ("final", "decision")
# what people leave is open, what a model leaves is undecided
KEEP, DROP, MERGE, OPEN, UNDECIDED = "keep", "drop", "merge", "open", "undecided"
BLANK = "not decided"
LEFT_OUT = {
    DROP: "dropped",
    MERGE: "merged into others",
    OPEN: OPEN,
    UNDECIDED: UNDECIDED,
    BLANK: BLANK,
}


def take_kept(
    table: pd.DataFrame, *, what: str, source: str, open_too: bool = False
) -> tuple[pd.DataFrame, str]:
    """Take the rows that were kept.

    Parameters
    ----------
    table : DataFrame
        ``final`` where people decided, else ``decision`` where a model proposed; a table that has neither
        was not reviewed, and is taken whole.
    what : str
        The rows, for messages (``actions``, ``rules``).
    source : str
        Where the table comes from, for messages.
    open_too : bool
        Take what is not decided yet as well: only what was dropped or merged is left out.

    Returns
    -------
    DataFrame
    str
        What was left out ("3 of 10 actions left out: 2 dropped, 1 open"); empty where nothing was.

    Raises
    ------
    TableError
        Nothing was kept, or a cell is no decision.
    """
    column = next((name for name in DECISIONS if name in table.columns), None)
    if column is None or not len(table):
        return table, ""
    words = table[column].astype(object).where(table[column].notna(), "").astype(str).str.strip().str.lower()
    words = words.replace("", BLANK)
    strange = ~words.isin([KEEP, *LEFT_OUT])
    if strange.any():
        row = int(strange.to_numpy().argmax())
        allowed = ", ".join([KEEP, *(name for name in LEFT_OUT if name != BLANK)])
        raise TableError(
            f"{source}: row {row + 1}, column {column!r}: {table[column].iloc[row]!r} is no decision; "
            f"allowed: {allowed}, or a blank. Remedy: correct it, or rename the column where it is about "
            "something else."
        )
    kept = ~words.isin([DROP, MERGE]) if open_too else words.eq(KEEP)
    counts = words[~kept].value_counts()
    told = ", ".join(f"{counts[word]} {name}" for word, name in LEFT_OUT.items() if word in counts.index)
    if not kept.any() and not open_too:
        raise TableError(
            f"{source}: none of its {len(table)} {what} is kept: {told} (column {column}). Remedy: review "
            f"them with videophy-lab prompts review, and give the {what} that it keeps."
        )
    if kept.all():
        return table, ""
    note = f"{len(table) - int(kept.sum())} of {len(table)} {what} left out: {told}"
    if column != DECISIONS[0]:
        note += f" (by the column {column}: nobody reviewed them)"
    return table[kept].reset_index(drop=True), note
