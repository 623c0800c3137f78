"""The notebooks of annotation, on answers that were really logged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.annotation.made_tasks import send, write_videos
from videophy_lab.annotation import Project, make_task
from videophy_lab.annotation.order import QUALIFICATION
from videophy_lab.report import run_report

PARAMS = """\
title: An annotation
parameters: {pay_per_hour: 18}
notebooks:
  - {notebook: annotate, parameters: {videos: videos, qualification: known.csv, tasks: [pc, sa], mturk: batch,
     video_addresses: "https://videos.example.org"}}
  - {notebook: annotators, parameters: {ratings: ratings.answers, save: combined, n_resamples: 50}}
"""
# Ada and Bob see the same, Cem answers by the throw of a coin and fails the test
PEOPLE = {"Ada": 0.0, "Bob": 0.4, "Cem": 9.0}


def answer_all(project: Project, name: str, noise: float) -> None:
    """Answer everything, with noise around what is to be seen."""
    chance = np.random.default_rng(len(name) + int(noise))
    session = project.open_session(name)
    for turn in session.turns:
        video = turn.item.videos[0]
        true = 1 + sum(map(ord, video.split("/")[1])) % 5
        value = int(np.clip(round(true + noise * chance.normal()), 1, 5))
        if turn.block == QUALIFICATION:
            value = 5 if name == "Cem" else 1
        send(session, turn.item.item_id, turn.item.kind, value, seconds=10.0)
        if turn.block == QUALIFICATION and name == "Cem":
            # the test is over for this one, whose work is from before there was a test
            return


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("annotated") / "mine"
    write_videos(folder / "videos", n_prompts=6)
    before = Project(
        make_task(folder / "videos", tasks=["pc", "sa"], attention_every=0), folder / "ratings.csv"
    )
    answer_all(before, "Cem", PEOPLE["Cem"])
    known = [{"video_id": before.task.clips[0].video_id, "task": "pc", "rating": 1}]
    pd.DataFrame(known).to_csv(folder / "known.csv", index=False)
    task = make_task(folder / "videos", tasks=["pc", "sa"], qualification=folder / "known.csv")
    project = Project(task, folder / "ratings.csv")
    for name, noise in PEOPLE.items():
        answer_all(project, name, noise)
    (folder / "params.yaml").write_text(PARAMS, encoding="utf-8")
    run_report(folder, progress=False)
    return folder


def test_the_task_and_its_progress_are_counted(report: Path) -> None:
    items = pd.read_csv(report / "tables" / "annotate_items.csv")
    assert items.set_index(["role", "kind"])["n_items"].to_dict() == {
        ("work", "pc"): 12,
        ("work", "sa"): 12,
        ("qualification", "pc"): 1,
    }
    progress = pd.read_csv(report / "tables" / "annotate_progress.csv").set_index("annotator")
    assert progress["n_done"].to_dict() == {"Ada": 25, "Bob": 25, "Cem": 25}
    assert progress["qualified"].to_dict() == {"Ada": True, "Bob": True, "Cem": False}
    assert (report / "batch" / "sa.html").is_file()
    assert len(pd.read_csv(report / "batch" / "pc.csv")) == 13


def test_who_is_not_to_be_trusted_is_named(report: Path) -> None:
    flags = pd.read_csv(report / "tables" / "annotators_flags.csv").set_index("annotator")["reason"]
    assert "0 % of the qualification right" in flags["Cem"]
    described = pd.read_csv(report / "tables" / "annotators_annotators.csv")
    correlations = described.groupby("annotator")["rater_rest_correlation"].min()
    assert correlations["Ada"] > correlations["Cem"]
    assert set(described["median_seconds"]) == {10}
    for name in ("annotators", "qualification"):
        assert (report / "figures" / f"annotators_{name}.png").stat().st_size > 1000


def test_one_rating_a_video_is_ready_for_the_other_notebooks(report: Path) -> None:
    combined = pd.read_csv(report / "combined.csv")
    assert set(combined["n_annotators"]) == {3}
    assert len(combined) == 24
    ratings = pd.read_csv(report / "ratings.csv")
    first = ratings[ratings["video_id"].eq(combined["video_id"][0]) & ratings["task"].eq(combined["task"][0])]
    assert combined["rating"][0] == pytest.approx(first["rating"].mean())
    disputed = pd.read_csv(report / "tables" / "annotators_adjudication.csv")
    assert (
        disputed.groupby("task")["minority"]
        .apply(list)
        .apply(lambda shares: shares == sorted(shares)[::-1])
        .all()
    )


def test_estimates_costs_and_findings_stand_on_the_page(report: Path) -> None:
    estimates = pd.read_csv(report / "estimates.csv")
    assert {"share_right", "alpha_ordinal", "exact_agreement"} <= set(estimates["quantity"])
    pay = pd.read_csv(report / "tables" / "annotators_pay.csv").set_index("kind")
    assert pay.loc["sa", "pay"] == pytest.approx(18 * 12 * 3 * 10 / 3600)
    page = (report / "index.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    for text in (
        "Cem is kept, but look",
        "ordinal α of",
        "On Mechanical Turk",
        "Ada has done 25 of 25 items",
    ):
        assert text in page
