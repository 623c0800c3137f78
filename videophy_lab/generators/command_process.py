"""Run somebody else's program for a limited time, keep some of what it prints, and leave nothing of it."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

# of what a program prints, the beginning and the end are kept
HEAD_BYTES, TAIL_BYTES = 16_000, 48_000
CHUNK = 65_536
# how often it is looked at
TICK_SECONDS = 0.05
# a grandchild that left the group may hold the pipe open for good
DRAIN_SECONDS = 1.0
TAIL_LENGTH = 300
# colours and cursor movements of terminals
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")


@dataclass
class Output:
    """What a program printed: all of it, or the beginning and the end.

    Attributes
    ----------
    head, tail : bytearray
    total : int
        Bytes that were printed.
    """

    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    total: int = 0

    def add(self, chunk: bytes) -> None:
        """Add what was printed."""
        self.total += len(chunk)
        room = HEAD_BYTES - len(self.head)
        self.head += chunk[:room]
        self.tail += chunk[room:]
        del self.tail[:-TAIL_BYTES]

    def join(self) -> bytes:
        """Give it, with a line where something was left out."""
        lost = self.total - len(self.head) - len(self.tail)
        note = f"\n[… {lost} bytes are left out …]\n".encode() if lost else b""
        return bytes(self.head) + note + bytes(self.tail)

    def read_end(self) -> str:
        """Give the last lines as text for a message, without colours and whatever cannot be shown."""
        text = ESCAPES.sub("", (self.head + self.tail)[-4 * TAIL_LENGTH :].decode("utf-8", "replace"))
        lines = re.split(r"[\r\n]+", "".join(c for c in text if c.isprintable() or c in "\r\n"))
        said = " / ".join(line.strip() for line in lines if line.strip())
        return said if len(said) <= TAIL_LENGTH else f"…{said[-TAIL_LENGTH:]}"


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Attributes
    ----------
    status : int
        What it returned; below 0 the signal that ended it.
    output : Output
    seconds : float
    late : bool
        It took too long and was ended.
    """

    status: int
    output: Output
    seconds: float
    late: bool

    def describe(self) -> str:
        """Say what was wrong with how it ended; empty for a good end."""
        if self.late:
            return f"it was not done after {self.seconds:.0f} s and was ended"
        if self.status < 0:
            return f"it was ended by {name_signal(-self.status)}"
        return f"it ended with status {self.status}" if self.status else ""


def name_signal(number: int) -> str:
    """Name a signal; one that nobody sends by hand gets its usual cause."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    return f"{name} (out of memory?)" if name == "SIGKILL" else name


class Pipe:
    """What a program prints, read as far as it is there.

    Parameters
    ----------
    descriptor : int
    """

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self.descriptor, self.is_open, self.output = descriptor, True, Output()

    def read(self) -> bool:
        """Wait a moment for something to read; say whether there was any."""
        if not self.is_open:
            time.sleep(TICK_SECONDS)
            return False
        if not select.select([self.descriptor], [], [], TICK_SECONDS)[0]:
            return False
        chunk = os.read(self.descriptor, CHUNK)
        self.is_open = bool(chunk)
        self.output.add(chunk)
        return self.is_open


def run_program(
    arguments: Sequence[str], *, directory: str | None, timeout: float, grace: float, stop: threading.Event
) -> Ended:
    """Run a program without a shell, and end it with all that it started.

    It runs in a session of its own, with nothing to read. Whatever it leaves running in its process group is
    ended with it, also when all went well.

    Parameters
    ----------
    arguments : sequence of str
        The program first.
    directory : str, optional
        In which it runs.
    timeout : float
        Seconds; then it is asked to end (SIGTERM).
    grace : float
        Seconds after which what was asked to end is killed (SIGKILL).
    stop : threading.Event
        When it is set, the program is ended at once.

    Raises
    ------
    OSError, ValueError
        It cannot be started.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        arguments,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None  # it is a pipe
    late = False
    try:
        pipe = Pipe(process.stdout.fileno())
        while process.poll() is None and not stop.is_set() and not late:
            pipe.read()
            late = process.poll() is None and time.monotonic() - started >= timeout
        seconds = time.monotonic() - started
        ask_to_end(process, grace, pipe)
        signal_group(process, signal.SIGKILL)
        deadline = time.monotonic() + DRAIN_SECONDS
        while pipe.is_open and time.monotonic() < deadline:
            pipe.read()
    finally:
        signal_group(process, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    return Ended(process.returncode, pipe.output, seconds, late)


def ask_to_end(process: subprocess.Popen[bytes], grace: float, pipe: Pipe) -> None:
    """Ask a program to end and give it some time, in which it may go on printing."""
    if process.poll() is not None:
        return
    signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while process.poll() is None and time.monotonic() < deadline:
        pipe.read()


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a program and to what it started, as far as that is still there."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
