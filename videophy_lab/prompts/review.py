"""Review by people: a file for each, read back, compared, settled.

Two people decide by themselves. Their files do not show what the model decided, or what the other one did,
and each has an order of its own. What they disagree on goes into a third file, with everything that was
said, for both to settle together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.schema import TableError, read_rows

if TYPE_CHECKING:
    import pandas as pd

SETTLED = "adjudication"
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


ACTIONS = Subject("actions", ("action",), ("names", "origin", "duplicate_of"), ("keep", "drop", "merge"))
RULES = Subject("rules", ("video_id", "rule_id"), ("rule", "law"), ("keep", "drop"))


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
        "rules."
    )


def name_review(reviewer: str) -> str:
    """Name a reviewer's file."""
    if not re.fullmatch(r"[\w.-]{1,40}", reviewer) or reviewer == SETTLED:
        raise ValueError(
            f"the reviewer is called {reviewer!r}. Allowed: up to 40 letters, digits, . _ and -, "
            f"such as initials, and not {SETTLED}."
        )
    return f"review_{reviewer}.csv"


def make_review(table: pd.DataFrame, reviewer: str, *, subject: Subject) -> pd.DataFrame:
    """Make what one reviewer fills in.

    Returns
    -------
    DataFrame
        What is reviewed, in an order of the reviewer's own; ``reviewer``; ``decision`` and ``note``, blank.
        ``duplicate_of`` is there as a question: is it the same action?
    """
    name_review(reviewer)
    shown = [name for name in (*subject.keys, *subject.shown) if name in table.columns]
    own = table[shown].assign(reviewer=reviewer, decision="", note="")
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
        A word that is no decision, a row that was not asked, or one reviewer's two rows for one thing.
    """
    import pandas as pd

    known = set(table[list(subject.keys)].astype(str).itertuples(index=False, name=None))
    mergeable = table["duplicate_of"].notna() if "duplicate_of" in table.columns else None
    merges = set() if mergeable is None else set(map(str, table.loc[mergeable, subject.keys[0]]))
    rows: list[dict[str, Any]] = []
    for path in paths:
        filled = read_rows(path)
        missing = [name for name in (*subject.keys, "reviewer", "decision") if name not in filled.columns]
        if missing:
            raise TableError(
                f"{path}: a review of {subject.name} needs the column {missing[0]}. Remedy: fill in a file "
                "that videophy-lab prompts review wrote, and keep its columns."
            )
        filled["decision"] = filled["decision"].fillna("").str.strip().str.lower()
        for number, row in enumerate(filled.to_dict("records"), start=1):
            key = tuple(str(row[name]) for name in subject.keys)
            words = [w for w in subject.words if w != "merge" or key[0] in merges]
            if key not in known:
                raise TableError(f"{path}: row {number}: {' '.join(key)!r} was not asked. Remedy: delete it.")
            if row["decision"] and row["decision"] not in words:
                raise TableError(
                    f"{path}: row {number}, column 'decision': {row['decision']!r} is not allowed; allowed: "
                    f"{', '.join(words)}, or a blank. Remedy: correct it."
                )
            if row["decision"]:
                note = row.get("note")
                rows.append(
                    dict(zip(subject.keys, key, strict=True))
                    | {"reviewer": str(row["reviewer"]), "decision": row["decision"]}
                    | {"note": note if isinstance(note, str) else None}
                )
    reviews = pd.DataFrame(rows, columns=[*subject.keys, *REVIEW_COLUMNS])
    twice = reviews.duplicated([*subject.keys, "reviewer"])
    if twice.any():
        again = reviews[twice].iloc[0]
        raise TableError(
            f"{again['reviewer']} decided twice on {' '.join(again[list(subject.keys)])!r}. Remedy: delete "
            "one row."
        )
    return reviews


def settle(
    table: pd.DataFrame,
    reviews: pd.DataFrame,
    *,
    subject: Subject,
    settled: pd.DataFrame | None = None,
    reviewers: int = 2,
) -> pd.DataFrame:
    """Decide by the stated rule.

    What was settled together counts. Else what at least `reviewers` people decided, all of them alike. Else
    it is open, and not kept: nothing enters the benchmark on one person's word, or a model's.

    Parameters
    ----------
    table : DataFrame
    reviews : DataFrame
        Of :func:`read_reviews`.
    settled : DataFrame, optional
        The list of :func:`list_open`, filled in together and read with :func:`read_reviews`.
    reviewers : int
        Fewest people; 0 takes the model's own decision where nobody decided.

    Returns
    -------
    DataFrame
        `table` with ``final`` (a decision, or ``open``) and ``decided_by`` (``adjudication``, ``reviewers``,
        ``model``, ``disagreement``, ``too few reviews``).
    """
    said: dict[tuple[str, ...], list[str]] = {}
    for row in reviews.to_dict("records"):
        said.setdefault(tuple(str(row[name]) for name in subject.keys), []).append(row["decision"])
    together = find_settled(settled, subject=subject)
    finals, deciders = [], []
    model = table["decision"].tolist() if "decision" in table.columns else [subject.words[0]] * len(table)
    for key, proposed in zip(table[list(subject.keys)].itertuples(index=False), model, strict=True):
        words = said.get(tuple(map(str, key)), [])
        if tuple(map(str, key)) in together:
            final, decider = together[tuple(map(str, key))]["decision"], SETTLED
        elif len(set(words)) > 1:
            final, decider = "open", "disagreement"
        elif words and len(words) >= reviewers:
            final, decider = words[0], "reviewers"
        elif not reviewers and not words:
            final, decider = (proposed if proposed in subject.words else "open"), "model"
        else:
            final, decider = "open", "too few reviews"
        finals.append(final)
        deciders.append(decider)
    return table.assign(final=finals, decided_by=deciders)


def list_open(
    decided: pd.DataFrame, reviews: pd.DataFrame, *, subject: Subject, settled: pd.DataFrame | None = None
) -> pd.DataFrame:
    """List what people disagree on, with everything that was said, to be settled together.

    What was settled already stays in the list, as it was filled in.

    Returns
    -------
    DataFrame
        The columns reviewers saw, ``said`` (who decided what, and the notes), the model's decision and
        reason, ``decision`` and ``note``, blank where it is open.
    """
    keys = list(subject.keys)
    wanted = decided[decided["decided_by"].isin(["disagreement", SETTLED])]
    shown = [name for name in (*keys, *subject.shown) if name in decided.columns]
    told: dict[tuple[str, ...], list[str]] = {}
    for row in reviews.sort_values("reviewer").to_dict("records"):
        note = f" ({row['note']})" if isinstance(row["note"], str) else ""
        told.setdefault(tuple(row[name] for name in keys), []).append(
            f"{row['reviewer']}: {row['decision']}{note}"
        )
    listed = wanted[shown].assign(
        said=["; ".join(told.get(tuple(map(str, key)), [])) for key in wanted[keys].itertuples(index=False)],
        reviewer=SETTLED,
    )
    for column, name in (("decision", "model_decision"), ("reason", "model_reason")):
        if column in wanted.columns:
            listed[name] = wanted[column]
    together = find_settled(settled, subject=subject)
    cells = [together.get(tuple(map(str, key)), {}) for key in wanted[keys].itertuples(index=False)]
    for name in ("decision", "note"):
        listed[name] = [cell.get(name) or "" for cell in cells]
    return listed.reset_index(drop=True)


def find_settled(settled: pd.DataFrame | None, *, subject: Subject) -> dict[tuple[str, ...], dict[Any, Any]]:
    """Find what was settled together, by key."""
    rows = [] if settled is None else settled.to_dict("records")
    return {tuple(str(row[name]) for name in subject.keys): row for row in rows}


def check_settled(path: Path) -> None:
    """Refuse to write over a list in which somebody has settled something.

    Raises
    ------
    ValueError
        It has decisions.
    """
    rows = read_rows(path) if path.is_file() else None
    if rows is not None and "decision" in rows.columns and rows["decision"].notna().any():
        raise ValueError(
            f"{path} holds decisions already. Remedy: give it as --settled {path}, or put it elsewhere."
        )


def keep_final(decided: pd.DataFrame, *, subject: Subject) -> pd.DataFrame:
    """Keep what is to be kept; the columns of the decision itself go."""
    return decided[decided["final"].eq(subject.words[0])].reset_index(drop=True)
