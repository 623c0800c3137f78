"""A writer is killed at any moment: nothing that it finished is lost, nothing is there twice or by half."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.store_writer import BATCH, MAX_ROWS, Nursery, make_row, open_nursery, read_number
from videophy_lab.schema import check_table
from videophy_lab.store import KEY, ROW, ScoreStore, read_scores

KILLS = 30
# of the calls that change the disk, those of the opening and of the first three appends
STEPS = range(1, 31)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with open_nursery() as nursery:
        yield nursery


def read_folder(folder: Path) -> pd.DataFrame:
    """Read what is there as any user would; a writer may have died before it made the first part."""
    if not any(folder.glob("*.parquet")):
        return pd.DataFrame(columns=list(ROW))
    return pd.read_parquet(folder)


def check_what_is_left(folder: Path, first: int, done: list[int]) -> int:
    """Check a folder after a writer that began with ``first`` was killed; give its unfinished batches."""
    scores = read_folder(folder)
    assert not scores.duplicated(list(KEY)).any()
    numbers = scores["video_id"].map(read_number)
    end = max(done, default=first - BATCH) + BATCH
    finished = set(range(first, end))
    there = set(numbers[numbers >= first])
    assert finished <= there
    assert there - finished <= set(range(end, end + BATCH))
    for row in scores.itertuples():
        number = read_number(row.video_id)
        expected = make_row(number, status=row.status)
        assert (row.sha256, row.question) == (expected["sha256"], expected["question"])
        if row.status == "ok":
            assert (row.score, row.expected) == (expected["score"], expected["expected"])
            assert list(row.probabilities) == expected["probabilities"]
        else:
            # only the last row of a batch fails, and only until the next batch
            assert row.error == expected["error"]
            assert number % 1000 % BATCH == BATCH - 1
            assert number >= end - 1 or number < first
    return len(there - finished)


def check_the_next_writer(folder: Path) -> None:
    """Check that a new writer clears up, and goes on with the one part that is not full."""
    with ScoreStore(folder, max_rows=MAX_ROWS) as store:
        hidden = {path.name for path in folder.glob(".*")}
        assert hidden == {".lock"}
        check_table(store.read(), "scores")
    sizes = [len(pd.read_parquet(path)) for path in folder.glob("*.parquet")]
    assert sum(size < MAX_ROWS for size in sizes) <= 1
    assert max(sizes, default=0) <= MAX_ROWS


def test_kill_at_random_moments(tmp_path: Path, nursery: Nursery, rng: np.random.Generator) -> None:
    folder = tmp_path / "scores"
    finished = 0
    for kill in range(KILLS):
        first = 1000 * (kill + 1)
        child = nursery.start("for_ever", folder, first)
        done = nursery.hear(rng.integers(0, 4))
        time.sleep(rng.uniform(0, 0.05 if done else 0.2))
        os.kill(child, signal.SIGKILL)
        done += nursery.wait()
        assert done == list(range(first, first + BATCH * len(done), BATCH))
        check_what_is_left(folder, first, done)
        finished += len(done)
    assert finished >= KILLS
    check_the_next_writer(folder)

    # a second run over everything that was to be scored adds what is missing, and mends what had failed
    numbers = [1000 * (kill + 1) + place for kill in range(KILLS) for place in range(2 * BATCH)]
    before = read_scores(folder)
    with ScoreStore(folder, max_rows=MAX_ROWS) as store:
        written = store.append([make_row(number) for number in numbers])
        assert store.append([make_row(number) for number in numbers]) == 0
    ok = set(before.loc[before["status"] == "ok", "video_id"].map(read_number))
    assert written == len(set(numbers) - ok)
    after = read_folder(folder)
    assert not after.duplicated(list(KEY)).any()
    assert set(numbers) | set(before["video_id"].map(read_number)) == set(after["video_id"].map(read_number))
    check_the_next_writer(folder)


def test_kill_before_each_call_that_changes_the_disk(tmp_path: Path, nursery: Nursery) -> None:
    unfinished, appended = set(), set()
    for step in STEPS:
        folder = tmp_path / str(step)
        with ScoreStore(folder, max_rows=MAX_ROWS) as store:
            store.append([make_row(number) for number in range(10)])
        nursery.start("for_ever", folder, 1000, step=step)
        done = nursery.wait()
        unfinished.add(check_what_is_left(folder, 1000, done))
        appended.add(len(done))
        check_the_next_writer(folder)
    # they died between the appends and within them, after a part was put in its place and before
    assert appended >= {0, 1, 2}
    assert unfinished == {0, BATCH}
