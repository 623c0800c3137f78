"""Answers on disk: one file an annotator, one line an answer, never changed.

An answer is on the disk before it is said to be. A process that dies can leave half a line at the end: it is
never read as an answer, and the next line begins after it. Several processes may append to one file; each
sees what the others wrote. Copies of logs may lie in the folder, as synchronisation makes them: answers that
stand only there count too, but nothing is ever written to a file that is not the annotator's own.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import unicodedata
from pathlib import Path
from typing import Any

from filelock import FileLock

from videophy_lab.annotation.record import find_fault

SUFFIX = ".jsonl"
LONGEST_NAME = 100


def clean_name(annotator: object) -> str:
    """Give an annotator's name without stray spaces; equal letters are equal, however they were typed.

    Raises
    ------
    ValueError
        Blank, too long, or with characters that cannot be printed.
    """
    name = unicodedata.normalize("NFC", str(annotator) if isinstance(annotator, str) else "").strip()
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(
            f"the annotator's name is {name[:120]!r}; allowed: 1 to {LONGEST_NAME} printable characters, "
            "such as initials"
        )
    return name


def name_file(annotator: str) -> str:
    """Give the file name of an annotator's log: readable, and different for different names."""
    readable = re.sub(r"[^\w-]+", "_", annotator).strip("_")[:40] or "annotator"
    return f"{readable}-{hashlib.sha256(annotator.encode()).hexdigest()[:8]}{SUFFIX}"


def read_lines(data: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    """Read whole lines; give the answers, and of each line that is none its number and why."""
    answers, faults = [], []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            answer = json.loads(line)
        except ValueError:
            faults.append(f"line {number}: it is no JSON")
            continue
        fault = find_fault(answer) or find_name_fault(answer["annotator"])
        if fault:
            faults.append(f"line {number}: {fault}")
        else:
            answers.append(answer)
    return answers, faults


def find_name_fault(annotator: str) -> str:
    """Say what is wrong with a name; blank where nothing is."""
    try:
        clean_name(annotator)
    except ValueError as error:
        return str(error)
    return ""


class Log:
    """The answers of one annotator.

    Parameters
    ----------
    folder : path
        Made where it is not there.
    annotator : str
        As :func:`clean_name` gives it.

    Attributes
    ----------
    answers : list of dict
        Each once, from all logs of the folder, as far as they were read; in the order of their being read.
    unread : int
        Lines of the annotator's own file that are no answers: what a process that died has left.
    """

    def __init__(self, folder: str | Path, annotator: str) -> None:
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.annotator = annotator
        self.path = folder / name_file(annotator)
        self.answers: list[dict[str, Any]] = []
        self.unread = 0
        self._known: set[str] = set()
        self._read_to: dict[Path, int] = {}
        self._guard = threading.RLock()
        self._lock = FileLock(folder / f".{self.path.name}.lock", timeout=30)
        self.refresh()

    def refresh(self) -> list[dict[str, Any]]:
        """Read what was appended since, by whomever; give all answers."""
        with self._guard:
            others = [path for path in list_logs(self.path.parent) if path != self.path]
            for path in [self.path, *others]:
                answers, n_faults = self._read_on(path)
                self.unread += n_faults if path == self.path else 0
                for answer in answers:
                    if answer["annotator"] == self.annotator and answer["answer_id"] not in self._known:
                        self._known.add(answer["answer_id"])
                        self.answers.append(answer)
            return self.answers

    def _read_on(self, path: Path) -> tuple[list[dict[str, Any]], int]:
        """Read what a file has more than last time; give the answers, and the number of other lines."""
        start = self._read_to.get(path, 0)
        try:
            size = path.stat().st_size
            # a copy may be put in the place of another
            start = start if start <= size else 0
            if start == size:
                return [], 0
            with path.open("rb") as file:
                file.seek(start)
                data = file.read()
        except FileNotFoundError:
            return [], 0
        whole = data.rfind(b"\n") + 1
        answers, faults = read_lines(data[:whole])
        # a whole answer of which only the end of the line is missing
        last, _ = read_lines(data[whole:])
        self._read_to[path] = start + (len(data) if last else whole)
        return answers + last, len(faults)

    def append(self, answer: dict[str, Any]) -> bool:
        """Append an answer, and return once it is on the disk.

        Returns
        -------
        bool
            False where the answer was there already: a browser that heard nothing sends it again.
        """
        with self._guard, self._lock:
            self.refresh()
            if answer["answer_id"] in self._known:
                return False
            line = json.dumps(answer, ensure_ascii=False).encode() + b"\n"
            is_new = not self.path.exists()
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                # what is written goes to the end, wherever was read
                if os.fstat(handle).st_size:
                    os.lseek(handle, -1, os.SEEK_END)
                    line = line if os.read(handle, 1) == b"\n" else b"\n" + line
                write_all(handle, line)
                os.fsync(handle)
            finally:
                os.close(handle)
            if is_new:
                sync_folder(self.path.parent)
            self.refresh()
            return True


def write_all(handle: int, data: bytes) -> None:
    """Write all bytes, however many the system takes at once."""
    while data:
        data = data[os.write(handle, data) :]


def sync_folder(folder: Path) -> None:
    """Put a new file's name on the disk too, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def list_logs(folder: str | Path) -> list[Path]:
    """List the logs of a folder."""
    return sorted(path for path in Path(folder).glob(f"*{SUFFIX}") if not path.name.startswith("."))
