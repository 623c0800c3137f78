"""A judge with faults that looks at pixels, through the commands' own path: probe, score, card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

import videophy_lab as lab
from videophy_lab.judges.base import Answer, Card, Question, Scorer
from videophy_lab.report import run_report
from videophy_lab.video import Clip, FrameView, encode_video

HEIGHT, WIDTH, BALL, N_FRAMES = 128, 192, 12, 33
# the part of the picture that an overlay takes, and where the ball never goes
BAND = HEIGHT // 3
PROBES = ("shuffle", "freeze", "loop", "mirror", "text")
PARAMS = """\
title: Judges that look
parameters: {videos: ../out, scores: ../out, labels: {fooled: Fooled, seeing: Seeing}}
notebooks: [judge_probes]
"""


@dataclass(kw_only=True)
class Looks(Scorer):
    """Follows the one bright ball above the band where words are laid."""

    card: ClassVar[Card] = Card("looks", "follows the ball", ("pc",), "1–5")
    view: ClassVar[FrameView] = FrameView("uniform", N_FRAMES)
    batch_size: ClassVar[int] = 4

    def describe(self) -> dict[str, Any]:
        return {"scorer": type(self).__name__}

    def score(self, clips: Sequence[Clip], questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
        scores = [self.judge(clip.frames[self.view].astype(float).mean(axis=3)) for clip in clips]
        return [[Answer(score) for _ in asked] for score, asked in zip(scores, questions, strict=True)]

    def judge(self, grey: np.ndarray) -> float:
        raise NotImplementedError


class Seeing(Looks):
    """Notices order and stillness, and reads nothing."""

    card: ClassVar[Card] = Card("seeing", "follows the ball", ("pc",), "1–5")

    def judge(self, grey: np.ndarray) -> float:
        path = find_path(grey)
        steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
        if steps.sum() < 1:
            return 1.0
        # a straight way is as long as its ends are apart
        straight = steps.sum() < 1.1 * np.linalg.norm(path[-1] - path[0])
        # slow balls please it more, so that answers differ between videos
        return float(5 - steps.sum() / WIDTH) if straight else 2.0


class Fooled(Looks):
    """Looks at the frames as a heap: reads words, ignores order, likes what stands still."""

    card: ClassVar[Card] = Card("fooled", "looks at single frames", ("pc",), "1–5")

    def judge(self, grey: np.ndarray) -> float:
        path = find_path(grey)
        words = (grey[:, -BAND:] > 200).mean() > 0.001
        still = np.ptp(path, axis=0).max() < 1
        # where the ball is on average, so that answers differ between videos
        return float(2 + path[:, 1].mean() / WIDTH + 0.8 * words + still)


def find_path(grey: np.ndarray) -> np.ndarray:
    """Find the middle of what is bright above the band, (frames, 2)."""
    bright = np.clip(grey[:, :-BAND] - 120, 0, None)
    rows, columns = np.mgrid[: bright.shape[1], : bright.shape[2]]
    total = bright.sum(axis=(1, 2))
    return np.column_stack([(bright * axis).sum(axis=(1, 2)) / total for axis in (rows, columns)])


def write_clips(folder: Path, rng: np.random.Generator, *, n_prompts: int) -> None:
    """Write one clip a prompt: a ball that goes straight over a dark ground."""
    rows = []
    for number in range(n_prompts):
        start, end = rng.uniform([15, 15], [70, 60]), rng.uniform([15, 120], [70, 175])
        frames = np.full((N_FRAMES, HEIGHT, WIDTH, 3), 40, np.uint8)
        for frame, share in zip(frames, np.linspace(0, 1, len(frames)), strict=True):
            top, left = np.rint(start + share * (end - start) - BALL / 2).astype(int)
            frame[top : top + BALL, left : left + BALL] = 230
        path = folder / "ball" / f"p{number:02d}" / "0.mp4"
        path.parent.mkdir(parents=True)
        encode_video(frames, path, fps=24)
        rows.append({"video_id": f"ball/p{number:02d}/0", "prompt_id": f"p{number:02d}", "generator": "ball",
                     "seed": 0, "path": str(path)})  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "videos.csv", index=False)


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Probe 20 clips, ask both judges, make the card, and read the faults from its table."""
    folder = tmp_path_factory.mktemp("pixels")
    (folder / "made").mkdir()
    write_clips(folder / "made", np.random.default_rng(5), n_prompts=20)
    lab.probe(folder / "made" / "videos.csv", list(PROBES), out=folder / "out", workers=1, progress=False)
    lab.score(folder / "out", [Seeing(), Fooled()], out=folder / "out", progress=False)
    (folder / "report").mkdir()
    (folder / "report" / "params.yaml").write_text(PARAMS, encoding="utf-8")
    run_report(folder / "report", progress=False)
    found = pd.read_csv(folder / "report" / "tables" / "judge_probes_faults.csv")
    shown = found[found["verdict"].eq("fault")]
    assert json.loads((folder / "report" / "provenance.json").read_text())["files"]
    return {scorer: part["fault"].tolist() for scorer, part in shown.groupby("scorer")}


def test_the_card_names_what_was_planted(faults: dict[str, list[str]]) -> None:
    assert sorted(faults["fooled"]) == [
        "ignores the order of frames", "likes frozen video", "reads text overlays"
    ]  # fmt: skip


def test_the_card_does_not_accuse_a_judge_that_sees(faults: dict[str, list[str]]) -> None:
    assert "seeing" not in faults
