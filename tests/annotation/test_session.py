"""Sessions: which answers are taken, what counts of several, what a browser is told and what not."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.annotation.made_tasks import (
    TRICKY,
    make_clip,
    make_items,
    make_pair,
    make_small_task,
    make_test,
    send,
)
from videophy_lab.annotation import Task
from videophy_lab.annotation.session import AnswerError, Session

WAN = "wan/00a0/0"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(make_small_task(), tmp_path, "Ada")


def test_an_answer_is_on_the_disk_when_it_was_taken(session: Session) -> None:
    reply = send(session, f"pc:{WAN}", "pc", 4)
    line = json.loads(session.log.path.read_text(encoding="utf-8"))
    assert (line["annotator"], line["value"], line["seconds"]) == ("Ada", 4, 2.5)
    assert line["videos"] == [[WAN, "00a0", "wan"]]
    assert line["given_at"] <= line["saved_at"]
    assert (reply["seen"], len(reply["answers"]), reply["gate"]) == (1, 1, None)


def test_a_browser_is_told_neither_generators_nor_paths_nor_known_answers(tmp_path: Path) -> None:
    one, other = make_clip("wan", 1, "/secret/wan.mp4"), make_clip("sora", 1, "/secret/sora.mp4")
    items = (*make_items([one, other]), make_pair(one, other), make_test(one, 2))
    session = Session(Task(clips=(one, other), items=items, attention_every=1), tmp_path, "Ada")
    text = json.dumps(session.open())
    for secret in ("wan", "sora", "00a1", "secret", "expected", "tolerance", '"role"', "qualification"):
        assert secret not in text
    asked = {item["kind"]: item for item in session.open()["items"]}
    assert asked["sa"]["caption"].endswith(TRICKY)
    assert {asked[kind]["caption"] for kind in ("pc", "rule", "pair_pc")} == {""}


def test_the_next_session_goes_on_where_the_last_one_stopped(session: Session, tmp_path: Path) -> None:
    send(session, f"pc:{WAN}", "pc", 4)
    send(session, f"rule:{WAN}", "r1", 1)
    send(session, f"rule:{WAN}", "r2", 2)
    again = Session(session.task, tmp_path, " Ada ")
    assert [row[1:3] for row in again.open()["answers"]] == [["pc", 4], ["r1", 1], ["r2", 2]]
    assert again.count_done() == (2, 18)
    assert Session(session.task, tmp_path, "Bob").count_done() == (0, 18)


def test_of_two_tabs_the_last_answer_counts_and_both_are_kept(session: Session, tmp_path: Path) -> None:
    now = 1000 * time.time()
    send(session, f"pc:{WAN}", "pc", 2, given_at=now - 1000, tab="one")
    other = Session(session.task, tmp_path, "Ada")
    send(other, f"pc:{WAN}", "pc", 5, given_at=now - 5000, tab="two")
    assert len(session.log.refresh()) == 2
    # sent later, but given before: a tab whose answers were held up
    latest = [
        row
        for row in session.open()["answers"]
        if row[3] == max(each[3] for each in session.open()["answers"])
    ]
    assert [row[2] for row in latest] == [2]


def test_a_tab_hears_what_another_has_answered(session: Session) -> None:
    first = send(session, f"pc:{WAN}", "pc", 2)
    send(session, "pc:sora/00a0/0", "pc", 3)
    reply = send(session, "pc:sora/00a1/0", "pc", 4, seen=first["seen"])
    assert [row[2] for row in reply["answers"]] == [3, 4]


def test_a_clock_that_is_ahead_wins_only_until_it_is_right(session: Session) -> None:
    ahead = 1000 * (time.time() + 86400)
    send(session, f"pc:{WAN}", "pc", 1, given_at=ahead)
    send(session, f"pc:{WAN}", "pc", 5, given_at=1000 * time.time() + 5)
    given = [answer["given_at"] for answer in session.log.answers]
    assert given[0] <= session.log.answers[0]["saved_at"]
    assert given[1] >= given[0]


@pytest.mark.parametrize(
    ("question", "value", "message"),
    [
        ("pc", 6, "'6' is no answer to 'pc'; allowed: 5, 4, 3, 2, 1"),
        ("pc", "4", "no answer"),
        ("pc", 4.0, "no answer"),
        ("pc", True, "no answer"),
        ("pc", None, "no answer"),
        ("pc", [4], "no answer"),
        ("sa", 4, "has no question 'sa'"),
        ("more", "It melts.", "has no question 'more'"),
        ("problem", "x" * 2001, "at most 2,000 characters"),
        ("problem", 3, "must be a text"),
    ],
)
def test_an_answer_that_is_none_is_refused(
    session: Session, question: str, value: object, message: str
) -> None:
    with pytest.raises(AnswerError, match=message):
        send(session, f"pc:{WAN}", question, value)
    assert not session.log.path.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"item": "0" * 16}, "no item"),
        ({"item": None}, "no item"),
        ({"answer_id": "short"}, "answer_id must be"),
        ({"answer_id": 12345678}, "answer_id must be"),
    ],
)
def test_a_message_that_is_none_is_refused(session: Session, change: dict, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        send(session, f"pc:{WAN}", "pc", 4, **change)


@pytest.mark.parametrize("odd", [-1, float("nan"), float("inf"), "long", True, None, 1e9])
def test_seconds_and_times_that_cannot_be_are_left_out(session: Session, odd: object) -> None:
    send(session, f"pc:{WAN}", "pc", 4, seconds=odd, given_at=odd)
    assert session.log.answers[0]["seconds"] is None
    assert session.log.answers[0]["given_at"].endswith("Z")


def test_a_video_that_cannot_be_judged_is_done_until_that_is_taken_back(session: Session) -> None:
    send(session, f"pc:{WAN}", "problem", "black  picture")
    assert session.log.answers[0]["value"] == "black picture"
    assert session.count_done() == (1, 18)
    send(session, f"pc:{WAN}", "problem", "")
    assert session.count_done() == (0, 18)


def test_a_pair_is_logged_by_video_not_by_side(tmp_path: Path) -> None:
    one, other = make_clip("wan", 1), make_clip("sora", 1)
    pair = make_pair(one, other)
    session = Session(Task(clips=(one, other), items=(pair,)), tmp_path, "Ada")
    shown = session.open()["items"][0]
    assert shown["videos"] == [{"a": one, "b": other}[side].key for side in shown["sides"]]
    send(session, pair.item_id, "pair_pc", "b")
    assert session.log.answers[0]["value"] == "b"
    assert session.log.answers[0]["sides"] == shown["sides"]
    with pytest.raises(AnswerError, match="allowed: a, b, tie"):
        send(session, pair.item_id, "pair_pc", "left")


def make_gated(tmp_path: Path, **options: object) -> Session:
    clips = [make_clip("wan", n) for n in range(5)]
    tests = [make_test(clip, value) for clip, value in zip(clips[1:], (1, 2, 3, 4), strict=True)]
    task = Task(clips=tuple(clips), items=(*make_items(clips[:1]), *tests), **{"pass_share": 0.75, **options})
    return Session(task, tmp_path, "Ada")


def test_the_work_begins_once_enough_of_the_test_is_right(tmp_path: Path) -> None:
    session = make_gated(tmp_path)
    with pytest.raises(AnswerError, match="the qualification comes first"):
        send(session, "pc:wan/00a0/0", "pc", 4)
    for number, value in ((1, 1), (2, 2), (3, 3)):
        gate = send(session, f"qualification:pc:wan/00a{number}/0", "pc", value)["gate"]
    assert gate == {"asked": 4, "answered": 3, "needed": 3, "right": None, "passed": None}
    gate = send(session, "qualification:pc:wan/00a4/0", "pc", 1)["gate"]
    assert gate == {"asked": 4, "answered": 4, "needed": 3, "right": 3, "passed": True}
    with pytest.raises(AnswerError, match="its answers stay as they are"):
        send(session, "qualification:pc:wan/00a4/0", "pc", 4)
    send(session, "pc:wan/00a0/0", "pc", 4)
    assert session.log.answers[0]["right"] is True


def test_the_work_never_begins_where_too_little_is_right(tmp_path: Path) -> None:
    session = make_gated(tmp_path, pass_share=0.8)
    for number in (1, 2, 3, 4):
        gate = send(session, f"qualification:pc:wan/00a{number}/0", "pc", 1)["gate"]
    assert (gate["right"], gate["needed"], gate["passed"]) == (1, 4, False)
    with pytest.raises(AnswerError, match="must be passed"):
        send(Session(session.task, tmp_path, "Ada"), "pc:wan/00a0/0", "pc", 4)


def test_what_cannot_be_judged_is_an_answer_of_the_test_and_not_the_right_one(tmp_path: Path) -> None:
    session = make_gated(tmp_path)
    for number, value in ((1, 1), (2, 2), (3, 3)):
        send(session, f"qualification:pc:wan/00a{number}/0", "pc", value)
    gate = send(session, "qualification:pc:wan/00a1/0", "problem", "cannot be judged")["gate"]
    assert gate == {"asked": 4, "answered": 3, "needed": 3, "right": None, "passed": None}
    # taken back, so that the answer counts again
    send(session, "qualification:pc:wan/00a1/0", "problem", "")
    gate = send(session, "qualification:pc:wan/00a4/0", "problem", "cannot be judged")["gate"]
    assert gate == {"asked": 4, "answered": 4, "needed": 3, "right": 3, "passed": True}


def test_a_problem_outweighs_answers_to_the_same_item_of_the_test(tmp_path: Path) -> None:
    clips = [make_clip("wan", n) for n in range(2)]
    items = (*make_items(clips[:1]), make_test(clips[1], 1, "rule"))
    session = Session(Task(clips=tuple(clips), items=items), tmp_path, "Ada")
    send(session, items[-1].item_id, "r1", 1)
    gate = send(session, items[-1].item_id, "problem", "cannot be judged")["gate"]
    assert gate == {"asked": 2, "answered": 2, "needed": 2, "right": 0, "passed": False}


def test_a_video_that_was_not_shown_is_left_out_of_the_test(tmp_path: Path) -> None:
    session = make_gated(tmp_path, pass_share=1)
    gate = send(session, "qualification:pc:wan/00a1/0", "problem", "not shown", shown=False)["gate"]
    assert gate == {"asked": 3, "answered": 0, "needed": 3, "right": None, "passed": None}
    for number in (2, 3, 4):
        gate = send(session, f"qualification:pc:wan/00a{number}/0", "pc", number)["gate"]
    assert gate == {"asked": 3, "answered": 3, "needed": 3, "right": 3, "passed": True}
    assert [answer.get("shown") for answer in session.log.answers] == [False, None, None, None]


def test_a_test_of_which_nothing_was_shown_is_neither_passed_nor_failed(tmp_path: Path) -> None:
    session = make_gated(tmp_path, pass_share=0)
    for number in (1, 2, 3, 4):
        item = f"qualification:pc:wan/00a{number}/0"
        gate = send(session, item, "problem", "not shown", shown=False)["gate"]
    assert gate == {"asked": 0, "answered": 0, "needed": 0, "right": None, "passed": None}
    with pytest.raises(AnswerError, match="the qualification comes first"):
        send(session, "pc:wan/00a0/0", "pc", 4)
    send(session, item, "problem", "")
    assert send(session, item, "pc", 4)["gate"]["passed"]


def test_an_answer_after_the_caption_was_read_says_so_in_the_log(session: Session) -> None:
    now = 1000 * time.time()
    send(session, f"pc:{WAN}", "pc", 4, given_at=now - 5000)
    send(session, "sa:sora/00a0/0", "sa", 4, given_at=now - 4000)
    # of the same prompt; of another prompt; held up in a page, but given before; a question with the caption
    send(session, f"pc:{WAN}", "pc", 5, given_at=now - 3000)
    send(session, "pc:wan/00a1/0", "pc", 5, given_at=now - 3000)
    send(session, "pc:sora/00a0/0", "pc", 5, given_at=now - 4500)
    send(session, f"sa:{WAN}", "sa", 5, given_at=now - 2000)
    send(session, f"rule:{WAN}", "r1", 1, given_at=now - 1000)
    late = [answer.get("after_caption", False) for answer in session.log.answers]
    assert late == [False, False, True, False, False, False, True]


def test_a_task_that_grows_keeps_what_was_answered(session: Session, tmp_path: Path) -> None:
    send(session, f"pc:{WAN}", "pc", 4)
    grown = make_small_task(5)
    assert grown.task_id != session.task.task_id
    assert Session(grown, tmp_path, "Ada").count_done() == (1, 30)
    fewer = replace(grown, items=grown.items[3:])
    assert Session(fewer, tmp_path, "Ada").count_done() == (0, 27)
