"""The notebooks on probes say what they could not compare, and refuse tables that say nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.study.made_probes import draw_answers, make_probed
from tests.test_judge_card_report import read, read_page, run

EDITS = ("", "reencode", "reverse", "freeze", "shuffle", "mirror", "repeat_1")


def make_tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    videos = make_probed(n_prompts=12, n_seeds=1, edits=EDITS)
    return videos, draw_answers(videos, np.random.default_rng(3))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Report on 12 videos of which one is corrupt and one a single frame, and on scores with a typo."""
    videos, scores = make_tables()
    corrupt = videos["video_id"].eq("made/prompt00/0")
    still = videos["video_id"].eq("made/prompt01/0") & videos["probe"].isin(["reverse", "freeze", "reencode"])
    videos = videos.assign(
        status=np.where(corrupt, "failed", "ok"),
        sha256=videos["sha256"].mask(still, "a" * 64).mask(corrupt),
    )
    scores.loc[corrupt.to_numpy(), ["score", "status"]] = [np.nan, "failed"]
    scores["probe"] = scores["probe"].replace("shuffle", "shufle")
    scores = scores[~(scores["probe"].eq("mirror") & scores["video_id"].eq("made/prompt05/0"))]
    folder = tmp_path_factory.mktemp("gaps") / "report"
    return run(folder, videos, scores, shared={"labels": {"nope": "N"}})


def test_what_was_not_compared_is_said_with_its_number(page: Path) -> None:
    text = read_page(page)
    for sentence in (
        "1 of 12 videos cannot be read: left out.",
        "left out: 1 of 11 freeze videos and 1 of 11 reverse videos.",
        "12 rows of the scores are left out: no video has the probe 'shufle' (did you mean shuffle?).",
        "judge was not asked about 1 of 11 mirror videos and 11 of 11 shuffle videos",
        "The parameter labels names 'nope', which is no scorer, probe or generator here.",
        "0 of 1 judge shows a fault, on 11 videos of 11 actions under 5 probes.",
        "Compared: 10 videos and their reversals, of 10 actions; both versions were encoded alike.",
    ):
        # once in the findings of each notebook, of some
        assert sentence in text, sentence
    assert "leaves questions unanswered" not in text
    assert "wording and asking again together" not in text


def test_a_corrupt_file_is_in_no_denominator(page: Path) -> None:
    faults = read(page, "judge_probes_faults").set_index("check")
    assert faults.loc["unanswered questions", ["estimate", "n_videos", "verdict"]].tolist() == [
        0, 11, "passed",
    ]  # fmt: skip
    assert read(page, "judge_probes_missing")["n_unscored"].tolist() == [0]
    counts = read(page, "judge_probes_counts").set_index("probe")
    assert counts.loc["reverse", ["n_videos", "n_no_video", "n_unchanged"]].tolist() == [12, 1, 1]


def test_without_a_control_the_page_clears_nobody(tmp_path: Path) -> None:
    videos, scores = make_tables()
    kept = scores["probe"].isin(["", "reverse", "freeze"])
    folder = run(tmp_path / "r", videos[videos["probe"].isin(EDITS[:4])], scores[kept])
    text = read_page(folder)
    assert "shows no fault" not in text
    assert "shows a fault" not in text
    assert "no judge is cleared of one: no edited video could be compared with its control" in text
    assert "judge: nothing can be compared, because no control was scored." in text
    assert "No video was compared with its reversal." in text
    card = read(folder, "judge_probes_card").set_index("measure")
    assert card.loc["faults shown", "judge"] == "compared under no edit"
    assert "compared under no edit; of 2 checks" in text
    assert read(folder, "judge_probes_counts").set_index("probe").loc["freeze", "n_no_control"] == 12


@pytest.mark.parametrize(
    ("change", "shared", "said"),
    [
        ("originals", {}, "the scores have no probed row, only originals: a column probe"),
        ("no column", {}, "add a column probe that names the edit of each row"),
        ("", {"better": {"juge": "lower"}}, "did you mean judge"),
        ("", {"actions": "labels.csv"}, "none of the labels is of an action of the videos"),
    ],
)
def test_tables_and_names_that_say_nothing_are_refused(
    tmp_path: Path, change: str, shared: dict[str, object], said: str
) -> None:
    videos, scores = make_tables()
    folder = tmp_path / "r"
    folder.mkdir()
    (folder / "labels.csv").write_text("action,label\nboiling water,irreversible\n", encoding="utf-8")
    if change == "originals":
        scores = scores[scores["probe"].eq("")].drop(columns="probe")
    elif change == "no column":
        scores = scores.drop(columns="probe")
    with pytest.raises(Exception, match=said):
        run(folder, videos, scores, shared=shared)
