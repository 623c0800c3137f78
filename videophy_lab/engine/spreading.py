"""Run scorers over videos by several processes of this machine, which store the answers themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from videophy_lab.engine.local import Report, run_jobs
from videophy_lab.engine.plan import Job
from videophy_lab.engine.processes import spread_work
from videophy_lab.judges.base import Scorer
from videophy_lab.store import ScoreStore

# videos that a process is handed at once: few enough that all end at about one time
VIDEOS_A_PART = 4
# a process takes seconds to start, which fewer videos for each are not worth
FEWEST_A_PROCESS = 12


@dataclass
class Desk:
    """What a process of the pool works with.

    Attributes
    ----------
    scorers : mapping of name to Scorer
        Prepared.
    specs : mapping of name to spec
    store : ScoreStore
    """

    scorers: Mapping[str, Scorer]
    specs: Mapping[str, str]
    store: ScoreStore
    held: ExitStack = field(default_factory=ExitStack)


_desk: Desk | None = None


def count_processes(jobs: Sequence[Job], scorers: Mapping[str, Scorer], workers: int) -> int:
    """Say how many processes are worth their start: one where a scorer does not gain by several.

    Parameters
    ----------
    jobs : sequence of Job
    scorers : mapping of name to Scorer
        A class of the user's own script cannot be found by another process.
    workers : int
        At most so many.
    """
    gain = all(
        getattr(scorer, "parallel", False) and type(scorer).__module__ != "__main__"
        for scorer in scorers.values()
    )
    return max(1, min(workers, len(jobs) // FEWEST_A_PROCESS)) if gain else 1


def run_jobs_in_processes(
    jobs: Sequence[Job],
    scorers: Mapping[str, Scorer],
    specs: Mapping[str, str],
    folder: Path,
    *,
    workers: int,
    report: Report | None = None,
) -> None:
    """Answer every question of the jobs by several processes.

    Parameters
    ----------
    jobs : sequence of Job
    scorers : mapping of name to Scorer
        Each process prepares its own.
    specs : mapping of name to spec
    folder : Path
        Of the score store.
    workers : int
    report : callable, optional
        Called after each part with the number of videos done and, for each row stored, its ``status``.

    Raises
    ------
    ProcessDiedError
        A process died (out of memory, a fault in a library).
    Exception
        As :func:`videophy_lab.engine.local.run_jobs`; what was answered is stored.
    """
    parts = (jobs[start : start + VIDEOS_A_PART] for start in range(0, len(jobs), VIDEOS_A_PART))
    given = (dict(scorers), dict(specs), folder)
    with closing(spread_work(answer_part, parts, workers=workers, start=open_desk, given=given)) as results:
        for videos, statuses in results:
            if report:
                report(videos, [{"status": status} for status in statuses])


def open_desk(scorers: Mapping[str, Scorer], specs: Mapping[str, str], folder: Path) -> None:
    """Prepare the scorers of a process and open the store, which ends with the process."""
    global _desk
    for scorer in scorers.values():
        scorer.prepare()
    held = ExitStack()
    _desk = Desk(scorers, specs, held.enter_context(ScoreStore(folder)), held)


def answer_part(jobs: Sequence[Job]) -> tuple[int, list[str]]:
    """Answer the questions about a few videos; give their number and the statuses of the rows."""
    assert _desk is not None  # open_desk came first
    statuses: list[str] = []

    def note(_: int, rows: Sequence[Mapping[str, Any]]) -> None:
        statuses.extend(str(row["status"]) for row in rows)

    run_jobs(jobs, _desk.scorers, _desk.specs, _desk.store, threads=1, report=note)
    return len(jobs), statuses
