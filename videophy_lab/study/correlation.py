"""Scores against ratings at the four levels, the sentinels, and the verdict on "no correlation"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from videophy_lab.schema import Scale
from videophy_lab.stats.attenuation import correct_attenuation
from videophy_lab.stats.correlation import (
    CENTRINGS,
    METHODS,
    centred_correlation_interval,
    equivalence_verdict,
)
from videophy_lab.stats.estimate import Estimate
from videophy_lab.study.tables import (
    TASKS,
    keep_plain_scores,
    make_estimates,
    make_row,
    pivot_ratings,
    pivot_scores,
)

GROUPS = ("scorer", "score_task", "rating_task", "centred_by")
BOOTSTRAPPED = {("kendall", "generator")}


def correlate(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    level: str | Sequence[str] = CENTRINGS,
    methods: str | Sequence[str] = METHODS,
    value: str = "score",
    interval: str = "jackknife",
    n_resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
    scale: Scale | str | None = None,
) -> pd.DataFrame:
    """Correlate every scorer with the human ratings, pooled and within generators and prompts.

    Parameters
    ----------
    ratings, scores : DataFrame
        Tables of the contract's form, joined by ``video_id``.
    level : str or sequence of str
        What is taken out of both sides first: ``"none"`` (pooled), ``"generator"``, ``"prompt"``, ``"both"``;
        or ``"generator_means"``, the correlation between the generators' means.
    methods : sequence of {"pearson", "spearman", "kendall"}
        Pearson centres the raw values; Spearman and Kendall centre the pooled mid-ranks.
    value : {"score", "expected"}
        Which column of the scores is used.
    interval : {"jackknife", "bootstrap"}
        Delete-one-prompt jackknife on Fisher's z, or percentile bootstrap over prompts. Kendall within
        generators always has the bootstrap: there it jumps when one prompt's ties move, and the jackknife is
        up to three times too wide.
    n_resamples, seed : int
        For the bootstrap only.
    confidence : float
        Confidence level of the intervals.

    Returns
    -------
    DataFrame
        Estimates with ``scorer, score_task, rating_task, centred_by``, ``n_generators`` and ``n_missing``
        (rated videos that the scorer left without a usable score). A judge's SA meets the human SA and its PC
        the human PC; a metric meets both. NaN where a side does not vary.
    """
    levels = [level] if isinstance(level, str) else list(level)
    methods = [methods] if isinstance(methods, str) else list(methods)
    _check_options(levels, CENTRINGS, "level")
    _check_options(methods, METHODS, "methods")
    if n_resamples < 100:
        raise ValueError(f"n_resamples is {n_resamples}; an interval needs at least 100")
    if interval not in ("jackknife", "bootstrap"):
        raise ValueError(f"interval must be 'jackknife' or 'bootstrap'; not {interval!r}")
    rows = []
    for groups, x, y, prompts, generators, n_missing in pair_columns(
        ratings, scores, value=value, scale=scale
    ):
        for method in methods:
            for centred_by in levels:
                estimate = centred_correlation_interval(
                    x,
                    y,
                    prompts,
                    generators,
                    centred_by=centred_by,
                    method=method,
                    interval="bootstrap" if (method, centred_by) in BOOTSTRAPPED else interval,
                    level=confidence,
                    n_resamples=n_resamples,
                    rng=np.random.default_rng(seed),
                )
                row = make_row(estimate, method, **groups, centred_by=centred_by) | {"n_missing": n_missing}
                row |= {"n_videos": len(x), "n_generators": len(np.unique(generators))}
                rows.append(row | ({"seed": seed} if "bootstrap" in estimate.method else {}))
    return make_estimates(rows, groups=GROUPS)


def assess_equivalence(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    margin: float = 0.3,
    method: str = "spearman",
    level: Sequence[str] = CENTRINGS[:4],
    value: str = "score",
    scale: Scale | str | None = None,
) -> pd.DataFrame:
    """Judge "no strong correlation": equivalent to none, non-zero, or inconclusive.

    Parameters
    ----------
    margin : float
        Declared before looking: correlations within (−margin, margin) count as none.

    Returns
    -------
    DataFrame
        ``scorer, score_task, rating_task, centred_by, method, estimate, low90, high90, low95, high95, margin,
        verdict, n_videos, n_prompts``.
    """
    rows = []
    for groups, x, y, prompts, generators, _ in pair_columns(ratings, scores, value=value, scale=scale):
        for centred_by in level:
            verdict = equivalence_verdict(
                x, y, prompts, generators, centred_by=centred_by, method=method, margin=margin
            )
            rows.append(
                groups
                | {
                    "centred_by": centred_by,
                    "method": method,
                    "estimate": verdict.estimate,
                    "low90": verdict.low90,
                    "high90": verdict.high90,
                    "low95": verdict.low95,
                    "high95": verdict.high95,
                    "margin": margin,
                    "verdict": verdict.verdict,
                    "n_videos": len(x),
                    "n_prompts": len(np.unique(prompts)),
                }
            )
    return pd.DataFrame(rows)


def pair_columns(
    ratings: pd.DataFrame, scores: pd.DataFrame, *, value: str = "score", scale: Scale | str | None = None
) -> Iterator[tuple[dict[str, str], np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]]:
    """Yield, for every scorer, score task and rating task, the two columns of the videos that have both.

    Yields
    ------
    groups : dict
        ``scorer, score_task, rating_task``.
    rating, score : (n,) float
    prompts, generators : (n,) str
    n_missing : int
        Videos with the rating but without the score.
    """
    videos = pivot_ratings(ratings, scale=scale)
    wide = pivot_scores(scores, value=value)
    if len(wide) and not wide["video_id"].isin(videos["video_id"]).any():
        raise ValueError(
            "ratings and scores have no video_id in common: the ratings have "
            f"{videos['video_id'].iloc[0]!r}, the scores {wide['video_id'].iloc[0]!r}; write the same "
            "video_id in both"
        )
    for scorer, of_scorer in wide.groupby("scorer", sort=False):
        joined = videos.merge(of_scorer, on="video_id", how="left", suffixes=("", "_score"))
        for score_task in [name for name in wide.columns if name not in ("scorer", "video_id")]:
            column = f"{score_task}_score" if f"{score_task}_score" in joined.columns else score_task
            if of_scorer[score_task].notna().sum() == 0:
                continue
            for rating_task in [score_task] if score_task in TASKS else TASKS:
                rated = joined.dropna(subset=[rating_task])
                both = rated.dropna(subset=[column])
                if both.empty:
                    continue
                yield (
                    {"scorer": str(scorer), "score_task": score_task, "rating_task": rating_task},
                    both[rating_task].to_numpy(dtype=float),
                    both[column].to_numpy(dtype=float),
                    both["prompt_id"].to_numpy(dtype=str),
                    both["generator"].to_numpy(dtype=str),
                    len(rated) - len(both),
                )


def correlate_tasks(
    ratings: pd.DataFrame,
    *,
    methods: Sequence[str] = METHODS,
    scale: Scale | str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Correlate the human SA with the human PC of the same videos at every level.

    Returns
    -------
    DataFrame
        As of :func:`correlate`, with scorer ``human SA`` and rating task ``pc``.
    """
    sa = ratings[ratings["task"].eq("sa")].rename(columns={"rating": "score"})
    sa = sa.groupby("video_id")[["score"]].mean().reset_index()
    scores = sa.assign(scorer="human SA", spec="human", task="human_sa", status="ok")
    table = correlate(ratings, scores, methods=methods, scale=scale, confidence=confidence)
    return table[table["rating_task"].eq("pc")].reset_index(drop=True)


def correct_correlations(correlations: pd.DataFrame, reliability: Mapping[str, float]) -> pd.DataFrame:
    """Correct Pearson correlations for the unreliability of the human ratings, where it is known.

    Parameters
    ----------
    correlations : DataFrame
        As of :func:`correlate`.
    reliability : mapping of rating task to float
        For example the ICC(2,k) of the annotators' mean. It holds for the level at which it was measured;
        here that is the pooled one, so only pooled correlations are corrected.

    Returns
    -------
    DataFrame
        Estimates ``pearson_disattenuated``; empty when no reliability is known.
    """
    chosen = correlations[correlations["quantity"].eq("pearson") & correlations["centred_by"].eq("none")]
    rows = []
    for row in chosen[chosen["rating_task"].isin(reliability)].to_dict("records"):
        observed = Estimate(
            *(row[name] for name in ("estimate", "low", "high", "level", "method", "n_videos", "n_prompts"))
        )
        corrected = correct_attenuation(observed, reliability_x=reliability[row["rating_task"]])
        groups = {name: row[name] for name in ("scorer", "score_task", "rating_task", "centred_by")}
        rows.append(make_row(corrected, "pearson_disattenuated", **groups))
    return make_estimates(rows)


def keep_common_videos(scores: pd.DataFrame, *, reference: pd.DataFrame) -> pd.DataFrame:
    """Keep the scores of the videos that every scorer of ``reference`` scored on every task."""
    plain = keep_plain_scores(reference)
    usable = plain[plain["status"].eq("ok")]
    wanted = usable.groupby(["scorer", "task"]).ngroups
    found = usable.groupby("video_id").apply(lambda rows: rows.groupby(["scorer", "task"]).ngroups)
    return scores[scores["video_id"].isin(found.index[found == wanted])]


def _check_options(given: Sequence[str], allowed: Sequence[str], name: str) -> None:
    unknown = [option for option in given if option not in allowed]
    if unknown:
        raise ValueError(f"{name} must be among {', '.join(allowed)}; not {', '.join(map(repr, unknown))}")
