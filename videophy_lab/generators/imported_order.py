"""Match numbered files to prompts by the order of a list of prompts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from videophy_lab.generators.base import Order
from videophy_lab.generators.imported_tables import PROMPT_COLUMNS, TextIndex, read_bytes
from videophy_lab.generators.matching import Match, Matching, shorten
from videophy_lab.schema import read_rows

# 0001.mp4, video_12.mp4, and 0001_2.mp4 for another video of the same prompt
NUMBERED = re.compile(r"(\D*)(\d{1,18})(?:[_-](\d{1,18}))?")


def match_order(files: Sequence[str], prompts: Mapping[str, Order], path: str, first: str) -> Matching:
    """Match files to prompts by the numbers in their names, which count the prompts of a list.

    Parameters
    ----------
    files : sequence of str
        Paths in the folder; the digits may have any width.
    prompts : mapping of prompt_id to Order
    path : str
        Of the list.
    first : {"auto", "0", "1"}
        Number of the first prompt; ``auto`` is 0 where a file has this number, and else 1.

    Raises
    ------
    ValueError
        The list cannot be read, or is shorter than the numbers say.
    """
    lines = read_prompt_list(path)
    matching, numbers = Matching(), dict[str, tuple[int, int | None]]()
    for file in files:
        if number := NUMBERED.fullmatch(PurePosixPath(file).stem):
            numbers[file] = int(number[2]), None if number[3] is None else int(number[3])
        else:
            matching.left[file] = "its name is no number, as in 0001.mp4"
    counted = {place for place, _ in numbers.values()}
    start = int(first) if first != "auto" else 0 if 0 in counted else 1
    if first == "auto" and counted and start == 1 and max(counted) < len(lines):
        matching.notes.append("the numbers of the files count prompts from 1; -o first=0 counts from 0")
    wrong = [file for file, (place, _) in numbers.items() if not start <= place < start + len(lines)]
    if wrong:
        raise ValueError(
            f"the file {wrong[0]!r} counts prompts from {start}, and the prompt_list {path!r} has "
            f"{len(lines)}. Remedy: give the list that the files were made from, -o first=0 or 1, or a table."
        )
    index = TextIndex(prompts)
    for file, place in numbers.items():
        line = lines[place[0] - start]
        twins = [other for other in numbers if numbers[other] == place and other != file]
        texts = ("caption", "upsampled_caption")
        prompt_id = line if line in prompts else index.find_text(line, texts)
        if twins:
            matching.left[file] = f"its number is also that of {', '.join(twins)}"
        elif prompt_id is None:
            matching.left[file] = f"its prompt in the list, {shorten(line)}, is none of those asked for"
        else:
            matching.matches.append(Match(file, prompt_id, "order", place[1], "" if is_table(path) else line))
    return matching


def is_table(path: str) -> bool:
    """Tell whether a list is a table of prompts, which does not say what the videos were made from."""
    return path.lower().endswith(".csv")


def read_prompt_list(path: str) -> list[str]:
    """Read the prompts that files were made from, in order.

    A text file has one on each line that is not blank, as VideoCrafter's script reads it
    (AILab-CVC/VideoCrafter, scripts/evaluation/inference.py); a ``.csv`` has one in each row.

    Raises
    ------
    ValueError
        It cannot be read, is not UTF-8, or is empty.
    """
    data = read_bytes(path, "prompt_list")
    if is_table(path):
        table = read_rows(Path(path).expanduser()).fillna("")
        column = next((name for name in PROMPT_COLUMNS if name in table.columns), None)
        if column is None:
            raise ValueError(
                f"the prompt_list {path!r} has no column {' or '.join(PROMPT_COLUMNS)}, only "
                f"{', '.join(table.columns)}. Remedy: name one so, or give a text with a prompt on each line."
            )
        lines = [str(cell) for cell in table[column]]
    else:
        try:
            lines = [line.strip() for line in data.decode("utf-8-sig").split("\n") if line.strip()]
        except UnicodeDecodeError as error:
            raise ValueError(f"the prompt_list {path!r} is not UTF-8. Remedy: save it as UTF-8.") from error
    if not lines:
        raise ValueError(f"the prompt_list {path!r} is empty. Remedy: write one prompt on each line.")
    return lines
