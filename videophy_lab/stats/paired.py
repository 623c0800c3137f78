"""How often the better of two paired videos gets the higher score, with few prompts as independent units.

A pair is a right clip and its violated twin, or a video and its reversal. The share of pairs in the right
order is the paired area under the ROC curve: each video is compared with its own twin, so nothing that makes
a prompt easy or hard can enter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats as scipy_stats

from videophy_lab.stats.checks import as_finite, check_level, check_same_length
from videophy_lab.stats.estimate import Estimate, FloatArray, IntArray, encode_clusters
from videophy_lab.stats.means import delete_one_means, wilson_interval

METHOD = "wilson_t_cluster"


def paired_auc(
    better: ArrayLike,
    worse: ArrayLike,
    clusters: NDArray[np.generic],
    *,
    tie_threshold: float = 0.0,
    level: float = 0.95,
) -> Estimate:
    """Estimate P(better > worse) + ½ P(tie) over pairs, with clusters as the independent units.

    Parameters
    ----------
    better, worse : (n,) float
        Scores of the two videos of each pair: the one that ought to be higher, and its twin.
    clusters : (n,)
        Prompt (scene, action) of each pair.
    tie_threshold : float
        Scores tie if they differ by no more.
    level : float
        Confidence level.

    Returns
    -------
    Estimate
        ``n`` counts pairs. A scorer that cannot tell any two apart gets exactly .5.

    Raises
    ------
    ValueError
        If a score is missing, or the lengths differ.

    Notes
    -----
    Interval: :func:`bounded_mean_estimate` of the pairs' values 1, ½ and 0.
    """
    signs, labels = _order_pairs(better, worse, clusters, tie_threshold)
    return bounded_mean_estimate((signs + 1) / 2, labels, level=level)


def bounded_mean_estimate(
    values: ArrayLike, clusters: NDArray[np.generic], *, level: float = 0.95
) -> Estimate:
    """Estimate a mean of values between 0 and 1 with an interval that holds for few clusters.

    Parameters
    ----------
    values : (n,) float
        Each within [0, 1].
    clusters : (n,)
        The independent unit of each value.
    level : float
        Confidence level.

    Returns
    -------
    Estimate
        ``method`` is ``"wilson_t_cluster"``. The interval lies within [0, 1] and is never empty; NaN with
        fewer than two clusters.

    Raises
    ------
    ValueError
        If a value is missing or outside [0, 1].

    Notes
    -----
    Wilson's interval with Student's t on G − 1 degrees of freedom in place of the normal quantile, at the
    effective number n* = p(1 − p)/V. V is the delete-one-cluster jackknife variance, but no less than s²/n:
    few clusters can show far too small a variance by chance. Ties have their own, smaller variance in s².
    Wilson at n*: Korn & Graubard (1998), Survey Methodology 24, 193–201; Dean & Pagano (2015), Journal of
    Survey Statistics and Methodology 3, 484–503.

    Near 0 and 1 the variance between clusters cannot be seen: one wrong pair in forty looks like independent
    pairs. So no end lies nearer to 0 or 1 than the exact one (Clopper & Pearson 1934, Biometrika 26, 404–413)
    of G units that all agree, (α/2)^(1/G). Where all values are the same v, that share is all that is known:
    up to q = 1 − (α/2)^(1/G) of other clusters may be anything, so the mean lies between v(1 − q) and
    v(1 − q) + q. With that the whole interval at v = .5 (all pairs tie) is .5 ± q/2.

    Measured coverage of the 95 % interval of :func:`paired_auc` over 8, 12, 16 and 40 clusters of 1 to 20
    pairs, latent correlation of a cluster's pairs 0 to .9, areas .5, .8, .95, with and without ties (312
    settings of 800 draws): .972 on average, .938 at worst. The plain jackknife falls to .47 near 1. Where bad
    clusters are rare and hold many more pairs than the good ones, as 10 % of them with five times as many,
    ten clusters often hold none, and the interval covers .65 of the time.
    """
    check_level(level)
    numbers = as_finite(values, "values")
    if ((numbers < 0) | (numbers > 1)).any():
        raise ValueError("the values must lie between 0 and 1; rescale them first")
    codes, n_clusters = encode_clusters(clusters)
    check_same_length(values=numbers, clusters=codes)
    n = numbers.size
    mean = float(numbers.mean()) if n else np.nan
    if n_clusters < 2:
        return Estimate(mean, np.nan, np.nan, level, METHOD, n, n_clusters)
    replicates = delete_one_means(numbers, codes, n_clusters)
    between = (n_clusters - 1) / n_clusters * np.sum((replicates - replicates.mean()) ** 2)
    variance = max(float(between), float(numbers.var(ddof=1)) / n) if np.ptp(numbers) else 0.0
    low, high = bound_mean(np.array(mean), np.array(variance), n_clusters, level=level)
    return Estimate(mean, float(low), float(high), level, METHOD, n, n_clusters)


def bound_mean(
    mean: FloatArray, variance: FloatArray, n_clusters: int, *, level: float
) -> tuple[FloatArray, FloatArray]:
    """Give the interval of :func:`bounded_mean_estimate` from means and their variances.

    Parameters
    ----------
    mean, variance : float arrays of one shape
        A variance of 0 says that all values are the same.
    n_clusters : int
        At least two.
    level : float

    Returns
    -------
    low, high : float arrays
    """
    unseen = find_unseen_share(n_clusters, level=level)
    upper = (1 + level) / 2
    quantiles = scipy_stats.norm.ppf(upper) / scipy_stats.t.ppf(upper, n_clusters - 1)
    same = variance == 0
    effective = mean * (1 - mean) / np.where(same, 1.0, variance) * quantiles**2
    low, high = wilson_interval(mean * effective, effective, level=level)
    low_of_same = mean * (1 - unseen)
    # of 1, floating point would leave the end a hair beside
    high_of_same = np.where(mean == 1, 1.0, low_of_same + unseen)
    return (
        np.where(same, low_of_same, np.minimum(low, 1 - unseen)),
        np.where(same, high_of_same, np.maximum(high, unseen)),
    )


def find_unseen_share(n_clusters: int, *, level: float) -> float:
    """Give the largest share of clusters that may be unlike the n that were seen, all of which agree.

    Clopper & Pearson (1934), Biometrika 26, 404–413: 1 − (α/2)^(1/n).
    """
    return float(1 - ((1 - level) / 2) ** (1 / n_clusters))


def paired_sign_test(
    better: ArrayLike, worse: ArrayLike, clusters: NDArray[np.generic], *, tie_threshold: float = 0.0
) -> float:
    """Test exactly whether pairs have an order, all pairs of a cluster being exchanged together.

    Parameters
    ----------
    better, worse, clusters, tie_threshold
        As in :func:`paired_auc`.

    Returns
    -------
    float
        Two-sided p of no order; 1 where no cluster prefers either. With G clusters that prefer one it is at
        least 2^(1 − G): six clusters are needed for p < .05.

    Raises
    ------
    ValueError
        As :func:`paired_auc`.

    Notes
    -----
    A cluster counts its pairs in order minus its pairs out of order. Under the null hypothesis the two
    videos of every pair of a cluster can change names together, which changes the sign of its count; all 2^G
    changes are counted at once by convolution. With one pair a cluster it is the sign test.
    Fisher, *The Design of Experiments* (1935), section 21, on whole clusters.
    """
    signs, labels = _order_pairs(better, worse, clusters, tie_threshold)
    codes, n_clusters = encode_clusters(labels)
    counts = np.abs(np.rint(np.bincount(codes, weights=signs, minlength=n_clusters))).astype(np.int64)
    observed = abs(int(signs.sum()))
    total = int(counts.sum())
    return float(min(1.0, _weigh_sums(counts)[np.abs(np.arange(-total, total + 1)) >= observed].sum()))


def _weigh_sums(counts: IntArray) -> FloatArray:
    """Give the probability of every sum of ± counts, from −total to total."""
    weights = np.ones(1)
    for count in counts:
        longer = np.zeros(weights.size + 2 * int(count))
        longer[: weights.size] += weights / 2
        longer[2 * int(count) :] += weights / 2
        weights = longer
    return weights


def _order_pairs(
    better: ArrayLike, worse: ArrayLike, clusters: NDArray[np.generic], tie_threshold: float
) -> tuple[FloatArray, NDArray[np.generic]]:
    """Give each pair's order, 1, 0 (tie) or −1, and its cluster."""
    if not tie_threshold >= 0:
        raise ValueError(f"tie_threshold is {tie_threshold}; give 0 or more")
    up, down = as_finite(better, "better"), as_finite(worse, "worse")
    labels = np.asarray(clusters)
    check_same_length(better=up, worse=down, clusters=labels)
    gap = up - down
    return np.where(np.abs(gap) <= tie_threshold, 0.0, np.sign(gap)), labels
