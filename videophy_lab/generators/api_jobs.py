"""Records of the jobs that a service is paid for: on the disk first, so that none is paid twice."""

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from videophy_lab.generators.base import GeneratorStoppedError

# a job may have been made; its name is stored; its video was there; it ended without one; there is no job
INTENT, SUBMITTED, DONE, FAILED, REFUSED = "intent", "submitted", "done", "failed", "refused"
NAME_LENGTH = 100
LOCK = ".lock"


@dataclass(frozen=True)
class Request:
    """One video as it is ordered from a service.

    Attributes
    ----------
    video_id : str
    text : str
        Exactly what is sent.
    seed : int
    settings : mapping
        Everything else that is sent, and whom it is sent to.
    """

    video_id: str
    text: str
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Name the request by the SHA-256 of its canonical JSON."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def file_name(self) -> str:
        """Name its record: readable, safe for every file system, and of no other request."""
        safe = re.sub(r"[^A-Za-z0-9._-]+", "_", self.video_id)[:NAME_LENGTH].lstrip(".")
        return f"{safe}.{self.digest[:16]}.json"


@dataclass
class Record:
    """What is known of the jobs of one request.

    Attributes
    ----------
    video_id, request : str
        The request's video and digest.
    state : str
    jobs : list of str
        Names of its jobs at the service, the last one being the one that counts.
    began, asked : float
        Unix seconds: before the first and before the last submission of the job that counts.
    adopted : bool
        Whether the job was found in the service's list, and not named by its answer.
    reason : str
        Why a job gave no video.
    """

    video_id: str
    request: str
    state: str = REFUSED
    jobs: list[str] = field(default_factory=list)
    began: float = 0.0
    asked: float = 0.0
    adopted: bool = False
    reason: str = ""

    @property
    def job(self) -> str:
        """Give the name of the job that counts."""
        return self.jobs[-1]


class Ledger:
    """The records in one folder, held by one process at a time.

    Parameters
    ----------
    folder : Path

    Attributes
    ----------
    taken : set of str
        Jobs that belong to a request, so that no other takes them for its own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken: set[str] = set()

    def __enter__(self) -> Ledger:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # closed in the end, which also lets go of it
            self._lock = (self.folder / LOCK).open("ab")
        except OSError as error:
            raise stop_writing(self.folder, error) from error
        if not lock_file(self._lock.fileno()):
            self._lock.close()
            raise GeneratorStoppedError(
                f"another run, or another worker of this one, orders videos into {self.folder}, and two "
                "would pay twice. Remedy: wait for it, or end it; one worker is enough (the option "
                "concurrency says how many videos are made at once)."
            )
        for path in self.folder.glob("*.json"):
            with suppress(OSError, ValueError, KeyError, TypeError):
                self.taken.update(read_record(path).jobs)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.close()

    def read(self, request: Request) -> Record:
        """Read the record of a request, or begin one.

        Raises
        ------
        ValueError
            There is one that cannot be read, so that what was paid for is not known.
        """
        path = self.folder / request.file_name
        try:
            return read_record(path)
        except FileNotFoundError:
            return Record(request.video_id, request.digest)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"the record {path} of a job that may be paid for cannot be read ({error}). Remedy: look at "
                "the service for the job; delete the record to pay for a new one."
            ) from error

    def write(self, request: Request, record: Record) -> None:
        """Keep a record, whole and on the disk when this returns.

        Raises
        ------
        GeneratorStoppedError
            It cannot be written, so that nothing more may be paid for.
        """
        draft = self.folder / f".{uuid.uuid4().hex}.draft"
        try:
            with draft.open("x", encoding="utf-8") as file:
                json.dump(asdict(record), file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.folder / request.file_name)
            sync_folder(self.folder)
        except OSError as error:
            raise stop_writing(self.folder, error, record) from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def read_record(path: Path) -> Record:
    """Read one record; raise OSError, ValueError, KeyError or TypeError where it is none."""
    found = json.loads(path.read_text(encoding="utf-8"))
    record = Record(**found)
    if not isinstance(record.jobs, list) or (record.state in (SUBMITTED, DONE) and not record.jobs):
        raise ValueError("its jobs are missing")
    return record


def lock_file(descriptor: int) -> bool:
    """Lock a file for this process; true also where the system or the file system knows no locks."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def sync_folder(folder: Path) -> None:
    """Put a renamed file's new name on the disk, where folders can be synced."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def stop_writing(folder: Path, error: OSError, record: Record | None = None) -> GeneratorStoppedError:
    """Make the error that ends a run whose records cannot be kept."""
    job = f" (job {record.job} of {record.video_id} is paid for)" if record and record.jobs else ""
    return GeneratorStoppedError(
        f"records of paid jobs cannot be written to {folder}: {error.strerror or error}{job}. Remedy: check "
        "that the folder may be written to and has room."
    )
