"""Review by people: a file for each, and read back; :mod:`videophy_lab.prompts.settling` decides.

Two people decide by themselves. Their files do not show what the model decided, or what the other one did,
and each has an order of its own. What they disagree on goes into a third file, with everything that was
said, for both to settle together. A table that was reviewed and got more rows since is reviewed on: only the
new rows are asked.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.schema import TableError, read_rows
from videophy_lab.schema.decisions import DROP, KEEP, MERGE

if TYPE_CHECKING:
    import pandas as pd

# who decided: people together, or each alone and all alike
SETTLED, REVIEWED = "adjudication", "reviewers"
REVIEW_COLUMNS = ("reviewer", "decision", "note")


@dataclass(frozen=True)
class Subject:
    """What is reviewed.

    Attributes
    ----------
    name : str
        For messages.
    keys : tuple of str
        Columns that together name a row.
    shown : tuple of str
        Further columns that reviewers see.
    words : tuple of str
        Decisions they may write; the first one keeps.
    """

    name: str
    keys: tuple[str, ...]
    shown: tuple[str, ...]
    words: tuple[str, ...]


ACTIONS = Subject("actions", ("action",), ("names", "origin", "duplicate_of"), (KEEP, DROP, MERGE))
RULES = Subject("rules", ("video_id", "rule_id"), ("rule", "violation", "law"), (KEEP, DROP))


def find_subject(table: pd.DataFrame) -> Subject:
    """Tell by its columns what a table has to review.

    Raises
    ------
    ValueError
        Neither actions nor rules.
    """
    for subject in (RULES, ACTIONS):
        if set(subject.keys) <= set(table.columns):
            return subject
    raise ValueError(
        f"there is nothing to review in a table with the columns {', '.join(map(str, table.columns))}. "
        "Remedy: give decisions.csv of videophy-lab prompts filter, or rules.csv of videophy-lab prompts "
        "rules or videophy-lab prompts merge."
    )


def name_review(reviewer: str) -> str:
    """Name a reviewer's file."""
    if not re.fullmatch(r"[\w.-]{1,40}", reviewer) or reviewer == SETTLED:
        raise ValueError(
            f"the reviewer is called {reviewer!r}. Allowed: up to 40 letters, digits, . _ and -, "
            f"such as initials, and not {SETTLED}."
        )
    return f"review_{reviewer}.csv"


def name_person(reviewer: str) -> str:
    """Bring a reviewer's name to the form in which two are one person: small letters, no outer blanks."""
    return unicodedata.normalize("NFKC", reviewer).strip().casefold()


def find_decided(table: pd.DataFrame, *, subject: Subject) -> dict[tuple[str, ...], tuple[str, str]]:
    """Find what people decided in an earlier review, which the table tells: decision and decider, by key."""
    if not {"final", "decided_by"} <= set(table.columns):
        return {}
    by_people = table["final"].isin(subject.words) & table["decided_by"].isin([REVIEWED, SETTLED])
    rows = table[by_people].to_dict("records")
    return {name_key(row, subject): (row["final"], row["decided_by"]) for row in rows}


def name_key(row: Mapping[Any, Any], subject: Subject) -> tuple[str, ...]:
    """Give what names a row."""
    return tuple(str(row[name]) for name in subject.keys)


def make_review(table: pd.DataFrame, reviewer: str, *, subject: Subject) -> pd.DataFrame:
    """Make what one reviewer fills in.

    Returns
    -------
    DataFrame
        What is reviewed and not decided yet, in an order of the reviewer's own; ``reviewer``; ``decision``
        and ``note``, blank. ``duplicate_of`` is there as a question: is it the same action? ``violation`` is
        what annotators wrote: does it break the rule?

    Raises
    ------
    ValueError
        Nothing is left to decide.
    """
    name_review(reviewer)
    decided = find_decided(table, subject=subject)
    is_open = [name_key(row, subject) not in decided for row in table.to_dict("records")]
    if decided and not any(is_open):
        raise ValueError(
            f"all {len(table)} {subject.name} are decided already. Remedy: to review them anew, take the "
            "columns final and decided_by out of the table."
        )
    shown = [name for name in (*subject.keys, *subject.shown) if name in table.columns]
    own = table.loc[is_open, shown].assign(reviewer=reviewer, decision="", note="")
    order = [
        hashlib.sha256("\0".join([reviewer, *map(str, key)]).encode()).hexdigest()
        for key in own[list(subject.keys)].itertuples(index=False)
    ]
    return own.assign(_order=order).sort_values("_order").drop(columns="_order").reset_index(drop=True)


def read_reviews(paths: Sequence[str | Path], table: pd.DataFrame, *, subject: Subject) -> pd.DataFrame:
    """Read what reviewers filled in.

    Parameters
    ----------
    paths : sequence of path
        Files of :func:`make_review`, in any order of rows.
    table : DataFrame
        What was reviewed.

    Returns
    -------
    DataFrame
        A row a reviewer and decision: the keys, ``reviewer, decision, note``. Blank decisions have no row.

    Raises
    ------
    TableError
        A word that is no decision, a decision without a reviewer, a row that was not asked, or one reviewer's
        two rows for one thing. Names are compared without case and outer blanks.
    """
    import pandas as pd

    allowed = list_allowed(table, subject)
    rows = [row for path in paths for row in read_review(path, allowed, subject)]
    spelt: dict[str, str] = {}
    for row in rows:
        row["reviewer"] = spelt.setdefault(name_person(row["reviewer"]), row["reviewer"])
    reviews = pd.DataFrame(rows, columns=[*subject.keys, *REVIEW_COLUMNS])
    twice = reviews.duplicated([*subject.keys, "reviewer"])
    if twice.any():
        again = reviews[twice].iloc[0]
        raise TableError(
            f"{again['reviewer']} decided twice on {' '.join(again[list(subject.keys)])!r}; capitals and "
            "blanks make no other person. Remedy: delete one row, or give the other person's own file."
        )
    return reviews


def list_allowed(table: pd.DataFrame, subject: Subject) -> dict[tuple[str, ...], list[str]]:
    """List what may be decided of each row: only what may be another's duplicate can be merged."""
    plain = [word for word in subject.words if word != MERGE]
    return {
        name_key(row, subject): list(subject.words) if isinstance(row.get("duplicate_of"), str) else plain
        for row in table.to_dict("records")
    }


def read_review(
    path: str | Path, allowed: Mapping[tuple[str, ...], list[str]], subject: Subject
) -> Iterator[dict[str, Any]]:
    """Read one filled-in file: a row a decision."""
    filled = read_rows(path)
    missing = [name for name in (*subject.keys, "reviewer", "decision") if name not in filled.columns]
    if missing:
        raise TableError(
            f"{path}: a review of {subject.name} needs the column {missing[0]}. Remedy: fill in a file "
            "that videophy-lab prompts review wrote, and keep its columns."
        )
    filled["decision"] = filled["decision"].fillna("").str.strip().str.lower()
    for number, row in enumerate(filled.to_dict("records"), start=1):
        key, decision, note = name_key(row, subject), row["decision"], row.get("note")
        if key not in allowed:
            raise TableError(f"{path}: row {number}: {' '.join(key)!r} was not asked. Remedy: delete it.")
        if not decision:
            continue
        if decision not in allowed[key]:
            raise TableError(
                f"{path}: row {number}, column 'decision': {decision!r} is not allowed; allowed: "
                f"{', '.join(allowed[key])}, or a blank. Remedy: correct it."
            )
        reviewer = row["reviewer"].strip() if isinstance(row["reviewer"], str) else ""
        if not reviewer:
            raise TableError(
                f"{path}: row {number}, column 'reviewer': it is blank, so nobody made the decision "
                f"{decision!r}. Remedy: write the reviewer's name into it."
            )
        told = {"reviewer": reviewer, "decision": decision}
        yield (
            dict(zip(subject.keys, key, strict=True))
            | told
            | {"note": note if isinstance(note, str) else None}
        )
