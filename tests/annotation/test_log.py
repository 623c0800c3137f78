"""The log: nothing that was said to be saved is lost, and half a line is no answer."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from videophy_lab.annotation.log import Log, clean_name, list_logs, name_file, read_lines


def make_answer(number: int, value: int = 3) -> dict:
    return {
        "answer_id": f"answer-{number:05d}",
        "annotator": "Ada",
        "item_id": f"pc:wan/{number}/0",
        "kind": "pc",
        "role": "work",
        "question": "pc",
        "value": value,
        "videos": [[f"wan/{number}/0", str(number), "wan"]],
        "given_at": "2025-02-10T18:00:00.000Z",
        "seconds": 2.5,
    }


def append_many(folder: Path, start: int, count: int) -> None:
    log = Log(folder, "Ada")
    for number in range(start, start + count):
        log.append(make_answer(number))


def test_what_is_appended_is_there_for_the_next_process(tmp_path: Path) -> None:
    log = Log(tmp_path, "Ada")
    assert log.append(make_answer(1))
    assert log.append(make_answer(2))
    assert [answer["answer_id"] for answer in Log(tmp_path, "Ada").answers] == [
        "answer-00001",
        "answer-00002",
    ]
    assert list_logs(tmp_path) == [log.path]


def test_an_answer_that_is_sent_again_is_taken_once(tmp_path: Path) -> None:
    log, other = Log(tmp_path, "Ada"), Log(tmp_path, "Ada")
    assert log.append(make_answer(1))
    assert not log.append(make_answer(1))
    assert not other.append(make_answer(1, value=5))
    assert len(log.path.read_bytes().splitlines()) == 1


@pytest.mark.parametrize(
    "torn", [b'{"answer_id": "answer-9', b"\xff\xfe\x00", b"[1, 2]", b'{"answer_id": "x"}']
)
def test_half_a_line_is_no_answer_and_spoils_none(tmp_path: Path, torn: bytes) -> None:
    log = Log(tmp_path, "Ada")
    log.append(make_answer(1))
    with log.path.open("ab") as file:
        file.write(torn)
    assert len(log.refresh()) == 1
    again = Log(tmp_path, "Ada")
    again.append(make_answer(2))
    assert [answer["answer_id"] for answer in log.refresh()] == ["answer-00001", "answer-00002"]
    assert (log.unread, again.unread) == (1, 1)
    assert json.loads(log.path.read_bytes().splitlines()[-1])["answer_id"] == "answer-00002"


GONE = object()
PAIR = {"kind": "pair_pc", "question": "pair_pc", "value": "a", "videos": [["a", "p", "g"], ["b", "p", "h"]]}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"annotator": GONE}, "its annotator is missing"),
        ({"annotator": "x" * 101}, "the annotator's name"),
        ({"item_id": 7}, "its item_id is 7"),
        ({"kind": "beauty"}, "its kind is 'beauty'"),
        ({"role": "play"}, "its role is 'play'"),
        ({"given_at": None}, "its given_at is missing"),
        ({"videos": GONE}, "its videos are missing; needed: 1"),
        ({"videos": [1]}, r"its videos are \[1\]"),
        ({"videos": [["wan/1/0", "1"]]}, "its videos are"),
        ({"value": 6}, "its value is 6; allowed: 5, 4, 3, 2, 1"),
        ({"value": True}, "its value is True"),
        ({"question": "more", "kind": "rule", "value": 3}, "its value is 3; needed is a text"),
        ({"seconds": "long"}, "its seconds are 'long'"),
        ({"seconds": float("nan")}, "its seconds are nan"),
        ({"role": "attention"}, "its known answer is missing"),
        ({"role": "attention", "expected": 3}, "right is missing"),
        ({**PAIR, "sides": ["a", "c"]}, "its sides are"),
        ({**PAIR, "sides": ["a", "b"], "videos": [["a", "p", "g"]]}, "needed: 2"),
    ],
)
def test_a_line_that_lacks_what_an_answer_needs_is_named_with_what_it_lacks(change: dict, fault: str) -> None:
    wrong = {name: value for name, value in (make_answer(2) | change).items() if value is not GONE}
    lines = [json.dumps(each) for each in (make_answer(1), wrong, make_answer(3))]
    answers, faults = read_lines("\n\n".join(lines).encode())
    assert [answer["answer_id"] for answer in answers] == ["answer-00001", "answer-00003"]
    assert len(faults) == 1
    assert re.match(f"line 3: .*{fault}", faults[0])


def test_every_kind_of_answer_is_read() -> None:
    known = {"role": "qualification", "expected": 3, "right": True}
    rule = {"kind": "rule", "question": "r1", "value": 2}
    changes = ({}, {"seconds": None}, known, rule, rule | {"question": "more", "value": "It melts."},
               {"question": "problem", "value": ""}, {**PAIR, "sides": ["b", "a"]})  # fmt: skip
    lines = [json.dumps(make_answer(number) | change) for number, change in enumerate(changes)]
    answers, faults = read_lines("\n".join(lines).encode())
    assert (len(answers), faults) == (len(changes), [])


def test_several_processes_append_to_one_file(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=append_many, args=(tmp_path, 100 * n, 20)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    log = Log(tmp_path, "Ada")
    assert (len(log.answers), log.unread) == (60, 0)
    assert len({answer["answer_id"] for answer in log.answers}) == 60


KILLED = """
import sys
from tests.annotation.test_log import make_answer
from videophy_lab.annotation.log import Log
log = Log(sys.argv[1], "Ada")
for number in range(100_000):
    log.append(make_answer(number))
    print(number, flush=True)
"""


def test_a_process_that_is_killed_has_lost_nothing_that_it_said_to_have_saved(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    run = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=root
    )
    assert run.stdout is not None
    run.stdout.readline()
    time.sleep(0.1)
    os.kill(run.pid, signal.SIGKILL)
    said = run.stdout.read().split()
    run.wait()
    run.stdout.close()
    log = Log(tmp_path, "Ada")
    assert len(log.answers) >= int(said[-1] if said else 0) + 1
    assert [answer["answer_id"] for answer in log.answers] == [
        make_answer(number)["answer_id"] for number in range(len(log.answers))
    ]


def test_names_are_equal_however_they_were_typed_and_files_differ_where_they_do() -> None:
    assert clean_name("  Ada   L. ") == "Ada L."
    assert clean_name("Zoe\u0308") == clean_name("Zo\u00eb")
    assert name_file("a/b") != name_file("a b")
    assert "/" not in name_file("../../etc/passwd")
    assert name_file("東京").endswith(".jsonl")


@pytest.mark.parametrize("name", ["", "   ", None, 7, "a\x00b", "x" * 101])
def test_a_name_that_is_none_is_refused(name: object) -> None:
    with pytest.raises(ValueError, match="allowed: 1 to 100 printable characters"):
        clean_name(name)
