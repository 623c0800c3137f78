"""What cannot be compared is no judge's fault, and is said with its number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.study.made_probes import draw_answers, make_probed, make_scores
from videophy_lab import study
from videophy_lab.stats.paired import paired_auc

EDITS = ("", "reencode", "reverse", "freeze", "shuffle", "mirror", "repeat_1")


@pytest.fixture(scope="module")
def videos() -> pd.DataFrame:
    return make_probed(n_prompts=12, n_seeds=1, edits=EDITS)


@pytest.fixture(scope="module")
def scores(videos: pd.DataFrame) -> pd.DataFrame:
    return draw_answers(videos, np.random.default_rng(3))


def name(*numbers: int) -> list[str]:
    return [f"made/prompt{number:02d}/0" for number in numbers]


def fail(table: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    """Let some rows of a table fail."""
    changed = {"score": np.nan} if "score" in table.columns else {"path": None, "sha256": None}
    status = table["status"] if "status" in table.columns else "ok"
    kept = {column: table.get(column) for column in changed}
    table = table.assign(status=status, **kept)
    table.loc[chosen, ["status", *changed]] = ["failed", *changed.values()]
    return table


def judge(scores: pd.DataFrame, videos: pd.DataFrame) -> pd.DataFrame:
    probed = study.prepare_probes(scores, videos)
    return study.name_faults(probed.pairs, probed.answers).set_index("check")


def test_a_judge_is_not_accused_of_files_that_cannot_be_read(videos, scores):
    """Of 12 videos 4 are corrupt, in all their rows; the judge fails on those and on no other."""
    corrupt = videos["video_id"].isin(name(0, 1, 2, 3))
    broken = fail(videos, corrupt)
    table = fail(scores, corrupt)
    row = judge(table, broken).loc["unanswered questions"]
    assert row[["estimate", "verdict", "n_videos"]].tolist() == [0, "passed", 8]
    probed = study.prepare_probes(table, broken)
    assert probed.gaps == ["4 of 12 videos cannot be read: left out."]
    assert study.estimate_unscored_probes(probed.pairs)[["estimate", "n_videos"]].iloc[0].tolist() == [0, 48]
    frozen = study.estimate_orders(probed.pairs).set_index("probe").loc["freeze"]
    assert frozen[["n_pairs", "n_unscored", "n_not_asked", "n_no_video"]].tolist() == [8, 0, 0, 4]
    again = study.estimate_retest(probed.pairs)
    assert again["n_left_out"].eq(0).all()
    assert study.count_probes(broken)["n_no_video"].eq(4).all()


def test_a_judge_that_fails_on_readable_videos_is_still_counted(videos, scores):
    broken = fail(videos, videos["video_id"].isin(name(0)))
    table = fail(scores, scores["video_id"].isin(name(0, 1, 2, 3, 4, 5)))
    row = judge(table, broken).loc["unanswered questions"]
    assert row["estimate"] == pytest.approx(5 / 11)
    assert row[["verdict", "n_videos"]].tolist() == ["fault", 11]


def test_an_edit_that_could_not_be_made_is_left_out_and_its_video_stays(videos, scores):
    gone = videos["video_id"].isin(name(4, 5)) & videos["probe"].eq("freeze")
    broken = fail(videos, gone)
    table = fail(scores, gone)
    probed = study.prepare_probes(table, broken)
    assert probed.gaps == ["Could not be made, and left out: 2 of 12 freeze videos."]
    assert probed.pairs["pair_status"].value_counts().to_dict() == {"ok": 70, "no video": 2}
    assert judge(table, broken).loc["frozen video", "n_videos"] == 10


def test_videos_that_an_edit_leaves_as_they_are_are_no_ties(videos, scores):
    """Six clips of one frame: reversed, shuffled and frozen they have the file of the re-encoded one."""
    still = videos["video_id"].isin(name(0, 1, 2, 3, 4, 5))
    same = still & videos["probe"].isin(["reverse", "shuffle", "freeze"])
    of_null = videos["video_id"].map(
        videos[videos["probe"].eq("reencode")].set_index("video_id")["sha256"].to_dict()
    )
    clips = videos.assign(sha256=videos["sha256"].mask(same, of_null))
    levels = scores["score"].mask(
        same.to_numpy(),
        scores["video_id"].map(scores[scores["probe"].eq("reencode")].set_index("video_id")["score"]),
    )
    probed = study.prepare_probes(scores.assign(score=levels), clips)
    orders = study.estimate_orders(probed.pairs).set_index("probe")
    assert orders.loc["freeze", ["n_pairs", "n_unchanged", "n_ties", "estimate"]].tolist() == [6, 6, 0, 1]
    # asked again it is the same file on purpose
    assert orders.loc["repeat_1", ["n_pairs", "n_unchanged"]].tolist() == [12, 0]
    assert probed.gaps == [
        "Left unchanged by the edit (the file is the same to the byte, as of a clip of one frame), and left "
        "out: 6 of 12 freeze videos, 6 of 12 reverse videos and 6 of 12 shuffle videos."
    ]
    counts = study.count_probes(clips).set_index("probe")["n_unchanged"]
    assert counts[["freeze", "mirror", "repeat_1"]].tolist() == [6, 0, 0]
    assert study.prepare_probes(scores, clips.drop(columns="sha256")).gaps == []
    unknown = clips.assign(sha256=clips["sha256"].mask(same))
    assert study.prepare_probes(scores, unknown).gaps == []


def test_rows_of_no_video_are_counted_with_what_was_perhaps_meant(videos, scores):
    typo = scores.assign(probe=scores["probe"].replace("shuffle", "shufle"))
    gaps = study.prepare_probes(typo, videos, labels={"judge": "J"}).gaps
    assert gaps == [
        "12 rows of the scores are left out: no video has the probe 'shufle' (did you mean shuffle?).",
        "J was not asked about 12 of 12 shuffle videos: the scores have no row of them.",
    ]
    strange = scores.assign(video_id=scores["video_id"].replace("made/prompt03/0", "made/promt03/0"))
    assert study.prepare_probes(strange, videos).gaps[0] == (
        "7 rows of the scores are left out: the videos table has no 'made/promt03/0' "
        "(did you mean made/prompt03/0?)."
    )
    fewer = videos[~(videos["video_id"].isin(name(2)) & videos["probe"].eq("mirror"))]
    probed = study.prepare_probes(scores, fewer)
    assert probed.gaps == [
        "1 row of the scores is left out: their video has no such edit in the videos table, first "
        "made/prompt02/0 under mirror."
    ]
    assert len(probed.answers) == len(scores) - 1


def test_clips_that_are_wrong_on_purpose_are_no_strays(videos, scores):
    kinds = videos.assign(kind=np.where(videos["video_id"].isin(name(1)), "violation", "right"))
    assert study.prepare_probes(scores, kinds).gaps == []


def test_if_no_edit_is_known_there_is_nothing_to_be_compared(videos, scores):
    wrong = scores.assign(probe=scores["probe"].where(scores["probe"].eq(""), "shufle"))
    wrong = wrong.drop_duplicates(["video_id", "probe"])
    with pytest.raises(
        ValueError, match=r"have shufle, .*did you mean shuffle\?\)\. Correct the column probe"
    ):
        study.prepare_probes(wrong, videos)


def test_deleted_rows_are_said(videos, scores):
    table = scores[~(scores["probe"].eq("freeze") & scores["video_id"].isin(name(2, 3)))]
    assert study.prepare_probes(table, videos).gaps == [
        "judge was not asked about 2 of 12 freeze videos: the scores have no row of them."
    ]


@pytest.mark.parametrize("column", ["blank", "none"])
def test_scores_of_originals_alone_say_what_to_type(videos, scores, column):
    plain = scores[scores["probe"].eq("")]
    plain = plain.drop(columns="probe") if column == "none" else plain
    with pytest.raises(
        ValueError, match=r"no probed row.* a column probe .* blank for the original.*type vid"
    ):
        study.prepare_probes(plain, videos)


def test_without_a_scored_control_nothing_is_compared(videos, scores):
    table = scores[scores["probe"].ne("reencode") & ~scores["probe"].str.startswith("repeat")]
    probed = study.prepare_probes(table, videos)
    faults = study.name_faults(probed.pairs, probed.answers)
    assert faults["check"].tolist() == ["unanswered questions", "use of the scale"]
    assert study.list_compared(probed.pairs) == []
    assert study.say_accused(faults, probed.pairs, unit="action") == (
        "No fault is shown, and no judge is cleared of one: no edited video could be compared with its "
        "control."
    )
    said = [sentence for sentence in probed.gaps if "because no control was scored" in sentence]
    assert len(said) == 1
    counts = study.count_probes(videos, probed.pairs).set_index("probe")["n_no_control"]
    assert counts["freeze"] == 12
    assert study.estimate_orders(probed.pairs).set_index("probe").loc["freeze", "n_no_control"] == 12
    assert study.count_probes(videos)["n_no_control"].eq(0).all()


def test_some_controls_without_a_row_are_said(videos, scores):
    table = scores[~(scores["probe"].eq("reencode") & scores["video_id"].isin(name(7)))]
    gaps = study.prepare_probes(table, videos).gaps
    assert gaps[0] == "judge was not asked about 1 of 12 reencode videos: the scores have no row of them."
    assert "the control (reencode) of 1 of 12 freeze videos, 1 of 12 mirror videos" in gaps[1]


def test_originals_that_were_not_scored_keep_edits_comparable(videos, scores):
    probed = study.prepare_probes(scores[scores["probe"].ne("")], videos)
    assert probed.gaps == [
        "judge: the scores have no row of 12 of 12 originals, so what re-encoding does to them is not known."
    ]
    statuses = probed.pairs.groupby("probe")["pair_status"].agg(set)
    assert statuses["reencode"] == {"no control"}
    assert statuses["freeze"] == {"ok"}


def test_metrics_need_not_be_asked_again(videos, scores):
    metric = make_scores(videos, "sharpness", np.arange(len(videos), dtype=float), "sharpness")
    both = pd.concat([scores, metric[metric["probe"].ne("repeat_1")]])
    assert study.prepare_probes(both, videos).gaps == []


def test_labels_of_nothing_are_said(videos, scores):
    gaps = study.prepare_probes(scores, videos, labels={"juge": "J", "judge": "J", "mirror": "M"}).gaps
    assert gaps == [
        "The parameter labels names 'juge', which is no scorer, probe or generator here "
        "(did you mean judge?)."
    ]


def test_estimates_of_what_is_left_are_those_of_the_arrays(videos, scores):
    broken = fail(videos, videos["video_id"].isin(name(0)))
    pairs = study.prepare_probes(scores, broken).pairs
    row = study.estimate_orders(pairs).set_index("probe").loc["mirror"]
    kept = scores[~scores["video_id"].isin(name(0))].set_index(["probe", "video_id"])["score"]
    expected = paired_auc(
        kept["reencode"].to_numpy(), kept["mirror"].to_numpy(), np.array([str(k) for k in range(11)])
    )
    assert row["estimate"] == expected.estimate
