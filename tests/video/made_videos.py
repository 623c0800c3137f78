"""Videos that are made for the tests: a moving pattern, written by PyAV in every way that files come in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np


def make_frames(count: int, height: int, width: int) -> np.ndarray:
    """Make a pattern that moves, differs in every frame and fills all three channels."""
    y, x = np.mgrid[:height, :width]
    pictures = [
        np.stack([x * 3 + i * 5, y * 4 + i, (x + y) * 2 + i * 3], axis=-1) % 256 for i in range(count)
    ]
    return np.stack(pictures).astype(np.uint8)


def write_video(
    path: Path,
    frames: np.ndarray,
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    rate: int = 10,
    times: Sequence[int] | None = None,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    prepare: Callable | None = None,
) -> Path:
    """Write frames; `times` count in 1 / rate seconds, `prepare` gets the stream before it is opened."""
    import av

    # x264's macroblock tree gives small pictures other bytes from run to run where it uses AVX-512
    same = {"mbtree": "0"} if codec == "libx264" else {}
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=rate, options=same | (options or {}))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = Fraction(1, rate)
        if prepare is not None:
            prepare(stream)
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number if times is None else times[number]
            frame.time_base = Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path, *, cover: bool = False) -> Path:
    """Write a second of silence, with a cover picture or without."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        picture = None
        if cover:
            picture = container.add_stream("mjpeg", rate=1)
            picture.height, picture.width, picture.pix_fmt = 32, 32, "yuvj420p"
            picture.disposition = av.stream.Disposition.attached_pic
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 16384), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 16000
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))
        if picture is not None:
            container.mux(
                picture.encode(av.VideoFrame.from_ndarray(make_frames(1, 32, 32)[0], format="rgb24"))
            )
            container.mux(picture.encode(None))
    return path


def shift_times(source: Path, path: Path, *, hidden: int) -> Path:
    """Copy an mp4 without encoding it, its first frames before time 0, where an edit list hides them."""
    import av

    with (
        av.open(str(source)) as old,
        av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as new,
    ):
        stream = old.streams.video[0]
        copy = new.add_stream_from_template(stream)
        shift = round(hidden / (stream.average_rate * stream.time_base))
        for packet in old.demux(stream):
            if packet.dts is not None:
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, copy
                new.mux(packet)
    return path


def find_packets(path: Path) -> list[tuple[int, int]]:
    """Give place and size of every compressed frame, in the order of the file."""
    import av

    with av.open(str(path)) as container:
        return sorted((packet.pos, packet.size) for packet in container.demux(video=0) if packet.size)


def damage_packet(source: Path, path: Path, *, number: int) -> Path:
    """Copy a video with one compressed frame overwritten by zeros."""
    data = bytearray(source.read_bytes())
    place, size = find_packets(source)[number]
    data[place : place + size] = bytes(size)
    path.write_bytes(data)
    return path


def read_with_opencv(path: Path) -> np.ndarray:
    """Decode a video with OpenCV, as RGB."""
    import cv2

    capture, frames = cv2.VideoCapture(str(path)), []
    while (answer := capture.read())[0]:
        frames.append(cv2.cvtColor(answer[1], cv2.COLOR_BGR2RGB))
    capture.release()
    return np.stack(frames)
