"""A video file as a browser can show it: its own bytes where they will do, else encoded anew."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.markup import make_address
from videophy_lab.video import FrameView, VideoError, VideoInfo, decode_clip, encode_video
from videophy_lab.video.probe import open_video

if TYPE_CHECKING:
    import numpy as np

# 8 bits, 4:2:0: what every browser decodes
SHOWN_FORMATS = ("yuv420p", "yuvj420p")
# a lossless stream calls itself so even where its colours are 4:2:0
HIDDEN_PROFILE = "4:4:4"
LONGEST_SIDE = 720
MOST_FRAME_BYTES = 2**29
# for a file that claims no frame rate that can be believed
ASSUMED_FPS = 24.0
POSTER_SIDE = 480
POSTER_QUALITY = 80
FIRST_FRAME = FrameView("uniform", count=1)


@dataclass(frozen=True, kw_only=True)
class Footage:
    """A video that a browser can play.

    Attributes
    ----------
    data : bytes
        An mp4 file, H.264 in 4:2:0.
    poster : str
        The first frame as a ``data:`` address of a JPEG picture.
    width, height : int
        Pixels of a frame as it is shown.
    frames : int
    fps : float
    note : str
        What was changed to show it; empty when `data` are the file's own bytes.
    """

    data: bytes
    poster: str
    width: int
    height: int
    frames: int
    fps: float
    note: str = ""


def read_footage(path: Path) -> Footage:
    """Read a video file for a browser.

    H.264 of 8 bits and 4:2:0 in an mp4 file goes in as it is. Everything else (other codecs, 4:4:4, lossless,
    no credible frame rate) is encoded anew, at most 720 pixels on the longer side, and says so.

    Raises
    ------
    VideoError
        The file cannot be read as a video.
    """
    clip = decode_clip(path, [FIRST_FRAME])
    first = clip.frames[FIRST_FRAME][0]
    data = path.read_bytes()
    reason = find_obstacle(clip.info, data)
    fps = clip.info.fps if math.isfinite(clip.info.fps) else ASSUMED_FPS
    if reason:
        data, first = encode_anew(clip.info, first, fps)
    return Footage(
        data=data,
        poster=draw_poster(first),
        width=first.shape[1],
        height=first.shape[0],
        frames=clip.info.frames,
        fps=fps,
        note=f"encoded anew to be shown ({reason})" if reason else "",
    )


def find_obstacle(info: VideoInfo, data: bytes) -> str:
    """Say why a browser may not show a file as it is; empty when it will."""
    with open_video(info.path) as (_, stream):
        profile = stream.codec_context.profile or ""
    if info.codec != "h264":
        return f"the file is {info.codec}"
    if info.pixel_format not in SHOWN_FORMATS or HIDDEN_PROFILE in profile:
        return f"the file is H.264, {profile or 'unknown profile'}, {info.pixel_format}"
    if data[4:8] != b"ftyp":
        return "the file is no mp4"
    if not math.isfinite(info.fps):
        return f"the file claims no frame rate that can be believed; shown at {ASSUMED_FPS:g} a second"
    return ""


def encode_anew(info: VideoInfo, first: np.ndarray, fps: float) -> tuple[bytes, np.ndarray]:
    """Encode all frames as H.264 in 4:2:0; give the file and its first frame."""
    height, width = first.shape[:2]
    room = MOST_FRAME_BYTES / (info.frames * height * width * 3)
    scale = min(1.0, LONGEST_SIDE / max(height, width), math.sqrt(room))
    view = FrameView("all", size=(make_even(height * scale), make_even(width * scale)))
    frames = decode_clip(info.path, [view]).frames[view]
    with tempfile.TemporaryDirectory(prefix="videophy-lab-") as folder:
        data = encode_video(frames, Path(folder) / "shown.mp4", fps=fps).read_bytes()
    return data, frames[0]


def make_even(pixels: float) -> int:
    """Give the nearest even number of pixels, 2 or more, as 4:2:0 needs it."""
    return max(2, 2 * round(pixels / 2))


def draw_poster(frame: np.ndarray) -> str:
    """Give a frame as a ``data:`` address of a small JPEG picture.

    Raises
    ------
    VideoError
        The picture cannot be written.
    """
    import cv2

    height, width = frame.shape[:2]
    scale = min(1.0, POSTER_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA) if scale < 1 else frame
    written, jpeg = cv2.imencode(".jpg", small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, POSTER_QUALITY])
    if not written:
        raise VideoError(f"its first frame ({width} × {height}) cannot be written as a picture")
    return make_address(jpeg.tobytes(), "image/jpeg")
