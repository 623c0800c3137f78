"""The official answers on a tiny random network: their clips as embeddings, and judges that take those."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.conftest import GOLDEN
from videophy_lab.judges.owl.judge import OwlJudge
from videophy_lab.video import Clip, VideoInfo

FOLDER = GOLDEN / "autoeval"
CHECKPOINT = FOLDER / "checkpoint"
TASKS = ("sa", "pc", "rule")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Run on one thread: networks this small gain nothing by more, and lose much where others run too."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def read_json(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


@cache
def read_arrays(name: str) -> dict[str, np.ndarray]:
    with np.load(FOLDER / name) as arrays:
        return dict(arrays)


def make_clip(case: str) -> Clip:
    """Make a clip that stands for a case; its frames are not looked at."""
    return Clip(VideoInfo(Path(f"{case}.mp4"), "h264", "yuv420p", 8, 8, 1, math.nan, math.nan))


def watch_cases(judge: OwlJudge) -> OwlJudge:
    """Prepare a judge, and let it take for each clip what the official code made of it."""
    media = read_arrays("answers.npz")

    def encode_clips(clips: Sequence[Clip]) -> torch.Tensor:
        names = [clip.info.path.stem for clip in clips]
        return torch.from_numpy(np.stack([media[f"{name}_abstractor_out"] for name in names]))

    judge.prepare()
    judge.encode_clips = encode_clips  # type: ignore[method-assign]
    return judge
