"""The videos of a task as a browser can play them, looked up by their keys, the last ones kept in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from videophy_lab.annotation.task import Task
from videophy_lab.gallery.footage import Footage, read_footage
from videophy_lab.video import VideoError

MOST_BYTES = 256 * 10**6


class Reel:
    """Read videos for browsers.

    Parameters
    ----------
    task : Task
    most_bytes : int
        Of video kept in memory; the one in use always is.
    """

    def __init__(self, task: Task, *, most_bytes: int = MOST_BYTES) -> None:
        self.task = task
        self.most_bytes = most_bytes
        self._kept: OrderedDict[str, Footage] = OrderedDict()
        self._guard = threading.Lock()
        self._reading: dict[str, threading.Lock] = {}

    def look(self, key: str) -> Footage | str:
        """Give a video, or why it cannot be shown; the reason names no place on this machine.

        Raises
        ------
        KeyError
            The task has no such video.
        """
        clip = self.task.by_key[key]
        with self._guard:
            lock = self._reading.setdefault(key, threading.Lock())
        with lock:
            with self._guard:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            shown = read_shown(clip.path)
            # a file that is missing may be there the next time
            if not isinstance(shown, str):
                with self._guard:
                    self._kept[key] = shown
                    self._forget()
            return shown

    def describe(self, key: str) -> dict[str, Any]:
        """Describe a video for a browser."""
        shown = self.look(key)
        if isinstance(shown, str):
            return {"fault": shown}
        return {
            "frames": shown.frames,
            "fps": shown.fps,
            "width": shown.width,
            "height": shown.height,
            "note": shown.note,
            "fault": "",
        }

    def _forget(self) -> None:
        sizes = {key: len(shown.data) for key, shown in self._kept.items()}
        total = sum(sizes.values())
        while total > self.most_bytes and len(self._kept) > 1:
            key, _ = self._kept.popitem(last=False)
            total -= sizes[key]


def read_shown(path: str) -> Footage | str:
    """Read a video, or say why it cannot be shown."""
    file = Path(path)
    try:
        return read_footage(file)
    except (VideoError, OSError) as error:
        return str(error).replace(str(file), file.name)
