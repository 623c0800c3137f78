"""Scorers over videos in several processes: the same rows as in one, whatever happens to a process."""

from __future__ import annotations

import logging
import os
import pickle
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

import videophy_lab as lab
from tests.engine.dying_scorers import Dies, Unprepared
from tests.engine.scorers import Breaks, Brightness
from tests.probes.clips import write_videos
from videophy_lab.engine.plan import KEY, Job
from videophy_lab.engine.ray import cut_chunks, hush_ray, open_cluster, plan_pool, run_jobs
from videophy_lab.engine.worker import (
    MOST_STARTS,
    MOST_TRIES,
    Ledger,
    Setup,
    Worker,
    WorkersDiedError,
    pickle_error,
    split_pieces,
)
from videophy_lab.judges.base import Card, Question, ScorerStoppedError
from videophy_lab.store import read_scores
from videophy_lab.video import encode_video

LAPTOP = [{"CPU": 2.0}]
STATION = [{"CPU": 16.0, "GPU": 2.0}]
CLUSTER = [{"CPU": 32.0, "GPU": 4.0}, {"CPU": 32.0, "GPU": 4.0}, {"CPU": 8.0}]


@dataclass
class Judge(Brightness):
    card: ClassVar[Card] = Card("judge", "a judge with weights", ("pc",), "1–5", weights="somebody/judge")
    device: str = "auto"
    device_map: str = ""


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make 30 videos: two that are none, one that a scorer raises on, two that kill processes."""
    folder = tmp_path_factory.mktemp("thirty") / "videos"
    folder.mkdir()
    rng = np.random.default_rng(3)
    names = {8: "08_bad", 19: "19_once", 25: "25_always"}
    for number in range(30):
        path = folder / f"{names.get(number, f'{number:02}')}.mp4"
        encode_video(rng.integers(0, 255, (6, 32, 48, 3), dtype=np.uint8), path, fps=8)
    (folder / "05.mp4").write_bytes(b"not a video")
    (folder / "14.mp4").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Keep Ray running, as a run does that finds none."""
    ray = pytest.importorskip("ray", reason="the extra ray is not installed")
    with open_cluster():
        yield ray
    assert not ray.is_initialized()


def make_jobs(count: int, *scorers: str, folder: Path = Path("videos")) -> list[Job]:
    asked = dict.fromkeys(scorers, (Question("pc"), Question("sa")))
    return [Job(f"g/{number}/0", "ab", folder / f"{number}.mp4", asked) for number in range(count)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*is not asked sa")
def test_several_processes_give_the_rows_of_one_though_some_of_them_die(
    tmp_path: Path,
    videos: Path,
    cluster: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    marks = tmp_path / "marks"
    marks.mkdir()
    told: list[tuple[int, int]] = []
    bar = nullcontext(lambda count, rows: told.append((count, len(rows))))
    monkeypatch.setattr("videophy_lab.scoring.progress.show_progress", lambda *_, **__: bar)

    def score(out: str, engine: str, folder: str) -> pd.DataFrame:
        # in batches of one, so that a process dies of the second video of a chunk after the first is scored
        one = {"batch_size": 1}
        scorers = {"bright": Brightness(**one), "breaks": Breaks(**one), "dies": Dies(folder=folder, **one)}
        path = os.path.relpath(videos)
        return lab.score(path, scorers, out=out, engine=engine, workers=2, progress=False)

    alone = score("alone", "local", "")
    told.clear()
    several = score("several", "ray", str(marks))
    assert told == [(2, 6)] * 15
    assert capfd.readouterr().out == ""

    table = lab.load_videos(videos).set_index("video_id")
    killer = table.index[table["path"].str.contains("always")][0]
    lost = several["video_id"].eq(killer) & several["scorer"].eq("dies")
    assert several.loc[lost, "status"].tolist() == ["failed"]
    assert several.loc[lost, "error"].str.startswith(f"the worker died of it {MOST_TRIES} times").all()
    assert len(list(marks.glob("25_always.*.dead"))) == 1 + MOST_TRIES
    assert len(list(marks.glob("19_once.*.dead"))) == 1
    assert several["answer"].nunique() >= 2
    assert several["status"].value_counts().to_dict() == {"ok": 82, "failed": 8}
    columns = [name for name in several if name not in ("seconds", "answer")]
    key = list(KEY)
    kept = alone.merge(several.loc[~lost, key], on=key).sort_values(key, ignore_index=True)
    found = several[~lost].sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(found[columns], kept[columns])
    assert not read_scores("several/scores").duplicated(key).any()

    told.clear()
    pd.testing.assert_frame_equal(score("several", "ray", str(marks)), several)
    assert told == []


@pytest.mark.slow
def test_an_error_while_a_scorer_is_prepared_is_raised_as_it_is(tmp_path: Path, cluster: Any) -> None:
    with pytest.raises(ValueError, match=r"^the folder weights holds no judge\. Remedy: give another$"):
        run_jobs(make_jobs(3, "one"), {"one": Unprepared()}, {"one": "spec"}, tmp_path / "scores", workers=1)
    assert cluster.is_initialized()


def test_stdout_is_left_to_results(capsys: pytest.CaptureFixture[str]) -> None:
    level = logging.getLogger("ray.data").level
    with hush_ray():
        print("a worker died")
        assert not logging.getLogger("ray.data").isEnabledFor(logging.ERROR)
    assert capsys.readouterr() == ("", "a worker died\n")
    assert logging.getLogger("ray.data").level == level


def test_workers_take_half_of_the_cores_or_a_gpu_each() -> None:
    metric, judge = {"one": Brightness()}, {"one": Brightness(), "judge": Judge()}
    whole = {"judge": Judge(device_map="auto")}

    def plan(machines: list[dict[str, float]], scorers: Any, workers: int | None = None) -> tuple:
        pool = plan_pool(machines, scorers, workers, videos=1000)
        return pool.size, pool.cpus, pool.gpus, pool.cores

    assert plan(LAPTOP, metric) == (1, 1.0, 0.0, 2)
    assert plan(LAPTOP, metric, 2) == (2, 0.5, 0.0, 1)
    assert plan(LAPTOP, metric, 3) == (3, 0.33, 0.0, 1)
    assert plan(LAPTOP, judge) == (1, 1.0, 0.0, 2)
    assert plan(STATION, metric) == (8, 1.0, 0.0, 2)
    assert plan(STATION, judge) == (2, 1.0, 1.0, 8)
    assert plan(STATION, {"judge": Judge(device="cpu")}) == (1, 1.0, 0.0, 16)
    assert plan(STATION, judge, 5) == (5, 1.0, 0.3333, 3)
    assert plan(CLUSTER, judge) == (8, 1.0, 1.0, 9)
    assert plan(CLUSTER, whole) == (2, 1.0, 4.0, 36)
    assert plan(CLUSTER, whole, 4) == (4, 1.0, 2.0, 18)
    assert plan_pool(STATION, metric, None, videos=3).size == 3


def test_no_worker_waits_for_a_gpu_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="judge is to run on cuda:1, and Ray knows of no machine with a GPU"):
        plan_pool(LAPTOP, {"judge": Judge(device="cuda:1")}, None, videos=9)


def test_chunks_are_whole_batches_and_several_for_each_worker() -> None:
    jobs = make_jobs(100, "one")
    sizes = Counter(map(len, cut_chunks(jobs, {"one": Brightness(batch_size=3)}, 2)))
    assert sizes == {9: 11, 1: 1}
    assert len(cut_chunks(jobs, {"one": Brightness(batch_size=256)}, 2)[0]) == 7
    assert len(cut_chunks(jobs * 50, {"one": Brightness(batch_size=10)}, 2)[0]) == 70
    cut = cut_chunks(jobs, {"one": Brightness()}, 2)
    assert [job.video_id for chunk in cut for job in chunk] == [job.video_id for job in jobs]
    assert cut[0][0].path == Path.cwd() / "videos" / "0.mp4"


def test_nothing_to_do_starts_nothing_and_no_workers_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    run_jobs([], {}, {}, tmp_path)
    with pytest.raises(ValueError, match="workers is 0; allowed: 1 or more"):
        run_jobs(make_jobs(1, "one"), {"one": Brightness()}, {"one": "s"}, tmp_path, workers=0)
    with pytest.raises(ImportError, match=r"pip install 'videophy-lab\[ray\]'"):
        run_jobs(make_jobs(1, "one"), {"one": Brightness()}, {"one": "s"}, tmp_path)


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(
        "videophy_lab.engine.worker.ask", lambda ledger, method, *given: getattr(ledger, method)(*given)
    )
    scorers = pickle.dumps({"one": Brightness(), "two": Brightness()})
    specs = {"one": "first", "two": "second"}
    folder = tmp_path / "scores"
    return Setup(scorers, specs, folder, 2, "2", tmp_path, tuple(sys.path), Ledger(MOST_STARTS))


def test_a_chunk_that_was_begun_goes_on_piece_by_piece(setup: Setup, tmp_path: Path) -> None:
    jobs = make_jobs(3, "one", "two", folder=tmp_path)
    rng = np.random.default_rng(3)
    for job in jobs:
        encode_video(rng.integers(0, 255, (6, 32, 48, 3), dtype=np.uint8), job.path, fps=8)
    pieces = split_pieces(jobs)
    assert [(piece.video_id, *piece.questions) for piece in pieces[:3]] == [
        ("g/0/0", "one"),
        ("g/0/0", "two"),
        ("g/1/0", "one"),
    ]
    setup.ledger.begin_chunk(0)
    Worker(setup).answer_jobs(jobs[:1])
    assert setup.ledger.begin_chunk(0) == (True, 2)
    setup.ledger.try_piece(0)
    setup.ledger.try_piece(0)
    statuses = Worker(setup).answer_chunk(0, jobs)
    assert statuses == ["ok"] * 4 + ["failed"] * 2 + ["ok"] * 6
    stored = read_scores(setup.folder).set_index(["video_id", "scorer"])["status"]
    assert len(stored) == 12
    assert set(stored[stored.eq("failed")].index) == {("g/1/0", "one")}


def test_probes_of_one_video_are_pieces_of_their_own(setup: Setup, tmp_path: Path) -> None:
    path = tmp_path / "one.mp4"
    encode_video(np.full((6, 32, 48, 3), 90, np.uint8), path, fps=8)
    probes = ["", "reverse", "repeat_1"]
    jobs = [
        Job("g/p/0", "ab", path, {"one": (Question("brightness", probe=probe or None),)}, probe)
        for probe in probes
    ]
    setup.ledger.begin_chunk(0)
    Worker(setup).answer_jobs(jobs[:2])
    assert setup.ledger.begin_chunk(0) == (True, 2)
    assert Worker(setup).answer_chunk(0, jobs) == ["ok"] * 3
    assert read_scores(setup.folder)["probe"].fillna("").tolist() == probes


@pytest.mark.slow
def test_probed_videos_are_scored_by_several_processes_as_by_one(tmp_path: Path, cluster: Any) -> None:
    videos = write_videos(tmp_path / "videos", (("wan", "p", 0), ("wan", "q", 0)), count=4)
    probed = lab.probe(
        videos,
        ["reverse", "blank", "caption_swap", "repeat"],
        out=tmp_path / "out",
        workers=1,
        progress=False,
    )
    scorers = {"bright": Brightness(batch_size=2), "random": "random"}
    given = {"tasks": ["sa", "pc"], "progress": False}
    alone = lab.score(probed, scorers, out=tmp_path / "alone", **given)
    several = lab.score(probed, scorers, out=tmp_path / "several", engine="ray", workers=2, **given)
    # of two videos neither the metric nor physics is asked with another caption
    assert len(alone) == 14 * 3 - 4
    columns = [name for name in alone if name != "seconds"]
    in_order = [rows.sort_values(list(KEY), ignore_index=True)[columns] for rows in (alone, several)]
    pd.testing.assert_frame_equal(*in_order)


def test_workers_that_die_without_any_work_are_given_up(setup: Setup, tmp_path: Path) -> None:
    workers = [Worker(setup) for _ in range(MOST_STARTS + 1)]
    assert {worker.fault for worker in workers[:-1]} == {None}
    assert isinstance(workers[-1].fault, WorkersDiedError)
    setup.ledger.begin_chunk(0)
    setup.ledger.finish_pieces(0, 1, ["ok"])
    assert Worker(setup).fault is None


def test_what_a_worker_cannot_go_on_after_is_in_its_answer(setup: Setup, tmp_path: Path) -> None:
    import pyarrow as pa

    worker = Worker(setup)
    batch = pa.table({"chunk": [0], "jobs": [pickle.dumps(make_jobs(2, "one", folder=tmp_path))]})
    [row] = worker(batch).to_pylist()
    assert row == {"videos": 2, "statuses": ["failed"] * 4, "fault": None}
    worker.store.close()
    [row] = worker(batch.set_column(0, "chunk", [[1]])).to_pylist()
    with pytest.raises(ValueError, match="this store is closed"):
        raise pickle.loads(row["fault"])


def test_a_worker_whose_scorer_has_stopped_asks_it_no_more(setup: Setup, tmp_path: Path) -> None:
    import pyarrow as pa

    worker, asked = Worker(setup), []

    def stop(*given: object) -> None:
        asked.append(given)
        raise ScorerStoppedError("the key is wrong")

    worker.scorers["one"].score = stop  # type: ignore[method-assign]
    jobs = make_jobs(2, "one", folder=tmp_path)
    for job in jobs:
        encode_video(np.zeros((6, 32, 48, 3), dtype=np.uint8), job.path, fps=8)
    for chunk in range(2):
        [row] = worker(pa.table({"chunk": [chunk], "jobs": [pickle.dumps(jobs)]})).to_pylist()
        with pytest.raises(ScorerStoppedError, match="the key is wrong"):
            raise pickle.loads(row["fault"])
    assert len(asked) == 1


def test_a_worker_gives_its_part_up_when_it_is_not_needed_any_more(setup: Setup, tmp_path: Path) -> None:
    worker = Worker(setup)
    worker.answer_chunk(0, make_jobs(1, "one", folder=tmp_path))
    assert len(list(setup.folder.glob(".part-*.lock"))) == 1
    del worker
    assert not list(setup.folder.glob(".part-*.lock"))


class Stubborn(Exception):
    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} and {two}")


def test_errors_come_back_as_they_were_or_as_their_text() -> None:
    full = pickle.loads(pickle_error(OSError(28, "No space left on device", "scores")))
    assert (type(full), full.errno, full.filename) == (OSError, 28, "scores")
    try:
        raise KeyError("weight")
    except KeyError as error:
        found = pickle.loads(pickle_error(error))
    assert type(found) is KeyError
    assert "test_ray.py" in found.__notes__[0]
    other = pickle.loads(pickle_error(Stubborn("a", "b")))
    assert (type(other), str(other)) == (RuntimeError, "Stubborn: a and b")
