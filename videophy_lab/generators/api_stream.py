"""Take results from an event loop one by one, in ordinary code, as soon as each is there."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, TypeVar

Item = TypeVar("Item")


def stream_results(work: Callable[[Callable[[Item], None]], Coroutine[Any, Any, None]]) -> Iterator[Item]:
    """Run a coroutine on an event loop of its own, in a thread of its own, and yield what it hands out.

    Closing the iterator, Ctrl-C in the caller's thread included, cancels the coroutine and waits until it has
    closed what it holds.

    Parameters
    ----------
    work : callable
        Makes the coroutine; it is given a function to hand results out with.

    Raises
    ------
    BaseException
        What the coroutine raised, after all that it handed out.
    """
    results: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
    ready = threading.Event()
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None  # a coroutine runs in a task
        running.append((asyncio.get_running_loop(), task))
        ready.set()
        await work(lambda item: results.put((True, item)))

    def run_loop() -> None:
        error: BaseException | None = None
        try:
            asyncio.run(run())
        except BaseException as raised:  # it is raised where the results are taken
            error = raised
        finally:
            ready.set()
            results.put((False, error))

    thread = threading.Thread(target=run_loop, name="videos of a service")
    thread.start()
    try:
        while True:
            given, value = results.get()
            if given:
                yield value
            elif value is not None:
                raise value
            else:
                return
    finally:
        ready.wait()
        for loop, task in running:
            # the loop may have ended
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(task.cancel)
        thread.join()
