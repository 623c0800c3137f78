"""Match files to prompts by a table that names both."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from videophy_lab.generators.base import Order
from videophy_lab.generators.matching import Match, Matching, shorten, squeeze_text
from videophy_lab.schema import make_prompt_id, read_rows

# the project's own name, and those of the benchmark's tables and of its judge's input
FILE_COLUMNS = ("file", "path", "videopath", "video_url")
PROMPT_COLUMNS = ("prompt_id", "caption", "upsampled_caption")


@dataclass(frozen=True)
class Row:
    """One row of a table that says which file belongs to which prompt; blank cells are empty.

    Attributes
    ----------
    line : int
        Among the rows, from 1.
    file : str
    facts : mapping
        ``prompt_id``, ``caption``, ``upsampled_caption``, as far as there are such columns.
    seed : int, optional
    """

    line: int
    file: str
    facts: Mapping[str, str]
    seed: int | None


def read_bytes(path: str, what: str) -> bytes:
    """Read a file that an option names; raise ValueError where that cannot be done."""
    try:
        return Path(path).expanduser().read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ValueError(
            f"the {what} {path!r} cannot be read: {reason} (you are in {Path.cwd()}). Remedy: check the path."
        ) from error


def read_table_rows(path: str) -> list[Row]:
    """Read the rows of a table of files.

    Raises
    ------
    ValueError
        It cannot be read, lacks a column, or has a seed that is no whole number.
    """
    read_bytes(path, "table")
    table = read_rows(Path(path).expanduser()).fillna("")
    columns = list(table.columns)
    file = next((column for column in FILE_COLUMNS if column in columns), None)
    prompt = [column for column in PROMPT_COLUMNS if column in columns]
    if file is None or not prompt:
        lacking = "file" if file is None else "prompt_id or caption"
        close = difflib.get_close_matches(lacking.split()[0], columns, n=2)
        hint = f" Is it {' or '.join(close)}?" if close else ""
        raise ValueError(
            f"the table {path!r} has no column {lacking}, only {', '.join(columns)}.{hint} Remedy: name its "
            "columns file and prompt_id or caption, and seed where a prompt has several files."
        )
    records = table.to_dict(orient="records")
    return [read_row(path, line, record, file, prompt) for line, record in enumerate(records, start=1)]


def read_row(path: str, line: int, record: Mapping[Any, Any], file: str, prompt: Sequence[str]) -> Row:
    """Read one row."""
    seed = str(record.get("seed", "")).strip()
    if seed and not re.fullmatch(r"\d{1,18}(\.0)?", seed):
        raise ValueError(
            f"the table {path!r} has the seed {seed!r} in row {line}. Allowed: whole numbers from 0, or none."
        )
    facts = {column: str(record[column]).strip() for column in prompt}
    return Row(line, str(record[file]).strip(), facts, int(float(seed)) if seed else None)


def match_table(files: Sequence[str], prompts: Mapping[str, Order], path: str) -> Matching:
    """Match files to prompts by the rows of a table.

    Files are given by their path in the folder, or by a name that is there once, also at the end of a longer
    path or an address.

    Raises
    ------
    ValueError
        The table cannot be read, or contradicts itself: a file with two prompts, two files for one seed.
    """
    rows, find_file, index = read_table_rows(path), FileIndex(files), TextIndex(prompts)
    matching, owners = Matching(), dict[str, Match]()
    for row in rows:
        prompt_id, file = index.find_row(row.facts), find_file(row.file)
        if file is None:
            if prompt_id is not None and row.file:
                matching.missing.setdefault(prompt_id, row.file)
        elif prompt_id is None:
            known = row.facts.get("caption") or next(filter(None, row.facts.values()), "")
            matching.left[file] = f"its prompt in the table, {shorten(known)}, is none of those asked for"
        else:
            match = Match(file, prompt_id, "table", row.seed)
            other = owners.setdefault(file, match)
            if other != match:
                raise ValueError(
                    f"the table {path!r} names the file {file!r} twice, for {name_place(other)} and for "
                    f"{name_place(match)} (row {row.line}). Remedy: keep one of the rows."
                )
    check_seeds(list(owners.values()), path)
    matching.matches = list(owners.values())
    matched = {match.prompt_id for match in matching.matches}
    matching.missing = {
        prompt_id: file for prompt_id, file in matching.missing.items() if prompt_id not in matched
    }
    matching.left = {
        file: matching.left.get(file, "the table does not name it") for file in files if file not in owners
    }
    return matching


def name_place(match: Match) -> str:
    """Name a prompt and a seed."""
    return f"prompt {match.prompt_id}" + ("" if match.number is None else f", seed {match.number}")


def check_seeds(matches: Sequence[Match], path: str) -> None:
    """Check that no two files have one prompt and seed, and that a prompt's files have seeds all or none."""
    places: dict[tuple[str, int | None], Match] = {}
    for match in matches:
        other = places.setdefault((match.prompt_id, match.number), match)
        if other is not match and match.number is not None:
            raise ValueError(
                f"the table {path!r} has two files for {name_place(match)}: {other.file!r} and "
                f"{match.file!r}. Remedy: give each a seed of its own."
            )
    numbered = {match.prompt_id for match in matches if match.number is not None}
    for match in matches:
        if match.number is None and match.prompt_id in numbered:
            raise ValueError(
                f"the table {path!r} gives some files of prompt {match.prompt_id} a seed, and none to "
                f"{match.file!r}. Remedy: give all of them one, or none."
            )


class TextIndex:
    """The texts of all prompts, to look prompts up by: letter by letter, or else but for spelling.

    A caption is also known by its hash, which is the id of its prompt.

    Parameters
    ----------
    prompts : mapping of prompt_id to Order
    """

    def __init__(self, prompts: Mapping[str, Order]) -> None:
        self.prompts = prompts
        self.texts: dict[tuple[str, str], set[str]] = {}
        for prompt_id, order in prompts.items():
            for column, text in (("caption", order.caption), ("upsampled_caption", order.upsampled)):
                for key in (text.strip(), f" {squeeze_text(text)}"):
                    self.texts.setdefault((column, key), set()).add(prompt_id)

    def find_text(self, text: str, columns: Sequence[str]) -> str | None:
        """Find the one prompt that has a text; None for none and for several."""
        for key in (text.strip(), f" {squeeze_text(text)}"):
            found = set().union(*(self.texts.get((column, key), ()) for column in columns))
            if found and key.strip():
                return found.pop() if len(found) == 1 else None
        prompt_id = make_prompt_id(text)
        return prompt_id if prompt_id in self.prompts else None

    def find_row(self, facts: Mapping[str, str]) -> str | None:
        """Find the prompt that a row names: by its id, else by a caption."""
        if prompt_id := facts.get("prompt_id"):
            return prompt_id if prompt_id in self.prompts else None
        column = next((column for column in PROMPT_COLUMNS if facts.get(column)), None)
        return self.find_text(facts[column], (column,)) if column else None


class FileIndex:
    """The files of a folder, to look them up by path or name.

    Parameters
    ----------
    files : sequence of str
    """

    def __init__(self, files: Sequence[str]) -> None:
        self.files = set(files)
        self.names: dict[str, list[str]] = {}
        for file in files:
            self.names.setdefault(PurePosixPath(file).name, []).append(file)

    def __call__(self, text: str) -> str | None:
        """Find the file that a cell names; None for none and for several."""
        path = text.replace("\\", "/").removeprefix("./")
        if path in self.files:
            return path
        address = unquote(urlsplit(path).path) if "://" in path else path
        for name in (path.rpartition("/")[2], address.rpartition("/")[2]):
            if len(found := self.names.get(name, [])) == 1:
                return found[0]
        return None
