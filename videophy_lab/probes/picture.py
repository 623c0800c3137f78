"""Edits of the picture: every frame by itself, in its place."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from videophy_lab.probes.settings import How
from videophy_lab.video import FrameView, decode_clip, encode_video

GREY = 128
# of the compression that is the probe itself: nearly invisible, and the worst there is
BEST_CRF, WORST_CRF = 18, 51
# rate of a file that is written to be read again at once
ANY_FPS = 24.0


def mirror_frames(frames: np.ndarray, how: How) -> np.ndarray:
    """Exchange left and right, which the laws of motion treat alike."""
    return frames[:, :, ::-1]


def blank_frames(frames: np.ndarray, how: How) -> np.ndarray:
    """Show nothing but an even grey."""
    return np.full_like(frames, GREY)


def blur_frames(frames: np.ndarray, how: How) -> np.ndarray:
    """Blur with a Gaussian whose standard deviation is ``severity · options.blur`` of the height."""
    import cv2

    sigma = how.severity * how.options.blur * frames.shape[1]
    return np.stack(
        [cv2.GaussianBlur(frame, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) for frame in frames]
    )


def add_noise(frames: np.ndarray, how: How) -> np.ndarray:
    """Add Gaussian noise of ``severity · options.noise`` grey levels to every pixel, drawn frame by frame."""
    rng, sigma = how.rng, np.float32(how.severity * how.options.noise)
    noisy = np.empty_like(frames)
    for place, frame in enumerate(frames):
        drawn = rng.standard_normal(frame.shape, dtype=np.float32) * sigma
        noisy[place] = np.clip(np.rint(frame + drawn), 0, 255).astype(np.uint8)
    return noisy


def compress_frames(frames: np.ndarray, how: How) -> np.ndarray:
    """Compress by H.264 at lower and lower quality, and decode: what a bad copy shows.

    Here the codec is what is probed, so that frames are compressed as files on the web are: in groups, each
    from those around it, by x264's constant rate factor from 18 (severity 0) to 51, its worst (severity 1).
    The result is then encoded as every other probe is.
    """
    crf = find_crf(how)
    with tempfile.TemporaryDirectory() as folder:
        path = encode_video(
            frames, Path(folder) / "worse.mp4", fps=ANY_FPS, crf=crf, preset=how.options.preset
        )
        view = FrameView()
        return decode_clip(path, [view]).frames[view]


def find_crf(how: How) -> int:
    """Give the constant rate factor of a severity."""
    return round(BEST_CRF + how.severity * (WORST_CRF - BEST_CRF))
