"""What explains a drop, against statsmodels, correlations of SciPy and simulated error rates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.regression.linear_model import OLS

from videophy_lab.stats.explained import correlate_drops, explain_drop


def draw_drops(rng, *, left, n_clusters=12, n_pairs=4, n_metrics=2, slope=0.6):
    """Draw differences of quality and a drop that follows them, plus ``left`` of its own."""
    clusters = np.repeat(np.arange(n_clusters), n_pairs)
    shared = rng.normal(size=(n_clusters, n_metrics))[clusters]
    quality = 0.5 + 0.7 * shared + 0.7 * rng.normal(size=(clusters.size, n_metrics))
    noise = 0.6 * rng.normal(size=n_clusters)[clusters] + 0.8 * rng.normal(size=clusters.size)
    return left + slope * quality.sum(axis=1) + noise, quality, clusters


def test_point_estimates_equal_statsmodels(rng):
    drop, quality, clusters = draw_drops(rng, left=0.5)
    design = np.column_stack([np.ones(drop.size), quality / quality.std(axis=0, ddof=1)])
    fit = OLS(drop / drop.std(ddof=1), design).fit(
        cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True
    )
    found = explain_drop(drop, quality, clusters)
    estimates = [found.left, *found.slopes]
    np.testing.assert_allclose([e.estimate for e in estimates], fit.params, rtol=1e-10)
    assert found.r_squared == pytest.approx(fit.rsquared)
    # the jackknife is wider than the sandwich, which is too short with few clusters
    ratio = np.array([e.high - e.low for e in estimates]) / np.ptp(fit.conf_int(), axis=1)
    assert ((ratio > 1) & (ratio < 1.5)).all()
    assert (found.left.n, found.left.n_clusters) == (48, 12)


def test_held_out_share_equals_a_naive_loop(rng):
    drop, quality, clusters = draw_drops(rng, left=0.5)
    design = np.column_stack([np.ones(drop.size), quality])
    missed = apart = 0.0
    for cluster in range(12):
        own = clusters == cluster
        fit = OLS(drop[~own], design[~own]).fit()
        missed += np.sum((drop[own] - fit.predict(design[own])) ** 2)
        apart += np.sum((drop[own] - drop[~own].mean()) ** 2)
    assert explain_drop(drop, quality, clusters).r_squared_held_out == pytest.approx(1 - missed / apart)


def test_quality_that_is_the_cause_takes_the_drop_away(rng):
    drop, quality, clusters = draw_drops(rng, left=0, slope=3)
    found = explain_drop(drop, quality, clusters)
    assert found.drop.low > 0
    assert found.left.low < 0 < found.left.high
    assert found.r_squared_held_out > 0.8
    assert 0 < found.distance < 2


def test_quality_that_has_no_part_leaves_the_drop(rng):
    drop, quality, clusters = draw_drops(rng, left=2, slope=0)
    found = explain_drop(drop, quality, clusters)
    assert found.left.low > 1
    assert found.r_squared_held_out < 0.1


def test_units_do_not_matter(rng):
    drop, quality, clusters = draw_drops(rng, left=1)
    one, other = (
        explain_drop(drop * factor, quality * np.array([factor, 1 / factor]), clusters)
        for factor in (1, 1000)
    )
    for name in ("drop", "left"):
        assert getattr(one, name).low == pytest.approx(getattr(other, name).low)
    assert one.distance == pytest.approx(other.distance)


def test_a_metric_without_any_difference_explains_nothing(rng):
    drop, quality, clusters = draw_drops(rng, left=1)
    still = explain_drop(drop, np.column_stack([quality, np.zeros(drop.size)]), clusters)
    without = explain_drop(drop, quality, clusters)
    assert still.left == without.left
    assert still.slopes[:2] == without.slopes
    assert still.slopes[2].estimate == 0
    assert np.isnan(still.slopes[2].low)


def test_without_metrics_all_is_left(rng):
    drop, _, clusters = draw_drops(rng, left=1)
    found = explain_drop(drop, np.empty((drop.size, 0)), clusters)
    assert found.left == found.drop
    assert (found.slopes, found.distance) == ((), 0)
    assert found.r_squared == pytest.approx(0)


@pytest.mark.parametrize(
    ("quality", "reason"),
    [
        (lambda q: np.column_stack([q, q[:, 0]]), "cannot be told apart"),
        (lambda q: np.column_stack([q, np.full(len(q), 0.3)]), "cannot be told apart"),
        (lambda q: np.tile(q, 6), "12 prompts are too few for 12 metrics"),
    ],
)
def test_why_there_is_no_intercept_is_said(rng, quality, reason):
    drop, columns, clusters = draw_drops(rng, left=1)
    found = explain_drop(drop, quality(columns), clusters)
    assert reason in found.reason
    assert np.isnan([found.left.estimate, found.r_squared, found.distance]).all()
    assert found.drop.low > 0
    assert len(found.slopes) == quality(columns).shape[1]


def test_a_constant_drop_and_no_pair_have_no_spread():
    constant = explain_drop(np.zeros(6), np.ones((6, 1)), np.repeat(np.arange(3), 2))
    assert constant.reason == "the drop is the same in all pairs"
    nothing = explain_drop([], np.empty((0, 2)), np.array([]))
    assert nothing.reason == "fewer than two pairs"
    assert np.isnan(nothing.drop.estimate)


@pytest.mark.parametrize(
    ("quality", "message"),
    [([1.0, 2.0], "give .n, k."), ([[1.0], [np.nan]], "column 0 has 1"), ([[1.0]], "differ in length")],
)
def test_what_does_not_fit_is_refused(quality, message):
    with pytest.raises(ValueError, match=message):
        explain_drop([1.0, 2.0], quality, np.array([0, 1]))


def test_type_one_error_of_what_is_left_with_few_prompts(rng):
    """Ten prompts, two metrics that explain all of the drop: 1,000 draws reject at .05 within chance."""
    n_draws = 1000
    rejected = 0
    for _ in range(n_draws):
        left = explain_drop(*draw_drops(rng, left=0, n_clusters=10)).left
        rejected += not left.low <= 0 <= left.high
    assert abs(rejected / n_draws - 0.05) < 3 * np.sqrt(0.05 * 0.95 / n_draws)


def test_the_correlation_of_drops_is_pearsons_with_a_clustered_interval(rng):
    drop, quality, clusters = draw_drops(rng, left=0)
    found = correlate_drops(drop, quality[:, 0], clusters)
    plain = scipy_stats.pearsonr(drop, quality[:, 0])
    assert found.estimate == pytest.approx(plain.statistic)
    assert found.low < plain.statistic < found.high
    assert (found.n, found.n_clusters, found.method) == (48, 12, "cluster_jackknife_fisher_z")
    assert np.isnan(correlate_drops(drop, np.zeros(drop.size), clusters).estimate)
