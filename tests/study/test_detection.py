"""Detection on a made world: pairs are complete, faults are counted, and what was planted is found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from tests.study.made_simulated import BETTER, SEVERITIES, draw_scores, make_clips, make_scores
from videophy_lab import study
from videophy_lab.outputs import check_distinct, check_estimates
from videophy_lab.stats.estimate import Estimate
from videophy_lab.stats.explained import Explanation
from videophy_lab.stats.paired import paired_auc
from videophy_lab.study.explained import name_verdict


@pytest.fixture(scope="module")
def clips() -> pd.DataFrame:
    return make_clips()


@pytest.fixture(scope="module")
def scores(clips: pd.DataFrame) -> pd.DataFrame:
    return draw_scores(clips, np.random.default_rng(5))


@pytest.fixture(scope="module")
def pairs(clips: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    return study.pair_right_and_wrong(scores, clips, better=BETTER)


def test_every_wrong_clip_is_paired_with_its_twin(clips, pairs):
    n_wrong = int(clips["kind"].ne("right").sum())
    assert pairs.groupby("scorer").size().eq(n_wrong).all()
    assert pairs["pair_status"].eq("ok").all()
    parts = pairs["right_id"].str.split("/", expand=True)
    assert parts[0].eq("simulated").all()
    assert parts[1].eq(pairs["prompt_id"]).all()
    assert parts[2].astype(int).eq(pairs["seed"]).all()


def test_a_drop_is_right_minus_wrong_in_the_better_direction(pairs):
    gap = pairs["right_score"] - pairs["wrong_score"]
    lower = pairs["better"].eq("lower")
    assert set(pairs.loc[lower, "scorer"]) == {"warping"}
    assert pairs["drop"].eq(gap.where(~lower, -gap)).all()
    assert pairs.set_index("scorer").loc["seer", "better"].eq("not told").all()


def test_what_is_missing_has_a_status_and_is_counted(clips):
    """One twin is not there, one right clip unscored, one wrong clip without a row, one pair both."""
    small = make_clips(n_scenes=5, n_seeds=1)
    small = small[small["kind"].isin(["right"]) | small["violation"].eq("ghost") & small["severity"].eq(1)]
    values = np.arange(len(small), dtype=float)
    table = make_scores(small, "judge", values).set_index("video_id")
    ghost = "simulated-ghost-100/scene0{}/0".format
    table.loc[["simulated/scene01/0", "simulated/scene03/0"], ["score", "status"]] = [np.nan, "unscored"]
    table.loc[ghost(3), ["score", "status"]] = [np.nan, "failed"]
    table = table.drop(index=ghost(2)).reset_index()
    videos = small[small["video_id"].ne("simulated/scene00/0")]
    paired = study.pair_right_and_wrong(table, videos).set_index("wrong_id")
    expected = {0: "no twin", 1: "right unscored", 2: "wrong unscored", 3: "both unscored", 4: "ok"}
    assert paired["pair_status"].to_dict() == {ghost(k): word for k, word in expected.items()}
    assert paired["drop"].notna().sum() == 1
    found = study.detect(paired.reset_index()).iloc[0]
    assert found[["n_pairs", "n_unscored", "n_no_twin", "n_videos", "n_prompts"]].tolist() == [1, 3, 1, 2, 1]
    share = study.estimate_unscored_pairs(paired.reset_index()).iloc[0]
    assert share["estimate"] == 0.75
    assert share[["n_pairs", "n_unscored", "n_right_unscored", "n_wrong_unscored", "n_no_twin"]].tolist() == [
        4, 3, 2, 2, 1,
    ]  # fmt: skip
    counts = study.count_twins(videos).iloc[0]
    assert counts[["n_wrong", "n_no_twin", "n_prompts"]].tolist() == [5, 1, 5]


def test_a_scorer_that_scored_nothing_keeps_its_rows(clips):
    table = make_scores(clips, "judge", np.full(len(clips), np.nan))
    paired = study.pair_right_and_wrong(table, clips)
    found = study.detect(paired, by=["law"])
    assert found["estimate"].isna().all()
    assert found["n_pairs"].eq(0).all()
    assert found["n_unscored"].eq(60).all()
    assert found["p_holm"].isna().all()
    assert study.estimate_unscored_pairs(paired)["estimate"].eq(1).all()
    assert study.estimate_trends(paired).empty
    assert study.list_pairs(paired, scorer="judge").empty


def test_counts_say_what_there_is_to_see(clips):
    counts = study.count_twins(clips).set_index("violation")
    assert counts.index.tolist()[-2:] == ["blurred", "tinted"]
    assert counts.loc["ghost", "severities"] == "0.25, 0.5, 1"
    assert counts.loc["ghost", ["n_wrong", "n_prompts", "n_seeds"]].tolist() == [60, 10, 2]
    assert counts.loc["blurred", "law"] == "(no law named)"


def test_a_judge_of_two_questions_is_two_scorers(clips):
    rng = np.random.default_rng(0)
    tables = [make_scores(clips, "judge", rng.normal(size=len(clips)), task) for task in ("sa", "pc")]
    metric = make_scores(clips, "blur", rng.normal(size=len(clips)), "blur")
    paired = study.pair_right_and_wrong(pd.concat([*tables, metric]), clips, better={"judge": "lower"})
    assert set(paired["scorer"]) == {"judge, SA", "judge, PC", "blur"}
    assert paired.loc[paired["measured_by"].eq("judge"), "better"].eq("lower").all()
    one = study.keep_scorers(paired, tasks=["pc"])
    assert set(zip(one["scorer"], one["task"], strict=True)) == {("judge", "pc"), ("blur", "blur")}
    assert set(study.keep_scorers(paired, ["judge"])["scorer"]) == {"judge, SA", "judge, PC"}
    assert set(study.keep_scorers(paired, ["judge, SA"])["scorer"]) == {"judge, SA"}
    assert study.list_judges_of_pairs(paired) == ["judge"]
    assert study.list_quality_metrics(paired) == ["blur"]
    with pytest.raises(ValueError, match="no scorer 'jugde' among the scores; there are blur, judge"):
        study.keep_scorers(paired, ["jugde"])
    with pytest.raises(ValueError, match="nothing is left"):
        study.keep_scorers(paired, ["judge, SA"], ["pc"])
    with pytest.raises(ValueError, match="no quality metric 'sharp'"):
        study.list_quality_metrics(paired, ["sharp"])


def test_expected_answers_can_stand_for_answers(clips):
    table = make_scores(clips, "judge", np.full(len(clips), 3.0))
    table = table.assign(expected=np.where(clips["kind"].eq("right"), 3.2, np.nan))
    assert study.pair_right_and_wrong(table, clips)["drop"].eq(0).all()
    expected = study.pair_right_and_wrong(table, clips, value="expected")
    assert expected["drop"].to_numpy() == pytest.approx(0.2)


def test_detection_equals_the_statistic_on_the_pairs(pairs):
    own = pairs[pairs["scorer"].eq("coin") & pairs["law"].eq("solidity")]
    expected = paired_auc(own["right_score"], own["wrong_score"], own["prompt_id"].to_numpy(str), level=0.9)
    found = study.detect(pairs, by=["law"], confidence=0.9).set_index(["scorer", "law"])
    row = found.loc[("coin", "solidity")]
    assert row[["estimate", "low", "high", "level"]].tolist() == [
        expected.estimate, expected.low, expected.high, 0.9,
    ]  # fmt: skip
    # 60 wrong clips and the 20 right ones they share
    assert row[["n_videos", "n_pairs", "n_prompts"]].tolist() == [80, 60, 10]


def test_what_was_planted_is_found(pairs):
    laws = study.detect(pairs, by=["law"]).set_index(["scorer", "law"])
    seen = laws[laws["low"].gt(0.5) & laws["p_holm"].lt(0.05)]
    assert set(seen.loc["seer"].index) == {"gravitation", "conservation of mass", "solidity"}
    assert set(seen.loc["gravity_eye"].index) == {"gravitation"}
    assert len(seen.loc["blur_eye"]) == 3
    assert {"flat", "coin"}.isdisjoint(seen.index.get_level_values("scorer"))
    assert laws.loc["flat", "estimate"].eq(0.5).all()
    assert laws.loc["flat", "n_ties"].eq(60).all()
    controls = study.detect(pairs, by=["violation"], kind="control").set_index(["scorer", "violation"])
    alarms = controls[controls["low"].gt(0.5)].index
    assert {("blur_eye", "blurred"), ("sharpness", "blurred")} == set(alarms)


def test_p_values_are_corrected_within_a_scorer(pairs):
    found = study.detect(pairs, by=["violation", "severity"])
    for _, part in found.groupby("scorer"):
        smallest = part["p_value"].min()
        assert part["p_holm"].min() == pytest.approx(min(1, 9 * smallest))
        assert part["p_holm"].ge(part["p_value"]).all()


def test_a_row_of_too_few_prompts_is_not_tested_and_costs_nothing(clips):
    """Five prompts cannot give a p below .05: they have an area, and do not weigh on the other laws."""
    kept = clips["violation"].ne("ghost") | clips["scene"].lt("scene05")
    rng = np.random.default_rng(4)
    table = make_scores(clips, "judge", -clips["severity"].to_numpy() + 0.01 * rng.normal(size=len(clips)))
    found = study.detect(study.pair_right_and_wrong(table, clips[kept]), by=["law"]).set_index("law")
    assert found.loc["solidity", ["estimate", "p_value", "n_prompts"]].tolist() == [1, 2**-4, 5]
    assert np.isnan(found.loc["solidity", "p_holm"])
    others = found.drop(index="solidity")
    assert others["p_holm"].to_numpy() == pytest.approx(2 * 2.0**-9)


def make_blind_pairs(rng, *, n_judges, n_violations=12, n_scenes=9, rounded=True):
    """Pair the answers, from 1 to 5 or not rounded, of judges that see nothing, about many violations."""
    clips = make_clips(n_scenes=n_scenes, n_seeds=1)
    ghosts = clips[clips["violation"].eq("ghost")]
    kinds = [
        ghosts.assign(violation=f"v{k}", video_id=f"v{k}/" + ghosts["video_id"]) for k in range(n_violations)
    ]
    videos = pd.concat([clips[clips["kind"].eq("right")], *kinds], ignore_index=True)
    # every judge has its own likes among scenes, so that judges err independently of each other
    codes, scenes = pd.factorize(videos["prompt_id"])
    likes = rng.normal(size=(n_judges, len(scenes)))[:, codes]
    answers = 3 + likes + rng.normal(size=(n_judges, len(videos)))
    answers = np.clip(np.rint(answers), 1, 5) if rounded else answers
    table = pd.concat([make_scores(videos, f"judge{k}", row) for k, row in enumerate(answers)])
    return study.pair_right_and_wrong(table, videos)


@pytest.mark.slow
def test_a_blind_judge_is_hardly_ever_said_to_see():
    """After Holm's correction over twelve violations this may be said of one blind judge in twenty."""
    n_judges = 200
    found = study.detect(make_blind_pairs(np.random.default_rng(20), n_judges=n_judges), by=["violation"])
    assert found["verdict"].isin(["right order", "wrong order", "no order shown"]).all()
    errs = found["verdict"].ne("no order shown").groupby(found["scorer"]).any()
    assert errs.sum() <= binom.ppf(0.99, n_judges, 0.05)
    # without the correction
    assert found["p_value"].lt(0.05).groupby(found["scorer"]).any().sum() > binom.ppf(0.99, n_judges, 0.05)


@pytest.mark.slow
def test_the_scores_of_a_blind_judge_are_hardly_ever_said_to_fall():
    n_judges = 40
    pairs = make_blind_pairs(np.random.default_rng(21), n_judges=n_judges, rounded=False)
    found = study.estimate_trends(pairs)
    errs = found["p_page_holm"].lt(0.05).groupby(found["scorer"]).any()
    assert errs.sum() <= binom.ppf(0.99, n_judges, 0.05)
    # without the correction
    assert found["p_page"].lt(0.05).groupby(found["scorer"]).any().sum() > binom.ppf(0.99, n_judges, 0.05)


def test_what_too_few_prompts_show_is_no_verdict(clips):
    """All right in five prompts, unscored everywhere: neither is "not seen"."""
    rng = np.random.default_rng(4)
    table = make_scores(clips, "judge", -clips["severity"].to_numpy() + 0.01 * rng.normal(size=len(clips)))
    videos = clips[clips["violation"].ne("ghost") | clips["scene"].lt("scene05")]
    gone = table["video_id"].str.contains("vanishing")
    table = table.assign(score=table["score"].mask(gone), status=np.where(gone, "unscored", "ok"))
    pairs = study.pair_right_and_wrong(table, videos)
    verdicts = study.detect(pairs, by=["violation"]).set_index("violation")["verdict"]
    assert verdicts.to_dict() == {
        "ghost": "too few prompts", "vanishing": "too few prompts", "weak_gravity": "right order",
    }  # fmt: skip
    turned = study.detect(pairs.assign(drop=-pairs["drop"]), by=["violation"]).set_index("violation")
    assert turned.loc["weak_gravity", "verdict"] == "wrong order"
    trends = study.estimate_trends(pairs).set_index("violation")
    # of two prompts Page's p is at least 1/36: too much at a level of 99 %
    few = pairs[pairs["prompt_id"].isin(sorted(set(pairs["prompt_id"]))[:2])]
    assert trends.loc["weak_gravity", "p_page_holm"] < 0.001
    assert study.estimate_trends(few)["p_page_holm"].notna().any()
    assert study.estimate_trends(few, confidence=0.99)["p_page_holm"].isna().all()


def test_a_trend_counts_its_complete_series(clips, scores):
    """Of 20 series two lack a severity, and one has a single one."""
    gone = scores["video_id"].str.match("simulated-ghost-(025/scene0[0-2]|100/scene00)/0")
    holes = scores.assign(score=scores["score"].mask(gone), status=scores["status"].where(~gone, "unscored"))
    pairs = study.pair_right_and_wrong(holes, clips, better=BETTER)
    row = study.estimate_trends(pairs).set_index(["scorer", "violation"]).loc[("seer", "ghost")]
    assert row[["n_series", "n_left_out", "n_complete"]].tolist() == [19, 1, 17]


def test_a_trend_and_a_threshold_are_found_where_planted(pairs):
    trends = study.estimate_trends(pairs).set_index(["scorer", "violation"])
    assert trends.loc["seer", "low"].gt(0.3).all()
    assert trends.loc["seer", "p_page"].lt(0.001).all()
    assert trends.loc["seer", "threshold"].eq(SEVERITIES[0]).all()
    assert trends.loc[("gravity_eye", "weak_gravity"), "threshold"] == SEVERITIES[0]
    assert trends.loc[[("gravity_eye", "ghost"), ("gravity_eye", "vanishing")], "threshold"].isna().all()
    # blur does not grow with severity here: seen everywhere, without a trend
    blind = trends.loc["blur_eye"]
    assert (blind["low"].lt(0) & blind["high"].gt(0)).all()
    assert trends.loc["flat", "estimate"].eq(0).all()
    assert trends["n_series"].eq(20).all()


def test_quality_explains_the_judge_that_it_fools(pairs):
    metrics = study.list_quality_metrics(pairs)
    assert metrics == ["contrast", "sharpness", "warping"]
    table = study.explain_detection(pairs, ["blur_eye", "coin", "flat", "seer"], metrics)
    left = table[table["quantity"].eq("drop_at_equal_quality")].set_index("scorer")
    assert left["verdict"].to_dict() == {
        "blur_eye": "not shown at equal quality",
        "coin": "no drop",
        "flat": "undefined",
        "seer": "kept",
    }
    assert left.loc["blur_eye", "r_squared_held_out"] > 0.9
    assert left.loc["seer", "r_squared_held_out"] < 0.1
    assert left.loc["flat", "reason"] == "the drop is the same in all pairs"
    alone = table[table["quantity"].eq("drop_correlation")].set_index(["scorer", "metric"])
    assert alone.loc[("blur_eye", "sharpness"), "low"] > 0.9
    assert abs(alone.loc[("seer", "warping"), "estimate"]) < 0.3
    assert table.loc[table["quantity"].eq("slope"), "metric"].tolist() == metrics * 4
    assert left["n_pairs"].eq(180).all()


@pytest.mark.parametrize(
    ("drop", "left", "predicted", "expected"),
    [
        (0.2, 0.1, -0.5, "kept"),
        (-0.1, -0.1, 0.5, "no drop"),
        (0.2, -0.1, 0.5, "not shown at equal quality"),
        (0.2, -0.1, -0.5, "inconclusive"),
        (0.2, np.nan, np.nan, "undefined"),
    ],
)
def test_a_drop_is_lost_only_to_metrics_that_predict_it(drop, left, predicted, expected):
    first, second = (Estimate(low + 1, low, low + 2, 0.95, "m", 9, 9) for low in (drop, left))
    assert name_verdict(Explanation(first, second, (), predicted, predicted, 1.0)) == expected


def test_pairs_without_a_metric_are_counted(clips, scores):
    holes = scores["scorer"].eq("sharpness") & scores["video_id"].str.contains("ghost")
    table = scores.assign(
        score=scores["score"].mask(holes), status=scores["status"].where(~holes, "unscored")
    )
    paired = study.pair_right_and_wrong(table, clips, better=BETTER)
    found = study.explain_detection(paired, ["seer"], ["sharpness", "warping"])
    assert found["n_pairs"].eq(120).all()
    assert found["n_left_out"].eq(60).all()


def test_the_best_and_the_worst_pairs_are_listed(pairs):
    listed = study.list_pairs(pairs, scorer="coin", n_pairs=3)
    assert listed["end"].tolist() == ["right order"] * 3 + ["wrong order"] * 3
    own = pairs[pairs["scorer"].eq("coin") & pairs["kind"].eq("violation")]["drop"]
    assert listed["drop"].iloc[0] == own.max()
    assert listed["drop"].iloc[3] == own.min()
    assert listed["drop"].iloc[:3].is_monotonic_decreasing
    assert study.list_pairs(pairs, scorer="flat").empty


def test_clips_of_listed_pairs_stand_side_by_side(clips, pairs):
    listed = study.list_pairs(pairs, scorer="coin", n_pairs=3)
    gone = listed["right_id"].iloc[0]
    videos = clips.assign(path=clips["video_id"].where(clips["video_id"].ne(gone)))
    chosen = study.arrange_clips(listed, videos, n_clips=4, labels={"ghost": "A Ghost"})
    there = listed[listed["right_id"].ne(gone)]
    first, second = (
        there[there["end"].eq("right order")].iloc[0],
        there[there["end"].eq("wrong order")].iloc[0],
    )
    assert chosen["video_id"].tolist() == [
        first["right_id"], first["wrong_id"], second["right_id"], second["wrong_id"],
    ]  # fmt: skip
    assert chosen["shown"].iloc[2] == "right clip, in the wrong order"
    named = {"ghost": "A Ghost", "vanishing": "vanishing", "weak_gravity": "weak gravity"}
    about = f"{named[first['violation']]}, severity {first['severity']:g}"
    assert chosen["shown"].iloc[1] == f"{about}, in the right order"
    assert chosen["path"].eq(chosen["video_id"]).all()
    assert study.arrange_clips(listed, clips).empty


def test_all_tables_are_estimates(pairs):
    tables = [
        study.detect(pairs),
        study.detect(pairs, by=["law"]),
        study.detect(pairs, by=["violation"]),
        study.detect(pairs, by=["violation", "severity"]),
        study.detect(pairs, by=["violation"], kind="control"),
        study.estimate_trends(pairs),
        study.estimate_unscored_pairs(pairs),
        study.explain_detection(pairs, ["seer", "flat"], ["sharpness"]),
    ]
    for table in tables:
        check_distinct(check_estimates(table))


def test_without_controls_their_table_is_empty_but_whole(clips, scores):
    paired = study.pair_right_and_wrong(scores, clips[clips["kind"].ne("control")])
    table = study.detect(paired, by=["violation"], kind="control")
    assert table.empty
    assert {"scorer", "violation", "estimate", "p_holm"} <= set(table.columns)
    check_estimates(table)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns=["law", "kind"]), r"lack the column\(s\) kind, law.*simulated world"),
        (lambda t: t.assign(kind="correct"), "kind holds 'correct'; allowed are right, violation, control"),
        (
            lambda t: t.assign(severity=None),
            "weak_gravity-025/scene00/0. is not right and has no severity",
        ),
        (lambda t: t.assign(violation=None), "has no violation; fill it in"),
        (lambda t: t.assign(seed=0), "both the right clip of one prompt and seed"),
    ],
)
def test_a_truth_that_is_not_told_is_refused(clips, scores, change, message):
    with pytest.raises(ValueError, match=message):
        study.pair_right_and_wrong(scores, change(clips))


def test_what_does_not_belong_together_is_refused(clips, scores):
    with pytest.raises(ValueError, match="no score belongs to one of these videos"):
        study.pair_right_and_wrong(scores.assign(video_id="x"), clips)
    with pytest.raises(ValueError, match=r"better holds \['up'\]; allowed are higher, lower, neither"):
        study.pair_right_and_wrong(scores, clips, better={"seer": "up"})
