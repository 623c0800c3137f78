"""Lists of actions as the data sets publish them, from the user's copies of their files.

Kinetics (Kay et al. 2017, arXiv:1705.06950): the annotations of a split, with ``label, youtube_id, …`` as
CSV or ``{video: {"annotations": {"label": …}}}`` as JSON; tables ``id,name``; one class a line. UCF-101
(Soomro et al. 2012, arXiv:1212.0402): ``classInd.txt`` with ``1 ApplyEyeMakeup``, or the lists of files of
a split. Something-Something V2 (Goyal et al. 2017, arXiv:1706.04261): ``labels.json`` with a number for
each template, or the JSON of a split with ``template`` in each entry. None of these files is ours to ship.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from videophy_lab.prompts.actions import Named

KINDS = ("kinetics", "ucf101", "something", "csv")
# the columns and fields that hold a class, the surest first
FIELDS = ("action", "template", "label", "name", "class", "class_name", "caption")
EXPECTED = {
    "kinetics": "train.csv (label, youtube_id, …), train.json, a table of id and name, or one name a line",
    "ucf101": "classInd.txt (1 ApplyEyeMakeup), or trainlist01.txt",
    "something": "labels.json ({template: number}), or the JSON of a split",
    "csv": "a table with the column action",
}


def read_list(path: str | Path, kind: str, *, column: str = "") -> list[Named]:
    """Read the classes of a list, each once, in the order of the file.

    Parameters
    ----------
    path : path
        ``.csv``, ``.json``, or text.
    kind : {"kinetics", "ucf101", "something", "csv"}
    column : str
        Of a CSV file, where it is none of the usual names.

    Raises
    ------
    ValueError
        An unknown kind, a file of another form, or one that is not UTF-8; what is expected is named.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no list of the kind {kind!r}. Allowed: {', '.join(KINDS)}.")
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 ({error.reason}). Remedy: save it as UTF-8.") from None
    if path.suffix.lower() == ".json":
        found = list(read_json(text, path))
    elif path.suffix.lower() in (".csv", ".tsv") or kind == "csv":
        found = list(read_csv(text, path, kind, column))
    else:
        found = list(read_lines(text, path, kind))
    classes = list(dict.fromkeys(each for each in found if each.name.strip()))
    if not classes:
        raise ValueError(f"{path} holds no class of {kind}. Remedy: give a file such as {EXPECTED[kind]}.")
    return classes


def read_line(line: str) -> str:
    """Read the class in a line: alone, ``1 ApplyEyeMakeup``, ``abseiling,0``, or ``Class/video.avi 1``."""
    text = line.strip()
    text = re.sub(r"^\d+[\s,;]+|[\s,;]+\d+$", "", text)
    return text.partition("/")[0] if re.search(r"/\S*\.\w{2,4}$", text) else text


def read_lines(text: str, path: Path, kind: str) -> Iterator[Named]:
    """Read the classes of a list without a header, one class a line.

    Raises
    ------
    ValueError
        A line holds several columns, which are no name of a class.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        name = read_line(line)
        cells = [cell.strip().lower() for cell in re.split(r"[,;\t]", name)]
        is_header = number == 1 and len(cells) > 1 and not set(cells).isdisjoint(FIELDS)
        if is_header or re.search(r"[;\t]", name):
            raise ValueError(
                f"{path}: line {number} has several columns and not one class: {line.strip()[:60]!r}. "
                f"Remedy: save it as a .csv with commas, or give a file such as {EXPECTED[kind]}."
            )
        yield Named(name)


def read_csv(text: str, path: Path, kind: str, column: str) -> Iterator[Named]:
    """Read the classes of a CSV file, from the column that holds them."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if path.suffix == ".tsv" else ",")
    names = [cell.strip() for cell in next(rows, [])]
    header = [name.lower() for name in names]
    wanted = (column.strip().lower(),) if column else FIELDS
    place = next((header.index(name) for name in wanted if name in header), None)
    if place is None and len(header) == 1 and kind != "csv" and not column:
        # a list without a header, one class a line
        yield from read_lines(text, path, kind)
        return
    if place is None:
        missing = f"the column {column!r}" if column else "a column of classes"
        example = names[0] if len(names) > 1 and names[0] else "NAME"
        raise ValueError(
            f"{path} has not {missing}; it has {', '.join(names) or 'none'}. Remedy: name the one that holds "
            f'the classes, such as --column "{example}" (column= in Python), or give one of '
            f"{', '.join(FIELDS)}, or a file such as {EXPECTED[kind]}."
        )
    group = header.index("category") if "category" in header else None
    for row in rows:
        if len(row) > place:
            category = row[group].strip() if group is not None and len(row) > group else ""
            yield Named(row[place], category)


def read_json(text: str, path: Path) -> Iterable[Named]:
    """Read the classes of a JSON file, whichever of the published forms it has."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}). Remedy: fetch the file again.") from None
    names = list(find_names(content))
    if not names:
        raise ValueError(
            f"{path} has none of the published forms. Remedy: give {{name: number}}, a list of names, or "
            "entries with label or template."
        )
    return [Named(name) for name in names]


def find_names(content: Any) -> Iterator[str]:
    """Find class names in parsed JSON."""
    if isinstance(content, list):
        for entry in content:
            yield from [entry] if isinstance(entry, str) else find_field(entry)
    elif isinstance(content, dict):
        for name, value in content.items():
            if isinstance(value, dict):
                yield from find_field(value.get("annotations", value))
            # {name: number} as labels.json has it, {number: name} as maps of classes have it
            elif isinstance(value, str) and not value.strip().isdigit():
                yield value
            elif isinstance(value, int | str):
                yield name


def find_field(entry: Any) -> Iterator[str]:
    """Find the class in an entry about one video."""
    if isinstance(entry, dict):
        yield from [str(entry[name]) for name in FIELDS if isinstance(entry.get(name), str)][:1]
