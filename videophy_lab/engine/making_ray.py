"""Make videos by several processes, on this machine or on a cluster, through Ray.

Every worker keeps what it made itself, so that nothing is lost with it or with the process that started it.
All machines must see the weights and the folder under the same paths (a shared file system).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videophy_lab.engine.making import Maker, MakersDiedError, Record, Report, Task
from videophy_lab.engine.ray import hush_ray, open_cluster
from videophy_lab.generators.base import Generator
from videophy_lab.video_store import VideoStore

# a call that killed its worker is tried again so often, by a new worker
MOST_TRIES = 2


@dataclass(frozen=True)
class Crew:
    """How many workers there are, and what Ray sets aside for each.

    Attributes
    ----------
    size : int
    cpus, gpus : float
    """

    size: int
    cpus: float
    gpus: float


class RemoteMaker:
    """A worker: a maker in a process of Ray's, with the starter's directory and modules."""

    def __init__(self, folder: Path, directory: Path, paths: Sequence[str]) -> None:
        if directory.is_dir():
            # options of generators may be relative paths
            os.chdir(directory)
        sys.path[:] = [*paths, *(path for path in sys.path if path not in paths)]
        self.maker = Maker(VideoStore(folder))

    def carry_out(self, part: Task) -> list[Record]:
        """Make the videos of one call; what a worker that died had kept of it is not made again."""
        known = [self.maker.store.read_record(part.name, order) for order in part.orders]
        pairs = list(zip(part.orders, known, strict=True))
        left = Task(part.name, part.generator, tuple(order for order, record in pairs if record is None))
        kept = [record for record in known if record is not None]
        return kept + (list(self.maker.carry_out(left)) if left.orders else [])


def make_on_ray(
    tasks: Sequence[Task], folder: Path, *, workers: int | None = None, report: Report | None = None
) -> None:
    """Make videos by workers of Ray; a cluster that ``RAY_ADDRESS`` names is used and left running.

    Parameters
    ----------
    tasks : sequence of Task
    folder : Path
        Of the videos.
    workers : int, optional
        One for each GPU where a generator runs on CUDA, else one a core; a generator that gains by neither
        has one whatever is given.
    report : callable, optional
        Called after each call with the number of videos done and what their side-cars say.

    Raises
    ------
    ImportError
        The extra ``ray`` is not installed, or a generator lacks its own.
    ValueError
        CUDA is asked for and no machine has it, or a generator cannot be prepared.
    GeneratorStoppedError, OSError
        What was made is kept.
    """
    with open_cluster() as ray, hush_ray():
        machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        for task in tasks:
            parts = list(task.cut())
            crew = plan_crew(machines, task.generator, workers, calls=len(parts))
            try:
                make_by_crew(ray, parts, folder, crew, report)
            except ray.exceptions.RayTaskError as error:
                # what was raised there, as it was raised
                raise (error.cause if isinstance(error.cause, Exception) else error) from None
            except ray.exceptions.RayError as error:
                reason = str(error).strip().splitlines()[0]
                raise MakersDiedError(
                    f"Ray has lost a worker ({reason}). Remedy: give fewer --workers where memory is short, "
                    "or see what --engine local does; what was made is kept"
                ) from None


def plan_crew(machines: Sequence[Any], generator: Generator, workers: int | None, *, calls: int) -> Crew:
    """Decide how many workers make the videos of one generator, and what each has.

    Parameters
    ----------
    machines : sequence of mappings
        ``CPU`` and ``GPU`` of each.
    generator : Generator
        One with an option ``device`` runs on CUDA by ``cuda``, and by ``auto`` where there is a GPU.
    workers : int, optional
    calls : int
        More workers would have nothing to do.
    """
    cpus = sum(machine.get("CPU", 0.0) for machine in machines)
    gpus = sum(int(machine.get("GPU", 0)) for machine in machines)
    device = str(getattr(generator, "device", "cpu"))
    on_gpu = device.startswith("cuda") or (device == "auto" and gpus > 0)
    if on_gpu and not gpus:
        raise ValueError(
            f"the generator is to run on {device}, and Ray knows of no machine with a GPU. Remedy: -o "
            "device=auto or cpu, or join a machine with a GPU to the cluster."
        )
    if not on_gpu and not generator.parallel:
        # one process asks a service for several videos at once, and is alone in its folder
        workers = 1
    most = gpus if on_gpu else max(1, int(cpus))
    size = max(1, min(workers or most, calls))
    return Crew(size, cpus=min(1.0, 0.5 * cpus / size), gpus=min(1.0, gpus / size) if on_gpu else 0.0)


def make_by_crew(ray: Any, parts: Sequence[Task], folder: Path, crew: Crew, report: Report | None) -> None:
    """Hand the calls of one generator to workers, each the next one when it is free."""
    remote = ray.remote(
        num_cpus=crew.cpus, num_gpus=crew.gpus, max_restarts=MOST_TRIES, max_task_retries=MOST_TRIES
    )(RemoteMaker)
    paths = tuple(sys.path)
    actors = [remote.remote(folder.absolute(), Path.cwd(), paths) for _ in range(crew.size)]
    waiting = iter(parts)
    busy = {}
    for actor, part in zip(actors, waiting, strict=False):
        busy[actor.carry_out.remote(part)] = actor
    while busy:
        [done], _ = ray.wait(list(busy), num_returns=1)
        actor = busy.pop(done)
        records = ray.get(done)
        if report:
            report(len(records), records)
        following = next(waiting, None)
        if following is not None:
            busy[actor.carry_out.remote(following)] = actor
