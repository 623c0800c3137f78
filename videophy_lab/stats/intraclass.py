"""Intraclass correlations of a single rating, with intervals for independent items and for prompts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats as scipy_stats

from videophy_lab.stats.estimate import Estimate, FloatArray, IntArray, estimate_from_jackknife


class MeanSquares(NamedTuple):
    """The mean squares of n items rated by k annotators."""

    items: float
    annotators: float
    within: float
    residual: float


def bound_single_iccs(matrix: FloatArray, level: float) -> FloatArray:
    """Compute ICC(1,1), ICC(2,1), ICC(3,1) of independent items with intervals from F distributions.

    Parameters
    ----------
    matrix : (n_items, n_annotators) float
        Complete ratings.
    level : float
        Confidence level.

    Returns
    -------
    (3, 3) float
        A row an ICC: the estimate, the lower and the upper end.
    """
    n, k = matrix.shape
    if _is_undefined(matrix):
        return np.full((3, 3), np.nan)
    squares = compute_mean_squares(matrix)
    return np.array(
        [
            _bound_consistency(squares.items, squares.within, n, k, n * (k - 1), level),
            _bound_agreement(squares, n, k, level),
            _bound_consistency(squares.items, squares.residual, n, k, (n - 1) * (k - 1), level),
        ]
    )


def jackknife_single_iccs(matrix: FloatArray, codes: IntArray, n_clusters: int, level: float) -> FloatArray:
    """Compute ICC(1,1), ICC(2,1), ICC(3,1) with intervals that take prompts as the independent units.

    Parameters
    ----------
    matrix : (n_items, n_annotators) float
        Complete ratings.
    codes : (n_items,) int
        Number of each item's prompt, from 0.
    n_clusters : int
    level : float
        Confidence level.

    Returns
    -------
    (3, 3) float
        As :func:`bound_single_iccs`, with the ends of :func:`jackknife_agreement`.
    """
    full = compute_single_iccs(matrix)
    replicates = [compute_single_iccs(matrix[codes != cluster]) for cluster in range(n_clusters)]
    found = [
        jackknife_agreement(value, column, n=len(matrix), level=level)
        for value, column in zip(full, np.reshape(replicates, (n_clusters, 3)).T, strict=True)
    ]
    return np.array([(estimate.estimate, estimate.low, estimate.high) for estimate in found])


def jackknife_agreement(full: float, replicates: FloatArray, *, n: int, level: float) -> Estimate:
    """Make an interval for an agreement between −1 and 1 from delete-one-prompt replicates.

    Parameters
    ----------
    full : float
        The agreement of all items.
    replicates : (G,) float
        The agreement without each prompt.
    n : int
        Number of items.
    level : float
        Confidence level.

    Returns
    -------
    Estimate
        By Fisher's z. The ends are NaN with one prompt, where the agreement is perfect or without some prompt
        is, and where no prompt changes it: then nothing is known of how prompts differ.
    """
    replicates = np.asarray(replicates, dtype=np.float64)
    if replicates.size and np.ptp(replicates) < 1e-12:
        replicates = np.full_like(replicates, np.nan)
    return estimate_from_jackknife(float(full), replicates, n=n, level=level, fisher=True)


def compute_single_iccs(matrix: FloatArray) -> FloatArray:
    """Compute ICC(1,1), ICC(2,1), ICC(3,1) of complete ratings; NaN where they are undefined."""
    n, k = matrix.shape
    if _is_undefined(matrix):
        return np.full(3, np.nan)
    squares = compute_mean_squares(matrix)
    return np.array(
        [
            _single_consistency(squares.items, squares.within, k),
            _single_agreement(squares, n, k),
            _single_consistency(squares.items, squares.residual, k),
        ]
    )


def compute_mean_squares(matrix: FloatArray) -> MeanSquares:
    """Compute the mean squares of complete ratings of two items and two annotators or more."""
    n, k = matrix.shape
    items, annotators = matrix.mean(axis=1, keepdims=True), matrix.mean(axis=0)
    squares = np.array(
        [
            k * np.sum((items - matrix.mean()) ** 2) / (n - 1),
            n * np.sum((annotators - matrix.mean()) ** 2) / (k - 1),
            np.sum((matrix - items) ** 2) / (n * (k - 1)),
            np.sum((matrix - items - annotators + matrix.mean()) ** 2) / ((n - 1) * (k - 1)),
        ]
    )
    squares[squares < 1e-12 * squares.max()] = 0  # rounding error of perfect agreement
    return MeanSquares(*(float(square) for square in squares))


def _is_undefined(matrix: FloatArray) -> bool:
    n, k = matrix.shape
    return n < 2 or k < 2 or bool(np.ptp(matrix) == 0)


def _single_consistency(between: float, error: float, k: int) -> float:
    """Compute ICC(1,1) or ICC(3,1), (F - 1)/(F + k - 1) at F = between/error."""
    total = between + (k - 1) * error
    return (between - error) / total if total > 0 else np.nan


def _single_agreement(squares: MeanSquares, n: int, k: int) -> float:
    """Compute ICC(2,1)."""
    noise = (k - 1) * squares.residual + k * (squares.annotators - squares.residual) / n
    total = squares.items + noise
    return (squares.items - squares.residual) / total if total > 0 else np.nan


def _bound_consistency(
    between: float, error: float, n: int, k: int, freedom: int, level: float
) -> tuple[float, float, float]:
    """Compute ICC(1,1) or ICC(3,1) at F and at F over its quantiles."""
    value = _single_consistency(between, error, k)
    if error == 0:
        return value, np.nan, np.nan
    ratio, upper = between / error, (1 + level) / 2
    low = ratio / scipy_stats.f.ppf(upper, n - 1, freedom)
    high = ratio * scipy_stats.f.ppf(upper, freedom, n - 1)
    return value, _single_consistency(low, 1.0, k), _single_consistency(high, 1.0, k)


def _bound_agreement(squares: MeanSquares, n: int, k: int, level: float) -> tuple[float, float, float]:
    """Compute ICC(2,1) and its interval with Satterthwaite's degrees of freedom."""
    between_items, between_raters, _, residual = squares
    icc = _single_agreement(squares, n, k)
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
