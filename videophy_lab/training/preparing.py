"""Which examples are kept: their splits, and what cannot be read or asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from videophy_lab.judges.base import Question
from videophy_lab.training.examples import Examples
from videophy_lab.training.media import MediaCache
from videophy_lab.training.settings import Settings
from videophy_lab.training.splits import SAME_FILE, STOP, TRAIN, choose_splits
from videophy_lab.training.students import Student

if TYPE_CHECKING:
    import pandas as pd


def split_examples(made: Examples, settings: Settings) -> Examples:
    """Give each example its split, and leave out those whose file is held out elsewhere."""
    table = made.table.assign(split=choose_splits(made.table, settings) if len(made.table) else "")
    split = Examples(table, made.left_out)
    return split.drop(split.table["split"].eq(SAME_FILE), "the same file is kept unseen under another name")


def check_enough(examples: Examples) -> None:
    """Raise ValueError where there is nothing to train on, or nothing to tell apart."""
    if examples.table["split"].eq(TRAIN).any():
        check_answers(examples.table)
        return
    counts = examples.left_out["reason"].value_counts()
    reasons = [f"{count} left out: {reason}" for reason, count in counts.items()]
    held = examples.table["split"].value_counts()
    reasons += [f"{count} in the split {split}" for split, count in held.items()]
    raise ValueError(
        f"there is nothing to train on; of the ratings given, {'; '.join(reasons)}. "
        "Remedy: give videos whose video_id the ratings have, with files and captions, and hold less out."
    )


def check_answers(table: pd.DataFrame) -> None:
    """Raise ValueError where no task has two answers in the split ``train``."""
    single = find_single_answers(table)
    if len(single) < table.loc[table["split"].eq(TRAIN), "task"].nunique():
        return
    said = ", ".join(say_single(task, *found) for task, found in single.items())
    raise ValueError(
        f"there is nothing to learn, for no task has two answers: {said}. A judge that is trained on one "
        "answer gives it to every video. Remedy: give ratings with two answers or more to a task, or hold "
        "less out."
    )


def find_single_answers(table: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Find the tasks that have one answer only in the split ``train``: the answer, and how often it is there.

    Parameters
    ----------
    table : DataFrame
        ``task, answer, split``.
    """
    groups = table[table["split"].eq(TRAIN)].groupby("task")["answer"]
    return {
        str(task): (int(answers.iloc[0]), len(answers)) for task, answers in groups if answers.nunique() == 1
    }


def note_single_answers(table: pd.DataFrame) -> list[str]:
    """Say of which tasks there is one answer only to learn."""
    return [
        f"note: {say_single(task, *found)}, so the judge learns to give it always; other answers to {task} "
        "would let it tell videos apart"
        for task, found in find_single_answers(table).items()
    ]


def say_single(task: str, answer: int, count: int) -> str:
    """Say that a task has one answer only."""
    if count == 1:
        return f"the one answer to {task} in {TRAIN} is {answer}"
    return f"all {count:,} answers to {task} in {TRAIN} are {answer}"


def of_split(examples: Examples, split: str) -> pd.DataFrame:
    """Give the examples of a split, in their order."""
    return examples.table[examples.table["split"].eq(split)].reset_index(drop=True)


def make_question(row: Any) -> Question:
    """Make the question of an example."""
    return Question(row["task"], row["text"], rule_id=row["rule_id"] or None, video_id=row["video_id"])


def drop_unreadable(examples: Examples, student: Student, cache: MediaCache) -> Examples:
    """Leave out videos that could not be read, and questions that do not fit into the context."""
    table = examples.table
    learnt = table["split"].isin((TRAIN, STOP))
    failed = cache.list_failed(list(dict.fromkeys(table.loc[learnt, "sha256"])))
    reasons = table["sha256"].map(failed).astype(object).where(learnt)
    for place in table.index[learnt & reasons.isna()]:
        row = table.loc[place]
        try:
            student.write(make_question(row), int(row["answer"]), cache.read(row["sha256"], student.needs))
        except ValueError as error:
            reasons[place] = str(error)
    return examples.drop(reasons.notna(), reasons.dropna())
