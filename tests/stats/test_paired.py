"""Paired areas against naive loops, exact tests of SciPy and simulated coverage."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import proportion_confint

from videophy_lab.stats.paired import bounded_mean_estimate, paired_auc, paired_sign_test

EIGHT = np.repeat(np.arange(8), 3)


def draw_pairs(rng, *, n_clusters, n_pairs, alike, area, coarse=False):
    """Draw pairs whose order is right with the given chance; latent correlation ``alike`` in a cluster."""
    own = np.sqrt(1 - alike) * rng.normal(size=(n_clusters, n_pairs))
    gap = scipy_stats.norm.ppf(area) + np.sqrt(alike) * rng.normal(size=(n_clusters, 1)) + own
    # half of the drops around 0 become ties on both sides
    gap = np.where(np.abs(gap) < 0.5, 0, gap) if coarse else gap
    return gap.ravel(), np.repeat(np.arange(n_clusters), n_pairs)


def test_the_area_equals_a_naive_loop(rng):
    better, worse = rng.integers(1, 6, size=(2, 24)).astype(float)
    total = 0.0
    for up, down in zip(better, worse, strict=True):
        total += 1.0 if up > down else 0.5 if up == down else 0.0
    found = paired_auc(better, worse, EIGHT)
    assert found.estimate == pytest.approx(total / 24, abs=1e-15)
    assert (found.n, found.n_clusters, found.method) == (24, 8, "wilson_t_cluster")
    # it is 1/2 + the mean sign / 2, and the other order is its mirror image
    mirrored = paired_auc(worse, better, EIGHT)
    assert mirrored.estimate == pytest.approx(1 - found.estimate)
    np.testing.assert_allclose([mirrored.low, mirrored.high], [1 - found.high, 1 - found.low], atol=1e-12)


def test_only_the_order_within_pairs_counts(rng):
    better, worse, shift = rng.normal(size=(3, 24))
    assert paired_auc(better, worse, EIGHT) == paired_auc(better + shift, worse + shift, EIGHT)


def test_ties_have_a_threshold():
    better, worse = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.1, 1.9, 2.0, 4.0])
    found = paired_auc(better, worse, np.arange(4), tie_threshold=0.2)
    assert found.estimate == (0.5 + 0.5 + 1 + 0.5) / 4
    assert paired_auc(better, worse, np.arange(4)).estimate == (0 + 1 + 1 + 0.5) / 4
    with pytest.raises(ValueError, match="tie_threshold is -1"):
        paired_auc(better, worse, np.arange(4), tie_threshold=-1)


def test_a_constant_scorer_gets_exactly_one_half_and_an_interval():
    found = paired_auc(np.full(24, 3.0), np.full(24, 3.0), EIGHT)
    assert found.estimate == 0.5
    # at most 1 - .025^(1/8) of other prompts may be told apart, all one way
    unseen = 1 - 0.025 ** (1 / 8)
    assert (found.low, found.high) == pytest.approx((0.5 - unseen / 2, 0.5 + unseen / 2))


@pytest.mark.parametrize("n_clusters", [5, 6, 8, 16, 60])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_full_agreement_is_the_exact_interval_of_that_many_prompts(n_clusters, level):
    clusters = np.repeat(np.arange(n_clusters), 4)
    found = paired_auc(np.ones(clusters.size), np.zeros(clusters.size), clusters, level=level)
    low, high = proportion_confint(n_clusters, n_clusters, alpha=1 - level, method="beta")
    assert (found.estimate, found.low, found.high) == pytest.approx((1, low, high), abs=1e-12)
    # the interval leaves out 1/2 exactly where the exact sign test does
    p_value = paired_sign_test(np.ones(clusters.size), np.zeros(clusters.size), clusters)
    assert (found.low > 0.5) == (p_value < 1 - level)


def test_one_wrong_pair_does_not_make_surer_than_none():
    perfect = paired_auc(np.ones(24), np.zeros(24), EIGHT)
    worse = np.zeros(24)
    worse[0] = 2
    nearly = paired_auc(np.ones(24), worse, EIGHT)
    assert 0 < nearly.low <= perfect.low < perfect.high == 1


def test_with_one_pair_a_prompt_it_is_wilson_with_t(rng):
    values = rng.random(30) < 0.6
    found = bounded_mean_estimate(values, np.arange(30))
    t = scipy_stats.t.ppf(0.975, 29)
    # Wilson solves (p - m)^2 = t^2 m(1 - m)/n; s^2 has n - 1 where p(1 - p) has n
    n = 29
    p = values.mean()
    ends = np.sort(np.roots([1 + t**2 / n, -(2 * p + t**2 / n), p**2]))
    np.testing.assert_allclose([found.low, found.high], ends, rtol=1e-12)


def test_copies_of_a_pair_bring_nothing(rng):
    values = rng.random(40) < 0.7
    single = bounded_mean_estimate(values, np.arange(40))
    copied = bounded_mean_estimate(np.repeat(values, 5), np.repeat(np.arange(40), 5))
    np.testing.assert_allclose([copied.low, copied.high], [single.low, single.high], atol=1e-12)


def test_prompts_that_all_split_alike_are_no_proof():
    """Each prompt has one pair right and one wrong: no variance between prompts, which is luck."""
    values, clusters = np.tile([0.0, 1.0], 8), np.repeat(np.arange(8), 2)
    found = bounded_mean_estimate(values, clusters)
    assert found.low < 0.3 < 0.7 < found.high


@pytest.mark.parametrize(
    ("better", "worse", "message"),
    [
        ([1.0, np.nan], [0.0, 0.0], "better is missing or infinite in 1 of 2"),
        ([1.0, 2.0], [0.0], "differ in length"),
    ],
)
def test_what_cannot_be_paired_is_refused(better, worse, message):
    with pytest.raises(ValueError, match=message):
        paired_auc(better, worse, np.array(["a", "b"]))


def test_values_off_the_scale_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        bounded_mean_estimate([0.0, 5.0], np.arange(2))


def test_nothing_and_one_prompt_have_no_interval():
    nothing = paired_auc([], [], np.array([]))
    assert np.isnan([nothing.estimate, nothing.low, nothing.high]).all()
    alone = paired_auc([1, 2], [0, 3], np.array(["a", "a"]))
    assert alone.estimate == 0.5
    assert np.isnan([alone.low, alone.high]).all()


def test_the_sign_test_is_scipys_with_one_pair_a_prompt(rng):
    better, worse = rng.integers(1, 6, size=(2, 40)).astype(float)
    wins, losses = int(np.sum(better > worse)), int(np.sum(better < worse))
    expected = scipy_stats.binomtest(wins, wins + losses).pvalue
    assert paired_sign_test(better, worse, np.arange(40)) == pytest.approx(expected, rel=1e-12)


def test_the_sign_test_equals_all_changes_of_sign(rng):
    better, worse = rng.integers(1, 6, size=(2, 27)).astype(float)
    clusters = rng.integers(0, 7, size=27)
    counts = np.array([np.sign(better - worse)[clusters == c].sum() for c in np.unique(clusters)])
    sums = [abs(np.dot(signs, counts)) for signs in product([-1, 1], repeat=counts.size)]
    expected = np.mean(np.array(sums) >= abs(counts.sum()))
    assert paired_sign_test(better, worse, clusters) == pytest.approx(expected)


def test_the_sign_test_of_ties_and_of_nothing_is_1():
    assert paired_sign_test([1, 1], [1, 1], np.array([0, 1])) == 1
    assert paired_sign_test([], [], np.array([])) == 1


def test_the_sign_test_holds_its_level_where_prompts_decide(rng):
    """Eight prompts of four like pairs: pooled, a sign test rejects far too often."""
    n_draws = 1500
    rejected = np.zeros(2)
    for _ in range(n_draws):
        gap, clusters = draw_pairs(rng, n_clusters=8, n_pairs=4, alike=0.8, area=0.5)
        rejected += [
            paired_sign_test(gap, np.zeros(gap.size), clusters) < 0.05,
            paired_sign_test(gap, np.zeros(gap.size), np.arange(gap.size)) < 0.05,
        ]
    assert rejected[0] / n_draws < 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_draws)
    assert rejected[1] / n_draws > 0.1


@pytest.mark.parametrize("coarse", [False, True], ids=["no ties", "ties"])
@pytest.mark.parametrize("area", [0.5, 0.8, 0.95])
@pytest.mark.parametrize(("n_clusters", "n_pairs"), [(8, 3), (12, 6)])
def test_coverage_with_few_prompts(rng, n_clusters, n_pairs, area, coarse):
    """Prompts of pairs with latent correlation .6: at least nominal within chance, and not vacuous."""
    n_draws, clustered, plain, width = 1500, 0, 0, 0.0
    middle = scipy_stats.norm.ppf(area)
    truth = area
    if coarse:
        truth = (scipy_stats.norm.cdf(middle - 0.5) + scipy_stats.norm.cdf(middle + 0.5)) / 2
    for _ in range(n_draws):
        gap, clusters = draw_pairs(
            rng, n_clusters=n_clusters, n_pairs=n_pairs, alike=0.6, area=area, coarse=coarse
        )
        found = paired_auc(gap, np.zeros(gap.size), clusters)
        clustered += found.low <= truth <= found.high
        width += (found.high - found.low) / n_draws
        rate = found.estimate
        error = 1.96 * np.sqrt(rate * (1 - rate) / gap.size)
        plain += rate - error <= truth <= rate + error
    slack = 3 * np.sqrt(0.95 * 0.05 / n_draws)
    assert clustered / n_draws > 0.95 - slack
    # what takes every pair as independent falls short
    assert plain / n_draws < 0.95 - slack
    assert width < 0.6
