"""Decode videos on other threads, ahead of who looks at them."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from threading import Condition

from videophy_lab.video.clip import Clip, FrameView, VideoError
from videophy_lab.video.decode import decode_clip

Item = tuple[Path | str, Iterable[FrameView]]


def decode_ahead(
    items: Iterable[Item], *, threads: int = 2, ahead: int = 4, max_bytes: int = 2**30
) -> Generator[Clip | VideoError]:
    """Decode videos on other threads while the caller works on those before.

    Parameters
    ----------
    items : iterable of (path, views)
        Taken one by one as decoding gets on; may be endless.
    threads : int
        Videos that are decoded at the same time, each by one thread.
    ahead : int
        Most videos that are decoded or being decoded while the caller works on one.
    max_bytes : int
        Most bytes that the frames of these videos take together; a video that alone takes more is decoded
        when its turn has come.

    Yields
    ------
    Clip or VideoError
        In the order of `items`; whatever goes wrong with a video takes its place as a VideoError.

    Raises
    ------
    ValueError
        A number is not 1 or more.

    Notes
    -----
    When the caller stops early (closes the iterator, is interrupted, or raises), what has not begun is
    dropped, what is being decoded comes to its end, and nothing is left open.
    """
    for name, number in (("threads", threads), ("ahead", ahead), ("max_bytes", max_bytes)):
        if number < 1:
            raise ValueError(f"{name} is {number}; it must be 1 or more")
    return _run_ahead(iter(items), threads, ahead, _Budget(max_bytes))


def _run_ahead(
    items: Iterator[Item], threads: int, ahead: int, budget: _Budget
) -> Generator[Clip | VideoError]:
    """Keep the pool busy and give out its results in order."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")
    waiting: deque[Future[Clip | VideoError]] = deque()
    submitted = 0
    try:
        while True:
            for item in islice(items, ahead + 1 - len(waiting)):
                waiting.append(pool.submit(_decode_item, item, submitted, budget))
                submitted += 1
            if not waiting:
                return
            result = waiting.popleft().result()
            budget.give_out()
            yield result
            del result
    finally:
        budget.cancel()
        pool.shutdown(wait=True, cancel_futures=True)


def _decode_item(item: Item, place: int, budget: _Budget) -> Clip | VideoError:
    """Decode one video; an error is made anew, so that it holds neither frames nor files by its traceback."""
    path: Path | str = "an item"
    try:
        path, views = item
        return decode_clip(path, views, reserve=lambda n_bytes: budget.reserve(place, n_bytes))
    except VideoError as error:
        return VideoError(str(error))
    except Exception as error:
        return VideoError(f"{path} cannot be decoded: {type(error).__name__}: {error}")
    finally:
        budget.settle(place)


class _Budget:
    """Bytes that decoded videos may hold before they are given out; granted in the order of the videos."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held: dict[int, int] = {}
        self._given_out = 0
        self._cancelled = False
        self._changed = Condition()

    def reserve(self, place: int, n_bytes: int) -> None:
        """Wait until the videos before have theirs and there is room, or until nothing else is held."""
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or self._has_room(place, n_bytes))
            if self._cancelled:
                raise VideoError("decoding was stopped")
            self._held[place] = n_bytes
            self._changed.notify_all()

    def settle(self, place: int) -> None:
        """Note that a video is done, whether it took bytes or none."""
        with self._changed:
            self._held.setdefault(place, 0)
            self._changed.notify_all()

    def give_out(self) -> None:
        """Free the bytes of the next video in order."""
        with self._changed:
            del self._held[self._given_out]
            self._given_out += 1
            self._changed.notify_all()

    def cancel(self) -> None:
        """Let nobody wait any longer."""
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()

    def _has_room(self, place: int, n_bytes: int) -> bool:
        held = sum(self._held.values())
        before = range(self._given_out, place)
        return all(other in self._held for other in before) and (
            not held or held + n_bytes <= self._max_bytes
        )
