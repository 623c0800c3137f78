"""Spread work over several processes of this machine."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, resource_tracker
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

Item = TypeVar("Item")
Result = TypeVar("Result")
# items that wait for each process, so that none is idle
ITEMS_AHEAD = 2


class ProcessDiedError(OSError):
    """A process died; what it had kept is kept."""


def spread_work(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    start: Callable[..., None],
    given: tuple[Any, ...] = (),
) -> Generator[Result, None, None]:
    """Work on items in several processes, and give the results as they come, in any order.

    Closing it ends the processes after what they have begun.

    Parameters
    ----------
    work : callable
        A function of a module, as is `start`.
    items : iterable
        Taken as they are needed.
    workers : int
    start : callable
        Called once in each process, with `given`, before any work.
    given : tuple

    Raises
    ------
    ProcessDiedError
        A process died (out of memory, a fault in a library).
    Exception
        What `work` raised; no more is begun then.
    """
    waiting = iter(items)
    pending: set[Future[Result]] = set()
    context = get_context("spawn")
    closed = context.Event()
    with (
        hide_script(),
        ProcessPoolExecutor(
            workers, mp_context=context, initializer=begin, initargs=(closed, start, given)
        ) as pool,
    ):
        try:
            exhausted = False
            while pending or not exhausted:
                while not exhausted and len(pending) < workers * (1 + ITEMS_AHEAD):
                    try:
                        item = next(waiting)
                    except StopIteration:
                        exhausted = True
                        break
                    # which may start a process
                    with hold_interrupts():
                        pending.add(pool.submit(work_if_open, work, item))
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BrokenProcessPool as error:
            raise ProcessDiedError(
                "a process died, out of memory or from a fault in a library. Remedy: type the same again, "
                "with --workers 1 to see what it says; what was made is kept"
            ) from error
        finally:
            closed.set()
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def hide_script() -> Iterator[None]:
    """Keep new processes from running the user's script again, which needs no guard for that then."""
    script = sys.modules["__main__"]
    hidden: dict[str, Any] = {
        name: vars(script).pop(name) for name in ("__file__", "__spec__") if name in vars(script)
    }
    script.__spec__ = None
    try:
        yield
    finally:
        vars(script).update(hidden)


@contextmanager
def hold_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the block.

    Processes that are started in it hold it back too, from their very first moment, until :func:`begin` has
    them take no notice of it; else each would die of it while it imports what it needs, with a traceback.
    """
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    # starting this helper ends what is held
    resource_tracker.ensure_running()
    held: list[int] = []
    # another thread may take the signal, and Python answers it in this one
    handler = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGINT, handler or signal.SIG_DFL)
        if held:
            signal.raise_signal(signal.SIGINT)


_closed: Event | None = None


def begin(closed: Event, start: Callable[..., None], given: tuple[Any, ...]) -> None:
    """Get ready in a process of the pool, unless it is closed; Ctrl-C is the starter's to answer."""
    global _closed
    _closed = closed
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    # one thread each: there are as many processes as cores
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    if not closed.is_set():
        start(*given)


def work_if_open(work: Callable[[Item], Result], item: Item) -> Result:
    """Work on an item, unless the pool was closed while the item waited for a process."""
    if _closed is not None and _closed.is_set():
        raise CancelledError
    return work(item)


def count_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
