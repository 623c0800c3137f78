"""Trends against severity, against SciPy's Kendall and Page, and the threshold's error rate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from videophy_lab.stats.trend import (
    find_complete_series,
    find_detection_threshold,
    page_p_value,
    series_taus,
    severity_trend,
)

SEVERITIES = np.array([0.25, 0.5, 0.75, 1.0])


def draw_series(rng, *, slope, n_prompts=10, n_seeds=2):
    """Draw drops of series at four severities; the series of one prompt share a trend of their own."""
    own = slope + 0.3 * np.repeat(rng.normal(size=(n_prompts, 1)), n_seeds, axis=0)
    drops = own * SEVERITIES + 0.3 * rng.normal(size=(n_prompts * n_seeds, 4))
    series = np.repeat(np.arange(n_prompts * n_seeds), 4)
    return np.tile(SEVERITIES, n_prompts * n_seeds), drops.ravel(), series, series // n_seeds


def test_a_series_tau_is_scipys_where_nothing_ties(rng):
    severity, drop, series, _ = draw_series(rng, slope=0.4)
    expected = [
        scipy_stats.kendalltau(severity[series == s], drop[series == s]).statistic for s in np.unique(series)
    ]
    np.testing.assert_allclose(series_taus(severity, drop, series), expected, atol=1e-12)


def test_a_tie_of_the_drop_counts_as_neither():
    taus = series_taus(
        [1, 2, 3] * 2 + [1, 1], [5, 5, 6, 2, 2, 2, 1, 2], np.array([0] * 3 + [1] * 3 + [2] * 2)
    )
    # one of three pairs ties; all three tie; there is no pair of different severities
    np.testing.assert_allclose(taus, [2 / 3, 0, np.nan])


def test_a_trend_is_the_mean_over_series_and_says_what_it_leaves_out(rng):
    severity, drop, series, prompts = draw_series(rng, slope=1)
    kept = ~((series == 3) & (severity > 0.25))
    found = severity_trend(severity[kept], drop[kept], series[kept], prompts[kept])
    taus = series_taus(severity[kept], drop[kept], series[kept])
    assert found.n_left_out == 1
    assert found.estimate.estimate == pytest.approx(np.nanmean(taus))
    assert (found.estimate.n, found.estimate.n_clusters) == (19, 10)
    assert 0 < found.estimate.low < found.estimate.estimate < found.estimate.high <= 1


def test_a_trend_agrees_with_page(rng):
    severity, drop, series, prompts = draw_series(rng, slope=0.5)
    expected = scipy_stats.page_trend_test(drop.reshape(10, 2, 4).mean(axis=1)).pvalue
    assert page_p_value(severity, drop, series, prompts) == pytest.approx(expected, rel=1e-12)
    assert expected < 0.01
    assert severity_trend(severity, drop, series, prompts).estimate.low > 0
    # and downwards Page's one-sided p is near 1
    assert page_p_value(severity, -drop, series, prompts) > 0.9
    assert severity_trend(severity, -drop, series, prompts).estimate.high < 0


def test_page_needs_two_prompts_of_complete_series():
    def find(severity, drop, series):
        names = np.array(list(series))
        return page_p_value(severity, drop, names, names)

    complete = find([1, 2, 3] * 2, [1, 2, 3, 1, 2, 3], "aaabbb")
    assert 0 < complete < 0.1
    assert np.isnan(find([1, 2, 3, 1, 2], [1, 2, 3, 1, 2], "aaabb"))
    assert np.isnan(find([1, 2] * 2, [1, 2, 1, 2], "aabb"))
    # the third prompt lacks a severity, and is left out
    assert find([1, 2, 3] * 2 + [1, 2], [1, 2, 3, 1, 2, 3, 9, 0], "aaabbbcc") == complete


def test_series_are_complete_that_have_every_severity():
    found = find_complete_series([1, 2, 3, 1, 3, 3, 2, 1, 1], np.array(list("aaabbcccc")))
    assert found.tolist() == [True] * 3 + [False] * 2 + [True] * 4
    assert find_complete_series([], np.array([])).size == 0


def draw_prompts(rng, *, slope=0.0, n_prompts=12, n_videos=5):
    """Draw drops of videos at three severities: each video has a level of its own, and next to no noise."""
    severity = np.array([0.25, 0.5, 1.0])
    levels = rng.normal(size=(n_prompts * n_videos, 1))
    drops = levels + slope * severity + 0.05 * rng.normal(size=(levels.size, 3))
    series = np.repeat(np.arange(levels.size), 3)
    return np.tile(severity, levels.size), drops.ravel(), series, series // n_videos


def hide_large(severity, drop, series, rng, *, share=0.8):
    """Leave most large drops out at the smallest severity, but those of each prompt's first video."""
    large = (severity == 0.25) & (drop > 0.3) & (series % 5 != 0)
    return ~(large & (rng.random(drop.size) < share))


def test_page_takes_what_is_unscored_for_no_trend(rng):
    """Large drops are unscored at the smallest severity; the means over what is left rise."""
    n_draws, n_wrong, n_naive = 400, 0, 0
    for _ in range(n_draws):
        severity, drop, series, prompts = draw_prompts(rng)
        there = hide_large(severity, drop, series, rng)
        n_wrong += page_p_value(severity[there], drop[there], series[there], prompts[there]) < 0.05
        # each prompt one series: the mean of whatever is scored
        n_naive += page_p_value(severity[there], drop[there], prompts[there], prompts[there]) < 0.05
    assert n_wrong <= scipy_stats.binom.ppf(0.999, n_draws, 0.05)
    assert n_naive > 0.8 * n_draws


def test_page_finds_a_trend_among_what_is_unscored(rng):
    n_draws, n_found = 100, 0
    for _ in range(n_draws):
        severity, drop, series, prompts = draw_prompts(rng, slope=0.1)
        there = hide_large(severity, drop, series, rng)
        n_found += page_p_value(severity[there], drop[there], series[there], prompts[there]) < 0.05
    assert n_found > 0.9 * n_draws


def test_a_scorer_that_sees_nothing_has_a_trend_of_0_with_an_interval():
    series = np.repeat(np.arange(8), 4)
    found = severity_trend(np.tile(SEVERITIES, 8), np.zeros(32), series, series).estimate
    assert found.estimate == 0
    assert -0.5 < found.low < 0 < found.high < 0.5
    assert found.low == pytest.approx(-found.high)


def test_a_perfect_trend_is_not_certain():
    series = np.repeat(np.arange(8), 4)
    found = severity_trend(np.tile(SEVERITIES, 8), np.tile(SEVERITIES, 8), series, series).estimate
    assert (found.estimate, found.high) == (1, 1)
    assert 0 < found.low < 0.5


def test_a_series_in_two_prompts_is_refused():
    with pytest.raises(ValueError, match="lies in two clusters"):
        severity_trend([1, 2], [1, 2], np.array([0, 0]), np.array(["a", "b"]))


def test_nothing_has_no_trend():
    found = severity_trend([], [], np.array([]), np.array([]))
    assert np.isnan([found.estimate.estimate, found.estimate.low]).all()
    assert (found.estimate.n, found.n_left_out) == (0, 0)


def test_coverage_of_a_trend_of_0(rng):
    """Drops without a trend, in ten prompts of two series: 0 lies inside at least as often as is said."""
    n_draws = 800
    covered = sum(
        found.low <= 0 <= found.high
        for found in (severity_trend(*draw_series(rng, slope=0)).estimate for _ in range(n_draws))
    )
    assert covered / n_draws > 0.95 - 3 * np.sqrt(0.95 * 0.05 / n_draws)


@pytest.mark.parametrize(
    ("low", "expected"),
    [
        ([0.4, 0.6, 0.7], 0.5),
        ([0.6, 0.4, 0.7], 1.0),  # a lucky small severity does not count
        ([0.6, 0.7, 0.5], np.nan),  # exactly 1/2 is not above it
        ([0.6, 0.7, np.nan], np.nan),
        ([0.6, 0.6, 0.6], 0.25),
    ],
)
def test_the_threshold_is_where_everything_above_is_seen_too(low, expected):
    shuffled = np.array([1, 2, 0])
    found = find_detection_threshold(np.array([0.25, 0.5, 1.0])[shuffled], np.array(low)[shuffled])
    np.testing.assert_equal(found, expected)


def test_a_threshold_needs_distinct_severities():
    with pytest.raises(ValueError, match="comes twice"):
        find_detection_threshold([1, 1], [0.6, 0.7])
    assert np.isnan(find_detection_threshold([], []))


def test_of_severities_that_nobody_sees_hardly_any_is_named(rng):
    """Four independent one-sided tests at .025: any of them errs in 10 %, the one from above in 2.5 %."""
    n_draws = 3000
    low = 0.5 + scipy_stats.norm.rvs(size=(n_draws, 4), random_state=rng) - scipy_stats.norm.ppf(0.975)
    named = np.array([np.isfinite(find_detection_threshold(SEVERITIES, row)) for row in low])
    assert abs(named.mean() - 0.025) < 3 * np.sqrt(0.025 * 0.975 / n_draws)
    assert (low > 0.5).any(axis=1).mean() > 0.08
