"""Differences of shares against Newcombe's interval in statsmodels and simulated coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import confint_proportions_2indep

from videophy_lab.stats.contrast import contrast_shares
from videophy_lab.stats.paired import bounded_mean_estimate


def draw_pairs(rng, area, *, n_clusters, n_pairs, common=None):
    """Draw values 1 and 0 with the given mean; latent correlation .6 in a cluster."""
    shared = rng.normal(size=(n_clusters, 1)) if common is None else common
    latent = np.sqrt(0.6) * shared + np.sqrt(0.4) * rng.normal(size=(n_clusters, n_pairs))
    return (scipy_stats.norm.ppf(area) + latent > 0).astype(float).ravel()


def test_many_independent_pairs_give_newcombes_interval():
    first, second = np.repeat([1.0, 0.0], [420, 180]), np.repeat([1.0, 0.0], [260, 340])
    found = contrast_shares(first, second, np.arange(600), 600 + np.arange(600))
    low, high = confint_proportions_2indep(420, 600, 260, 600, compare="diff", method="newcomb")
    assert found.estimate == pytest.approx(160 / 600)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-4)


def test_it_is_antisymmetric_and_lies_within_its_bounds(rng):
    first, second = np.ones(8), np.zeros(8)
    one = contrast_shares(first, second, np.arange(8), np.arange(8, 16))
    two = contrast_shares(second, first, np.arange(8, 16), np.arange(8))
    assert (one.estimate, one.high) == (1, 1)
    assert (two.estimate, two.low) == (-1, -1)
    assert one.low == pytest.approx(-two.high)
    # both groups may hide 1 - .025^(1/8) of other prompts
    unseen = 1 - 0.025 ** (1 / 8)
    assert one.low == pytest.approx(1 - np.sqrt(2) * unseen)
    assert (one.n, one.n_clusters) == (16, 16)


def test_prompts_in_both_groups_are_counted_once_and_widen_where_groups_go_apart(rng):
    common = rng.normal(size=(20, 1))
    first = draw_pairs(rng, 0.6, n_clusters=20, n_pairs=6, common=common)
    apart = draw_pairs(rng, 0.6, n_clusters=20, n_pairs=6, common=-common)
    prompts = np.repeat(np.arange(20), 6)
    shared = contrast_shares(first, apart, prompts, prompts)
    separate = contrast_shares(first, apart, prompts, prompts + 20)
    assert (shared.n_clusters, separate.n_clusters) == (20, 40)
    assert shared.high - shared.low > separate.high - separate.low
    assert contrast_shares(first, first, prompts, prompts).low == pytest.approx(
        contrast_shares(first, first, prompts, prompts + 20).low
    )


def test_one_prompt_or_none_has_no_interval():
    found = contrast_shares([1, 0], [1, 1, 0], np.array([0, 0]), np.arange(3))
    assert found.estimate == pytest.approx(0.5 - 2 / 3)
    assert np.isnan([found.low, found.high]).all()
    with pytest.raises(ValueError, match="between 0 and 1"):
        contrast_shares([2.0, 0], [1, 1], np.arange(2), np.arange(2))


@pytest.mark.parametrize(("first", "second"), [(0.5, 0.5), (0.95, 0.5)])
@pytest.mark.parametrize("shared", [False, True])
def test_coverage_with_few_prompts(rng, first, second, shared):
    n_draws, hits, width = 400, 0, 0.0
    prompts = np.repeat(np.arange(10), 3)
    for _ in range(n_draws):
        common = rng.normal(size=(10, 1))
        one = draw_pairs(rng, first, n_clusters=10, n_pairs=3, common=common)
        two = draw_pairs(rng, second, n_clusters=10, n_pairs=3, common=-common if shared else None)
        found = contrast_shares(one, two, prompts, prompts if shared else prompts + 10)
        hits += found.low <= first - second <= found.high
        width += (found.high - found.low) / n_draws
    assert hits / n_draws > 0.95 - 3 * np.sqrt(0.95 * 0.05 / n_draws)
    assert width < 1
    # wider than what a single group has
    assert width > bounded_mean_estimate(one, prompts).high - bounded_mean_estimate(one, prompts).low
