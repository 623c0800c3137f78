"""Locks of the score store: files that one writer on one machine holds at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

WAIT_SECONDS = 120.0
POLL_SECONDS = 0.01


def make_lock(path: Path) -> BaseFileLock:
    """Make a lock that one thread may take and another give back."""
    return FileLock(path, thread_local=False, poll_interval=POLL_SECONDS)


@contextmanager
def hold_lock(lock: BaseFileLock) -> Iterator[None]:
    """Hold a lock; raise TimeoutError where another writer keeps it for too long."""
    try:
        lock.acquire(timeout=WAIT_SECONDS)
    except Timeout as error:
        raise TimeoutError(
            f"{lock.lock_file}: another writer has held this lock for {WAIT_SECONDS:g} s; allowed: one at a "
            "time. Remedy: if none is running on any machine, delete the file and run again."
        ) from error
    try:
        yield
    finally:
        lock.release()


def try_lock(path: Path) -> BaseFileLock | None:
    """Take a lock, or give None where somebody holds it."""
    lock = make_lock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return None
    return lock


def release_lock(lock: BaseFileLock) -> None:
    """Give a lock back and remove its file, while the folder's lock lets nobody wait for it."""
    lock.release()
    Path(lock.lock_file).unlink(missing_ok=True)
