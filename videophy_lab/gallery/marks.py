"""What people and scorers say about the videos of a gallery, in words short enough to stand under one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

PEOPLE = "people"
NO_SCORE = "no score"
TASKS = {"sa": "SA", "pc": "PC"}
# a judge's unreadable answer may be a page long
LONGEST_REASON = 200


@dataclass(frozen=True)
class Mark:
    """What one rater says about one video.

    Attributes
    ----------
    rater : str
        ``"people"``, or the scorer.
    values : tuple of str
        For example ``("SA 4", "PC unscored")``.
    reasons : tuple of str
        Why there is no score, for every task that has none.
    """

    rater: str
    values: tuple[str, ...]
    reasons: tuple[str, ...] = ()


def list_marks(
    video_ids: Sequence[str], *, ratings: pd.DataFrame | None = None, scores: pd.DataFrame | None = None
) -> dict[str, tuple[Mark, ...]]:
    """Gather the marks of every video: first people's, then every scorer's in the order of its table.

    Parameters
    ----------
    video_ids : sequence of str
    ratings : DataFrame, optional
        A ratings table; several annotators of a video and task are averaged, and counted.
    scores : DataFrame, optional
        A scores table; every scorer has a mark on every video, if only to say that there is no score.

    Raises
    ------
    ValueError
        A table has no row of any of the videos.
    """
    marks: dict[str, tuple[Mark, ...]] = dict.fromkeys(video_ids, ())
    for name, table, gather in (("ratings", ratings, rate_videos), ("scores", scores, score_videos)):
        if table is None or not len(table):
            continue
        found = table[table["video_id"].isin(video_ids)]
        if not len(found):
            raise ValueError(
                f"{name} have no row of the videos that are shown: {name} have video_id such as "
                f"{table['video_id'].iloc[0]!r}, the videos {video_ids[0]!r}. Remedy: give the {name} of "
                "these videos, or none"
            )
        for video_id, new in gather(video_ids, found).items():
            marks[video_id] += new
    return marks


def rate_videos(video_ids: Iterable[str], ratings: pd.DataFrame) -> dict[str, tuple[Mark, ...]]:
    """Give the mark of people on every video: means, rules that were followed, and how many people."""
    tasks = list(dict.fromkeys(ratings["task"]))
    marks: dict[str, tuple[Mark, ...]] = {}
    for video_id in video_ids:
        own = ratings[ratings["video_id"].eq(video_id)]
        groups = {task: own[own["task"].eq(task)] for task in tasks if own["task"].eq(task).any()}
        values = tuple(say_ratings(task, rows["rating"]) for task, rows in groups.items())
        numbers = {len(rows) for task, rows in groups.items() if task != "rule"}
        spread = "–".join(str(number) for number in sorted({min(numbers), max(numbers)})) if numbers else ""
        rater = PEOPLE if spread in ("", "1") else f"{spread} {PEOPLE}"
        marks[video_id] = (Mark(rater, values or ("not rated",)),)
    return marks


def say_ratings(task: str, ratings: pd.Series) -> str:
    """Say what people rated in one task: the mean, or a count of rules."""
    if task == "rule":
        return count_rules(ratings)
    return f"{name_task(task)} {say_number(round(float(ratings.mean()), 1))}"


def score_videos(video_ids: Iterable[str], scores: pd.DataFrame) -> dict[str, tuple[Mark, ...]]:
    """Give the mark of every scorer on every video."""
    several = scores.groupby("scorer")["spec"].nunique().gt(1)
    names = list(dict.fromkeys(zip(scores["scorer"], scores["spec"], strict=True)))
    columns = scores.assign(probe=scores["probe"].fillna("") if "probe" in scores.columns else "")
    marks: dict[str, tuple[Mark, ...]] = dict.fromkeys(video_ids, ())
    for scorer, spec in names:
        own = columns[columns["scorer"].eq(scorer) & columns["spec"].eq(spec)]
        asked = list(dict.fromkeys(zip(own["task"], own["probe"], strict=True)))
        rater = f"{scorer} ({spec})" if several[scorer] else scorer
        for video_id in marks:
            rows = own[own["video_id"].eq(video_id)]
            marks[video_id] += (make_mark(rater, scorer, asked, rows),)
    return marks


def make_mark(rater: str, scorer: str, asked: Iterable[tuple[str, str]], rows: pd.DataFrame) -> Mark:
    """Put one scorer's answers about one video into words."""
    values, reasons = [], []
    for task, probe in asked:
        answers = rows[rows["task"].eq(task) & rows["probe"].eq(probe)]
        label = "" if task == scorer else name_task(task)
        if probe:
            label = f"{label} ({probe})".strip()
        known = answers.loc[answers["status"].eq("ok"), "score"]
        if not len(answers):
            values.append(f"{label} {NO_SCORE}".strip())
        elif task == "rule":
            values.append(count_rules(known, lost=len(answers) - len(known)))
        elif len(known):
            values.append(f"{label} {say_number(float(known.iloc[0]))}".strip())
        else:
            values.append(f"{label} {answers['status'].iloc[0]}".strip())
        reasons += [say_reason(row, label) for row in answers[answers["status"].ne("ok")].to_dict("records")]
    return Mark(rater, tuple(values), tuple(dict.fromkeys(reasons)))


def say_reason(row: dict[Any, Any], label: str) -> str:
    """Say why there is no score: the error, else what the judge answered."""
    text = next((row[key] for key in ("error", "answer") if isinstance(row.get(key), str) and row[key]), "")
    short = text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 1]}…"
    return ": ".join(part for part in (label, short or "no reason is given") if part)


def count_rules(labels: pd.Series, *, lost: int = 0) -> str:
    """Count rules: followed of those decided, those that cannot be determined, those without a label."""
    decided = int(labels.isin([0, 1]).sum())
    open_ = int(labels.eq(2).sum())
    counts = [f"{int(labels.eq(1).sum())} of {decided} followed"] if decided else []
    counts += [f"{open_} undetermined"] if open_ else []
    counts += [f"{lost} unscored"] if lost else []
    return f"rules: {', '.join(counts)}"


def name_task(task: str) -> str:
    """Give a task's name for readers."""
    return TASKS.get(task, task)


def say_number(value: float) -> str:
    """Write a number with three digits, whole numbers as such, with a true minus sign."""
    text = f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"
    return text.replace("-", "−")
