"""The joint decision of judges beside the humans' joint label."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from videophy_lab.schema import SCALES, Scale
from videophy_lab.study.tables import TASKS, choose_scale, derive_joint, pivot_ratings, pivot_scores


def choose_score_scale(scores: pd.DataFrame, scale: Scale) -> Scale | None:
    """Choose the scale of a judge's SA and PC: the ratings' own, else 0/1 or 1–5 where they lie on it.

    Returns
    -------
    Scale or None
        None where the scores fit neither.
    """
    values = scores[list(TASKS)].to_numpy(dtype=float)
    low, high = np.nanmin(values), np.nanmax(values)
    for candidate in (scale, SCALES["0/1"], SCALES["1-5"]):
        if candidate.low <= low and high <= candidate.high:
            return candidate
    return None


def decide_joint(scores: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    """Derive the joint decision of every judge on every video that it scored.

    A judge whose SA and PC lie on no scale known here has no decision: it is left out with a warning.

    Parameters
    ----------
    scores : DataFrame
        A scores table.
    scale : Scale
        The ratings' scale.

    Returns
    -------
    DataFrame
        ``scorer, video_id, joint_score``; NaN where SA or PC is missing.
    """
    columns = {"scorer": "str", "video_id": "str", "joint_score": "float64"}
    parts = [pd.DataFrame(columns=list(columns)).astype(columns)]
    for scorer, of_scorer in pivot_scores(scores).groupby("scorer", sort=False):
        if not set(TASKS) <= set(of_scorer.dropna(axis=1, how="all").columns):
            continue
        own = choose_score_scale(of_scorer, scale)
        if own is None:
            warnings.warn(
                f"{scorer}: its SA and PC lie neither on the ratings' scale ({scale.low:g} to "
                f"{scale.high:g}) nor on 0/1 or 1–5, so it has no joint decision; rescale them to get one",
                stacklevel=2,
            )
            continue
        decided = of_scorer.assign(joint_score=derive_joint(of_scorer["sa"], of_scorer["pc"], own))
        parts.append(decided[list(columns)])
    return pd.concat(parts[1:] or parts, ignore_index=True)


def join_joint(
    ratings: pd.DataFrame, scores: pd.DataFrame, *, scale: Scale | str | None = None
) -> pd.DataFrame:
    """Join the human joint label with the joint decision of every judge.

    Returns
    -------
    DataFrame
        ``scorer, video_id, prompt_id, generator, joint, joint_score``, one row a judge and rated video;
        ``joint_score`` is NaN where the judge has no usable SA or PC.
    """
    scale = choose_scale(ratings, scale)
    videos = pivot_ratings(ratings, scale=scale).dropna(subset=["joint"])
    decided = decide_joint(scores, scale)
    judges = decided[["scorer"]].drop_duplicates()
    columns = ["scorer", "video_id", "prompt_id", "generator", "joint", "joint_score"]
    return judges.merge(videos, how="cross").merge(decided, on=["scorer", "video_id"], how="left")[columns]


def need_one_judge(decided: pd.DataFrame) -> str:
    """Give the name of the only judge of a table with ``scorer``, or say which there are."""
    names = list(decided["scorer"].unique())
    if len(names) != 1:
        found = ", ".join(map(repr, names)) or "none"
        raise ValueError(
            f"this needs the SA and PC scores of one judge; the table has {found}: keep one with "
            "scores[scores.scorer == ...]"
        )
    return str(names[0])


def list_judges(
    ratings: pd.DataFrame, scores: pd.DataFrame, *, scale: Scale | str | None = None
) -> list[str]:
    """List the scorers that have a joint decision, in the order of the table; raise if there is none."""
    decided = decide_joint(scores, choose_scale(ratings, scale))
    if decided.empty:
        raise ValueError(
            "no scorer has SA and PC scores on 0/1, between 0 and 1, or on 1–5; rescale them, or leave this "
            "notebook out of the report. The scores hold "
            f"{', '.join(scores['scorer'].unique())} with the tasks {', '.join(scores['task'].unique())}"
        )
    return [str(name) for name in decided["scorer"].unique()]
