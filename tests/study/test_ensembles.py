"""Ensembles as scorers: what joins which task, what stays unscored and why, and real ratings."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

import videophy_lab as lab
from tests.study.made_world import draw_world, read_fetv, read_wide
from videophy_lab import study
from videophy_lab.schema import check_table
from videophy_lab.stats.abstention import predict_disagreement
from videophy_lab.stats.correlation import centred_correlation
from videophy_lab.stats.ensembles import crossfit_ridge, measure_spread
from videophy_lab.study.correlation import pair_columns

COLUMNS = ["video_id", "scorer", "spec", "task", "score", "status", "error"]


@pytest.fixture
def world(rng) -> tuple[pd.DataFrame, pd.DataFrame]:
    return draw_world(rng)


def test_mean_is_that_of_zscores(world):
    ratings, scores = world
    found = study.ensemble(ratings, scores, signs={"flicker": -1})
    assert list(found.columns) == COLUMNS
    check_table(found, "scores")
    assert found["status"].eq("ok").all()
    assert found["error"].isna().all()
    for task in ("sa", "pc"):
        members = [read_wide(scores, judge, task) for judge in ("careful", "hasty")]
        members.append(-read_wide(scores, "flicker", "flicker"))
        expected = np.mean([scipy_stats.zscore(member) for member in members], axis=0)
        np.testing.assert_allclose(read_wide(found, "ensemble mean", task), expected, atol=1e-12)


def test_signs_are_not_found_from_ratings(world):
    ratings, scores = world
    plain, turned = (study.ensemble(ratings, scores, signs=signs) for signs in (None, {"flicker": -1}))
    truth = ratings[ratings["task"].eq("sa")].set_index("video_id")["rating"].sort_index()
    r_plain, r_turned = (
        np.corrcoef(read_wide(table, "ensemble mean", "sa"), truth)[0, 1] for table in (plain, turned)
    )
    assert r_turned > r_plain + 0.1
    assert plain["spec"].iloc[0] != turned["spec"].iloc[0]


@pytest.mark.parametrize("by", ["prompt", "generator", "both"])
def test_ridge_is_the_crossfit_of_the_columns(world, by):
    ratings, scores = world
    found = study.ensemble(ratings, scores, ["hasty", "flicker"], method="ridge", by=by, tasks=["pc"], seed=3)
    rated = ratings[ratings["task"].eq("pc")].sort_values("video_id")
    members = np.column_stack([read_wide(scores, "hasty", "pc"), read_wide(scores, "flicker", "flicker")])
    expected = crossfit_ridge(
        members,
        rated["rating"],
        rated["prompt_id"].to_numpy(dtype=str),
        rated["generator"].to_numpy(dtype=str),
        by=by,
        rng=np.random.default_rng(3),
    )
    name = {"prompt": "prompts", "generator": "generators", "both": "prompts and generators"}[by]
    column = read_wide(found, f"ensemble ridge, new {name}", "pc")
    np.testing.assert_allclose(column, expected.scores, atol=1e-12)
    assert found["task"].eq("pc").all()


def test_an_ensemble_stands_beside_its_members(world):
    ratings, scores = world
    judges = scores[scores["scorer"].ne("flicker")]
    both = pd.concat([judges, study.ensemble(ratings, judges, method="ridge", by="both")])
    # three scorers on three scales: those beyond 1–5 have no joint decision
    with pytest.warns(UserWarning, match="lie neither on the ratings' scale"):
        table = lab.agreement(ratings, both)
    rows = table[table["quantity"].eq("spearman") & table["centred_by"].eq("none")]
    estimates = rows.set_index(["scorer", "score_task"])["estimate"].unstack()
    name = "ensemble ridge, new prompts and generators"
    assert set(estimates.index) == {"careful", "hasty", name}
    assert (estimates.loc[name] > estimates.loc["hasty"]).all()
    compared = lab.compare_judges(ratings, both, [name, "hasty"], n_permutations=200)
    assert (compared["low"] > 0).all()
    assert set(compared["task"]) == {"sa", "pc"}


def test_every_video_that_cannot_be_scored_says_why(world):
    ratings, scores = world
    first, second, third, fourth = sorted(scores["video_id"].unique())[:4]
    own = scores["video_id"].eq(first) & scores["scorer"].eq("careful") & scores["task"].eq("pc")
    scores.loc[own, ["score", "status", "error"]] = [np.nan, "failed", "file is cut off"]
    both = scores["video_id"].eq(second) & scores["task"].ne("flicker") & scores["task"].ne("sa")
    scores.loc[both, ["score", "status"]] = [np.nan, "unscored"]
    scores = scores[~(scores["video_id"].eq(third) & scores["scorer"].eq("flicker"))]
    scores = scores[scores["video_id"].ne(fourth)]
    found = study.ensemble(ratings, scores)
    assert len(found) == 2 * 120
    check_table(found, "scores")
    bad = found[found["status"].ne("ok")].set_index(["video_id", "task"])
    assert bad["score"].isna().all()
    assert bad["error"].to_dict() == {
        (first, "pc"): "no usable score of careful (failed: file is cut off)",
        (second, "pc"): "no usable score of careful (unscored), hasty (unscored)",
        (third, "sa"): "no usable score of flicker (no row)",
        (third, "pc"): "no usable score of flicker (no row)",
        (fourth, "sa"): "no usable score of careful (no row), flicker (no row), hasty (no row)",
        (fourth, "pc"): "no usable score of careful (no row), flicker (no row), hasty (no row)",
    }


def test_unrated_videos_are_scored_by_fits_that_did_not_see_them(world):
    ratings, scores = world
    some = ratings[ratings["generator"].ne("delta")]
    found = study.ensemble(some, scores, method="ridge", by="both")
    assert found["status"].eq("ok").all()
    assert len(found) == 240


def test_a_video_without_a_prompt_is_held_out_of_no_fold(world):
    ratings, scores = world
    strange = scores[scores["video_id"].eq("alpha/p000/0")].assign(video_id="clip.mp4")
    both = pd.concat([scores, strange], ignore_index=True)
    found = study.ensemble(ratings, both, method="ridge").set_index("video_id").loc["clip.mp4"]
    assert found["status"].eq("unscored").all()
    assert found["error"].str.contains("prompt or generator is unknown").all()
    mean = study.ensemble(ratings, both).set_index("video_id").loc["clip.mp4"]
    assert mean["status"].eq("ok").all()


def test_a_metric_with_several_numbers_is_asked_which(world):
    ratings, scores = world
    more = scores[scores["scorer"].eq("flicker")].assign(task="dynamics", scorer="flow")
    both = pd.concat([scores, more, more.assign(task="magnitude", score=lambda rows: rows["score"] ** 2)])
    with pytest.raises(ValueError, match="name one as the member: 'flow:dynamics', 'flow:magnitude'"):
        study.ensemble(ratings, both, ["careful", "flow"])
    found = study.ensemble(ratings, both, ["careful", "flow:magnitude"], tasks=["sa"])
    members = [read_wide(both, "careful", "sa"), read_wide(both, "flow", "magnitude")]
    expected = np.mean([scipy_stats.zscore(member) for member in members], axis=0)
    np.testing.assert_allclose(read_wide(found, "ensemble mean", "sa"), expected, atol=1e-12)
    every = study.ensemble(ratings, both, signs={"flow:dynamics": -1, "flow:magnitude": -1})
    assert every["status"].eq("ok").all()


def test_expected_answers_of_judges_join_with_scores_of_metrics(world):
    ratings, scores = world
    scores["expected"] = (scores["score"] ** 3).where(scores["task"].isin(["sa", "pc"]))
    found = study.ensemble(ratings, scores, ["careful", "flicker"], value="expected", tasks=["sa"])
    members = [read_wide(scores, "careful", "sa") ** 3, read_wide(scores, "flicker", "flicker")]
    expected = np.mean([scipy_stats.zscore(member) for member in members], axis=0)
    np.testing.assert_allclose(read_wide(found, "ensemble mean", "sa"), expected, atol=1e-12)


def test_the_spec_follows_all_that_decides_a_score(world):
    ratings, scores = world
    first = study.ensemble(ratings, scores, method="ridge")["spec"].iloc[0]
    assert (
        study.ensemble(ratings, scores.sample(frac=1, random_state=1), method="ridge")["spec"].eq(first).all()
    )
    shifted = ratings.assign(rating=ratings["rating"].where(ratings.index > 0, 6 - ratings["rating"]))
    specs = {
        first,
        *study.ensemble(ratings, scores, method="ridge", seed=1)["spec"],
        *study.ensemble(ratings, scores.assign(spec="v2"), method="ridge")["spec"],
        *study.ensemble(shifted, scores, method="ridge")["spec"],
    }
    assert len(specs) == 4
    means = [study.ensemble(r, scores)["spec"].iloc[0] for r in (ratings, shifted)]
    assert means[0] == means[1]


def test_abstaining_leaves_a_share_unscored_with_its_reason(world):
    ratings, scores = world
    full = study.ensemble(ratings, scores, method="ridge")
    found = study.ensemble(ratings, scores, method="ridge", abstain=0.2)
    for _, part in found.groupby("task"):
        silent = part[part["status"].ne("ok")]
        assert len(silent) == 24
        assert silent["score"].isna().all()
        told = silent["error"].str.extract(
            r"predicted disagreement (\S+), at or above .* (\S+) of the .* 20 %"
        )
        numbers = told.astype(float)
        assert (numbers[0] >= numbers[1]).all()
        assert numbers[0].min() == numbers[1].iloc[0]
    spoken = found["status"].eq("ok")
    for task, part in full.groupby("task"):
        expected = predict_far_ones(ratings, scores, task)
        silent = found.loc[found["task"].eq(task) & ~spoken, "video_id"]
        assert set(silent) == set(part["video_id"].to_numpy()[np.argsort(expected)[-24:]])
    pd.testing.assert_series_equal(found.loc[spoken, "score"], full.loc[spoken, "score"])
    check_table(found, "scores")


def predict_far_ones(ratings: pd.DataFrame, scores: pd.DataFrame, task: str) -> np.ndarray:
    """Predict the disagreement of the ridge of all members with the ratings, video by video."""
    rated = ratings[ratings["task"].eq(task)].sort_values("video_id")
    tasks = {"careful": task, "flicker": "flicker", "hasty": task}
    members = np.column_stack([read_wide(scores, member, own) for member, own in tasks.items()])
    return predict_disagreement(
        members,
        rated["rating"],
        rated["prompt_id"].to_numpy(dtype=str),
        rated["generator"].to_numpy(dtype=str),
        by="prompt",
        spread=measure_spread(members),
        rng=np.random.default_rng(0),
    ).predicted


@pytest.mark.parametrize(("share", "silent"), [(0.29, 29), (0.0, 0), (0.004, 0), (0.999, 99)])
def test_the_share_is_the_nearest_number_and_never_all(rng, share, silent):
    # 0.29 · 100 is 28.999999999999996
    ratings, scores = draw_world(rng, n_prompts=25)
    found = study.ensemble(ratings, scores, ["careful", "hasty"], tasks=["sa"], abstain=share)
    assert found["status"].value_counts().to_dict() == {
        status: count for status, count in {"ok": 100 - silent, "unscored": silent}.items() if count
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"members": ["careful", "nobody"]}, "no scorer 'nobody' in the scores; there are careful, hasty"),
        ({"members": "careful"}, "give a list"),
        ({"members": ["careful", "careful"]}, "different names"),
        ({"members": []}, "one or more"),
        ({"method": "vote"}, "method='vote' is unknown: choose one of mean, ridge"),
        ({"by": "video"}, "by='video' is unknown"),
        ({"tasks": ["joint"]}, "one or both of sa, pc"),
        ({"signs": {"nobody": -1}}, "some of the members careful, flicker, hasty"),
        ({"signs": {"flicker": -2}}, "give 1 or -1"),
        ({"abstain": 1.0}, "from 0 to below 1"),
        ({"value": "expected"}, "no column 'expected'"),
        ({"name": "hasty"}, "already have a scorer 'hasty'"),
    ],
)
def test_options_that_make_no_ensemble_are_said(world, options, message):
    ratings, scores = world
    with pytest.raises(ValueError, match=message):
        study.ensemble(ratings, scores, **options)


def test_members_that_make_no_ensemble_are_said(world):
    ratings, scores = world
    constant = scores.assign(score=scores["score"].where(scores["scorer"].ne("hasty"), 4.0))
    with pytest.raises(ValueError, match=r"hasty gives all 120 videos 4: .* leave this member out"):
        study.ensemble(ratings, constant)
    half = scores[~(scores["scorer"].eq("hasty") & scores["task"].eq("pc"))]
    with pytest.raises(ValueError, match="hasty has no scores of 'pc', only of sa"):
        study.ensemble(ratings, half)
    failed = scores.assign(
        score=scores["score"].where(scores["scorer"].ne("hasty")),
        status=scores["status"].where(scores["scorer"].ne("hasty"), "failed"),
    )
    with pytest.raises(ValueError, match=r"no video has a usable score of 'sa' .* hasty \(failed\)"):
        study.ensemble(ratings, failed)
    two = ratings[ratings["generator"].isin(["alpha", "beta"])]
    with pytest.raises(ValueError, match=r'rated videos have 2: at least 3 .* or use by="prompt"'):
        study.ensemble(two, scores, method="ridge", by="generator")


def test_ten_folds_and_seven_generators_take_seconds(rng):
    ratings, scores = draw_world(rng, n_prompts=486, generators=tuple("abcdefg"))
    more = [scores[scores["scorer"].eq("flicker")].assign(scorer=name, task=name) for name in ("one", "two")]
    for table in more:
        table["score"] = rng.normal(size=len(table))
    start = time.perf_counter()
    study.ensemble(ratings, pd.concat([scores, *more]), method="ridge", by="both")
    assert time.perf_counter() - start < 5


def test_new_generators_on_real_ratings(shared: Path):
    """FETV without its real videos: alignment and temporal quality by three raters, five metrics."""
    ratings, scores = read_fetv(shared)
    names = {by: f"ensemble ridge, new {by}s" for by in ("prompt", "generator")}
    made = [study.ensemble(ratings, scores, method="ridge", by=by) for by in names]
    made.append(study.ensemble(ratings, scores))
    assert all(table["status"].eq("ok").all() for table in made)
    found = correlate_columns(ratings, pd.concat([scores, *made]))
    metrics = scores["scorer"].unique()
    for level in ("none", "prompt"):
        best = max(found[metric, "sa", level] for metric in metrics)
        assert all(found[name, "sa", level] > best for name in names.values())
        # metrics that know generators, not motion: what was learnt on three misleads on the fourth
        assert found[names["prompt"], "pc", level] > 0.1
        assert found[names["generator"], "pc", level] < -0.1


def correlate_columns(ratings: pd.DataFrame, scores: pd.DataFrame) -> dict[tuple[str, str, str], float]:
    """Correlate (Spearman) every scorer with both ratings, pooled and within prompts, without intervals."""
    return {
        (groups["scorer"], groups["rating_task"], level): centred_correlation(
            human, score, prompts, generators, centred_by=level, method="spearman"
        )
        for groups, human, score, prompts, generators, _ in pair_columns(ratings, scores)
        for level in ("none", "prompt")
    }
