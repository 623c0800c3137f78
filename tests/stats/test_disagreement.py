"""Disagreement of annotators: against a naive twin, and in the cases where it is undefined."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from videophy_lab.stats.disagreement import (
    annotator_shift,
    minority_share,
    rank_disagreements,
    rating_spread,
)

NAN = np.nan


@pytest.fixture
def ratings() -> np.ndarray:
    rng = np.random.default_rng(3)
    matrix = rng.integers(1, 6, size=(60, 5)).astype(float)
    matrix[rng.random(matrix.shape) < 0.4] = NAN
    return matrix


def test_spread_is_the_mean_distance_of_all_pairs(ratings: np.ndarray) -> None:
    naive = [
        np.mean([abs(x - y) for x, y in itertools.combinations(row[~np.isnan(row)], 2)] or [NAN])
        for row in ratings
    ]
    np.testing.assert_allclose(rating_spread(ratings), naive)
    assert rating_spread([[1, 5, NAN], [3, NAN, NAN]]).tolist()[0] == 4
    assert np.isnan(rating_spread([[3, NAN, NAN]])).all()


def test_minority_counts_the_smaller_side_of_success() -> None:
    shares = minority_share([[4, 5, 1, 2], [4, 4, 5, 3], [1, 2, 3, 3], [5, NAN, NAN, NAN]], threshold=4)
    np.testing.assert_array_equal(shares, [0.5, 0.25, 0, NAN])


def test_disputed_success_comes_before_mere_distance_and_agreement_not_at_all() -> None:
    ratings = [[1, 3, 3], [4, 4, 4], [3, 4, 4], [5, 1, 1], [2, NAN, NAN], [1, 2, 3]]
    assert rank_disagreements(ratings, threshold=4).tolist() == [3, 2, 0, 5]
    assert rank_disagreements(np.full((0, 3), NAN), threshold=4).tolist() == []


def test_shift_is_the_mean_difference_to_the_others(ratings: np.ndarray) -> None:
    naive = []
    for place in range(ratings.shape[1]):
        rest = np.delete(ratings, place, axis=1)
        known = ~np.isnan(rest).all(axis=1)
        naive.append(np.nanmean(ratings[known, place] - np.nanmean(rest[known], axis=1)))
    np.testing.assert_allclose(annotator_shift(ratings), naive)
    alone = annotator_shift([[5, NAN], [NAN, 1]])
    assert np.isnan(alone).all()


def test_a_lenient_annotator_is_found_by_the_points_added() -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(3, 1, size=(200, 1))
    ratings = truth + rng.normal(0, 0.3, size=(200, 4)) + np.array([0, 0, 0, 0.8])
    shifts = annotator_shift(ratings)
    assert shifts[3] == pytest.approx(0.8, abs=0.1)
    assert np.abs(shifts[:3] + 0.8 / 3).max() < 0.1
