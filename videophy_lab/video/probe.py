"""What a video file is, found by looking into it, not by believing it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

from videophy_lab.video.clip import VideoError, VideoInfo

if TYPE_CHECKING:
    from av import Packet
    from av.container import InputContainer
    from av.video.stream import VideoStream

FASTEST = 1000.0
LISTS = ("concat", "dash", "hls", "imf")
TEXTS = ("adf", "bin", "idf", "tty", "xbin")
REMEDY = "Remedy: fetch or make the video again"


def probe_video(path: Path | str) -> VideoInfo:
    """Find out what is in a video file, without decoding it.

    Frames are counted packet by packet, as decord's ``len(VideoReader)`` does; packets that an edit list
    hides are not counted. Frame rates above 1,000 a second are not believed (a published clip claims 34,417):
    then FFmpeg's guess and frames over duration are tried, and `fps` is NaN when none of them can be
    believed. A file is seen to be cut off by its index; Matroska, WebM and transport streams have none that
    would tell, and what is left of them counts as a shorter video.

    Raises
    ------
    VideoError
        There is no such file, it is a folder, empty, cut off, not a video, or has no frames.
    """
    with open_video(path) as (container, stream):
        return describe_stream(Path(path), container, stream, read_packets(Path(path), container, stream))


@contextmanager
def open_video(path: Path | str) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a video file and find its video stream; close the file in the end.

    Raises
    ------
    VideoError
        As `probe_video`.
    """
    path = Path(path)
    _check_file(path)
    container = _open_container(path)
    try:
        stream = _find_stream(path, container)
        if not any(map(_is_believable, (stream.average_rate, stream.guessed_rate))):
            # Edit lists count milliseconds: at such rates they hide frames by rounding alone.
            container.close()
            container = _open_container(path, ignore_editlist="1")
            stream = _find_stream(path, container)
        yield container, stream
    finally:
        container.close()


def read_packets(path: Path, container: InputContainer, stream: VideoStream) -> deque[Packet[VideoStream]]:
    """Read the compressed frames of a stream, in the order of the file.

    Raises
    ------
    VideoError
        The file breaks off before the end that its index gives, or cannot be read to its end.
    """
    import av

    packets: deque[Packet[VideoStream]] = deque()
    try:
        packets.extend(packet for packet in container.demux(stream) if packet.size)
    except (av.error.FFmpegError, OSError) as error:
        reason = explain_error(error)
        raise VideoError(f"{path} breaks off after {len(packets)} frames: {reason}. {REMEDY}") from error
    listed = [entry for entry in stream.index_entries if entry.size > 0 and not entry.is_discard]
    end = path.stat().st_size
    lost = sum(entry.pos + entry.size > end for entry in listed)
    if lost:
        there = f"{len(listed) - lost} of the {len(listed)} frames that its index lists are there"
        raise VideoError(f"{path} is cut off: {there}. {REMEDY}")
    return packets


def describe_stream(
    path: Path, container: InputContainer, stream: VideoStream, packets: deque[Packet[VideoStream]]
) -> VideoInfo:
    """Put together what is known of a stream; raise VideoError when it has no frames."""
    frames = sum(not packet.is_discard for packet in packets)
    if not frames:
        raise VideoError(f"{path} has a video stream without frames. {REMEDY}")
    seconds = _find_seconds(container, stream, frames)
    return VideoInfo(
        path=path,
        codec=stream.codec_context.codec.canonical_name,
        pixel_format=stream.codec_context.pix_fmt or "unknown",
        width=stream.codec_context.width,
        height=stream.codec_context.height,
        frames=frames,
        fps=_find_rate(stream, frames, seconds),
        seconds=seconds,
    )


def explain_error(error: Exception) -> str:
    """Give an error's reason, without its number and file name."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        raise VideoError(
            f"{path} cannot be opened: {explain_error(error)}. Remedy: check the path"
        ) from error
    if path.is_dir():
        raise VideoError(f"{path} is a folder, not a video file. Remedy: give the path of a file in it")
    if not path.is_file():
        raise VideoError(f"{path} is not a regular file. Remedy: copy it to a file first")
    if not size:
        raise VideoError(f"{path} is empty (0 bytes). {REMEDY}")


def _open_container(path: Path, **options: str) -> InputContainer:
    """Open a file, and nothing but this file."""
    import av

    try:
        # The prefix keeps names with a colon from being taken for addresses, and the list keeps playlists
        # that are called mp4 from opening any.
        container = av.open(
            f"file:{path}",
            mode="r",
            options={"protocol_whitelist": "file", **options},
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoError(f"{path} cannot be read as a video: {explain_error(error)}. {REMEDY}") from error
    if container.format.name in LISTS + TEXTS:
        container.close()
        kind = "a text" if container.format.name in TEXTS else "a list of other files"
        raise VideoError(f"{path} is {kind}, not a video. Remedy: give the path of a video file")
    return container


def _find_stream(path: Path, container: InputContainer) -> VideoStream:
    """Give FFmpeg's choice among the video streams; the cover picture of a sound file is none."""
    from av.stream import Disposition

    stream = cast("VideoStream | None", container.streams.best("video"))
    if stream is None or stream.disposition & Disposition.attached_pic:
        kinds = ", ".join(sorted({other.type for other in container.streams})) or "nothing"
        raise VideoError(f"{path} has no video stream; it has: {kinds}. Remedy: give a video file")
    if stream.codec_context is None:
        raise VideoError(f"{path} is in a format that cannot be decoded here. Remedy: encode it as H.264")
    return stream


def _find_seconds(container: InputContainer, stream: VideoStream, frames: int) -> float:
    """Give the duration, unless it is unknown or too short to be believed of so many frames."""
    import av

    seconds = math.nan
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration:
        seconds = container.duration / av.time_base
    return seconds if seconds > 0 and frames / seconds <= FASTEST else math.nan


def _find_rate(stream: VideoStream, frames: int, seconds: float) -> float:
    """Give the first frame rate that can be believed."""
    claims = (stream.average_rate, stream.guessed_rate, frames / seconds)
    return next((float(claim) for claim in claims if claim is not None and _is_believable(claim)), math.nan)


def _is_believable(rate: Fraction | float | None) -> bool:
    return rate is not None and 0 < rate <= FASTEST
