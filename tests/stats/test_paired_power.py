"""Power of paired areas against statsmodels, measured figures, and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from videophy_lab.stats.paired_power import (
    contrast_power,
    draw_pair_values,
    paired_power,
    required_clusters,
    simulate_paired_power,
)

AREAS = (0.55, 0.60, 0.67)
# clusters, pairs in each: power of three areas, and of their difference from .5; figures of a simulation of
# answers on 1-5 that was made before this code was written, with a standard error of up to .03
MEASURED = {
    (100, 1): ((0.28, 0.71, 0.98), (0.14, 0.47, 0.88)),
    (200, 1): ((0.44, 0.97, 1.00), (0.27, 0.75, 0.97)),
    (100, 3): ((0.64, 0.99, 1.00), (0.36, 0.89, 1.00)),
}


@pytest.mark.parametrize("design", MEASURED, ids=str)
def test_measured_power_is_met(design):
    """With two of five pairs tied, as coarse answers have."""
    n_clusters, n_pairs = design
    options = {"n_pairs": n_pairs, "ties": 0.4}
    single = [paired_power(area, n_clusters, **options) for area in AREAS]
    contrast = [contrast_power(area, 0.5, n_clusters, **options) for area in AREAS]
    np.testing.assert_allclose([single, contrast], MEASURED[design], atol=0.05)


@pytest.mark.parametrize(("area", "n"), [(0.6, 30), (0.7, 80)])
def test_without_ties_and_clusters_it_is_a_t_test(area, n):
    spread = math.sqrt(area * (1 - area))
    expected = TTestPower().power((area - 0.5) / spread, n, 0.05, alternative="two-sided")
    assert paired_power(area, n) == pytest.approx(expected, abs=1e-9)


def test_pairs_that_are_all_alike_bring_nothing():
    single = paired_power(0.6, 50)
    assert paired_power(0.6, 50, n_pairs=5, alike=1) == pytest.approx(single)
    assert paired_power(0.6, 50, n_pairs=5, alike=0.3) > single
    assert paired_power(0.5, 50) == pytest.approx(0.05)


@pytest.mark.parametrize("against", [None, 0.5])
@pytest.mark.parametrize("area", [0.55, 0.4, 0.67])
def test_the_required_number_is_the_first_with_that_power(area, against):
    needed = int(required_clusters(area, against=against, ties=0.3))
    power = (lambda n: paired_power(area, n, ties=0.3)) if against is None else (
        lambda n: contrast_power(area, against, n, ties=0.3)
    )  # fmt: skip
    assert power(needed) >= 0.8 > power(needed - 1)


def test_no_number_shows_a_difference_that_is_not_there():
    assert required_clusters(0.5) == math.inf
    assert required_clusters(0.6, against=0.6) == math.inf


@pytest.mark.parametrize(("ties", "alike"), [(0.0, 0.0), (0.4, 0.0), (0.3, 0.5)])
def test_drawn_pairs_have_the_moments_asked_for(rng, ties, alike):
    drawn = draw_pair_values(0.6, 20_000, rng=rng, n_pairs=2, ties=ties, alike=alike)
    assert drawn.mean() == pytest.approx(0.6, abs=0.01)
    assert np.mean(drawn == 0.5) == pytest.approx(ties, abs=0.01)
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(alike, abs=0.025)


@pytest.mark.parametrize(("area", "n_pairs", "alike"), [(0.6, 1, 0.0), (0.6, 3, 0.3), (0.5, 2, 0.3)])
def test_the_formula_meets_the_studys_own_interval(rng, area, n_pairs, alike):
    options = {"n_pairs": n_pairs, "ties": 0.3, "alike": alike}
    simulated = simulate_paired_power(area, 80, rng=rng, n_draws=600, **options)
    assert simulated == pytest.approx(paired_power(area, 80, **options), abs=0.07)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"auc": 1.0}, "auc is 1.0"),
        ({"ties": 0.9}, "the share of ties lies between 0 and 0.8"),
        ({"alike": 2}, "alike is 2"),
        ({"n_clusters": 1}, "n_clusters is 1; give at least 2"),
        ({"n_pairs": 0}, "n_pairs is 0"),
        ({"level": 95}, "level is 95"),
    ],
)
def test_impossible_designs_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        paired_power(**{"auc": 0.6, "n_clusters": 20, **options})
    with pytest.raises(ValueError, match="power is 80"):
        required_clusters(0.6, power=80)
