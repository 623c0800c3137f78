"""Writers of a score store in processes of their own, which tests start, race and kill.

Run as a script it is a nursery: it imports what is slow once, and forks a writer for each line of its input,
``JOB FOLDER NUMBER STEP``. It prints ``child PID`` for each, and after a line ``wait`` ``gone`` when all have
ended; the writers print ``done NUMBER`` after each append that has returned.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from tests.conftest import ROOT
from videophy_lab.store import ScoreStore

BATCH = 7
MAX_ROWS = 40
OWN_ROWS = 6 * BATCH
SHARED_ROWS = OWN_ROWS + BATCH


def make_row(number: int, *, status: str = "ok", **cells: Any) -> dict[str, Any]:
    """Make the row of a number; everything in it follows from the number and the status."""
    scored = {"score": float(number % 5 + 1), "probabilities": [0.25, 0.75], "expected": number / 7}
    return {
        "video_id": f"simulated/{number:012x}/0",
        "sha256": f"{number:064x}",
        "scorer": "autoeval",
        "spec": "0123456789ab",
        "task": "pc",
        "question": f"{number:012x}",
        "status": status,
        **(scored if status == "ok" else {"error": f"no frames in {number}"}),
        **cells,
    }


def read_number(video_id: str) -> int:
    return int(video_id.split("/")[1], 16)


def list_sizes(folder: Path) -> list[int]:
    """Give the number of rows of each part, in the order of their names."""
    return [len(pd.read_parquet(path)) for path in sorted(folder.glob("*.parquet"))]


def list_hidden(folder: Path) -> set[str]:
    return {path.name for path in folder.glob(".*")}


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def append_for_ever(folder: str, first: int, step: int) -> None:
    """Append batches; the last row of each fails, and is tried again with the next batch."""
    if step:
        die_at_step(step)
    store = ScoreStore(folder, max_rows=MAX_ROWS)
    while True:
        retried = [make_row(first - 1)] if first % 1000 else []
        new = [make_row(first + place) for place in range(BATCH - 1)]
        store.append([*retried, *new, make_row(first + BATCH - 1, status="failed")])
        say(f"done {first}")
        first += BATCH


def die_at_step(step: int) -> None:
    """Have this process kill itself before the given one of the calls that change what is on the disk."""
    calls = 0

    def take_step() -> None:
        nonlocal calls
        calls += 1
        if calls == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def count(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            take_step()
            return real(*arguments, **options)

        return call

    class SlowFile(io.FileIO):
        """A file that is written in two halves, between which one may die."""

        def write(self, data: Any) -> int:
            half = len(data) // 2
            super().write(memoryview(data)[:half])
            take_step()
            return half + super().write(memoryview(data)[half:])

    os.replace, os.fsync, os.utime = count(os.replace), count(os.fsync), count(os.utime)
    Path.unlink, Path.touch, Path.open = count(Path.unlink), count(Path.touch), count(SlowFile)


def append_among_others(folder: str, writer: int, _: int) -> None:
    """Append rows that only this writer has and rows that all have, of which all but one fail at first."""
    with ScoreStore(folder, max_rows=MAX_ROWS) as store:
        for start in range(0, OWN_ROWS, BATCH):
            store.append([make_row(1000 * (writer + 1) + start + place) for place in range(BATCH)])
            several = range(start, start + 2 * BATCH)
            statuses = ("ok" if number % 4 == writer else "failed" for number in several)
            marks = {"answer": f"writer {writer}"}
            store.append([make_row(n, status=s, **marks) for n, s in zip(several, statuses, strict=True)])
    say(f"done {writer}")


JOBS = {"for_ever": append_for_ever, "among_others": append_among_others}


def run_nursery() -> None:
    """Fork a writer for each line of the input; at a line ``wait``, wait until all have ended.

    At the end of the input those that are left are killed.
    """
    with tempfile.TemporaryDirectory() as folder, ScoreStore(folder) as store:
        store.append([make_row(0)])
    children: list[int] = []
    for line in iter(sys.stdin.readline, ""):
        if line.strip() == "wait":
            for child in children:
                os.waitpid(child, 0)
            children.clear()
            say("gone")
            continue
        job, folder, number, step = line.split()
        child = os.fork()
        if child == 0:
            try:
                JOBS[job](folder, int(number), int(step))
            except BaseException:
                traceback.print_exc()
                say(f"crashed {number}")
            os._exit(0)
        children.append(child)
        say(f"child {child}")
    for child in children:
        os.kill(child, signal.SIGKILL)


def read_done(line: str) -> int:
    word, number = line.split()
    assert word == "done", "a writer has crashed; its traceback is on stderr"
    return int(number)


class Nursery:
    """The test's side of the nursery."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def start(self, job: str, folder: Path, number: int, *, step: int = 0) -> int:
        """Start a writer and give its process id."""
        self._send(f"{job} {folder} {number} {step}")
        word, child = self._read().split()
        assert word == "child"
        return int(child)

    def wait(self) -> list[int]:
        """Wait for all writers, and give the numbers of which they said that they were done."""
        self._send("wait")
        return [read_done(line) for line in iter(self._read, "gone")]

    def hear(self, count: int) -> list[int]:
        """Give the next numbers of which writers say that they are done."""
        return [read_done(self._read()) for _ in range(count)]

    def _send(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def _read(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the nursery has died"
        return line.strip()


@contextmanager
def open_nursery() -> Iterator[Nursery]:
    command = [sys.executable, "-m", "tests.store_writer"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Nursery(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(120) == 0


if __name__ == "__main__":
    run_nursery()
