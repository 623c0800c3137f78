"""Run a coroutine to its end from ordinary code, also where an event loop is running already."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")
START_SECONDS = 5.0


def run_apart(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine on an event loop of its own, in a thread of its own.

    In Jupyter a loop runs already and another cannot be started beside it in the same thread. Ctrl-C reaches
    the caller's thread: the coroutine is then cancelled and may close what it holds.
    """
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = Future()

    async def run() -> Result:
        task = asyncio.current_task()
        assert task is not None  # a coroutine runs in a task
        started.set_result((asyncio.get_running_loop(), task))
        return await work

    with ThreadPoolExecutor(max_workers=1) as pool:
        done = pool.submit(asyncio.run, run())
        try:
            return done.result()
        except BaseException:
            if not done.done():
                loop, task = started.result(timeout=START_SECONDS)
                # the loop may close in this moment
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(task.cancel)
            raise
