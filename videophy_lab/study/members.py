"""The members of an ensemble: which scores join which task, and why a video lacks one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from videophy_lab.schema import Scale
from videophy_lab.stats.estimate import BoolArray, FloatArray
from videophy_lab.study.tables import TASKS, keep_plain_scores, name_scores, pivot_ratings, pivot_scores

SEPARATOR = ":"


@dataclass(frozen=True)
class MemberScores:
    """The members' scores for one task, one row a video.

    Attributes
    ----------
    task : {"sa", "pc"}
    members : tuple of str
    specs : tuple of str
        The settings of each member.
    videos : DataFrame
        ``video_id, prompt_id, generator, rating, reason``, sorted by ``video_id``: every video that a member
        has a row for or that is rated. ``reason`` says which members have no usable score; blank if all do.
    values : (n, k) float
        NaN where there is no usable score.
    """

    task: str
    members: tuple[str, ...]
    specs: tuple[str, ...]
    videos: pd.DataFrame
    values: FloatArray

    @property
    def complete(self) -> BoolArray:
        """Tell for each video whether it can be scored."""
        return np.asarray(self.videos["reason"].eq(""), dtype=bool)

    def select(self, rows: BoolArray) -> MemberScores:
        """Keep some of the videos."""
        videos = self.videos[rows].reset_index(drop=True)
        return MemberScores(self.task, self.members, self.specs, videos, self.values[rows])

    def leave_out(self, reasons: Mapping[str, str]) -> MemberScores:
        """Give videos, by video_id, a reason not to be scored, unless they have one."""
        told = [reasons.get(video_id, "") for video_id in self.videos["video_id"]]
        videos = self.videos.assign(reason=self.videos["reason"].where(~self.complete, told))
        return MemberScores(self.task, self.members, self.specs, videos, self.values)


def list_members(scores: pd.DataFrame) -> list[str]:
    """List every scorer of a table, sorted, as a member; a metric with several numbers is one for each."""
    answered = _list_tasks(scores)
    members = []
    for scorer, tasks in answered.items():
        is_one = len(tasks) == 1 or bool(set(TASKS) & set(tasks))
        members += [scorer] if is_one else [f"{scorer}{SEPARATOR}{task}" for task in tasks]
    return sorted(members)


def collect_members(
    scores: pd.DataFrame,
    members: Sequence[str],
    task: str,
    *,
    value: str = "score",
    ratings: pd.DataFrame | None = None,
    scale: Scale | str | None = None,
) -> MemberScores:
    """Collect the members' scores for one task.

    Parameters
    ----------
    scores : DataFrame
        A scores table; probed videos and single rules do not count.
    members : sequence of str
        ``"scorer"``: a judge joins with its answer to the task, a metric with its number, whichever the task.
        ``"scorer:task"`` takes this score of a scorer that has several.
    task : {"sa", "pc"}
    value : {"score", "expected"}
        Which column of a judge's scores is used; a metric has its score only.
    ratings : DataFrame, optional
        Their videos are added, and the ratings of the task; without them ``rating`` is NaN.

    Raises
    ------
    ValueError
        If a member is not in the scores, twice among the members, or does not say which score it means.
    """
    chosen = _locate_members(scores, members, task)
    plain = keep_plain_scores(scores).reset_index(drop=True)
    pairs = pd.MultiIndex.from_frame(plain[["scorer", "task"]])
    plain = plain[pairs.isin(list(chosen.values()))]
    videos = _list_videos(plain, ratings, task, scale)
    columns, reasons, specs = [], [], []
    for member, (scorer, score_task) in chosen.items():
        own = plain[plain["scorer"].eq(scorer) & plain["task"].eq(score_task)]
        column = _read_column(own, score_task, value if score_task in TASKS else "score")
        columns.append(videos["video_id"].map(column).to_numpy(dtype=float))
        reasons.append(_explain_gaps(own, videos["video_id"], member, columns[-1]))
        specs.append(", ".join(sorted(own["spec"].astype(str).unique())))
    joined = [", ".join(filter(None, of_video)) for of_video in zip(*reasons, strict=True)]
    videos["reason"] = [f"no usable score of {text}" if text else "" for text in joined]
    return MemberScores(task, tuple(chosen), tuple(specs), videos, np.column_stack(columns))


def _list_tasks(scores: pd.DataFrame) -> dict[str, list[str]]:
    """List the tasks of each scorer, single rules left out."""
    plain = keep_plain_scores(scores)
    return {
        str(scorer): [str(task) for task in tasks.unique()]
        for scorer, tasks in plain.groupby("scorer", sort=False)["task"]
    }


def _locate_members(scores: pd.DataFrame, members: Sequence[str], task: str) -> dict[str, tuple[str, str]]:
    """Find the scorer and the task of its scores that each member stands for."""
    answered = _list_tasks(scores)
    if isinstance(members, str) or not members or len(set(members)) < len(members):
        raise ValueError(f"members are {members!r}: give a list of one or more different names")
    return {member: _locate_member(member, answered, task) for member in members}


def _locate_member(member: str, answered: dict[str, list[str]], task: str) -> tuple[str, str]:
    """Find the scorer and the task of one member."""
    if member not in answered:
        scorer, _, score_task = member.rpartition(SEPARATOR)
        if score_task in answered.get(scorer, []):
            return scorer, score_task
        raise ValueError(f"no scorer {member!r} in the scores; there are {', '.join(answered)}")
    tasks = answered[member]
    if task in tasks:
        return member, task
    if set(TASKS) & set(tasks):
        raise ValueError(
            f"{member} has no scores of {task!r}, only of {', '.join(tasks)}: leave it out of the members, "
            "or this task out of tasks="
        )
    if len(tasks) > 1:
        options = ", ".join(repr(f"{member}{SEPARATOR}{name}") for name in tasks)
        raise ValueError(f"{member} has several numbers: name one as the member: {options}")
    return member, tasks[0]


def _list_videos(
    plain: pd.DataFrame, ratings: pd.DataFrame | None, task: str, scale: Scale | str | None
) -> pd.DataFrame:
    """List the videos of scores and ratings with their names and their rating."""
    columns = ["video_id", "prompt_id", "generator"]
    if ratings is None:
        videos = plain[["video_id"]].drop_duplicates().reindex(columns=[*columns, "rating"])
    else:
        named = pd.concat([name_scores(plain, ratings)[columns], ratings[columns]])
        rated = pivot_ratings(ratings, scale=scale)[["video_id", task]].rename(columns={task: "rating"})
        videos = named.drop_duplicates("video_id").merge(rated, on="video_id", how="left")
    return videos.sort_values("video_id").reset_index(drop=True)


def _read_column(own: pd.DataFrame, score_task: str, value: str) -> pd.Series:
    """Give one member's usable values by video; empty where it has none."""
    wide = pivot_scores(own, value=value)
    if score_task not in wide.columns:
        return pd.Series(dtype=float)
    return wide.set_index("video_id")[score_task]


def _explain_gaps(own: pd.DataFrame, video_ids: pd.Series, member: str, column: FloatArray) -> list[str]:
    """Say for each video why the member has no usable score; blank where it has one."""
    rows = own.drop_duplicates("video_id").set_index("video_id")
    errors = rows["error"].fillna("") if "error" in rows.columns else pd.Series("", index=rows.index)
    told = rows["status"].astype(str) + errors.astype(str).map(lambda text: f": {text}" if text else "")
    texts = video_ids.map(told.mask(rows["status"].eq("ok"), "no value")).fillna("no row")
    return [
        f"{member} ({text})" if np.isnan(number) else "" for text, number in zip(texts, column, strict=True)
    ]
