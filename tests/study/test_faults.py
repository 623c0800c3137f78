"""Planted faults are named, a right judge is not accused, and what cannot be told stays open."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.study.made_probes import draw_answers, make_probed, make_scores
from videophy_lab import study
from videophy_lab.stats.estimate import Estimate
from videophy_lab.stats.paired_power import draw_pair_values
from videophy_lab.study.faults import judge_fall, judge_share, judge_stay

PLANTED = {
    "reads overlays": ["reads text overlays"],
    "ignores order": ["ignores the order of frames", "ignores the order of blocks"],
    "likes frozen": ["likes frozen video"],
    # of 24 videos the order alone would leave it open
    "ignores time": ["scores reversed video about as high"],
    "minds reversal": ["minds reversal where nothing is wrong"],
    "unsteady": ["answers differently when asked again"],
    "silent": ["leaves questions unanswered"],
    "wording": ["minds the wording of the caption"],
    "believes captions": ["judges physics by the caption"],
}


def judge(videos: pd.DataFrame, scores: pd.DataFrame, **limits: float) -> pd.DataFrame:
    pairs = study.pair_with_null(scores, videos)
    answers = study.name_answers(study.keep_answers(scores, videos), pairs)
    return study.name_faults(pairs, answers, limits=study.Limits(**limits))


def list_faults(found: pd.DataFrame) -> list[str]:
    return found.loc[found["verdict"].eq("fault"), "fault"].tolist()


@pytest.fixture(scope="module")
def videos() -> pd.DataFrame:
    return make_probed()


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_fault_is_named_and_no_other(videos, rng, planted):
    found = judge(videos, draw_answers(videos, rng, faults=[planted]))
    assert list_faults(found) == PLANTED[planted]
    assert found.loc[found["verdict"].ne("fault"), "fault"].eq("").all()


def test_several_faults_are_all_named(videos, rng):
    faults = ["reads overlays", "ignores order", "likes frozen"]
    found = judge(videos, draw_answers(videos, rng, faults=faults))
    assert sorted(list_faults(found)) == sorted(name for fault in faults for name in PLANTED[fault])
    overlay = found.set_index("check").loc["text overlays"]
    # the neutral and the positive words were planted, by .6 of a point
    assert overlay["probe"] in ("overlay_neutral", "overlay_positive")
    assert overlay["estimate"] == pytest.approx(0.6, abs=0.1)


def test_a_right_judge_passes_every_check(videos, rng):
    found = judge(videos, draw_answers(videos, rng))
    assert found["verdict"].eq("passed").all()
    assert len(found) == 16


def test_semantic_adherence_must_fall_with_a_wrong_caption(videos, rng):
    right = judge(videos, draw_answers(videos, rng, task="sa")).set_index("check")
    assert right.loc["wrong caption", "verdict"] == "passed"
    assert "direction of time" not in right.index
    blind = judge(videos, draw_answers(videos, rng, task="sa", faults=["ignores captions"]))
    assert list_faults(blind) == ["ignores the caption"]


def test_the_constant_judge_ignores_everything_and_passes_what_must_not_matter(videos):
    found = judge(videos, make_scores(videos, "constant", np.full(len(videos), 4.0))).set_index("check")
    falls = found[found["quantity"].eq("paired_auc")]
    assert falls["verdict"].eq("fault").all()
    assert falls["estimate"].eq(0.5).all()
    assert found.loc["use of the scale", "fault"] == "answers 4 to nearly every video"
    assert found.loc["text overlays", "verdict"] == "passed"
    assert found.loc["repeated questions", "verdict"] == "passed"


def test_the_random_judge_does_not_repeat_itself(videos, rng):
    found = judge(videos, make_scores(videos, "random", rng.integers(1, 6, len(videos)).astype(float)))
    assert "answers differently when asked again" in list_faults(found)
    assert found.set_index("check").loc["mirroring", "verdict"] == "open"


def test_few_videos_leave_it_open():
    videos = make_probed(n_prompts=4, n_seeds=1)
    found = judge(videos, make_scores(videos, "constant", np.full(len(videos), 4.0))).set_index("check")
    assert found.loc["direction of time", "verdict"] == "open"
    assert found.loc["text overlays", "verdict"] == "open"


def test_a_judge_without_a_score_for_what_is_frozen_refuses_it(videos, rng):
    table = draw_answers(videos, rng)
    frozen = table["probe"].eq("freeze")
    table = table.assign(score=table["score"].mask(frozen), status=table["status"].mask(frozen, "unscored"))
    row = judge(videos, table).set_index("check").loc["frozen video"]
    assert row[["verdict", "quantity", "estimate", "fault"]].tolist() == ["refused", "refused_share", 1, ""]


def test_reversals_without_labels_are_no_evidence(videos, rng):
    bare = videos.assign(reversibility=None)
    found = judge(bare, draw_answers(videos, rng, faults=["ignores time"]))
    assert not found["check"].str.contains("time|revers").any()


def test_metrics_have_no_faults(videos, rng):
    assert judge(videos, make_scores(videos, "sharpness", rng.normal(size=len(videos)), "sharpness")).empty


def test_of_several_severities_the_greatest_counts_that_leaves_motion(videos, rng):
    found = judge(videos, draw_answers(videos, rng)).set_index("check")
    assert found.loc["dropped frames", "probe"] == "drop_frames-050"
    all_dropped = videos[videos["probe"].ne("drop_frames-050")]
    assert "dropped frames" not in set(judge(all_dropped, draw_answers(all_dropped, rng))["check"])


def test_limits_decide(videos, rng):
    reader = draw_answers(videos, rng, faults=["reads overlays"])
    assert list_faults(judge(videos, reader, margin=0.9)) == []
    assert list_faults(judge(videos, reader, margin=0.9, one_answer=0.01)) == []
    estimate = study.estimate_scale_use(
        study.name_answers(study.keep_answers(reader, videos), study.pair_with_null(reader, videos))
    ).iloc[0]
    assert 0 < estimate["low"] < estimate["estimate"]


@pytest.mark.parametrize(
    ("low", "share", "verdict"), [(0.2, 0.3, "fault"), (0.05, 0.12, "open"), (0.05, 0.1, "passed")]
)
def test_a_share_is_too_large_only_with_all_of_its_interval(low, share, verdict):
    assert judge_share(Estimate(share, low, 0.6, 0.95, "m", 20, 20), 0.1) == verdict


def test_right_judges_are_not_accused(rng):
    """Twelve judges with noise, twelve prompts: 15 checks each."""
    videos = make_probed(n_prompts=12, n_seeds=1)
    accused = [list_faults(judge(videos, draw_answers(videos, rng))) for _ in range(12)]
    assert not any(accused)


def test_an_effect_at_its_limit_is_rarely_called_a_fault(rng):
    """Who notices in .65 of pairs is called blind in at most .05 of draws, and in few likes the edit."""
    limits = study.Limits()
    n_draws, blind, likes = 300, 0, 0
    for _ in range(n_draws):
        values = draw_pair_values(0.65, 15, rng=rng, n_pairs=2, ties=0.2, alike=0.3)
        own = pd.DataFrame(
            {
                "control_score": values.ravel() * 2, "probe_score": 1.0, "pair_status": "ok",
                "cluster": np.repeat(np.arange(15), 2).astype(str),
            }
        )  # fmt: skip
        *_, fault = judge_fall(own, limits, 1.0, "it", "it")
        blind += fault in ("ignores it", "hardly notices it")
        likes += fault == "likes it"
    assert blind / n_draws < 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_draws)
    assert likes / n_draws < 0.01


@pytest.mark.parametrize(("area", "said"), [(0.57, "hardly notices it"), (0.8, "")])
def test_many_videos_settle_what_is_hardly_noticed(rng, area, said):
    """With 400 prompts a weak effect is named, though it is no chance, and a strong one passes."""
    values = draw_pair_values(area, 400, rng=rng, n_pairs=2, ties=0.2, alike=0.3)
    own = pd.DataFrame(
        {
            "control_score": values.ravel() * 2, "probe_score": 1.0, "pair_status": "ok",
            "cluster": np.repeat(np.arange(400), 2).astype(str),
        }
    )  # fmt: skip
    *_, verdict, fault = judge_fall(own, study.Limits(), 1.0, "it", "it")
    assert (verdict, fault) == ("fault" if said else "passed", said)


def test_clusters_are_the_same_in_every_check(rng):
    videos = make_probed().assign(action=lambda rows: rows["prompt_id"].str[-1])
    scores = draw_answers(videos, rng)
    probed = study.prepare_probes(scores, videos)
    assert (probed.unit, probed.pairs["cluster"].nunique()) == ("action", 10)
    found = study.name_faults(probed.pairs, probed.answers).set_index("check")
    assert found.loc[["frozen video", "unanswered questions", "use of the scale"], "n_prompts"].eq(10).all()
    assert study.prepare_probes(scores, videos, cluster="prompt_id").unit == "prompt"


def test_a_shift_at_the_margin_is_rarely_called_a_fault(rng):
    """Of three edits that each shift the score by the margin, any is called a fault in at most .05."""
    names, n_draws, wrong = ("overlay_a", "overlay_b", "overlay_c"), 250, 0
    for _ in range(n_draws):
        before = 3 + 0.7 * rng.normal(size=12)
        parts = [
            pd.DataFrame(
                {
                    "control_score": before, "probe_score": before + 0.2 + 0.5 * rng.normal(size=12),
                    "pair_status": "ok", "probe": name, "cluster": [str(k) for k in range(12)],
                }
            )
            for name in names
        ]  # fmt: skip
        wrong += judge_stay(pd.concat(parts), study.Limits(), 1.0)[1] == "fault"
    assert wrong / n_draws < 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_draws)
