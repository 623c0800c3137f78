"""A generator that is somebody else's program: one call of a command makes one video."""

from __future__ import annotations

import difflib
import errno
import re
import shlex
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from videophy_lab.generators.base import (
    CAPTIONS,
    Generator,
    GeneratorStoppedError,
    Made,
    Order,
    Specs,
    choose_text,
)
from videophy_lab.generators.command_process import Ended, run_program
from videophy_lab.video import VideoError, probe_video

# the text of a prompt, as the first of these that a command has
TEXTS = ("text", "upsampled_caption", "caption")
PLACEHOLDERS = (*TEXTS, "path", "seed", "prompt_id", "video_id")
# {{name}} stands for the word {name} itself; braces of JSON are left alone
BRACES = re.compile(r"\{\{(\w+)\}\}|\{([A-Za-z_][^{}\s\"']*)\}")
EXAMPLE = "python run.py --prompt {caption} --seed {seed} --out {path}"
SUFFIXES = (".mp4", ".webm", ".mov", ".mkv", ".avi")
LOG = "log.txt"


@dataclass(kw_only=True)
class Command(Generator):
    """Make each video by a command, such as the script of another repository.

    The command is split into arguments as a shell would (``shlex``), and then each placeholder is replaced
    within its argument; no shell sees it. So a caption with quotes, ``$(…)``, ``;`` or line ends stays one
    argument. A text that begins with ``-`` is best given as ``--prompt={caption}``.

    The program inherits the environment. What it prints is kept beside the video (the first 16 kB and the
    last 48 kB); of one that failed it lies in the generator's own folder, and its end is in the reason.

    Parameters
    ----------
    command : str
        With ``{path}``, where the video is expected, and ``{text}`` (chosen by `captions`), ``{caption}``,
        ``{upsampled_caption}``, ``{seed}``, ``{prompt_id}``, ``{video_id}``; ``{{caption}}`` is the word in
        braces.
    captions : {"auto", "original", "upsampled"}
        What ``{text}`` is; ``auto`` is the original caption.
    directory : str
        In which the program runs; where the run was started when empty.
    suffix : str
        Of the file that it writes.
    timeout : float
        Seconds for one video; then the program is ended with all that it started.
    grace : float
        Seconds between asking it to end (SIGTERM) and killing it (SIGKILL).
    concurrency : int
        Programs that run at once.
    """

    command: str = ""
    captions: str = "auto"
    directory: str = ""
    suffix: str = ".mp4"
    timeout: float = 3600.0
    grace: float = 5.0
    concurrency: int = 1

    specs: ClassVar[Specs] = Specs(
        name="command",
        summary="a program of yours: a command that is called once for each video",
        source="the command",
        licence="that of the program and its weights",
    )

    def __post_init__(self) -> None:
        if self.captions not in CAPTIONS:
            raise ValueError(f"captions is {self.captions!r}. Allowed: {', '.join(map(repr, CAPTIONS))}.")
        if self.suffix not in SUFFIXES:
            raise ValueError(f"suffix is {self.suffix!r}. Allowed: {', '.join(map(repr, SUFFIXES))}.")
        if not 0 < self.timeout < float("inf") or not 0 <= self.grace < float("inf"):
            raise ValueError(
                f"timeout and grace are {self.timeout:g} and {self.grace:g} s; allowed: above 0."
            )
        if self.concurrency < 1:
            raise ValueError(f"concurrency is {self.concurrency}; it must be at least 1.")
        check_command(self.arguments)

    @property
    def arguments(self) -> list[str]:
        """Give the arguments of the command with their placeholders."""
        if not self.command.strip():
            raise ValueError(f"command needs a command. Remedy: give one, such as {EXAMPLE!r}.")
        try:
            return shlex.split(self.command)
        except ValueError as error:
            raise ValueError(
                f"the command {self.command!r} cannot be split: {error}. Remedy: close every quotation mark."
            ) from error

    @property
    def batch_size(self) -> int:
        """Take as many orders as programs run at once."""
        return self.concurrency

    def describe(self) -> Mapping[str, Any]:
        """Give what decides a video, as far as it is known here: the command, and in which folder it runs."""
        return {
            "generator": self.specs.name,
            "command": self.command,
            "captions": self.captions,
            "directory": self.directory,
        }

    def describe_cost(self, orders: Sequence[Order]) -> str:
        """Say how often the command is called, and whether seeds would change anything."""
        said = (
            f"{len(orders)} calls of the command, at most {self.timeout:g} s each, {self.concurrency} at once"
        )
        if len({order.seed for order in orders}) > 1 and "seed" not in list_placeholders(self.arguments):
            said += "; the command has no {seed}, so seeds change nothing but file names"
        return said

    def prepare(self) -> None:
        """Look for the program and its folder.

        Raises
        ------
        ValueError
            One of them is not there, or the program may not be run.
        """
        place = self.find_directory()
        if place is not None and not Path(place).is_dir():
            raise ValueError(
                f"the directory {self.directory!r} is not there (you are in {Path.cwd()}). Remedy: check it."
            )
        program = self.arguments[0]
        # a path is looked up where the program runs, a bare name in PATH
        found = shutil.which(str(Path(place or ".") / program) if "/" in program else program)
        if found is None:
            where = f"in {place or Path.cwd()}" if "/" in program else "in PATH"
            raise ValueError(
                f"there is no program {program!r} that can be run {where}. Remedy: give its path, make it "
                f"executable (chmod +x), or name its interpreter, such as {sys.executable} run.py."
            )

    def find_directory(self) -> str | None:
        """Give the folder in which the program runs; None for where the run was started."""
        return str(Path(self.directory).expanduser().absolute()) if self.directory else None

    def make(self, orders: Sequence[Order], *, folder: Path) -> Iterator[tuple[Order, Made]]:
        """Run the command for each order, several at once as `concurrency` says.

        Programs that still run are ended when the run is interrupted, and their files are removed.
        """
        folder.mkdir(parents=True, exist_ok=True)
        stop = threading.Event()
        with (
            tempfile.TemporaryDirectory(prefix="running-", dir=folder, ignore_cleanup_errors=True) as scratch,
            ThreadPoolExecutor(self.concurrency) as pool,
        ):
            try:
                jobs = {}
                for number, order in enumerate(orders):
                    own = Path(scratch).absolute() / str(number)
                    jobs[pool.submit(self.make_one, order, own, folder, stop)] = order
                for job in as_completed(jobs):
                    yield jobs[job], job.result()
            finally:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)

    def make_one(self, order: Order, scratch: Path, folder: Path, stop: threading.Event) -> Made:
        """Make one video in a folder of its own."""
        scratch.mkdir()
        path = scratch / f"video{self.suffix}"
        try:
            values = self.list_values(order, path)
        except ValueError as error:
            return Made(error=str(error))
        text = next((str(values[name]) for name in TEXTS if name in values), "")
        arguments = [fill(argument, values) for argument in self.arguments]
        try:
            ended = run_program(
                arguments,
                directory=self.find_directory(),
                timeout=self.timeout,
                grace=self.grace,
                stop=stop,
            )
        except (OSError, ValueError) as error:
            # a text with a null byte, or one that is longer than the system takes
            if isinstance(error, ValueError) or error.errno == errno.E2BIG:
                reason = getattr(error, "strerror", None) or str(error)
                return Made(text=text, error=f"the command cannot be called with this prompt: {reason}")
            raise GeneratorStoppedError(
                f"the program {arguments[0]!r} cannot be run: {error.strerror} ({error.filename}). Remedy: "
                "look whether it is there and is executable, and type the same again."
            ) from error
        if stop.is_set():
            return Made(text=text, error="the run was interrupted")
        reason = ended.describe() or find_fault(path)
        if reason:
            return Made(text=text, error=self.explain(reason, ended, order, folder), seconds=ended.seconds)
        settings = {"arguments": [fill(part, values | {"path": "{path}"}) for part in self.arguments]}
        return Made(
            data=path.read_bytes(),
            suffix=self.suffix,
            text=text,
            settings=settings,
            files={LOG: ended.output.join()},
            seconds=ended.seconds,
        )

    def list_values(self, order: Order, path: Path) -> dict[str, str]:
        """Give what the placeholders of the command stand for; raise ValueError where a text is not there."""
        values = {
            "path": str(path),
            "seed": str(order.seed),
            "prompt_id": order.prompt_id,
            "video_id": order.video_id,
            "caption": order.caption,
        }
        used = list_placeholders(self.arguments)
        if "text" in used:
            values["text"] = choose_text(order, self.captions, preferred="original")
        if "upsampled_caption" in used:
            values["upsampled_caption"] = choose_text(order, "upsampled", preferred="upsampled")
        return {name: value for name, value in values.items() if name in used}

    def explain(self, reason: str, ended: Ended, order: Order, folder: Path) -> str:
        """Say why there is no video, with the end of what the program printed, and keep that."""
        safe = re.sub(r"[^\w.-]", "-", order.prompt_id)[:60]
        log = folder / "logs" / f"{safe}-{order.seed}.{LOG}"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(ended.output.join())
        said = ended.output.read_end()
        return f"{reason}; {f'it said: {said}' if said else 'it said nothing'} (log: {log})"


def list_placeholders(arguments: Sequence[str]) -> set[str]:
    """List the placeholders of a command."""
    return {found[2] for argument in arguments for found in BRACES.finditer(argument) if found[2]}


def check_command(arguments: Sequence[str]) -> None:
    """Check that a command has a place for the video, and no placeholder that is not known.

    Raises
    ------
    ValueError
        Naming the close matches.
    """
    used = list_placeholders(arguments)
    allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    for name in sorted(used - set(PLACEHOLDERS)):
        close = difflib.get_close_matches(name, PLACEHOLDERS, n=2)
        hint = f" Did you mean {' or '.join(f'{{{other}}}' for other in close)}?" if close else ""
        raise ValueError(
            f"the command has the placeholder {{{name}}}.{hint} Allowed: {allowed}; write {{{{{name}}}}} for "
            "the word in braces."
        )
    if list_placeholders(arguments[:1]):
        raise ValueError(f"the program {arguments[0]!r} has a placeholder. Remedy: name one program for all.")
    if "path" not in used:
        raise ValueError(
            "the command has no {path}, so nobody would know where its video is. Remedy: add it, as in "
            f"{EXAMPLE!r}."
        )


def fill(argument: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders of one argument, each once; what is put in is not looked at again."""
    return BRACES.sub(lambda found: f"{{{found[1]}}}" if found[1] else values[found[2]], argument)


def find_fault(path: Path) -> str:
    """Say what is wrong with the file that a program should have written; empty when nothing is."""
    if not path.exists():
        others = sorted(other.name for other in path.parent.iterdir())
        wrote = f", but {', '.join(others[:3])} (-o suffix=… says another ending)" if others else ""
        return f"it ended well and wrote no {path.name} at {{path}}{wrote}"
    try:
        probe_video(path)
    except VideoError as error:
        return str(error).replace(str(path), "the file that it wrote").removesuffix(".")
    return ""
