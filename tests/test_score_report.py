"""The notebook of a scoring run, on real files and the judges that need no published weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

import videophy_lab as lab
from tests.conftest import GOLDEN
from videophy_lab.report import run_report

PARAMS = """\
title: A scoring run
parameters: {videos: videos, scores: run, ratings: ratings.csv, n_extremes: 2}
notebooks: [score]
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scored") / "mine"
    for generator in ("wan", "sora"):
        shutil.copytree(GOLDEN / "videos", folder / "videos" / generator)
    files = sorted((folder / "videos").rglob("*.mp4"))
    lines = [f"{path.relative_to(folder / 'videos').as_posix()},Caption of {path.stem}." for path in files]
    (folder / "videos" / "captions.csv").write_text("\n".join(["file,caption", *lines]), encoding="utf-8")
    (folder / "params.yaml").write_text(PARAMS, encoding="utf-8")
    videos = lab.load_videos(folder / "videos")
    rated = videos[["video_id", "prompt_id", "generator"]].merge(
        pd.DataFrame({"task": ["sa", "pc"]}), "cross"
    )
    rated.assign(rating=[1 + n % 5 for n in range(len(rated))]).to_csv(folder / "ratings.csv", index=False)
    rules = videos[["prompt_id"]].drop_duplicates().assign(rule_id="r1", rule="It falls.")
    with pytest.warns(UserWarning, match="same sha256"):
        lab.score(
            folder / "videos",
            ["autoeval", "sharpness", "random"],
            out=folder / "run",
            rules=rules,
            options={"checkpoint": GOLDEN / "autoeval" / "checkpoint", "device": "cpu"},
            progress=False,
        )
    run_report(folder, progress=False)
    return folder


def test_every_question_is_counted(report: Path) -> None:
    counts = pd.read_csv(report / "tables" / "score_counts.csv")
    n_files = len(list((GOLDEN / "videos").glob("*.mp4")))
    broken = len(list((GOLDEN / "videos").glob("broken*.mp4")))
    assert set(counts["n_videos"]) == {n_files}
    assert (counts["n_questions"] == n_files).all()
    assert (counts[["n_ok", "n_unscored", "n_failed"]].sum(axis=1) == n_files).all()
    assert (counts["n_failed"] == broken).all()
    assert set(zip(counts["scorer"], counts["task"], strict=True)) == {
        ("autoeval", "sa"),
        ("autoeval", "pc"),
        ("autoeval", "rule"),
        ("random", "sa"),
        ("random", "pc"),
        ("random", "rule"),
        ("sharpness", "sharpness"),
    }
    reasons = pd.read_csv(report / "tables" / "score_reasons.csv")
    assert reasons.loc[reasons["status"].eq("failed"), "n_questions"].sum() == counts["n_failed"].sum()


def test_means_are_estimates_over_the_usable_scores(report: Path) -> None:
    scores = lab.load_scores(report / "run", on_collision="ignore")
    means = pd.read_csv(report / "estimates.csv")
    sharp = scores[scores["scorer"].eq("sharpness") & scores["status"].eq("ok")]
    row = means[means["scorer"].eq("sharpness") & means["generator"].eq("wan")].iloc[0]
    of_wan = sharp[sharp["video_id"].str.startswith("wan/")]
    assert row["estimate"] == pytest.approx(of_wan["score"].mean())
    assert row["n_videos"] == len(of_wan)
    assert row["low"] < row["estimate"] < row["high"]


def test_the_expected_answers_and_the_extremes_are_shown(report: Path) -> None:
    expected = pd.read_csv(report / "tables" / "score_expected.csv")
    assert {"autoeval", "random"} == set(expected["scorer"])
    extremes = pd.read_csv(report / "tables" / "score_extremes.csv")
    assert list(extremes["end"]) == ["lowest"] * 2 + ["highest"] * 2
    assert extremes["score"].iloc[:2].max() <= extremes["score"].iloc[2:].min()
    calibration = pd.read_csv(report / "tables" / "score_calibration.csv")
    n_usable = len([path for path in (GOLDEN / "videos").glob("*.mp4") if not path.name.startswith("broken")])
    totals = calibration.groupby(["scorer", "rating_task"])["n_videos"].sum()
    assert totals["autoeval"].tolist() == [2 * n_usable] * 2
    for name in ("distributions", "expected", "calibration", "contact_sheet"):
        assert (report / "figures" / f"score_{name}.png").stat().st_size > 1000


def test_the_findings_say_what_was_answered_and_why_the_rest_was_not(report: Path) -> None:
    items = json.loads((report / "provenance.json").read_text(encoding="utf-8"))
    assert items
    page = (report / "index.html").read_text(encoding="utf-8")
    assert "sharpness answered" in page
    assert "The commonest reason why sharpness gave no score: the file" in page
