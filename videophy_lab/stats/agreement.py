"""How far a judge agrees with humans, beside the majority-class baseline, with prompt-clustered intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from videophy_lab.stats.checks import as_binary, as_finite, check_level, check_same_length
from videophy_lab.stats.estimate import (
    BoolArray,
    Estimate,
    FloatArray,
    IntArray,
    divide_or_nan,
    encode_clusters,
    estimate_from_jackknife,
)
from videophy_lab.stats.means import cluster_mean_estimate, cluster_rate_estimate

# The values a statistic can take where they are not 0 to 1; a jackknife interval is cut there.
_RANGES = {
    "phi": (-1, 1),
    "accuracy_over_majority": (-1, 1),
    "quadratic_weighted_kappa": (-1, 1),
    "mean_difference": (-np.inf, np.inf),
}


def _estimate_all(
    full: dict[str, FloatArray], replicates: dict[str, FloatArray], *, n: int, level: float
) -> dict[str, Estimate]:
    """Make a jackknife interval for each statistic, cut to its range; NaN ends where no prompt matters."""
    check_level(level)
    estimates = {}
    for name, value in full.items():
        made = estimate_from_jackknife(float(value), replicates[name], n=n, level=level, fisher=name == "phi")
        low, high = np.clip((made.low, made.high), *_RANGES.get(name, (0, 1)))
        if made.low == made.high:
            low = high = np.nan
        estimates[name] = replace(made, low=float(low), high=float(high))
    return estimates


def _encode_categories(values: ArrayLike, categories: FloatArray, name: str) -> IntArray:
    """Return the position of each value among the categories."""
    array = as_finite(values, name)
    matches: BoolArray = array[:, None] == categories
    unknown = array[~matches.any(axis=1)]
    if unknown.size:
        raise ValueError(f"{name} holds {unknown[0]:g}; allowed are {categories.tolist()}")
    return np.asarray(matches.argmax(axis=1), dtype=np.int64)


def _count_confusion(
    human: ArrayLike, judge: ArrayLike, codes: IntArray, n_clusters: int, categories: FloatArray
) -> IntArray:
    """Count (cluster, human, judge) triples, shape (G, k, k)."""
    rows = _encode_categories(human, categories, "human")
    columns = _encode_categories(judge, categories, "judge")
    check_same_length(human=rows, judge=columns, clusters=codes)
    k = categories.size
    cells = np.bincount((codes * k + rows) * k + columns, minlength=n_clusters * k * k)
    return np.asarray(cells.reshape(n_clusters, k, k))


def confusion_matrix(human: ArrayLike, judge: ArrayLike, *, categories: ArrayLike) -> IntArray:
    """Count how often the judge gave each category where the humans gave each.

    Parameters
    ----------
    human, judge : (n,)
        Values, all among the categories.
    categories : (k,)
        The scale in ascending order.

    Returns
    -------
    (k, k) int
        Rows human, columns judge.

    Raises
    ------
    ValueError
        If a value is missing or not a category, or the lengths differ.
    """
    scale = as_finite(categories, "categories")
    one_cluster = np.zeros(np.size(human), dtype=np.int64)
    return np.asarray(_count_confusion(human, judge, one_cluster, 1, scale)[0])


def _binary_statistics(counts: NDArray[np.generic]) -> dict[str, FloatArray]:
    """Compute every binary statistic from (..., 4) counts tp, fp, fn, tn."""
    tp, fp, fn, tn = np.moveaxis(np.asarray(counts, dtype=np.float64), -1, 0)
    n = tp + fp + fn + tn
    positive_rate = divide_or_nan(tp + fn, n)
    recall = divide_or_nan(tp, tp + fn)
    return {
        "accuracy": divide_or_nan(tp + tn, n),
        "majority_accuracy": np.maximum(positive_rate, 1 - positive_rate),
        "accuracy_over_majority": divide_or_nan(tp + tn, n) - np.maximum(positive_rate, 1 - positive_rate),
        "balanced_accuracy": (recall + divide_or_nan(tn, tn + fp)) / 2,
        "precision": divide_or_nan(tp, tp + fp),
        "recall": recall,
        "f1": np.where(tp + fn > 0, divide_or_nan(2 * tp, 2 * tp + fp + fn), np.nan),
        "phi": divide_or_nan(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))),
        "positive_rate_human": positive_rate,
        "positive_rate_judge": divide_or_nan(tp + fp, n),
    }


def binary_agreement(
    human: ArrayLike, judge: ArrayLike, clusters: NDArray[np.generic], *, level: float = 0.95
) -> dict[str, Estimate]:
    """Compare a judge's verdicts with the humans'.

    Parameters
    ----------
    human, judge : (n,) bool or 0/1
        Verdicts, for example "joint".
    clusters : (n,)
        Prompt of each video.
    level : float
        Confidence level.

    Returns
    -------
    dict of Estimate
        ``accuracy``; ``majority_accuracy`` (always answering the humans' more frequent class);
        ``accuracy_over_majority``, their difference;
        ``balanced_accuracy``; ``precision``, ``recall`` and ``f1`` of the positive class; ``phi``;
        ``positive_rate_human``, ``positive_rate_judge``. NaN where undefined: recall and F1 without a human
        positive, precision without a judge's positive, φ and balanced accuracy without both classes. F1 is 0
        where the judge finds none of the positives. Intervals are delete-one-prompt jackknives (φ on Fisher's
        z), cut to the statistic's range, NaN where leaving a prompt out changes nothing or undefines it.

    Raises
    ------
    ValueError
        If a verdict is missing or neither 0 nor 1, or the lengths differ.
    """
    truth, said = as_binary(human, "human"), as_binary(judge, "judge")
    codes, n_clusters = encode_clusters(clusters)
    check_same_length(human=truth, judge=said, clusters=codes)
    cell = np.where(truth, np.where(said, 0, 2), np.where(said, 1, 3))
    counts = np.bincount(codes * 4 + cell, minlength=n_clusters * 4).reshape(n_clusters, 4)
    total = counts.sum(axis=0)
    full, replicates = _binary_statistics(total), _binary_statistics(total - counts)
    return _estimate_all(full, replicates, n=truth.size, level=level)


def _ordinal_statistics(counts: NDArray[np.generic], categories: FloatArray) -> dict[str, FloatArray]:
    """Compute every ordinal statistic from (..., k, k) confusion counts."""
    cells = np.asarray(counts, dtype=np.float64)
    difference = categories - categories[:, None]
    n = cells.sum((-2, -1))
    expected = cells.sum(-1)[..., :, None] * cells.sum(-2)[..., None, :]
    disagreement = np.sum(cells * difference**2, (-2, -1)) * n
    by_chance = np.sum(expected * difference**2, (-2, -1))
    return {
        "exact": divide_or_nan(np.sum(cells * (difference == 0), (-2, -1)), n),
        "within_one": divide_or_nan(np.sum(cells * (np.abs(difference) <= 1), (-2, -1)), n),
        "mean_difference": divide_or_nan(np.sum(cells * difference, (-2, -1)), n),
        "quadratic_weighted_kappa": 1 - divide_or_nan(disagreement, by_chance),
    }


def ordinal_agreement(
    human: ArrayLike,
    judge: ArrayLike,
    clusters: NDArray[np.generic],
    *,
    categories: ArrayLike,
    level: float = 0.95,
) -> dict[str, Estimate]:
    """Compare a judge's scores with human ratings on one scale.

    Parameters
    ----------
    human, judge : (n,)
        Values, all among the categories.
    clusters : (n,)
        Prompt of each video.
    categories : (k,)
        The scale in ascending order; distances are differences of these values.

    Returns
    -------
    dict of Estimate
        ``exact`` (share equal), ``within_one`` (share at most 1 apart), ``mean_difference`` (judge − human),
        ``quadratic_weighted_kappa`` (NaN where both use one single category). Intervals as in
        :func:`binary_agreement`.

    Notes
    -----
    κ = 1 − n Σ w O / Σ w r c with w the squared distance: Cohen (1968), Psychological Bulletin 70, 213–220.
    """
    scale = as_finite(categories, "categories")
    codes, n_clusters = encode_clusters(clusters)
    counts = _count_confusion(human, judge, codes, n_clusters, scale)
    total = counts.sum(axis=0)
    full, replicates = _ordinal_statistics(total, scale), _ordinal_statistics(total - counts, scale)
    return _estimate_all(full, replicates, n=codes.size, level=level)


@dataclass(frozen=True)
class CalibrationCurve:
    """Mean outcome in bins of the score.

    Attributes
    ----------
    score : (B,) float
        Mean score of the bin; NaN in an empty one.
    outcome : (B,) Estimate
        Mean outcome with its interval and the bin's numbers of videos and prompts.
    expected_calibration_error : float
        Σ n_b/n |mean outcome − mean score|; biased upwards in small bins. NaN where the outcomes are 0/1 but
        the scores are not within 0 and 1, for then the two have no common scale.
    """

    score: FloatArray
    outcome: tuple[Estimate, ...]
    expected_calibration_error: float


def _assign_bins(scores: FloatArray, edges: ArrayLike | None, n_bins: int) -> tuple[IntArray, int]:
    """Put each score in a numbered bin and count the bins."""
    if edges is None and (scores == np.round(scores)).all():
        return encode_clusters(scores)
    if edges is None:
        limits = np.unique(np.quantile(scores, np.linspace(0, 1, n_bins + 1)))
    else:
        limits = as_finite(edges, "edges")
        if (np.diff(limits) <= 0).any() or (scores < limits[0]).any() or (scores > limits[-1]).any():
            raise ValueError(f"edges {limits.tolist()} must ascend and enclose every score")
    n_found = max(limits.size - 1, 1)
    bins = np.clip(np.searchsorted(limits, scores, side="right") - 1, 0, n_found - 1)
    # between quantiles of few scores there may be none; between edges that were given that is news
    return encode_clusters(bins) if edges is None else (bins, n_found)


def calibration_curve(
    scores: ArrayLike,
    outcomes: ArrayLike,
    clusters: NDArray[np.generic],
    *,
    edges: ArrayLike | None = None,
    n_bins: int = 10,
    level: float = 0.95,
) -> CalibrationCurve:
    """Compute the mean human outcome at each score of the judge.

    Parameters
    ----------
    scores, outcomes : (n,) float
        Judge's scores; human outcomes (0/1, or ratings).
    clusters : (n,)
        Prompt of each video.
    edges : (B + 1,), optional
        Ends of the bins, each closed on the left, the last on both sides. By default one bin a value for
        whole scores, else quantiles.
    n_bins : int
        Number of quantile bins; fewer where quantiles coincide.
    level : float
        Confidence level.

    Notes
    -----
    Intervals: :func:`~videophy_lab.stats.means.cluster_rate_estimate` for 0/1 outcomes,
    :func:`~videophy_lab.stats.means.cluster_mean_estimate` for others; NaN with one prompt in a bin.
    """
    score, outcome = as_finite(scores, "scores"), as_finite(outcomes, "outcomes")
    labels = np.asarray(clusters)
    check_same_length(scores=score, outcomes=outcome, clusters=labels)
    if score.size == 0:
        raise ValueError("there are no scores; a calibration curve needs at least one scored video")
    bins, n_found = _assign_bins(score, edges, n_bins)
    binary = bool(np.isin(outcome, (0, 1)).all())
    estimator = cluster_rate_estimate if binary else cluster_mean_estimate
    means = tuple(estimator(outcome[bins == b], labels[bins == b], level=level) for b in range(n_found))
    sizes = np.bincount(bins, minlength=n_found)
    totals = np.bincount(bins, weights=score, minlength=n_found)
    gaps = np.abs(np.bincount(bins, weights=outcome - score, minlength=n_found))
    comparable = not binary or (score.min() >= 0 and score.max() <= 1)
    error = float(gaps.sum() / score.size) if comparable else np.nan
    return CalibrationCurve(divide_or_nan(totals, sizes), means, error)
