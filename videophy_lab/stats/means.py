"""Rates and means with intervals; videos of one prompt are one independent unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats as scipy_stats

from videophy_lab.stats.checks import check_level
from videophy_lab.stats.estimate import (
    BoolArray,
    Estimate,
    FloatArray,
    IntArray,
    encode_clusters,
    estimate_from_jackknife,
)


def wilson_interval(
    successes: ArrayLike, n: ArrayLike, *, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Compute Wilson's score interval of a rate.

    Parameters
    ----------
    successes, n : array of any shapes that broadcast
        Numbers of successes and of trials; an effective number of trials need not be whole.
    level : float
        Confidence level.

    Returns
    -------
    low, high : float arrays
        Within [0, 1]; NaN where ``n`` is 0.

    Raises
    ------
    ValueError
        When successes are negative or more than the trials.

    Notes
    -----
    Wilson (1927), JASA 22, 209-212; Brown, Cai & DasGupta (2001), Statistical Science 16, 101-133, eq. 4.
    """
    check_level(level)
    hits, trials = np.broadcast_arrays(np.asarray(successes, float), np.asarray(n, float))
    if (hits < 0).any() or (hits > trials).any():
        raise ValueError("successes must lie between 0 and n; did you swap the two arguments?")
    z = scipy_stats.norm.ppf((1 + level) / 2)
    counted = np.where(trials > 0, trials, np.nan)
    rate = hits / counted
    shrink = 1 + z**2 / counted
    centre = (rate + z**2 / (2 * counted)) / shrink
    margin = z / shrink * np.sqrt(rate * (1 - rate) / counted + z**2 / (4 * counted**2))
    # At a rate of 0 or 1 one end is exactly 0 or 1; floating point would leave it a hair beside.
    low = np.where(rate == 0, 0.0, centre - margin)
    high = np.where(rate == 1, 1.0, centre + margin)
    return low, high


def rate_estimate(successes: ArrayLike, clusters: NDArray[np.generic], *, level: float = 0.95) -> Estimate:
    """Estimate a rate with Wilson's interval, taking every video as independent.

    Parameters
    ----------
    successes : (n,) bool, or 0/1 with NaN for unscored videos, which are left out
    clusters : (n,) prompt of each video
        Counted in ``n_clusters`` only: see :func:`cluster_rate_estimate` for an interval that uses them.
    level : float
        Confidence level.

    Returns
    -------
    Estimate
        ``method`` is ``"wilson"``; all NaN without a scored video.
    """
    hits, codes, n_clusters = _select_scored(successes, clusters)
    _check_binary(hits)
    low, high = wilson_interval(hits.sum(), codes.size, level=level)
    rate = float(hits.mean()) if hits.size else np.nan
    return Estimate(rate, float(low), float(high), level, "wilson", codes.size, n_clusters)


def cluster_mean_estimate(
    values: ArrayLike, clusters: NDArray[np.generic], *, level: float = 0.95
) -> Estimate:
    """Estimate a mean over videos with prompts as the independent units.

    Parameters
    ----------
    values : (n,) float
        One value a video; NaN (unscored) is left out.
    clusters : (n,) prompt of each video
    level : float
        Confidence level.

    Returns
    -------
    Estimate
        ``method`` is ``"cluster_jackknife"``. The interval is symmetric and may leave the range of the
        values; for a rate near 0 or 1 use :func:`cluster_rate_estimate`. NaN with fewer than two prompts.

    Notes
    -----
    Delete-one-prompt jackknife of the ratio of sums: Efron & Tibshirani, *An Introduction to the Bootstrap*
    (1993), eq. 11.5. With equally many videos a prompt its variance is G/(G - 1) times the sandwich variance
    of the intercept (Liang & Zeger 1986); otherwise it is somewhat larger.
    """
    check_level(level)
    kept, codes, n_clusters = _select_scored(values, clusters)
    mean = float(kept.mean()) if kept.size else np.nan
    replicates = delete_one_means(kept, codes, n_clusters)
    return estimate_from_jackknife(mean, replicates, n=kept.size, level=level)


def cluster_rate_estimate(
    successes: ArrayLike, clusters: NDArray[np.generic], *, level: float = 0.95
) -> Estimate:
    """Estimate a rate with Wilson's interval at the effective number of videos.

    Parameters
    ----------
    successes : (n,) bool, or 0/1 with NaN for unscored videos, which are left out
    clusters : (n,) prompt of each video
    level : float
        Confidence level.

    Returns
    -------
    Estimate
        ``method`` is ``"wilson_cluster"``; ``n`` is the real, not the effective number of videos.
        The interval lies within [0, 1]; NaN with fewer than two prompts.

    Notes
    -----
    n* = n / deff · (t(n - 1) / t(G - 1))²: Korn & Graubard (1998), Survey Methodology 24, 193-201, which they
    put into the exact interval; into Wilson's, as Dean & Pagano (2015), Journal of Survey Statistics and
    Methodology 3, 484-503. The design effect is cut at 1, as in Parker et al. (2017), NCHS Vital and Health
    Statistics 2(175), because few prompts can show far too small a one by chance; it is 1 where all videos
    agree, and then the interval is too short if prompts decide the outcome.
    """
    check_level(level)
    hits, codes, n_clusters = _select_scored(successes, clusters)
    _check_binary(hits)
    n = codes.size
    if n_clusters < 2:
        rate = float(hits.mean()) if n else np.nan
        return Estimate(rate, np.nan, np.nan, level, "wilson_cluster", n, n_clusters)
    rate = float(hits.mean())
    effect = 1.0 if rate in (0, 1) else max(1.0, design_effect(hits, codes))
    upper = (1 + level) / 2
    tails = scipy_stats.t.ppf(upper, n - 1) / scipy_stats.t.ppf(upper, n_clusters - 1)
    effective = n / effect * tails**2
    low, high = wilson_interval(rate * effective, effective, level=level)
    return Estimate(rate, float(low), float(high), level, "wilson_cluster", n, n_clusters)


def design_effect(values: ArrayLike, clusters: NDArray[np.generic]) -> float:
    """Measure how much videos of one prompt being alike inflates the variance of the mean.

    Parameters
    ----------
    values : (n,) float
        One value a video; NaN is left out.
    clusters : (n,) prompt of each video

    Returns
    -------
    float
        Delete-one-prompt jackknife variance of the mean, divided by the variance s²/n it would have with
        independent videos: exactly 1 with one video a prompt, about 1 + (m - 1)·ICC with m videos a prompt,
        below 1 where videos of one prompt differ more than those of different prompts.
        NaN with fewer than two prompts or where all values are equal.

    Notes
    -----
    Kish, *Survey Sampling* (1965), section 8.2. It holds for the mean; a correlation has its own.
    """
    kept, codes, n_clusters = _select_scored(values, clusters)
    if n_clusters < 2 or np.ptp(kept) == 0:
        return float("nan")
    replicates = delete_one_means(kept, codes, n_clusters)
    clustered = (n_clusters - 1) / n_clusters * np.sum((replicates - replicates.mean()) ** 2)
    return float(clustered / (kept.var(ddof=1) / kept.size))


def delete_one_means(values: FloatArray, codes: IntArray, n_clusters: int) -> FloatArray:
    """Compute the mean without each cluster in turn.

    Parameters
    ----------
    values : (n,) float
    codes : (n,) int
        Number of each value's cluster, from 0.
    n_clusters : int

    Returns
    -------
    (n_clusters,) float
        NaN where nothing is left.
    """
    sums = np.bincount(codes, weights=values, minlength=n_clusters)
    sizes = np.bincount(codes, minlength=n_clusters)
    left = values.size - sizes
    return np.asarray((values.sum() - sums) / np.where(left > 0, left, np.nan), dtype=np.float64)


def _select_scored(values: ArrayLike, clusters: NDArray[np.generic]) -> tuple[FloatArray, IntArray, int]:
    """Drop unscored videos and number the clusters that are left."""
    numbers = np.asarray(values, dtype=np.float64)
    labels = np.asarray(clusters)
    if numbers.ndim != 1 or numbers.shape != labels.shape:
        raise ValueError(
            f"values have shape {numbers.shape} and clusters {labels.shape}; give one cluster for each value"
        )
    scored: BoolArray = ~np.isnan(numbers)
    codes, n_clusters = encode_clusters(labels[scored])
    return numbers[scored], codes, n_clusters


def _check_binary(values: FloatArray) -> None:
    """Raise unless all values are 0 or 1."""
    if not np.isin(values, (0, 1)).all():
        raise ValueError("a rate needs true/false or 0/1 values; compare with a threshold first (score >= 4)")
