"""Annotators with error rates of their own, and the ratings that they make likely.

As in :mod:`videophy_lab.stats.annotators`, ``ratings`` has one row an item, one column an annotator, and NaN
where the annotator did not rate the item.

References
----------
Dawid & Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm", *Applied
Statistics* 28 (1979) 20-28; the equations named below are theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from videophy_lab.stats.annotators import check_ratings, count_values
from videophy_lab.stats.estimate import FloatArray

CONVERGED = 1e-9  # of the log-likelihood, relative
MAX_STEPS = 2_000
TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class DawidSkene:
    """Who errs how, and what each item is.

    Attributes
    ----------
    values : (n_values,) float
        The ratings that occur, ascending.
    probabilities : (n_items, n_values) float
        Probability that an item truly has a value; NaN for items without a rating.
    prevalence : (n_values,) float
        Share of the items that truly have a value.
    confusion : (n_annotators, n_values, n_values) float
        Probability that an annotator gives the value of the last axis to an item of the value of the middle
        axis; NaN where nothing tells it.
    log_likelihood : float
        Of all ratings, equation 2.7.
    settled : bool
        Whether the last step changed nothing any more; ratings that hardly agree may tell too little.
    """

    values: FloatArray
    probabilities: FloatArray
    prevalence: FloatArray
    confusion: FloatArray
    log_likelihood: float
    settled: bool

    def most_likely(self) -> FloatArray:
        """Give the likeliest value of each item, the lowest of several; NaN for items without a rating."""
        likeliest = np.full(len(self.probabilities), np.nan)
        rated = ~np.isnan(self.probabilities).any(axis=1) & (self.values.size > 0)
        if rated.any():
            likeliest[rated] = self.values[self.probabilities[rated].argmax(axis=1)]
        return likeliest


def fit_dawid_skene(ratings: ArrayLike) -> DawidSkene:
    """Estimate true values, their prevalence and every annotator's errors together, by EM.

    Parameters
    ----------
    ratings : (n_items, n_annotators) float

    Returns
    -------
    DawidSkene

    Notes
    -----
    The values are names only: 4 is no nearer to 5 than to 1. Five values are twenty free error rates an
    annotator, so this needs hundreds of ratings from each; with fewer, screening and a mean are better. It
    starts from each item's shares of votes (equation 3.1) and ends in the local maximum above them.
    """
    matrix = check_ratings(ratings)
    votes, values = count_values(matrix)
    rated = votes.sum(axis=1) > 0
    probabilities = np.full(votes.shape, np.nan)
    if not rated.any():
        nothing = np.full((matrix.shape[1], values.size, values.size), np.nan)
        return DawidSkene(values, probabilities, np.full(values.size, np.nan), nothing, float("nan"), False)
    # one column for each annotator and value
    given = (matrix[rated, :, np.newaxis] == values).reshape(rated.sum(), -1).astype(np.float64)
    belief = votes[rated] / votes[rated].sum(axis=1, keepdims=True)
    before, settled = -np.inf, False
    for _step in range(MAX_STEPS):
        prevalence, confusion = _estimate_errors(given, belief)
        belief, log_likelihood = _estimate_values(given, prevalence, confusion)
        settled = log_likelihood - before <= CONVERGED * abs(log_likelihood)
        if settled:
            break
        before = log_likelihood
    probabilities[rated] = belief
    return DawidSkene(values, probabilities, prevalence, confusion, log_likelihood, settled)


def _estimate_errors(given: FloatArray, belief: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Compute prevalence and error rates from beliefs about the items, equations 2.3 and 2.4."""
    n_values = belief.shape[1]
    counts = (belief.T @ given).reshape(n_values, -1, n_values).swapaxes(0, 1)
    totals = counts.sum(axis=2, keepdims=True)
    confusion = np.divide(counts, totals, out=np.full_like(counts, np.nan), where=totals > 0)
    return belief.mean(axis=0), confusion


def _estimate_values(
    given: FloatArray, prevalence: FloatArray, confusion: FloatArray
) -> tuple[FloatArray, float]:
    """Compute beliefs about the items from prevalence and error rates, equations 2.5 and 2.7."""
    # an error rate that nothing tells belongs to a value that no item of that annotator can have
    errors = np.log(np.maximum(np.nan_to_num(confusion), TINY)).swapaxes(1, 2)
    joint = np.log(np.maximum(prevalence, TINY)) + given @ errors.reshape(-1, prevalence.size)
    highest = joint.max(axis=1, keepdims=True)
    weights = np.exp(joint - highest)
    total = weights.sum(axis=1, keepdims=True)
    return weights / total, float((highest + np.log(total)).sum())
