"""A task on disk: its logs and its settings beside the file of the ratings."""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from videophy_lab.annotation.collect import Collected, check_files, collect, collect_answers, write_collected
from videophy_lab.annotation.log import clean_name, list_logs, read_lines
from videophy_lab.annotation.reel import Reel
from videophy_lab.annotation.session import Session
from videophy_lab.annotation.task import Task, TaskError, make_key, read_json, write_json
from videophy_lab.schema.overwriting import read_header

ENDINGS = (".csv", ".parquet")
TASK_FILE, ADDRESS_FILE, DOOR_FILE = "task.json", ".address.json", ".open.html"


def find_folder(out: str | Path) -> Path:
    """Name the folder of the logs of a file of ratings: ``ratings.answers`` beside ``ratings.csv``."""
    return Path(out).with_suffix(".answers")


@dataclass
class Project:
    """A task, its annotators, and the file of their ratings.

    Parameters
    ----------
    task : Task
    out : path
        File of the ratings, ``.csv`` or ``.parquet``, made of the logs again and again.

    Raises
    ------
    ValueError
        `out` is no table, or it or a table beside it was not made by annotation.
    """

    task: Task
    out: Path
    reel: Reel = field(init=False)
    sessions: dict[str, Session] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.out = Path(self.out)
        if self.out.suffix.lower() not in ENDINGS:
            raise TaskError(f"--out is {self.out}; it must end in {' or '.join(ENDINGS)}")
        if self.out.exists() and not self.folder.is_dir() and read_header(self.out) is not None:
            raise TaskError(
                f"{self.out} is there already, and not made of the logs in {self.folder.name}, which is "
                "missing. Remedy: give another --out, so that nothing is overwritten"
            )
        check_files(self.out)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / TASK_FILE, write_json(self.task))
        self.reel = Reel(self.task)
        self._guard = threading.Lock()

    @property
    def folder(self) -> Path:
        """Where the logs lie."""
        return find_folder(self.out)

    @property
    def place(self) -> str:
        """Name the folder to a browser, which keeps under this name what it could not send."""
        return make_key(str(self.folder.resolve()))

    def open_session(self, annotator: object) -> Session:
        """Give the session of an annotator, the same one to all tabs."""
        name = clean_name(annotator)
        with self._guard:
            if name not in self.sessions:
                self.sessions[name] = Session(self.task, self.folder, name)
            return self.sessions[name]

    def open(self, annotator: object) -> dict[str, Any]:
        """Give what a browser needs to go on, and the annotators with nearly the name of a new one."""
        session = self.open_session(annotator)
        opened = session.open()
        known = [] if opened["seen"] else find_similar(session.annotator, list_annotators(self.folder))
        return opened | {"similar": known}

    def collect(self) -> Collected:
        """Collect all answers so far; empty tables before the first."""
        return collect(self.folder) if list_logs(self.folder) else collect_answers()

    def write(self) -> list[Path]:
        """Write the ratings and the tables beside them; nothing before the first answer."""
        with self._guard:
            collected = self.collect()
            return write_collected(collected, self.out) if collected.n_answers else []

    def read_address(self) -> dict[str, Any]:
        """Give the port and the token under which the page was served last, so that open tabs go on."""
        try:
            known = json.loads((self.folder / ADDRESS_FILE).read_text(encoding="utf-8"))
            return {"port": int(known["port"]), "token": str(known["token"])}
        except (OSError, ValueError, KeyError, TypeError):
            return {"port": 0, "token": secrets.token_urlsafe(24)}

    def write_address(self, port: int, token: str) -> None:
        """Keep port and token where only this user can read them."""
        write_secret(self.folder / ADDRESS_FILE, json.dumps({"port": port, "token": token}))

    def write_door(self, address: str) -> Path:
        """Write a file that leads a browser to an address, which then stands in no list of processes."""
        door = self.folder / DOOR_FILE
        write_secret(door, f'<!doctype html><meta http-equiv="refresh" content="0; url={address}">\n')
        return door


def list_annotators(folder: Path) -> list[str]:
    """List who has answered, by the first answer of every log."""
    names = []
    for path in list_logs(folder):
        with path.open("rb") as file:
            answers = next(filter(None, (read_lines(line)[0] for line in file)), [])
        names += [str(answer.get("annotator", "")) for answer in answers]
    return names


def find_similar(name: str, known: Iterable[str]) -> list[str]:
    """Find names that differ from one in case or spaces only, which makes them other annotators."""
    bare = "".join(name.casefold().split())
    return sorted(other for other in known if other != name and "".join(other.casefold().split()) == bare)


def write_whole(path: Path, text: str) -> None:
    """Write a file that is there as a whole or not at all, also where several processes write it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.draft")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_secret(path: Path, text: str) -> None:
    """Write a file that only this user can read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def load_project(out: str | Path) -> Project:
    """Open a project again from the task that lies beside its ratings.

    Raises
    ------
    TaskError
        There is none.
    """
    path = find_folder(out) / TASK_FILE
    if not path.is_file():
        raise TaskError(f"{path} is missing. Remedy: give the videos again, to make the task anew")
    return Project(read_json(path.read_text(encoding="utf-8")), Path(out))
