"""Resample prompts as integer weights, and correlate every resample without building it.

A resample of clusters (prompts) is one integer weight per cluster: how often it was drawn. Zero leaves the
cluster out, so the rows of :func:`jackknife_weights` give delete-one replicates through the same functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from videophy_lab.stats.estimate import FloatArray, IntArray, divide_or_nan, encode_clusters

# A variance this small beside the second moment it was computed from is the rounding of zero.
ROUNDING = 1e-13
DRAWS_AT_ONCE = 1024


def draw_weights(n_clusters: int, n_resamples: int, *, rng: np.random.Generator) -> IntArray:
    """Draw how often each cluster enters each bootstrap resample.

    Parameters
    ----------
    n_clusters, n_resamples : int
        G and B.
    rng : numpy.random.Generator

    Returns
    -------
    (B, G) int64
        Multinomial counts; every row sums to G.

    Raises
    ------
    ValueError
        If a count is negative.

    Notes
    -----
    Cluster bootstrap: Davison & Hinkley, *Bootstrap Methods and their Application* (1997), section 3.8.
    """
    if n_clusters < 0 or n_resamples < 0:
        raise ValueError(
            f"cannot draw {n_resamples} resamples of {n_clusters} clusters: give counts of 0 or more"
        )
    if n_clusters == 0:
        return np.zeros((n_resamples, 0), np.int64)
    drawn = rng.integers(0, n_clusters, size=(n_resamples, n_clusters))
    drawn += np.arange(n_resamples)[:, None] * n_clusters
    counts = np.bincount(drawn.ravel(), minlength=n_resamples * n_clusters)
    return counts.reshape(n_resamples, n_clusters).astype(np.int64, copy=False)


def jackknife_weights(n_clusters: int) -> IntArray:
    """Give the (G, G) weights whose row g leaves out cluster g and keeps every other once."""
    weights: IntArray = np.ones((n_clusters, n_clusters), np.int64) - np.eye(n_clusters, dtype=np.int64)
    return weights


def bootstrap_pearson(columns: ArrayLike, clusters: ArrayLike, weights: ArrayLike) -> FloatArray:
    """Correlate all columns (Pearson) in every resample, from sums per cluster.

    Parameters
    ----------
    columns : (n, k) float
        One row a video; no missing values.
    clusters : (n,)
        The prompt of each row.
    weights : (B, G) int
        From :func:`draw_weights` or :func:`jackknife_weights`; clusters in sorted order.

    Returns
    -------
    (B, k, k) float64
        NaN where a column is constant in the resample.

    Raises
    ------
    ValueError
        If a value is missing or infinite, or the shapes do not fit.

    Notes
    -----
    Columns are centred on their overall means first: raw second moments would lose digits by cancellation.
    """
    values, starts, counts = _sort_by_cluster(columns, clusters, weights)
    n_columns = values.shape[1]
    if len(values) == 0:
        return np.full((len(counts), n_columns, n_columns), np.nan)
    values = values - values.mean(axis=0)
    products = (values[:, :, None] * values[:, None, :]).reshape(len(values), -1)
    per_cluster = np.hstack(
        [np.diff(starts)[:, None], *(np.add.reduceat(block, starts[:-1]) for block in (values, products))]
    )
    sums = counts @ per_cluster
    with np.errstate(invalid="ignore", divide="ignore"):
        moments = sums[:, 1:] / sums[:, :1]
    means, second = moments[:, :n_columns], moments[:, n_columns:].reshape(-1, n_columns, n_columns)
    covariances = second - means[:, :, None] * means[:, None, :]
    squares = np.diagonal(second, axis1=1, axis2=2)
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    return _normalise(covariances, np.where(variances > ROUNDING * squares, variances, 0.0))


def bootstrap_spearman(columns: ArrayLike, clusters: ArrayLike, weights: ArrayLike) -> FloatArray:
    """Correlate all columns (Spearman) in every resample, from weighted mid-ranks.

    Parameters and errors are those of :func:`bootstrap_pearson`.

    Returns
    -------
    (B, k, k) float64
        Each draw equals ``scipy.stats.spearmanr`` on the resample with its rows copied; NaN where a column
        is constant in the resample.

    Notes
    -----
    A level with weighted count c above N₋ lower rows has the mid-rank N₋ + (c + 1)/2.
    """
    values, starts, counts = _sort_by_cluster(columns, clusters, weights)
    if len(values) == 0:
        return np.full((len(counts), values.shape[1], values.shape[1]), np.nan)
    from videophy_lab.stats.kernels import sum_rank_products

    levels, n_levels = _number_levels(values)
    products: FloatArray = sum_rank_products(levels, n_levels, starts, counts)
    return _normalise(products, np.diagonal(products, axis1=1, axis2=2))


def bootstrap_kendall(
    left: ArrayLike, right: ArrayLike, clusters: ArrayLike, weights: ArrayLike
) -> FloatArray:
    """Correlate every left with every right column (Kendall's τ-b) in every resample.

    Parameters
    ----------
    left, right : (n, a), (n, b) float
        One row a video; no missing values.
    clusters, weights
        As in :func:`bootstrap_pearson`.

    Returns
    -------
    (B, a, b) float64
        Each draw equals ``scipy.stats.kendalltau`` on the resample with its rows copied; NaN where a column
        is constant in the resample.

    Raises
    ------
    ValueError
        As in :func:`bootstrap_pearson`.

    Notes
    -----
    With A[p, q] = Σ sign(x_i − x_j)·sign(y_i − y_j) over rows i of cluster p and j of cluster q, concordant
    minus discordant ordered pairs are wᵀAw: copies of one row are tied with each other and add nothing.
    The untied ordered pairs of a column are N² − Σ c², with c the weighted counts of its levels.
    """
    left_values, starts, counts = _sort_by_cluster(left, clusters, weights)
    right_values, _, _ = _sort_by_cluster(right, clusters, weights)
    n_left, n_right = left_values.shape[1], right_values.shape[1]
    if len(left_values) == 0:
        return np.full((len(counts), n_left, n_right), np.nan)
    from videophy_lab.stats.kernels import sum_pair_signs, sum_squared_level_counts

    levels, n_levels = _number_levels(np.hstack([left_values, right_values]))
    totals = counts @ np.diff(starts)
    untied = totals[:, None] ** 2 - sum_squared_level_counts(levels, n_levels, starts, counts)
    # Float weights let BLAS do the work; the sums stay integers, see _choose_dtype.
    exact = counts.astype(_choose_dtype(starts, totals))
    taus = np.empty((len(counts), n_left, n_right))
    for a in range(n_left):
        for b in range(n_right):
            signs = sum_pair_signs(levels[a], levels[n_left + b], starts)
            pairs = np.sqrt(untied[:, a].astype(np.float64)) * np.sqrt(untied[:, n_left + b])
            taus[:, a, b] = divide_or_nan(_quadratic_form(exact, signs.astype(exact.dtype)), pairs)
    return np.clip(taus, -1, 1)


def _choose_dtype(starts: IntArray, totals: IntArray) -> np.dtype[Any]:
    """Choose float32 if every partial sum of w @ A is an integer below 2²⁴, and so exact; else float64.

    |A[p, q]| ≤ m_p·m_q with m the rows of a cluster, so any partial sum of Σ_p w_p A[p, q], in whichever
    order and with fused multiply-adds, is an integer of at most max(m)·Σ_p w_p m_p in absolute value.
    """
    bound = int(np.diff(starts).max()) * int(totals.max(initial=0))
    return np.dtype(np.float32 if bound < 2**24 else np.float64)


def _quadratic_form(weights: NDArray[Any], matrix: NDArray[Any]) -> FloatArray:
    """Compute wᵀAw for each row w of ``weights``; the second product is summed in float64."""
    forms = np.empty(len(weights))
    for first in range(0, len(weights), DRAWS_AT_ONCE):
        block = weights[first : first + DRAWS_AT_ONCE]
        forms[first : first + DRAWS_AT_ONCE] = np.einsum("bg,bg->b", block @ matrix, block, dtype=np.float64)
    return forms


def _normalise(products: FloatArray, squares: FloatArray) -> FloatArray:
    """Divide (B, k, k) cross-products by the roots of their (B, k) squares; NaN where a square is 0."""
    scale = np.sqrt(squares[:, :, None] * squares[:, None, :])
    return np.clip(divide_or_nan(products, scale), -1, 1)


def _number_levels(values: FloatArray) -> tuple[NDArray[np.int32], IntArray]:
    """Code the distinct values of each column from 0: (k, n) levels and (k,) numbers of levels."""
    levels = np.empty(values.shape[::-1], np.int32)
    n_levels = np.empty(values.shape[1], np.int64)
    for column, numbers in enumerate(values.T):
        distinct, inverse = np.unique(numbers, return_inverse=True)
        levels[column], n_levels[column] = inverse, distinct.size
    return levels, n_levels


def _sort_by_cluster(
    columns: ArrayLike, clusters: ArrayLike, weights: ArrayLike
) -> tuple[FloatArray, IntArray, IntArray]:
    """Check the input; give the rows in cluster order, each cluster's first row (G + 1,), and the weights."""
    values = np.asarray(columns, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"columns has shape {values.shape}: give (n, k), one row a video")
    check_finite(values)
    codes, n_clusters = encode_clusters(np.asarray(clusters))
    if len(codes) != len(values):
        raise ValueError(f"{len(values)} rows but {len(codes)} clusters: give every row its cluster")
    counts = np.asarray(weights)
    if counts.ndim != 2 or counts.shape[1] != n_clusters:
        raise ValueError(
            f"weights has shape {counts.shape}, but there are {n_clusters} clusters: "
            f"draw them with draw_weights({n_clusters}, …)"
        )
    if counts.size and (not np.issubdtype(counts.dtype, np.integer) or counts.min() < 0):
        raise ValueError("weights must be whole numbers of draws, 0 or more: use draw_weights")
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=n_clusters))]).astype(np.int64)
    return values[np.argsort(codes, kind="stable")], starts, np.ascontiguousarray(counts, dtype=np.int64)


def check_finite(values: FloatArray) -> None:
    """Raise a ValueError that names the first column of ``values`` (n, k) with missing or infinite values."""
    bad = (~np.isfinite(values)).sum(axis=0)
    if bad.any():
        column = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"column {column} has {int(bad[column])} missing or infinite values in {len(values)} rows: "
            "drop those rows first, and say how many were dropped"
        )
