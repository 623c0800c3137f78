"""Say in a few lines why a step has less than was asked for: no answer came, or a check refused it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from videophy_lab.prompts.folder import FILES
from videophy_lab.prompts.refusals import Refusals
from videophy_lab.prompts.turning import REFUSED
from videophy_lab.prompts.turning import UNANSWERED as NO_REPLY
from videophy_lab.reasons import write_reasons

if TYPE_CHECKING:
    import pandas as pd

# as the client of models says it; kept, so that the same question is not paid for twice
KEPT_REASONS = ("no answer of the asked form", "the provider gave no answer")
# a text of a model on this machine, whose reason tells the remedy
CUT_REASON = "cut off"
# an answer came, and said nothing about this
UNSAID = "the check said nothing about it"
FAILED, UNANSWERED, CUT, NO_VIDEO = "failed", "unanswered", "cut off", "no video"
REMEDIES = {
    FAILED: "; the same command asks again",
    UNANSWERED: "; --retry asks again",
    CUT: "",
    NO_VIDEO: "",
}
# checks of lists of failures: no answer came; how a unit stands in the end
MISSING = ("failed", "unscored", "no answer", "unchecked", "model: unchecked")
STANDING = ("short", NO_VIDEO)


def tell_missing(rows: pd.DataFrame, *, what: str, unit: str, where: str = "the column error") -> list[str]:
    """Say for what no answer came, why, and what to type.

    Parameters
    ----------
    rows : DataFrame
        Those without an answer, with ``error``.
    what : str
        What is counted, in the plural.
    unit : str
        The column that tells it.
    where : str
        Where the reasons stand.

    Returns
    -------
    list of str
        A line for each reason, the commonest of a kind first.
    """
    kinds = rows["error"].map(name_kind) if "check" not in rows.columns else name_kinds(rows)
    lines = []
    for kind, remedy in REMEDIES.items():

        def write(alike: pd.DataFrame, reason: str, kind: str = kind, remedy: str = remedy) -> str:
            return f"{kind}, {count(alike[unit].nunique(), what)}: {reason}{remedy}"

        lines += write_reasons(rows[kinds.eq(kind)], write, label=kind, where=where)
    return lines


def name_kind(reason: object) -> str:
    """Name what kept an answer away, by its reason."""
    text = str(reason)
    if text.startswith(CUT_REASON):
        return CUT
    return UNANSWERED if text.startswith(KEPT_REASONS) else FAILED


def name_kinds(rows: pd.DataFrame) -> pd.Series:
    """Name what kept answers away, by check and reason."""
    return rows["error"].map(name_kind).mask(rows["check"].eq(NO_VIDEO), NO_VIDEO)


def find_refused(failures: pd.DataFrame) -> pd.DataFrame:
    """Find in a list of failures what was refused: a text came, and a check did not let it pass."""
    is_missing = failures["check"].isin(MISSING) & failures["reason"].ne(UNSAID)
    return failures[~is_missing & ~failures["check"].isin(STANDING)]


def tell_failures(
    failures: pd.DataFrame, kind: Refusals, *, what: str, lacking: Collection[str]
) -> list[str]:
    """Say of a step's failures what no answer came to, and how many texts each check refused.

    Parameters
    ----------
    failures : DataFrame
        With ``check`` and ``reason``.
    kind : Refusals
        The list in which their reasons stand.
    what : str
        As for :func:`tell_missing`.
    lacking : collection of str
        The units that lack something in the end; of others no missing answer is told.
    """
    refused = find_refused(failures)
    rest = failures.drop(refused.index)
    rest = rest[rest["check"].ne("short") & rest[kind.unit].isin(list(lacking))]
    counts = refused["check"].value_counts()
    told = ", ".join(f"{number} {str(check).removeprefix('model: ')}" for check, number in counts.items())
    where = f"the column reason of {kind.file}"
    lines = tell_missing(rest.rename(columns={"reason": "error"}), what=what, unit=kind.unit, where=where)
    return [*lines, *([f"refused: {told} (each with its reason in {kind.file})"] if told else [])]


def tell_merged(merged: pd.DataFrame) -> list[str]:
    """Say why annotators' texts became no rule; :attr:`videophy_lab.prompts.Merged.merged` is the table."""
    wrong = merged.rename(columns={"reason": "error"})
    where = f"the column reason of {FILES['merged']}"

    def write(alike: pd.DataFrame, reason: str) -> str:
        return f"{REFUSED}, {len(alike)}: {reason}"

    unanswered = wrong[wrong["became"].eq(NO_REPLY)]
    return [
        *tell_missing(unanswered, what="texts", unit="violation", where=where),
        *write_reasons(wrong[wrong["became"].eq(REFUSED)], write, label=REFUSED, where=where),
    ]


def count_merged(merged: pd.DataFrame) -> str:
    """Count annotators' texts, and what they became; one text may give several rules."""
    n_texts = len(merged.drop_duplicates(["video_id", "annotator", "violation"]))
    counts = merged["became"].value_counts()
    told = ", ".join(f"{counts[word]} {word}" for word in counts.index) or "none"
    gave = f", {len(merged)} rules of them" if len(merged) != n_texts else ""
    return f"{n_texts} texts{gave}: {told}"


def count(number: int, what: str) -> str:
    """Write a number with its word, which is given in the plural."""
    return f"{number} {what.removesuffix('s') if number == 1 else what}"
