"""Make videos: plan a run, make what is missing, and give the table of all that was wanted."""

from __future__ import annotations

import time
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.building import build_generators, check_words
from videophy_lab.engine.making import can_spread, make_here, make_in_processes
from videophy_lab.engine.processes import count_cores
from videophy_lab.generation.inputs import find_prompts
from videophy_lab.generation.plan import Plan, make_plan
from videophy_lab.generation.progress import show_progress
from videophy_lab.generators.base import Generator
from videophy_lab.schema import check_table
from videophy_lab.schema.overwriting import check_folder
from videophy_lab.video_store import FAILED, VideoStore, check_tables, read_videos, write_tables

if TYPE_CHECKING:
    import pandas as pd

RETRY = (FAILED,)
ENGINES = ("local", "ray")
LONGEST_SEED = 2**63


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Attributes
    ----------
    plan : Plan
    rows : DataFrame
        The videos table of what was wanted, as far as it was made or failed.
    made : int
        Videos that were made now.
    notes : tuple of str
        What generators have to say after all is made, such as files that match no prompt.
    seconds : float
    folder : Path
    """

    plan: Plan
    rows: pd.DataFrame
    made: int
    notes: tuple[str, ...]
    seconds: float
    folder: Path


def generate(
    generators: str | Generator | Sequence[str | Generator] | Mapping[str, str | Generator],
    prompts: str | Path | pd.DataFrame,
    *,
    out: str | Path,
    seeds: Sequence[int] = (0,),
    limit: int | None = None,
    options: Mapping[str, Any] | None = None,
    retry: Collection[str] = (),
    engine: str = "local",
    workers: int | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Make a video of every prompt and seed; what the folder already holds is not made again.

    Parameters
    ----------
    generators : name or Generator, or several
        A mapping gives the name that stands in the column ``generator``. A generator that stands for several
        (``simulated`` with its violations) gives each a name of its own.
    prompts : path, name or DataFrame
        A prompts table, or its path or name; ``"simulated"`` are the scenes of the embedded world.
    out : path
        Folder. Files are ``generator/prompt_id/seed.mp4`` in it, each with a side-car ``.json`` that tells
        the text that was sent, the seed, every setting, versions and seconds; ``videos.csv`` lists them.
    seeds : sequence of int
        One video of every prompt for each.
    limit : int, optional
        Take so many prompts from the top.
    options : mapping, optional
        Options of generators: ``{"device": "cpu"}`` for every one that has it, ``{"wan2_1_14b.steps": 30}``
        for one.
    retry : collection of {"failed"}
        Make those again.
    engine : {"local", "ray"}
    workers : int, optional
        Processes; as many as cores for generators that gain by it.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    DataFrame
        A videos table with ``status`` (``ok``, ``failed``), ``error`` and ``path`` (blank where it failed):
        exactly what was wanted, made now or before.

    Raises
    ------
    ValueError
        An unknown generator or option, naming the close matches; nothing to make; the folder holds videos of
        that name that were made with other settings.
    OSError
        The folder cannot be written to, or a generator can make no more. What was made is kept, and the same
        call goes on from there.
    """
    outcome = generate_videos(
        generators, prompts, out=out, seeds=seeds, limit=limit, options=options, retry=retry, engine=engine,
        workers=workers, progress=progress,
    )  # fmt: skip
    for note in (*outcome.plan.notes, *outcome.notes):
        warnings.warn(note, stacklevel=2)
    return outcome.rows


def generate_videos(
    generators: str | Generator | Sequence[str | Generator] | Mapping[str, str | Generator],
    prompts: str | Path | pd.DataFrame,
    *,
    out: str | Path,
    seeds: Sequence[int] = (0,),
    limit: int | None = None,
    options: Mapping[str, Any] | None = None,
    retry: Collection[str] = (),
    engine: str = "local",
    workers: int | None = None,
    progress: bool = True,
    dry_run: bool = False,
) -> Outcome:
    """Do what :func:`generate` does and tell more of it; with `dry_run`, only plan it."""
    started = time.perf_counter()
    check_words("retry", retry, RETRY)
    check_words("engine", [engine], ENGINES)
    check_folder(out)
    if workers is not None and workers < 1:
        raise ValueError(f"workers is {workers}; allowed: 1 or more, or none to let the machine decide.")
    built = build_generators(generators, options)
    table = find_prompts(prompts, limit=limit)
    check_tables(out, {"PROMPTS": prompts})
    store = VideoStore(out)
    plan = make_plan(table, built, store, seeds=check_seeds(seeds), retry=retry, fetch=not dry_run)
    notes: list[str] = []
    if plan.tasks and not dry_run:
        store.sweep()
        try:
            make_missing(plan, store.folder, engine=engine, workers=workers, progress=progress)
        finally:
            # also of what an interrupted run has made
            write_tables(store.folder)
        notes = [f"{part.name}: {note}" for part in plan.parts for note in part.generator.list_notes()]
    rows = pick_rows(store.folder, plan)
    return Outcome(plan, rows, plan.n_missing, tuple(notes), time.perf_counter() - started, store.folder)


def make_missing(plan: Plan, folder: Path, *, engine: str, workers: int | None, progress: bool) -> None:
    """Make what is missing: generators that gain by several processes in those, the others in this one."""
    with show_progress(plan.n_missing, shown=progress) as report:
        if engine == "ray":
            from videophy_lab.engine.making_ray import make_on_ray

            make_on_ray(plan.tasks, folder, workers=workers, report=report)
            return
        several = workers or count_cores()
        spread = [task for task in plan.tasks if several > 1 and can_spread(task)]
        alone = [task for task in plan.tasks if task not in spread]
        if spread:
            make_in_processes(spread, folder, workers=several, report=report)
        make_here(alone, folder, report=report)


def pick_rows(folder: Path, plan: Plan) -> pd.DataFrame:
    """Pick the rows of what was wanted, in the order of the plan."""
    known = read_videos(folder).set_index("video_id", drop=False)
    wanted = [order.video_id for part in plan.parts for order in part.wanted]
    rows = known.loc[[name for name in wanted if name in known.index]]
    return check_table(rows, "videos")


def check_seeds(seeds: Sequence[int]) -> list[int]:
    """Check that seeds are whole numbers from 0 that 64 bits can hold, each given once."""
    listed = list(seeds)
    whole = all(isinstance(seed, int) and 0 <= seed < LONGEST_SEED for seed in listed)
    if not whole or not listed or len(set(listed)) < len(listed):
        given = ", ".join(map(str, listed)) or "none"
        raise ValueError(f"seeds are {given}; allowed: whole numbers from 0, each once, at least one.")
    return listed
