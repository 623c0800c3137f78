"""Probes on a made world: every edit against its control, what is missing counted, planted effects found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.study.made_probes import draw_answers, make_probed, make_scores
from videophy_lab import study
from videophy_lab.outputs import check_distinct, check_estimates
from videophy_lab.probes.catalog import PROBES
from videophy_lab.stats.paired import paired_auc
from videophy_lab.study.faults import FALLS, STAYS
from videophy_lab.study.probe_controls import find_controls
from videophy_lab.study.probes import find_point


@pytest.fixture(scope="module")
def videos() -> pd.DataFrame:
    return make_probed()


@pytest.fixture(scope="module")
def scores(videos: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    metric = 10 - 4 * videos["severity"].fillna(0).to_numpy() + rng.normal(size=len(videos))
    return pd.concat(
        [
            draw_answers(videos, rng, scorer="right"),
            draw_answers(videos, rng, scorer="worded", faults=["wording"]),
            draw_answers(videos, rng, scorer="unsteady", faults=["unsteady"]),
            make_scores(videos, "constant", np.full(len(videos), 4.0)),
            make_scores(videos, "warping", metric, "warping"),
        ],
        ignore_index=True,
    )


@pytest.fixture(scope="module")
def pairs(videos: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    return study.pair_with_null(scores, videos, better={"warping": "lower"})


def test_names_of_probes_are_taken_apart():
    names = pd.Series(["reverse", "blur-050", "repeat_2", "caption_paraphrase_11", "overlay_neutral", "blur"])
    parts = study.split_probe(names)
    assert parts["edit"].tolist() == [
        "reverse", "blur", "repeat", "caption_paraphrase", "overlay_neutral", "blur",
    ]  # fmt: skip
    np.testing.assert_equal(parts["named_severity"].to_numpy(), [np.nan, 0.5, *[np.nan] * 4])
    assert study.say_probe("drop_frames-025") == "drop frames at severity 0.25"
    assert study.say_probe("overlay_neutral") == "overlay neutral"


def test_every_probe_is_compared_with_the_reencoded_video_and_that_with_the_original(videos, pairs):
    n_probed = int(videos["probe"].ne("").sum())
    assert pairs.groupby("scorer").size().eq(n_probed).all()
    assert pairs["pair_status"].eq("ok").all()
    assert pairs.loc[pairs["probe"].eq("reencode"), "control"].eq("").all()
    assert pairs.loc[pairs["probe"].ne("reencode"), "control"].eq("reencode").all()
    assert set(pairs.loc[pairs["class"].eq("reversible"), "prompt_id"]) == {
        f"prompt{k:02d}" for k in range(24) if k % 4 in (2, 3)
    }


def test_a_question_asked_again_is_compared_with_the_row_of_its_file(videos):
    originals = videos.set_index(["video_id", "probe"])["sha256"]
    asked = videos["probe"].eq("repeat_1")
    moved = videos.assign(
        sha256=videos["sha256"].mask(asked, videos["video_id"].map(originals.xs("", level="probe")))
    )
    controls = find_controls(moved).set_index("probe")["control"]
    assert controls["repeat_1"].eq("").all()
    assert controls["repeat_2"].eq("reencode").all()
    assert find_controls(moved.drop(columns="sha256"))["control"].isin(["", "reencode"]).all()


def test_a_shift_has_the_better_end_up(videos, scores, pairs):
    known = scores[scores["scorer"].eq("warping")].set_index(["video_id", "probe"])["score"]
    own = pairs[pairs["scorer"].eq("warping") & pairs["probe"].eq("blur-100")].iloc[0]
    raw = known[own["video_id"], "blur-100"] - known[own["video_id"], "reencode"]
    assert own["shift"] == pytest.approx(-raw)


def test_what_is_missing_has_a_status_and_is_counted():
    videos = make_probed(n_prompts=5, n_seeds=1, edits=("", "reencode", "reverse"))
    table = make_scores(videos, "judge", np.arange(len(videos), dtype=float) / 4)
    name = "made/prompt0{}/0".format
    cell = table.set_index(["video_id", "probe"])
    cell.loc[(name(1), "reencode"), ["score", "status"]] = [np.nan, "unscored"]
    cell.loc[(name(2), "reverse"), ["score", "status"]] = [np.nan, "failed"]
    cell.loc[[(name(3), "reencode"), (name(3), "reverse")], ["score", "status"]] = [np.nan, "unscored"]
    cell = cell.drop(index=(name(4), "reverse"))
    left = videos[~(videos["video_id"].eq(name(0)) & videos["probe"].eq("reencode"))]
    pairs = study.pair_with_null(cell.reset_index(), left)
    turned = pairs[pairs["probe"].eq("reverse")].set_index("video_id")["pair_status"].to_dict()
    words = ["no control", "control unscored", "probe unscored", "both unscored", "not asked"]
    assert turned == {name(k): word for k, word in enumerate(words)}
    found = study.estimate_orders(pairs[pairs["probe"].eq("reverse")]).iloc[0]
    assert found[["n_pairs", "n_unscored", "n_not_asked", "n_no_control"]].tolist() == [0, 3, 1, 1]
    assert np.isnan(found["estimate"])
    counts = study.count_probes(left).set_index("probe")
    assert counts.loc["reverse", ["n_videos", "n_irreversible", "n_no_control"]].tolist() == [5, 3, 1]
    share = study.estimate_unscored_probes(pairs).iloc[0]
    # of 9 probed videos that have a row and were asked about: two re-encoded, two reversed
    assert share["n_unscored"] == 4
    assert share["estimate"] == pytest.approx(4 / 8)


def test_shifts_orders_and_their_verdicts_are_those_of_the_arrays(pairs):
    shifts = study.estimate_shifts(pairs).set_index(["quantity", "scorer", "probe"])
    own = pairs[pairs["scorer"].eq("right") & pairs["probe"].eq("freeze")]
    row = shifts.loc[("shift", "right", "freeze")]
    assert row["estimate"] == pytest.approx(own["shift"].mean())
    assert row[["n_videos", "n_prompts", "n_pairs"]].tolist() == [48, 24, 48]
    assert shifts.loc[("shift_units", "right", "freeze"), "verdict"] == "non-zero"
    assert shifts.loc[("shift_units", "right", "mirror"), "verdict"] == "equivalent"
    assert shifts.loc[("shift_units", "warping", "mirror"), "unit"] == "standard deviation"
    assert shifts.loc[("share_changed", "constant", "freeze"), "estimate"] == 0
    orders = study.estimate_orders(pairs).set_index(["scorer", "probe"])
    expected = paired_auc(own["control_score"], own["probe_score"], own["cluster"].to_numpy(dtype=str))
    assert orders.loc[("right", "freeze"), "estimate"] == expected.estimate == 1
    assert orders.loc["constant", "estimate"].eq(0.5).all()
    assert (orders["p_holm"] >= orders["p_value"]).all()


def test_reversal_is_told_by_class_with_its_contrast(pairs):
    found = study.estimate_reversal(pairs).set_index(["scorer", "class"])
    assert found.loc[("right", "irreversible"), "estimate"] == 1
    assert 0.4 < found.loc[("right", "reversible"), "estimate"] < 0.6
    contrast = found.loc[("right", "irreversible − reversible")]
    assert contrast["quantity"] == "auc_contrast"
    assert 0 < contrast["low"] < contrast["estimate"] < 0.6
    assert found.loc["constant", "estimate"].tolist() == [0.5, 0.5, 0]


def test_without_labels_there_is_a_class_of_its_own_and_no_contrast(videos, scores):
    bare = study.pair_with_null(scores, videos.drop(columns="reversibility"))
    found = study.estimate_reversal(bare)
    assert set(found["class"]) == {"not known"}
    assert "auc_contrast" not in set(found["quantity"])


def test_scores_fall_with_severity(pairs):
    found = study.estimate_severity_trends(pairs).set_index(["scorer", "edit"])
    assert set(found.index.get_level_values("edit")) == {"blur", "drop_frames"}
    assert found.loc[("right", "blur"), "low"] > 0.5
    assert found.loc[("right", "blur"), "p_page"] < 1e-6
    assert found.loc[("constant", "blur"), "estimate"] == 0
    # with lower as the better end a metric that sinks gets better
    assert found.loc[("warping", "blur"), "high"] < 0


def test_sampling_and_paraphrase_noise_are_told_apart(pairs):
    found = study.estimate_retest(pairs).set_index(["quantity", "scorer", "asked"])
    assert found.loc[("retest_icc", "right", "again"), "low"] > 0.8
    assert found.loc[("retest_icc", "unsteady", "again"), "high"] < 0.7
    assert found.loc[("retest_agreement", "constant", "again"), "estimate"] == 1
    shares = found["share"].xs("", level="asked").unstack("quantity")
    assert shares.loc["worded", "variance_wording"] > 2 * shares.loc["worded", "variance_sampling"]
    assert shares.loc["unsteady", "variance_sampling"] > 5 * shares.loc["unsteady", "variance_wording"]


def test_the_use_of_the_scale_is_counted(videos, scores, pairs):
    answers = study.name_answers(study.keep_answers(scores, videos), pairs)
    use = study.estimate_scale_use(answers).set_index("scorer")
    assert use.loc["constant", ["commonest", "n_answers", "entropy", "estimate"]].tolist() == [4, 1, 0, 1]
    assert use.loc["constant", "used"] == "4: 100 %"
    assert use.loc["right", "n_answers"] > 40
    controls = study.keep_controls(answers)
    assert controls.groupby("scorer").size().eq(48).all()
    assert controls["probe"].eq("reencode").all()


def test_estimates_keep_their_contract(videos, scores, pairs):
    answers = study.name_answers(study.keep_answers(scores, videos), pairs)
    tables = [
        study.estimate_shifts(pairs), study.estimate_orders(pairs), study.estimate_reversal(pairs),
        study.estimate_severity_trends(pairs), study.estimate_retest(pairs),
        study.estimate_unscored_probes(pairs), study.estimate_scale_use(answers),
        study.name_faults(pairs, answers),
        study.estimate_shifts(pairs[pairs["severity"].notna()], by=["edit", "severity"]),
    ]  # fmt: skip
    for table in tables:
        check_distinct(check_estimates(table))


def test_a_scorer_that_was_not_asked_about_a_probe_has_no_row_of_it(videos, scores):
    few = scores[~(scores["scorer"].eq("warping") & scores["probe"].str.startswith("caption"))]
    pairs = study.pair_with_null(few, videos)
    shifts = study.estimate_shifts(pairs)
    own = shifts[shifts["scorer"].eq("warping")]["probe"]
    assert not own.str.startswith("caption").any()
    assert own.eq("repeat_1").any()


def test_two_settings_and_two_questions_have_names_of_their_own(videos):
    rng = np.random.default_rng(1)
    both = [draw_answers(videos, rng, task=task) for task in ("sa", "pc")]
    again = both[1].assign(spec="other")
    assert set(study.pair_with_null(pd.concat(both), videos)["scorer"]) == {"judge, SA", "judge, PC"}
    assert set(study.pair_with_null(pd.concat([both[1], again]), videos)["scorer"]) == {
        "judge s", "judge other",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "unit"), [([1, 5], 1), ([0.2, 0.9], 0.25), ([-3, 2], None), ([20, 90], None)]
)
def test_a_unit_is_a_point_of_a_known_scale(values, unit):
    table = pd.DataFrame({"control_score": values, "probe_score": values, "task": "pc"})
    assert find_point(table) == unit
    assert find_point(table.assign(task="sharpness")) is None


def test_actions_can_be_the_units(videos, scores):
    few = videos.assign(action=videos["prompt_id"].str[-1])
    found = study.estimate_orders(study.pair_with_null(scores, few, cluster="action"))
    assert found["n_prompts"].eq(10).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v.drop(columns="probe"), "the videos have no probed row"),
        (
            lambda v: pd.concat([v, v[v["probe"].eq("reverse")].head(1)]),
            "has two rows of the probe 'reverse'",
        ),
        (lambda v: v.assign(video_id=v["video_id"] + "x"), "no score belongs"),
        (lambda v: v.drop(columns="action"), "the videos have no 'action'"),
    ],
)
def test_tables_that_cannot_be_compared_are_refused(videos, scores, change, message):
    with pytest.raises(ValueError, match=message):
        study.pair_with_null(scores, change(videos), cluster="action")
    with pytest.raises(ValueError, match="better holds"):
        study.pair_with_null(scores, videos, better={"pc": "up"})


def test_the_plan_counts_actions_and_videos(pairs):
    plan = study.plan_reversal(pairs).set_index("auc")
    assert plan["actions_here"].eq(12).all()
    assert plan["videos_an_action"].eq(2).all()
    assert plan["actions"].is_monotonic_decreasing
    assert (plan["actions_a_class"] > plan["actions"]).all()
    assert plan.loc[0.75, "power_here"] > 0.9 > plan.loc[0.6, "power_here"]
    nothing = study.plan_reversal(pairs[:0])
    assert nothing["power_here"].isna().all()


def test_reversals_are_listed_from_the_best_to_the_worst(videos, pairs):
    listed = study.list_reversals(pairs, videos, scorer="right", n_videos=2)
    assert listed["probe"].tolist() == ["reencode", "reverse"] * 4
    assert listed["reversibility"].eq("irreversible").all()
    assert listed["shown"].str.match(r"(forward|reversed): \d\.\d\d").all()


def test_the_study_expects_what_the_catalog_expects(pairs):
    for edit, (task, *_) in FALLS.items():
        # for a wrong caption SA falls and PC stays, for reversal irreversible videos fall
        expected = {"caption_swap": "stays"}.get(edit, "falls")
        assert PROBES[edit].expect == expected, edit
        assert task in ("pc", "sa")
    for edit in STAYS:
        names = [name for name in PROBES if name.startswith(edit)]
        assert names, edit
        assert (
            {PROBES[name].expect for name in names} <= {"stays", "falls"} if edit == "reverse" else {"stays"}
        )
    expect = study.expect_shifts(
        pd.Series([*pairs["probe"], "reverse (irreversible)", "reverse (reversible)", "unheard_of"]),
        {name: probe.expect for name, probe in PROBES.items()},
    )
    assert (expect["reverse (irreversible)"], expect["reverse (reversible)"]) == ("falls", "stays")
    assert (expect["blur-050"], expect["unheard_of"]) == ("free", "free")
    assert next(iter(expect)) == "reencode"
