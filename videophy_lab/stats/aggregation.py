"""From several annotators' ratings of an item to one: who is kept, and how the rest are combined.

As in :mod:`videophy_lab.stats.annotators`, ``ratings`` has one row an item, one column an annotator, and NaN
where the annotator did not rate the item.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats as scipy_stats

from videophy_lab.stats.annotators import check_ratings, count_values
from videophy_lab.stats.correlation import centred_correlation_interval
from videophy_lab.stats.dawid_skene import fit_dawid_skene
from videophy_lab.stats.estimate import BoolArray, Estimate, FloatArray

Aggregation = Literal["mean", "median", "mode", "majority", "dawid_skene"]
AGGREGATIONS: tuple[Aggregation, ...] = ("mean", "median", "mode", "majority", "dawid_skene")


def rater_rest_correlation(
    ratings: ArrayLike, *, method: Literal["pearson", "spearman"] = "pearson"
) -> FloatArray:
    """Correlate each annotator with the mean of the others on the items they share.

    Parameters
    ----------
    ratings : (n_items, n_annotators) float
    method : {"pearson", "spearman"}

    Returns
    -------
    (n_annotators,) float
        NaN with fewer than three shared items, or where the annotator or the others never vary.

    Notes
    -----
    The corrected item-total correlation of Nunnally & Bernstein, *Psychometric Theory* (1994), chapter 8,
    with annotators in the place of test items.
    """
    own, rest, shared = _average_others(ratings)
    if method == "spearman":
        own, rest = (scipy_stats.rankdata(side, axis=0, nan_policy="omit") for side in (own, rest))
    elif method != "pearson":
        raise ValueError(f"method is {method!r}; it must be 'pearson' or 'spearman'")
    return _correlate_columns(own, rest, shared)


def rater_rest_intervals(
    ratings: ArrayLike,
    clusters: NDArray[np.generic],
    *,
    method: Literal["pearson", "spearman"] = "pearson",
    level: float = 0.95,
) -> list[Estimate]:
    """Estimate :func:`rater_rest_correlation` of each annotator with an interval that respects prompts.

    Parameters
    ----------
    ratings : (n_items, n_annotators) float
    clusters : (n_items,) prompt of each item
    method : {"pearson", "spearman"}
    level : float
        Confidence level.

    Returns
    -------
    list of Estimate
        ``n`` counts the items that the annotator shares with others. The interval is a delete-one-prompt
        jackknife on Fisher's z, as in
        :func:`videophy_lab.stats.correlation.centred_correlation_interval`; it takes the others as they are.
    """
    own, rest, shared = _average_others(ratings)
    labels = np.asarray(clusters)
    correlations = rater_rest_correlation(ratings, method=method)
    estimates = []
    for place, correlation in enumerate(correlations):
        rows = shared[:, place]
        n, n_clusters = int(rows.sum()), len(np.unique(labels[rows]))
        if np.isnan(correlation):
            estimates.append(
                Estimate(np.nan, np.nan, np.nan, level, "cluster_jackknife_fisher_z", n, n_clusters)
            )
            continue
        found = centred_correlation_interval(
            own[rows, place],
            rest[rows, place],
            labels[rows],
            np.zeros(n, dtype=int),
            centred_by="none",
            method=method,
            level=level,
        )
        estimates.append(found)
    return estimates


def screen_raters(
    ratings: ArrayLike, *, threshold: float = 0.2, method: Literal["pearson", "spearman"] = "pearson"
) -> BoolArray:
    """Choose the annotators who follow the others.

    Parameters
    ----------
    ratings : (n_items, n_annotators) float
    threshold : float
        Lowest :func:`rater_rest_correlation` of an annotator who is kept.
    method : {"pearson", "spearman"}

    Returns
    -------
    (n_annotators,) bool
        True where kept. An annotator whose correlation is undefined (fewer than three shared items, or always
        the same answer) is not kept, because nothing shows that they looked.

    Notes
    -----
    One pass: the others include those who are dropped. Freeze the threshold before looking at results.
    """
    return np.asarray(rater_rest_correlation(ratings, method=method) >= threshold, dtype=np.bool_)


def aggregate_ratings(ratings: ArrayLike, *, how: Aggregation, threshold: float | None = None) -> FloatArray:
    """Combine the ratings of each item into one.

    Parameters
    ----------
    ratings : (n_items, n_annotators) float
    how : {"mean", "median", "mode", "majority", "dawid_skene"}
        ``"mode"`` is the most frequent rating, the lowest of several (as ``scipy.stats.mode``);
        ``"majority"`` asks whether more than half of the ratings reach the threshold; ``"dawid_skene"`` is
        the likeliest rating where annotators err at rates of their own
        (:func:`videophy_lab.stats.dawid_skene.fit_dawid_skene`).
    threshold : float, optional
        The result is then 1 where it reaches the threshold and 0 where not. Needed for ``"majority"``.

    Returns
    -------
    (n_items,) float
        NaN for items without a rating.

    Notes
    -----
    The rule decides the share of items that pass, by ten points in three annotators' ratings of generated
    videos: see :func:`compare_aggregations`.
    """
    matrix = check_ratings(ratings)
    rated = ~np.isnan(matrix)
    combined = np.full(matrix.shape[0], np.nan)
    some = rated.any(axis=1)
    if how == "mean":
        combined[some] = np.nanmean(matrix[some], axis=1)
    elif how == "median":
        combined[some] = np.nanmedian(matrix[some], axis=1)
    elif how == "mode":
        counts, values = count_values(matrix[some])
        combined[some] = values[counts.argmax(axis=1)] if some.any() else np.nan
    elif how == "dawid_skene":
        combined = fit_dawid_skene(matrix).most_likely()
    elif how == "majority":
        if threshold is None:
            raise ValueError("a majority needs a threshold, for example threshold=4")
        combined[some] = (matrix >= threshold).sum(axis=1)[some] * 2 > rated.sum(axis=1)[some]
    else:
        raise ValueError(f"how is {how!r}; it must be one of {', '.join(AGGREGATIONS)}")
    if threshold is None or how == "majority":
        return combined
    return np.where(some, (combined >= threshold).astype(np.float64), np.nan)


def compare_aggregations(ratings: ArrayLike, *, threshold: float) -> dict[str, float]:
    """Compute the share of items that reach a threshold under each rule, side by side.

    Parameters
    ----------
    ratings : (n_items, n_annotators) float
    threshold : float

    Returns
    -------
    dict of str to float
        A share for each of `AGGREGATIONS`, of the items with a rating; NaN without any.
        With equally many odd ratings an item, median and majority are the same.
    """
    shares = {}
    for how in AGGREGATIONS:
        passed = aggregate_ratings(ratings, how=how, threshold=threshold)
        passed = passed[~np.isnan(passed)]
        shares[str(how)] = float(passed.mean()) if passed.size else float("nan")
    return shares


def _average_others(ratings: ArrayLike) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Give each annotator's ratings, the mean of the others', and where there are both."""
    matrix = check_ratings(ratings)
    rated = ~np.isnan(matrix)
    filled = np.where(rated, matrix, 0)
    others = rated.sum(axis=1, keepdims=True) - rated
    shared = rated & (others > 0)
    rest = (filled.sum(axis=1, keepdims=True) - filled) / np.where(shared, others, np.nan)
    return np.where(shared, matrix, np.nan), rest, shared


def _correlate_columns(one: FloatArray, other: FloatArray, shared: BoolArray) -> FloatArray:
    """Compute Pearson's correlation of the shared entries of each pair of columns."""
    n_shared = shared.sum(axis=0)
    n = np.where(n_shared >= 3, n_shared, np.nan)
    centred = [np.where(shared, side - np.where(shared, side, 0).sum(axis=0) / n, 0) for side in (one, other)]
    scales = [np.where(shared, np.abs(side), 0).max(axis=0, initial=0) for side in (one, other)]
    # A column whose entries differ by rounding error only does not vary.
    spreads = [np.sqrt((side**2).sum(axis=0)) for side in centred]
    varied = [spread > 1e-12 * scale for spread, scale in zip(spreads, scales, strict=True)]
    product = np.where(varied[0] & varied[1], spreads[0] * spreads[1], np.nan)
    return np.asarray((centred[0] * centred[1]).sum(axis=0) / product, dtype=np.float64)
