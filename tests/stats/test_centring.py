"""Centring and its replicates: against the naive ways of doing the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from tests.stats.made_videos import make_videos
from videophy_lab.stats.centring import Design, centre, group_mean, leave_one_out_mean
from videophy_lab.stats.correlation import (
    CENTRINGS,
    METHODS,
    centred_correlation,
    centred_correlation_interval,
)
from videophy_lab.stats.estimate import estimate_from_jackknife
from videophy_lab.stats.replicates import replicate_correlation
from videophy_lab.stats.resampling import draw_weights, jackknife_weights

WITHIN = CENTRINGS[:4]


def centre_in_turn(values, groups, *, times):
    """Subtract group means in turn: the naive way whose limit centre computes."""
    series = pd.Series(values, dtype=float)
    for _ in range(times):
        for group in groups:
            series = series - series.groupby(group).transform("mean")
    return series.to_numpy()


def centre_by_dummies(values, groups):
    """Take the residuals of a least-squares fit on indicators of all groups."""
    dummies = np.hstack([pd.get_dummies(pd.Series(g), dtype=float).to_numpy() for g in groups])
    return values - dummies @ np.linalg.lstsq(dummies, values, rcond=None)[0]


def test_centring_by_both_is_the_limit_of_centring_in_turn(rng):
    _, y, prompts, generators = make_videos(rng)
    expected = centre_in_turn(y, (prompts, generators), times=300)
    assert_allclose(centre(y, prompts=prompts, generators=generators), expected, atol=1e-10)
    assert_allclose(centre(y, prompts=prompts), centre_in_turn(y, (prompts,), times=1), atol=1e-12)
    assert_allclose(centre(y, generators=generators), centre_in_turn(y, (generators,), times=1), atol=1e-12)
    assert_allclose(centre(y), y - y.mean(), atol=1e-12)


def test_centring_keeps_the_columns_apart(rng):
    x, y, prompts, generators = make_videos(rng)
    both = centre(np.column_stack([x, y, x + y]), prompts=prompts, generators=generators)
    assert both.shape == (len(x), 3)
    assert_allclose(both[:, 1], centre(y, prompts=prompts, generators=generators), atol=1e-12)
    assert_allclose(both[:, 2], both[:, 0] + both[:, 1], atol=1e-12)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_centring_any_design_leaves_least_squares_residuals(data):
    # Few rows in many groups: designs that fall apart, singletons, groups within groups.
    n = data.draw(st.integers(1, 14))
    prompts, generators, values = (
        np.array(data.draw(st.lists(st.integers(0, top), min_size=n, max_size=n))) for top in (5, 4, 9)
    )
    values = values.astype(float)
    expected = centre_by_dummies(values, (prompts, generators))
    centred = centre(values, prompts=prompts, generators=generators)
    assert_allclose(centred, expected, atol=1e-10)
    assert_array_equal(centred[np.abs(expected) < 1e-13], 0)


def test_centring_empty_and_bad_input():
    assert centre(np.empty((0, 3)), prompts=[], generators=[]).shape == (0, 3)
    with pytest.raises(ValueError, match="1 of 3 values are missing"):
        centre([1.0, np.nan, 2.0], prompts=[0, 0, 1])
    with pytest.raises(ValueError, match="3 values but 2"):
        centre([1.0, 5.0, 2.0], prompts=[0, 1], generators=[0, 1])
    with pytest.raises(ValueError, match="2 prompts but 3 generators"):
        centre([1.0, 5.0, 2.0], prompts=[0, 1], generators=[0, 1, 1])


def test_group_means_and_what_the_others_say():
    values, groups = [1.0, 2.0, 6.0, 5.0], ["a", "b", "a", "a"]
    assert_allclose(group_mean(values, groups), [4, 2, 4, 4])
    assert_allclose(leave_one_out_mean(values, groups), [5.5, np.nan, 3, 3.5])
    with pytest.raises(ValueError, match="give one group a value"):
        group_mean(values, groups[:3])


# Centred correlations and their replicates


@pytest.mark.parametrize("centred_by", ["generator", "prompt", "both"])
@pytest.mark.parametrize("method", METHODS)
def test_centred_correlation_follows_its_definition(centred_by, method, rng):
    x, y, prompts, generators = make_videos(rng)
    groups = {"generator": (generators,), "prompt": (prompts,), "both": (prompts, generators)}[centred_by]
    pair = (x, y) if method == "pearson" else (stats.rankdata(x), stats.rankdata(y))
    left, right = (centre_in_turn(v, groups, times=300 if len(groups) > 1 else 1) for v in pair)
    if method == "kendall":
        expected = stats.kendalltau(left.round(9), right.round(9)).statistic
    else:
        expected = stats.pearsonr(left, right).statistic
    value = centred_correlation(x, y, prompts, generators, centred_by=centred_by, method=method)
    assert_allclose(value, expected, atol=1e-9)


@pytest.mark.parametrize("centred_by", WITHIN)
@pytest.mark.parametrize("method", METHODS)
def test_replicates_equal_the_naive_ways(centred_by, method, rng):
    x, y, prompts, generators = make_videos(rng)
    options = {"centred_by": centred_by, "method": method}
    design = Design.build(prompts, generators)
    numbers = np.unique(prompts)

    kept = [prompts != number for number in numbers]
    deleted = [centred_correlation(x[k], y[k], prompts[k], generators[k], **options) for k in kept]
    jackknife = replicate_correlation(x, y, design, jackknife_weights(len(numbers)), **options)
    assert_allclose(jackknife, deleted, atol=1e-12)
    estimate = centred_correlation_interval(x, y, prompts, generators, **options)
    assert estimate == estimate_from_jackknife(estimate.estimate, jackknife, n=len(x), fisher=True)
    assert estimate.low < estimate.estimate < estimate.high
    assert (estimate.n, estimate.n_clusters) == (len(x), len(numbers))

    weights = draw_weights(len(numbers), 25, rng=rng)
    rows = [np.repeat(np.arange(len(x)), weight[np.searchsorted(numbers, prompts)]) for weight in weights]
    copied = [centred_correlation(x[r], y[r], prompts[r], generators[r], **options) for r in rows]
    assert_allclose(replicate_correlation(x, y, design, weights, **options), copied, atol=1e-12)


def test_replicates_do_not_depend_on_the_block_size(rng, monkeypatch):
    x, y, prompts, generators = make_videos(rng)
    design, weights = Design.build(prompts, generators), jackknife_weights(13)
    whole = replicate_correlation(x, y, design, weights, centred_by="both", method="spearman")
    monkeypatch.setattr("videophy_lab.stats.replicates.VALUES_AT_ONCE", 3 * len(x))
    parts = replicate_correlation(x, y, design, weights, centred_by="both", method="spearman")
    assert_allclose(parts, whole, atol=1e-13)
