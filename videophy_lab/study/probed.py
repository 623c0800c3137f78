"""What the studies of probes start from: pairs, answers, and the names that readers see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from videophy_lab.study.pairing import keep_scorers, list_judges_of_pairs
from videophy_lab.study.probe_answers import name_answers
from videophy_lab.study.probe_gaps import say_no_videos, say_not_asked, say_strange_labels, say_strays
from videophy_lab.study.probes import keep_answers, pair_with_null
from videophy_lab.study.tables import TASKS

UNITS = {"prompt_id": "prompt"}


@dataclass(frozen=True)
class Probed:
    """Probed videos beside their controls, and who is compared.

    Attributes
    ----------
    videos : DataFrame
        Those that are used: a clip whose physics is wrong on purpose is no test of what an edit does to it.
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_with_null`, of the scorers and questions that are shown.
    answers : DataFrame
        From :func:`videophy_lab.study.name_answers`, of the same.
    judges, metrics : list of str
        Values of the pairs' ``scorer``; a judge answers a question.
    names : dict of scorer to name for readers
    unit : str
        What the independent units are: ``prompt``, ``action``.
    left_out : dict of scorer to list of tasks
        Questions that judges answered and that are not shown.
    gaps : list of str
        Sentences about rows that belong to nothing, and about videos that could not be compared.
    """

    videos: pd.DataFrame
    pairs: pd.DataFrame
    answers: pd.DataFrame
    judges: list[str]
    metrics: list[str]
    names: dict[str, str]
    unit: str
    left_out: dict[str, list[str]]
    gaps: list[str]


def prepare_probes(
    scores: pd.DataFrame,
    videos: pd.DataFrame,
    *,
    better: Mapping[str, str] | None = None,
    scales: Mapping[str, str] | None = None,
    value: str = "score",
    cluster: str = "",
    scorers: Sequence[str] = (),
    tasks: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
) -> Probed:
    """Pair scores with their controls, and name who is compared.

    Parameters
    ----------
    scores, videos, better, scales, value
        As of :func:`videophy_lab.study.pair_with_null`.
    cluster : str
        Column of the videos that names the independent units; when blank ``action`` where every video has
        one, else ``prompt_id``.
    scorers, tasks : sequence of str
        Those to show, as of :func:`videophy_lab.study.keep_scorers`.
    labels : mapping of scorer to name for readers
        By the name in the tables, or the scorer's own.
    """
    right = videos[videos["kind"].fillna("right").eq("right")] if "kind" in videos.columns else videos
    column = cluster or choose_cluster(right)
    every = pair_with_null(scores, right, better=better, scales=scales, value=value, cluster=column)
    pairs = keep_scorers(every, scorers, tasks)
    asking = list_judges_of_pairs(every)
    own_name = dict(zip(pairs["scorer"], pairs["measured_by"], strict=True))
    shown = set(zip(pairs["measured_by"], pairs["task"], strict=True))
    of_judges = every[every["measured_by"].isin(asking) & every["measured_by"].isin(pairs["measured_by"])]
    answered = sorted(set(zip(of_judges["measured_by"], of_judges["task"], strict=True)) - shown)
    left_out: dict[str, list[str]] = {}
    for name, task in answered:
        left_out.setdefault(name, []).append(task)
    judges = [name for name in own_name if own_name[name] in asking]
    names = name_for_readers(pairs, labels or {})
    known = [*scores["scorer"], *every["scorer"], *every["probe"], *every["generator"]]
    gaps = [
        *say_strays(scores, videos),
        *say_no_videos(right),
        *say_not_asked(pairs, names, judges),
        *say_strange_labels(labels or {}, known),
    ]
    return Probed(
        videos=right,
        pairs=pairs,
        answers=name_answers(keep_answers(scores, right, value=value), pairs),
        judges=judges,
        metrics=[name for name in own_name if own_name[name] not in asking],
        names=names,
        unit=UNITS.get(column, column),
        left_out=left_out,
        gaps=gaps,
    )


def choose_cluster(videos: pd.DataFrame) -> str:
    """Choose the column of the independent units: the action where every video has one, else the prompt."""
    return "action" if "action" in videos.columns and videos["action"].notna().all() else "prompt_id"


def name_for_readers(pairs: pd.DataFrame, labels: Mapping[str, str]) -> dict[str, str]:
    """Name every scorer of the pairs by its label, followed by the question where it answers several."""
    rows = pairs[["scorer", "measured_by", "task"]].drop_duplicates().astype(str)
    several = rows["measured_by"].duplicated(keep=False)
    names = {}
    for (scorer, own, task), is_one_of_several in zip(rows.itertuples(index=False), several, strict=True):
        plain = labels.get(own, own).replace("_", " ")
        question = task.upper() if task in TASKS else task.replace("_", " ")
        names[scorer] = labels.get(scorer, f"{plain}, {question}" if is_one_of_several else plain)
    return names
