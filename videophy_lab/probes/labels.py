"""Labels of reversibility from a table of the user's, joined to the videos that are probed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from videophy_lab.reversibility.labels import CONFIRMED, LLM, make_key
from videophy_lab.reversibility.rows import ALL_ORIGINS, is_wrong_on_purpose, label_row, list_truths
from videophy_lab.schema import TableError, read_reversibility, read_rows
from videophy_lab.scoring.inputs import find_file
from videophy_lab.video_store import read_probed
from videophy_lab.video_store.probed import TABLE

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
    count = sum(word is not None for word in chosen)
    return assign_words(videos, chosen), f"{count} of {len(videos)} videos have a label of reversibility"


def keep_labels(videos: pd.DataFrame, folder: str | Path, *, given: bool) -> tuple[pd.DataFrame, str]:
    """Give videos the labels that an earlier run wrote into a folder of probes.

    Parameters
    ----------
    videos : DataFrame
        Of :func:`add_labels`, where labels are given now.
    folder : path
        Need not be there.
    given : bool
        Labels are given now: only videos without one get that of before. Else the one that is believed
        first counts, and of one origin that of before.

    Returns
    -------
    labelled : DataFrame
    note : str
        How many of the videos keep a label; empty where none does.

    Raises
    ------
    TableError
        A run was killed before it wrote the folder's table.
    """
    known = read_kept(folder)
    if not known:
        return videos, ""
    rows, truths = videos.to_dict("records"), list_truths()
    own = [choose_word(None, row, truths) for row in rows]
    before = [known.get(str(row["video_id"])) for row in rows]
    chosen = [
        word or other if given else choose_word(other, row, truths)
        for word, other, row in zip(own, before, rows, strict=True)
    ]
    if not any(word is not None and word == other for word, other in zip(chosen, before, strict=True)):
        return videos, ""
    kept = sum(word != other for word, other in zip(chosen, own, strict=True))
    note = f"label of reversibility kept of an earlier run: {kept} of {len(rows)} videos; --labels FILE"
    return assign_words(videos, chosen), f"{note} replaces it" if kept else ""


def read_kept(folder: str | Path) -> dict[str, Word]:
    """Read the labels of videos in the table of a folder of probes; none where there is no table."""
    if not (Path(folder) / TABLE).is_file():
        return {}
    table = read_probed(folder)
    if not {LABEL, ORIGIN} <= set(table.columns):
        return {}
    said = table[table[LABEL].notna() & table[ORIGIN].isin(ALL_ORIGINS)].drop_duplicates("video_id")
    return {name: Word(*word) for name, *word in said[["video_id", LABEL, ORIGIN]].itertuples(index=False)}


def assign_words(videos: pd.DataFrame, words: Sequence[Word | None]) -> pd.DataFrame:
    """Write labels and their origins into the columns of a videos table."""
    import pandas as pd

    cells = {
        LABEL: [word and word.label for word in words],
        ORIGIN: [word and word.origin for word in words],
    }
    return videos.assign(
        **{name: pd.Series(column, index=videos.index, dtype=object) for name, column in cells.items()}
    )


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
