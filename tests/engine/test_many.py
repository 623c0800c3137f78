"""A thousand short videos, three in a hundred of them broken: everything is accounted for, nothing grows."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from videophy_lab.engine.local import run_jobs
from videophy_lab.engine.plan import Job
from videophy_lab.judges.base import Question
from videophy_lab.metrics.flicker import TemporalFlickering
from videophy_lab.metrics.frames import Sharpness
from videophy_lab.store import ScoreStore
from videophy_lab.video import encode_video

N_VIDEOS, BROKEN_EVERY = 1000, 33
MIB = 2**20


def write_many(folder: Path, count: int = N_VIDEOS) -> list[Path]:
    """Write videos that differ in bytes: a box that players pass over makes each its own."""
    whole = encode_video(
        np.random.default_rng(1).integers(0, 255, (12, 64, 96, 3), np.uint8), folder / "a.mp4", fps=8
    )
    data = whole.read_bytes()
    whole.unlink()
    paths = [folder / f"{number:04d}.mp4" for number in range(count)]
    for number, path in enumerate(paths):
        box = (12).to_bytes(4, "big") + b"free" + number.to_bytes(4, "big")
        path.write_bytes((data[: len(data) // 2] if number % BROKEN_EVERY == 0 else data) + box)
    return paths


def read_usage() -> tuple[int, int]:
    """Give the bytes this process holds in memory and the files it has open."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from Linux's /proc")
def test_a_thousand_videos_are_accounted_for_and_nothing_grows(tmp_path: Path) -> None:
    paths = write_many(tmp_path)
    scorers = {"flicker": TemporalFlickering(), "sharp": Sharpness()}
    asked = {name: (Question(scorer.card.name),) for name, scorer in scorers.items()}
    usage: list[tuple[int, int]] = []
    with ScoreStore(tmp_path / "scores") as store:
        run_jobs(
            [Job(f"g/{path.stem}/0", "ab", path, asked) for path in paths],
            scorers,
            dict.fromkeys(scorers, "spec"),
            store,
            threads=2,
            report=lambda videos, rows: usage.append(read_usage()),
        )
        rows = store.read()
    broken = -(-N_VIDEOS // BROKEN_EVERY)
    counts = rows.groupby(["scorer", "status"]).size().to_dict()
    assert counts == {(name, "failed"): broken for name in scorers} | {
        (name, "ok"): N_VIDEOS - broken for name in scorers
    }
    assert rows.loc[rows["status"].eq("failed"), "error"].notna().all()
    memory, files = np.array(usage[len(usage) // 4 :]).T
    assert memory.max() - memory[0] < 48 * MIB
    assert files.max() - files.min() <= 8
