"""Rates and means against statsmodels, published values and simulated coverage."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.proportion import proportion_confint

from videophy_lab.stats.means import (
    cluster_mean_estimate,
    cluster_rate_estimate,
    delete_one_means,
    design_effect,
    rate_estimate,
    wilson_interval,
)


def test_wilson_published():
    # Newcombe (1998), Statistics in Medicine 17, 857-872, Table I, method 3.
    low, high = wilson_interval(81, 263)
    assert (round(float(low), 4), round(float(high), 4)) == (0.2553, 0.3662)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_wilson_equals_statsmodels(level):
    successes = np.array([0, 1, 14, 193, 591])
    n = np.array([7, 7, 60, 591, 591])
    low, high = wilson_interval(successes, n, level=level)
    expected_low, expected_high = proportion_confint(successes, n, alpha=1 - level, method="wilson")
    np.testing.assert_allclose(low, expected_low, atol=1e-14)
    np.testing.assert_allclose(high, expected_high, atol=1e-14)
    assert low[0] == 0
    assert high[-1] == 1


def test_wilson_without_trials_is_nan():
    low, high = wilson_interval([0, 3], [0, 4])
    assert np.isnan([low[0], high[0]]).all()
    assert np.isfinite([low[1], high[1]]).all()


@pytest.mark.parametrize(("successes", "n"), [(5, 4), (-1, 4)])
def test_wilson_refuses_impossible_counts(successes, n):
    with pytest.raises(ValueError, match="between 0 and n"):
        wilson_interval(successes, n)


def test_level_is_checked():
    with pytest.raises(ValueError, match="level is 95"):
        wilson_interval(1, 2, level=95)


def test_rate_estimate_counts():
    successes = np.array([1.0, 0.0, np.nan, 1.0, 0.0, 0.0])
    estimate = rate_estimate(successes, np.array(["a", "a", "b", "c", "c", "d"]))
    low, high = wilson_interval(2, 5)
    assert (estimate.estimate, estimate.n, estimate.n_clusters) == (0.4, 5, 3)
    assert (estimate.low, estimate.high, estimate.method) == (float(low), float(high), "wilson")


def test_rate_estimate_refuses_scores():
    with pytest.raises(ValueError, match="threshold first"):
        rate_estimate([1, 4, 5], np.array([0, 1, 2]))


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="one cluster for each value"):
        cluster_mean_estimate([1, 2, 3], np.array([0, 1]))


def test_cluster_mean_equals_clustered_ols(rng):
    """With equal cluster sizes the jackknife is statsmodels' CR1 (small-sample factor G/(G - 1)) exactly."""
    clusters = np.repeat(np.arange(23), 4)
    values = rng.normal(size=23)[clusters] + rng.normal(size=clusters.size)
    fit = OLS(values, np.ones(values.size)).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    estimate = cluster_mean_estimate(values, clusters, level=0.9)
    np.testing.assert_allclose([estimate.low, estimate.high], fit.conf_int(0.1)[0], rtol=1e-10)
    assert estimate.estimate == pytest.approx(fit.params[0])
    assert (estimate.n, estimate.n_clusters, estimate.method) == (92, 23, "cluster_jackknife")


def test_cluster_mean_with_unequal_clusters(rng):
    """With unequal sizes the jackknife is no shorter than CR1 and close to it."""
    clusters = rng.integers(0, 60, size=300)
    values = rng.normal(size=60)[clusters] + rng.normal(size=300)
    fit = OLS(values, np.ones(300)).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    low, high = fit.conf_int()[0]
    estimate = cluster_mean_estimate(values, clusters)
    assert 1 <= (estimate.high - estimate.low) / (high - low) < 1.05


def test_delete_one_means_equals_loop(rng):
    codes = np.array([0, 0, 1, 2, 2, 2, 3])
    values = rng.normal(size=7)
    expected = [values[codes != code].mean() for code in range(4)]
    np.testing.assert_allclose(delete_one_means(values, codes, 4), expected)


def test_cluster_mean_leaves_out_unscored(rng):
    values = rng.normal(size=12)
    clusters = np.repeat(np.arange(4), 3)
    values[[1, 2, 3, 4, 5]] = np.nan
    scored = ~np.isnan(values)
    assert cluster_mean_estimate(values, clusters) == cluster_mean_estimate(values[scored], clusters[scored])
    assert cluster_mean_estimate(values, clusters).n_clusters == 3


@pytest.mark.parametrize("estimate", [cluster_mean_estimate, cluster_rate_estimate, rate_estimate])
def test_nothing_scored_is_nan(estimate):
    result = estimate(np.array([np.nan, np.nan]), np.array([0, 1]))
    assert np.isnan([result.estimate, result.low, result.high]).all()
    assert (result.n, result.n_clusters) == (0, 0)


@pytest.mark.parametrize("estimate", [cluster_mean_estimate, cluster_rate_estimate])
def test_one_prompt_has_no_interval(estimate):
    result = estimate([0, 1, 1], np.array([7, 7, 7]))
    assert result.estimate == pytest.approx(2 / 3)
    assert np.isnan([result.low, result.high]).all()


def test_cluster_rate_is_wilson_with_one_video_a_prompt(rng):
    successes = rng.random(41) < 0.3
    clustered = cluster_rate_estimate(successes, np.arange(41))
    plain = rate_estimate(successes, np.arange(41))
    np.testing.assert_allclose([clustered.low, clustered.high], [plain.low, plain.high], rtol=1e-12)


def test_cluster_rate_of_copies_is_wilson_of_prompts(rng):
    """Three copies of every video carry the information of one: n* is close to the number of prompts."""
    prompts = rng.random(400) < 0.25
    clustered = cluster_rate_estimate(np.repeat(prompts, 3), np.repeat(np.arange(400), 3))
    low, high = wilson_interval(prompts.sum(), 400)
    np.testing.assert_allclose([clustered.low, clustered.high], [low, high], atol=1e-3)


@pytest.mark.parametrize("value", [0, 1])
def test_cluster_rate_at_the_edge_stays_inside(value):
    result = cluster_rate_estimate(np.full(20, value), np.repeat(np.arange(5), 4))
    assert result.estimate == value
    assert 0 <= result.low < result.high <= 1


def test_cluster_rate_is_never_shorter_than_wilson():
    """Prompts that all have one success of two show no variance between them; that is luck, not knowledge."""
    successes, clusters = np.tile([0, 1], 6), np.repeat(np.arange(6), 2)
    clustered, plain = cluster_rate_estimate(successes, clusters), rate_estimate(successes, clusters)
    assert design_effect(successes, clusters) == pytest.approx(0, abs=1e-12)
    assert clustered.low < plain.low < plain.high < clustered.high


def test_design_effect_of_independent_and_copied_videos(rng):
    values = rng.normal(size=200)
    assert design_effect(values, np.arange(200)) == pytest.approx(1, abs=1e-12)
    # (G - 1)-to-(n - 1) corrections keep it from exactly 3: (n - 1)/(G - 1) = 599/199.
    assert design_effect(np.repeat(values, 3), np.repeat(np.arange(200), 3)) == pytest.approx(599 / 199)


def test_design_effect_equals_one_plus_icc(rng):
    """Kish: 1 + (m - 1)·ICC = 1.6 with three videos a prompt and an ICC of .3, within 3 SE."""
    effects = []
    for _ in range(200):
        values = np.sqrt(0.3) * rng.normal(size=(120, 1)) + np.sqrt(0.7) * rng.normal(size=(120, 3))
        effects.append(design_effect(values.ravel(), np.repeat(np.arange(120), 3)))
    error = np.std(effects) / np.sqrt(len(effects))
    # The bias of a ratio of variances with 120 prompts is below 1/120 of it.
    assert abs(np.mean(effects) - 1.6) < 3 * error + 1.6 / 120


@pytest.mark.parametrize("values", [[2, 2, 2, 2], [np.nan, 1, 2, np.nan]])
def test_design_effect_undefined(values):
    assert np.isnan(design_effect(values, np.array([0, 1, 1, 0])))


def _clustered_binary(rng, *, rate, icc, n_prompts, n_videos):
    """Draw beta-binomial videos: intraclass correlation ``icc`` of the 0/1 outcomes themselves."""
    scale = 1 / icc - 1
    chance = rng.beta(rate * scale, (1 - rate) * scale, size=(n_prompts, 1))
    return rng.random((n_prompts, n_videos)) < chance


@pytest.mark.parametrize("rate", [0.25, 0.1])
def test_coverage_of_rates_under_clustering(rng, rate):
    """Prompt-clustered intervals cover at ICC .3 with 3 videos a prompt; plain Wilson must fall short."""
    n_draws, clusters = 800, np.repeat(np.arange(100), 3)
    covered = {cluster_mean_estimate: 0, cluster_rate_estimate: 0, rate_estimate: 0}
    for _ in range(n_draws):
        values = _clustered_binary(rng, rate=rate, icc=0.3, n_prompts=100, n_videos=3).ravel()
        for estimate in covered:
            result = estimate(values, clusters)
            covered[estimate] += result.low <= rate <= result.high
    error = np.sqrt(0.95 * 0.05 / n_draws)
    assert abs(covered[cluster_rate_estimate] / n_draws - 0.95) < 3 * error
    # A symmetric interval ignores the skewness of rates near 0: 20,000 other draws at .1 covered .939.
    nominal = {0.25: 0.95, 0.1: 0.939}[rate]
    assert abs(covered[cluster_mean_estimate] / n_draws - nominal) < 3 * error
    assert covered[rate_estimate] / n_draws + 3 * error < 0.95


def test_coverage_of_means_under_clustering(rng):
    n_draws, n_prompts = 1000, 40
    covered = 0
    clusters = np.repeat(np.arange(n_prompts), 3)
    for _ in range(n_draws):
        values = np.sqrt(0.3) * rng.normal(size=(n_prompts, 1)) + np.sqrt(0.7) * rng.normal(
            size=(n_prompts, 3)
        )
        result = cluster_mean_estimate(values.ravel(), clusters)
        covered += result.low <= 0 <= result.high
    assert abs(covered / n_draws - 0.95) < 3 * np.sqrt(0.95 * 0.05 / n_draws)
