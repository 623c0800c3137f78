"""A run is killed or interrupted at any moment: nothing whole is made again, no half file is taken for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import videophy_lab as lab
from tests.conftest import ROOT
from tests.probes.clips import read_frames, write_videos
from tests.test_cli_score import run
from videophy_lab.places import hash_file
from videophy_lab.probes import probe_videos
from videophy_lab.video_store.store import read_sidecar

NAMES = tuple(("wan", prompt, seed) for prompt in "pqr" for seed in range(10))
PROBES = ("reverse", "noise-050")
N_FILES = len(NAMES) * (1 + len(PROBES))
COMMAND = [sys.executable, "-m", "videophy_lab.cli", "probe"]
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}


def start_run(videos: Path, out: Path, *extra: str) -> subprocess.Popen[str]:
    probes = [word for name in PROBES for word in ("--probe", name)]
    return subprocess.Popen(
        [*COMMAND, str(videos), *probes, "--out", str(out), "--workers", "2", *extra],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, start_new_session=True,
    )  # fmt: skip


def list_files(out: Path) -> dict[Path, int]:
    """List files that look like videos, with the time of their last change."""
    return {path: path.stat().st_mtime_ns for path in out.glob("*/*/*/[0-9].mp4")}


def wait_for_files(out: Path, count: int, running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while len(list_files(out)) < count and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_videos(tmp_path / "videos", NAMES, count=8)
    return tmp_path / "videos"


def test_killed_again_and_again_a_run_comes_to_its_end(tmp_path: Path, folder: Path) -> None:
    rng = np.random.default_rng(4)
    out, kills = tmp_path / "out", 0
    whole: dict[Path, int] = {}
    while len(whole) < N_FILES and kills < 20:
        with start_run(folder, out) as running:
            wait_for_files(out, len(whole) + int(rng.integers(4, 12)), running)
            time.sleep(float(rng.uniform(0.0, 0.03)))
            with suppress(ProcessLookupError):  # the last run comes to its end
                os.killpg(running.pid, signal.SIGKILL)
        kills += 1
        found = list_files(out)
        assert all(found[path] == changed for path, changed in whole.items()), "a whole file was made again"
        for path in found.keys() - whole.keys():
            record = read_sidecar(path.with_suffix(".json"))
            assert record is not None
            assert record["sha256"] == hash_file(path)
            assert len(read_frames(path)) == 8
        whole = found
    assert kills > 2
    outcome = probe_videos(folder, PROBES, out=out, workers=1, progress=False)
    assert outcome.made == 0
    assert outcome.rows["status"].eq("ok").all()
    assert len(lab.load_videos(out)) == len(NAMES) * 4


def test_ctrl_c_keeps_what_was_made_and_says_so(tmp_path: Path, folder: Path) -> None:
    out = tmp_path / "out"
    # noise of a large video, so that there is time to interrupt it
    write_videos(folder, (("big", "p", 0), ("big", "q", 0)), count=24, height=360, width=640)
    running = start_run(folder, out)
    wait_for_files(out, 3, running)
    running.send_signal(signal.SIGINT)
    said, error = running.communicate(timeout=120)
    assert running.returncode == 130, (said, error)
    assert f"Error: interrupted; what was made is in {out}" in error
    assert "Traceback" not in error
    assert 0 < len(pd.read_csv(out / "videos.csv")) < (len(NAMES) + 2) * 4
    code, said, _ = run("probe", folder, "--probe", "reverse", "--out", out, "--workers", 1)
    assert code == 0
    assert "known before" in said


@pytest.mark.parametrize("moment", ["first", "both"])
def test_ctrl_c_while_processes_start_is_one_line(tmp_path: Path, folder: Path, moment: str) -> None:
    out = tmp_path / "out"
    running = start_run(folder, out)
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    names: list[str] = []
    while sum("spawn_main" in name for name in names) < (1 if moment == "first" else 2):
        assert running.poll() is None
        names = [read_command(child) for child in children.read_text().split()]
    # the terminal tells all of them
    os.killpg(running.pid, signal.SIGINT)
    said, error = running.communicate(timeout=120)
    assert running.returncode == 130, (said, error)
    assert "Traceback" not in error
    assert [line for line in error.splitlines() if "Error" in line] == [
        f"Error: interrupted; what was made is in {out}, and the same command goes on from there"
        if list(out.rglob("*.json"))
        else "Error: interrupted before anything was made; the same command begins anew"
    ]


def read_command(process: str) -> str:
    """Read what a process was started as; empty for one that has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""


def test_drafts_of_killed_runs_are_swept_when_they_are_old(tmp_path: Path, folder: Path) -> None:
    out = tmp_path / "out"
    probe_videos(folder, ["freeze"], out=out, workers=1, progress=False)
    old, new = out / "freeze/wan/p/.0.ab.part.mp4", out / "freeze/wan/p/.1.cd.part.mp4"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    probe_videos(folder, ["freeze"], out=out, workers=1, progress=False)
    assert not old.exists()
    assert new.exists()


def test_a_process_that_dies_ends_the_run_with_a_remedy(tmp_path: Path, folder: Path) -> None:
    out = tmp_path / "out"
    write_videos(folder, (("big", "p", 0), ("big", "q", 0)), count=24, height=360, width=640)
    running = start_run(folder, out)
    wait_for_files(out, 2, running)
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    names = {child: Path(f"/proc/{child}/cmdline").read_text() for child in children}
    workers = [int(child) for child, name in names.items() if "spawn_main" in name]
    os.kill(workers[0], signal.SIGKILL)
    _, error = running.communicate(timeout=120)
    assert running.returncode == 1
    assert "a process died, out of memory or from a fault in a library. Remedy: type the same again" in error
    assert "What was made is kept" in error
    assert probe_videos(folder, ["reverse"], out=out, workers=1, progress=False).rows["status"].eq("ok").all()
