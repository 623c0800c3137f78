"""Run scorers over videos by several processes, on this machine or on a cluster, through Ray Data.

Every worker prepares the scorers once and writes what it scored into the folder itself, so that nothing it
has stored is lost with it or with the process that started it. All machines must see the videos, the weights
and the folder under the same paths (a shared file system).
"""

from __future__ import annotations

import logging
import math
import os
import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from videophy_lab.engine.local import Report
from videophy_lab.engine.plan import Job
from videophy_lab.engine.worker import MOST_STARTS, Ledger, Setup, Worker, WorkersDiedError
from videophy_lab.extras import import_extra
from videophy_lab.judges.base import Scorer

EXTRA = "ray"
MOST_VIDEOS = 64
CHUNKS_A_WORKER = 8


@dataclass(frozen=True)
class Pool:
    """How many workers there are, and what each has.

    Attributes
    ----------
    size : int
    cpus, gpus : float
        What Ray sets aside for each worker.
    cores : int
        Cores that it may use.
    """

    size: int
    cpus: float
    gpus: float
    cores: int


def run_jobs(
    jobs: Sequence[Job],
    scorers: Mapping[str, Scorer],
    specs: Mapping[str, str],
    folder: str | Path,
    *,
    workers: int | None = None,
    report: Report | None = None,
) -> None:
    """Answer every question of the jobs by several processes, which store the answers.

    A cluster to which this process is connected, or which ``RAY_ADDRESS`` names, is used and left running
    (Ray shows its token to one only with ``RAY_AUTH_MODE=token``); otherwise Ray is started on this machine
    for the run.

    Parameters
    ----------
    jobs : sequence of Job
    scorers : mapping of name to Scorer
        Not prepared; each worker prepares its own.
    specs : mapping of name to spec
    folder : path
        Of the score store. It gets a row for every question; a video that kills its worker again and again
        gives ``failed``, and no other video with it.
    workers : int, optional
        Processes. One for each GPU when a scorer runs on CUDA; otherwise one for two cores, or one for each
        machine when a scorer has weights.
    report : callable, optional
        Called after each chunk with the number of videos done and, for each row stored, its ``status``.

    Raises
    ------
    ImportError
        The extra ``ray`` is not installed, or a scorer lacks its own.
    ValueError
        `workers` is below 1, CUDA is asked for and no machine has it, or a scorer cannot be prepared.
    OSError
        The folder cannot be written to, or workers die of more than single videos.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers is {workers}; allowed: 1 or more, or none to let the machine decide.")
    if not jobs:
        return
    with open_cluster() as ray, hush_ray():
        machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        pool = plan_pool(machines, scorers, workers, videos=len(jobs))
        setup = Setup(
            scorers=ray.cloudpickle.dumps(dict(scorers)),
            specs=dict(specs),
            folder=Path(folder).absolute(),
            cores=pool.cores,
            omp_threads=os.environ.get("OMP_NUM_THREADS", str(pool.cores)),
            directory=Path.cwd(),
            paths=tuple(sys.path),
            ledger=ray.remote(num_cpus=0)(Ledger).remote(MOST_STARTS * pool.size),
        )
        try:
            for videos, statuses in answer_chunks(ray, cut_chunks(jobs, scorers, pool.size), setup, pool):
                if report:
                    report(videos, [{"status": status} for status in statuses])
        except ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise WorkersDiedError(
                f"Ray has lost its workers ({reason}). Remedy: install the same packages on every machine, "
                "give fewer --workers where memory is short, or see what --engine local does"
            ) from None


@contextmanager
def open_cluster() -> Iterator[Any]:
    """Connect to Ray, or start it on this machine and stop it afterwards."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray = import_extra("ray", EXTRA)
    import_extra("ray.data", EXTRA)
    if ray.is_initialized():
        yield ray
        return
    try:
        # without an address Ray would also join what somebody else runs on this machine
        address = os.environ.get("RAY_ADDRESS") or "local"
        ray.init(address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        yield ray
    finally:
        ray.shutdown()


@contextmanager
def hush_ray() -> Iterator[None]:
    """Keep Ray's talk from stdout, where it prints that a worker died, and Ray Data's from everywhere."""
    talk = logging.getLogger("ray.data")
    level = talk.level
    talk.setLevel(logging.CRITICAL)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        talk.setLevel(level)


def plan_pool(
    machines: Sequence[Mapping[str, float]],
    scorers: Mapping[str, Scorer],
    workers: int | None,
    *,
    videos: int,
) -> Pool:
    """Decide how many workers there are and what each has.

    Parameters
    ----------
    machines : sequence of mappings
        ``CPU`` and ``GPU`` of each.
    scorers : mapping of name to Scorer
        One with an option ``device`` runs on CUDA by ``cuda``, and by ``auto`` where there is a GPU; one with
        ``device_map`` takes all GPUs of its worker.
    workers : int, optional
    videos : int
        How many there are to score; more workers have nothing to do.
    """
    cpus = sum(machine.get("CPU", 0.0) for machine in machines)
    gpus = [int(machine.get("GPU", 0)) for machine in machines]
    devices = {name: str(getattr(scorer, "device", "cpu")) for name, scorer in scorers.items()}
    on_gpu = [
        name for name, device in devices.items() if device[:4] == "cuda" or (device == "auto" and any(gpus))
    ]
    if on_gpu and not any(gpus):
        raise ValueError(
            f"{on_gpu[0]} is to run on {devices[on_gpu[0]]}, and Ray knows of no machine with a GPU. "
            "Remedy: --device auto or cpu, or join a machine with a GPU to the cluster."
        )
    spread = any(getattr(scorers[name], "device_map", "") for name in on_gpu)
    if on_gpu:
        most = sum(number > 0 for number in gpus) if spread else sum(gpus)
    elif any(scorer.card.weights != "none" for scorer in scorers.values()):
        most = len(machines)
    else:
        most = max(1, int(cpus // 2))
    size = min(workers or most, videos)
    # half of the cores stays free: Ray starts nothing else on those that a worker claims
    claimed = min(1.0, max(0.01, math.floor(50 * cpus / size) / 100))
    share = share_gpus(gpus, size, spread=spread) if on_gpu else 0.0
    return Pool(size, claimed, share, max(1, int(cpus // size)))


def share_gpus(gpus: Sequence[int], size: int, *, spread: bool) -> float:
    """Give each worker a GPU, or a part of one when there are more workers; with `spread`, several."""
    if sum(gpus) < size:
        return math.floor(1e4 / math.ceil(size / sum(gpus))) / 1e4
    return float(min(max(gpus), sum(gpus) // size)) if spread else 1.0


def cut_chunks(jobs: Sequence[Job], scorers: Mapping[str, Scorer], workers: int) -> list[list[Job]]:
    """Cut jobs into chunks of whole batches: several for each worker, so that all end at about one time."""
    length = min(MOST_VIDEOS, math.ceil(len(jobs) / (workers * CHUNKS_A_WORKER)))
    batch = max((s.batch_size for s in scorers.values() if s.batch_size <= MOST_VIDEOS), default=1)
    length = math.ceil(length / batch) * batch
    # other machines and processes may have another working directory
    # an empty path is none, and would become the folder where you are
    whole = [replace(job, path=job.path.absolute() if job.path.name else job.path) for job in jobs]
    return [whole[start : start + length] for start in range(0, len(whole), length)]


def answer_chunks(
    ray: Any, chunks: Sequence[Sequence[Job]], setup: Setup, pool: Pool
) -> Iterator[tuple[int, list[str]]]:
    """Send the chunks through Ray Data; give each one's number of videos and statuses when it is done.

    Raises
    ------
    Exception
        What a worker could not go on after, as it was raised there.
    """
    items = [{"chunk": place, "jobs": pickle.dumps(list(chunk))} for place, chunk in enumerate(chunks)]
    dataset = ray.data.from_items(items, override_num_blocks=len(items))
    dataset.context.enable_progress_bars = False
    answered = dataset.map_batches(
        Worker,
        fn_constructor_args=(setup,),
        compute=ray.data.ActorPoolStrategy(size=pool.size, max_tasks_in_flight_per_actor=2),
        batch_size=None,
        batch_format="pyarrow",
        num_cpus=pool.cpus,
        num_gpus=pool.gpus or None,
    )
    batches = answered.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)
    with closing(iter(batches)) as tables:
        for row in (row for table in tables for row in table.to_pylist()):
            if row["fault"] is not None:
                raise pickle.loads(row["fault"])
            yield row["videos"], row["statuses"]
