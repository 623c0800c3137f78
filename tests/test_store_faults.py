"""The score store under bad rows, damaged files, full disks, folders that cannot be written to, and races."""

from __future__ import annotations

import errno
import math
import os
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from tests.store_writer import list_hidden, make_row
from videophy_lab.schema import TableError, write_table
from videophy_lab.store import ScoreStore, locks, parts, read_scores, read_specs


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (make_row(1, colour="red"), "have the column colour; allowed: video_id, sha256"),
        (make_row(1, question="Is it right?"), "the question 'Is it right\\?' is not allowed"),
        (make_row(1, spec=None), "column 'spec': a blank cell is not allowed"),
        (make_row(1, status="done"), "column 'status': 'done' is not allowed; allowed: ok, unscored, failed"),
        (
            make_row(1, score=math.nan),
            "column 'score': a blank cell is not allowed; allowed: a score exactly",
        ),
        (make_row(1, status="failed", score=0.0), "column 'score': 0.0 is not allowed"),
        (make_row(1, probabilities=[0.5, 0.2]), "column 'probabilities'"),
        (make_row(1, seconds=math.inf), "column 'seconds': inf is not allowed; allowed: a number"),
    ],
)
def test_a_bad_row_stores_nothing_of_its_batch(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with ScoreStore(tmp_path) as store:
        with pytest.raises(ValueError, match=message):
            store.append([make_row(7), row])
        assert len(store.read()) == 0


def test_max_rows_must_be_a_count(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="max_rows is 0; allowed: 1 or more"):
        ScoreStore(tmp_path, max_rows=0)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty_out(path: Path) -> None:
    path.write_bytes(b"")


def write_another_table(path: Path) -> None:
    write_table(pd.DataFrame([make_row(1)]).drop(columns="question"), path, "scores")


def garble_the_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4:2000] = b"\xff" * 1996
    path.write_bytes(data)


def flip_one_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[data.index(b"simulated")] ^= 1
    path.write_bytes(data)


DAMAGES = [cut_short, empty_out, write_another_table, garble_the_middle, flip_one_bit]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_part_is_named(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    with ScoreStore(tmp_path) as store:
        store.append([make_row(1)])
        (part,) = tmp_path.glob("*.parquet")
        damage(part)
        for use in (store.read, lambda: store.append([make_row(2)]), lambda: ScoreStore(tmp_path)):
            with pytest.raises(TableError, match=f"{part.name}: not a part .*Remedy: move it out of the"):
                use()
        part.rename(tmp_path.parent / "moved.parquet")
        assert store.append([make_row(1)]) == 1
        assert len(store.read()) == 1


def test_parts_that_were_copied_together_are_told_apart(tmp_path: Path) -> None:
    for name, numbers in (("a", (1, 2)), ("b", (3, 2))):
        with ScoreStore(tmp_path / name) as store:
            store.append([make_row(number) for number in numbers])
    (copied,) = (tmp_path / "b").glob("*.parquet")
    copied.rename(tmp_path / "a" / "part-z.parquet")
    message = "simulated/000000000002/0'.* is stored twice, in part-2.* and in part-z.parquet; .*Remedy"
    with ScoreStore(tmp_path / "a") as store:
        with pytest.raises(TableError, match=message):
            store.read()
        with pytest.raises(TableError, match=message):
            store.append([make_row(2)])
        (tmp_path / "a" / "part-z.parquet").rename(tmp_path / "z.parquet")
        assert store.append(pd.read_parquet(tmp_path / "z.parquet").to_dict("records")) == 1


def test_a_full_disk_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    with ScoreStore(tmp_path) as store:
        store.append([make_row(1)])
        before = store.read()
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        # the system cuts the write off in the middle, as a full disk does
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
        try:
            with pytest.raises(OSError, match=r"finished appends are safe\. Remedy: .*again") as caught:
                store.append([make_row(number) for number in range(200)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert caught.value.errno == errno.EFBIG
        assert not any(name.endswith(parts.DRAFT) for name in list_hidden(tmp_path))
        assert_frame_equal(store.read(), before)
        assert store.append([make_row(number) for number in range(200)]) == 199


def test_a_full_disk_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with ScoreStore(tmp_path) as store:
        with pytest.raises(OSError, match=r"No space left on device; .* Remedy: free some space") as caught:
            store.append([make_row(1)])
        assert caught.value.errno == errno.ENOSPC
        assert len(store.read()) == 0


def test_a_folder_that_may_only_be_read(request: pytest.FixtureRequest) -> None:
    # everybody may enter this folder, unlike pytest's own
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with ScoreStore(folder) as store:
            store.append([make_row(1)])
        (folder / ".lock").unlink()
        folder.chmod(0o555)
        request.addfinalizer(lambda: os.seteuid(os.getuid()))
        if os.geteuid() == 0:
            os.seteuid(65534)
        assert len(read_scores(folder)) == 1
        assert read_specs(folder) == {}
        with pytest.raises(ValueError, match=r"scores cannot be written there .* Remedy: name a folder"):
            ScoreStore(folder)
        os.seteuid(os.getuid())
        folder.chmod(0o755)
        assert list_hidden(folder) == set()


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="scores cannot be written there"):
        ScoreStore(tmp_path / "file")
    with pytest.raises(TableError, match="there is no such folder of scores"):
        read_scores(tmp_path / "nowhere")


def test_a_folder_that_another_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "WAIT_SECONDS", 0.05)
    with ScoreStore(tmp_path) as store, locks.hold_lock(locks.make_lock(tmp_path / ".lock")):
        with pytest.raises(TimeoutError, match="Remedy: if none is running on any machine, delete the file"):
            store.append([make_row(1)])
        with pytest.raises(TimeoutError, match="another writer has held this lock"):
            ScoreStore(tmp_path)


def test_a_part_never_looks_as_it_did_before(tmp_path: Path) -> None:
    path = tmp_path / "part"
    path.touch()
    ahead = 2_100_000_000 * 10**9
    # as a clock that ticks slowly does, or that of another machine
    os.utime(path, ns=(ahead, ahead))
    states = []
    for _ in range(3):
        parts.replace_file(path, b"same size")
        states.append(parts.make_signature(path)[0])
    assert states == [ahead + 1, ahead + 2, ahead + 3]


def test_a_part_that_goes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScoreStore(tmp_path) as store:
        store.append([make_row(1)])
    listed = parts.list_parts(tmp_path)
    answers = [[*listed, tmp_path / "gone.parquet"], listed]
    monkeypatch.setattr("videophy_lab.store.reading.list_parts", lambda _: answers.pop(0))
    assert len(read_scores(tmp_path)) == 1
    answers = [[tmp_path / "gone.parquet"]] * 9
    with pytest.raises(FileNotFoundError, match="gone"):
        read_scores(tmp_path)
