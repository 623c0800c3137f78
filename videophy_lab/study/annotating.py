"""How an annotation went: who is qualified, who rates how, and whether people agree about rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from videophy_lab.stats.aggregation import rater_rest_correlation
from videophy_lab.stats.annotators import krippendorff_alpha_interval
from videophy_lab.stats.disagreement import annotator_shift
from videophy_lab.stats.estimate import Estimate
from videophy_lab.stats.means import wilson_interval
from videophy_lab.study.annotators import estimate_exact_agreement, pivot_annotators
from videophy_lab.study.tables import make_estimates, make_row
from videophy_lab.study.words import say_count

KNOWN = ("qualification", "attention")
SCALED = ("sa", "pc")
DESCRIBED = ("task", "annotator", "n_videos", "mean", "shift", "rater_rest_correlation", "commonest_share",
             "median_seconds")  # fmt: skip


def qualify_annotators(
    checks: pd.DataFrame,
    *,
    role: Literal["qualification", "attention"] = "qualification",
    needed: float = 0.8,
    by: Literal["estimate", "low"] = "estimate",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the share of known answers that every annotator gave right, and say who is qualified.

    Parameters
    ----------
    checks : DataFrame
        ``annotator, role, right`` and ``video_id, prompt_id``, as annotation collects them.
    role : {"qualification", "attention"}
        Which of them count.
    needed : float
        Share that must be right.
    by : {"estimate", "low"}
        What must reach it: the share itself, or the lower end of its interval. A share of ten answers says
        little: with 9 of 10 right the interval (level 95 %) begins at 60 %.

    Returns
    -------
    DataFrame
        Estimates (``share_right``, Wilson's interval over answers) with ``annotator``, ``role``,
        ``n_answers`` and ``qualified``.
    """
    if by not in ("estimate", "low") or role not in KNOWN:
        raise ValueError(f"by is {by!r} (allowed: estimate, low), role is {role!r} (allowed: {KNOWN})")
    rows = []
    for annotator, own in checks[checks["role"].eq(role)].groupby("annotator", sort=True):
        n, right = len(own), int(own["right"].sum())
        low, high = (float(end) for end in wilson_interval(right, n, level=confidence))
        estimate = Estimate(
            right / n, low, high, confidence, "wilson", own["video_id"].nunique(), own["prompt_id"].nunique()
        )
        row = make_row(estimate, "share_right", annotator=annotator, role=role)
        rows.append(row | {"n_answers": n, "qualified": getattr(estimate, by) >= needed})
    table = make_estimates(rows, groups=("annotator", "role", "n_answers", "qualified"))
    return table.astype({"qualified": bool})


def keep_annotators(ratings: pd.DataFrame, annotators: Iterable[str]) -> pd.DataFrame:
    """Keep the ratings of some annotators; raise when nothing is left."""
    names = set(annotators)
    kept = ratings[ratings["annotator"].isin(names)].reset_index(drop=True)
    if not len(kept):
        raise ValueError(
            f"no rating is left: kept are {', '.join(sorted(names)) or 'nobody'}, ratings are of "
            f"{', '.join(sorted(ratings['annotator'].dropna().unique()))}. Remedy: lower what is needed"
        )
    return kept


def describe_annotators(ratings: pd.DataFrame, times: pd.DataFrame | None = None) -> pd.DataFrame:
    """Describe every annotator at every task on a scale.

    Parameters
    ----------
    ratings : DataFrame
        A ratings table with ``annotator``.
    times : DataFrame, optional
        ``annotator, kind, item_id, seconds``, one row an answer; else the column ``seconds`` of the ratings,
        if there is one.

    Returns
    -------
    DataFrame
        ``task, annotator, n_videos, mean, shift`` (how much higher than the others on shared videos),
        ``rater_rest_correlation, commonest_share`` (share of the commonest answer: 1 is always the same) and
        ``median_seconds`` of a video, everything that was done at it taken together.
    """
    rows = []
    for task in [task for task in SCALED if ratings["task"].eq(task).any()]:
        of_task = ratings[ratings["task"].eq(task)]
        wide = pivot_annotators(of_task)
        matrix = wide.to_numpy(dtype=float)
        shifts, correlations = annotator_shift(matrix), rater_rest_correlation(matrix)
        for place, annotator in enumerate(wide.columns):
            own = wide[annotator].dropna()
            rows.append(
                {
                    "task": task,
                    "annotator": annotator,
                    "n_videos": len(own),
                    "mean": own.mean(),
                    "shift": shifts[place],
                    "rater_rest_correlation": correlations[place],
                    "commonest_share": own.value_counts(normalize=True).max(),
                    "median_seconds": _find_seconds(of_task, times, task, str(annotator)),
                }
            )
    return pd.DataFrame(rows, columns=list(DESCRIBED))


def _find_seconds(ratings: pd.DataFrame, times: pd.DataFrame | None, task: str, annotator: str) -> float:
    if times is not None and len(times):
        own = times[times["kind"].eq(task) & times["annotator"].eq(annotator)]
        own = own[own["role"].eq("work")] if "role" in own.columns else own
        return float(pd.to_numeric(own["seconds"]).groupby(own["item_id"]).sum(min_count=1).median())
    if "seconds" in ratings.columns:
        own = ratings[ratings["annotator"].eq(annotator)]
        return float(pd.to_numeric(own["seconds"]).median())
    return float("nan")


def rule_agreement(ratings: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Measure the agreement of annotators about rules: followed, violated, cannot tell.

    Parameters
    ----------
    ratings : DataFrame
        A ratings table with ``annotator``.

    Returns
    -------
    DataFrame
        Estimates with ``task``: Krippendorff's nominal α over rules of videos, and the share of those on
        which all agree; empty without a rule that two annotators judged. ``n_videos`` counts videos, the
        intervals are over rules of videos with prompts as the independent units.

    Raises
    ------
    ValueError
        A rating names no annotator or no rule, or an annotator judged a rule of a video twice.
    """
    rules = ratings[ratings["task"].eq("rule")]
    if not len(rules):
        return make_estimates([], groups=("task",))
    wide = pivot_annotators(rules, ["video_id", "rule_id"])
    matrix = wide.to_numpy(dtype=float)
    several = (~np.isnan(matrix)).sum(axis=1) > 1
    rows: list[dict[str, object]] = []
    if several.any():
        prompts = rules.drop_duplicates("video_id").set_index("video_id")["prompt_id"]
        clusters = prompts.loc[wide.index.get_level_values("video_id")].to_numpy(dtype=str)
        alpha = krippendorff_alpha_interval(
            matrix,
            metric="nominal",
            level=confidence,
            clusters=clusters,
        )
        n_videos = wide.index[several].get_level_values("video_id").nunique()
        agree = estimate_exact_agreement(matrix, clusters, confidence=confidence)
        rows.append(make_row(alpha, "alpha_nominal", task="rule") | {"n_videos": n_videos})
        rows.append(make_row(agree, "exact_agreement", task="rule") | {"n_videos": n_videos})
    return make_estimates(rows, groups=("task",))


def flag_annotators(
    screened: pd.DataFrame, qualification: pd.DataFrame, attention: pd.DataFrame
) -> pd.DataFrame:
    """Name the annotators who are not qualified, do not attend, or do not follow the others, and say why.

    Parameters
    ----------
    screened : DataFrame
        Rows of ``screen_annotators``.
    qualification, attention : DataFrame
        Rows of :func:`qualify_annotators`; may be empty.

    Returns
    -------
    DataFrame
        ``annotator, reason``, one row each; every number with its interval and n.
    """
    reasons: dict[str, list[str]] = {}
    for known, what in ((qualification, "the qualification"), (attention, "attention checks")):
        for row in known[~known["qualified"]].to_dict("records"):
            share, low, high = (100 * float(row[name]) for name in ("estimate", "low", "high"))
            said = f"{share:.0f} % ({low:.0f} to {high:.0f}, n = {row['n_answers']}) of {what} right"
            reasons.setdefault(str(row["annotator"]), []).append(said)
    for row in screened[~screened["kept"]].to_dict("records"):
        reasons.setdefault(str(row["annotator"]), []).append(_say_correlation(row))
    rows = [{"annotator": name, "reason": "; ".join(reasons[name])} for name in sorted(reasons)]
    return pd.DataFrame(rows, columns=["annotator", "reason"])


def _say_correlation(row: Mapping[Any, Any]) -> str:
    task, n = str(row["task"]).upper(), say_count(int(row["n_shared"]), "video")
    correlation, low, high = (float(row[name]) for name in ("rater_rest_correlation", "low", "high"))
    if np.isnan(correlation):
        return f"no correlation with the others in {task} can be told (n = {n})"
    counted = f"n = {n}" if np.isnan(low) else f"{low:.2f} to {high:.2f}, n = {n}"
    said = f"the correlation with the others in {task} is {correlation:.2f} ({counted})"
    return said.replace("-", "−")


def join_estimates(*tables: pd.DataFrame) -> pd.DataFrame:
    """Put tables of estimates under each other; empty ones add nothing."""
    return pd.concat([table for table in tables if len(table)] or list(tables[:1]), ignore_index=True)
