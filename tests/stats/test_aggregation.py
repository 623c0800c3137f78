"""Screening and aggregation of ratings against scipy, measured shares and simulated annotators."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from tests.fetv import read_alignment
from videophy_lab.stats.aggregation import (
    AGGREGATIONS,
    aggregate_ratings,
    compare_aggregations,
    rater_rest_correlation,
    rater_rest_intervals,
    screen_raters,
)

_ = np.nan
RATINGS = np.array([[1, 5, 5], [5, 1, 3], [4, 4, 2], [_, 3, 4], [_, 5, _], [_, _, _]])


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("mean", [11 / 3, 3, 10 / 3, 3.5, 5, _]),
        ("median", [5, 3, 4, 3.5, 5, _]),
        ("mode", [5, 1, 4, 3, 5, _]),
    ],
)
def test_aggregate_ratings(how, expected):
    np.testing.assert_allclose(aggregate_ratings(RATINGS, how=how), expected)
    passed = np.where(np.isnan(expected), np.nan, np.array(expected) >= 4)
    np.testing.assert_array_equal(aggregate_ratings(RATINGS, how=how, threshold=4), passed)


def test_majority_needs_more_than_half():
    np.testing.assert_array_equal(aggregate_ratings(RATINGS, how="majority", threshold=4), [1, 0, 1, 0, 1, _])


def test_mode_equals_scipy(rng):
    ratings = rng.integers(1, 6, size=(200, 4)).astype(float)
    ratings[rng.random((200, 4)) < 0.2] = np.nan
    ratings[0] = 3
    rated = ~np.isnan(ratings).all(axis=1)
    expected = scipy_stats.mode(ratings[rated], axis=1, nan_policy="omit").mode
    np.testing.assert_array_equal(aggregate_ratings(ratings, how="mode")[rated], expected)


@pytest.mark.parametrize("how", AGGREGATIONS)
@pytest.mark.parametrize("shape", [(0, 3), (4, 3), (4, 0)])
def test_nothing_rated_is_nan(how, shape):
    combined = aggregate_ratings(np.full(shape, np.nan), how=how, threshold=4)
    np.testing.assert_array_equal(combined, np.full(shape[0], np.nan))


def test_compare_aggregations_of_fetv(shared):
    """Alignment of generated videos, share of ratings of 4 and more: ten points hang on the rule."""
    shares = compare_aggregations(read_alignment(), threshold=4)
    rounded = {how: round(share, 3) for how, share in shares.items()}
    assert rounded == {"mean": 0.391, "median": 0.489, "mode": 0.431, "majority": 0.489, "dawid_skene": 0.500}


def test_compare_aggregations_leaves_out_unrated_items():
    shares = compare_aggregations(RATINGS, threshold=4)
    # five items tell the model too little: it takes 4, 4, 2 for a 2
    assert shares == {"mean": 1 / 5, "median": 3 / 5, "mode": 3 / 5, "majority": 3 / 5, "dawid_skene": 2 / 5}
    assert np.isnan(list(compare_aggregations([[_, _]], threshold=4).values())).all()


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_rater_rest_correlation_equals_scipy(rng, method):
    ratings = rng.integers(1, 6, size=(60, 1)) + rng.integers(0, 3, size=(60, 5)).astype(float)
    ratings[rng.random((60, 5)) < 0.5] = np.nan
    correlation = {"pearson": scipy_stats.pearsonr, "spearman": scipy_stats.spearmanr}[method]
    for rater, found in enumerate(rater_rest_correlation(ratings, method=method)):
        others = np.delete(ratings, rater, axis=1)
        shared = ~np.isnan(ratings[:, rater]) & ~np.isnan(others).all(axis=1)
        expected = correlation(ratings[shared, rater], np.nanmean(others[shared], axis=1)).statistic
        assert found == pytest.approx(expected, abs=1e-12)


def test_undefined_correlation_is_nan_and_not_kept():
    ratings = np.array(
        [[1, 1, 3, _, 1], [2, 2, 3, _, _], [4, 5, 3, 4, 5], [5, 4, 3, 5, _], [_, _, _, _, 2]], dtype=float
    )
    correlations = rater_rest_correlation(ratings)
    # The third never varies; the fourth shares two items, and so does the fifth.
    assert np.isnan(correlations).tolist() == [False, False, True, True, True]
    assert screen_raters(ratings).tolist() == [True, True, False, False, False]


@pytest.mark.parametrize("value", [0.1, 3.3])
def test_constant_decimal_ratings_do_not_vary(rng, value):
    ratings = np.column_stack([np.full(30, value), rng.normal(size=(30, 2))])
    assert np.isnan(rater_rest_correlation(ratings)[0])


def _draw_crowd(rng, n_items):
    """Draw 20 workers of whom the last 6 answer at random; 3 of them rate each item."""
    truth = rng.normal(size=n_items)
    answers = np.clip(np.rint(3 + truth[:, np.newaxis] + 0.7 * rng.normal(size=(n_items, 20))), 1, 5)
    answers[:, 14:] = rng.integers(1, 6, size=(n_items, 6))
    chosen = rng.random((n_items, 20)).argsort(axis=1) < 3
    return np.where(chosen, answers, np.nan), truth


def test_screening_removes_spammers(rng):
    """With 2,250 items (about 337 ratings a worker) chance errors are out of reach; the mean then gains."""
    ratings, truth = _draw_crowd(rng, 2250)
    kept = screen_raters(ratings)
    assert kept.tolist() == [True] * 14 + [False] * 6
    screened = aggregate_ratings(ratings[:, kept], how="mean")
    left = ~np.isnan(screened)
    before = np.corrcoef(aggregate_ratings(ratings, how="mean")[left], truth[left])[0, 1]
    after = np.corrcoef(screened[left], truth[left])[0, 1]
    # Three standard errors of both correlations, each (1 - r²)/√n < .011.
    assert after - before > 0.066


def test_share_of_spammers_that_pass(rng):
    """A spammer passes as often as a null correlation of that many items exceeds the threshold."""
    n_panels, passed, expected = 200, 0, 0.0
    for _panel in range(n_panels):
        ratings, _truth = _draw_crowd(rng, 300)
        passed += screen_raters(ratings)[14:].sum()
        freedom = (~np.isnan(ratings[:, 14:])).sum(axis=0) - 2
        expected += scipy_stats.t.sf(0.2 * np.sqrt(freedom / (1 - 0.2**2)), freedom).sum()
    assert abs(passed - expected) < 3 * np.sqrt(expected)


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="threshold=4"):
        aggregate_ratings(RATINGS, how="majority")
    with pytest.raises(ValueError, match="mean, median, mode, majority"):
        aggregate_ratings(RATINGS, how="max")
    with pytest.raises(ValueError, match="'pearson' or 'spearman'"):
        rater_rest_correlation(RATINGS, method="kendall")
    with pytest.raises(ValueError, match="annotators as columns"):
        rater_rest_correlation([1, 2, 3])


@pytest.mark.parametrize(
    ("method", "correlate"), [("pearson", scipy_stats.pearsonr), ("spearman", scipy_stats.spearmanr)]
)
def test_the_interval_of_a_rater_leaves_out_one_prompt_at_a_time(rng, method, correlate):
    truth = rng.normal(size=60)
    ratings = truth[:, None] + rng.normal(size=(60, 3))
    ratings[rng.random((60, 3)) < 0.2] = np.nan
    prompts = np.arange(60) // 4
    for rater, found in enumerate(rater_rest_intervals(ratings, prompts, method=method, level=0.9)):
        others = np.delete(ratings, rater, axis=1)
        rest = np.array([row[~np.isnan(row)].mean() if (~np.isnan(row)).any() else np.nan for row in others])
        kept = ~np.isnan(ratings[:, rater]) & ~np.isnan(rest)
        own, rest, groups = ratings[kept, rater], rest[kept], prompts[kept]
        names = np.unique(groups)
        z = np.arctanh([correlate(own[groups != g], rest[groups != g])[0] for g in names])
        size = len(names)
        margin = scipy_stats.t.ppf(0.95, size - 1) * np.sqrt((size - 1) / size * np.sum((z - z.mean()) ** 2))
        full = np.arctanh(correlate(own, rest)[0])
        expected = np.tanh([full, full - margin, full + margin])
        np.testing.assert_allclose([found.estimate, found.low, found.high], expected, rtol=1e-9)
        assert (found.n, found.n_clusters, found.level) == (kept.sum(), size, 0.9)
    assert np.isnan(rater_rest_intervals([[1, 1], [2, 1], [3, 1]], np.arange(3))[1].low)
