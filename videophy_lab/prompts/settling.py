"""Decide by what reviewers said: what they agree on, what they settle together, and what stays open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.prompts.actions import BETWEEN
from videophy_lab.prompts.review import (
    REVIEWED,
    SETTLED,
    Subject,
    find_decided,
    name_key,
)
from videophy_lab.schema import read_rows
from videophy_lab.schema.decisions import DROP, MERGE, OPEN

if TYPE_CHECKING:
    import pandas as pd

DISPUTED, TARGET_DROPPED, FEW, MODEL = "disagreement", "target dropped", "too few reviews", "model"


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
    what an earlier review decided, which the table tells. Else it is open, and not kept: nothing enters the
    benchmark on one person's word, or a model's. What would be merged into something that is dropped is open
    too, so that both are not lost.

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
        ``model``, ``disagreement``, ``too few reviews``, ``target dropped``).
    """
    said: dict[tuple[str, ...], list[str]] = {}
    for row in reviews.to_dict("records"):
        said.setdefault(name_key(row, subject), []).append(row["decision"])
    together = find_settled(settled, subject=subject)
    before = find_decided(table, subject=subject)
    outcomes = []
    for row in table.to_dict("records"):
        key = name_key(row, subject)
        if key in together:
            outcomes.append((together[key]["decision"], SETTLED))
        elif key in said or key not in before:
            proposed = row["decision"] if "decision" in row else subject.words[0]
            outcomes.append(decide(said.get(key, []), proposed, reviewers, subject))
        else:
            outcomes.append(before[key])
    finals, deciders = [final for final, _ in outcomes], [decider for _, decider in outcomes]
    return reopen_merges(table.assign(final=finals, decided_by=deciders))


def decide(words: Sequence[str], proposed: Any, reviewers: int, subject: Subject) -> tuple[str, str]:
    """Decide by what people said, or a model proposed; give the decision, and by what it came about."""
    if len(set(words)) > 1:
        return OPEN, DISPUTED
    if words and len(words) >= reviewers:
        return words[0], REVIEWED
    if not reviewers and not words:
        return (proposed if proposed in subject.words else OPEN), MODEL
    return OPEN, FEW


def reopen_merges(decided: pd.DataFrame) -> pd.DataFrame:
    """Open again what would be merged into something that is dropped, not there, or merged into itself."""
    if "duplicate_of" not in decided.columns:
        return decided
    targets = dict(zip(decided["action"], decided["duplicate_of"], strict=True))
    finals = dict(zip(decided["action"], decided["final"], strict=True))
    flagged = {
        name for name, word in finals.items() if word == MERGE and is_lost_merge(name, targets, finals)
    }
    own = decided.copy()
    own.loc[own["action"].isin(flagged), ["final", "decided_by"]] = [OPEN, TARGET_DROPPED]
    return own


def is_lost_merge(action: str, targets: Mapping[str, str], finals: Mapping[str, str]) -> bool:
    """Say whether merges, one after another, end at nothing that stays or may stay."""
    return finals.get(follow_merges(action, targets, finals), DROP) in (DROP, MERGE)


def list_open(
    decided: pd.DataFrame, reviews: pd.DataFrame, *, subject: Subject, settled: pd.DataFrame | None = None
) -> pd.DataFrame:
    """List what people disagree on, and what would be merged into something dropped, to be settled together.

    What was settled already stays in the list, as it was filled in.

    Returns
    -------
    DataFrame
        The columns reviewers saw, ``said`` (who decided what, and the notes), the model's decision and
        reason, ``decision`` and ``note``, blank where it is open.
    """
    keys = list(subject.keys)
    together = find_settled(settled, subject=subject)
    wanted = decided[
        [
            row["decided_by"] in (DISPUTED, TARGET_DROPPED) or name_key(row, subject) in together
            for row in decided.to_dict("records")
        ]
    ]
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
    cells = [together.get(tuple(map(str, key)), {}) for key in wanted[keys].itertuples(index=False)]
    for name in ("decision", "note"):
        listed[name] = [cell.get(name) or "" for cell in cells]
    return listed.reset_index(drop=True)


def find_settled(settled: pd.DataFrame | None, *, subject: Subject) -> dict[tuple[str, ...], dict[Any, Any]]:
    """Find what was settled together, by key."""
    rows = [] if settled is None else settled.to_dict("records")
    return {name_key(row, subject): row for row in rows}


def tell_open(decided: pd.DataFrame, file: str, *, reviewers: int) -> str:
    """Say how many rows are open, and what each waits for.

    Parameters
    ----------
    decided : DataFrame
        Of :func:`settle`.
    file : str
        Name of the list of :func:`list_open`.
    reviewers : int
        Fewest people that were asked for.
    """
    deciders = decided.loc[decided["final"].eq(OPEN), "decided_by"]
    waits = (
        ((DISPUTED, TARGET_DROPPED), f"to settle in {file} together (give it as --settled)"),
        ((FEW,), f"decided by fewer than {reviewers} people"),
        ((MODEL,), "left undecided by the model"),
    )
    counts = [(int(deciders.isin(names).sum()), what) for names, what in waits]
    why = "; ".join(f"{count} {what}" for count, what in counts if count)
    return f"{len(deciders)} open{why and ': '}{why}"


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
    """Keep what is to be kept; ``final`` and ``decided_by`` stay, so that a later review knows it.

    An action gets the ``names`` and the ``origin`` of those that were merged into it.
    """
    kept = decided[decided["final"].eq(subject.words[0])]
    if subject.words[-1] == MERGE and {"action", "duplicate_of"} <= set(decided.columns):
        kept = join_merged(kept, decided)
    return kept.reset_index(drop=True)


def join_merged(kept: pd.DataFrame, decided: pd.DataFrame) -> pd.DataFrame:
    """Give kept actions the names and origins of those that were merged into them."""
    targets = dict(zip(decided["action"], decided["duplicate_of"], strict=True))
    finals = dict(zip(decided["action"], decided["final"], strict=True))
    merged = decided[decided["final"].eq(MERGE)]
    ends = merged["action"].map(lambda action: follow_merges(action, targets, finals))
    own = kept.copy()
    for column in [name for name in ("names", "origin") if name in decided.columns]:
        # an action that has no names is one itself
        cells = merged[column].fillna(merged["action"]) if column == "names" else merged[column]
        more: dict[str, list[Any]] = {}
        for end, cell in zip(ends, cells, strict=True):
            more.setdefault(end, []).append(cell)
        pairs = zip(own["action"], own[column], strict=True)
        own[column] = [join_cells(cell, *more[name]) if name in more else cell for name, cell in pairs]
    return own


def join_cells(*cells: Any) -> str | None:
    """Join cells of several parts, such as ``a; b``, each part once; None where all are blank."""
    parts = [part for cell in cells if isinstance(cell, str) for part in cell.split(BETWEEN)]
    return BETWEEN.join(dict.fromkeys(parts)) or None


def follow_merges(action: str, targets: Mapping[str, str], finals: Mapping[str, str]) -> str:
    """Give the action at which merges, one after another, end; one of a circle for those in a circle."""
    passed = set()
    while finals.get(action) == MERGE and action not in passed:
        passed.add(action)
        action = targets[action]
    return action
