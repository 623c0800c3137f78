"""Shifts against plain t intervals, naive jackknives, statsmodels' TOST and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.weightstats import DescrStatsW

from videophy_lab.stats.shifts import estimate_shift, judge_shift, standardise_shift


def draw_shifts(rng, *, n_clusters, n_videos, shift):
    """Draw answers on 1-5 before and after an edit; videos of a prompt correlate by .5."""
    clusters = np.repeat(np.arange(n_clusters), n_videos)
    level, own = (
        np.sqrt(0.5) * (rng.normal(size=n_clusters)[clusters] + rng.normal(size=clusters.size))
        for _ in range(2)
    )
    before, after = (np.clip(np.rint(3 + level + added), 1, 5) for added in (0.0, shift + 0.4 * own))
    return after, before, clusters


def test_one_video_a_prompt_is_the_paired_t_interval(rng):
    after, before = rng.normal(size=(2, 25))
    found = estimate_shift(after, before, np.arange(25))
    test = scipy_stats.ttest_rel(after, before).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((test.low, test.high))
    points = standardise_shift(after, before, np.arange(25), unit=0.25)
    assert (points.estimate, points.low) == pytest.approx((4 * found.estimate, 4 * test.low))


def test_a_standardised_shift_is_the_shift_in_standard_deviations_of_these_videos(rng):
    after, before, clusters = draw_shifts(rng, n_clusters=10, n_videos=3, shift=0.4)
    found = standardise_shift(after, before, clusters)
    left = np.array([np.mean((after - before)[clusters != c]) for c in range(10)])
    error = np.sqrt(9 / 10 * np.sum((left - left.mean()) ** 2)) / before.std(ddof=1)
    assert found.estimate == pytest.approx(np.mean(after - before) / before.std(ddof=1))
    assert found.high - found.estimate == pytest.approx(scipy_stats.t.ppf(0.975, 9) * error)
    # it does not depend on the scale
    scaled = standardise_shift(100 * after + 7, 100 * before + 7, clusters)
    assert scaled.estimate == pytest.approx(found.estimate)


def test_no_shift_of_few_prompts_is_not_certain():
    before = np.array([1.0, 2.0, 4.0, 5.0])
    found = standardise_shift(before, before, np.arange(4), unit=1)
    unseen = 1 - 0.025 ** (1 / 4)
    assert (found.estimate, found.low, found.high) == pytest.approx((0, -unseen, unseen))
    assert judge_shift(before, before, np.arange(4), unit=1, margin=0.2).verdict == "inconclusive"
    many = np.tile(before, 5)
    assert judge_shift(many, many, np.arange(20), unit=1, margin=0.2).verdict == "equivalent"


def test_the_verdict_in_units_is_that_in_points(rng):
    """A score of a few large values, of which every one moves: its unit is uncertain, its shift is not."""
    before = np.exp(1.5 * rng.normal(size=17))
    after = before + 3 + 0.1 * rng.normal(size=17)
    points, units = (study(after, before, np.arange(17)) for study in (estimate_shift, standardise_shift))
    assert points.low > 0
    assert units.low > 0
    assert judge_shift(after, before, np.arange(17), margin=0.01).verdict == "non-zero"


@pytest.mark.parametrize("moved", [0.0, -1.0])
def test_prompts_that_all_move_alike_say_little_of_others(moved):
    """Others may move by a unit on either side, or not at all."""
    before = np.array([3.0, 4.0, 2.0])
    unseen = 1 - 0.025 ** (1 / 3)
    for study in (estimate_shift, standardise_shift):
        found = study(before + moved, before, np.arange(3), unit=1.0)
        ends = (moved - unseen, moved + unseen * (1 - moved))
        assert (found.estimate, found.low, found.high) == pytest.approx((moved, *ends))
        assert found.method == "unseen_clusters"
    for n_prompts in (3, 8):
        all_down = np.full(n_prompts, 4.0)
        verdict = judge_shift(all_down + moved, all_down, np.arange(n_prompts), unit=1, margin=0.2).verdict
        assert verdict == ("non-zero" if moved and n_prompts == 8 else "inconclusive")
    # in standard deviations of the originals, where no unit is known
    spread = np.array([0.1, 0.2, 0.45])
    assert estimate_shift(spread, spread, np.arange(3)).high == pytest.approx(unseen * spread.std(ddof=1))


def test_the_least_move_is_a_step_of_the_answers():
    """Of yes or no, an unseen prompt cannot move by a quarter of a point."""
    unseen = 1 - 0.025 ** (1 / 10)
    for answers, step in (
        ([0.0, 1.0], 1),
        ([1.0], 1),
        ([2.0, 4.0], 2),
        ([1.0, 2.0, 5.0], 1),
        ([0.2, 0.9], 0.25),
    ):
        before = np.resize(answers, 10)
        found = estimate_shift(before, before, np.arange(10), unit=0.25)
        assert found.high == pytest.approx(unseen * step)


def test_rare_moves_have_the_exact_limits_of_their_share():
    """One of fourteen moves by two points: Clopper and Pearson's limit from scipy's own test."""
    before = np.full(14, 4.0)
    after = before - 2.0 * (np.arange(14) == 5)
    found = estimate_shift(after, before, np.arange(14), unit=1.0)
    share = scipy_stats.binomtest(1, 14).proportion_ci(0.95, "exact")
    assert found.low == pytest.approx(-2 * share.high)
    # answers of 2 and 4 alone, so an unseen prompt moves by two points too
    assert found.high == pytest.approx(2 * (1 - 0.025 ** (1 / 14)) - 2 / 14)
    # both ends are at least as far as those of the paired t interval
    test = scipy_stats.ttest_rel(after, before).confidence_interval(0.95)
    assert found.low < test.low
    assert found.high > test.high
    # prompts of several videos are counted once, at their mean
    twice = estimate_shift(np.repeat(after, 2), np.repeat(before, 2), np.repeat(np.arange(14), 2), unit=1.0)
    assert (twice.low, twice.high) == pytest.approx((found.low, found.high))


@pytest.mark.parametrize("unit", [0.25, 1.0])
@pytest.mark.parametrize(
    ("n_clusters", "chance"), [(8, 0.9), (3, 0.9), (8, 0.1), (15, 0.1), (30, 0.05), (15, 0.3)]
)
def test_coverage_where_most_prompts_move_alike(rng, n_clusters, chance, unit):
    """Prompts move by one point or not, which on 0-1 is the whole scale."""
    n_draws, hits = 400, 0
    before = np.full(n_clusters, 1.0 if unit < 1 else 3.0)
    for _ in range(n_draws):
        after = before - (rng.random(n_clusters) < chance)
        found = estimate_shift(after, before, np.arange(n_clusters), unit=unit)
        hits += found.low <= -chance <= found.high
    assert hits / n_draws > 0.95 - 3 * np.sqrt(0.95 * 0.05 / n_draws)


@pytest.mark.parametrize("unit", [0.25, 1.0])
@pytest.mark.parametrize("n_clusters", [14, 30, 60])
def test_rare_moves_at_the_margin_are_rarely_called_none(rng, n_clusters, unit):
    n_draws = 500
    before = np.full(n_clusters, 1.0)
    wrong = sum(
        judge_shift(
            before - (rng.random(n_clusters) < 0.2 * unit),
            before,
            np.arange(n_clusters),
            unit=unit,
            margin=0.2,
        ).verdict
        == "equivalent"
        for _ in range(n_draws)
    )
    assert wrong / n_draws < 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_draws)


def test_a_coin_is_not_said_to_move_of_two_prompts(rng):
    for n_prompts in (2, 3, 6):
        n_draws = 500
        verdicts = [
            judge_shift(
                *(rng.random((2, n_prompts)) < 0.5), np.arange(n_prompts), unit=0.25, margin=0.2
            ).verdict
            for _ in range(n_draws)
        ]
        assert verdicts.count("non-zero") / n_draws < 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_draws)


def test_scores_that_do_not_vary_are_no_unit():
    flat = np.full(4, 5.0)
    still = standardise_shift(flat, flat, np.arange(4))
    assert still.estimate == 0
    assert np.isnan([still.low, still.high]).all()
    assert np.isnan(standardise_shift(flat - [0, 1, 0, 0], flat, np.arange(4)).estimate)
    assert standardise_shift(flat - [0, 1, 0, 0], flat, np.arange(4), unit=1).estimate == -0.25


def test_equivalence_is_statsmodels_tost(rng):
    """One video a prompt and a fixed unit: the verdict is that of two paired t tests."""
    verdicts = set()
    for scale in (0.2, 0.5, 1.0, 2.0):
        gap = scale * rng.normal(size=40)
        before = rng.normal(size=40)
        found = judge_shift(before + gap, before, np.arange(40), unit=1, margin=0.2)
        expected = DescrStatsW(gap).ttost_mean(-0.2, 0.2)[0]
        assert (found.verdict == "equivalent") == (expected < 0.05)
        verdicts.add(found.verdict)
    assert {"equivalent", "inconclusive"} <= verdicts


@pytest.mark.parametrize("unit", [None, 1.0])
@pytest.mark.parametrize("shift", [0.0, 0.6])
def test_coverage_with_few_prompts(rng, unit, shift):
    after, before, _ = draw_shifts(np.random.default_rng(0), n_clusters=100_000, n_videos=1, shift=shift)
    truth = np.mean(after - before)
    n_draws, hits = 500, 0
    for _ in range(n_draws):
        drawn = draw_shifts(rng, n_clusters=8, n_videos=4, shift=shift)
        found = standardise_shift(*drawn, unit=unit)
        # the unit is that of the videos drawn
        size = unit or drawn[1].std(ddof=1)
        hits += found.low <= truth / size <= found.high
    assert hits / n_draws > 0.95 - 3 * np.sqrt(0.95 * 0.05 / n_draws)


def test_a_shift_at_the_margin_is_rarely_called_none(rng):
    # a shift of .4 before rounding is one of about .37 points after it
    after, before, _ = draw_shifts(np.random.default_rng(0), n_clusters=100_000, n_videos=1, shift=0.4)
    margin = float(np.mean(after - before))
    n_draws = 500
    wrong = sum(
        judge_shift(*draw_shifts(rng, n_clusters=20, n_videos=4, shift=0.4), unit=1, margin=margin).verdict
        == "equivalent"
        for _ in range(n_draws)
    )
    assert wrong / n_draws < 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_draws)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="edited is missing or infinite in 1 of 2"):
        estimate_shift([np.nan, 1], [1, 1], np.arange(2))
    with pytest.raises(ValueError, match="unit is 0"):
        standardise_shift([1, 1], [1, 1], np.arange(2), unit=0)
    with pytest.raises(ValueError, match="differ in length"):
        estimate_shift([1, 1], [1], np.arange(2))
    assert np.isnan(standardise_shift([], [], np.array([])).estimate)
