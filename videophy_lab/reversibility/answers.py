"""Ask people in the annotation tool what becomes of actions backwards, and turn their answers into labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.reversibility.labels import list_actions, make_key
from videophy_lab.reversibility.sheet import (
    ANSWERS,
    CANNOT_TELL,
    COUNTS,
    list_rows,
    make_sheet,
    read_sheet,
    write_sheet,
)
from videophy_lab.schema import TableError, check_table, make_rule_id, read_table
from videophy_lab.schema.labels import FOLLOWED, VIOLATED
from videophy_lab.schema.overwriting import check_overwrite, read_header
from videophy_lab.schema.reversibility import EQUIVARIANT, INVARIANT, IRREVERSIBLE

if TYPE_CHECKING:
    import pandas as pd

POSSIBLE = "Played backwards, this could still happen."
SAME = "Played backwards, this would be called the same action."
RULES = {make_rule_id(statement): statement for statement in (POSSIBLE, SAME)}
TIE = "tie"


@dataclass(frozen=True)
class Confirmation:
    """What people's answers made of the labels.

    Attributes
    ----------
    rows : DataFrame
        The labels file, as it was written.
    n_answers : int
        Answers that were counted: of one person about one video.
    n_actions : int
        Actions that they are about.
    undecided : mapping of action to {"tie", "cannot_tell"}
        Actions whose label stays the proposed one.
    by_hand : mapping of action to answer
        Actions whose label was written into the file by hand, and what the answers say instead.
    n_half, n_strange : int
        Answers left out: only one of both statements was answered; the prompt has no action.
    """

    rows: pd.DataFrame
    n_answers: int
    n_actions: int
    undecided: Mapping[str, str]
    by_hand: Mapping[str, str]
    n_half: int
    n_strange: int

    @property
    def n_both(self) -> int:
        """Count the actions with a label that was proposed and one that was confirmed."""
        return int((self.rows["proposed"].notna() & self.rows["confirmed"].notna()).sum())

    @property
    def n_overruled(self) -> int:
        """Count those whose two labels differ."""
        both = self.rows.dropna(subset=["proposed", "confirmed"])
        return int(both["proposed"].ne(both["confirmed"]).sum())


def make_questions(prompts: pd.DataFrame) -> pd.DataFrame:
    """Make a rules table that asks two statements about every video of a prompt with an action.

    Returns
    -------
    DataFrame
        ``prompt_id, rule_id, rule``, for ``videophy-lab annotate VIDEOS --tasks rule --rules FILE``.

    Raises
    ------
    TableError
        The prompts have no actions.
    """
    import pandas as pd

    rows = [
        {"prompt_id": prompt_id, "rule_id": rule_id, "rule": statement}
        for prompt_id in name_actions(prompts)
        for rule_id, statement in RULES.items()
    ]
    return check_table(pd.DataFrame(rows), "rules")


def check_questions(file: Path, rules: pd.DataFrame, *, inputs: Mapping[str, object]) -> None:
    """Check that questions can be written into a file.

    Parameters
    ----------
    file : Path
    rules : DataFrame
        Of :func:`make_questions`.
    inputs : mapping of name to path
        See :func:`videophy_lab.schema.overwriting.check_inputs`.

    Raises
    ------
    ValueError
        It is one of the inputs, or holds something else, such as other rules.
    """
    check_overwrite(file, [str(name) for name in rules.columns], inputs=inputs, option="--questions")
    if not file.is_file() or read_header(file) is None:
        return
    others = [name for name in read_table(file, "rules")["rule_id"] if name not in RULES]
    if others:
        raise TableError(
            f"--questions {file} is there already and holds other rules, such as {others[0]}. Remedy: give "
            "another --questions, or move that file away."
        )


def name_actions(prompts: pd.DataFrame) -> dict[str, str]:
    """Give the action of every prompt that has one.

    Raises
    ------
    TableError
        None has.
    """
    list_actions(prompts)
    told = check_table(prompts, "prompts").dropna(subset=["action"])
    return dict(zip(told["prompt_id"], told["action"].str.strip(), strict=True))


def read_answer(possible: float, same: float) -> str:
    """Read what a person says of a video: a class, or that it cannot be told."""
    if possible == VIOLATED:
        return IRREVERSIBLE
    if possible == FOLLOWED and same in (VIOLATED, FOLLOWED):
        return INVARIANT if same == FOLLOWED else EQUIVARIANT
    return CANNOT_TELL


def choose_commonest(counts: Mapping[str, int]) -> str:
    """Choose the commonest answer: a class, ``cannot_tell``, ``tie``, or empty where there is no answer."""
    most = max(counts.values(), default=0)
    first = [answer for answer, count in counts.items() if count == most]
    return "" if not most else TIE if len(first) > 1 else first[0]


def list_answers(ratings: pd.DataFrame) -> pd.DataFrame:
    """List the answers, one row a person and video.

    Returns
    -------
    DataFrame
        ``prompt_id, answer``; a blank answer where only one of both statements was answered, so that nothing
        can be told.

    Raises
    ------
    TableError
        The ratings have no answer to the questions.
    """
    table = check_table(ratings, "ratings")
    asked = table[table["task"].eq("rule")]
    asked = asked[asked["rule_id"].isin(list(RULES))] if "rule_id" in asked.columns else asked.iloc[:0]
    if not len(asked):
        raise TableError(
            f"none of the {len(table)} ratings answers {POSSIBLE!r}. Remedy: make the questions with "
            "--questions FILE, and give the ratings that videophy-lab annotate --rules FILE wrote."
        )
    people = asked["annotator"].fillna("") if "annotator" in asked.columns else ""
    asked = asked.assign(annotator=people, statement=asked["rule_id"].map(RULES))
    wide = asked.pivot(
        index=["video_id", "prompt_id", "annotator"], columns="statement", values="rating"
    ).reindex(columns=[POSSIBLE, SAME])
    # what cannot happen is irreversible, whatever it would be called
    whole = wide[POSSIBLE].eq(VIOLATED) | wide.notna().all(axis="columns")
    answers: list[Any] = [
        read_answer(possible, same) if told else None
        for told, possible, same in zip(whole, wide[POSSIBLE], wide[SAME], strict=True)
    ]
    return wide.assign(answer=answers).reset_index()[["prompt_id", "answer"]]


def confirm_labels(prompts: pd.DataFrame, ratings: pd.DataFrame, *, out: str | Path) -> Confirmation:
    """Confirm labels by the commonest answer of people about the videos of an action.

    Not possible backwards is irreversible; possible and the same action, invariant; possible and another
    action, equivariant. Where the commonest answer is that it cannot be told, or two are as common, nothing
    is confirmed. What was written into ``confirmed`` by hand stays.

    Parameters
    ----------
    prompts : DataFrame
        With ``action``.
    ratings : DataFrame
        As ``videophy-lab annotate`` writes them for the rules of :func:`make_questions`.
    out : path
        The labels file, with what was proposed where it is there already; ``confirmed`` and the numbers of
        answers (``n_irreversible, n_equivariant, n_invariant, n_cannot_tell``) are written into it.

    Raises
    ------
    TableError
        The prompts have no actions, the ratings no answer, or the file is no labels file.
    """
    answers, actions = list_answers(ratings), name_actions(prompts)
    sheet = read_sheet(Path(out))
    answers = answers.assign(action=answers["prompt_id"].map(actions))
    used = answers.dropna(subset=["answer", "action"])
    counts: dict[str, dict[str, int]] = {}
    for action, answer in zip(used["action"], used["answer"], strict=True):
        counts.setdefault(make_key(action), dict.fromkeys(ANSWERS, 0))[answer] += 1
    rows: dict[str, dict[str, Any]] = {
        make_key(action): {"action": action} for action in list_actions(prompts)
    }
    rows |= list_rows(sheet)
    undecided, by_hand = {}, {}
    for key, own in counts.items():
        row, chosen = rows[key], choose_commonest(own)
        label = None if chosen in (TIE, CANNOT_TELL) else chosen
        if is_by_hand(row):
            if label != row["confirmed"]:
                by_hand[row["action"]] = chosen
        else:
            row["confirmed"] = label
            if label is None:
                undecided[row["action"]] = chosen
        row.update({COUNTS[answer]: count for answer, count in own.items()})
    table = make_sheet(list(rows.values()), sheet)
    write_sheet(table, Path(out))
    half = answers["answer"].isna()
    strange = answers["action"].isna() & ~half
    return Confirmation(
        table, len(used), len(counts), undecided, by_hand, int(half.sum()), int(strange.sum())
    )


def is_by_hand(row: Mapping[str, Any]) -> bool:
    """Tell whether a label was written by hand: the answers that were counted before do not say so."""
    import pandas as pd

    before = {answer: row.get(column) for answer, column in COUNTS.items()}
    counts = {answer: int(n) for answer, n in before.items() if n is not None and not pd.isna(n)}
    return isinstance(row.get("confirmed"), str) and row["confirmed"] != choose_commonest(counts)
