"""The notebook on detection in the simulated world, on scorers whose sight was planted."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.study.made_simulated import BETTER, draw_scores, make_clips, make_scores
from tests.video.made_videos import make_frames, write_video
from videophy_lab.report import run_report

PARAMS = """\
title: Detection
notebooks:
  - notebook: detection
    parameters: {}
"""


def run(folder: Path, videos: pd.DataFrame, scores: pd.DataFrame, **parameters: object) -> Path:
    folder.mkdir(exist_ok=True)
    videos.to_csv(folder / "videos.csv", index=False)
    scores.to_csv(folder / "scores.csv", index=False)
    given = {"videos": "videos.csv", "scores": "scores.csv", **parameters}
    (folder / "params.yaml").write_text(PARAMS.format(json.dumps(given)), encoding="utf-8")
    run_report(folder, progress=False)
    return folder


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "tables" / f"detection_{name}.csv")


def read_page(folder: Path) -> str:
    # units are joined to their numbers by a blank that does not break
    return html.unescape((folder / "index.html").read_text(encoding="utf-8")).replace(
        "\N{NO-BREAK SPACE}", " "
    )


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Report on scorers that see all, only gravity, only blur, nothing; with holes, and without a twin."""
    folder = tmp_path_factory.mktemp("planted") / "report"
    folder.mkdir()
    clips = make_clips()
    scores = draw_scores(clips, np.random.default_rng(8))
    holes = scores["scorer"].eq("seer") & scores["video_id"].str.match("simulated-ghost-025/scene0[0-3]/0")
    scores = scores.assign(
        score=scores["score"].mask(holes), status=scores["status"].where(~holes, "unscored")
    )
    stranger = make_scores(clips[:1].assign(video_id="elsewhere/x/0"), "seer", np.array([1.0]))
    clips = clips[clips["video_id"].ne("simulated/scene09/1")]
    write_video(folder / "clip.mp4", make_frames(6, 32, 48))
    return run(
        folder,
        clips.assign(path=str(folder / "clip.mp4")),
        pd.concat([scores, stranger]),
        better=BETTER,
        quality=["sharpness", "warping", "contrast"],
        labels={"seer": "The Seer", "weak_gravity": "too little gravity"},
    )


def test_each_finding_names_what_was_planted(planted: Path) -> None:
    page = read_page(planted)
    number = r"[\d.]+ \([^)]*\)"
    everything = f"conservation of mass {number}, gravitation {number} and solidity {number}"
    prefers = "prefers the right clip in [^;]*; after Holm's correction it has"
    none = "no order that is shown for"
    assert re.search(f"The Seer {prefers} the right order for {everything}", page)
    assert re.search(
        f"gravity eye {prefers} the right order for gravitation {number} and {none} conservation of mass",
        page,
    )
    assert re.search(f"coin {prefers} {none} {everything}", page)
    assert "flat cannot tell the clips of any pair apart: 0.50" in page
    assert "contrast, of which neither end is better (higher counts as right), prefers" in page


def test_thresholds_and_trends_are_said(planted: Path) -> None:
    page = read_page(planted)
    seen = r"from severity [\d.]+ on"
    holm = "After Holm's correction over 3 violations, "
    falls = "Its score falls further with severity for"
    page_test = "by Page's test after the same correction"
    assert re.search(
        f"{holm}The Seer sees ghost {seen}, vanishing {seen} and too little gravity {seen}. {falls} 3 of 3 "
        rf"violations \(ghost, vanishing and too little gravity\), {page_test}\.",
        page,
    )
    assert re.search(
        f"{holm}gravity eye sees too little gravity {seen}; no order is shown for ghost and vanishing. "
        rf"{falls} 1 of 3 violations \(too little gravity\), {page_test}\.",
        page,
    )
    assert (
        f"{holm}coin is shown to see none; no order is shown for ghost, vanishing and too little gravity. "
        f"{falls} 0 of 3 violations, {page_test}."
    ) in page
    trend = read(planted, "trend").set_index(["scorer", "violation"])
    assert trend.loc["flat", "threshold"].isna().all()


def test_a_judge_that_tells_no_pair_apart_is_said_to_once(planted: Path) -> None:
    """Not again by violation: of series of several pairs there are fewer than of tied pairs."""
    page = read_page(planted)
    assert "flat cannot tell the clips of any pair apart" in page
    assert "flat is shown to see" not in page
    assert "flat sees" not in page


def test_the_fooled_judge_and_its_false_alarm_are_said(planted: Path) -> None:
    page = read_page(planted)
    assert "False alarm: blur eye prefers the right clip to the control blurred" in page
    assert "No false alarm on 2 controls is shown for The Seer, gravity eye" in page
    about = "at equal quality (sharpness, warping and contrast)"
    assert f"blur eye {about}: the drop is not shown any more" in page
    assert f"The Seer {about}: the drop stays" in page
    assert f"coin {about}: there is no drop to explain" in page
    assert "What quality explains of flat cannot be told: the drop is the same in all pairs" in page


def test_what_is_missing_is_counted_and_said(planted: Path) -> None:
    page = read_page(planted)
    missing = read(planted, "missing").set_index(["scorer", "violation"])
    row = missing.loc[("seer", "ghost")]
    assert row[["n_pairs", "n_unscored", "n_wrong_unscored", "n_no_twin"]].tolist() == [57, 4, 4, 3]
    assert "The Seer could not score every pair: 4 of 57 of ghost are missing" in page
    assert "11 wrong clips have no right twin" in page
    assert "2 scored videos are not among the clips" in page
    counts = read(planted, "counts").set_index("violation")
    assert counts.loc["ghost", ["n_wrong", "n_no_twin", "n_prompts"]].tolist() == [60, 3, 10]


def test_the_findings_carry_the_tables_numbers(planted: Path) -> None:
    page = read_page(planted)
    row = read(planted, "scores").set_index("scorer").loc["seer"]
    share = f"{row['estimate']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
    assert f"in {share} of pairs (n = 167 pairs, 10 prompts)" in page
    assert row["n_pairs"] == 3 * 57 - 4
    assert f"{100 * row['estimate']:.1f} %" in page
    assert "right order for 3 of 3 laws" in page
    assert not re.search(r"\bnan\b", page)
    quantities = set(pd.read_csv(planted / "estimates.csv")["quantity"])
    assert {"paired_auc", "severity_tau", "unscored_share", "drop_at_equal_quality"} <= quantities


def test_figures_tables_and_clips_are_there(planted: Path) -> None:
    for name in ("laws", "severities", "quality"):
        assert (planted / "figures" / f"detection_{name}.png").stat().st_size > 5000
    listed = read(planted, "clips")
    assert listed.groupby("scorer", sort=False).size().index[0] == "seer"
    assert "flat" not in set(listed["scorer"])
    # the seer has every pair in the right order: its clips are those of four such pairs
    assert len(list((planted / "clips").glob("detection_clips_*.mp4"))) == 8
    assert "right clip, in the right order" in read_page(planted)


def test_one_judge_alone_without_metrics_controls_or_paths(tmp_path: Path) -> None:
    clips = make_clips(n_scenes=6, n_seeds=1)
    elsewhere = clips["violation"].eq("ghost") & clips["scene"].ne("scene00")
    clips = clips[clips["kind"].ne("control") & ~elsewhere]
    wrong = clips["kind"].eq("violation").to_numpy()
    # the greatest severity of weak gravity is unscored: from which on it is seen is not known
    unscored = (clips["violation"].eq("weak_gravity") & clips["severity"].eq(1)).to_numpy()
    answers = np.where(unscored, np.nan, np.where(wrong, 2.0, 4.0))
    folder = run(
        tmp_path / "r", clips, make_scores(clips, "judge", answers), panels="law", clips=0, confidence=0.9
    )
    laws = read(folder, "laws")
    assert laws["estimate"].eq(1).all()
    # gravitation and mass in six prompts, solidity in one
    assert laws["low"].tolist() == pytest.approx([0.05 ** (1 / 6)] * 2 + [np.nan], nan_ok=True)
    assert laws["p_holm"].tolist() == pytest.approx([2 * 2**-5] * 2 + [np.nan], nan_ok=True)
    assert laws["verdict"].tolist() == ["right order"] * 2 + ["too few prompts"]
    assert read(folder, "severities").columns[2] == "law"
    assert read(folder, "controls").empty
    assert not (folder / "tables" / "detection_quality.csv").exists()
    page = read_page(folder)
    assert re.search("and gravitation [^;]* and too few prompts to tell for solidity 1.00", page)
    assert "right order for 2 of 2 laws that can be told" in page
    assert (
        "After Holm's correction over 2 laws, judge sees conservation of mass from severity 0.25 on and "
        "gravitation (from which severity on is not shown); there are too few prompts to tell for solidity. "
        "Its score falls further with severity for 0 of 1 law, by Page's test after the same correction; "
        "of 2 that cannot be told."
    ) in page
    assert "alse alarm:" not in page
    assert "No false alarm" not in page


def test_a_judge_asked_in_few_prompts_is_not_said_to_see_nothing(tmp_path: Path) -> None:
    clips = make_clips(n_scenes=4, n_seeds=1)
    answers = np.where(clips["kind"].eq("violation"), 2.0, 4.0)
    page = read_page(run(tmp_path / "r", clips, make_scores(clips, "judge", answers), clips=0))
    assert (
        "What judge sees cannot be told: there are too few prompts of ghost, vanishing and weak gravity."
        in page
    )
    assert "Whether a control is a false alarm of judge cannot be told: there are too few prompts." in page
    assert "right order for 0 of 0 laws that can be told" in page
    assert "not shown" not in page.split("Findings")[-1]
    assert "No false alarm" not in page


def test_metrics_alone_are_shown_and_explain_nothing(tmp_path: Path, rng: np.random.Generator) -> None:
    clips = make_clips(n_scenes=6, n_seeds=1)
    values = -clips["severity"].to_numpy() + 0.01 * rng.normal(size=len(clips))
    folder = run(tmp_path / "r", clips, make_scores(clips, "sharpness", values, "sharpness"))
    assert "sharpness prefers the right clip in 1.00" in read_page(folder)
