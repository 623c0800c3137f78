"""Power against statsmodels, measured reference values and simulated detection rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import power_proportions_2indep

from videophy_lab.stats import means
from videophy_lab.stats.power import (
    design_effect,
    minimum_detectable_correlation,
    minimum_detectable_difference,
    required_prompts,
)

CORRELATIONS = (0.0, 0.2, 0.4)


@pytest.mark.parametrize(
    ("rate_a", "rate_b", "expected"),
    [
        (0.25, 0.241, (35894, 28716, 21538)),
        (0.326, 0.25, (554, 444, 333)),
        (0.25, 0.203, (1242, 994, 746)),
        (0.203, 0.172, (2485, 1989, 1493)),
    ],
)
def test_required_prompts_of_published_leaderboard(rate_a, rate_b, expected):
    """Neighbours on the VideoPhy-2 leaderboard; figures computed before this code was written."""
    assert tuple(required_prompts(rate_a, rate_b, correlation=phi) for phi in CORRELATIONS) == expected


@pytest.mark.parametrize(
    ("n_comparisons", "expected"), [(1, (7.1, 6.3, 5.5)), (21, (9.8, 8.7, 7.6))], ids=["one", "bonferroni"]
)
def test_minimum_detectable_difference_at_590_prompts(n_comparisons, expected):
    """At a rate of .25. The reference printed 8.8 for φ = .2 and 21 comparisons; the formula gives 8.748."""
    points = [
        100 * minimum_detectable_difference(0.25, 590, correlation=phi, n_comparisons=n_comparisons)
        for phi in CORRELATIONS
    ]
    assert tuple(round(value, 1) for value in points) == expected


def test_minimum_detectable_difference_at_60_prompts():
    assert round(100 * minimum_detectable_difference(0.25, 60)) == 22


@pytest.mark.parametrize(
    ("n", "effect", "expected"),
    [(590, 1, 0.115), (4130, 1.5, 0.053), (60, 1, 0.355), (100, 1, 0.277), (197, 1, 0.198)],
)
def test_minimum_detectable_correlation_reference(n, effect, expected):
    assert round(minimum_detectable_correlation(n, design_effect=effect), 3) == expected


@pytest.mark.parametrize("n", [60, 590])
def test_minimum_detectable_difference_equals_statsmodels(n):
    """Unpaired: statsmodels' z test of two means with the standard deviation of a rate of .25."""
    effect = NormalIndPower().solve_power(nobs1=n, alpha=0.05, power=0.8)
    # statsmodels counts detections in the wrong direction too: a relative difference below 1e-5.
    assert minimum_detectable_difference(0.25, n) == pytest.approx(effect * math.sqrt(0.1875), rel=1e-5)


@pytest.mark.parametrize(("rate_a", "rate_b"), [(0.326, 0.25), (0.25, 0.203)])
def test_required_prompts_gives_the_power_of_statsmodels(rate_a, rate_b):
    n = required_prompts(rate_a, rate_b, power=0.9, level=0.99)
    power = power_proportions_2indep(rate_a - rate_b, rate_b, n, alpha=0.01, return_results=False)
    # statsmodels pools the variance under the null, which moves power by less than .005 here.
    assert power == pytest.approx(0.9, abs=0.005)


def test_required_prompts_by_simulation(rng):
    """Paired outcomes with φ = .3 at the required number are told apart by McNemar's z in 80 % of draws."""
    rate_a, rate_b, phi, n_draws = 0.35, 0.25, 0.3, 20_000
    n = int(required_prompts(rate_a, rate_b, correlation=phi))
    both = rate_a * rate_b + phi * math.sqrt(rate_a * (1 - rate_a) * rate_b * (1 - rate_b))
    cells = [rate_a - both, rate_b - both, 1 - rate_a - rate_b + 2 * both]
    only_a, only_b, _ = rng.multinomial(n, cells, size=n_draws).T
    difference = (only_a - only_b) / n
    error = np.sqrt(((only_a + only_b) / n - difference**2) / n)
    detected = np.mean(np.abs(difference / error) > scipy_stats.norm.ppf(0.975))
    # Three Monte-Carlo errors and .01 for the normal approximation with about 300 prompts.
    assert abs(detected - 0.8) < 3 * math.sqrt(0.16 / n_draws) + 0.01


def test_minimum_detectable_correlation_by_simulation(rng):
    n, n_draws = 100, 4000
    rho = minimum_detectable_correlation(n)
    x = rng.normal(size=(n_draws, n))
    y = rho * x + math.sqrt(1 - rho**2) * rng.normal(size=(n_draws, n))
    _, p_value = scipy_stats.pearsonr(x, y, axis=1)
    # Fisher's z is within .005 of the exact power at n = 100.
    assert abs(np.mean(p_value < 0.05) - 0.8) < 3 * math.sqrt(0.16 / n_draws) + 0.005


def test_more_comparisons_need_more_prompts():
    assert required_prompts(0.3, 0.2, n_comparisons=21) > required_prompts(0.3, 0.2)


def test_equal_rates_need_infinitely_many_prompts():
    assert required_prompts(0.25, 0.25) == math.inf


def test_difference_beyond_the_scale_is_nan():
    assert math.isnan(minimum_detectable_difference(0.5, 2))


@pytest.mark.parametrize(("n", "effect"), [(3, 1), (12, 4)])
def test_correlation_with_too_few_videos_is_nan(n, effect):
    assert math.isnan(minimum_detectable_correlation(n, design_effect=effect))


def test_design_effect_is_the_one_of_means():
    assert design_effect is means.design_effect


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((25, 0.2), {}, "25 % is 0.25"),
        ((0.326, 0.1), {"correlation": 0.9}, "can only have"),
        ((0.1, 0.1), {"correlation": -0.5}, "between -0.111"),
        ((0.3, 0.2), {"power": 80}, "power is 80"),
        ((0.3, 0.2), {"level": 1}, "level is 1"),
        ((0.3, 0.2), {"n_comparisons": 0}, "at least 1"),
    ],
)
def test_impossible_requests_are_refused(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        required_prompts(*arguments, **options)


def test_other_impossible_requests_are_refused():
    with pytest.raises(ValueError, match="n is 0"):
        minimum_detectable_difference(0.25, 0)
    with pytest.raises(ValueError, match="design_effect is 0"):
        minimum_detectable_correlation(100, design_effect=0)
