"""Videos in a message: the file as it is, or pictures taken from it, each with its time."""

from __future__ import annotations

import hashlib
import math
import mimetypes
from functools import partial
from typing import TYPE_CHECKING

from videophy_lab.llm.exchange import Media
from videophy_lab.places import hash_file

if TYPE_CHECKING:
    import numpy as np

    from videophy_lab.video import VideoInfo


def attach_file(info: VideoInfo, *, fps: float | None = None) -> Media:
    """Attach a video file as it is."""
    kind = mimetypes.guess_type(info.path.name)[0] or "video/mp4"
    return Media(kind, hash_file(info.path), info.path.read_bytes, fps)


def attach_frames(
    info: VideoInfo, indices: np.ndarray, frames: np.ndarray | None, *, quality: int
) -> tuple[str | Media, ...]:
    """Attach frames as JPEG pictures, each behind its time.

    Parameters
    ----------
    info : VideoInfo
    indices : array of int, shape (frames,)
        Places in the stream.
    frames : array of uint8, shape (frames, height, width, 3), optional
        RGB; not needed to find out whether the answer is known already.
    quality : int
        Of JPEG, 1–100.
    """
    # a decoder or JPEG library of another version changes a few bytes and no answer: a picture goes by the
    # file, the place and the quality that it is made of
    file = hash_file(info.path)
    length = f" of {info.seconds:.2f} s" if math.isfinite(info.seconds) else ""
    parts: list[str | Media] = [f"These are {len(indices)} frames of one video{length}, in their order."]
    for number, index in enumerate(indices.tolist()):
        when = f"{index / info.fps:.2f} s" if info.fps > 0 else f"frame {index + 1} of {info.frames}"
        name = hashlib.sha256(f"{file} frame {index} jpeg {quality}".encode()).hexdigest()
        read = partial(encode_picture, frames[number], quality) if frames is not None else refuse_reading
        parts += [f"Frame {number + 1}, at {when}:", Media("image/jpeg", name, read)]
    return tuple(parts)


def encode_picture(frame: np.ndarray, quality: int) -> bytes:
    """Encode a picture as JPEG.

    Parameters
    ----------
    frame : array of uint8, shape (height, width, 3)
        RGB.
    quality : int
    """
    import cv2

    done, data = cv2.imencode(".jpg", frame[..., ::-1].copy(), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("a frame could not be written as JPEG")
    return data.tobytes()


def refuse_reading() -> bytes:
    """Stand for the bytes of a picture that was never decoded."""
    raise RuntimeError("this picture is only there to be named, not to be sent")


def count_patches(info: VideoInfo, *, side: int, most: int) -> int:
    """Count the squares that cover a frame, up to a most."""
    return min(most, math.ceil(info.width / side) * math.ceil(info.height / side))
