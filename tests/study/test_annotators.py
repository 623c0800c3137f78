"""Annotators on 0/1, alone, without a name, or twice: what their statistics then say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.study.test_annotating import LABELS, count_by_hand, make_ratings, make_rules
from videophy_lab import study
from videophy_lab.stats.intraclass import jackknife_single_iccs

YES_OR_NO = [[1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 1, 1]]


def test_success_is_that_of_the_scale() -> None:
    # more than half of the annotators make a success of 0/1, as in the joint label of a video
    ratings = make_ratings(YES_OR_NO)
    shares = study.compare_aggregations(ratings).set_index("how")["success_rate"].to_dict()
    assert {shares.pop(how) for how in ("mean", "median", "mode", "majority")} == {0.5}
    table = study.pivot_ratings(pd.concat([ratings, ratings.assign(task="sa")]))
    assert table["joint"].mean() == 0.5
    fives = make_ratings([[4, 5, 3], [4, 4, 3], [1, 2, 1], [5, 5, 5]])
    assert study.compare_aggregations(fives).set_index("how").loc["mean", "success_rate"] == 0.5
    assert study.compare_aggregations(fives, success=5).set_index("how").loc["mean", "success_rate"] == 0.25


def test_a_scale_that_ratings_do_not_tell_can_be_named() -> None:
    ratings = make_ratings([[1, 1], [1, 1]])
    for measure in (study.compare_aggregations, study.list_disagreements):
        with pytest.raises(ValueError, match="scale='1-5' or scale='0/1'"):
            measure(ratings)
        measure(ratings, scale="0/1")
    rates = [
        study.compare_aggregations(ratings, scale=scale)["success_rate"].unique().tolist()
        for scale in ("1-5", "0/1")
    ]
    assert rates == [[0], [1]]


def test_all_that_is_disputed_can_be_listed() -> None:
    ratings = make_ratings([[1, 5], [2, 5], [3, 5], [4, 4]])
    assert len(study.list_disagreements(ratings, n_videos=2)) == 2
    assert len(study.list_disagreements(ratings, n_videos=None)) == 3


@pytest.mark.parametrize(
    "measure",
    [study.rule_agreement, study.aggregate_annotators, study.list_disagreements],
)
def test_a_rule_that_one_annotator_judged_twice_is_an_error(measure: object) -> None:
    rules = make_rules(LABELS)
    again = rules.head(1).assign(rating=2)
    with pytest.raises(ValueError, match="annotator 'A' rated 'g/0/0' twice for 'rule'"):
        measure(pd.concat([rules, again]))


@pytest.mark.parametrize(
    "measure",
    [
        study.annotator_agreement,
        study.screen_annotators,
        study.aggregate_annotators,
        study.compare_aggregations,
        study.describe_annotators,
        study.list_disagreements,
    ],
)
def test_a_rating_without_an_annotator_is_an_error(measure: object) -> None:
    ratings = make_ratings([[1, 3], [2, 5], [3, 5]])
    ratings.loc[2, "annotator"] = np.nan
    with pytest.raises(ValueError, match="1 of 6 ratings name no annotator, such as that of 'g/0/1'"):
        measure(ratings)


def test_a_label_of_a_rule_without_an_annotator_is_an_error() -> None:
    rules = make_rules(LABELS).astype({"annotator": object})
    rules.loc[0, "annotator"] = None
    for measure in (study.rule_agreement, study.list_disagreements, study.aggregate_annotators):
        with pytest.raises(ValueError, match="name no annotator"):
            measure(rules)


def test_nobody_is_measured_against_others_who_are_not_there() -> None:
    ratings = make_ratings([[1], [2], [5]])
    assert len(study.annotator_agreement(ratings)) == 0
    screened = study.screen_annotators(ratings)
    assert screened[["annotator", "kept", "n_shared"]].to_numpy().tolist() == [["A", True, 0]]
    assert np.isnan(screened.loc[0, "rater_rest_correlation"])
    # with others there, who shares no video with them is not kept
    apart = make_ratings([[1, 1, np.nan], [3, 3, np.nan], [5, 5, np.nan], [np.nan, np.nan, 2]])
    assert study.screen_annotators(apart)["kept"].tolist() == [True, True, False]
    assert len(study.annotator_agreement(make_ratings([[1, np.nan], [np.nan, 2]]))) == 0


def test_intraclass_correlations_take_prompts_as_units() -> None:
    rng = np.random.default_rng(1)
    matrix = np.clip(rng.integers(1, 6, (20, 1)) + rng.integers(-1, 2, (20, 3)), 1, 5).astype(float)
    row = study.annotator_agreement(make_ratings(matrix.tolist())).set_index("quantity").loc["icc_2_1"]
    expected = jackknife_single_iccs(matrix, np.arange(20) // 2, 10, 0.95)[1]
    assert row[["estimate", "low", "high"]].tolist() == pytest.approx(expected.tolist())
    assert (row["method"], row["n_videos"], row["n_prompts"]) == ("cluster_jackknife_fisher_z", 20, 10)


def make_pairs() -> pd.DataFrame:
    """Make comparisons of three generators at ten prompts by two annotators."""
    rows = [
        (f"{a}/{prompt}", f"{b}/{prompt}", a, b, f"p{prompt}", name, "b" if prompt % 3 else "a", "a")
        for prompt in range(10)
        for a, b in (("g1", "g2"), ("g1", "g3"), ("g2", "g3"))
        for name in "AB"
    ]
    columns = ["video_id_a", "video_id_b", "generator_a", "generator_b", "prompt_id", "annotator"]
    return pd.DataFrame(rows, columns=[*columns, "preferred", "left"]).assign(task="pc")


def test_preferences_count_every_video_once() -> None:
    table = study.count_preferences(make_pairs())
    assert table["n_videos"].tolist() == [20, 20, 20, 30]
    assert table["n_prompts"].tolist() == [10] * 4
    assert table["n_answers"].tolist() == [20, 20, 20, 60]


def test_videos_of_ties_are_not_counted() -> None:
    pairs = make_pairs()
    pairs.loc[pairs["prompt_id"].ne("p0"), "preferred"] = "tie"
    table = study.count_preferences(pairs)
    assert table["n_videos"].tolist() == [2, 2, 2, 3]
    assert table["n_prompts"].tolist() == [1] * 4
    assert table["n_ties"].tolist() == [18, 18, 18, 54]
    tied = study.count_preferences(pairs.assign(preferred="tie"))
    assert tied["estimate"].isna().all()
    assert tied["n_videos"].tolist() == [0] * 4


def test_the_interval_of_a_preference_takes_prompts_as_units() -> None:
    row = study.count_preferences(make_pairs()).iloc[0]
    won = np.repeat(np.arange(10) % 3 == 0, 2).astype(float)
    assert row["estimate"] == won.mean() == 0.4
    low, high = count_by_hand(won, np.repeat(np.arange(10), 2))
    assert row[["low", "high"]].tolist() == pytest.approx([low, high], abs=1e-12)
