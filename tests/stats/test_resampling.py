"""Resamples as weights: against SciPy on resamples built row by row, and in repeated sampling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from videophy_lab.stats.resampling import (
    bootstrap_kendall,
    bootstrap_pearson,
    bootstrap_spearman,
    draw_weights,
    jackknife_weights,
)


def bootstrap_kendall_matrix(columns, clusters, weights):
    return bootstrap_kendall(columns, columns, clusters, weights)


def correlate_with_scipy(columns, function):
    """Correlate every pair of columns by SciPy; NaN where a column is constant."""
    k = columns.shape[1]
    matrix = np.full((k, k), np.nan)
    for a in range(k):
        for b in range(k):
            if len(columns) > 1 and np.ptp(columns[:, a]) and np.ptp(columns[:, b]):
                matrix[a, b] = function(columns[:, a], columns[:, b]).statistic
    return matrix


FUNCTIONS = [
    pytest.param(bootstrap_pearson, stats.pearsonr, id="pearson"),
    pytest.param(bootstrap_spearman, stats.spearmanr, id="spearman"),
    pytest.param(bootstrap_kendall_matrix, stats.kendalltau, id="kendall"),
]


def make_rated_videos(rng, *, sizes, n_scores=2):
    """Make unsorted rows: a five-level rating and continuous scores with prompt effects, prompts as words."""
    codes = np.repeat(np.arange(len(sizes)), sizes)
    latent = rng.normal(size=len(sizes))[codes]
    scores = latent[:, None] + rng.normal(size=(len(codes), n_scores))
    rating = np.digitize(latent + rng.normal(size=len(codes)), [-1.0, 0.0, 0.7, 1.4]) + 1.0
    shuffled = rng.permutation(len(codes))
    names = np.array([f"prompt {chr(97 + code)}" for code in codes])
    return np.column_stack([rating, scores])[shuffled], names[shuffled]


def copy_rows(columns, clusters, weight):
    _, codes = np.unique(clusters, return_inverse=True)
    return columns[np.repeat(np.arange(len(columns)), weight[codes])]


@pytest.mark.parametrize(("function", "oracle"), FUNCTIONS)
def test_every_draw_equals_scipy_on_the_copied_rows(function, oracle, rng):
    columns, clusters = make_rated_videos(rng, sizes=[1, 4, 7, 2, 5, 3, 6, 4, 4, 1, 8])
    weights = draw_weights(11, 40, rng=rng)
    draws = function(columns, clusters, weights)
    assert draws.shape == (40, 3, 3)
    for weight, draw in zip(weights, draws, strict=True):
        expected = correlate_with_scipy(copy_rows(columns, clusters, weight), oracle)
        assert_allclose(draw, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("function", "oracle"), FUNCTIONS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_small_table_equals_scipy_on_the_copied_rows(function, oracle, data):
    n_rows = data.draw(st.integers(1, 12))
    clusters = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n_rows, max_size=n_rows)))
    cells = st.lists(st.integers(-2, 2), min_size=3 * n_rows, max_size=3 * n_rows)
    columns = np.array(data.draw(cells), dtype=float).reshape(n_rows, 3)
    n_clusters = len(np.unique(clusters))
    weight = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n_clusters, max_size=n_clusters)))
    ones = np.ones(n_clusters, dtype=np.int64)
    plain, drawn = function(columns, clusters, np.array([ones, weight]))
    assert_allclose(plain, correlate_with_scipy(columns, oracle), rtol=0, atol=1e-12)
    expected = correlate_with_scipy(copy_rows(columns, clusters, weight), oracle)
    assert_allclose(drawn, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("function", "oracle"), FUNCTIONS)
def test_weight_zero_deletes_a_cluster(function, oracle, rng):
    columns, clusters = make_rated_videos(rng, sizes=[3, 5, 2, 4, 6])
    draws = function(columns, clusters, jackknife_weights(5))
    for left_out, draw in zip(np.unique(clusters), draws, strict=True):
        expected = correlate_with_scipy(columns[clusters != left_out], oracle)
        assert_allclose(draw, expected, rtol=0, atol=1e-12)


def test_kendall_gives_left_by_right(rng):
    columns, clusters = make_rated_videos(rng, sizes=[3, 5, 2, 4, 6], n_scores=4)
    weights = draw_weights(5, 7, rng=rng)
    rectangle = bootstrap_kendall(columns[:, :2], columns[:, 2:], clusters, weights)
    square = bootstrap_kendall_matrix(columns, clusters, weights)
    assert rectangle.shape == (7, 2, 3)
    assert_array_equal(rectangle, square[:, :2, 2:])


def test_kendall_stays_exact_beyond_single_precision(rng):
    # τ-b does not change when every weight is multiplied; sums of odd multiples exceed 2²⁴ in float32.
    columns, clusters = make_rated_videos(rng, sizes=[9, 5, 7, 4, 6])
    weights = draw_weights(5, 6, rng=rng)
    few = bootstrap_kendall_matrix(columns, clusters, weights)
    many = bootstrap_kendall_matrix(columns, clusters, weights * 3_000_001)
    assert_allclose(many, few, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("function", "oracle"), FUNCTIONS)
def test_a_column_constant_in_a_resample_is_undefined_there(function, oracle):
    # .1 and its mean are not binary fractions: a variance from sums is not exactly 0.
    columns = np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 4.0], [0.7, 3.0]])
    clusters = np.array([0, 0, 1, 2])
    draws = function(columns, clusters, np.array([[2, 1, 0], [1, 1, 1]]))
    assert_array_equal(np.isnan(draws[0]), [[True, True], [True, False]])
    assert_allclose(draws[1, 0, 1], oracle(columns[:, 0], columns[:, 1]).statistic, atol=1e-12)


@pytest.mark.parametrize(("function", "oracle"), FUNCTIONS)
def test_no_rows_and_one_cluster(function, oracle, rng):
    empty = function(np.empty((0, 2)), np.empty(0), draw_weights(0, 3, rng=rng))
    assert empty.shape == (3, 2, 2)
    assert np.isnan(empty).all()
    columns = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0]])
    drawn = function(columns, np.zeros(3), draw_weights(1, 2, rng=rng))
    assert_allclose(drawn[1], correlate_with_scipy(columns, oracle), atol=1e-12)
    assert np.isnan(function(columns, np.zeros(3), jackknife_weights(1))).all()


def test_pearson_keeps_its_digits_far_from_zero(rng):
    columns, clusters = make_rated_videos(rng, sizes=[3, 5, 2, 4, 6])
    weights = draw_weights(5, 8, rng=rng)
    near, far = (bootstrap_pearson(columns + shift, clusters, weights) for shift in (0, 2.0**20))
    assert_allclose(far, near, atol=1e-9)


@pytest.mark.parametrize(("function", "oracle"), FUNCTIONS)
def test_bad_input_is_named(function, oracle, rng):
    columns, clusters = make_rated_videos(rng, sizes=[3, 5, 2])
    weights = draw_weights(3, 4, rng=rng)
    holes = columns.copy()
    holes[[1, 4], 2] = np.nan
    with pytest.raises(ValueError, match="column 2 has 2 missing or infinite values in 10 rows"):
        function(holes, clusters, weights)
    with pytest.raises(ValueError, match=r"10 rows but 9 clusters"):
        function(columns, clusters[:-1], weights)
    with pytest.raises(ValueError, match=r"weights has shape \(4, 2\), but there are 3 clusters"):
        function(columns, clusters, weights[:, :2])
    with pytest.raises(ValueError, match="whole numbers"):
        function(columns, clusters, weights / 2)
    with pytest.raises(ValueError, match="whole numbers"):
        function(columns, clusters, -weights)
    with pytest.raises(ValueError, match=r"columns has shape \(10,\)"):
        function(columns[:, 0], clusters, weights)


def test_weights_are_multinomial(rng):
    weights = draw_weights(23, 4000, rng=rng)
    assert weights.shape == (4000, 23)
    assert_array_equal(weights.sum(axis=1), np.full(4000, 23))
    # Share of a cluster left out: (1 − 1/G)^G; 92,000 cells, negatively correlated within a draw.
    expected = (1 - 1 / 23) ** 23
    assert abs((weights == 0).mean() - expected) < 3 * np.sqrt(expected * (1 - expected) / weights.size)
    # Every cluster alike: a count has variance 1 − 1/G; 4.1 SE bounds 23 means at 1 in 1,000.
    assert np.abs(weights.mean(axis=0) - 1).max() < 4.1 * np.sqrt((1 - 1 / 23) / 4000)
    assert_array_equal(
        draw_weights(23, 5, rng=np.random.default_rng(3)), draw_weights(23, 5, rng=np.random.default_rng(3))
    )


def test_weights_need_counts(rng):
    with pytest.raises(ValueError, match="cannot draw -1 resamples of 4 clusters"):
        draw_weights(4, -1, rng=rng)


def test_jackknife_weights():
    assert_array_equal(jackknife_weights(3), [[0, 1, 1], [1, 0, 1], [1, 1, 0]])


@pytest.mark.parametrize("function", [bootstrap_pearson, bootstrap_spearman], ids=["pearson", "spearman"])
def test_percentile_intervals_cover_under_clustering(function):
    rng = np.random.default_rng(7)
    n_replications, n_prompts, n_videos = 500, 80, 3
    clusters = np.repeat(np.arange(n_prompts), n_videos)
    covered = np.empty(n_replications, dtype=bool)
    # Correlation .6 between prompts (share .5) and .2 within: .4 between videos.
    true = {bootstrap_pearson: 0.4, bootstrap_spearman: 6 / np.pi * np.arcsin(0.4 / 2)}[function]
    for replication in range(n_replications):
        between = rng.multivariate_normal([0, 0], [[0.5, 0.3], [0.3, 0.5]], size=n_prompts)
        within = rng.multivariate_normal([0, 0], [[0.5, 0.1], [0.1, 0.5]], size=len(clusters))
        weights = draw_weights(n_prompts, 300, rng=rng)
        draws = function(between[clusters] + within, clusters, weights)[:, 0, 1]
        low, high = np.quantile(draws, [0.025, 0.975])
        covered[replication] = low <= true <= high
    # 300 draws put the ends at the 2.5 and 97.5 percentiles give or take .9 points; Monte-Carlo error 3 SE.
    assert abs(covered.mean() - 0.95) < 3 * np.sqrt(0.95 * 0.05 / n_replications)
