"""Decode a video once, for all who want to look at it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from videophy_lab.video.clip import Clip, FrameView, VideoError, VideoInfo
from videophy_lab.video.probe import REMEDY, describe_stream, explain_error, open_video, read_packets
from videophy_lab.video.sampling import check_view, sample_frames

if TYPE_CHECKING:
    from av import Packet
    from av.filter import Graph
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Size = tuple[int, int]
Slot = tuple[np.ndarray, int]
TURNS = {90: ("clock",), 180: ("clock", "clock"), 270: ("cclock",)}


def decode_clip(
    path: Path | str,
    views: Iterable[FrameView],
    *,
    threads: int = 1,
    reserve: Callable[[int], None] | None = None,
) -> Clip:
    """Decode a video in one pass, and give each view its frames.

    The file is opened and read once; its compressed frames stay in memory until they are decoded. Decoding
    stops after the last wanted frame, only wanted frames are converted, each once a size, and views of the
    same frames in the same size share one array.

    Frames are scaled and converted by FFmpeg's filter graph ``scale=W:H:flags=bilinear,format=rgb24``, which
    equals decord 0.6.0 to the last bit. A view without a size goes through the same graph at the stored size.
    Where the file says that its pictures are to be shown turned by 90, 180 or 270 degrees (telephones do),
    they are turned before they are scaled, as decord does; other angles are ignored. When the resolution
    changes in mid-stream, all frames are scaled to the size that the file declares.

    Parameters
    ----------
    path : Path or str
    views : iterable of FrameView
        May be empty: then only the file's description is given.
    threads : int
        Threads of the decoder; 0 leaves the number to FFmpeg. The frames do not depend on it.
    reserve : callable, optional
        Called once, before memory for the frames is taken, with its number of bytes; it may wait or raise.

    Raises
    ------
    ValueError
        No video can satisfy a view.
    VideoError
        The file cannot be read, is damaged or cut off (then it says how many frames decode), or has not what
        a view needs.

    Notes
    -----
    SOURCE of the graph and of the turns: dmlc/decord@v0.6.0, src/video/ffmpeg/threaded_decoder.cc.
    """
    start = time.perf_counter()

    def wait_for_room(n_bytes: int) -> None:
        nonlocal start
        if reserve is not None:
            begun = time.perf_counter()
            reserve(n_bytes)
            start += time.perf_counter() - begun  # waiting is not decoding

    views = tuple(dict.fromkeys(views))
    for view in views:
        check_view(view)
    with open_video(path) as (container, stream):
        packets = read_packets(Path(path), container, stream)
        info = describe_stream(Path(path), container, stream, packets)
        indices = _choose_frames(info, views)
        frames = _decode_views(info, stream, packets, indices, threads, wait_for_room) if views else {}
    return Clip(info=info, frames=frames, indices=indices, seconds=time.perf_counter() - start)


def _choose_frames(info: VideoInfo, views: Iterable[FrameView]) -> dict[FrameView, np.ndarray]:
    """Give the numbers of each view's frames, read-only."""
    indices = {}
    for view in views:
        try:
            indices[view] = sample_frames(view, info.frames, info.fps)
        except VideoError as error:
            raise VideoError(f"{info.path}: {error}") from error
        indices[view].setflags(write=False)
    return indices


def _decode_views(
    info: VideoInfo,
    stream: VideoStream,
    packets: deque[Packet[VideoStream]],
    indices: Mapping[FrameView, np.ndarray],
    threads: int,
    reserve: Callable[[int], None],
) -> dict[FrameView, np.ndarray]:
    """Decode as far as needed, and put each wanted frame into the arrays of the views that want it."""
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = threads
    frames = _decode_packets(info, stream, packets)
    first = next(frames)
    turn = -first.rotation % 360
    sizes = _find_sizes(info, indices, turn)
    reserve(_count_bytes(indices, sizes))
    arrays, wanted = _allocate_frames(indices, sizes)
    converter = _Converter(info, stream.time_base, turn)
    for number, frame in enumerate(chain([first], frames)):
        for size, slots in wanted.pop(number, {}).items():
            picture = converter.convert(frame, size)
            for array, row in slots:
                array[row] = picture
        if not wanted:
            break
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


def _decode_packets(
    info: VideoInfo, stream: VideoStream, packets: deque[Packet[VideoStream]]
) -> Iterator[VideoFrame]:
    """Give the frames in the order in which they are shown; let go of each packet once it is decoded.

    Raises
    ------
    VideoError
        Fewer frames decode than were counted.
    """
    import av

    decoded, reason = 0, "the rest is missing"
    try:
        while packets:
            for frame in stream.decode(packets.popleft()):
                decoded += 1
                yield frame
        for frame in stream.decode(None):
            decoded += 1
            yield frame
    except av.error.FFmpegError as error:
        reason = explain_error(error)
    if decoded < info.frames:
        raise VideoError(
            f"{info.path} is damaged: only the first {decoded} of its {info.frames} frames decode "
            f"({reason}). {REMEDY}"
        )


def _find_sizes(info: VideoInfo, indices: Mapping[FrameView, np.ndarray], turn: int) -> dict[FrameView, Size]:
    """Give the height and width of each view's frames."""
    upright = (info.width, info.height) if turn in (90, 270) else (info.height, info.width)
    return {view: (int(view.size[0]), int(view.size[1])) if view.size else upright for view in indices}


def _group_views(
    indices: Mapping[FrameView, np.ndarray], sizes: Mapping[FrameView, Size]
) -> dict[tuple[Size, bytes], list[FrameView]]:
    """Put the views together that take the same frames in the same size."""
    groups: dict[tuple[Size, bytes], list[FrameView]] = {}
    for view, numbers in indices.items():
        groups.setdefault((sizes[view], numbers.tobytes()), []).append(view)
    return groups


def _count_bytes(indices: Mapping[FrameView, np.ndarray], sizes: Mapping[FrameView, Size]) -> int:
    """Count the bytes that all arrays together take."""
    return sum(
        len(indices[views[0]]) * size[0] * size[1] * 3
        for (size, _), views in _group_views(indices, sizes).items()
    )


def _allocate_frames(
    indices: Mapping[FrameView, np.ndarray], sizes: Mapping[FrameView, Size]
) -> tuple[dict[FrameView, np.ndarray], dict[int, dict[Size, list[Slot]]]]:
    """Make the arrays, and list for each frame and size where it goes."""
    arrays: dict[FrameView, np.ndarray] = {}
    wanted: dict[int, dict[Size, list[Slot]]] = {}
    for (size, _), views in _group_views(indices, sizes).items():
        numbers = indices[views[0]]
        array = np.empty((len(numbers), *size, 3), dtype=np.uint8)
        arrays.update(dict.fromkeys(views, array))
        for row, number in enumerate(numbers.tolist()):
            wanted.setdefault(number, {}).setdefault(size, []).append((array, row))
    return arrays, wanted


class _Converter:
    """Turn, scale and convert frames; keeps one filter graph for each kind of frame and target size."""

    def __init__(self, info: VideoInfo, time_base: Fraction | None, turn: int) -> None:
        self._info = info
        self._time_base = time_base
        self._turns = TURNS.get(turn, ())
        self._graphs: dict[tuple[int, int, str, Size], Graph] = {}

    def convert(self, frame: VideoFrame, size: Size) -> np.ndarray:
        """Give a frame as RGB, uint8, shape (height, width, 3)."""
        import av

        key = (frame.width, frame.height, frame.format.name, size)
        try:
            if key not in self._graphs:
                self._graphs[key] = self._make_graph(frame, size)
            self._graphs[key].vpush(frame)
            return self._graphs[key].vpull().to_ndarray()
        except av.error.FFmpegError as error:
            raise VideoError(
                f"{self._info.path}: a frame of {frame.width}×{frame.height} pixels ({frame.format.name}) "
                f"cannot be scaled to {size[1]}×{size[0]}: {explain_error(error)}. Remedy: another size"
            ) from error

    def _make_graph(self, frame: VideoFrame, size: Size) -> Graph:
        """Build the graph, with one thread as decord does, so that the machine makes no difference."""
        from av.filter import Graph

        graph = Graph()
        graph.threads = 1
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=self._time_base
        )
        turns = [graph.add("transpose", direction) for direction in self._turns]
        scale = graph.add("scale", f"{size[1]}:{size[0]}:flags=bilinear")
        graph.link_nodes(
            source, *turns, scale, graph.add("format", "rgb24"), graph.add("buffersink")
        ).configure()
        return graph
