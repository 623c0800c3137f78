"""Scorers spread over processes give what one process gives."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import videophy_lab as lab
from tests.engine.scorers import Brightness
from tests.engine.test_many import write_many
from videophy_lab.engine.plan import Job
from videophy_lab.engine.spreading import FEWEST_A_PROCESS, count_processes
from videophy_lab.judges.sentinels import Constant
from videophy_lab.metrics.frames import Sharpness

SCORERS = ["sharpness", "contrast", "constant", "random"]
N_VIDEOS = 2 * FEWEST_A_PROCESS + 3


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    write_many(folder, N_VIDEOS)
    (folder / "broken.mp4").write_text("no video")
    return folder


def score(clips: Path, out: Path, *, workers: int) -> pd.DataFrame:
    return lab.score(clips, SCORERS, out=out, tasks=["pc"], workers=workers, progress=False)


def read_answers(rows: pd.DataFrame) -> pd.DataFrame:
    told = rows.drop(columns=["seconds"])
    return told.sort_values(["video_id", "scorer", "task"], ignore_index=True)


def test_several_processes_give_the_same_rows(clips: Path, tmp_path: Path) -> None:
    spread = score(clips, tmp_path / "two", workers=2)
    alone = score(clips, tmp_path / "one", workers=1)
    assert (spread["status"] == "failed").sum() >= 2
    pd.testing.assert_frame_equal(read_answers(spread), read_answers(alone))
    again = score(clips, tmp_path / "two", workers=2)
    assert len(again) == len(spread)


def test_processes_are_as_many_as_are_worth_their_start() -> None:
    jobs = [Job(f"v{number}", "", Path("x"), {}) for number in range(30)]
    quick = {"sharpness": Sharpness(), "constant": Constant()}
    assert count_processes(jobs, quick, 8) == 30 // FEWEST_A_PROCESS
    assert count_processes(jobs, quick, 1) == 1
    assert count_processes(jobs[:5], quick, 8) == 1
    assert count_processes(jobs, quick | {"own": Brightness()}, 8) == 1
