"""Many writers at once, in processes and threads, and readers meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from tests.store_writer import MAX_ROWS, OWN_ROWS, SHARED_ROWS, make_row, open_nursery, read_number
from videophy_lab.store import KEY, ScoreStore, read_scores

WRITERS = 4


def read_until(folder: Path, stop: threading.Event, read: Callable[[Path], pd.DataFrame]) -> int:
    """Read a folder over and over; check that no row is there twice and none goes."""
    reads, seen = 0, set()
    while not stop.is_set():
        scores = read(folder)
        assert not scores.duplicated(list(KEY)).any()
        there = set(scores["video_id"])
        assert seen <= there
        seen = there
        reads += 1
    return reads


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """Have four processes write to a folder, and two threads read it; give it and the number of reads."""
    folder = tmp_path_factory.mktemp("scores")
    with ScoreStore(folder) as store:
        store.append([make_row(999)])
    stop = threading.Event()
    with open_nursery() as nursery, ThreadPoolExecutor(2) as pool:
        for writer in range(WRITERS):
            nursery.start("among_others", folder, writer)
        readers = [pool.submit(read_until, folder, stop, read) for read in (read_scores, pd.read_parquet)]
        try:
            assert sorted(nursery.wait()) == list(range(WRITERS))
        finally:
            stop.set()
    return folder, [reader.result() for reader in readers]


def test_writers_lose_nothing_and_repeat_nothing(raced: tuple[Path, list[int]]) -> None:
    numbers = sorted(read_scores(raced[0])["video_id"].map(read_number))
    own = {1000 * (writer + 1) + number for writer in range(WRITERS) for number in range(OWN_ROWS)}
    assert numbers == sorted({999} | own | set(range(SHARED_ROWS)))


def test_readers_meanwhile_saw_no_row_twice_and_none_go(raced: tuple[Path, list[int]]) -> None:
    assert min(raced[1]) > 3


def test_what_all_score_is_kept_from_the_one_that_could(raced: tuple[Path, list[int]]) -> None:
    scores = read_scores(raced[0])
    several = scores[scores["answer"].notna()]
    numbers = several["video_id"].map(read_number)
    # a later failure never takes the place of a score
    assert (several["status"] == "ok").all()
    assert (several["answer"] == "writer " + (numbers % WRITERS).astype(str)).all()


def test_writers_leave_few_parts_and_no_locks(raced: tuple[Path, list[int]]) -> None:
    sizes = [len(pd.read_parquet(path)) for path in raced[0].glob("*.parquet")]
    assert sum(size < MAX_ROWS for size in sizes) <= WRITERS
    assert {path.name for path in raced[0].glob(".*")} == {".lock"}


@pytest.mark.parametrize("shared_store", [True, False], ids=["one store", "two stores"])
def test_threads_write_the_same_and_other_rows(tmp_path: Path, *, shared_store: bool) -> None:
    stores = [ScoreStore(tmp_path, max_rows=25)] * 2
    if not shared_store:
        stores[1] = ScoreStore(tmp_path, max_rows=25)

    def write(thread: int) -> int:
        return sum(
            stores[thread].append([make_row(1000 * thread + number), make_row(5000 + number)])
            for number in range(30)
        )

    with ThreadPoolExecutor(2) as pool:
        written = list(pool.map(write, range(2)))
    for store in stores:
        store.close()
    assert sum(written) == 90
    numbers = sorted(read_scores(tmp_path)["video_id"].map(read_number))
    assert numbers == [*range(30), *range(1000, 1030), *range(5000, 5030)]
