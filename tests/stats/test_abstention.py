"""Abstention: planted errors that the members' spread tells, or does not; sums by hand; no peeking."""

from __future__ import annotations

import numpy as np
import pytest

from videophy_lab.stats.abstention import measure_abstention, predict_disagreement
from videophy_lab.stats.ensembles import average_standardised, crossfit_ridge, measure_spread
from videophy_lab.stats.means import cluster_mean_estimate
from videophy_lab.stats.ridge import make_cells


def draw_videos(rng, *, heteroscedasticity, n_prompts=60, n_generators=5, n_members=3):
    """Draw members whose noise differs between videos, by this standard deviation of its logarithm."""
    prompts = np.repeat(np.arange(n_prompts), n_generators)
    generators = np.tile(np.arange(n_generators), n_prompts)
    truth = 0.6 * rng.normal(size=n_prompts)[prompts] + rng.normal(size=len(prompts))
    noise = np.exp(heteroscedasticity * rng.normal(size=len(prompts)))
    members = truth[:, None] + noise[:, None] * rng.normal(size=(len(prompts), n_members))
    return members, truth + 0.5 * rng.normal(size=len(prompts)), prompts, generators


def abstain_on_half(rng, *, by="prompt", **options):
    members, ratings, prompts, generators = draw_videos(rng, **options)
    mean = average_standardised(members).predict(members)[:, None]
    spread = measure_spread(members)
    found = predict_disagreement(mean, ratings, prompts, generators, by=by, spread=spread, rng=rng)
    return measure_abstention(found.disagreement, found.predicted, prompts, coverages=(0.5,))


def test_disagreement_falls_where_the_spread_tells_the_error(rng):
    curves = [abstain_on_half(rng, heteroscedasticity=0.8) for _ in range(40)]
    shown = [curve.differences[0].high < 0 for curve in curves]
    assert np.mean(shown) > 0.8
    kept, best = (np.mean([getattr(c, name)[0].estimate for c in curves]) for name in ("kept", "oracle"))
    assert best < kept < np.mean([c.everywhere.estimate for c in curves]) - 0.1


def test_disagreement_does_not_fall_where_nothing_tells_the_error(rng):
    differences = [abstain_on_half(rng, heteroscedasticity=0.0).differences[0] for _ in range(200)]
    false_alarms = np.mean([difference.high < 0 for difference in differences])
    assert false_alarms < 0.025 + 3 * np.sqrt(0.025 * 0.975 / 200)


@pytest.mark.parametrize("by", ["generator", "both"])
def test_abstention_holds_by_generator_too(rng, by):
    shown = [abstain_on_half(rng, heteroscedasticity=0.8, by=by).differences[0].high < 0 for _ in range(10)]
    assert np.mean(shown) > 0.7


@pytest.mark.parametrize("by", ["prompt", "generator", "both"])
def test_no_rating_of_what_is_held_out_enters(rng, by):
    members, ratings, prompts, generators = draw_videos(rng, heteroscedasticity=0.5, n_prompts=20)
    cells = make_cells(prompts, generators, by=by, rng=np.random.default_rng(1))
    changed = np.where(cells.apart[0][cells.codes], ratings, 9 * rng.normal(size=len(ratings)))
    runs = [
        predict_disagreement(
            members,
            y,
            prompts,
            generators,
            by=by,
            spread=measure_spread(members),
            rng=np.random.default_rng(1),
        )
        for y in (ratings, changed)
    ]
    own = cells.codes == 0
    # the level, the mean disagreement, is common to all videos
    assert np.ptp((runs[0].predicted - runs[1].predicted)[own]) < 1e-9
    assert np.ptp((runs[0].predicted - runs[1].predicted)[~own]) > 1e-3


@pytest.mark.parametrize("by", ["prompt", "both"])
def test_disagreement_is_that_of_the_crossfit(rng, by):
    members, ratings, prompts, generators = draw_videos(rng, heteroscedasticity=0.5)
    ratings[::7] = np.nan
    score = crossfit_ridge(members, ratings, prompts, generators, by=by, rng=np.random.default_rng(1))
    found = predict_disagreement(members, ratings, prompts, generators, by=by, rng=np.random.default_rng(1))
    np.testing.assert_allclose(found.disagreement, np.abs(ratings - score.predictions), atol=1e-9)
    assert np.isfinite(found.predicted).all()


def test_a_single_judge_is_judged_by_its_distance_from_the_mean(rng):
    # humans and the judge share an answer in the middle, and are at odds at the ends
    prompts, generators = np.repeat(np.arange(100), 5), np.tile(np.arange(5), 100)
    judge = rng.normal(size=500)
    ratings = judge + judge * rng.normal(size=500)
    found = predict_disagreement(judge[:, None], ratings, prompts, generators, by="prompt", rng=rng)
    curve = measure_abstention(found.disagreement, found.predicted, prompts)
    assert curve.differences[-1].high < -0.2
    assert [e.estimate for e in curve.kept] == sorted((e.estimate for e in curve.kept), reverse=True)


def test_kept_means_by_hand():
    errors, order = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.1, 0.2, 0.2, 0.3])
    curve = measure_abstention(errors, order, ["a", "a", "b", "b"], coverages=(1.0, 0.75, 0.5, 0.25))
    # half of all: the first, and one of two that tie, whose mean is 2.5
    assert [e.estimate for e in curve.kept] == pytest.approx([2.5, 2.0, 1.75, 1.0])
    assert [e.estimate for e in curve.oracle] == pytest.approx([2.5, 2.0, 1.5, 1.0])
    assert [e.estimate for e in curve.differences] == pytest.approx([0.0, -0.5, -0.75, -1.5])
    assert [e.n for e in curve.kept] == [4, 3, 2, 1]


def test_the_number_kept_is_the_nearest():
    # 0.29 · 100 is 28.999999999999996
    curve = measure_abstention(np.arange(100.0), np.arange(100.0), np.arange(100), coverages=(0.29,))
    assert (curve.kept[0].n, curve.oracle[0].n, curve.everywhere.n) == (29, 29, 100)


def test_at_full_coverage_it_is_the_mean_by_prompt(rng):
    errors, prompts = rng.exponential(size=90), np.repeat(np.arange(30), 3)
    curve = measure_abstention(errors, rng.normal(size=90), prompts, coverages=(1.0,))
    expected = cluster_mean_estimate(errors, prompts)
    for found in (curve.kept[0], curve.oracle[0], curve.everywhere):
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert (curve.differences[0].low, curve.differences[0].high) == pytest.approx((0, 0), abs=1e-12)


def test_the_jackknife_draws_the_line_anew(rng):
    errors, order, prompts = rng.exponential(size=60), rng.normal(size=60), np.repeat(np.arange(20), 3)
    found = measure_abstention(errors, order, prompts, coverages=(0.5,)).kept[0]
    replicates = []
    for prompt in range(20):
        rest = prompts != prompt
        # half of 57 videos: 28 whole ones and half of the next
        ranked = errors[rest][np.argsort(order[rest])]
        replicates.append((ranked[:28].sum() + ranked[28] / 2) / 28.5)
    error = np.sqrt(19 / 20 * np.sum((np.array(replicates) - np.mean(replicates)) ** 2))
    # Student's t at .975 on 19 degrees of freedom, from a printed table
    assert (found.high - found.low) / 2 == pytest.approx(2.093024 * error, rel=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"coverages": (0.0,)}, "above 0 and up to 1"),
        ({"coverages": ()}, "above 0 and up to 1"),
        ({"predicted": [1.0, np.nan]}, "predicted is missing"),
        ({"clusters": ["a"]}, "differ in length"),
        ({"disagreement": [], "predicted": [], "clusters": []}, "no video with a disagreement"),
    ],
)
def test_what_cannot_be_measured_is_said(changes, message):
    given = {"disagreement": [1.0, 2.0], "predicted": [1.0, 2.0], "clusters": ["a", "b"]}
    with pytest.raises(ValueError, match=message):
        measure_abstention(**given | changes)


def test_a_spread_for_other_videos_is_said(rng):
    members, ratings, prompts, generators = draw_videos(rng, heteroscedasticity=0.0, n_prompts=5)
    with pytest.raises(ValueError, match="spread has 3 values for 25 videos"):
        predict_disagreement(
            members, ratings, prompts, generators, by="prompt", spread=[1.0, 2.0, 3.0], rng=rng
        )


def test_members_that_never_differ_have_no_spread_to_learn_from(rng):
    members, ratings, prompts, generators = draw_videos(rng, heteroscedasticity=0.0, n_prompts=10)
    runs = [
        predict_disagreement(
            members, ratings, prompts, generators, by="prompt", spread=spread, rng=np.random.default_rng(1)
        )
        for spread in (None, np.zeros(len(ratings)))
    ]
    np.testing.assert_array_equal(runs[0].predicted, runs[1].predicted)
