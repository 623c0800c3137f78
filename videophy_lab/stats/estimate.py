"""A number with its interval, and the two ways from replicates to an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats as scipy_stats

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Estimate:
    """A number with its interval and the settings that made it.

    Attributes
    ----------
    estimate, low, high : float
        The number and the two ends of its interval; NaN where undefined.
    level : float
        Confidence level of the interval, for example .95.
    method : str
        How the interval was made, for example ``"wilson"``.
    n : int
        Number of videos that entered.
    n_clusters : int
        Number of prompts (the independent units) that entered.
    """

    estimate: float
    low: float
    high: float
    level: float
    method: str
    n: int
    n_clusters: int


def encode_clusters(clusters: NDArray[np.generic]) -> tuple[IntArray, int]:
    """Replace clusters by their numbers, from 0 in sorted order.

    Returns
    -------
    codes : (n,) int64
    n_clusters : int
    """
    distinct, codes = np.unique(np.asarray(clusters), return_inverse=True)
    return codes.astype(np.int64).reshape(-1), int(distinct.size)


def divide_or_nan(numerator: NDArray[np.generic], denominator: NDArray[np.generic]) -> FloatArray:
    """Divide elementwise; NaN where the denominator is not positive."""
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    quotient = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    np.divide(top, bottom, out=quotient, where=bottom > 0)
    return quotient


def estimate_from_jackknife(
    full: float,
    replicates: FloatArray,
    *,
    n: int,
    level: float = 0.95,
    fisher: bool = False,
) -> Estimate:
    """Make an interval from delete-one-cluster replicates, with Student's t on G − 1 degrees of freedom.

    Parameters
    ----------
    full : float
        The statistic on all data.
    replicates : (G,) float
        The statistic without cluster g. A NaN replicate (the statistic is undefined without that
        cluster) makes the interval NaN.
    n : int
        Number of videos.
    level : float
        Confidence level.
    fisher : bool
        Work on Fisher's z = artanh r and transform back; for correlations.

    Returns
    -------
    Estimate
        ``method`` is ``"cluster_jackknife"`` or ``"cluster_jackknife_fisher_z"``.

    Notes
    -----
    Variance (G − 1)/G Σ (θ₋g − θ̄)²: Efron & Tibshirani, *An Introduction to the Bootstrap* (1993), eq. 11.5.
    """
    replicates = np.asarray(replicates, dtype=np.float64)
    n_clusters = int(replicates.size)
    method = "cluster_jackknife_fisher_z" if fisher else "cluster_jackknife"
    undefined = Estimate(float(full), np.nan, np.nan, level, method, n, n_clusters)
    if n_clusters < 2 or not np.isfinite(full) or not np.isfinite(replicates).all():
        return undefined
    if fisher and (abs(full) >= 1 or (np.abs(replicates) >= 1).any()):
        return undefined
    centre = np.arctanh(full) if fisher else full
    values = np.arctanh(replicates) if fisher else replicates
    variance = (n_clusters - 1) / n_clusters * np.sum((values - values.mean()) ** 2)
    margin = scipy_stats.t.ppf((1 + level) / 2, n_clusters - 1) * np.sqrt(variance)
    low, high = centre - margin, centre + margin
    if fisher:
        low, high = np.tanh(low), np.tanh(high)
    return Estimate(float(full), float(low), float(high), level, method, n, n_clusters)


def estimate_from_bootstrap(
    full: float, draws: FloatArray, *, n: int, n_clusters: int, level: float = 0.95
) -> Estimate:
    """Make a percentile interval from bootstrap draws.

    Parameters
    ----------
    full : float
        The statistic on all data.
    draws : (B,) float
        The statistic on each resample; NaN draws (undefined there) are left out.
    n, n_clusters : int
        Numbers of videos and prompts.
    level : float
        Confidence level.
    """
    finite = np.asarray(draws, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if finite.size == 0 or not np.isfinite(full):
        return Estimate(float(full), np.nan, np.nan, level, "cluster_bootstrap", n, n_clusters)
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(full), float(low), float(high), level, "cluster_bootstrap", n, n_clusters)
