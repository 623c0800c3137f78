"""Make videos in this process, or by several on this machine: each is kept as soon as it is there."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from videophy_lab.engine.answers import clean_text
from videophy_lab.engine.processes import spread_work
from videophy_lab.generators.base import Generator, GeneratorStoppedError, Made, Order
from videophy_lab.video_store import VideoStore

Record = Mapping[str, Any]
Report = Callable[[int, Sequence[Record]], None]
# whose versions may decide a video
LIBRARIES = (
    *("videophy-lab", "numpy", "av", "mujoco", "torch", "transformers", "diffusers"),
    *("lumaai", "openai", "google-genai"),
)


class MakersDiedError(OSError):
    """Processes that make videos die; what they had made is kept."""


@dataclass(frozen=True)
class Task:
    """What one generator is to make.

    Attributes
    ----------
    name : str
        That the generator goes by.
    generator : Generator
    orders : tuple of Order
    """

    name: str
    generator: Generator
    orders: tuple[Order, ...]

    def cut(self) -> Iterator[Task]:
        """Cut it into tasks of one call each."""
        size = max(1, self.generator.batch_size)
        for start in range(0, len(self.orders), size):
            yield replace(self, orders=self.orders[start : start + size])


@dataclass
class Maker:
    """Carries out tasks one after the other; a generator is prepared when its first task comes.

    Attributes
    ----------
    store : VideoStore
    """

    store: VideoStore
    _prepared: dict[str, tuple[Generator, Mapping[str, Any]]] = field(default_factory=dict)

    def prepare(self, task: Task) -> tuple[Generator, Mapping[str, Any]]:
        """Give the prepared generator of a task and what it says of itself; let go of the one before."""
        if task.name not in self._prepared:
            self._prepared.clear()
            task.generator.prepare()
            # once, because it may look at all of the weights
            self._prepared[task.name] = task.generator, task.generator.describe()
        return self._prepared[task.name]

    def carry_out(self, task: Task) -> Iterator[Record]:
        """Make the videos of a task of one call, keep each, and give what its side-car says.

        When the generator raises, the others of the call are made one by one, so that one order cannot take
        others with it.

        Raises
        ------
        GeneratorStoppedError
            It can make no other video either.
        OSError
            The folder cannot be written to.
        """
        generator, _ = self.prepare(task)
        left = {order.video_id: order for order in task.orders}
        started = time.perf_counter()
        try:
            for order, made in generator.make(task.orders, folder=self.store.find_desk(task.name)):
                seconds, started = time.perf_counter() - started, time.perf_counter()
                record = self.keep(task, order, made, seconds=seconds)
                left.pop(order.video_id, None)
                yield record
        except (GeneratorStoppedError, WritingError):
            raise
        except Exception as error:  # a generator may be anybody's plug-in: whatever it raises is the reason
            if len(task.orders) > 1:
                for order in left.values():
                    yield from self.carry_out(replace(task, orders=(order,)))
                return
            reason = str(error).strip() or repr(error)
            left_over = Made(error=clean_text(f"{type(error).__name__}: {reason}"))
        else:
            left_over = Made(error="the generator gave nothing for this order, and no reason")
        for order in left.values():
            yield self.keep(task, order, left_over, seconds=math.nan)

    def keep(self, task: Task, order: Order, made: Made, *, seconds: float) -> Record:
        """Keep a video and give what its side-car says."""
        _, description = self.prepare(task)
        try:
            return self.store.keep(
                task.name,
                order,
                made,
                description=description,
                versions=read_versions(),
                seconds=0.0 if math.isnan(seconds) else seconds,
            )
        except OSError as error:
            raise WritingError(error.errno, error.strerror or str(error), str(self.store.folder)) from error


class WritingError(OSError):
    """The folder of the videos cannot be written to."""


@cache
def read_versions() -> dict[str, str]:
    """Give the versions of Python and of the libraries that may have a part in a video."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def make_here(tasks: Sequence[Task], folder: Path, *, report: Report | None = None) -> None:
    """Make all videos in this process.

    Parameters
    ----------
    tasks : sequence of Task
    folder : Path
        Of the videos.
    report : callable, optional
        Called after each video with 1 and what its side-car says.

    Raises
    ------
    GeneratorStoppedError, OSError
        See :meth:`Maker.carry_out`; what was made is kept.
    """
    maker = Maker(VideoStore(folder))
    for task in tasks:
        for part in task.cut():
            for record in maker.carry_out(part):
                if report:
                    report(1, [record])


def can_spread(task: Task) -> bool:
    """Tell whether processes may make a task's videos; no other finds a class of the user's own script."""
    return task.generator.parallel and type(task.generator).__module__ != "__main__"


def make_in_processes(
    tasks: Sequence[Task], folder: Path, *, workers: int, report: Report | None = None
) -> None:
    """Make videos by several processes on this machine.

    Raises
    ------
    ProcessDiedError
        A process died (out of memory, a fault in a library).
    GeneratorStoppedError, OSError
        See :meth:`Maker.carry_out`; what was made is kept.
    """
    parts = (part for task in tasks for part in task.cut())
    work = spread_work(carry_out_part, parts, workers=workers, start=start_process, given=(folder,))
    with closing(work) as results:
        for records in results:
            if report:
                report(len(records), records)


_maker: Maker | None = None


def start_process(folder: Path) -> None:
    """Get ready in a process of the pool."""
    global _maker
    _maker = Maker(VideoStore(folder))


def carry_out_part(part: Task) -> list[Record]:
    """Make the videos of one call in a process of the pool."""
    assert _maker is not None  # start_process came first
    return list(_maker.carry_out(part))
