"""The difference of two shares that were estimated from few clusters."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from videophy_lab.stats.checks import as_finite, check_same_length
from videophy_lab.stats.estimate import Estimate, FloatArray, encode_clusters
from videophy_lab.stats.means import delete_one_means
from videophy_lab.stats.paired import bounded_mean_estimate


def contrast_shares(
    first: ArrayLike,
    second: ArrayLike,
    first_clusters: NDArray[np.generic],
    second_clusters: NDArray[np.generic],
    *,
    level: float = 0.95,
) -> Estimate:
    """Estimate the mean of one group minus that of another, of values between 0 and 1.

    Parameters
    ----------
    first, second : (n₁,), (n₂,) float
        Each within [0, 1]: 1, ½ and 0 of pairs give the difference of two paired areas.
    first_clusters, second_clusters : (n₁,), (n₂,)
        Prompt (action) of each; the groups may share prompts.
    level : float

    Returns
    -------
    Estimate
        Within [−1, 1]; ``n`` and ``n_clusters`` count both groups. NaN ends unless each group has two
        clusters.

    Raises
    ------
    ValueError
        If a value is missing or outside [0, 1].

    Notes
    -----
    The intervals of :func:`videophy_lab.stats.paired.bounded_mean_estimate` put together (MOVER): Newcombe
    (1998), Statistics in Medicine 17, 873–890, method 10; Zou & Donner (2008), Statistics in Medicine 27,
    1693–1702, with their term for correlated groups where shared prompts make the two means go apart
    (negative jackknife correlation); where they go together the interval is left as wide as for separate
    prompts. Measured coverage of 95 %, 6, 10 and 40 prompts a group of 1, 3 and 6 pairs with latent
    correlation .6, areas .5 and .5, .7 and .5, .95 and .5, .95 and .8 (36 settings of 500 draws): .977 on
    average and .940 at worst with separate prompts, .971 and .940 with shared ones whose groups go apart.
    """
    values = as_finite(first, "first"), as_finite(second, "second")
    labels = np.asarray(first_clusters), np.asarray(second_clusters)
    check_same_length(first=values[0], first_clusters=labels[0])
    check_same_length(second=values[1], second_clusters=labels[1])
    one, two = (bounded_mean_estimate(v, c, level=level) for v, c in zip(values, labels, strict=True))
    correlation = min(0.0, _correlate_means(values, labels))
    _, n_clusters = encode_clusters(np.concatenate(labels))
    first_ends, second_ends = (
        (np.array(side.estimate), np.array(side.low), np.array(side.high)) for side in (one, two)
    )
    low, high = combine_margins(*first_ends, *second_ends, correlation=correlation)
    difference = one.estimate - two.estimate
    return Estimate(
        difference, float(low), float(high), level, "mover_wilson_t_cluster", one.n + two.n, n_clusters
    )


def combine_margins(
    first: FloatArray,
    first_low: FloatArray,
    first_high: FloatArray,
    second: FloatArray,
    second_low: FloatArray,
    second_high: FloatArray,
    *,
    correlation: float = 0.0,
) -> tuple[FloatArray, FloatArray]:
    """Combine the intervals of two shares into that of their difference; see :func:`contrast_shares`.

    Parameters
    ----------
    first, first_low, first_high, second, second_low, second_high : float arrays of one shape
        NaN where there is no interval.
    correlation : float
        Of the two shares.

    Returns
    -------
    low, high : float arrays
        Within [−1, 1].
    """

    def combine(one: FloatArray, two: FloatArray) -> FloatArray:
        return np.asarray(np.sqrt(one**2 + two**2 - 2 * correlation * one * two))

    difference = first - second
    below = combine(first - first_low, second_high - second)
    above = combine(first_high - first, second - second_low)
    return np.maximum(-1.0, difference - below), np.minimum(1.0, difference + above)


def _correlate_means(
    values: tuple[FloatArray, FloatArray], labels: tuple[NDArray[np.generic], NDArray[np.generic]]
) -> float:
    """Correlate two groups' means over deletions of a prompt that both have; 0 without two such prompts."""
    if np.intersect1d(labels[0], labels[1]).size < 2:
        return 0.0
    codes, n_clusters = encode_clusters(np.concatenate(labels))
    parts = codes[: values[0].size], codes[values[0].size :]
    one, two = (delete_one_means(v, c, n_clusters) for v, c in zip(values, parts, strict=True))
    if np.isnan([one, two]).any() or np.ptp(one) == 0 or np.ptp(two) == 0:
        return 0.0
    return float(np.corrcoef(one, two)[0, 1])
