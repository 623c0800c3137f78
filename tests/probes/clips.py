"""Small videos that move, for the tests of probes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from videophy_lab.schema import make_video_id
from videophy_lab.video import FrameView, decode_clip, encode_video

CAPTIONS = {"p": "A ball rolls over the floor.", "q": "A cup falls from a table.", "r": "A door swings open."}


def make_frames(count: int = 12, height: int = 96, width: int = 128, seed: int = 0) -> np.ndarray:
    """Paint a textured square that moves to the right over a smooth ground."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    ground = np.stack([rows * 2, columns, rows + columns], axis=-1) % 200 + 20
    # grey, since colours lose half of their places when a video is encoded
    square = rng.integers(0, 255, (height // 4, width // 6, 1))
    frames = np.repeat(ground[None].astype(np.uint8), count, axis=0)
    for number, frame in enumerate(frames):
        left = round(number * (width - width // 6) / max(1, count - 1))
        frame[height // 3 : height // 3 + height // 4, left : left + width // 6] = square
    return frames


def write_videos(folder: Path, names: tuple[tuple[str, str, int], ...], **shape: int) -> pd.DataFrame:
    """Write videos and give their table, with captions."""
    rows = []
    for number, (generator, prompt, seed) in enumerate(names):
        path = folder / generator / prompt / f"{seed}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        encode_video(make_frames(seed=number, **shape), path, fps=12)
        rows.append(
            (make_video_id(generator, prompt, seed), prompt, generator, seed, str(path), CAPTIONS[prompt])
        )
    columns = ["video_id", "prompt_id", "generator", "seed", "path", "caption"]
    return pd.DataFrame(rows, columns=columns)


def read_frames(path: str | Path) -> np.ndarray:
    view = FrameView()
    return decode_clip(path, [view]).frames[view]


def measure_psnr(frames: np.ndarray, others: np.ndarray) -> float:
    """Measure the peak signal-to-noise ratio in decibels."""
    error = np.mean((frames.astype(float) - others.astype(float)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-12)))
