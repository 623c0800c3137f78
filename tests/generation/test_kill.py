"""A run is killed at any moment: nothing is made twice, and no half file is taken for a video."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import videophy_lab as lab
from tests.conftest import ROOT
from tests.generation.makers import Crowd, Fader
from tests.generation.test_run import make_prompts
from videophy_lab.generation import generate_videos
from videophy_lab.places import hash_file
from videophy_lab.video import FrameView, decode_clip
from videophy_lab.video_store.store import read_sidecar

N_PROMPTS = 24
PROMPTS = make_prompts(*(f"Lamp {number}." for number in range(N_PROMPTS)))
SCRIPT = """
import sys
from tests.generation.test_kill import PROMPTS, choose_generator
from videophy_lab.generation import generate_videos

if __name__ == "__main__":
    print("ready", flush=True)
    generate_videos(choose_generator(*sys.argv[1:3]), PROMPTS, out=sys.argv[3], workers=2, progress=False)
"""


def choose_generator(kind: str, log: str) -> Fader:
    return {"crowd": Crowd, "fader": Fader}[kind](log=log, pause=0.02, size=128)


def list_whole(out: Path) -> set[str]:
    """Check every file that looks like a video, and give the names of those."""
    names = set()
    for path in out.glob("*/*/*.mp4"):
        if path.name.startswith("."):
            continue
        record = read_sidecar(path.with_suffix(".json"))
        assert record is not None, f"{path} has no side-car"
        assert record["sha256"] == hash_file(path)
        assert len(decode_clip(path, [FrameView()]).frames[FrameView()]) == 9
        names.add(record["video_id"])
    return names


@pytest.mark.parametrize("kind", ["fader", "crowd"])
def test_killed_again_and_again_a_run_comes_to_its_end(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(11)
    out, log, script = tmp_path / "run", tmp_path / "log", tmp_path / "go.py"
    script.write_text(SCRIPT)
    log.touch()
    kills, whole = 0, set[str]()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    while len(whole) < N_PROMPTS and kills < 40:
        before, made_before = whole, len(log.read_text().split())
        with subprocess.Popen(
            [sys.executable, str(script), kind, str(log), str(out)],
            stdout=subprocess.PIPE, env=environment, start_new_session=True,
        ) as run:  # fmt: skip
            assert run.stdout is not None
            assert run.stdout.readline() == b"ready\n"
            # until some videos were begun, and a moment more
            begun = made_before + int(rng.integers(2, 8))
            while len(log.read_text().split()) < begun and run.poll() is None:
                time.sleep(0.005)
            time.sleep(float(rng.uniform(0.0, 0.08)))
            with suppress(ProcessLookupError):  # the last run comes to its end
                os.killpg(run.pid, signal.SIGKILL)
        kills += 1
        whole = list_whole(out)
        assert before <= whole
        assert not before & set(log.read_text().split()[made_before:]), "a whole video was made again"
        if out.exists() and whole:
            assert set(lab.load_videos(out)["video_id"]) == whole
    assert kills > 2
    outcome = generate_videos(choose_generator(kind, str(log)), PROMPTS, out=out, progress=False)
    assert outcome.rows["status"].eq("ok").all()
    assert len(outcome.rows) == N_PROMPTS


def test_drafts_of_killed_runs_are_swept_when_they_are_old(tmp_path: Path) -> None:
    first = generate_videos(Fader(), PROMPTS.head(1), out=tmp_path, progress=False)
    folder = Path(first.rows["path"][0]).parent
    old, new = folder / ".0.ab.part.mp4", folder / ".1.cd.part.mp4"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    generate_videos(Fader(), PROMPTS.head(2), out=tmp_path, progress=False)
    assert not old.exists()
    assert new.exists()
    assert len(lab.load_videos(tmp_path)) == 2
