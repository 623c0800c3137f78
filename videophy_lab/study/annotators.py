"""Several annotators a video: how far they agree, whom to trust, one rating from many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from videophy_lab.schema import Scale
from videophy_lab.schema.labels import settle_labels
from videophy_lab.stats.aggregation import (
    Aggregation,
    aggregate_ratings,
    rater_rest_correlation,
    rater_rest_intervals,
    screen_raters,
)
from videophy_lab.stats.aggregation import compare_aggregations as compare_shares
from videophy_lab.stats.annotators import (
    Metric,
    intraclass_correlation,
    krippendorff_alpha_interval,
)
from videophy_lab.stats.disagreement import rating_spread
from videophy_lab.stats.estimate import Estimate
from videophy_lab.stats.means import cluster_rate_estimate
from videophy_lab.study.tables import TASKS, check_names, choose_scale, make_estimates, make_row

ALPHA_METRICS: tuple[Metric, ...] = ("nominal", "ordinal", "interval")


def annotator_agreement(
    ratings: pd.DataFrame,
    *,
    metrics: Sequence[Metric] = ALPHA_METRICS,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Measure the agreement of annotators on every task.

    Parameters
    ----------
    ratings : DataFrame
        A ratings table with the column ``annotator``.

    Returns
    -------
    DataFrame
        Estimates with ``task``: Krippendorff's α (``alpha_nominal`` …, any number of annotators a video),
        the intraclass correlations (``icc_2_1`` …, videos rated by all annotators only) and the share of
        videos on which all agree (Wilson's interval at the effective number of videos). A task of which no
        video was rated by two or more has no row.
    """
    rows = []
    for task, matrix, prompts in _matrices(ratings):
        if not ((~np.isnan(matrix)).sum(axis=1) > 1).any():
            continue
        for metric in metrics:
            estimate = krippendorff_alpha_interval(
                matrix,
                metric=metric,
                level=confidence,
                clusters=prompts,
            )
            rows.append(make_row(estimate, f"alpha_{metric}", task=task))
        complete = ~np.isnan(matrix).any(axis=1)
        if complete.any():
            for name, estimate in intraclass_correlation(matrix, level=confidence, clusters=prompts).items():
                quantity = name.lower().replace("(", "_").replace(",", "_").rstrip(")")
                counts = {"n_prompts": len(np.unique(prompts[complete]))}
                rows.append(make_row(estimate, quantity, task=task) | counts)
        exact = estimate_exact_agreement(matrix, prompts, confidence=confidence)
        rows.append(make_row(exact, "exact_agreement", task=task))
    return make_estimates(rows, groups=("task",))


def estimate_exact_agreement(matrix: np.ndarray, prompts: np.ndarray, *, confidence: float) -> Estimate:
    """Estimate the share of items on which all annotators agree; prompts are the independent units.

    Parameters
    ----------
    matrix : (n_items, n_annotators) float
        NaN where missing; items with fewer than two ratings are left out.
    prompts : (n_items,) prompt of each item
    """
    spread = rating_spread(matrix)
    agree = np.where(np.isnan(spread), np.nan, spread == 0)
    return cluster_rate_estimate(agree, prompts, level=confidence)


def screen_annotators(
    ratings: pd.DataFrame,
    *,
    threshold: float = 0.2,
    method: Literal["pearson", "spearman"] = "pearson",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Correlate every annotator with the mean of the others, and mark those below the threshold.

    Returns
    -------
    DataFrame
        ``task, annotator, n_videos, rater_rest_correlation, kept``, and of the correlation ``low, high,
        level`` and ``n_shared``, the videos that others rated too. What is below the threshold is the
        correlation, not an end of its interval. Whoever is alone at a task is kept: there are no others.
    """
    parts = []
    for task, matrix, prompts in _matrices(ratings):
        annotators = _annotator_names(ratings, task)
        intervals = rater_rest_intervals(matrix, prompts, method=method, level=confidence)
        parts.append(
            pd.DataFrame(
                {
                    "task": task,
                    "annotator": annotators,
                    "n_videos": (~np.isnan(matrix)).sum(axis=0),
                    "rater_rest_correlation": rater_rest_correlation(matrix, method=method),
                    "kept": screen_raters(matrix, threshold=threshold, method=method)
                    | (len(annotators) == 1),
                    "low": [estimate.low for estimate in intervals],
                    "high": [estimate.high for estimate in intervals],
                    "level": confidence,
                    "n_shared": [estimate.n for estimate in intervals],
                }
            )
        )
    columns = [
        "task", "annotator", "n_videos", "rater_rest_correlation", "kept", "low", "high", "level", "n_shared",
    ]  # fmt: skip
    screened = pd.concat(parts or [pd.DataFrame(columns=columns)], ignore_index=True)
    return screened.astype({"kept": bool})


def aggregate_annotators(
    ratings: pd.DataFrame, *, how: Aggregation = "mean", threshold: float | None = None
) -> pd.DataFrame:
    """Make one rating a video and task of the annotators' ratings, and one label a rule of a video.

    Labels of rules are no scale: whatever `how` and `threshold` are, the commonest counts, and 2 (cannot be
    determined) where two are as common.

    Parameters
    ----------
    how : {"mean", "median", "mode", "majority", "dawid_skene"}
        As in :func:`videophy_lab.stats.aggregation.aggregate_ratings`. ``"majority"`` asks whether most
        ratings reach ``threshold``.
    threshold : float, optional
        With it the rating becomes 1 where the aggregate reaches it and 0 where not. Needed by ``"majority"``.

    Returns
    -------
    DataFrame
        A ratings table without ``annotator``, with ``n_annotators``.
    """
    keys = ["video_id", "prompt_id", "generator", "task"]
    parts = []
    for task, matrix, _ in _matrices(ratings):
        of_task = ratings[ratings["task"].eq(task)]
        counts = of_task.groupby("video_id")["rating"].count().rename("n_annotators")
        values = pd.Series(
            aggregate_ratings(matrix, how=how, threshold=threshold), index=counts.index, name="rating"
        )
        extras = [c for c in ratings.columns if c not in {*keys, "rating", "annotator", "rule_id"}]
        one = of_task.drop_duplicates("video_id")[[*keys, *extras]]
        parts.append(one.join(values, on="video_id").join(counts, on="video_id"))
    if ratings["task"].eq("rule").any():
        parts.append(_settle_rules(ratings[ratings["task"].eq("rule")]))
    return pd.concat(parts or [pd.DataFrame(columns=[*keys, "rating", "n_annotators"])], ignore_index=True)


def compare_aggregations(
    ratings: pd.DataFrame, *, success: float | None = None, scale: Scale | str | None = None
) -> pd.DataFrame:
    """Show what the way of aggregating alone does to the share of successes.

    Parameters
    ----------
    ratings : DataFrame
        A ratings table with ``annotator``.
    success : float, optional
        Lowest combined rating that counts as success; that of the scale when not given.
    scale : Scale or {"1-5", "0/1"}, optional
        The ratings' scale; inferred from their values when not given. On 0/1 a combined rating above one
        half is a success, as in :func:`videophy_lab.study.pivot_ratings`.

    Returns
    -------
    DataFrame
        ``task, how, success_rate, n_videos``.
    """
    rows = []
    for task, matrix, _ in _matrices(ratings):
        threshold = find_success(ratings, scale) if success is None else success
        n_videos = int((~np.isnan(matrix)).any(axis=1).sum())
        for how, rate in compare_shares(matrix, threshold=threshold).items():
            rows.append({"task": task, "how": how, "success_rate": rate, "n_videos": n_videos})
    return pd.DataFrame(rows, columns=["task", "how", "success_rate", "n_videos"])


def find_success(ratings: pd.DataFrame, scale: Scale | str | None = None) -> float:
    """Give the lowest rating, or mean of ratings, that counts as success on their scale.

    It is the scale of SA and PC, where there are none that of the other questions.
    """
    scored = ratings[ratings["task"].isin(TASKS)]
    if not len(scored):
        scored = ratings[ratings["task"].ne("rule")].assign(task=TASKS[0])
    chosen = choose_scale(scored, scale)
    return float(np.nextafter(0.5, 1)) if chosen.high <= 1 else chosen.success


def pivot_annotators(of_task: pd.DataFrame, keys: Sequence[str] = ("video_id",)) -> pd.DataFrame:
    """Give the ratings of one task with a row an item and a column an annotator, NaN where not rated.

    Parameters
    ----------
    of_task : DataFrame
        Ratings of one task with ``annotator``.
    keys : sequence of str
        Columns that name an item: ``video_id``, and ``rule_id`` for rules.

    Raises
    ------
    ValueError
        A rating names no annotator or no item, or an annotator rated an item twice.
    """
    check_annotators(of_task)
    if of_task["task"].eq("rule").any() and (
        "rule_id" not in of_task.columns or of_task["rule_id"].isna().any()
    ):
        raise ValueError("a rating of a rule does not say which one. Remedy: fill in the column rule_id")
    twice = of_task.duplicated([*keys, "annotator"], keep=False)
    if twice.any():
        row = of_task[twice].iloc[0]
        raise ValueError(
            f"annotator {row['annotator']!r} rated {row['video_id']!r} twice for {row['task']!r}; give every "
            "annotator a name and keep one rating"
        )
    return of_task.pivot(index=list(keys), columns="annotator", values="rating")


def check_annotators(ratings: pd.DataFrame) -> None:
    """Raise ValueError if a rating names no annotator."""
    if "annotator" not in ratings.columns or (len(ratings) and ratings["annotator"].isna().all()):
        raise ValueError(
            "these ratings name no annotator: each video has one rating already. Agreement of annotators "
            "needs the column 'annotator' with one row for every annotator and video"
        )
    nameless = ratings["annotator"].isna()
    if nameless.any():
        raise ValueError(
            f"{int(nameless.sum()):,} of {len(ratings):,} ratings name no annotator, such as that of "
            f"{ratings.loc[nameless, 'video_id'].iloc[0]!r}. Remedy: fill in the column annotator, or leave "
            "these ratings out"
        )


def _settle_rules(rules: pd.DataFrame) -> pd.DataFrame:
    """Make one label a rule of a video."""
    keys = ["video_id", "rule_id"]
    pivot_annotators(rules, keys)
    counts = rules.groupby(keys)["rating"].count().rename("n_annotators")
    one = rules.drop_duplicates(keys).drop(columns=["rating", "annotator"])
    return one.join(settle_labels(rules, keys), on=keys).join(counts, on=keys)


def _matrices(ratings: pd.DataFrame) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield task, the (videos, annotators) matrix and each video's prompt."""
    check_annotators(ratings)
    check_names(ratings)
    for task, of_task in ratings[ratings["task"].ne("rule")].groupby("task"):
        wide = pivot_annotators(of_task)
        prompts = of_task.drop_duplicates("video_id").set_index("video_id").loc[wide.index, "prompt_id"]
        yield str(task), wide.to_numpy(dtype=float), prompts.to_numpy(dtype=str)


def _annotator_names(ratings: pd.DataFrame, task: str) -> list[str]:
    return sorted(ratings.loc[ratings["task"].eq(task), "annotator"].unique())
