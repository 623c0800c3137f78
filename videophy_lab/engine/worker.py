"""A worker of the Ray engine, and the ledger that outlives it."""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.engine.local import make_rows, run_jobs
from videophy_lab.engine.plan import Job
from videophy_lab.extras import import_extra
from videophy_lab.judges.base import Scorer, failed
from videophy_lab.store import ScoreStore

if TYPE_CHECKING:
    import pyarrow as pa

MOST_THREADS = 4
# times that a video may kill a worker which works on nothing else before it is written off
MOST_TRIES = 2
# two chunks wait at a worker; each may kill it once among other videos, and MOST_TRIES times alone
MOST_STARTS = 2 * (1 + MOST_TRIES) + 1


class WorkersDiedError(OSError):
    """Workers die of more than single videos; what they had stored is kept."""


@dataclass(frozen=True)
class Setup:
    """What a worker is made of.

    Attributes
    ----------
    scorers : bytes
        Pickled, since their classes may lie where only the starter looks for modules.
    specs : mapping of name to spec
    folder : Path
        Of the score store.
    cores : int
        That the worker may use.
    omp_threads : str
        ``OMP_NUM_THREADS`` of the worker.
    directory : Path
        Working directory of the starter.
    paths : tuple of str
        Where the starter looks for modules.
    ledger : actor of Ledger
    """

    scorers: bytes
    specs: Mapping[str, str]
    folder: Path
    cores: int
    omp_threads: str
    directory: Path
    paths: tuple[str, ...]
    ledger: Any


@dataclass
class Mark:
    """How far a chunk has got.

    Attributes
    ----------
    begun : bool
    done : int
        Pieces that are done, of those in order.
    tries : int
        How often the next one was tried alone.
    statuses : list of str
        Of the rows stored.
    """

    begun: bool = False
    done: int = 0
    tries: int = 0
    statuses: list[str] = field(default_factory=list)


class Ledger:
    """What the workers have begun and done; an actor, so that no worker that dies takes it along.

    A piece is one video (or one probe of it) and one scorer. Ray starts a worker that died again and repeats
    its chunks; the ledger tells it what is done, and what has killed workers before.

    Parameters
    ----------
    most_starts : int
        Starts of workers while no piece gets done; more are no single video's fault.
    """

    def __init__(self, most_starts: int) -> None:
        self.most_starts = most_starts
        self.starts = 0
        self.marks: dict[int, Mark] = {}

    def start_worker(self) -> bool:
        """Count the start of a worker; say whether it may go on."""
        self.starts += 1
        return self.starts <= self.most_starts

    def begin_chunk(self, chunk: int) -> tuple[bool, int]:
        """Say whether a chunk was begun before, and how many of its pieces are done."""
        mark = self.marks.setdefault(chunk, Mark())
        before, mark.begun = mark.begun, True
        return before, mark.done

    def try_piece(self, chunk: int) -> int:
        """Say how often the next piece was tried alone before."""
        mark = self.marks[chunk]
        mark.tries += 1
        return mark.tries - 1

    def finish_pieces(self, chunk: int, pieces: int, statuses: Sequence[str]) -> None:
        """Note that the next pieces are done, and the statuses of their rows."""
        mark = self.marks[chunk]
        mark.done += pieces
        mark.tries = 0
        mark.statuses += statuses
        self.starts = 0

    def read_statuses(self, chunk: int) -> list[str]:
        """Give the statuses of all rows of a chunk."""
        return self.marks[chunk].statuses


class NotedStore(ScoreStore):
    """A score store that notes in the ledger what is on the disk, and nothing earlier.

    Parameters
    ----------
    folder : path
    ledger : actor of Ledger

    Attributes
    ----------
    chunk : int
        To which the rows belong.
    """

    def __init__(self, folder: Path, ledger: Any) -> None:
        super().__init__(folder)
        self.ledger = ledger
        self.chunk = 0

    def append(self, rows: Sequence[Mapping[str, object]]) -> int:
        """Store rows, and note the pieces to which they belong."""
        written = super().append(rows)
        pieces = {(row["video_id"], row["probe"], row["scorer"]) for row in rows}
        if pieces:
            ask(self.ledger, "finish_pieces", self.chunk, len(pieces), [row["status"] for row in rows])
        return written


class Worker:
    """A process that holds prepared scorers and a writer of the store, and answers chunks.

    What it cannot go on after it does not raise, because Ray would wrap it: it is part of its answer.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.fault: Exception | None = None
        self.held = ExitStack()
        try:
            self.prepare()
        except Exception as error:  # anybody's plug-in may raise anything while it is prepared
            self.fault = error

    def __del__(self) -> None:
        self.held.close()

    def prepare(self) -> None:
        """Prepare the scorers and open the store."""
        setup = self.setup
        if not ask(setup.ledger, "start_worker"):
            raise WorkersDiedError(
                "workers die again and again without finishing a video, out of memory or from a fault in a "
                "library. Remedy: give fewer --workers, or see what --engine local does"
            )
        # Ray sets this by the part of a core that it keeps for a worker; torch reads it on its import
        os.environ["OMP_NUM_THREADS"] = setup.omp_threads
        # options of scorers may be relative paths; where there is no such folder, absolute ones still work
        with suppress(OSError):
            os.chdir(setup.directory)
        sys.path[:] = [*setup.paths, *(path for path in sys.path if path not in setup.paths)]
        self.scorers: dict[str, Scorer] = pickle.loads(setup.scorers)
        for scorer in self.scorers.values():
            scorer.prepare()
        self.store = self.held.enter_context(NotedStore(setup.folder, setup.ledger))

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Answer a chunk.

        Parameters
        ----------
        batch : Table
            One row: ``chunk``, its number, and ``jobs``, pickled.

        Returns
        -------
        Table
            One row: ``videos``, how many there are, ``statuses`` of the rows stored, and ``fault``, the
            pickled exception after which the worker could not go on.
        """
        import pyarrow as pa

        [item] = batch.to_pylist()
        jobs: list[Job] = pickle.loads(item["jobs"])
        statuses: list[str] = []
        if self.fault is None:
            try:
                statuses = self.answer_chunk(item["chunk"], jobs)
            except Exception as error:  # a full disk, or a scorer that can go on with no video
                self.fault = error
        columns = {
            "videos": pa.array([len(jobs)]),
            "statuses": pa.array([statuses], pa.list_(pa.string())),
            "fault": pa.array([self.fault and pickle_error(self.fault)], pa.binary()),
        }
        return pa.table(columns)

    def answer_chunk(self, chunk: int, jobs: Sequence[Job]) -> list[str]:
        """Answer what of a chunk is not done: in batches, or piece by piece after a worker died of it."""
        ledger, self.store.chunk = self.setup.ledger, chunk
        again, done = ask(ledger, "begin_chunk", chunk)
        if again:
            for piece in split_pieces(jobs)[done:]:
                if ask(ledger, "try_piece", chunk) < MOST_TRIES:
                    self.answer_jobs([piece])
                else:
                    self.write_off(piece)
        else:
            self.answer_jobs(jobs)
        statuses: list[str] = ask(ledger, "read_statuses", chunk)
        return statuses

    def answer_jobs(self, jobs: Sequence[Job]) -> None:
        """Answer jobs and store the answers as they come."""
        threads = min(MOST_THREADS, self.setup.cores)
        run_jobs(jobs, self.scorers, self.setup.specs, self.store, threads=threads)

    def write_off(self, piece: Job) -> None:
        """Store ``failed`` for a piece of which every worker died that tried it."""
        reason = (
            f"the worker died of it {MOST_TRIES} times, out of memory or from a fault in a library. Remedy: "
            "--engine local shows how, --retry failed asks again."
        )
        [(name, questions)] = piece.questions.items()
        answers = [failed(reason)] * len(questions)
        self.store.append(make_rows(piece, name, self.setup.specs[name], answers, seconds=0.0))


def ask(ledger: Any, method: str, *arguments: Any) -> Any:
    """Call a method of the ledger's actor, and wait for what it says."""
    return import_extra("ray", "ray").get(getattr(ledger, method).remote(*arguments))


def split_pieces(jobs: Sequence[Job]) -> list[Job]:
    """Split jobs into those of one scorer each."""
    return [replace(job, questions={name: asked}) for job in jobs for name, asked in job.questions.items()]


def pickle_error(error: Exception) -> bytes:
    """Pickle an exception; one that cannot be made again from its pickle becomes a RuntimeError."""
    if not isinstance(error, (ValueError, ImportError, OSError)):
        # those carry a remedy; of any other one the place is wanted, and no traceback is pickled
        error.add_note("".join(traceback.format_exception(error)))
    try:
        pickled = pickle.dumps(error)
        pickle.loads(pickled)
    except Exception:  # whatever an exception's own constructor raises
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return pickled
