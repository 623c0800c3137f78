"""Metrics of a video's quality beside its rated physics: whether the one follows from the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests

from videophy_lab.study.tables import TASKS, count_videos, keep_plain_scores
from videophy_lab.study.words import Row, choose_name

QUESTIONS = (*TASKS, "rule")
STATUS_COUNTS = ["n_videos", "n_ok", "n_unscored", "n_failed", "n_without_row"]


def keep_metrics(scores: pd.DataFrame, metrics: Sequence[str] = ()) -> pd.DataFrame:
    """Keep the scores of metrics: every task that is no question asked of a judge.

    Parameters
    ----------
    scores : DataFrame
        A scores table.
    metrics : sequence of str
        Names of metrics; all when empty.

    Returns
    -------
    DataFrame
        The scores of the metrics, ``scorer`` and ``task`` both the metric's name: its task, followed by its
        scorer where several scorers have a task of that name. The scorer itself is kept as ``measured_by``.

    Raises
    ------
    ValueError
        There is no metric, or none of a name asked for.
    """
    plain = keep_plain_scores(scores)
    found = plain[~plain["task"].isin(QUESTIONS)]
    if found.empty:
        tasks = ", ".join(sorted(map(str, scores["task"].unique()))) or "none"
        raise ValueError(
            f"the scores hold no metric (their tasks: {tasks}). Score the videos with some, such as "
            "videophy-lab score VIDEOS --scorer aesthetic_quality --scorer motion_smoothness, or leave this "
            "notebook out of the report"
        )
    shared = found.groupby("task")["scorer"].transform("nunique").gt(1)
    names = found["task"].where(~shared, found["task"] + " by " + found["scorer"])
    named = found.assign(measured_by=found["scorer"], scorer=names, task=names)
    known = list(dict.fromkeys(names))
    chosen = [choose_name(metric, known, what="metric") for metric in metrics]
    return named[named["scorer"].isin(chosen)] if chosen else named


def take_judge_as_ratings(scores: pd.DataFrame, judge: str) -> pd.DataFrame:
    """Give a judge's SA and PC the form of ratings, where no human rated.

    Parameters
    ----------
    scores : DataFrame
        A scores table with ``generator`` and ``prompt_id`` (see :func:`videophy_lab.study.name_scores`).
    judge : str

    Returns
    -------
    DataFrame
        ``video_id, prompt_id, generator, task, rating``.

    Raises
    ------
    ValueError
        No such judge, or videos of which generator and prompt are not known.
    """
    plain = keep_plain_scores(scores)
    asked = plain[plain["task"].isin(TASKS)]
    choose_name(judge, sorted(asked["scorer"].unique()), what="judge")
    usable = asked[asked["scorer"].eq(judge) & asked["status"].eq("ok")]
    nameless = usable[usable["prompt_id"].isna() | usable["generator"].isna()]
    if len(nameless):
        raise ValueError(
            f"nothing tells the generator and the prompt of video {nameless['video_id'].iloc[0]!r}; add the "
            "columns generator and prompt_id to the scores, or name videos generator/prompt_id/seed"
        )
    columns = ["video_id", "prompt_id", "generator", "task"]
    return usable[columns].assign(rating=usable["score"].astype(float)).reset_index(drop=True)


def describe_metrics(
    ratings: pd.DataFrame, metrics: pd.DataFrame, better: Mapping[str, str], *, scale: str | None = None
) -> pd.DataFrame:
    """Describe every metric: who measured it, which end is better, how many rated videos have it.

    Parameters
    ----------
    ratings, metrics : DataFrame
        A ratings table; scores from :func:`keep_metrics`.
    better : mapping of metric or scorer to str
        ``"higher"``, ``"lower"`` or ``"neither"``, where known.

    Returns
    -------
    DataFrame
        ``metric, measured_by, better`` (``"not told"`` where unknown), ``lowest, median, highest`` of the
        usable values, ``n_videos`` (rated), ``n_ok, n_unscored, n_failed, n_without_row``.
    """
    counts = count_videos(ratings, metrics, scale=scale).groupby("scorer", sort=False)[STATUS_COUNTS].sum()
    rows = []
    for metric, part in metrics.groupby("scorer", sort=False):
        values = part.loc[part["status"].eq("ok"), "score"].astype(float)
        scorer = part["measured_by"].iloc[0]
        rows.append(
            {
                "metric": metric,
                "measured_by": scorer,
                "better": better.get(str(metric), better.get(scorer, "not told")),
                "lowest": values.min(),
                "median": values.median(),
                "highest": values.max(),
                **counts.loc[[metric]].to_dict("records")[0],
            }
        )
    return pd.DataFrame(rows)


def judge_metrics(correlations: pd.DataFrame, verdicts: pd.DataFrame, *, level: str) -> pd.DataFrame:
    """Set beside each metric's correlation at one level whether it is none and whether it is not 0.

    Parameters
    ----------
    correlations : DataFrame
        As of :func:`videophy_lab.correlate`, of one method.
    verdicts : DataFrame
        As of :func:`videophy_lab.assess_equivalence`.
    level : str
        ``"none"`` (pooled), ``"generator"``, ``"prompt"`` or ``"both"``.

    Returns
    -------
    DataFrame
        The correlations at the level, highest with PC first, with ``verdict`` (``"undefined"`` where there
        is no correlation) and ``margin`` of equivalence, ``p_value`` of a correlation of 0 (from the
        interval's own standard error on Fisher's z) and ``p_holm``, corrected over the metrics of each
        rating task.
    """
    rows = correlations[correlations["centred_by"].eq(level)].copy()
    rows["p_value"] = [find_p_value(dict(row)) for _, row in rows.iterrows()]
    rows["p_holm"] = np.nan
    for _, part in rows.dropna(subset=["p_value"]).groupby("rating_task"):
        rows.loc[part.index, "p_holm"] = multipletests(part["p_value"], method="holm")[1]
    keys = ["scorer", "rating_task", "centred_by"]
    judged = rows.merge(verdicts[[*keys, "margin", "verdict"]], on=keys, how="left")
    judged["verdict"] = judged["verdict"].mask(judged["estimate"].isna(), "undefined")
    strength = judged[judged["rating_task"].eq("pc")].set_index("scorer")["estimate"]
    order = judged["scorer"].map(strength).rename("strength")
    return (
        judged.assign(strength=order)
        .sort_values(["strength", "scorer", "rating_task"], ascending=[False, True, True], kind="stable")
        .drop(columns="strength")
        .reset_index(drop=True)
    )


def find_p_value(row: Row) -> float:
    """Find the two-sided p of a correlation of 0 that belongs to a jackknife interval on Fisher's z.

    The interval is ``z ± t · se`` with Student's t on prompts − 1 degrees of freedom, so p is below
    1 − level exactly where the interval leaves out 0; NaN where there is no such interval.
    """
    if row["method"] != "cluster_jackknife_fisher_z" or np.isnan(row["low"]):
        return float("nan")
    freedom = int(row["n_prompts"]) - 1
    half_width = (np.arctanh(row["high"]) - np.arctanh(row["low"])) / 2
    error = half_width / scipy_stats.t.ppf((1 + row["level"]) / 2, freedom)
    if error == 0:
        return float("nan")
    return float(2 * scipy_stats.t.sf(abs(np.arctanh(row["estimate"])) / error, freedom))


def compare_quality(
    correlations: pd.DataFrame, published: pd.DataFrame, counterparts: Mapping[str, str]
) -> pd.DataFrame:
    """Set correlations beside printed ones of the metrics that are taken for the same.

    Parameters
    ----------
    correlations : DataFrame
        As of :func:`videophy_lab.correlate`, of one method and level.
    published : DataFrame
        ``metric, rating_task, printed, source``.
    counterparts : mapping of metric to printed metric
        Which of ours is set beside which of theirs.

    Returns
    -------
    DataFrame
        ``metric, printed_metric, rating_task, recomputed, low, high, printed, holds_printed`` (whether the
        interval holds the printed value; NA without an interval), ``n_videos, source``.
    """
    theirs = list(published["metric"])
    for printed in counterparts.values():
        choose_name(printed, theirs, what="printed metric")
    ours = correlations.assign(printed_metric=correlations["scorer"].map(counterparts)).dropna(
        subset=["printed_metric"]
    )
    joined = ours.merge(
        published.rename(columns={"metric": "printed_metric"}), on=["printed_metric", "rating_task"]
    )
    joined["printed"] = pd.to_numeric(joined["printed"])
    holds = joined["printed"].between(joined["low"], joined["high"]).astype("boolean")
    joined["holds_printed"] = holds.mask(joined["low"].isna())
    joined = joined.rename(columns={"scorer": "metric", "estimate": "recomputed"})
    columns = ["metric", "printed_metric", "rating_task", "recomputed", "low", "high", "printed"]
    return joined[[*columns, "holds_printed", "n_videos", "source"]].reset_index(drop=True)
