"""Trainings as ``accelerate launch`` runs two processes: whole, cut off and gone on with, and of a VLM."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.judges.owl_cases import CHECKPOINT
from tests.training.planted import DROPPING, FRAMES, VLM_STEPS
from videophy_lab.training import Outcome, loop, train_judge

CUT = 6


def train_owl(folder: Path, out: Path) -> Outcome:
    return train_judge(
        folder / "ratings.csv", folder / "videos.csv", base=CHECKPOINT, out=out, rules=folder / "rules.csv",
        settings=DROPPING, options=FRAMES, device="cpu", progress=False,
    )  # fmt: skip


def train_vlm(folder: Path, base: Path, out: Path) -> Outcome:
    return train_judge(
        folder / "ratings.csv", folder / "videos.csv", base=base, out=out, rules=folder / "rules.csv",
        judge="vlm", settings=VLM_STEPS, device="cpu", progress=False,
    )  # fmt: skip


def cut_off(folder: Path, out: Path) -> None:
    """Train until a step begins, and die there."""
    take_step = loop.take_step

    def die(course: Any, model: Any, trainee: Any, optimizer: Any, step: int) -> Any:
        if step == CUT:
            raise SystemExit("killed")
        return take_step(course, model, trainee, optimizer, step)

    loop.take_step = die
    try:
        train_owl(folder, out)
    except SystemExit:
        pass
    finally:
        loop.take_step = take_step


def main() -> None:
    """Train what a test compares."""
    folder, base, out = map(Path, sys.argv[1:])
    train_owl(folder, out / "whole")
    cut_off(folder, out / "parts")
    train_owl(folder, out / "parts")
    train_vlm(folder, base, out / "vlm")


if __name__ == "__main__":
    main()
