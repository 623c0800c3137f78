"""Write frames as H.264, and hash them."""

from __future__ import annotations

import hashlib
import io
import math
import os
import uuid
from fractions import Fraction
from pathlib import Path

import numpy as np

from videophy_lab.video.clip import VideoError
from videophy_lab.video.probe import FASTEST, explain_error

SLOWEST = 0.01
BT601, LIMITED_RANGE = 6, 1
# every frame a key frame, with the quantiser that is named: x264 would give key frames a finer one
ALONE = {"g": "1", "bf": "0", "sc_threshold": "0", "x264-params": "ipratio=1"}
PRESETS = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
    "placebo",
)


def encode_video(
    frames: np.ndarray,
    path: Path | str,
    *,
    fps: float,
    crf: int = 18,
    preset: str = "medium",
    qp: int | None = None,
    lossless: bool = False,
) -> Path:
    """Write frames as an H.264 mp4, whole or not at all.

    Frames of even sizes are stored as 4:2:0, which every player shows; frames with an odd height or width as
    4:4:4, which keeps their size but which browsers may not show; nothing is resized, cropped or padded.
    Equal frames and options give equal bytes on the same machine with the same FFmpeg: one thread, no times.

    Parameters
    ----------
    frames : array of uint8, shape (frames, height, width, 3)
        RGB.
    path : Path or str
        A name that ends in ``.mp4``; an existing file is replaced once the new one is complete.
    fps : float
        Frames a second, from 0.01 to 1,000.
    crf : int
        x264's constant rate factor, 0 (best) to 51; 18 is nearly invisible. Without meaning when `lossless`,
        or with `qp`.
    preset : str
        x264's balance of time and size.
    qp : int, optional
        Compress every frame by itself, each with this quantiser, 1 (best) to 51; 16 is nearly invisible. What
        a frame decodes to then depends on that frame alone: not on its place, nor on the frames around it.
        Files are several times as large as by `crf`.
    lossless : bool
        Store RGB without loss: `decode_clip` gives back the same bytes. Few players show such files.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        The frames or options are not what is asked for above.
    VideoError
        The file cannot be written (no such folder, disk full), or the encoder refuses the frames.
    """
    path = Path(path)
    _check_frames(frames)
    _check_options(path, fps, crf, preset, qp, lossless)
    rate = Fraction(float(fps)).limit_denominator(1001)
    quality = {"crf": str(crf)} if qp is None else {"qp": str(qp), **ALONE}
    options = {"preset": preset, **({"qp": "0"} if lossless else quality)}
    data = _encode_frames(frames, rate, options, lossless=lossless)
    _write_whole(data, path)
    return path


def hash_frames(frames: np.ndarray) -> str:
    """Give the SHA-256 of the bytes of frames, in C order, as 64 hex digits.

    Parameters
    ----------
    frames : array of uint8

    Raises
    ------
    ValueError
        It is not an array of uint8.
    """
    if str(getattr(frames, "dtype", None)) != "uint8":
        raise ValueError(f"frames are a {type(frames).__name__}; only an array of uint8 has a hash")
    return hashlib.sha256(np.ascontiguousarray(frames).data).hexdigest()


def _check_frames(frames: np.ndarray) -> None:
    shape, dtype = getattr(frames, "shape", None), getattr(frames, "dtype", None)
    if shape is None or dtype is None:
        raise ValueError(
            f"frames are a {type(frames).__name__}; give a NumPy array of uint8 (frames, height, width, 3)"
        )
    if dtype != "uint8" or len(shape) != 4 or shape[3] != 3:
        raise ValueError(
            f"frames have the shape {shape} and the type {dtype}; needed are (frames, height, width, 3) and "
            "uint8. Remedy: round and clip to 0…255, then .astype('uint8')"
        )
    if 0 in shape:
        raise ValueError(f"frames have the shape {shape}: there is nothing to write")


def _check_options(path: Path, fps: float, crf: int, preset: str, qp: int | None, lossless: bool) -> None:
    if path.suffix.lower() != ".mp4":
        raise ValueError(f"the file is to be called {path.name!r}; its name must end in .mp4")
    if not (math.isfinite(fps) and SLOWEST <= fps <= FASTEST):
        raise ValueError(f"fps is {fps}; it must be from {SLOWEST:g} to {FASTEST:g}")
    if not 0 <= crf <= 51:
        raise ValueError(f"crf is {crf}; it must be from 0 (best) to 51")
    if qp is not None and (lossless or not 1 <= qp <= 51):
        raise ValueError(f"qp is {qp}; it must be from 1 (best) to 51, and not with lossless")
    if preset not in PRESETS:
        raise ValueError(f"there is no preset {preset!r}. Allowed: {', '.join(PRESETS)}")


def _encode_frames(frames: np.ndarray, rate: Fraction, options: dict[str, str], *, lossless: bool) -> bytes:
    """Encode to memory, so that Python writes the file and a full disk cannot go unnoticed."""
    import av

    file = io.BytesIO()
    try:
        with av.open(file, mode="w", format="mp4", options={"fflags": "+bitexact"}) as container:
            # x264's macroblock tree gives small pictures other bytes from run to run where it uses AVX-512.
            options = {**options, "mbtree": "0"}
            stream = container.add_stream("libx264rgb" if lossless else "libx264", rate=rate, options=options)
            stream.height, stream.width = frames.shape[1:3]
            stream.pix_fmt = "rgb24" if lossless else _choose_format(frames)
            stream.codec_context.thread_count = 1
            if not lossless:
                # Said in the file, because players guess BT.709 for large pictures and swscale writes BT.601.
                stream.codec_context.colorspace = BT601
                stream.codec_context.color_range = LIMITED_RANGE
            for number, picture in enumerate(frames):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = number, 1 / rate
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(
            f"frames of the shape {frames.shape} cannot be encoded as H.264: {explain_error(error)}. "
            "Remedy: check their size"
        ) from error
    return file.getvalue()


def _choose_format(frames: np.ndarray) -> str:
    """Choose 4:2:0 where it can hold the size."""
    return "yuv444p" if frames.shape[1] % 2 or frames.shape[2] % 2 else "yuv420p"


def _write_whole(data: bytes, path: Path) -> None:
    """Write a file beside its place and move it there, so that it is never seen half written."""
    temporary = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise VideoError(
            f"{path} cannot be written: {explain_error(error)}. Remedy: check that the folder exists, may be "
            "written to, and has room"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
