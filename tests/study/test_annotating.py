"""How an annotation went, on tables whose answers are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from videophy_lab import study


def make_ratings(matrix: list[list[float]], task: str = "pc") -> pd.DataFrame:
    """Make a ratings table: rows are videos, columns annotators."""
    rows = [
        {"video_id": f"g/{n // 2}/{n % 2}", "prompt_id": str(n // 2), "generator": "g", "annotator": name,
         "task": task, "rating": value, "seconds": 5.0 + n}
        for n, row in enumerate(matrix)
        for name, value in zip("ABCDEF", row, strict=False)
        if not np.isnan(value)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def make_checks(name: str, right: int, wrong: int, role: str = "qualification") -> pd.DataFrame:
    n = right + wrong
    return pd.DataFrame(
        {"annotator": name, "role": role, "right": [1] * right + [0] * wrong,
         "video_id": [f"v{i}" for i in range(n)], "prompt_id": [f"p{i}" for i in range(n)]}
    )  # fmt: skip


def test_who_is_qualified_depends_on_the_share_or_on_what_is_certain_of_it() -> None:
    checks = pd.concat([make_checks("A", 9, 1), make_checks("B", 7, 3), make_checks("C", 90, 10)])
    table = study.qualify_annotators(checks).set_index("annotator")
    assert table["qualified"].to_dict() == {"A": True, "B": False, "C": True}
    assert table.loc["A", ["estimate", "n_answers"]].tolist() == [0.9, 10]
    # Wilson's interval of 9 of 10, as in Brown, Cai & DasGupta (2001)
    assert table.loc["A", ["low", "high"]].tolist() == pytest.approx([0.5958, 0.9821], abs=1e-3)
    sure = study.qualify_annotators(checks, by="low").set_index("annotator")
    assert sure["qualified"].to_dict() == {"A": False, "B": False, "C": True}
    assert len(study.qualify_annotators(checks, role="attention")) == 0
    with pytest.raises(ValueError, match="by is 'high'"):
        study.qualify_annotators(checks, by="high")


def test_annotators_are_described_beside_the_others() -> None:
    ratings = make_ratings([[1, 2, 1], [2, 3, 1], [3, 4, 1], [4, 5, 1]])
    table = study.describe_annotators(ratings).set_index("annotator")
    assert table["shift"].to_dict() == {"A": 0.25, "B": 1.75, "C": -2.0}
    assert table["rater_rest_correlation"]["A"] == pytest.approx(1)
    assert np.isnan(table["rater_rest_correlation"]["C"])
    assert table["commonest_share"].to_dict() == {"A": 0.25, "B": 0.25, "C": 1}
    assert table["median_seconds"].to_dict() == dict.fromkeys("ABC", 6.5)


def test_whoever_is_flagged_has_a_reason_and_can_be_left_out() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(1, 6, size=30)
    ratings = make_ratings([[t, t, min(5, t + 1), 6 - t] for t in map(float, truth)])
    screened = study.screen_annotators(ratings)
    attention = study.qualify_annotators(make_checks("B", 1, 3, "attention"), role="attention")
    flags = study.flag_annotators(screened, study.qualify_annotators(make_checks("A", 9, 1)), attention)
    assert flags["annotator"].tolist() == ["B", "D"]
    assert flags["reason"][0] == "25 % of attention checks right"
    assert flags["reason"][1].startswith("the correlation with the others in PC is −")
    kept = study.keep_annotators(ratings, set("ABCD") - set(flags["annotator"]))
    assert sorted(kept["annotator"].unique()) == ["A", "C"]
    with pytest.raises(ValueError, match="no rating is left"):
        study.keep_annotators(ratings, [])


def test_videos_to_look_at_again_are_listed_with_what_was_said() -> None:
    ratings = make_ratings([[1, 3, 3], [4, 4, 4], [5, 1, 1], [2, np.nan, np.nan]])
    table = study.list_disagreements(ratings)
    assert table["video_id"].tolist() == ["g/1/0", "g/0/0"]
    assert table["ratings"].tolist() == ["1 1 5", "1 3 3"]
    assert table["minority"].tolist() == pytest.approx([1 / 3, 0])
    assert study.list_disagreements(ratings, n_videos=1)["video_id"].tolist() == ["g/1/0"]
    assert len(study.list_disagreements(make_ratings([[4, 4]]))) == 0


def test_rules_are_agreed_upon_as_names_not_as_numbers() -> None:
    rules = pd.concat(
        [make_ratings([[0, 0], [1, 1], [2, 2], [0, 0]], "rule").assign(rule_id=name) for name in ("r1", "r2")]
    )
    table = study.rule_agreement(rules, n_resamples=20).set_index("quantity")
    assert table["estimate"].to_dict() == {"alpha_nominal": 1, "exact_agreement": 1}
    assert set(table["n_videos"]) == {4}
    assert len(study.rule_agreement(rules[rules["annotator"].eq("A")])) == 0
    assert len(study.rule_agreement(make_ratings([[1, 2]]))) == 0


def test_pay_follows_the_mean_time_of_an_item_with_all_its_questions() -> None:
    times = pd.DataFrame(
        {"kind": ["rule", "rule", "rule", "pc"], "item_id": ["r:1", "r:1", "r:2", "p:1"],
         "annotator": ["A"] * 4, "seconds": [10.0, 20.0, 10.0, None]}
    )  # fmt: skip
    table = study.estimate_pay(times, pay_per_hour=18, annotators_per_item=3, fee=0.2)
    assert table["kind"].tolist() == ["rule"]
    row = table.iloc[0]
    assert (row["n_measured"], row["median_seconds"], row["n_items"]) == (2, 20, 2)
    assert row["hours"] == pytest.approx(2 * 3 * 20 / 3600)
    assert row["total"] == pytest.approx(18 * row["hours"] * 1.2)
    assert study.estimate_pay(times, pay_per_hour=18, n_items=4130)["hours"][0] == pytest.approx(
        68.83, abs=0.01
    )
    assert len(study.estimate_pay(times.iloc[3:], pay_per_hour=18)) == 0
    with pytest.raises(ValueError, match="pay_per_hour must be above 0"):
        study.estimate_pay(times, pay_per_hour=0)


def test_preferences_are_counted_whichever_came_first_and_habits_of_a_side_seen() -> None:
    rows = [
        ("wan", "sora", "a", "a"),
        ("sora", "wan", "b", "b"),
        ("wan", "sora", "b", "a"),
        ("wan", "sora", "tie", "a"),
        ("wan", "wan", "a", "a"),
    ]
    pairs = pd.DataFrame(rows, columns=["generator_a", "generator_b", "preferred", "left"]).assign(
        task="pc", prompt_id="p", annotator="A", video_id_a=range(5), video_id_b=range(5, 10)
    )
    table = study.count_preferences(pairs).set_index("quantity")
    won = table.loc["share_preferred"]
    assert (won["pair"], won["n_answers"], won["n_ties"]) == ("sora over wan", 4, 1)
    assert won["estimate"] == pytest.approx(1 / 3)
    assert table.loc["share_left", "estimate"] == pytest.approx(3 / 4)
    assert len(study.count_preferences(pairs.head(0))) == 0


@pytest.mark.parametrize("rule_only", [True, False])
def test_an_annotation_without_a_scale_gives_empty_tables_not_errors(rule_only: bool) -> None:
    ratings = make_ratings([[0, 1], [1, 1]], "rule").assign(rule_id="r1")
    ratings = ratings if rule_only else ratings.head(0)
    screened = study.screen_annotators(ratings)
    for table in (
        screened,
        study.describe_annotators(ratings),
        study.aggregate_annotators(ratings),
        study.compare_aggregations(ratings),
        study.annotator_agreement(ratings),
        study.list_disagreements(ratings),
        study.flag_annotators(screened, *[study.qualify_annotators(make_checks("A", 1, 0).head(0))] * 2),
    ):
        assert len(table) == 0
        assert "task" in table.columns or "reason" in table.columns
