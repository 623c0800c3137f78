"""How many videos show that a judge tells an edit from its original, and what given videos can show."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats as scipy_stats

from videophy_lab.stats.checks import check_level
from videophy_lab.stats.contrast import combine_margins
from videophy_lab.stats.estimate import FloatArray
from videophy_lab.stats.paired import bound_mean

MOST_CLUSTERS = 1_000_000
MOST_SIMULATED = 150
N_DRAWS, SEED = 4_000, 0
# standard errors from which on the noncentral t is not computed: the power is 1 to nine digits
CERTAIN = 8


def paired_power(
    auc: float,
    n_clusters: int,
    *,
    n_pairs: int = 1,
    ties: float = 0.0,
    alike: float = 0.0,
    level: float = 0.95,
) -> float:
    """Compute the chance that the interval of a paired area leaves out .5.

    Parameters
    ----------
    auc : float
        True P(better > worse) + ½ P(tie).
    n_clusters, n_pairs : int
        Prompts (actions), and pairs in each.
    ties : float
        Share of pairs whose two scores are equal: about .4 for answers on 1–5 to edits that move little.
    alike : float
        Correlation of the values 1, ½ and 0 of two pairs of one cluster.
    level : float
        Of the interval.

    Returns
    -------
    float
        With up to 150 clusters of 4,000 simulated studies, always the same ones (standard error at most
        .008); with more from a formula.

    Raises
    ------
    ValueError
        A number is out of its range, or so many ties cannot leave such an area.

    Notes
    -----
    Simulated is the interval of :func:`videophy_lab.stats.paired.paired_auc` itself: with fewer than six
    clusters it cannot leave out .5, whatever the scores. The formula is the noncentral t on G − 1 degrees of
    freedom, with the variance ((1 − ties) − (2·auc − 1)²)/4 of a pair's value, times 1 + (m − 1)·alike for m
    pairs a cluster: Donner & Klar, *Design and Analysis of Cluster Randomization Trials* (2000), section 5.
    """
    check_level(level)
    variance = _variance(auc, ties, n_pairs, alike)
    _check_count(n_clusters, "n_clusters", 2)
    if n_clusters > MOST_SIMULATED:
        return _reject(auc - 0.5, math.sqrt(variance / n_clusters), n_clusters - 1, level)
    rng = np.random.default_rng(SEED)
    _, low, high = _draw_intervals(
        auc, n_clusters, rng=rng, n_pairs=n_pairs, ties=ties, alike=alike, level=level
    )
    return float(np.mean((low > 0.5) | (high < 0.5)))


def contrast_power(
    auc_first: float,
    auc_second: float,
    n_clusters: int,
    *,
    n_pairs: int = 1,
    ties: float = 0.0,
    alike: float = 0.0,
    level: float = 0.95,
) -> float:
    """Compute the chance that the interval of the difference of two paired areas leaves out 0.

    Parameters
    ----------
    auc_first, auc_second : float
        True areas of two groups of prompts: irreversible and reversible actions.
    n_clusters : int
        Prompts in each group.
    n_pairs, ties, alike, level
        As in :func:`paired_power`, in both groups.

    Returns
    -------
    float
        As of :func:`paired_power`, of the interval of :func:`videophy_lab.stats.contrast.contrast_shares`.
    """
    check_level(level)
    variances = [_variance(auc, ties, n_pairs, alike) for auc in (auc_first, auc_second)]
    _check_count(n_clusters, "n_clusters", 2)
    if n_clusters > MOST_SIMULATED:
        error = math.sqrt(sum(variances) / n_clusters)
        return _reject(auc_first - auc_second, error, 2 * (n_clusters - 1), level)
    rng = np.random.default_rng(SEED)
    one, two = (
        _draw_intervals(auc, n_clusters, rng=rng, n_pairs=n_pairs, ties=ties, alike=alike, level=level)
        for auc in (auc_first, auc_second)
    )
    low, high = combine_margins(*one, *two)
    return float(np.mean((low > 0) | (high < 0)))


def required_clusters(
    auc: float,
    *,
    against: float | None = None,
    n_pairs: int = 1,
    ties: float = 0.0,
    alike: float = 0.0,
    power: float = 0.8,
    level: float = 0.95,
) -> float:
    """Compute how many prompts (actions) are needed to show a paired area.

    Parameters
    ----------
    auc : float
    against : float, optional
        Area of a second group with as many prompts, from which it is to be told; .5 known exactly when not
        given.
    n_pairs, ties, alike, level
        As in :func:`paired_power`.
    power : float

    Returns
    -------
    float
        Prompts (in each group); infinite where the areas are equal.
    """
    if not 0 < power < 1:
        raise ValueError(f"power is {power}; it must lie between 0 and 1, for example 0.8")
    if auc == (0.5 if against is None else against):
        return math.inf
    options = {"n_pairs": n_pairs, "ties": ties, "alike": alike, "level": level}

    def is_enough(n_clusters: int) -> bool:
        found = (
            paired_power(auc, n_clusters, **options)  # type: ignore[arg-type]
            if against is None
            else contrast_power(auc, against, n_clusters, **options)  # type: ignore[arg-type]
        )
        return found >= power

    low, high = 1, 2
    while not is_enough(high):
        low, high = high, 2 * high
        if high > MOST_CLUSTERS:
            return math.inf
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return float(high)


def _draw_intervals(
    auc: float,
    n_clusters: int,
    *,
    rng: np.random.Generator,
    n_pairs: int,
    ties: float,
    alike: float,
    level: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Draw studies, and give the means and interval ends, (N_DRAWS,) each, that they would find."""
    drawn = draw_pair_values(auc, N_DRAWS * n_clusters, rng=rng, n_pairs=n_pairs, ties=ties, alike=alike)
    studies = drawn.reshape(N_DRAWS, n_clusters, n_pairs)
    mean, of_clusters = studies.mean(axis=(1, 2)), studies.mean(axis=2)
    # of equally large clusters the jackknife variance is that of their means
    between = of_clusters.var(axis=1, ddof=1) / n_clusters
    within = studies.reshape(N_DRAWS, -1).var(axis=1, ddof=1) / (n_clusters * n_pairs)
    return mean, *bound_mean(mean, np.maximum(between, within), n_clusters, level=level)


def draw_pair_values(
    auc: float,
    n_clusters: int,
    *,
    rng: np.random.Generator,
    n_pairs: int = 1,
    ties: float = 0.0,
    alike: float = 0.0,
) -> FloatArray:
    """Draw the values 1, ½ and 0 of pairs, (n_clusters, n_pairs), with mean ``auc``.

    Each pair takes its cluster's common draw with probability √alike, so that two of them correlate by
    ``alike``.
    """
    chances = [1 - auc - ties / 2, ties, auc - ties / 2]
    own = rng.choice([0.0, 0.5, 1.0], p=chances, size=(n_clusters, n_pairs))
    common = rng.choice([0.0, 0.5, 1.0], p=chances, size=(n_clusters, 1))
    return np.where(rng.random((n_clusters, n_pairs)) < math.sqrt(alike), common, own)


def _variance(auc: float, ties: float, n_pairs: int, alike: float) -> float:
    """Give the variance of a cluster's mean value, or raise."""
    if not 0 < auc < 1:
        raise ValueError(f"auc is {auc}; it must lie between 0 and 1, and is .5 by chance")
    if not 0 <= ties <= 2 * min(auc, 1 - auc):
        raise ValueError(
            f"ties is {ties}; with an area of {auc} the share of ties lies between 0 and "
            f"{2 * min(auc, 1 - auc):.3g}"
        )
    if not 0 <= alike <= 1:
        raise ValueError(f"alike is {alike}; it is a correlation between 0 and 1")
    of_pair = ((1 - ties) - (2 * auc - 1) ** 2) / 4
    count = _check_count(n_pairs, "n_pairs", 1)
    return of_pair * (1 + (count - 1) * alike) / count


def _check_count(count: int, name: str, least: int) -> int:
    if count < least:
        raise ValueError(f"{name} is {count}; give at least {least}")
    return count


def _reject(difference: float, error: float, freedom: int, level: float) -> float:
    """Give the power of a two-sided t test; 1 without any error."""
    if error == 0:
        return 1.0 if difference else 0.0
    if abs(difference) > CERTAIN * error:
        return 1.0
    limit = scipy_stats.t.ppf((1 + level) / 2, freedom)
    shifted = scipy_stats.nct(freedom, difference / error)
    return float(shifted.sf(limit) + shifted.cdf(-limit))
