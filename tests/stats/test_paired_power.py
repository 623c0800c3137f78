"""Power of paired areas against statsmodels, measured figures, and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from videophy_lab.stats.contrast import contrast_shares
from videophy_lab.stats.paired import bounded_mean_estimate
from videophy_lab.stats.paired_power import (
    contrast_power,
    draw_pair_values,
    paired_power,
    required_clusters,
)

AREAS = (0.55, 0.60, 0.67)
# clusters, pairs in each: power of three areas, and of their difference from .5; figures of a simulation of
# answers on 1-5 that was made before this code was written, with a standard error of up to .03
MEASURED = {
    (100, 1): ((0.28, 0.71, 0.98), (0.14, 0.47, 0.88)),
    (200, 1): ((0.44, 0.97, 1.00), (0.27, 0.75, 0.97)),
    (100, 3): ((0.64, 0.99, 1.00), (0.36, 0.89, 1.00)),
}


@pytest.fixture
def by_formula(monkeypatch):
    """The formula for any number of clusters."""
    monkeypatch.setattr("videophy_lab.stats.paired_power.MOST_SIMULATED", 0)


@pytest.mark.parametrize("design", MEASURED, ids=str)
def test_measured_power_is_met(design, by_formula):
    """With two of five pairs tied, as coarse answers have."""
    n_clusters, n_pairs = design
    options = {"n_pairs": n_pairs, "ties": 0.4}
    single = [paired_power(area, n_clusters, **options) for area in AREAS]
    contrast = [contrast_power(area, 0.5, n_clusters, **options) for area in AREAS]
    np.testing.assert_allclose([single, contrast], MEASURED[design], atol=0.05)


@pytest.mark.parametrize(("area", "n"), [(0.6, 30), (0.7, 80)])
def test_without_ties_and_clusters_the_formula_is_a_t_test(area, n, by_formula):
    spread = math.sqrt(area * (1 - area))
    expected = TTestPower().power((area - 0.5) / spread, n, 0.05, alternative="two-sided")
    assert paired_power(area, n) == pytest.approx(expected, abs=1e-9)


def test_pairs_that_are_all_alike_bring_nothing(by_formula):
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


def simulate(area, n_clusters, rng, *, against=None, n_draws=600, **options):
    """Count how often the study's own interval leaves out chance, study by study."""
    clusters = np.repeat(np.arange(n_clusters), options["n_pairs"])
    hits = 0
    for _ in range(n_draws):
        first = draw_pair_values(area, n_clusters, rng=rng, **options).ravel()
        if against is None:
            found, chance = bounded_mean_estimate(first, clusters), 0.5
        else:
            second = draw_pair_values(against, n_clusters, rng=rng, **options).ravel()
            found, chance = contrast_shares(first, second, clusters, clusters + n_clusters), 0.0
        hits += not found.low <= chance <= found.high
    return hits / n_draws


@pytest.mark.parametrize("against", [None, 0.5])
@pytest.mark.parametrize(
    ("area", "n_clusters", "n_pairs", "alike"),
    [
        (0.6, 80, 1, 0.0),
        (0.6, 80, 3, 0.3),
        (0.5, 40, 2, 0.3),
        (0.75, 10, 2, 0.0),
        (0.9, 6, 2, 0.0),
        (0.9, 200, 1, 0),
    ],
)
def test_power_is_that_of_the_studys_own_interval(rng, area, n_clusters, n_pairs, alike, against):
    options = {"n_pairs": n_pairs, "ties": 0.15, "alike": alike}
    power = (
        paired_power(area, n_clusters, **options)
        if against is None
        else contrast_power(area, against, n_clusters, **options)
    )
    assert simulate(area, n_clusters, rng, against=against, **options) == pytest.approx(power, abs=0.065)


@pytest.mark.parametrize(("area", "ties", "needed"), [(0.67, 0.4, 22), (0.75, 0.4, 10), (0.9, 0.18, 6)])
def test_the_number_that_is_told_has_the_power_that_was_promised(rng, area, ties, needed):
    """Of two pairs an action; 22, 10 and 6 were found by simulating before this was written."""
    assert abs(required_clusters(area, n_pairs=2, ties=ties) - needed) <= 1
    assert simulate(area, needed, rng, n_pairs=2, ties=ties, alike=0.0) > 0.8 - 0.05


def test_fewer_than_six_clusters_show_nothing():
    assert paired_power(0.99, 5, n_pairs=20) == 0
    assert required_clusters(0.95) >= 6


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
