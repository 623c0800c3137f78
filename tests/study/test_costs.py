"""Judges side by side: common videos, missing answers, prices and the front, counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.study.conftest import make_ratings, make_scores
from videophy_lab import study
from videophy_lab.study.costs import find_unbeaten


@pytest.fixture
def ratings(rng: np.random.Generator) -> pd.DataFrame:
    values = rng.integers(1, 6, size=(3, 20, 2)).astype(float)
    return make_ratings(
        {f"g{k}": {f"p{i:02d}": tuple(pair) for i, pair in enumerate(rows)} for k, rows in enumerate(values)}
    )


def make_judge(ratings: pd.DataFrame, name: str, **columns: object) -> pd.DataFrame:
    return make_scores(ratings, ratings["rating"].to_numpy(dtype=float), name).assign(**columns)


def test_judges_are_those_asked_for_sa_or_pc(ratings: pd.DataFrame) -> None:
    pc = ratings["task"].eq("pc")
    metric = make_judge(ratings[pc].assign(task="sharpness"), "sharpness")
    probed = make_judge(ratings, "probed").assign(probe="freeze")
    scores = pd.concat([make_judge(ratings, "one"), make_judge(ratings[pc], "two"), metric, probed])
    assert list(dict.fromkeys(study.keep_judges(scores)["scorer"])) == ["one", "two"]
    assert set(study.keep_judges(scores, ["two"])["scorer"]) == {"two"}
    with pytest.raises(ValueError, match="no judge 'sharpness'"):
        study.keep_judges(scores, ["sharpness"])
    with pytest.raises(ValueError, match=r"hold no judge.*tasks: sharpness"):
        study.keep_judges(metric)


def test_common_videos_are_rated_and_scored_by_all(ratings: pd.DataFrame) -> None:
    one, two = make_judge(ratings, "one"), make_judge(ratings[ratings["task"].eq("pc")], "two")
    one.loc[one["video_id"].eq("g0/p00/0") & one["task"].eq("sa"), ["score", "status"]] = [np.nan, "unscored"]
    two = two[~two["video_id"].eq("g1/p01/0")]
    stranger = two.iloc[:1].assign(video_id="g9/p00/0")
    scores = pd.concat([one, two, stranger, one.iloc[:2].assign(video_id="g9/p00/0")], ignore_index=True)
    common = study.keep_rated_by_all(ratings, scores)
    assert set(ratings["video_id"]) - set(common["video_id"]) == {"g0/p00/0", "g1/p01/0"}
    assert common["video_id"].nunique() == 58
    counts = study.estimate_unscored(ratings, scores, common).set_index(["scorer", "task"])
    columns = ["n_rated", "n_ok", "n_unscored", "n_failed", "n_without_row", "n_common", "n_videos"]
    assert counts.loc[("one", "sa"), columns].tolist() == [60, 59, 1, 0, 0, 58, 60]
    assert counts.loc[("two", "pc"), columns].tolist() == [60, 59, 0, 0, 1, 58, 59]
    assert counts.loc[("one", "sa"), "estimate"] == pytest.approx(1 / 60)
    assert counts.loc[("one", "sa"), "low"] < 1 / 60 < counts.loc[("one", "sa"), "high"]
    assert counts.loc[("two", "pc"), "estimate"] == 0


def test_no_common_video_says_what_each_has(ratings: pd.DataFrame) -> None:
    half = ratings["generator"].eq("g0")
    scores = pd.concat([make_judge(ratings[half], "one"), make_judge(ratings[~half], "two")])
    with pytest.raises(ValueError, match=r"no rated video was scored by all.*one 20, two 40"):
        study.keep_rated_by_all(ratings, scores)
    with pytest.raises(ValueError, match="none has any"):
        study.keep_rated_by_all(ratings, scores.assign(score=np.nan, status="failed"))
    with pytest.raises(ValueError, match="no video_id in common"):
        study.keep_rated_by_all(ratings, scores.assign(video_id="x" + scores["video_id"]))


def test_prices_are_recorded_given_or_of_the_members(ratings: pd.DataFrame) -> None:
    n = len(ratings)
    paid = make_judge(
        ratings, "paid", seconds=np.arange(1.0, n + 1), cost=np.where(np.arange(n) % 2, 0.04, 0.02)
    )
    own = make_judge(ratings, "own", seconds=3.0, cost=np.nan)
    silent = make_judge(ratings, "silent", seconds=np.nan, cost=np.nan)
    scores = pd.concat([paid, own, silent], ignore_index=True)
    together = {"both": ["paid", "own:pc"], "mute": ["own", "silent"]}
    priced = study.price_scorers(scores, ensembles=together).set_index("scorer")
    assert priced.loc["paid", ["median_seconds", "dollars"]].tolist() == pytest.approx([(n + 1) / 2, 0.03])
    assert priced["price"].to_dict() == {
        "paid": "recorded",
        "own": "none",
        "silent": "none",
        "both": "none",
        "mute": "none",
    }
    assert priced.loc["own", ["n_timed", "n_paid", "median_seconds"]].tolist() == [n, 0, 3.0]
    assert priced.loc[["own", "silent", "both", "mute"], "dollars"].isna().all()
    assert priced.loc["both", "median_seconds"] == (n + 1) / 2 + 3
    # one member's time is not known, so that of both is not, and so with prices
    assert np.isnan(priced.loc["mute", "median_seconds"])
    prices = {"own": 0.001, "paid": 0.5}
    given = study.price_scorers(scores, prices=prices, ensembles=together).set_index("scorer")
    assert given["dollars"].dropna().to_dict() == pytest.approx(prices | {"both": 0.501})
    assert given.loc[["paid", "both"], "price"].tolist() == ["given", "of its members"]
    bare = study.price_scorers(scores.drop(columns=["seconds", "cost"]))
    assert bare[["median_seconds", "dollars"]].isna().all(axis=None)
    with pytest.raises(ValueError, match="no scorer 'owm'; did you mean own"):
        study.price_scorers(scores, prices={"owm": 1})
    with pytest.raises(ValueError, match="0 or more"):
        study.price_scorers(scores, prices={"own": -1})
    with pytest.raises(ValueError, match="0 or more"):
        study.price_scorers(scores, prices={"own": "0.01 USD"})


def test_the_front_by_hand() -> None:
    costs = np.array([1.0, 2.0, 3.0, 3.0, 2.0, np.nan, 1.0])
    gains = np.array([0.2, 0.5, 0.4, 0.5, 0.5, 0.9, np.nan])
    found = find_unbeaten(costs, gains, pd.RangeIndex(7))
    # equals do not beat each other; .4 and .5 for 3 lose to .5 for 2; what is unknown neither beats nor loses
    assert found.tolist() == [True, True, False, False, True, pd.NA, pd.NA]


def test_the_front_agrees_with_a_plain_loop(rng: np.random.Generator) -> None:
    costs, gains = rng.integers(1, 8, 40).astype(float), rng.integers(1, 8, 40).astype(float)
    plain = [
        not any(
            (c <= cost and g >= gain) and (c < cost or g > gain) for c, g in zip(costs, gains, strict=True)
        )
        for cost, gain in zip(costs, gains, strict=True)
    ]
    assert find_unbeaten(costs, gains, pd.RangeIndex(40)).tolist() == plain


def test_costs_stand_beside_agreement_task_by_task(ratings: pd.DataFrame, rng: np.random.Generator) -> None:
    cheap = make_judge(ratings, "cheap", seconds=1.0)
    cheap["score"] = cheap["score"] + 2 * rng.normal(size=len(cheap))
    scores = pd.concat([cheap, make_judge(ratings[ratings["task"].eq("pc")], "exact", seconds=1.0)])
    pooled = study.correlate(ratings, scores, level="none", methods="spearman")
    table = study.weigh_costs(pooled, study.price_scorers(scores)).set_index(["scorer", "task"])
    assert table["unbeaten_seconds"].to_dict() == {
        ("cheap", "sa"): True,
        ("cheap", "pc"): False,
        ("exact", "pc"): True,
    }
    assert table["unbeaten_dollars"].isna().all()
    assert table.loc[("exact", "pc"), "estimate"] == pytest.approx(1)
