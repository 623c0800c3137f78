"""What the page tells annotators and what is collected of them agree, wherever their answers lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.annotation.made_tasks import make_clip, make_items, make_small_task, make_test, send
from tests.annotation.test_log import make_answer
from videophy_lab import study
from videophy_lab.annotation import Project, Task, collect, count_progress
from videophy_lab.annotation.log import Log
from videophy_lab.annotation.session import Session


def put_away(session: Session, name: str) -> Path:
    """Leave a copy of a session's log only, as synchronisation of two machines may do."""
    return session.log.path.rename(session.log.path.with_name(name))


def test_what_stands_in_a_copy_only_is_not_asked_again(tmp_path: Path) -> None:
    task = make_small_task()
    first = Session(task, tmp_path, "Ada")
    send(first, "pc:wan/00a0/0", "pc", 4)
    send(first, "pc:wan/00a1/0", "pc", 2)
    before = put_away(first, "Ada (conflict).jsonl").read_bytes()
    send(Session(task, tmp_path, "Bob"), "pc:wan/00a2/0", "pc", 1)
    again = Session(task, tmp_path, "Ada")
    assert [row[2] for row in again.open()["answers"]] == [4, 2]
    assert again.count_done() == (2, 18)
    reply = send(again, "pc:wan/00a2/0", "pc", 5, seen=2)
    assert [row[2] for row in reply["answers"]] == [5]
    assert (tmp_path / "Ada (conflict).jsonl").read_bytes() == before
    assert len(again.log.path.read_bytes().splitlines()) == 1
    assert sorted(collect(tmp_path).ratings.query("annotator == 'Ada'")["rating"]) == [2, 4, 5]


def test_a_copy_that_comes_or_grows_later_is_read_and_repeats_nothing(tmp_path: Path) -> None:
    log = Log(tmp_path, "Ada")
    log.append(make_answer(1))
    copy = tmp_path / "Ada copy.jsonl"
    copy.write_bytes(log.path.read_bytes())
    assert len(log.refresh()) == 1
    other = Log(tmp_path / "elsewhere", "Ada")
    other.append(make_answer(2))
    # the end of the line is not there yet, or never will be
    copy.write_bytes(log.path.read_bytes() + other.path.read_bytes().rstrip(b"\n"))
    assert [answer["answer_id"] for answer in log.refresh()] == ["answer-00001", "answer-00002"]
    assert not log.append(make_answer(2))
    other.append(make_answer(3))
    # shorter than before
    copy.write_bytes(other.path.read_bytes().splitlines(keepends=True)[1])
    assert len(log.refresh()) == 3
    assert log.unread == 0


def test_what_is_torn_in_a_copy_spoils_nothing(tmp_path: Path) -> None:
    log = Log(tmp_path, "Ada")
    (tmp_path / "torn.jsonl").write_bytes(b'{"answer_id": "answer-9\n\xff\xfe\n')
    log.append(make_answer(1))
    assert (len(log.refresh()), log.unread) == (1, 0)


def make_gated(folder: Path) -> Project:
    """Make a task with a test of two questions about physics and two rules."""
    clips = [make_clip("wan", n) for n in range(4)]
    tests = (make_test(clips[1], 1), make_test(clips[2], 2), make_test(clips[3], 1, "rule"))
    items = (*make_items(clips[:1]), *tests)
    return Project(Task(clips=tuple(clips), items=items, pass_share=0.5), folder / "ratings.csv")


NOT_SHOWN = {"shown": False}
RULE, PC = "qualification:rule:wan/00a3/0", "qualification:pc:wan/00a{}/0"
BOTH = [(PC.format(1), "pc", 1, {}), (PC.format(2), "pc", 5, {})]


@pytest.mark.parametrize(
    ("given", "right", "asked"),
    [
        ([*BOTH, (RULE, "r1", 1, {}), (RULE, "r2", 0, {})], 2, 4),
        ([*BOTH, (RULE, "problem", "cannot be judged", {})], 1, 4),
        ([*BOTH, (RULE, "r1", 1, {}), (RULE, "problem", "cannot be judged", {})], 1, 4),
        ([*BOTH, (RULE, "problem", "not shown", NOT_SHOWN)], 1, 2),
        ([(RULE, "problem", "cannot be judged", {}), (RULE, "problem", "", {}), (RULE, "r1", 1, {}),
          (PC.format(1), "problem", "no", {}), (PC.format(2), "problem", "no", NOT_SHOWN),
          (RULE, "r2", 1, {})], 2, 3),
    ],
)  # fmt: skip
def test_the_share_that_is_collected_is_that_of_the_page(
    tmp_path: Path, given: list, right: int, asked: int
) -> None:
    project = make_gated(tmp_path)
    session = project.open_session("Ada")
    for item, question, value, more in given:
        gate = send(session, item, question, value, **more)["gate"]
    assert (gate["right"], gate["asked"], gate["answered"]) == (right, asked, asked)
    checks = project.collect().checks
    assert (int(checks["right"].sum()), len(checks)) == (right, asked)
    assert checks["expected"].notna().all()
    assert checks.loc[checks["task"].eq("rule"), "rule_id"].notna().all()
    row = study.qualify_annotators(checks, needed=project.task.pass_share).iloc[0]
    assert (row["estimate"], row["n_answers"]) == (right / asked, asked)
    assert bool(row["qualified"]) == gate["passed"]
    assert count_progress(project)["qualified"].tolist() == [gate["passed"]]
    # and also where only a copy of the log is left
    put_away(session, "copy.jsonl")
    assert Session(project.task, project.folder, "Ada").grade() == gate
