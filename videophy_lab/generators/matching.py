"""Which file belongs to which prompt, and how texts are compared: exactly, once spelling is set aside."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath

CLOSEST, ALIKE = 2, 0.5
# comparing every prompt with more names than these takes too long for a hint
MOST_COMPARED = 1000


@dataclass(frozen=True)
class Match:
    """The prompt of a file.

    Attributes
    ----------
    file : str
        Path in the folder.
    prompt_id : str
    how : str
        What tells: ``"caption"``, ``"prompt_id"``, ``"table"`` …
    number : int, optional
        The digits that tell the videos of one prompt apart.
    text : str
        What the video was made from, where the source says so.
    """

    file: str
    prompt_id: str
    how: str
    number: int | None = None
    text: str = ""


@dataclass
class Matching:
    """What became of the files of a folder.

    Attributes
    ----------
    matches : list of Match
    left : dict of file to str
        Files that belong to no prompt, and why.
    missing : dict of prompt_id to str
        The file that a table names for a prompt, where it is not in the folder.
    notes : list of str
        What the user should know about how they were matched.
    """

    matches: list[Match] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@lru_cache(maxsize=2**14)
def squeeze_text(text: str) -> str:
    """Give the letters and digits of a text, without case, accents, punctuation and blanks."""
    return squeeze_words(text)[0]


def squeeze_words(text: str) -> tuple[str, frozenset[int]]:
    """Give the letters and digits of a text, and after how many of them a word ends."""
    key, ends = "", set()
    for character in text:
        if character.isalnum():
            key += fold_letter(character)
        elif not unicodedata.combining(character):
            ends.add(len(key))
    return key, frozenset({*ends, len(key)})


@lru_cache(maxsize=2**12)
def fold_letter(letter: str) -> str:
    """Give a letter or digit without case and accents; it may become several."""
    # upper case first: some letters have none of their own, and come back from it as others
    upper = unicodedata.normalize("NFKD", letter).upper()
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", upper.casefold())))


def find_close(text: str, files: Iterable[str]) -> list[str]:
    """Find files whose names are nearly spelled like a text: a hint for the user, and never a match.

    Returns
    -------
    list of str
        At most two, which share with the text at least half of all runs of three characters; none where there
        are too many files to look at.
    """
    runs, names = list_runs(squeeze_text(text)), list(files)
    if len(names) > MOST_COMPARED:
        return []
    alike = {}
    for name in names:
        other = list_runs(squeeze_text(PurePosixPath(name).stem))
        alike[name] = len(runs & other) / len(runs | other)
    best = sorted((name for name in names if alike[name] >= ALIKE), key=lambda name: (-alike[name], name))
    return best[:CLOSEST]


@lru_cache(maxsize=2**14)
def list_runs(key: str) -> frozenset[str]:
    """List the runs of three characters of a text."""
    padded = f"  {key} "
    return frozenset(padded[place : place + 3] for place in range(len(padded) - 2))


def shorten(text: str, most: int = 58) -> str:
    """Shorten a text for a message."""
    line = " ".join(text.split())
    return repr(line if len(line) <= most else f"{line[: most - 1]}…")
