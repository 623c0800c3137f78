"""Abstention on tables: rows, counts and verdicts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.study.made_world import draw_world
from videophy_lab import study
from videophy_lab.schema import check_table
from videophy_lab.stats.ensembles import average_standardised, crossfit_ridge


def draw_uneven_world(rng, *, n_prompts=200):
    """Draw videos on a quarter of which both judges are far off, each in its own way."""
    ratings, scores = draw_world(rng, n_prompts=n_prompts)
    scores = scores[scores["scorer"].ne("flicker")].reset_index(drop=True)
    hard = scores["video_id"].isin(rng.permutation(scores["video_id"].unique())[:n_prompts])
    noise = np.where(hard, 3.0, 0.0) * rng.normal(size=len(scores))
    return ratings, scores.assign(score=scores["score"] + noise)


def test_spread_tells_where_the_mean_is_wrong(rng):
    ratings, scores = draw_uneven_world(rng)
    table = study.tabulate_abstention(ratings, scores)
    check_table(table, "estimates")
    assert set(table["scorer"]) == {"ensemble mean"}
    verdicts = table[table["quantity"].eq("difference_kept_minus_all")].set_index("task")
    assert verdicts["verdict"].to_dict() == {"sa": "lower", "pc": "lower"}
    assert (verdicts["coverage"] == 0.5).all()
    means = table[table["quantity"].eq("mean_absolute_disagreement")]
    wide = means.pivot(index=["task", "coverage"], columns="abstain_by", values="estimate")
    assert (wide["disagreement itself"] <= wide["predicted disagreement"] + 1e-12).all()
    assert (wide["predicted disagreement"] <= wide["chance"] + 1e-12).all()
    assert wide["chance"].groupby("task").nunique().eq(1).all()
    kept = means[means["abstain_by"].eq("predicted disagreement") & means["task"].eq("sa")]
    assert kept["n_videos"].tolist() == [800, 720, 640, 560, 480, 400]
    difference = wide.loc[("sa", 0.5), "predicted disagreement"] - wide.loc[("sa", 1.0), "chance"]
    assert verdicts.loc["sa", "estimate"] == pytest.approx(difference)


def test_disagreement_is_in_rating_units(rng):
    ratings, scores = draw_world(rng)
    table = study.tabulate_abstention(ratings, scores, tasks=["sa"], coverages=[1.0], seed=2)
    rated = ratings[ratings["task"].eq("sa")].sort_values("video_id")
    wide = (
        scores[scores["task"].ne("pc")].pivot(index="video_id", columns="scorer", values="score").sort_index()
    )
    mean = average_standardised(wide).predict(wide)
    fit = crossfit_ridge(
        mean[:, None],
        rated["rating"],
        rated["prompt_id"].to_numpy(dtype=str),
        rated["generator"].to_numpy(dtype=str),
        by="prompt",
        rng=np.random.default_rng(2),
    )
    expected = np.abs(rated["rating"].to_numpy() - fit.predictions).mean()
    assert table["estimate"].iloc[0] == pytest.approx(expected)


def test_a_single_judge_can_abstain(rng):
    ratings, scores = draw_world(rng)
    table = study.tabulate_abstention(ratings, scores, ["careful"], tasks=["pc"], coverages=(1.0, 0.5))
    assert table["scorer"].eq("careful").all()
    assert table["estimate"].notna().all()
    assert len(table) == 2 * 3 + 1


def test_options_reach_what_they_are_for(rng):
    ratings, scores = draw_world(rng)
    table = study.tabulate_abstention(ratings, scores, signs={"flicker": -1}, coverages=(0.5, 1.0, 0.8))
    differences = table[table["quantity"].eq("difference_kept_minus_all")]
    assert differences["coverage"].tolist() == [0.5, 0.5], "the smallest, wherever it stands"
    turned = scores.assign(score=scores["score"].where(scores["scorer"].ne("flicker"), -scores["score"]))
    again = study.tabulate_abstention(ratings, turned, coverages=(0.5, 1.0, 0.8))
    pd.testing.assert_frame_equal(table, again)
    unsigned = study.tabulate_abstention(ratings, scores, coverages=(0.5, 1.0, 0.8))
    assert not np.allclose(unsigned["estimate"], table["estimate"])
    ridges = [
        study.tabulate_abstention(ratings, scores, method="ridge", signs=signs, coverages=(0.5,))
        for signs in ({}, {"flicker": -1})
    ]
    assert not np.allclose(*[ridge["estimate"] for ridge in ridges]), "the spread has signs too"
    narrow = study.tabulate_abstention(
        ratings, scores, signs={"flicker": -1}, coverages=(0.5, 1.0, 0.8), confidence=0.5
    )
    assert narrow["level"].eq(0.5).all()
    widths = [each["high"] - each["low"] for each in (narrow, table)]
    wide = widths[1] > 1e-9
    assert (widths[0][wide] < 0.6 * widths[1][wide]).all()


def test_unrated_and_unscored_videos_do_not_enter(rng):
    ratings, scores = draw_world(rng)
    some = ratings[~(ratings["task"].eq("sa") & ratings["prompt_id"].eq("p003"))]
    one = scores["video_id"].eq("beta/p005/0") & scores["scorer"].eq("hasty")
    scores.loc[one, ["score", "status"]] = [np.nan, "unscored"]
    table = study.tabulate_abstention(some, scores, method="ridge", by="generator", coverages=[1.0])
    first = table[table["abstain_by"].eq("chance")].set_index("task")
    assert first["n_videos"].to_dict() == {"sa": 120 - 4 - 1, "pc": 120 - 1}
    assert first["n_prompts"].to_dict() == {"sa": 29, "pc": 30}


def test_a_prediction_that_misleads_is_called_higher(rng):
    # far from its mean the judge is wrong on videos of "a" and right on "b": each misleads on the other
    videos = pd.DataFrame(
        [(f"{g}/p{i:03d}/0", f"p{i:03d}", g) for i in range(200) for g in "abc"],
        columns=["video_id", "prompt_id", "generator"],
    )
    score = rng.normal(size=len(videos))
    far = np.abs(score)
    noise = np.select([videos["generator"].eq("a"), videos["generator"].eq("b")], [far, 2 - far], 0.8)
    rating = np.clip(3 + 0.3 * score + 0.4 * noise * rng.normal(size=len(videos)), 1, 5)
    ratings = videos.assign(task="sa", rating=rating)
    scores = videos[["video_id"]].assign(scorer="judge", spec="v1", task="sa", score=score, status="ok")
    found = {
        by: study.tabulate_abstention(ratings, scores, tasks=["sa"], by=by, coverages=[0.5]).iloc[-1]
        for by in ("prompt", "generator")
    }
    assert found["generator"]["verdict"] == "higher"
    assert found["generator"]["low"] > 0
    assert found["prompt"]["verdict"] != "higher"
