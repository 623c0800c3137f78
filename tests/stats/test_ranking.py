"""Pairwise comparisons against scipy and statsmodels, error rates, and the letters' defining property."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from videophy_lab.stats.ranking import (
    PairwiseComparisons,
    compare_pairs,
    rank_groups,
    rank_intervals,
)


@pytest.fixture
def scores(rng):
    """Give 40 prompts × 4 generators that share prompts unevenly."""
    values = rng.normal(size=(40, 1)) + rng.normal(size=(40, 4)) + np.array([1.0, 0.4, 0.3, 0.0])
    values[rng.random((40, 4)) < 0.2] = np.nan
    return values


def test_paired_t_equals_scipy(scores):
    result = compare_pairs(scores, binary=False, level=0.9)
    for k, (a, b) in enumerate([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]):
        shared = ~np.isnan(scores[:, a] - scores[:, b])
        expected = scipy_stats.ttest_rel(scores[shared, a], scores[shared, b])
        interval = expected.confidence_interval(0.9)
        assert (result.first[k], result.second[k], result.n_shared[k]) == (a, b, shared.sum())
        np.testing.assert_allclose(
            [result.low[k], result.high[k], result.p_value[k]],
            [interval.low, interval.high, expected.pvalue],
            rtol=1e-9,
        )
    assert (result.method, result.level, result.n_items, result.excluded) == ("paired_t", 0.9, 4, ())


@pytest.mark.parametrize("exclude", [(), (2,)])
def test_holm_equals_statsmodels(scores, exclude):
    result = compare_pairs(scores, binary=False, exclude=exclude)
    tested = ~np.isnan(result.p_value)
    assert tested.sum() == (3 if exclude else 6)
    expected = multipletests(result.p_value[tested], method="holm")[1]
    np.testing.assert_allclose(result.p_holm[tested], expected, rtol=1e-14)


def test_mcnemar_of_approval_ratings():
    """Agresti, Categorical Data Analysis (2002), table 10.1: z² = (150 - 86)²/(150 + 86) = 17.356."""
    table = np.array([[794, 150], [86, 570]])
    values = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], table.ravel(), axis=0)
    result = compare_pairs(values, binary=True)
    discordant = (values[:, 0] != values[:, 1]).sum()
    assert (result.difference[0] * 1600) ** 2 / discordant == pytest.approx(17.356, abs=5e-4)
    assert result.p_value[0] == pytest.approx(mcnemar(table, exact=True).pvalue)
    assert result.method == "mcnemar_exact"


def test_mcnemar_equals_statsmodels_with_missing_videos(rng):
    values = (rng.random((30, 3)) < [0.6, 0.4, 0.3]).astype(float)
    values[rng.random((30, 3)) < 0.3] = np.nan
    result = compare_pairs(values, binary=True)
    for k, (a, b) in enumerate([(0, 1), (0, 2), (1, 2)]):
        one, other = values[:, a], values[:, b]
        table = [[np.sum((one == i) & (other == j)) for j in (1, 0)] for i in (1, 0)]
        assert result.p_value[k] == pytest.approx(mcnemar(table, exact=True).pvalue)


@pytest.mark.parametrize(
    ("binary", "columns", "p_value"),
    [
        (True, [[1, 0, 1], [1, 0, 1]], 1.0),
        (False, [[0.5, 2.0, 3.5], [0.5, 2.0, 3.5]], 1.0),
        (True, [[1, 1, 1], [0, 0, 0]], 0.25),
        (False, [[0.3, 0.4, 0.9], [0.1, 0.2, 0.7]], np.nan),
    ],
    ids=["equal-binary", "equal", "constant-binary", "constant"],
)
def test_equal_differences_have_no_interval(binary, columns, p_value):
    result = compare_pairs(np.transpose(columns), binary=binary)
    assert np.isnan([result.low[0], result.high[0]]).all()
    np.testing.assert_equal(result.p_value[0], p_value)


@pytest.mark.parametrize("binary", [True, False])
def test_too_few_shared_prompts(binary):
    values = [[1, 0, np.nan], [1, np.nan, 1], [0, np.nan, 1], [0, np.nan, np.nan]]
    result = compare_pairs(values, binary=binary)
    assert result.n_shared.tolist() == [1, 2, 0]
    assert result.difference[0] == 1
    assert np.isnan(result.difference[2])
    assert np.isnan(result.p_value[[0, 2]]).all()
    # Only one pair was tested, so Holm leaves it alone.
    assert result.p_holm[1] == result.p_value[1]


def test_excluded_generator_is_not_tested(scores):
    result = compare_pairs(scores, binary=False, exclude=(1,))
    barred = (result.first == 1) | (result.second == 1)
    for numbers in (result.p_value, result.p_holm, result.low, result.high):
        np.testing.assert_array_equal(np.isnan(numbers), barred)
    assert np.isfinite(result.difference).all()
    without = compare_pairs(np.delete(scores, 1, axis=1), binary=False)
    np.testing.assert_array_equal(result.p_holm[~barred], without.p_holm)
    low, high = rank_intervals(result, 4)
    expected_low, expected_high = rank_intervals(without, 3)
    assert np.isnan([low[1], high[1]]).all()
    np.testing.assert_array_equal(np.delete(low, 1), expected_low)
    np.testing.assert_array_equal(np.delete(high, 1), expected_high)
    assert rank_groups(result, [0, 1, 2, 3])[1] == ""


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([1, 0, 1], {"binary": True}, "prompts × generators"),
        ([[1, 4], [2, 5]], {"binary": True}, "binary=False"),
        ([[1, 0], [0, 0]], {"binary": True, "exclude": (2,)}, "columns are 0 to 1"),
    ],
)
def test_wrong_input_is_refused(values, options, message):
    with pytest.raises(ValueError, match=message):
        compare_pairs(values, **options)


@pytest.mark.parametrize("shape", [(5, 1), (0, 3), (5, 0)])
def test_nothing_to_compare(shape):
    result = compare_pairs(np.ones(shape), binary=True)
    n_items = shape[1]
    assert result.difference.shape == (n_items * (n_items - 1) // 2,)
    low, high = rank_intervals(result, n_items)
    assert low.tolist() == [1] * n_items
    assert high.tolist() == [n_items] * n_items
    assert rank_groups(result, range(n_items)) == ["a"] * n_items


def _draw_leaderboard(rng, means, *, binary, n_prompts=60):
    """Draw values of generators whose prompts are alike, with a quarter of the last generator's missing."""
    noise = (rng.normal(size=(n_prompts, 1)) + rng.normal(size=(n_prompts, len(means)))) / np.sqrt(2)
    values = (scipy_stats.norm.cdf(noise) < means).astype(float) if binary else noise + means
    values[: n_prompts // 4, -1] = np.nan
    return values


@pytest.mark.parametrize("binary", [True, False])
def test_family_wise_error(rng, binary):
    """Five equal generators: some pair is declared different in at most 5 % of draws, + 3 SE."""
    n_draws, means = 1500, np.full(5, 0.3)
    false_alarms = 0
    for _ in range(n_draws):
        result = compare_pairs(_draw_leaderboard(rng, means, binary=binary), binary=binary)
        false_alarms += (result.p_holm <= 0.05).any()
    assert false_alarms / n_draws <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_draws)


def test_rank_intervals_hold_together(rng):
    """All true ranks (ties get the best) lie within their intervals in at least 95 % of draws - 3 SE."""
    n_draws, means = 1500, np.array([0.9, 0.5, 0.5, 0.4, 0.0])
    true_rank = np.array([1, 2, 2, 4, 5])
    held, width = 0, 0.0
    for _ in range(n_draws):
        result = compare_pairs(_draw_leaderboard(rng, means, binary=False), binary=False)
        low, high = rank_intervals(result, 5)
        held += ((low <= true_rank) & (true_rank <= high)).all()
        width += (high - low).mean() / n_draws
    assert held / n_draws >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / n_draws)
    # Intervals from 1 to 5 would always hold; these say more.
    assert width < 2.5


def _comparisons(significant, n_items, excluded=()):
    """Make comparisons in which item i is better than item j > i where ``significant``."""
    first, second = np.triu_indices(n_items, 1)
    p_holm = np.where(significant, 0.01, 0.5)
    p_holm[np.isin(first, excluded) | np.isin(second, excluded)] = np.nan
    ones = np.ones(first.size)
    return PairwiseComparisons(
        first, second, ones, ones, ones, p_holm, p_holm, ones.astype(int), 0.95, "paired_t", n_items, excluded
    )


@st.composite
def significance(draw):
    n_items = draw(st.integers(2, 8))
    n_pairs = n_items * (n_items - 1) // 2
    pairs = draw(st.lists(st.booleans(), min_size=n_pairs, max_size=n_pairs))
    excluded = draw(st.sets(st.integers(0, n_items - 1), max_size=2))
    order = draw(st.permutations(range(n_items)))
    return _comparisons(np.array(pairs), n_items, tuple(sorted(excluded))), order


@given(significance())
def test_letters_are_shared_exactly_without_significance(case):
    comparisons, order = case
    letters = [set(text) for text in rank_groups(comparisons, order)]
    for a, b, p_value in zip(comparisons.first, comparisons.second, comparisons.p_holm, strict=True):
        if not np.isnan(p_value):
            assert bool(letters[a] & letters[b]) == (p_value > 0.05)
    for item, own in enumerate(letters):
        assert bool(own) == (item not in comparisons.excluded)
    best = next((item for item in order if item not in comparisons.excluded), None)
    assert best is None or "a" in letters[best]


def test_letters_of_a_staircase():
    """Neighbours do not differ, all others do."""
    pairs = np.array([False, True, True, False, True, False])
    assert rank_groups(_comparisons(pairs, 4), [0, 1, 2, 3]) == ["a", "ab", "bc", "c"]
    assert rank_groups(_comparisons(pairs, 4), [3, 2, 1, 0]) == ["c", "bc", "ab", "a"]
    assert rank_groups(_comparisons(pairs, 4), [0, 1, 2, 3], level=0.999) == ["a"] * 4


def test_too_many_groups_are_refused():
    # 4 independent trios, all of whose members differ within the trio: 3⁴ = 81 groups.
    first, second = np.triu_indices(12, 1)
    with pytest.raises(ValueError, match="52 letters"):
        rank_groups(_comparisons(first // 3 == second // 3, 12), range(12))


def test_wrong_order_or_number_is_refused():
    comparisons = _comparisons(np.array([True, False, False]), 3)
    with pytest.raises(ValueError, match="from 0 to 2 once"):
        rank_groups(comparisons, [0, 1, 1])
    with pytest.raises(ValueError, match="3 generators were compared"):
        rank_intervals(comparisons, 4)


def test_videophy2_leaderboard(shared):
    """Rates on shared prompts agree with counts made by hand; Wan is first alone."""
    with open(shared / "data/videophy2/ratings.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    generators = ["wan", "cogvideo", "cosmos", "sora", "ray2", "hunyuan", "videocrafter"]
    prompts = {prompt: i for i, prompt in enumerate(sorted({row["prompt_id"] for row in rows}))}
    joint = np.full((len(prompts), 7), np.nan)
    for row in rows:
        passed = int(row["human_sa"]) >= 4 and int(row["human_pc"]) >= 4
        joint[prompts[row["prompt_id"]], generators.index(row["generator"])] = passed
    result = compare_pairs(joint, binary=True)
    low, high = rank_intervals(result, 7)
    wan_cogvideo = joint[:, 0] - joint[:, 1]
    assert result.n_shared[0] == np.isfinite(wan_cogvideo).sum() == 589
    assert result.difference[0] == pytest.approx(np.nansum(wan_cogvideo) / 589)
    assert np.nanmax(result.n_shared[(result.first == 3) | (result.second == 3)]) <= 60
    np.testing.assert_array_equal(low <= high, True)
    assert low[0] == 1
    assert high[6] == 7
