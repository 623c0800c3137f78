"""Which frames of a video are looked at: every published rule, by frame number, never by time.

Times in files are not to be trusted (one published clip claims 34,417 frames a second), so even the rules
that are spoken of in seconds are worked out on frame numbers, from one frame rate for the whole stream.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from videophy_lab.video.clip import FrameView, VideoError

PATCH = 2
FEWEST, MOST = 4, 768


def take_all(n_frames: int, fps: float, view: FrameView) -> list[int]:
    """Take every frame."""
    return list(range(n_frames))


def take_official(n_frames: int, fps: float, view: FrameView) -> list[int]:
    """Take `view.count` frames as VideoPhy-2-AutoEval does; frames of short videos are repeated.

    With N frames and ``step = (N − 1) / count``, frame i is ``int(step / 2) + round(step · i)``, halves
    rounded to even. The last frames are never reached, and 49 frames give 0, 2, 3, 4, 6, …: that is the
    published rule.

    SOURCE: Hritikbansal/videophy@01d366c, VIDEOPHY2/mplug_owl_video/processing_mplug_owl.py.
    """
    count = _count_of(view)
    step = (n_frames - 1) / count
    start = int(step / 2)
    return [start + int(np.round(step * i)) for i in range(count)]


def take_videoscore(n_frames: int, fps: float, view: FrameView) -> list[int]:
    """Take at most `view.count` frames as VideoScore does (16 in v1, 48 in v1.1).

    SOURCE: TIGER-AI-Lab/VideoScore@8e44973, examples/run_videoscore.py.
    """
    count = _count_of(view)
    if n_frames <= count:
        return list(range(n_frames))
    # The step is not exact, so that arange may give one more.
    return [int(place) for place in np.arange(0, n_frames, n_frames / count)[:count]]


def take_uniform(n_frames: int, fps: float, view: FrameView) -> list[int]:
    """Take at most `view.count` frames, evenly, the first and the last among them.

    SOURCE: ``linspace(0, N − 1)``, rounded, as for a fixed number of frames in qwen-vl-utils
    (QwenLM/Qwen3-VL@004d5e0, vision_process.py).
    """
    return _spread(n_frames, min(_count_of(view), n_frames))


def take_fps(n_frames: int, fps: float, view: FrameView) -> list[int]:
    """Take `view.fps` frames a second as qwen-vl-utils does, for Qwen2.5-VL, Qwen3-VL and VideoScore2.

    The number is ``N / fps · view.fps``, at least 4, at most `view.count` (768 when not given) and N, rounded
    down to an even number (the temporal patch is two frames); the frames are spread evenly from the first to
    the last. A video of one frame, which the source refuses, gives that frame twice: so the source fills up a
    list of pictures. (The video processors of transformers and vLLM take other frames of the same video.)

    SOURCE: ``smart_nframes`` of qwen-vl-utils (QwenLM/Qwen3-VL@004d5e0, vision_process.py).
    """
    if view.fps is None:
        raise _miss_option("fps", view)
    if n_frames < PATCH:
        return [0] * PATCH
    most = min(MOST, n_frames) if view.count is None else view.count
    wanted = n_frames / _rate_of(fps, view) * view.fps
    wanted = min(max(wanted, FEWEST), most // PATCH * PATCH, n_frames)
    return _spread(n_frames, math.floor(wanted / PATCH) * PATCH)


def take_vbench_even(n_frames: int, fps: float, view: FrameView) -> list[int]:
    """Take frames 0, 2, 4, …: those between which VBench's motion smoothness interpolates.

    SOURCE: Vchitect/VBench@45e79ec, vbench/motion_smoothness.py.
    """
    return list(range(0, n_frames, 2))


def take_vbench_8fps(n_frames: int, fps: float, view: FrameView) -> list[int]:
    """Take every k-th frame, ``k = max(1, round(fps / 8))``, as VBench's dynamic degree does.

    SOURCE: Vchitect/VBench@45e79ec, vbench/dynamic_degree.py.
    """
    return list(range(0, n_frames, max(1, round(_rate_of(fps, view) / 8))))


def take_vbench_middle(n_frames: int, fps: float, view: FrameView) -> list[int]:
    """Take the middle of `view.count` equal stretches, as VBench's overall consistency does (8 frames).

    A shorter video gives each frame once, and then its last frame until there are `view.count`.

    SOURCE: Vchitect/VBench@45e79ec, vbench/utils.py, ``get_frame_indices(sample="middle")``.
    """
    count = _count_of(view)
    edges = np.linspace(0, n_frames, min(count, n_frames) + 1).astype(int).tolist()
    taken = [(low + high - 1) // 2 for low, high in pairwise(edges)]
    return taken + taken[-1:] * (count - len(taken))


SAMPLING: dict[str, Callable[[int, float, FrameView], list[int]]] = {
    "all": take_all,
    "official": take_official,
    "videoscore": take_videoscore,
    "uniform": take_uniform,
    "fps": take_fps,
    "vbench_even": take_vbench_even,
    "vbench_8fps": take_vbench_8fps,
    "vbench_middle": take_vbench_middle,
}
_REQUIRED = {
    "official": ("count",),
    "videoscore": ("count",),
    "uniform": ("count",),
    "fps": ("fps",),
    "vbench_middle": ("count",),
}
_OPTIONAL = {"fps": ("count",)}


def sample_frames(view: FrameView, n_frames: int, fps: float) -> np.ndarray:
    """Give the numbers of the frames that a view takes of a video.

    Parameters
    ----------
    view : FrameView
    n_frames : int
        Frames in the video.
    fps : float
        Frames a second of the video; NaN when not known, which only ``fps`` and ``vbench_8fps`` mind.

    Returns
    -------
    array of int, shape (frames taken,)
        Places in the stream, from 0, ascending; short videos may repeat frames.

    Raises
    ------
    ValueError
        No video can satisfy the view: an unknown rule, an option that is missing, useless or out of range.
    VideoError
        The video has no frames, or the rule needs its frame rate and there is none to be believed.
    """
    check_view(view)
    if n_frames < 1:
        raise VideoError("the video has no frames")
    return np.asarray(SAMPLING[view.rule](n_frames, fps, view), dtype=np.int64)


def check_view(view: FrameView) -> None:
    """Refuse a view that no video can satisfy, naming what is allowed."""
    if view.rule not in SAMPLING:
        close = difflib.get_close_matches(str(view.rule), SAMPLING, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(close)}? " if close else ""
        raise ValueError(
            f"there is no sampling rule {view.rule!r}. {hint}Allowed: {', '.join(sorted(SAMPLING))}."
        )
    required, optional = _REQUIRED.get(view.rule, ()), _OPTIONAL.get(view.rule, ())
    for name in ("count", "fps"):
        given = getattr(view, name) is not None
        if given and name not in required + optional:
            raise ValueError(
                f"the sampling rule {view.rule!r} takes no {name}. Remedy: leave it out of {view}"
            )
        if not given and name in required:
            raise _miss_option(name, view)
    _check_numbers(view)


def _check_numbers(view: FrameView) -> None:
    """Refuse counts, rates and sizes that are not positive numbers of their kind."""
    fewest = PATCH if view.rule == "fps" else 1
    if view.count is not None and not (_is_whole(view.count) and view.count >= fewest):
        raise ValueError(f"count is {view.count!r}; it must be a whole number, {fewest} or more")
    if view.fps is not None and not (math.isfinite(view.fps) and view.fps > 0):
        raise ValueError(f"fps is {view.fps!r}; it must be a positive number of frames a second")
    if view.size is not None and not (
        len(view.size) == 2 and all(_is_whole(side) and side > 0 for side in view.size)
    ):
        raise ValueError(
            f"size is {view.size!r}; it must be (height, width) in whole pixels, for example (224, 224)"
        )


def _is_whole(number: object) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def _miss_option(name: str, view: FrameView) -> ValueError:
    return ValueError(
        f"the sampling rule {view.rule!r} needs {name}. Remedy: FrameView({view.rule!r}, {name}=…)"
    )


def _count_of(view: FrameView) -> int:
    if view.count is None:
        raise _miss_option("count", view)
    return view.count


def _rate_of(fps: float, view: FrameView) -> float:
    """Give the frame rate of the video, or say that this rule cannot do without one."""
    if not (math.isfinite(fps) and fps > 0):
        raise VideoError(
            f"the sampling rule {view.rule!r} needs frames a second, and the file claims none that can be "
            "believed. Remedy: encode the video again with its true rate, or use a rule that counts frames "
            f"({', '.join(name for name, options in _REQUIRED.items() if 'count' in options)})"
        )
    return fps


def _spread(n_frames: int, count: int) -> list[int]:
    """Take `count` frames from the first to the last, rounded to the nearest, halves to even."""
    return [int(place) for place in np.rint(np.linspace(0, n_frames - 1, count))]
