"""The video files of a folder, and which of them is which seed of a prompt."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from videophy_lab.generators.matching import Match, Matching

SUFFIXES = (".mp4", ".webm", ".mov", ".mkv", ".avi", ".m4v")
LEFT_FILE, MATCHES_FILE = "unmatched.csv", "matches.csv"
NAMED, NAME_LENGTH = 3, 60


def list_files(folder: str) -> dict[str, int]:
    """List the video files of a folder and its sub-folders with their bytes, in the order of their names.

    Hidden files are left out, so are files that macOS writes beside others (``._name.mp4``).

    Raises
    ------
    ValueError
        There is no such folder, or no video file in it.
    """
    root = Path(folder).expanduser()
    if not root.is_dir():
        what = "is a file" if root.is_file() else "is not there"
        raise ValueError(
            f"the folder {folder!r} {what} (you are in {Path.cwd()}). Remedy: give the one with the videos."
        )
    found = {
        path.relative_to(root).as_posix(): path.stat().st_size
        for path in sorted(root.rglob("*"))
        if path.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
        and path.is_file()
    }
    if not found:
        raise ValueError(f"the folder {folder!r} has no video file. Allowed: {', '.join(SUFFIXES)}.")
    return found


def hash_listing(files: Mapping[str, int]) -> str:
    """Compute a SHA-256 of the names and sizes of files."""
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()


def number_files(matching: Matching, seeds: str) -> dict[tuple[str, int], Match]:
    """Give each file of a prompt its seed.

    Parameters
    ----------
    matching : Matching
        Files whose number is that of another one are moved to its `left` where the number is the seed.
    seeds : {"count", "number"}
        ``count``: 0, 1, … in the order of the numbers at the end of the names, and as they come where those
        are equal; ``number``: the number itself, 0 where there is none. A table's seeds are not changed.
    """
    by_prompt: dict[str, list[Match]] = {}
    for match in matching.matches:
        by_prompt.setdefault(match.prompt_id, []).append(match)
    given: dict[tuple[str, int], Match] = {}
    for prompt_id, matches in by_prompt.items():
        ordered = sorted(matches, key=lambda match: -1 if match.number is None else match.number)
        fixed = matches[0].how == "table" and matches[0].number is not None
        if seeds == "count" and not fixed:
            given |= {(prompt_id, seed): match for seed, match in enumerate(ordered)}
            continue
        numbers = [match.number or 0 for match in ordered]
        for number, match in zip(numbers, ordered, strict=True):
            if numbers.count(number) == 1:
                given[prompt_id, number] = match
            else:
                twins = ", ".join(other.file for other in ordered if (other.number or 0) == number)
                matching.left[match.file] = f"several files are seed {number} of one prompt: {twins}"
    return given


def list_matches(
    folder: Path, asked: Mapping[tuple[str, int], Match], left: Mapping[str, str]
) -> dict[str, str]:
    """Write which file went to which prompt, and which are left over; give the prompt that had a file first.

    Parameters
    ----------
    folder : Path
        What was written there before is kept.
    asked : mapping of prompt_id and seed to Match
    left : mapping of file to reason
    """
    path = folder / MATCHES_FILE
    rows: dict[str, Sequence[str]] = {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            rows = {row[0]: row for row in list(csv.reader(file))[1:]}
    for (prompt_id, seed), match in asked.items():
        rows.setdefault(spell(match.file), (match.file, prompt_id, str(seed), match.how))
    write_listing(path, ("file", "prompt_id", "seed", "matched_by"), rows.values())
    write_listing(folder / LEFT_FILE, ("file", "reason"), sorted(left.items()))
    return {file: row[1] for file, row in rows.items()}


def write_listing(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV file; a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    partial.write_text(spell(text.getvalue()), encoding="utf-8", newline="")
    partial.replace(path)


def spell(name: str) -> str:
    """Write a name, of which any bytes may not be UTF-8, as text."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def name_some(names: Sequence[str]) -> str:
    """Name the first few, shortened."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    short = (name if len(name) <= NAME_LENGTH else f"{name[:NAME_LENGTH]}…" for name in names[:NAMED])
    return ", ".join(map(spell, short)) + more
