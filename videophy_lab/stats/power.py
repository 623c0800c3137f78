"""How many prompts a comparison needs, and what a given number of prompts can show."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats as scipy_stats

from videophy_lab.stats.checks import check_level
from videophy_lab.stats.means import design_effect

__all__ = [
    "design_effect",
    "minimum_detectable_correlation",
    "minimum_detectable_difference",
    "required_prompts",
]


def minimum_detectable_difference(
    rate: float,
    n: int,
    *,
    correlation: float = 0.0,
    power: float = 0.8,
    level: float = 0.95,
    n_comparisons: int = 1,
) -> float:
    """Compute the smallest difference of two rates that a comparison on the same prompts would detect.

    Parameters
    ----------
    rate : float
        Rate around which the two generators lie, between 0 and 1.
    n : int
        Number of prompts, each with a video of both generators.
    correlation : float
        φ between the two generators' outcomes on the same prompt; 0 for different prompts.
    power, level : float
        Chance of detecting the difference; confidence level of the two-sided test.
    n_comparisons : int
        Number of comparisons that share the error rate (Bonferroni).

    Returns
    -------
    float
        Difference as a share (.071 is 7.1 points); NaN where two rates around ``rate`` cannot lie so far
        apart.

    Notes
    -----
    (z₁ + z₂) √(2 p(1 - p)(1 - φ) / n), both rates having the variance at ``rate``: Chow, Shao & Wang,
    *Sample Size Calculations in Clinical Research* (2008), section 4.2, with the covariance of paired
    outcomes taken off.
    """
    _check_rates(rate, rate, correlation)
    if n < 1:
        raise ValueError(f"n is {n}; give the number of shared prompts, at least 1")
    variance = 2 * rate * (1 - rate) * (1 - correlation)
    difference = _sum_quantiles(power, level, n_comparisons) * math.sqrt(variance / n)
    return difference if difference <= 2 * min(rate, 1 - rate) else float("nan")


def required_prompts(
    rate_a: float,
    rate_b: float,
    *,
    correlation: float = 0.0,
    power: float = 0.8,
    level: float = 0.95,
    n_comparisons: int = 1,
) -> float:
    """Compute how many shared prompts are needed to tell two rates apart.

    Parameters
    ----------
    rate_a, rate_b : float
        The two rates, between 0 and 1.
    correlation, power, level, n_comparisons
        As in :func:`minimum_detectable_difference`.

    Returns
    -------
    float
        A whole number; infinite where the rates are equal.

    Notes
    -----
    (z₁ + z₂)² (a(1 - a) + b(1 - b) - 2φ √(a(1 - a) b(1 - b))) / (a - b)², rounded up: the same source, with
    the variance at the two rates.
    """
    _check_rates(rate_a, rate_b, correlation)
    if rate_a == rate_b:
        return math.inf
    spread_a, spread_b = (math.sqrt(rate * (1 - rate)) for rate in (rate_a, rate_b))
    variance = spread_a**2 + spread_b**2 - 2 * correlation * spread_a * spread_b
    quantiles = _sum_quantiles(power, level, n_comparisons)
    return float(math.ceil(quantiles**2 * variance / (rate_a - rate_b) ** 2))


def minimum_detectable_correlation(
    n: int, *, design_effect: float = 1.0, power: float = 0.8, level: float = 0.95
) -> float:
    """Compute the smallest correlation that a test against zero would detect.

    Parameters
    ----------
    n : int
        Number of videos.
    design_effect : float
        Variance inflation of the correlation by videos that share prompts; 1.4 to 1.7 was seen for pooled
        Spearman correlations of human ratings with metrics on data with four videos a prompt.
    power, level : float
        Chance of detecting the correlation; confidence level of the two-sided test.

    Returns
    -------
    float
        Pearson's r; NaN with fewer than four effective videos.

    Notes
    -----
    tanh((z₁ + z₂) / √(n / design_effect - 3)): Fisher (1921), Metron 1, 3-32; Cohen, *Statistical Power
    Analysis* (1988), section 3.4. Spearman's correlation needs about 6 % more videos (Fieller, Hartley &
    Pearson 1957, Biometrika 44, 470-481).
    """
    if design_effect <= 0:
        raise ValueError(f"design_effect is {design_effect}; it is a ratio of variances, above 0")
    freedom = n / design_effect - 3
    if freedom <= 0:
        return float("nan")
    return float(np.tanh(_sum_quantiles(power, level, 1) / math.sqrt(freedom)))


def _sum_quantiles(power: float, level: float, n_comparisons: int) -> float:
    """Add the normal quantiles of the two-sided test and of the power."""
    check_level(level)
    if not 0 < power < 1:
        raise ValueError(f"power is {power}; it must lie between 0 and 1, for example 0.8")
    if n_comparisons < 1:
        raise ValueError(f"n_comparisons is {n_comparisons}; it must be at least 1")
    tail = (1 - level) / (2 * n_comparisons)
    return float(scipy_stats.norm.isf(tail) + scipy_stats.norm.ppf(power))


def _check_rates(rate_a: float, rate_b: float, correlation: float) -> None:
    """Raise unless the rates lie inside (0, 1) and such 0/1 outcomes can have this correlation."""
    for rate in (rate_a, rate_b):
        if not 0 < rate < 1:
            raise ValueError(f"rate is {rate}; it must lie between 0 and 1 (25 % is 0.25)")
    odds_a, odds_b = rate_a / (1 - rate_a), rate_b / (1 - rate_b)
    highest = math.sqrt(min(odds_a / odds_b, odds_b / odds_a))
    lowest = -math.sqrt(min(odds_a * odds_b, 1 / (odds_a * odds_b)))
    if not lowest <= correlation <= highest:
        raise ValueError(
            f"correlation is {correlation}; outcomes with rates {rate_a} and {rate_b} can only have "
            f"a correlation between {lowest:.3f} and {highest:.3f}"
        )
