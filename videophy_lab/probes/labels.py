"""Labels of reversibility from a table of the user's, joined to the videos that are probed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from videophy_lab.reversibility.labels import CONFIRMED, LLM, make_key
from videophy_lab.reversibility.rows import ALL_ORIGINS, is_wrong_on_purpose, label_row, list_truths
from videophy_lab.schema import TableError, read_reversibility, read_rows
from videophy_lab.scoring.inputs import find_file

if TYPE_CHECKING:
    import pandas as pd

LABEL, ORIGIN = "reversibility", "reversibility_origin"
# where a label may stand, the first that is not blank counts, and who says so where no column tells
WORDS = {"confirmed": CONFIRMED, LABEL: "", "label": "", "proposed": LLM}
# what tells one video, before what tells many
NAMES = ("video_id", "path", "action")


class Word(NamedTuple):
    """A label and who says so."""

    label: str
    origin: str


def add_labels(videos: pd.DataFrame, file: str | Path) -> tuple[pd.DataFrame, str]:
    """Give videos the labels of a table.

    A video that has a label already keeps it where that is of an origin that is believed first: a person's,
    the simulated world's, a language model's, an estimate by motion. The label of an action is not given to a
    simulated clip whose physics is wrong on purpose.

    Parameters
    ----------
    videos : DataFrame
        ``video_id, path``, and ``action`` where known.
    file : path
        CSV, as ``videophy-lab reversal`` or ``reversal-labels`` writes it: ``video_id``, ``path`` (or, where
        it has neither, ``action``), and ``reversibility`` (or ``label``, ``confirmed``, ``proposed``), with
        ``reversibility_origin`` where known.

    Returns
    -------
    labelled : DataFrame
        With ``reversibility, reversibility_origin``; blank where nobody says anything.
    note : str
        How many of the videos have a label.

    Raises
    ------
    TableError
        A column is missing, a word is no class or no origin, one video has two labels, or the table is about
        none of the videos.
    """
    import pandas as pd

    names, known = read_labels(file)
    rows = videos.to_dict("records")
    given = [find_word(row, names, known) for row in rows]
    if not any(given):
        raise TableError(
            f"{file}: no row with a label has the {' or '.join(names)} of a video. Remedy: check that it was "
            f"made of these videos; the first of them has {name_example(videos, names)}."
        )
    truths = list_truths()
    chosen = [choose_word(word, row, truths) for word, row in zip(given, rows, strict=True)]
    cells = {
        LABEL: [word and word.label for word in chosen],
        ORIGIN: [word and word.origin for word in chosen],
    }
    count = sum(word is not None for word in chosen)
    labelled = videos.assign(
        **{name: pd.Series(words, index=videos.index, dtype=object) for name, words in cells.items()}
    )
    return labelled, f"{count} of {len(videos)} videos have a label of reversibility"


def read_labels(file: str | Path) -> tuple[list[str], dict[tuple[str, str], Word]]:
    """Read a table of labels.

    Returns
    -------
    names : list of str
        The columns that tell which videos a row is about.
    known : dict
        Column and folded cell → word.
    """
    if not Path(file).is_file():
        raise TableError(f"{file}: there is no such file. Remedy: check the path (you are in {Path.cwd()}).")
    rows = read_rows(file)
    names = [name for name in NAMES[:2] if name in rows.columns] or [
        name for name in NAMES[2:] if name in rows.columns
    ]
    if not names or not set(WORDS) & set(rows.columns):
        raise TableError(
            f"{file}: its columns are {', '.join(rows.columns)}; needed are one of {', '.join(NAMES)}, and "
            f"{LABEL}. Remedy: give the table that videophy-lab reversal wrote, or name its columns so."
        )
    known: dict[tuple[str, str], Word] = {}
    for number, row in enumerate(rows.to_dict("records"), 2):
        word = read_word(row, f"{file}: row {number}")
        for name in names if word else ():
            cell = row.get(name)
            if word is None or not isinstance(cell, str) or not cell.strip():
                continue
            key = (name, FOLDS[name](cell, Path(file).parent))
            other = known.setdefault(key, word)
            if other.origin == word.origin and read_reversibility(other.label) != read_reversibility(
                word.label
            ):
                raise TableError(
                    f"{file}: row {number} says {word.label} of {name} {cell}, and an earlier row "
                    f"{other.label}. Remedy: keep one of them."
                )
            known[key] = min(other, word, key=rank_word)
    return names, known


def read_word(row: Mapping[Any, Any], where: str) -> Word | None:
    """Read the label of a row and its origin; None where it is blank.

    Raises
    ------
    TableError
        It is no class, or no origin.
    """
    for column, who in WORDS.items():
        cell = row.get(column)
        try:
            known = read_reversibility(cell, where=f"{where}: {column}")
        except ValueError as error:
            raise TableError(f"{error} Remedy: correct it.") from None
        if known:
            told = next((row[name] for name in (ORIGIN, "origin") if isinstance(row.get(name), str)), "")
            origin = who or str(told).strip() or CONFIRMED
            if origin not in ALL_ORIGINS:
                raise TableError(
                    f"{where}: the origin is {origin!r}. Allowed: {', '.join(ALL_ORIGINS)}; blank for a "
                    "label that a person gave. Remedy: correct it."
                )
            # as it was written: "reversible" of an estimate by motion says less than "equivariant"
            return Word(str(cell).strip().casefold(), origin)
    return None


def find_word(row: Mapping[Any, Any], names: list[str], known: Mapping[tuple[str, str], Word]) -> Word | None:
    """Find what the table says of a video."""
    for name in names:
        cell = row.get(name)
        if not isinstance(cell, str) or not cell or (name == "action" and is_wrong_on_purpose(row)):
            continue
        word = known.get((name, FOLDS[name](cell, Path())))
        if word:
            return word
    return None


def choose_word(
    given: Word | None, row: Mapping[Any, Any], truths: Mapping[tuple[str, str], str]
) -> Word | None:
    """Choose between the word of the table and what is known of the video: of one origin, the table's."""
    label, origin, *_ = label_row(row, f"of {row.get('video_id')}", {}, truths)
    own = Word(label, origin) if label and origin else None
    return min((word for word in (given, own) if word), key=rank_word, default=None)


def rank_word(word: Word) -> int:
    """Give the place of a word among those of other origins, 0 for what is believed first."""
    return ALL_ORIGINS.index(word.origin)


def name_example(videos: pd.DataFrame, names: list[str]) -> str:
    """Give what the first video is called under each of the names."""
    first = videos.iloc[0]
    return ", ".join(f"{name} {first[name]}" for name in names if name in videos.columns) or "not known"


def fold_path(cell: str, beside: Path) -> str:
    """Give the full path of a file that is named from where you are, or from beside a table."""
    return os.path.realpath(find_file(cell, beside))


FOLDS: dict[str, Callable[[str, Path], str]] = {
    "video_id": lambda cell, beside: cell,
    "path": fold_path,
    "action": lambda cell, beside: make_key(cell),
}
