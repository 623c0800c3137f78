"""Agreement among annotators.

Every function takes ``ratings``: one **row an item** (a video), one **column an annotator**, NaN where the
annotator did not rate the item. Other packages want the transpose, and a transposed matrix gives a wrong
number without an error: the items are the rows.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats as scipy_stats

from videophy_lab.stats.checks import check_level
from videophy_lab.stats.estimate import (
    Estimate,
    FloatArray,
    encode_clusters,
    estimate_from_bootstrap,
)

Metric = Literal["nominal", "ordinal", "interval"]
_DRAWS_AT_ONCE = 500


def krippendorff_alpha(ratings: ArrayLike, *, metric: Metric) -> float:
    """Compute Krippendorff's α, the agreement beyond chance of any number of annotators.

    Parameters
    ----------
    ratings : (n_items, n_annotators) float
        NaN where missing; items with fewer than two ratings say nothing and are left out.
    metric : {"nominal", "ordinal", "interval"}
        How far apart two different ratings are: all equally; by the number of ratings between them; by the
        square of their difference.

    Returns
    -------
    float
        1 is perfect agreement, 0 is chance, below 0 is worse. NaN where nobody agrees or disagrees with
        anybody, or where only one value was ever used.

    Notes
    -----
    Krippendorff, *Content Analysis* (2004), chapter 11. The ordinal distance is that of mid-ranks.
    """
    counts, values = count_values(ratings)
    paired = counts[counts.sum(axis=1) >= 2]
    return float(_alpha_of_weights(np.ones((1, paired.shape[0])), paired, values, metric)[0])


def krippendorff_alpha_interval(
    ratings: ArrayLike,
    *,
    metric: Metric,
    level: float = 0.95,
    n_resamples: int = 2000,
    rng: np.random.Generator,
    clusters: NDArray[np.generic] | None = None,
) -> Estimate:
    """Estimate Krippendorff's α with a percentile interval from resampled items.

    Parameters
    ----------
    ratings, metric
        As in :func:`krippendorff_alpha`.
    level : float
        Confidence level.
    n_resamples : int
        Number of bootstrap draws.
    rng : numpy.random.Generator
    clusters : (n_items,), optional
        Prompt of each item; whole prompts are then resampled. By default every item is its own.

    Returns
    -------
    Estimate
        ``n`` is the number of items with two ratings or more. Draws in which α is undefined are left out.

    Notes
    -----
    Zapf, Castell, Morawietz & Karch (2016), BMC Medical Research Methodology 16:93: resample items, not pairs
    of ratings.
    """
    check_level(level)
    counts, values = count_values(ratings)
    paired = counts.sum(axis=1) >= 2
    labels = np.arange(paired.size) if clusters is None else np.asarray(clusters)
    if labels.shape != paired.shape:
        raise ValueError(f"clusters have shape {labels.shape}; give one for each of {paired.size} items")
    counts = counts[paired]
    codes, n_clusters = encode_clusters(labels[paired])
    full = float(_alpha_of_weights(np.ones((1, codes.size)), counts, values, metric)[0])
    draws = [np.empty(0)]
    for start in range(0, n_resamples if n_clusters else 0, _DRAWS_AT_ONCE):
        size = min(_DRAWS_AT_ONCE, n_resamples - start)
        weights = rng.multinomial(n_clusters, np.full(n_clusters, 1 / n_clusters), size=size)
        draws.append(_alpha_of_weights(weights[:, codes].astype(np.float64), counts, values, metric))
    return estimate_from_bootstrap(
        full, np.concatenate(draws), n=codes.size, n_clusters=n_clusters, level=level
    )


def intraclass_correlation(ratings: ArrayLike, *, level: float = 0.95) -> dict[str, Estimate]:
    """Compute the six intraclass correlations of items rated by the same annotators.

    Parameters
    ----------
    ratings : (n_items, n_annotators) float
        Items with a missing rating are dropped; ``n`` of the estimates is the number of items left.
    level : float
        Confidence level.

    Returns
    -------
    dict of str to Estimate
        ``"ICC(1,1)"`` each item has annotators of its own; ``"ICC(2,1)"`` annotators are a sample (absolute
        agreement); ``"ICC(3,1)"`` only these annotators matter (consistency); ``"ICC(1,k)"`` and so on: the
        same for the mean of all annotators. NaN with fewer than two items or annotators, or without any
        variance; the interval is NaN where annotators agree perfectly.

    Notes
    -----
    Shrout & Fleiss (1979), Psychological Bulletin 86, 420-428; intervals from F distributions as in McGraw &
    Wong (1996), Psychological Methods 1, 30-46, table 7. They take all items as independent.
    """
    check_level(level)
    matrix = check_ratings(ratings)
    complete = matrix[~np.isnan(matrix).any(axis=1)]
    n, k = complete.shape
    names = [f"ICC({model},{size})" for size in ("1", "k") for model in (1, 2, 3)]
    if n < 2 or k < 2 or np.ptp(complete) == 0:
        bounds = [(np.nan, np.nan, np.nan)] * 3
    else:
        bounds = _bound_single_iccs(complete, level)
    single = np.array(bounds)
    divisor = 1 + (k - 1) * single
    average = k * single / np.where(divisor > 0, divisor, np.nan)
    return {
        name: Estimate(float(value), float(low), float(high), level, "anova_f", n, n)
        for name, (value, low, high) in zip(names, np.vstack([single, average]), strict=True)
    }


def exact_agreement(ratings: ArrayLike, *, unit: Literal["items", "pairs"] = "items") -> float:
    """Compute how often annotators give the same rating.

    Parameters
    ----------
    ratings : (n_items, n_annotators) float
        Items with fewer than two ratings are left out.
    unit : {"items", "pairs"}
        Share of items on which all annotators agree, or the mean over items of the share of their pairs of
        annotators that agree. With two annotators these are the same.

    Returns
    -------
    float
        Not corrected for chance; NaN without an item that two annotators rated.
    """
    counts, _ = count_values(ratings)
    sizes = counts.sum(axis=1)
    counts, sizes = counts[sizes >= 2], sizes[sizes >= 2]
    if sizes.size == 0:
        return float("nan")
    if unit == "items":
        return float(np.mean(counts.max(axis=1) == sizes))
    if unit == "pairs":
        return float(np.mean((counts * (counts - 1)).sum(axis=1) / (sizes * (sizes - 1))))
    raise ValueError(f"unit is {unit!r}; it must be 'items' or 'pairs'")


def count_values(ratings: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Count how many annotators gave each item each value.

    Returns
    -------
    counts : (n_items, n_values) float
    values : (n_values,) float
        The distinct ratings in ascending order.
    """
    matrix = check_ratings(ratings)
    items, _ = np.nonzero(~np.isnan(matrix))
    values, codes = np.unique(matrix[~np.isnan(matrix)], return_inverse=True)
    flat = np.bincount(items * values.size + codes, minlength=matrix.shape[0] * values.size)
    return flat.reshape(matrix.shape[0], values.size).astype(np.float64), values


def check_ratings(ratings: ArrayLike) -> FloatArray:
    """Return the ratings as a float matrix, or raise."""
    matrix = np.asarray(ratings, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError(
            f"ratings have {matrix.ndim} axes; give a matrix with items as rows, annotators as columns"
        )
    return matrix


def _alpha_of_weights(
    weights: FloatArray, counts: FloatArray, values: FloatArray, metric: Metric
) -> FloatArray:
    """Compute α for each row of weights (n_draws, n_items), from counts of items with two ratings or more.

    Notes
    -----
    With o(c, k) the coincidences, n(c) their margins and x the position of a value, Σ o(c, k)(x(c) - x(k))²
    is 2 Σ n(c) x(c)² - 2 Σ o(c, k) x(c) x(k), and likewise with n(c) n(k) for o(c, k).
    """
    margins: FloatArray = weights @ counts
    total = margins.sum(axis=1)
    if metric == "nominal":
        matches = (counts * (counts - 1)).sum(axis=1) / (counts.sum(axis=1) - 1)
        observed = total - weights @ matches
        expected = total**2 - (margins**2).sum(axis=1)
    elif metric in ("ordinal", "interval"):
        positions, products = _place_values(weights, counts, values, margins, metric)
        squares = (margins * positions**2).sum(axis=1)
        observed = squares - products
        expected = total * squares - (margins * positions).sum(axis=1) ** 2
    else:
        raise ValueError(f"metric is {metric!r}; it must be 'nominal', 'ordinal' or 'interval'")
    varied = (margins > 0).sum(axis=1) >= 2
    return np.asarray(1 - (total - 1) * observed / np.where(varied, expected, np.nan), dtype=np.float64)


def _place_values(
    weights: FloatArray, counts: FloatArray, values: FloatArray, margins: FloatArray, metric: Metric
) -> tuple[FloatArray, FloatArray]:
    """Compute the position of each value and Σ o(c, k) x(c) x(k), for each row of weights."""
    others = counts.sum(axis=1) - 1
    if metric == "interval":
        centred = values - values.mean() if values.size else values
        within = ((counts @ centred) ** 2 - counts @ centred**2) / others
        return centred[np.newaxis], weights @ within
    n_items, n_values = counts.shape
    positions = margins.cumsum(axis=1) - margins / 2
    pairs = counts[:, :, np.newaxis] * (counts[:, np.newaxis, :] - np.eye(n_values))
    coincidences = weights @ (pairs / others[:, np.newaxis, np.newaxis]).reshape(n_items, n_values**2)
    square = coincidences.reshape(weights.shape[0], n_values, n_values)
    return positions, np.einsum("bc,bck,bk->b", positions, square, positions)


def _bound_single_iccs(matrix: FloatArray, level: float) -> list[tuple[float, float, float]]:
    """Compute ICC(1,1), ICC(2,1), ICC(3,1) of complete ratings, each with its interval."""
    n, k = matrix.shape
    items, raters = matrix.mean(axis=1, keepdims=True), matrix.mean(axis=0)
    squares = np.array(
        [
            k * np.sum((items - matrix.mean()) ** 2) / (n - 1),
            n * np.sum((raters - matrix.mean()) ** 2) / (k - 1),
            np.sum((matrix - items) ** 2) / (n * (k - 1)),
            np.sum((matrix - items - raters + matrix.mean()) ** 2) / ((n - 1) * (k - 1)),
        ]
    )
    squares[squares < 1e-12 * squares.max()] = 0  # rounding error of perfect agreement
    between_items, between_raters, within_items, residual = (float(square) for square in squares)
    return [
        _bound_consistency(between_items, within_items, n, k, n * (k - 1), level),
        _bound_agreement(between_items, between_raters, residual, n, k, level),
        _bound_consistency(between_items, residual, n, k, (n - 1) * (k - 1), level),
    ]


def _bound_consistency(
    between: float, error: float, n: int, k: int, freedom: int, level: float
) -> tuple[float, float, float]:
    """Compute (F - 1)/(F + k - 1) at F and at F over its quantiles."""
    if error == 0:
        return (1.0 if between else np.nan), np.nan, np.nan
    ratio, upper = between / error, (1 + level) / 2
    low = ratio / scipy_stats.f.ppf(upper, n - 1, freedom)
    high = ratio * scipy_stats.f.ppf(upper, freedom, n - 1)
    value, low, high = ((f - 1) / (f + k - 1) for f in (ratio, low, high))
    return value, low, high


def _bound_agreement(
    between_items: float, between_raters: float, residual: float, n: int, k: int, level: float
) -> tuple[float, float, float]:
    """Compute ICC(2,1) and its interval with Satterthwaite's degrees of freedom."""
    total = between_items + (k - 1) * residual + k * (between_raters - residual) / n
    icc = (between_items - residual) / total if total > 0 else np.nan
    from_raters = k * icc * between_raters
    from_residual = (n * (1 + (k - 1) * icc) - k * icc) * residual
    spread = from_raters**2 / (k - 1) + from_residual**2 / ((n - 1) * (k - 1))
    if spread == 0:
        return icc, np.nan, np.nan
    freedom, upper = (from_raters + from_residual) ** 2 / spread, (1 + level) / 2
    shrink, grow = scipy_stats.f.ppf(upper, n - 1, freedom), scipy_stats.f.ppf(upper, freedom, n - 1)
    noise = k * between_raters + (k * n - k - n) * residual
    low = n * (between_items - shrink * residual) / (shrink * noise + n * between_items)
    high = n * (grow * between_items - residual) / (noise + n * grow * between_items)
    return icc, low, high
