"""Ensembles against scikit-learn, against theory, and against the ways in which cross-fitting can cheat."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from videophy_lab.stats.ensembles import (
    average_standardised,
    crossfit_ridge,
    fit_ridge,
    measure_spread,
    standardise,
)
from videophy_lab.stats.ridge import PENALTIES, make_cells

BY = ("prompt", "generator", "both")


def draw_videos(rng, *, n_prompts=60, n_generators=5, n_members=4, slopes=(0.5, 0.3, 0.0, -0.2), share=1.0):
    """Draw members on unlike scales, and ratings with effects of prompts and generators."""
    prompts = np.repeat(np.arange(n_prompts), n_generators)
    generators = np.tile(np.arange(n_generators), n_prompts)
    members = rng.normal(size=(len(prompts), n_members))
    effects = rng.normal(size=n_prompts)[prompts] + 0.5 * rng.normal(size=n_generators)[generators]
    ratings = 3 + members @ np.resize(slopes, n_members) + effects + rng.normal(size=len(prompts))
    kept = np.sort(rng.permutation(len(prompts))[: int(share * len(prompts))])
    scales = 10.0 ** np.arange(-2, n_members - 2)
    return (members * scales + scales)[kept], ratings[kept], prompts[kept], generators[kept]


def search_grid(members, ratings, groups):
    """Choose the penalty with scikit-learn, one group held out at a time, and fit on all rows."""
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Ridge()),
        {"ridge__alpha": PENALTIES},
        scoring="neg_mean_squared_error",
        cv=LeaveOneGroupOut(),
    )
    return search.fit(members, ratings, groups=groups).best_estimator_


@pytest.mark.parametrize("by", ["prompt", "generator"])
def test_crossfit_equals_scikit_learn_where_groups_are_equally_large(rng, by):
    members, ratings, prompts, generators = draw_videos(rng, n_prompts=30)
    found = crossfit_ridge(
        members, ratings, prompts, generators, by=by, rng=np.random.default_rng(1), n_folds=5
    )
    groups = found.cells.codes
    for group in np.unique(groups):
        own = groups == group
        model = search_grid(members[~own], ratings[~own], groups[~own])
        assert found.penalties[group] == pytest.approx(model.named_steps["ridge"].alpha)
        np.testing.assert_allclose(found.predictions[own], model.predict(members[own]), atol=1e-8, rtol=0)


def test_crossfit_by_both_equals_scikit_learn(rng):
    members, ratings, prompts, generators = draw_videos(rng, n_prompts=20, n_generators=4, share=0.7)
    found = crossfit_ridge(
        members, ratings, prompts, generators, by="both", rng=np.random.default_rng(1), n_folds=3
    )
    folds = make_cells(prompts, generators, by="prompt", rng=np.random.default_rng(1), n_folds=3).codes
    for fold in range(3):
        for generator in range(4):
            own = (folds == fold) & (generators == generator)
            rest = np.flatnonzero((folds != fold) & (generators != generator))
            f, g = folds[rest], generators[rest]
            held = [(f == a) & (g == b) for a in np.unique(f) for b in np.unique(g)]
            splits = [
                (
                    np.flatnonzero(~np.isin(f, f[part]) & ~np.isin(g, g[part])),
                    np.flatnonzero(part),
                )
                for part in held
            ]
            models = [make_pipeline(StandardScaler(), Ridge(alpha)) for alpha in PENALTIES]
            errors = [
                np.mean(
                    (cross_val_predict(model, members[rest], ratings[rest], cv=splits) - ratings[rest]) ** 2
                )
                for model in models
            ]
            best = models[int(np.argmin(errors))].fit(members[rest], ratings[rest])
            np.testing.assert_allclose(found.predictions[own], best.predict(members[own]), atol=1e-8, rtol=0)


def test_fit_equals_scikit_learn(rng):
    members, ratings, prompts, generators = draw_videos(rng)
    rated = np.where(rng.random(len(ratings)) < 0.8, ratings, np.nan)
    known = ~np.isnan(rated)
    fit = fit_ridge(members, rated, prompts, generators, by="generator", rng=rng)
    scaler = StandardScaler().fit(members[known])
    model = Ridge(fit.penalty).fit(scaler.transform(members[known]), rated[known])
    np.testing.assert_allclose(fit.coefficients, model.coef_, atol=1e-8)
    np.testing.assert_allclose(fit.predict(members), model.predict(scaler.transform(members)), atol=1e-8)
    assert (fit.n, len(fit.means)) == (known.sum(), 4)


@pytest.mark.parametrize("by", ["prompt", "generator"])
def test_the_penalty_of_a_fit_is_scikit_learns(rng, by):
    penalties = set()
    for slopes in ((0.5, 0.3, 0.0, -0.2), (0.0,)):
        members, ratings, prompts, generators = draw_videos(rng, n_prompts=30, slopes=slopes)
        fit = fit_ridge(members, ratings, prompts, generators, by=by, rng=np.random.default_rng(1), n_folds=5)
        groups = make_cells(prompts, generators, by=by, rng=np.random.default_rng(1), n_folds=5).codes
        assert fit.penalty == pytest.approx(search_grid(members, ratings, groups).named_steps["ridge"].alpha)
        penalties.add(fit.penalty)
    assert len(penalties) == 2, "the two worlds want different ones"


def test_prompts_are_dealt_at_random_into_folds_of_one_size():
    prompts, generators = np.repeat(np.arange(25), 3), np.tile(np.arange(3), 25)
    dealt = [
        make_cells(prompts, generators, by="prompt", rng=np.random.default_rng(seed), n_folds=5).codes
        for seed in range(3)
    ]
    for folds in dealt:
        assert np.bincount(folds).tolist() == [15] * 5
        assert all(np.ptp(folds[prompts == prompt]) == 0 for prompt in range(25))
    assert not np.array_equal(dealt[0], dealt[1])
    assert not np.array_equal(dealt[1], dealt[2])


@pytest.mark.parametrize("by", BY)
def test_a_fit_sees_no_rating_of_what_it_scores(rng, by):
    members, ratings, prompts, generators = draw_videos(rng)
    cells = make_cells(prompts, generators, by=by, rng=np.random.default_rng(1))
    changed = np.where(cells.apart[cells.codes[0]][cells.codes], ratings, rng.normal(size=len(ratings)) * 50)
    runs = [
        crossfit_ridge(members, y, prompts, generators, by=by, rng=np.random.default_rng(1))
        for y in (ratings, changed)
    ]
    own = cells.codes == cells.codes[0]
    np.testing.assert_allclose(runs[0].predictions[own], runs[1].predictions[own], atol=1e-9)
    assert np.ptp((runs[0].scores - runs[1].scores)[own]) < 1e-9
    assert not np.allclose(runs[0].predictions[~own], runs[1].predictions[~own])


def test_apart_cells_share_neither_prompt_nor_generator(rng):
    _, _, prompts, generators = draw_videos(rng)
    cells = make_cells(prompts, generators, by="both", rng=rng, n_folds=4)
    for cell in np.unique(cells.codes):
        own, others = cells.codes == cell, cells.apart[cell][cells.codes]
        assert not set(prompts[own]) & set(prompts[others])
        assert not set(generators[own]) & set(generators[others])
    # 3 of 4 folds and 4 of 5 generators are left
    assert others.sum() == pytest.approx(0.6 * len(prompts))


def test_scores_do_not_depend_on_the_order_of_rows_or_on_units(rng):
    members, ratings, prompts, generators = draw_videos(rng, share=0.8)
    order = rng.permutation(len(ratings))
    one = crossfit_ridge(members, ratings, prompts, generators, by="both", rng=np.random.default_rng(1))
    two = crossfit_ridge(
        1000 * members[order] - 3,
        ratings[order],
        prompts[order],
        generators[order],
        by="both",
        rng=np.random.default_rng(1),
    )
    np.testing.assert_allclose(two.scores, one.scores[order], atol=1e-8)
    rebuilt = one.intercepts[one.cells.codes] + (members * one.slopes[one.cells.codes]).sum(axis=1)
    np.testing.assert_allclose(one.predictions, rebuilt, atol=1e-8)


def test_videos_without_a_rating_are_scored_and_teach_nothing(rng):
    members, ratings, prompts, generators = draw_videos(rng)
    first = generators > 0
    rated = np.where(first, ratings, np.nan)
    every = crossfit_ridge(members, rated, prompts, generators, by="prompt", rng=np.random.default_rng(1))
    some = crossfit_ridge(
        members[first],
        ratings[first],
        prompts[first],
        generators[first],
        by="prompt",
        rng=np.random.default_rng(1),
    )
    np.testing.assert_allclose(every.predictions[first], some.predictions, atol=1e-9)
    assert np.isfinite(every.scores).all()
    assert every.n == first.sum()


def test_useless_members_gain_nothing_from_prompts(rng):
    correlations = {by: [] for by in BY}
    for _ in range(60):
        members, ratings, prompts, generators = draw_videos(rng, slopes=(0.0,))
        for by in BY:
            found = crossfit_ridge(members, ratings, prompts, generators, by=by, rng=rng)
            correlations[by].append(
                [np.corrcoef(column, ratings)[0, 1] for column in (found.scores, found.predictions)]
            )
    for by, values in correlations.items():
        scores, predictions = np.mean(values, axis=0)
        three_se = 3 * np.std(values, axis=0)[0] / np.sqrt(60)
        assert scores < three_se, by
        # what is left of the bias with 300 videos, and what the fits' own intercepts would add
        assert scores > -0.12, by
        assert predictions < scores - 0.1, by


def test_the_bias_vanishes_as_members_know_something(rng):
    # corr(members' sum, rating) is sqrt(.43 / (.43 + 1)), whatever the folds
    found = []
    for _ in range(30):
        members = rng.normal(size=(500, 4))
        ratings = members @ [0.5, 0.3, 0.0, -0.3] + rng.normal(size=500)
        prompts, generators = np.repeat(np.arange(100), 5), np.tile(np.arange(5), 100)
        scores = crossfit_ridge(members, ratings, prompts, generators, by="both", rng=rng).scores
        found.append(np.corrcoef(scores, ratings)[0, 1])
    assert np.mean(found) == pytest.approx(np.sqrt(0.43 / 1.43), abs=0.01)


def test_two_members_reach_the_correlation_that_theory_gives(rng):
    noise = np.array([0.8, 1.5])
    n = 20_000
    truth = rng.normal(size=n)
    members = truth[:, None] + noise * rng.normal(size=(n, 2))
    shares = 1 / np.sqrt(1 + noise**2)
    mean = average_standardised(members).predict(members)
    of_mean = shares.sum() / np.sqrt(shares.sum() ** 2 + (shares**2 * noise**2).sum())
    precision = (1 / noise**2).sum()
    prompts, generators = np.repeat(np.arange(n // 10), 10), np.tile(np.arange(10), n // 10)
    ridge = crossfit_ridge(members, truth, prompts, generators, by="prompt", rng=rng)
    # the standard error of r is (1 - r²)/sqrt(n)
    for scores, theory in ((mean, of_mean), (ridge.scores, np.sqrt(precision / (1 + precision)))):
        three_se = 3 * (1 - theory**2) / np.sqrt(n)
        assert np.corrcoef(scores, truth)[0, 1] == pytest.approx(theory, abs=three_se)


def test_generators_known_from_the_members_help_by_prompt_only(rng):
    found = {by: [] for by in BY}
    for _ in range(40):
        prompts, generators = np.repeat(np.arange(60), 5), np.tile(np.arange(5), 60)
        # four numbers name five generators and know nothing of their quality
        members = rng.normal(size=(5, 4))[generators] + 0.1 * rng.normal(size=(300, 4))
        ratings = rng.normal(size=5)[generators] + rng.normal(size=300)
        for by in BY:
            scores = crossfit_ridge(members, ratings, prompts, generators, by=by, rng=rng).scores
            found[by].append(np.corrcoef(scores, ratings)[0, 1])
    means = {by: np.mean(values) for by, values in found.items()}
    assert means["prompt"] > 0.5
    assert means["generator"] < 3 * np.std(found["generator"]) / np.sqrt(40)
    assert means["both"] < 3 * np.std(found["both"]) / np.sqrt(40)


def test_mean_by_hand():
    members = np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 20.0]])
    fit = average_standardised(members, signs=[1, -1])
    root = np.sqrt(1.5)
    np.testing.assert_allclose(fit.predict(members), [0.0, -root / 2, root / 2], atol=1e-12)
    np.testing.assert_allclose(fit.predict([[4.0, 20.0]]), [root], atol=1e-12)
    np.testing.assert_allclose(
        measure_spread(members), [0.0, root / np.sqrt(2), root / np.sqrt(2)], atol=1e-12
    )
    np.testing.assert_allclose(measure_spread(members, signs=[1, -1])[0], 2 * root / np.sqrt(2), atol=1e-12)


def test_a_member_constant_within_a_fit_has_no_weight(rng):
    members, ratings, prompts, generators = draw_videos(rng)
    members[generators != 0, 3] = 0.1
    found = crossfit_ridge(members, ratings, prompts, generators, by="generator", rng=rng)
    assert found.slopes[0, 3] == 0
    assert np.isfinite(found.scores).all()


def test_a_constant_member_is_named():
    with pytest.raises(ValueError, match=r"flicker gives all 3 videos 2: .* leave this member out"):
        standardise([[1, 2], [2, 2], [3, 2]], names=["autoeval", "flicker"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"by": "video"}, "by='video' is unknown"),
        ({"n_folds": 2}, "n_folds is 2"),
        ({"penalties": (0.0, 1.0)}, "above 0"),
        ({"generators": np.tile([0, 1], 15), "by": "generator"}, 'have 2: at least 3 .* or use by="prompt"'),
        ({"generators": np.tile([0, 1], 15), "by": "both"}, "holds out each generator"),
        ({"prompts": np.tile([0, 1], 15)}, "more prompts"),
        ({"ratings": np.full(30, np.nan)}, "no video .* has a rating"),
        ({"ratings": np.full(30, np.inf)}, "infinite"),
        ({"ratings": np.ones(29)}, "differ in length"),
        ({"members": np.full((30, 2), np.nan)}, "member 0 is missing"),
    ],
)
def test_what_cannot_be_fitted_is_said(rng, changes, message):
    given = {
        "members": rng.normal(size=(30, 2)),
        "ratings": rng.normal(size=30),
        "prompts": np.repeat(np.arange(10), 3),
        "generators": np.tile(np.arange(3), 10),
        "by": "prompt",
    }
    with pytest.raises(ValueError, match=message):
        crossfit_ridge(**given | changes, rng=rng)


def test_a_cell_without_others_to_learn_from_is_said(rng):
    # the first video shares its prompt or its generator with every other
    prompts, generators = np.array([0, 1, 2, 0, 0]), np.array([0, 0, 0, 1, 2])
    with pytest.raises(ValueError, match=r"too few rated videos: .*hold out less"):
        crossfit_ridge(rng.normal(size=(5, 2)), rng.normal(size=5), prompts, generators, by="both", rng=rng)


def test_signs_are_one_or_minus_one(rng):
    with pytest.raises(ValueError, match="1 or -1 for each of the 2 members"):
        average_standardised(rng.normal(size=(5, 2)), signs=[1, 0])
    with pytest.raises(ValueError, match="no spread"):
        measure_spread(rng.normal(size=(5, 1)))
