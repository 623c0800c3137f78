"""Several processes give what one gives; a killed or interrupted run goes on as if nothing had been."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from tests.conftest import ROOT
from tests.judges.owl_cases import CHECKPOINT
from tests.training.pair import train_vlm
from tests.training.planted import FAST, FRAMES, save_vlm
from videophy_lab.training import Settings, TrainingStoppedError, loop, train_judge

FLAGS = {"held_out_generators": "hold-out-generators", "held_out_prompts": "hold-out-prompts"}
CLOSE = {"atol": 1e-3, "rtol": 1e-3}


def write_flags(settings: Settings) -> list[str]:
    """Write settings as the command's options, those that it has."""
    kept = {field.name: getattr(settings, field.name) for field in fields(settings)}
    kept = {name: value for name, value in kept.items() if value != getattr(Settings(), name)}
    flags = []
    for name, value in kept.items():
        told = ",".join(value) if isinstance(value, tuple) else str(value)
        flags += [f"--{FLAGS.get(name, name.replace('_', '-'))}", told]
    return flags


def start(trained, out: Path, *launcher: str) -> subprocess.Popen:
    return start_module(
        *launcher, "-m", "videophy_lab.cli", "train-judge", str(trained.ratings),
        str(trained.videos), "--base", str(CHECKPOINT), "--out", str(out), "--rules", str(trained.rules),
        "-o", f"frames={FRAMES['frames']}", "--device", "cpu", *write_flags(FAST),
    )  # fmt: skip


def start_module(*arguments: str) -> subprocess.Popen:
    """Start Python from here, on one thread."""
    command = [sys.executable, *arguments]
    quiet = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "ACCELERATE_LOG_LEVEL": "error"}
    return subprocess.Popen(
        command, cwd=ROOT, env=os.environ | quiet, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def launch_two() -> list[str]:
    """Write what makes two processes of a module."""
    return [
        "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2",
        "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no",
        "--main_process_port", str(find_port()),
    ]  # fmt: skip


def find_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(path: Path, run: subprocess.Popen, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert run.poll() is None, run.communicate()[1]
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.02)


def go_on(trained, out: Path):
    return train_judge(
        trained.ratings, trained.videos, base=CHECKPOINT, out=out, rules=trained.rules, settings=FAST,
        options=FRAMES, device="cpu", progress=False,
    )  # fmt: skip


def assert_same(one: Path, other: Path) -> None:
    """Compare the weights that were learnt, and every loss on the way."""
    first, second = (load_file(folder / "adapter" / "adapter_model.safetensors") for folder in (one, other))
    assert first.keys() == second.keys()
    for name, weight in first.items():
        torch.testing.assert_close(weight, second[name], **CLOSE)
    steps = [pd.read_csv(folder / "steps.csv").drop(columns="seconds") for folder in (one, other)]
    pd.testing.assert_frame_equal(*steps, atol=1e-3, rtol=1e-3)


def test_two_processes_give_what_one_gives(trained, tmp_path):
    run = start(trained, tmp_path, *launch_two())
    told, noise = run.communicate(timeout=240)
    assert run.returncode == 0, noise
    assert told.count("done: ") == 1
    assert_same(tmp_path, trained.folder)


@pytest.fixture(scope="module")
def pair(trained, tmp_path_factory) -> Path:
    """What two processes left: ``whole`` and ``parts`` with dropout and stop prompts, and ``vlm``."""
    out = tmp_path_factory.mktemp("pair")
    base = save_vlm(out / "base", "qwen2_5_vl")
    arguments = ("-m", "tests.training.pair", trained.videos.parent, base, out)
    run = start_module(*launch_two(), *map(str, arguments))
    _, noise = run.communicate(timeout=400)
    assert run.returncode == 0, noise
    return out


def test_two_processes_with_dropout_go_on_as_if_nothing_had_been(trained, pair):
    assert_same(pair / "whole", pair / "parts")
    ends = [json.loads((pair / name / "training.json").read_text("utf-8")) for name in ("whole", "parts")]
    for end in ends:
        end["state"].pop("seconds")
    assert ends[0] == ends[1]
    assert ends[0]["chosen_step"] == ends[0]["state"]["best_step"] > 0
    losses, without = (
        pd.read_csv(folder / "steps.csv").query("split == 'train'").set_index("step")["loss"]
        for folder in (pair / "parts", trained.folder)
    )
    # what was cut off was beyond the last checkpoint, and was done again
    assert losses.index.tolist() == list(range(1, ends[0]["state"]["step"] + 1))
    # an adapter adds nothing in its first step, and then dropout shows
    assert losses[1] == pytest.approx(without[1], rel=1e-3)
    assert (losses - without).abs().max() > 0.01


def test_two_processes_of_a_vlm_give_what_one_gives(trained, pair, tmp_path):
    told = train_vlm(trained.videos.parent, pair / "base", tmp_path)
    assert told.state.step == 4
    assert_same(pair / "vlm", tmp_path)


def test_a_killed_run_goes_on(trained, tmp_path):
    run = start(trained, tmp_path)
    wait_for(tmp_path / "checkpoints" / "step-0000004", run)
    run.kill()
    run.communicate(timeout=60)
    steps = [int(path.name.removeprefix("step-")) for path in (tmp_path / "checkpoints").glob("step-*")]
    assert 4 <= max(steps) < trained.outcome.state.step
    assert not (tmp_path / "merged").exists()
    told = go_on(trained, tmp_path)
    assert told.state.step == trained.outcome.state.step
    assert_same(tmp_path, trained.folder)


def test_an_interrupted_run_saves_its_last_step_and_goes_on(trained, tmp_path, monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    take_step = loop.take_step

    def interrupt(course, model, trainee, optimizer, step):
        if step == 6:
            signal.raise_signal(signal.SIGINT)
        return take_step(course, model, trainee, optimizer, step)

    monkeypatch.setattr(loop, "take_step", interrupt)
    told = go_on(trained, tmp_path)
    assert (told.interrupted, told.state.step) == (True, 7)
    assert (tmp_path / "checkpoints" / "step-0000007").is_dir()
    assert not (tmp_path / "merged").exists()
    assert signal.getsignal(signal.SIGINT) == before
    monkeypatch.undo()
    assert not go_on(trained, tmp_path).interrupted
    assert_same(tmp_path, trained.folder)


def test_a_second_signal_ends_at_once(trained, tmp_path, monkeypatch):
    def press(course, model, trainee, optimizer, step):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(loop, "take_step", press)
    with pytest.raises(KeyboardInterrupt):
        go_on(trained, tmp_path)


def test_no_memory_is_told_with_what_to_do(trained, tmp_path, monkeypatch):
    def fill(course, model, trainee, optimizer, step):
        torch.empty(2**50)

    monkeypatch.setattr(loop, "take_step", fill)
    with pytest.raises(
        TrainingStoppedError, match=r"memory is too small for a step .* --micro-batch 1, then"
    ):
        go_on(trained, tmp_path)


def test_two_runs_in_one_folder_do_not_mix(trained, tmp_path):
    from filelock import FileLock

    tmp_path.joinpath("run").mkdir()
    with FileLock(tmp_path / "run" / ".lock"), pytest.raises(OSError, match="another training writes into"):
        go_on(trained, tmp_path / "run")
