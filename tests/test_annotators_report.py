"""The notebooks of annotation, on answers that were really logged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.annotation.made_tasks import send, write_videos
from videophy_lab.annotation import Project, make_task
from videophy_lab.annotation.order import QUALIFICATION
from videophy_lab.annotation.task import Item
from videophy_lab.report import run_report

PARAMS = """\
title: An annotation
parameters: {pay_per_hour: 18}
notebooks:
  - {notebook: annotate, parameters: {videos: videos, qualification: known.csv, tasks: [pc, sa, rule],
     rules: rules.csv, mturk: batch, video_addresses: "https://videos.example.org"}}
  - {notebook: annotators, parameters: {ratings: ratings.answers, save: combined}}
"""
BEFORE = """\
title: Before anybody has rated
parameters: {pay_per_hour: 18}
notebooks:
  - {notebook: annotate, parameters: {videos: ../mine/videos, tasks: [pc, sa], mturk: batch,
     assumed_seconds: {pc: 30, sa: 60}, video_addresses: "https://videos.example.org"}}
"""
# Ada and Bob see the same, Cem answers by the throw of a coin and fails the test; Bob leaves some out
PEOPLE = {"Ada": 0.0, "Bob": 0.4, "Cem": 9.0}
FORMULA = "=1+1 plates; the cup melts"


@dataclass
class Spent:
    """What people have done, counted apart from the logs."""

    seconds: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    done: Counter[tuple[str, str]] = field(default_factory=Counter)

    def mean(self, kind: str) -> float:
        return float(np.mean([seconds for (of, _, _), seconds in self.seconds.items() if of == kind]))

    def count_done(self, kind: str) -> int:
        return sum(times for (of, _), times in self.done.items() if of == kind)


def choose_number(text: str) -> int:
    return sum(map(ord, text))


def answer_item(session: object, item: Item, name: str, value: int, spent: Spent | None) -> None:
    """Answer an item; Ada thinks twice about some, reports one, and adds to another."""
    number = choose_number(item.item_id)

    def give(question: str, given: object, seconds: float) -> None:
        send(session, item.item_id, question, given, seconds=seconds)
        if spent is not None and item.role == "work":
            spent.seconds[item.kind, item.item_id, name] += seconds

    if name == "Ada" and item.item_id.startswith("sa:") and item.item_id.endswith("v0"):
        give("problem", "black picture", 11.0)
    elif item.kind == "rule":
        for question in item.questions:
            give(question, {"Ada": 1, "Bob": 0, "Cem": 2}[name] if number % 2 else 1, 4.0 + number % 7)
        if name == "Ada":
            give("more", FORMULA, 60.0)
    else:
        if name == "Ada" and number % 3 == 0:
            give(item.kind, 6 - value, 7.0)
        give(item.kind, value, 5.0 + number % 20)
    if spent is not None and item.role == "work":
        spent.done[item.kind, item.item_id] += 1


def answer_all(project: Project, name: str, noise: float, spent: Spent | None) -> None:
    """Answer everything, with noise around what is to be seen."""
    chance = np.random.default_rng(len(name) + int(noise))
    session = project.open_session(name)
    for turn in session.turns:
        video = turn.item.videos[0]
        true = 1 + choose_number(video.split("/")[1]) % 5
        value = int(np.clip(round(true + noise * chance.normal()), 1, 5))
        if turn.block == QUALIFICATION:
            value = 5 if name == "Cem" else 1
        if turn.item.role == "work" and name == "Bob" and choose_number(turn.item.item_id) % 4 == 0:
            continue
        if turn.item.role == "attention":
            value = int(turn.item.expected["pc"])
        answer_item(session, turn.item, name, value, spent)
        if turn.block == QUALIFICATION and name == "Cem":
            # the test is over for this one, whose work is from before there was a test
            return


@pytest.fixture(scope="module")
def spent() -> Spent:
    return Spent()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, spent: Spent) -> Path:
    folder = tmp_path_factory.mktemp("annotated") / "mine"
    write_videos(folder / "videos", n_prompts=6)
    clips = make_task(folder / "videos", tasks=["pc"], attention_every=0).clips
    rules = [(clip.video_id, f"r{n}", f"Rule {n} holds.", "gravity") for clip in clips[:4] for n in (1, 2)]
    pd.DataFrame(rules, columns=["video_id", "rule_id", "rule", "law"]).to_csv(
        folder / "rules.csv", index=False
    )
    asked = {"tasks": ["pc", "sa", "rule"], "rules": folder / "rules.csv"}
    before = Project(make_task(folder / "videos", attention_every=0, **asked), folder / "ratings.csv")
    answer_all(before, "Cem", PEOPLE["Cem"], spent)
    known = [{"video_id": clips[0].video_id, "task": "pc", "rating": 1}]
    pd.DataFrame(known).to_csv(folder / "known.csv", index=False)
    task = make_task(folder / "videos", qualification=folder / "known.csv", **asked)
    project = Project(task, folder / "ratings.csv")
    for name, noise in PEOPLE.items():
        answer_all(project, name, noise, spent)
    log = next(project.folder.glob("Bob-*.jsonl"))
    log.with_name("Bob (conflict).jsonl").write_bytes(log.read_bytes() + b"torn\n")
    (folder / "params.yaml").write_text(PARAMS, encoding="utf-8")
    run_report(folder, progress=False)
    return folder


def read_page(folder: Path) -> str:
    return (folder / "index.html").read_text(encoding="utf-8").replace("\u00a0", " ")


def test_the_task_and_its_progress_are_counted(report: Path, spent: Spent) -> None:
    items = pd.read_csv(report / "tables" / "annotate_items.csv")
    assert items.set_index(["role", "kind"])["n_items"].to_dict() == {
        ("work", "pc"): 12,
        ("work", "sa"): 12,
        ("work", "rule"): 4,
        ("qualification", "pc"): 1,
    }
    progress = pd.read_csv(report / "tables" / "annotate_progress.csv").set_index("annotator")
    done = {name: len({item for _, item, who in spent.seconds if who == name}) for name in PEOPLE}
    assert progress["n_done"].to_dict() == {name: count + 1 for name, count in done.items()}
    assert done["Ada"] == done["Cem"] == 28
    assert done["Bob"] < 28
    assert progress["qualified"].to_dict() == {"Ada": True, "Bob": True, "Cem": False}
    assert (report / "batch" / "sa.html").is_file()
    assert len(pd.read_csv(report / "batch" / "pc.csv")) == 13


def test_what_is_left_is_priced_at_the_time_that_was_really_spent(report: Path, spent: Spent) -> None:
    pay = pd.read_csv(report / "tables" / "annotate_pay.csv").set_index("kind")
    for kind, n_items in (("pc", 12), ("sa", 12), ("rule", 4)):
        left = 3 * n_items - spent.count_done(kind)
        assert left > 0 or kind == "rule"
        row = pay.loc[kind]
        assert (row["speed"], row["n_items"], row["n_to_pay"]) == ("measured", n_items, left)
        assert row["n_measured"] == spent.count_done(kind)
        assert row["mean_seconds"] == pytest.approx(spent.mean(kind))
        assert row["pay"] == pytest.approx(18 * left * spent.mean(kind) / 3600)
    page = read_page(report)
    for kind, n_hits in (("pc", 13), ("sa", 12), ("rule", 4)):
        assert f"On Mechanical Turk, {kind}: {n_hits} HITs × 3 people" in page


def test_before_any_rating_the_cost_is_of_the_whole_task_and_said_to_be_assumed(report: Path) -> None:
    folder = report.parent / "before"
    folder.mkdir()
    (folder / "params.yaml").write_text(BEFORE, encoding="utf-8")
    run_report(folder, progress=False)
    pay = pd.read_csv(folder / "tables" / "annotate_pay.csv").set_index("kind")
    assert pay["speed"].to_dict() == {"pc": "assumed", "sa": "assumed"}
    assert pay["n_to_pay"].to_dict() == {"pc": 36, "sa": 36}
    assert pay["pay"].to_dict() == {"pc": pytest.approx(18 * 36 * 30 / 3600), "sa": pytest.approx(10.8)}
    page = read_page(folder)
    assert "if an item takes the 30 s that are assumed" in page
    assert "On Mechanical Turk, sa: 12 HITs × 3 people" in page
    assert "(assumed speed)" in page


def test_who_is_not_to_be_trusted_is_named(report: Path, spent: Spent) -> None:
    flags = pd.read_csv(report / "tables" / "annotators_flags.csv").set_index("annotator")["reason"]
    assert "0 % (0 to 79, n = 1) of the qualification right" in flags["Cem"]
    assert "videos)" in flags["Cem"]
    described = pd.read_csv(report / "tables" / "annotators_annotators.csv")
    correlations = described.groupby("annotator")["rater_rest_correlation"].min()
    assert correlations["Ada"] > correlations["Cem"]
    for row in described.itertuples():
        own = [
            seconds
            for (kind, _, name), seconds in spent.seconds.items()
            if (kind, name) == (row.task, row.annotator)
        ]
        assert row.median_seconds == pytest.approx(np.median(own), abs=0.01)
    assert described["median_seconds"].nunique() > 1
    for name in ("annotators", "qualification"):
        assert (report / "figures" / f"annotators_{name}.png").stat().st_size > 1000


def test_one_rating_a_video_is_ready_for_the_other_notebooks(report: Path) -> None:
    combined = pd.read_csv(report / "combined.csv")
    assert set(combined["n_annotators"]) == {2, 3}
    assert combined["task"].value_counts().to_dict() == {"pc": 12, "sa": 12, "rule": 8}
    ratings = pd.read_csv(report / "ratings.csv")
    for row in combined.itertuples():
        given = ratings[ratings["video_id"].eq(row.video_id) & ratings["task"].eq(row.task)]
        if row.task == "rule":
            given = given[given["rule_id"].eq(row.rule_id)]["rating"].mode()
            assert row.rating == (given.iloc[0] if len(given) == 1 else 2)
        else:
            assert row.rating == pytest.approx(given["rating"].mean())
    assert combined.loc[combined["task"].eq("rule"), "rule"].notna().all()


def test_what_is_disputed_is_listed_rules_too(report: Path) -> None:
    disputed = pd.read_csv(report / "tables" / "annotators_adjudication.csv")
    assert {"pc", "sa", "rule"} <= set(disputed["task"])
    for _, shares in disputed.groupby("task")["minority"]:
        assert list(shares) == sorted(shares)[::-1]
    rules = disputed[disputed["task"].eq("rule")]
    assert rules["rule_id"].notna().all()
    assert {"0 1 2", "1 2"} & set(rules["ratings"])


def test_texts_are_written_letter_by_letter(report: Path) -> None:
    added = pd.read_csv(report / "ratings_violations.csv")
    assert set(added["violation"]) == {FORMULA}


def test_estimates_costs_and_findings_stand_on_the_page(report: Path, spent: Spent) -> None:
    estimates = pd.read_csv(report / "estimates.csv")
    assert {"share_right", "alpha_ordinal", "exact_agreement"} <= set(estimates["quantity"])
    exact = estimates[estimates["quantity"].eq("exact_agreement")]
    assert set(exact["task"]) == {"pc", "sa", "rule"}
    assert exact[["low", "high"]].notna().all(axis=None)
    pay = pd.read_csv(report / "tables" / "annotators_pay.csv").set_index("kind")
    assert pay.loc["sa", "pay"] == pytest.approx(18 * 12 * 3 * spent.mean("sa") / 3600)
    page = read_page(report)
    for text in (
        "Cem is kept, but look",
        "ordinal α of",
        "Ada has done 29 of 29 items",
        "1 line of the logs cannot be read as answers, such as Bob (conflict).jsonl, line",
    ):
        assert text in page
