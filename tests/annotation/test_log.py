"""The log: nothing that was said to be saved is lost, and half a line is no answer."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from videophy_lab.annotation.log import Log, clean_name, list_logs, name_file


def make_answer(number: int, value: int = 3) -> dict:
    return {"answer_id": f"answer-{number:05d}", "item_id": f"pc:{number}", "question": "pc", "value": value}


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
