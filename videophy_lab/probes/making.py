"""Make probed videos, in this process or by several: each source is decoded once for all of its probes."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from videophy_lab.engine.processes import spread_work
from videophy_lab.probes.catalog import PROBES
from videophy_lab.probes.choosing import Part
from videophy_lab.probes.files import ProbeFolder, Source, choose_fps
from videophy_lab.probes.settings import COMMON, How, ProbeOptions, find_draw
from videophy_lab.video import FrameView, VideoError, VideoInfo, decode_clip

Record = Mapping[str, Any]
Report = Callable[[int, Sequence[Record]], None]
# whose versions may decide a probed video
LIBRARIES = ("videophy-lab", "numpy", "av", "opencv-python-headless", "pillow", "matplotlib")
# decoding a real clip takes a sixth to a quarter of the time of encoding it
PROBES_A_JOB = 4
# starting a process takes as long as a few jobs
JOBS_A_PROCESS = 2
# of a video's frames; an edit holds about twice as much
MOST_BYTES = 4 << 30


@dataclass(frozen=True)
class ProbeJob:
    """A video and the probes of it that are to be made.

    Attributes
    ----------
    source : Source
    parts : tuple of Part
    """

    source: Source
    parts: tuple[Part, ...]

    def cut(self) -> Iterator[ProbeJob]:
        """Cut it into jobs of a few probes, which keep processes busy to the end and are soon interrupted."""
        for start in range(0, len(self.parts), PROBES_A_JOB):
            yield ProbeJob(self.source, self.parts[start : start + PROBES_A_JOB])


@dataclass(frozen=True)
class Prober:
    """Makes the probes of one video after the other.

    Attributes
    ----------
    folder : ProbeFolder
    options : ProbeOptions
    seed : int
    """

    folder: ProbeFolder
    options: ProbeOptions
    seed: int

    def describe(self, part: Part) -> dict[str, Any]:
        """Give what decides a probe beside the video: the same settings make the same file."""
        probe = PROBES[part.probe]
        settings = {name: getattr(self.options, name) for name in (*COMMON, *probe.options)}
        return settings | ({"seed": self.seed} if probe.drawn else {})

    def carry_out(self, job: ProbeJob) -> Iterator[Record]:
        """Make the probes of a video, keep each, and give what its side-car says.

        A video that cannot be read gives a side-car with the reason for each.

        Raises
        ------
        OSError
            The folder cannot be written to.
        """
        info, frames = read_source(job.source)
        fps = choose_fps(info.fps, self.options.fallback_fps) if info else self.options.fallback_fps
        for part in job.parts:
            edited = frames if isinstance(frames, str) else self.edit(part, job.source, frames)
            try:
                yield self.folder.keep(
                    part, job.source, edited, fps=fps, settings=self.describe(part), versions=read_versions()
                )
            except OSError as error:
                place = str(self.folder.folder)
                raise OSError(error.errno, error.strerror or str(error), place) from error

    def edit(self, part: Part, source: Source, frames: np.ndarray) -> np.ndarray | str:
        """Give the edited frames, or the reason why there are none."""
        probe = PROBES[part.probe]
        assert probe.edit is not None  # a plan has only edits of videos
        draw = find_draw(self.seed, source.video_id, part.probe)
        try:
            return probe.edit(frames, How(severity=part.severity or 1.0, draw=draw, options=self.options))
        except VideoError as error:
            if isinstance(error.__cause__, OSError):
                # no room for what is written in between
                raise error.__cause__ from error
            return str(error)


def read_source(source: Source) -> tuple[VideoInfo | None, np.ndarray | str]:
    """Decode all frames of a video; give the reason where it cannot be."""
    view = FrameView()
    if source.path == Path():
        return None, "the videos table gives no path"
    try:
        clip = decode_clip(source.path, [view], reserve=check_room)
    except ValueError as error:
        text, path = str(error), str(source.path)
        return None, f"the file{text.removeprefix(path)}" if text.startswith(path) else text
    return clip.info, clip.frames[view]


def check_room(n_bytes: int) -> None:
    """Refuse a video that would fill the memory."""
    if n_bytes > MOST_BYTES:
        raise VideoError(
            f"the file is too large to be held: its frames take {n_bytes / 2**30:.1f} GiB, allowed are "
            f"{MOST_BYTES >> 30}. Remedy: cut it, or make it smaller"
        )


@cache
def read_versions() -> dict[str, str]:
    """Give the versions of Python and of the libraries that may have a part in a probed video."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        # a library may be there under another name, or the project as a folder
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def make_probes(
    jobs: Sequence[ProbeJob], prober: Prober, *, workers: int = 1, report: Report | None = None
) -> None:
    """Make all probes, in this process or by several.

    Parameters
    ----------
    jobs : sequence of ProbeJob
    prober : Prober
    workers : int
        Processes; fewer where there is little to do.
    report : callable, optional
        Told the number of probes made and what their side-cars say.

    Raises
    ------
    OSError
        The folder cannot be written to, or a process died; what was made is kept.
    """
    pieces = [piece for job in jobs for piece in job.cut()]
    size = min(workers, len(pieces) // JOBS_A_PROCESS)
    if size > 1:
        work = spread_work(carry_out_job, pieces, workers=size, start=start_process, given=(prober,))
        with closing(work) as results:
            for records in results:
                if report:
                    report(len(records), records)
        return
    for job in jobs:
        for record in prober.carry_out(job):
            if report:
                report(1, [record])


_prober: Prober | None = None


def start_process(prober: Prober) -> None:
    """Get ready in a process of the pool."""
    global _prober
    _prober = prober


def carry_out_job(job: ProbeJob) -> list[Record]:
    """Make the probes of one video in a process of the pool."""
    assert _prober is not None  # start_process came first
    return list(_prober.carry_out(job))
