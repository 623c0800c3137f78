"""How an annotation went, on tables whose answers are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from videophy_lab import study
from videophy_lab.training.examples import settle_ratings


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
    low, high = (100 * float(end) for end in attention.loc[0, ["low", "high"]])
    assert flags["reason"][0] == f"25 % ({low:.0f} to {high:.0f}, n = 4) of attention checks right"
    numbers = screened.set_index("annotator").loc["D", ["rater_rest_correlation", "low", "high"]]
    assert -1 < numbers["low"] < numbers["rater_rest_correlation"] < numbers["high"] < -0.99
    r, low, high = (f"−{abs(number):.2f}" for number in numbers)
    expected = f"the correlation with the others in PC is {r} ({low} to {high}, n = 30 videos)"
    assert flags["reason"][1] == expected
    kept = study.keep_annotators(ratings, set("ABCD") - set(flags["annotator"]))
    assert sorted(kept["annotator"].unique()) == ["A", "C"]
    with pytest.raises(ValueError, match="no rating is left"):
        study.keep_annotators(ratings, [])


def count_by_hand(agree: np.ndarray, prompts: np.ndarray) -> tuple[float, float]:
    """Bound a rate by Wilson's interval at the effective number of items, prompt by prompt."""
    n, groups = len(agree), sorted(set(prompts))
    left_out = [agree[prompts != group].mean() for group in groups]
    size = len(groups)
    variance = (size - 1) / size * sum((rate - np.mean(left_out)) ** 2 for rate in left_out)
    effect = max(1.0, variance / (np.var(agree, ddof=1) / n))
    effective = n / effect * (stats.t.ppf(0.975, n - 1) / stats.t.ppf(0.975, size - 1)) ** 2
    return proportion_confint(agree.mean() * effective, effective, method="wilson")


def test_exact_agreement_has_an_interval_that_takes_prompts_as_units() -> None:
    matrix = np.array([[1, 1], [1, 1], [2, 3], [4, 5], [5, 5], [2, 2], [3, 1], [2, 2], [4, 4], [1, np.nan]])
    ratings = make_ratings(matrix.tolist())
    row = study.annotator_agreement(ratings).set_index("quantity").loc["exact_agreement"]
    agree = (matrix[:9, 0] == matrix[:9, 1]).astype(float)
    assert (row["estimate"], row["n_videos"], row["n_prompts"]) == (pytest.approx(6 / 9), 9, 5)
    low, high = count_by_hand(agree, np.arange(9) // 2)
    assert row[["low", "high"]].tolist() == pytest.approx([low, high], abs=1e-12)
    assert 0 < low < 6 / 9 < high < 1
    assert row["method"] == "wilson_cluster"


def test_agreement_about_rules_has_the_same_interval() -> None:
    row = study.rule_agreement(make_rules(LABELS)).set_index("quantity").loc["exact_agreement"]
    agree = np.array([0, 0, 0, 0, 1.0])
    assert row["estimate"] == pytest.approx(agree.mean())
    low, high = count_by_hand(agree, np.array([0, 0, 1, 1, 2]))
    assert row[["low", "high"]].tolist() == pytest.approx([low, high], abs=1e-12)
    assert (row["n_videos"], row["n_prompts"], row["method"]) == (3, 3, "wilson_cluster")


def test_videos_to_look_at_again_are_listed_with_what_was_said() -> None:
    ratings = make_ratings([[1, 3, 3], [4, 4, 4], [5, 1, 1], [2, np.nan, np.nan]])
    table = study.list_disagreements(ratings)
    assert table["video_id"].tolist() == ["g/1/0", "g/0/0"]
    assert table["ratings"].tolist() == ["1 1 5", "1 3 3"]
    assert table["minority"].tolist() == pytest.approx([1 / 3, 0])
    assert study.list_disagreements(ratings, n_videos=1)["video_id"].tolist() == ["g/1/0"]
    assert len(study.list_disagreements(make_ratings([[4, 4]]))) == 0


def make_rules(matrix: list[list[float]]) -> pd.DataFrame:
    """Make ratings of two rules of each video: rows are rules of videos, columns annotators."""
    rows = [
        {"video_id": f"g/{n // 2}/0", "prompt_id": str(n // 2), "generator": "g", "annotator": name,
         "task": "rule", "rule_id": f"r{n % 2}", "rule": f"Rule {n % 2}.", "rating": value}
        for n, row in enumerate(matrix)
        for name, value in zip("ABCDEF", row, strict=False)
        if not np.isnan(value)
    ]  # fmt: skip
    return pd.DataFrame(rows)


LABELS = [[0, 0, 1], [1, 2, 2], [0, 1, np.nan], [2, 0, 1], [1, 1, 1], [2, np.nan, np.nan]]


def test_labels_of_rules_are_combined_by_the_commonest_and_ties_cannot_be_told() -> None:
    ratings = pd.concat([make_rules(LABELS), make_ratings([[1, 2, 4]])], ignore_index=True)
    for how in ("mean", "median", "mode"):
        table = study.aggregate_annotators(ratings.drop(columns="seconds"), how=how)
        rules = table[table["task"].eq("rule")]
        assert rules["rule_id"].tolist() == ["r0", "r1"] * 3
        assert rules["rating"].tolist() == [0, 2, 2, 2, 1, 2]
        assert rules["n_annotators"].tolist() == [3, 3, 2, 3, 3, 1]
        assert rules["rule"].tolist() == ["Rule 0.", "Rule 1."] * 3
        assert "annotator" not in table.columns
        assert len(table) == 7
    assert table.loc[table["task"].eq("pc"), "rating"].tolist() == [2 if how == "median" else 1]
    # as the examples of a training are made of the same labels
    settled = settle_ratings(make_rules(LABELS)).set_index(["video_id", "rule_id"])["answer"]
    assert rules.set_index(["video_id", "rule_id"])["rating"].to_dict() == settled.to_dict()


def test_a_rule_that_was_rated_twice_by_one_annotator_is_an_error() -> None:
    rules = make_rules(LABELS)
    with pytest.raises(ValueError, match="rated 'g/0/0' twice for 'rule'"):
        study.aggregate_annotators(pd.concat([rules, rules.head(1)]))


def test_rules_that_are_disputed_are_listed_one_by_one() -> None:
    table = study.list_disagreements(make_rules(LABELS))
    assert table[["video_id", "rule_id", "ratings"]].to_numpy().tolist() == [
        # half say violated, half followed; then one of three; those who only cannot tell come last
        ["g/1/0", "r0", "0 1"],
        ["g/1/0", "r1", "0 1 2"],
        ["g/0/0", "r0", "0 0 1"],
        ["g/0/0", "r1", "1 2 2"],
    ]
    assert table["task"].unique().tolist() == ["rule"]
    assert table["minority"].tolist() == pytest.approx([1 / 2, 1 / 3, 1 / 3, 0])
    # of pairs of annotators, the share that differ: 2 is no further from 0 than 1 is
    assert table["spread"].tolist() == pytest.approx([1, 1, 2 / 3, 2 / 3])
    assert table["rule"].tolist() == ["Rule 0.", "Rule 1.", "Rule 0.", "Rule 1."]
    both = pd.concat([make_rules(LABELS), make_ratings([[1, 5, 5]])], ignore_index=True)
    listed = study.list_disagreements(both, n_videos=2)
    assert listed["task"].tolist() == ["pc", "rule", "rule"]
    assert listed["rule_id"].isna().tolist() == [True, False, False]


def test_rules_are_agreed_upon_as_names_not_as_numbers() -> None:
    rules = pd.concat(
        [make_ratings([[0, 0], [1, 1], [2, 2], [0, 0]], "rule").assign(rule_id=name) for name in ("r1", "r2")]
    )
    table = study.rule_agreement(rules).set_index("quantity")
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


def make_left(**left: int) -> pd.DataFrame:
    """Make what is left of a task of 500 items a kind."""
    return pd.DataFrame({"kind": list(left), "n_items": 500, "n_left": list(left.values())})


def test_pay_is_for_what_is_left_at_the_measured_or_an_assumed_speed() -> None:
    times = pd.DataFrame(
        {"kind": ["pc"] * 4, "item_id": ["p:1", "p:1", "p:2", "check:1"], "annotator": "A",
         "role": ["work", "work", "work", "attention"], "seconds": [20.0, 10.0, 10.0, 1.0]}
    )  # fmt: skip
    table = study.estimate_pay(
        times,
        pay_per_hour=18,
        left=make_left(pc=1498, sa=1500),
        assumed_seconds={"pc": 99, "sa": 25},
        fee=0.2,
    ).set_index("kind")
    assert table["speed"].to_dict() == {"pc": "measured", "sa": "assumed"}
    assert table["n_measured"].to_dict() == {"pc": 2, "sa": 0}
    assert table["mean_seconds"].to_dict() == {"pc": 20, "sa": 25}
    assert table["n_items"].to_dict() == {"pc": 500, "sa": 500}
    assert table["n_to_pay"].to_dict() == {"pc": 1498, "sa": 1500}
    assert np.isnan(table.loc["sa", "median_seconds"])
    assert table["hours"].tolist() == pytest.approx([1498 * 20 / 3600, 1500 * 25 / 3600])
    assert table["total"].tolist() == pytest.approx([1.2 * 18 * hours for hours in table["hours"]])


def test_pay_can_be_told_before_anybody_has_rated() -> None:
    times = pd.DataFrame(columns=["kind", "item_id", "annotator", "role", "seconds"])
    table = study.estimate_pay(times, pay_per_hour=18, left=make_left(rule=6), assumed_seconds={"rule": 60})
    assert table[["kind", "speed", "n_to_pay"]].to_numpy().tolist() == [["rule", "assumed", 6]]
    assert table["pay"].tolist() == pytest.approx([18 * 6 * 60 / 3600])
    unknown = study.estimate_pay(times, pay_per_hour=18, left=make_left(rule=6)).iloc[0]
    assert unknown["speed"] == "unknown"
    assert np.isnan(unknown["pay"])
    with pytest.raises(ValueError, match="assumed_seconds of 'rule' is 0"):
        study.estimate_pay(times, pay_per_hour=18, left=make_left(rule=6), assumed_seconds={"rule": 0})


def test_tests_and_attention_checks_are_no_items_to_come() -> None:
    times = pd.DataFrame(
        {"kind": "pc", "item_id": ["p:1", "p:2", "check:1", "qualification:pc:1"], "annotator": "A",
         "role": ["work", "work", "attention", "qualification"], "seconds": [10.0, 10.0, 2.0, 30.0]}
    )  # fmt: skip
    row = study.estimate_pay(times, pay_per_hour=18).iloc[0]
    assert (row["n_items"], row["n_measured"], row["mean_seconds"]) == (2, 2, 10)
    assert row["hours"] == pytest.approx(2 * 3 * 10 / 3600)


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
        study.compare_aggregations(ratings),
        study.annotator_agreement(ratings),
        study.flag_annotators(screened, *[study.qualify_annotators(make_checks("A", 1, 0).head(0))] * 2),
    ):
        assert len(table) == 0
        assert "task" in table.columns or "reason" in table.columns
    # labels of rules have no scale, and are combined and looked at again all the same
    assert len(study.aggregate_annotators(ratings)) == (2 if rule_only else 0)
    assert len(study.list_disagreements(ratings)) == (1 if rule_only else 0)
