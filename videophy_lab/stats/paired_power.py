"""How many videos show that a judge tells an edit from its original, and what given videos can show."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats as scipy_stats

from videophy_lab.stats.checks import check_level
from videophy_lab.stats.estimate import FloatArray
from videophy_lab.stats.paired import bounded_mean_estimate

MOST_CLUSTERS = 1_000_000


def paired_power(
    auc: float,
    n_clusters: int,
    *,
    n_pairs: int = 1,
    ties: float = 0.0,
    alike: float = 0.0,
    level: float = 0.95,
) -> float:
    """Compute the chance that a two-sided test of a paired area against .5 rejects.

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
        1 − level is the test's size.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        A number is out of its range, or so many ties cannot leave such an area.

    Notes
    -----
    Noncentral t on G − 1 degrees of freedom, with the variance ((1 − ties) − (2·auc − 1)²)/4 of a pair's
    value, times 1 + (m − 1)·alike for m pairs a cluster: Donner & Klar, *Design and Analysis of Cluster
    Randomization Trials* (2000), section 5. The interval of
    :func:`videophy_lab.stats.paired.paired_auc` is more careful with few clusters: see
    :func:`simulate_paired_power`. For areas .55, .6 and .67, 20, 100 and 200 clusters of 1 and 3 pairs
    and ties 0 and .4 (36 settings of 1,000 draws) the formula lies .015 above its power on average, and .10
    at most, with 20 clusters.
    """
    check_level(level)
    error = math.sqrt(_variance(auc, ties, n_pairs, alike) / _check_count(n_clusters, "n_clusters", 2))
    return _reject(auc - 0.5, error, n_clusters - 1, level)


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
    """Compute the chance that a test of two paired areas against each other rejects.

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
    """
    check_level(level)
    groups = [_variance(auc, ties, n_pairs, alike) for auc in (auc_first, auc_second)]
    error = math.sqrt(sum(groups) / _check_count(n_clusters, "n_clusters", 2))
    return _reject(auc_first - auc_second, error, 2 * (n_clusters - 1), level)


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


def simulate_paired_power(
    auc: float,
    n_clusters: int,
    *,
    rng: np.random.Generator,
    n_pairs: int = 1,
    ties: float = 0.0,
    alike: float = 0.0,
    level: float = 0.95,
    n_draws: int = 1000,
) -> float:
    """Simulate how often the interval of ``paired_auc`` leaves out .5.

    Parameters
    ----------
    auc, n_clusters, n_pairs, ties, alike, level
        As in :func:`paired_power`.
    rng : numpy.random.Generator
    n_draws : int
        Simulated studies.

    Returns
    -------
    float
        With a standard error of at most ½/√n_draws.
    """
    _variance(auc, ties, n_pairs, alike)
    clusters = np.repeat(np.arange(_check_count(n_clusters, "n_clusters", 2)), n_pairs)
    hits = 0
    for _ in range(n_draws):
        drawn = draw_pair_values(auc, n_clusters, rng=rng, n_pairs=n_pairs, ties=ties, alike=alike)
        found = bounded_mean_estimate(drawn.ravel(), clusters, level=level)
        hits += not found.low <= 0.5 <= found.high
    return hits / n_draws


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
    limit = scipy_stats.t.ppf((1 + level) / 2, freedom)
    shifted = scipy_stats.nct(freedom, difference / error)
    return float(shifted.sf(limit) + shifted.cdf(-limit))
