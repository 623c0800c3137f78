"""The official answers on a tiny random network: their clips as embeddings, and judges that take those."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch

from tests.conftest import GOLDEN
from videophy_lab.judges.autoeval import AutoEval
from videophy_lab.judges.mplug_owl import OwlJudge
from videophy_lab.video import Clip, VideoInfo, decode_clip

Judge = TypeVar("Judge", bound=OwlJudge)
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


def watch_cases(judge: Judge) -> Judge:
    """Prepare a judge, and let it take for each clip what the official code made of it."""
    media = read_arrays("answers.npz")

    def encode_clips(clips: Sequence[Clip]) -> torch.Tensor:
        names = [clip.info.path.stem for clip in clips]
        return torch.from_numpy(np.stack([media[f"{name}_abstractor_out"] for name in names]))

    judge.prepare()
    judge.encode_clips = encode_clips  # type: ignore[method-assign]
    return judge


def make_judge(kind: type[Judge], **options: Any) -> Judge:
    """Make a judge with the weights of the official cases, at their precision."""
    return kind(checkpoint=str(CHECKPOINT), **{"device": "cpu"} | options)


def find_video(shared: Path, name: str) -> Path:
    """Find a clip of the official cases: their authors' own, or an example of the benchmark."""
    own = shared / "fixtures" / "autoeval" / name
    return own if own.exists() else shared / "data" / "videos" / "videophy2" / Path(name).name


@cache
def load_seeing() -> AutoEval:
    """Give a judge that looks at frames."""
    judge = make_judge(AutoEval)
    judge.prepare()
    return judge


@cache
def encode_video(path: Path) -> torch.Tensor:
    """Decode a video and encode it, shape (65, width)."""
    judge = load_seeing()
    return judge.encode_clips([decode_clip(path, [judge.view])])[0]
