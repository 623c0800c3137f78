"""What comes back from Amazon Mechanical Turk: answers become ratings, the others are named with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.annotation.made_batches import read_rows, write_batches, write_results
from tests.annotation.made_tasks import RULES, make_clip
from videophy_lab.annotation import (
    Item,
    Rule,
    Task,
    TaskError,
    export_mturk,
    import_mturk,
    write_review,
)
from videophy_lab.schema import check_table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_batches(tmp_path)


def plain(worker: str, row: dict) -> dict:
    return {"Answer.pc": "4" if worker == "W1" else "2"}


def buttons(worker: str, row: dict) -> dict:
    value = "4" if worker == "W1" else "2"
    return {f"Answer.pc.{n}": "true" if str(n) == value else "false" for n in range(1, 6)}


def task_answers(worker: str, row: dict) -> dict:
    value = "4" if worker == "W1" else "2"
    return {"Answer.taskAnswers": json.dumps([{"pc": {str(n): str(n) == value for n in range(1, 6)}}])}


@pytest.mark.parametrize("form", [plain, buttons, task_answers])
def test_results_come_back_as_ratings_in_every_form(folder: Path, tmp_path: Path, form: object) -> None:
    results = import_mturk(write_results(tmp_path / "results.csv", folder / "pc.csv", form))
    collected = results.collected
    ratings = check_table(collected.ratings, "ratings")
    assert ratings.set_index(["annotator", "generator"])["rating"].to_dict() == {
        ("W1", "wan"): 4, ("W1", "sora"): 4, ("W2", "wan"): 2, ("W2", "sora"): 2,
    }  # fmt: skip
    assert set(ratings["seconds"]) == {42}
    assert set(ratings["given_at"]) == {"2025-02-10T18:00:00.000Z"}
    assert collected.checks.set_index("annotator")["right"].to_dict() == {"W1": 0, "W2": 1}
    assert (results.refused, results.n_assignments) == ((), 6)


def test_rules_and_what_workers_add_come_back(folder: Path, tmp_path: Path) -> None:
    given = {
        "rule_1": {"0": False, "1": True, "2": False},
        "rule_2": {"0": True, "1": False, "2": False},
        "more": " It  melts,\r\nthen flows. ",
    }
    path = write_results(
        tmp_path / "r.csv",
        folder / "rule.csv",
        lambda worker, row: {"Answer.taskAnswers": json.dumps([given])},
        ("W1",),
    )
    collected = import_mturk(path).collected
    assert collected.ratings.groupby("rule_id")["rating"].first().to_dict() == {"r1": 1, "r2": 0}
    assert set(collected.ratings["rule"]) == {rule.text for rule in RULES}
    assert set(collected.ratings["law"].dropna()) == {"gravity"}
    assert set(collected.ratings["seconds"]) == {21}
    assert list(collected.violations["violation"]) == ["It  melts,\nthen flows."] * 2


@pytest.mark.parametrize("rule_id", ["R&1", 'a  <b> $ "c"\n\U0001f980', "&amp;"])
def test_names_of_rules_come_back_as_they_were(tmp_path: Path, rule_id: str) -> None:
    clip, rule = make_clip("wan", 1), Rule(rule_id=rule_id, text="a & b")
    asked = {"kind": "rule", "videos": (clip.video_id,), "rules": (rule,)}
    work = Item(item_id="rule:1", **asked)
    known = Item(item_id="qualification:rule:1", role="qualification", expected={rule_id: 1}, **asked)
    urls = {clip.video_id: "https://x.example/1.mp4"}
    export_mturk(Task(clips=(clip,), items=(work, known)), tmp_path, urls=urls)
    assert len((tmp_path / "rule.csv").read_text(encoding="utf-8").splitlines()) == 3
    path = write_results(
        tmp_path / "r.csv", tmp_path / "rule.csv", lambda worker, row: {"Answer.rule_1": "1"}, ("W1",)
    )
    results = import_mturk(path)
    assert results.refused == ()
    assert results.collected.ratings["rule_id"].tolist() == [rule_id.strip()]
    assert results.collected.checks[["rule_id", "right"]].to_numpy().tolist() == [[rule_id, 1]]


@pytest.mark.parametrize(
    "form",
    [
        {"Answer.problem": "true"},
        {"Answer.problem.on": "true"},
        {"Answer.taskAnswers": '[{"problem": true}]'},
        {"Answer.taskAnswers": '[{"problem": {"on": true}, "pc": {"4": true}}]'},
    ],
)
def test_a_video_that_cannot_be_judged_is_reported_not_guessed(
    folder: Path, tmp_path: Path, form: dict
) -> None:
    path = write_results(
        tmp_path / "r.csv",
        folder / "pc.csv",
        lambda worker, row: form if row["role"] == "work" and "wan" in row["item_id"] else plain("W1", row),
        ("W1",),
    )
    results = import_mturk(path)
    assert results.refused == ()
    assert results.collected.ratings["generator"].tolist() == ["sora"]
    assert results.collected.problems[["generator", "kind", "problem"]].to_numpy().tolist() == [
        ["wan", "pc", "cannot be judged"]
    ]
    assert results.collected.problems["seconds"].tolist() == [42]


@pytest.mark.parametrize("off", [{"Answer.problem": "false"}, {"Answer.problem.on": "false"},
                                 {"Answer.taskAnswers": '[{"problem": false}]'}])  # fmt: skip
def test_a_box_that_is_not_ticked_says_nothing(folder: Path, tmp_path: Path, off: dict) -> None:
    path = write_results(
        tmp_path / "r.csv", folder / "pc.csv", lambda worker, row: plain("W1", row) | off, ("W1",)
    )
    collected = import_mturk(path).collected
    assert (len(collected.ratings), len(collected.problems)) == (2, 0)


def test_a_batch_that_is_imported_twice_counts_once(folder: Path, tmp_path: Path) -> None:
    path = write_results(tmp_path / "r.csv", folder / "pc.csv", plain)
    results = import_mturk(path, path)
    assert (len(results.collected.ratings), results.collected.n_repeated) == (4, 6)


def test_sides_of_pairs_are_put_back(folder: Path, tmp_path: Path) -> None:
    path = write_results(
        tmp_path / "r.csv", folder / "pair_pc.csv", lambda worker, row: {"Answer.pair_pc": "left"}, ("W1",)
    )
    row = read_rows(folder / "pair_pc.csv")[0]
    assert import_mturk(path).collected.pairs["preferred"].tolist() == [row["sides"][0]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"AssignmentStatus": "Rejected"}, "rejected, no reason is given"),
        ({"AssignmentStatus": "Rejected", "RequesterFeedback": " too fast "}, "rejected: too fast"),
        ({"Answer.pc": ""}, "it has no answer"),
        ({"Answer.pc": "9"}, "its answer is '9'; allowed: 5, 4, 3, 2, 1"),
        ({"Answer.pc": "", "Answer.pc.1": "true", "Answer.pc.2": "true"}, "it has no answer"),
        ({"Answer.pc": "", "Answer.taskAnswers": "{"}, "no JSON"),
        ({"WorkerId": " "}, "names no worker"),
        ({"Input.kind": "beauty"}, "is unknown"),
        ({"Input.videos": "torn"}, "its videos are no JSON"),
        ({"Input.videos": "[1]"}, "its videos are [1]"),
        ({"Input.videos": "{}"}, "its videos are {}"),
        ({"Input.videos": "7"}, "its videos are 7"),
        ({"Input.videos": '[["a", "b"]]'}, "its videos are"),
        ({"Input.expected": "torn"}, "its known answers are no JSON"),
        ({"Input.expected": "[1]"}, "its known answers are [1]"),
        ({"Input.expected": '{"pc": 2, "tolerance": "x"}'}, "its tolerance is 'x'"),
        ({"Input.role": "qualification"}, "its known answer is missing"),
        ({"Input.item_id": ""}, "its item_id is ''"),
    ],
)
def test_an_assignment_that_does_not_count_is_named_with_the_reason(
    folder: Path, tmp_path: Path, change: dict, reason: str
) -> None:
    def give(worker: str, row: dict) -> dict:
        return {"Answer.pc": "3"} | (change if row["role"] == "work" and "wan" in row["item_id"] else {})

    results = import_mturk(write_results(tmp_path / "r.csv", folder / "pc.csv", give, ("W1",)))
    assert len(results.refused) == 1
    assert reason in results.refused[0][2]
    assert list(results.collected.ratings["generator"]) == ["sora"]


def test_who_is_approved_is_written_into_the_results(folder: Path, tmp_path: Path) -> None:
    results = write_results(tmp_path / "r.csv", folder / "pc.csv", plain)
    assert write_review(results, tmp_path / "reviewed.csv", rejected={"W2": "the video was not opened"}) == 3
    reviewed = pd.read_csv(tmp_path / "reviewed.csv", keep_default_na=False)
    assert set(reviewed.loc[reviewed["WorkerId"].eq("W1"), "Approve"]) == {"x"}
    assert set(reviewed.loc[reviewed["WorkerId"].eq("W2"), "Reject"]) == {"the video was not opened"}
    again = import_mturk(tmp_path / "reviewed.csv")
    assert (len(again.refused), set(again.collected.ratings["annotator"])) == (3, {"W1"})
    with pytest.raises(TaskError, match="'W9' is no worker"):
        write_review(results, tmp_path / "other.csv", rejected={"W9": "nobody"})


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "AssignmentId,WorkerId\nA,W\n"])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(TaskError, match="give the results file of a batch"):
        import_mturk(tmp_path / "r.csv")
