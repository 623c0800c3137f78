"""Match files to prompts by their names: exactly, once spelling is set aside, or not at all."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from videophy_lab.generators.base import Order
from videophy_lab.generators.matching import Match, Matching, shorten, squeeze_text, squeeze_words
from videophy_lab.schema import make_prompt_id

# a name that is shorter, without its punctuation, is not taken for the beginning of a caption
SHORTEST_BEGINNING = 16
# bytes of a file's name; longer ones have met the limit of file systems, 255, less an ending and a suffix
LONGEST_NAME = 240
# what is lost when a text that was cut off is stripped as well: a full stop and a blank
STRIPPED = 2
# digits after a separator or in brackets tell the videos of one prompt apart
ENDING = re.compile(r"(?s)(.+?)(?:[\s_.+-]*\((\d{1,18})\)|[\s_.+-]+(?:(?:seed|sample)[\s_-]?)?(\d{1,18}))")


@dataclass(frozen=True)
class Spelling:
    """One way to write a prompt as letters and digits alone.

    Attributes
    ----------
    key : str
    ends : frozenset of int
        How much of the key makes whole words.
    prompt_id, how : str
        Whose it is, and of which of its texts.
    """

    key: str
    ends: frozenset[int]
    prompt_id: str
    how: str


@dataclass(frozen=True)
class Reading:
    """One way to read a name: all of it, or without the digits at its end.

    Attributes
    ----------
    key : str
        Its letters and digits.
    text : str
        What is read.
    number : int, optional
        The digits at the end.
    """

    key: str
    text: str
    number: int | None

    def list_captions(self) -> tuple[str, str]:
        """List the captions of which the benchmark makes such a name, to find prompts by a caption's hash."""
        text = self.text.encode("utf-8", "replace").decode("utf-8").replace("_", " ")
        return f"{text}.", text


def spell_prompt(order: Order) -> Iterator[Spelling]:
    """Give every way to write a prompt: its id, and its captions with and without what is not ASCII.

    The benchmark's own names keep the punctuation, with blanks as ``_`` and without the final full stop, or
    have ``_`` for all that is not an ASCII letter or digit (VideoCrafter2's). Without punctuation both are
    one of these; so are names with quotation marks dropped or straightened, other case, or ``%20``.
    """
    texts = {"caption": order.caption, "upsampled caption": order.upsampled, "prompt_id": order.prompt_id}
    for how, text in texts.items():
        composed = unicodedata.normalize("NFC", text)
        for written in dict.fromkeys(
            (text, *(re.sub(r"[^\x00-\x7f]", "_", form) for form in (text, composed)))
        ):
            key, ends = squeeze_words(written)
            if key:
                yield Spelling(key, ends, order.prompt_id, how)


def read_name(name: str) -> list[Reading]:
    """Give the ways to read a file's name; before digits alone, the sub-folder's name is read as well."""
    path = PurePosixPath(name)
    stem = path.stem
    if stem.isdecimal() and len(path.parts) > 1:
        stem = f"{path.parts[-2]}_{stem}"
    readings = []
    for text in dict.fromkeys((stem, unquote(stem))):
        parts: list[tuple[str, int | None]] = [(text, None)]
        if ending := ENDING.fullmatch(text):
            parts.append((ending[1], int(ending[2] or ending[3])))
        readings += [Reading(squeeze_text(part), part, number) for part, number in parts]
    return [reading for reading in dict.fromkeys(readings) if reading.key]


class NameIndex:
    """The spellings of all prompts, to look names up in.

    Parameters
    ----------
    prompts : mapping of prompt_id to Order
    """

    def __init__(self, prompts: Mapping[str, Order]) -> None:
        self.prompts = prompts
        spellings = {
            (spelling.key, spelling.prompt_id, spelling.how): spelling
            for order in prompts.values()
            for spelling in spell_prompt(order)
        }
        self.spellings = sorted(spellings.values(), key=lambda spelling: (spelling.key, spelling.prompt_id))
        self.keys = [spelling.key for spelling in self.spellings]

    def find_whole(self, readings: Sequence[Reading]) -> dict[str, tuple[Reading, Spelling]]:
        """Find the prompts that a name spells, by prompt_id."""
        found: dict[str, tuple[Reading, Spelling]] = {}
        for reading in readings:
            for prompt_id in set(map(make_prompt_id, reading.list_captions())) & self.prompts.keys():
                found[prompt_id] = reading, Spelling(reading.key, frozenset(), prompt_id, "caption")
            for spelling in self.iterate_from(reading.key):
                if spelling.key != reading.key:
                    break
                found.setdefault(spelling.prompt_id, (reading, spelling))
        return found

    def find_longer(self, readings: Sequence[Reading]) -> dict[str, tuple[Reading, Spelling]]:
        """Find the prompts whose captions a name begins, by prompt_id."""
        found: dict[str, tuple[Reading, Spelling]] = {}
        for reading in (reading for reading in readings if len(reading.key) >= SHORTEST_BEGINNING):
            for spelling in self.iterate_from(reading.key):
                if not spelling.key.startswith(reading.key):
                    break
                inside = len(reading.key) not in spelling.ends
                if spelling.how != "prompt_id" and (inside or spelling.prompt_id not in found):
                    found[spelling.prompt_id] = reading, spelling
        return found

    def iterate_from(self, key: str) -> Iterator[Spelling]:
        """Give the spellings from a key on, in order."""
        for place in range(bisect_left(self.keys, key), len(self.keys)):
            yield self.spellings[place]

    def quote(self, prompt_ids: Sequence[str]) -> str:
        """Name prompts by their captions."""
        return " and ".join(
            shorten(self.prompts[prompt_id].caption or prompt_id) for prompt_id in sorted(prompt_ids)[:3]
        )


def match_names(files: Sequence[str], prompts: Mapping[str, Order]) -> Matching:
    """Match files to prompts by their names.

    A name spells a prompt's caption, its upsampled caption or its id, whatever became of punctuation, case
    and accents; or it is the beginning of one caption that was cut off at a length. That it was cut off is
    believed where it ends inside a word, is as long as one that does, or is as long as file systems allow.
    What fits two prompts is left.

    Parameters
    ----------
    files : sequence of str
        Paths in the folder.
    prompts : mapping of prompt_id to Order
    """
    index = NameIndex(prompts)
    readings = {file: read_name(file) for file in files}
    whole = {file: index.find_whole(read) for file, read in readings.items()}
    longer = {file: index.find_longer(read) for file, read in readings.items()}
    cuts = {
        len(reading.text)
        for file, found in longer.items()
        if not whole[file]
        for reading, spelling in found.values()
        if len(reading.key) not in spelling.ends or has_longest_name(file)
    }
    matching = Matching()
    for file in files:
        found = whole[file] | {
            prompt_id: (reading, spelling)
            for prompt_id, (reading, spelling) in longer[file].items()
            if prompt_id not in whole[file] and is_cut(reading, cuts, stripped=not whole[file])
        }
        if len(found) == 1:
            ((prompt_id, (reading, spelling)),) = found.items()
            cut = "" if reading.key == spelling.key else "beginning of the "
            matching.matches.append(Match(file, prompt_id, f"{cut}{spelling.how}", reading.number))
        else:
            matching.left[file] = explain_left(index, list(found), list(longer[file]))
    return matching


def has_longest_name(file: str) -> bool:
    """Tell whether a file's name could not be much longer."""
    return len(PurePosixPath(file).name.encode("utf-8", "surrogateescape")) >= LONGEST_NAME


def is_cut(reading: Reading, cuts: set[int], *, stripped: bool) -> bool:
    """Say whether a name is as long as those that were cut off inside a word."""
    return any(len(reading.text) + lost in cuts for lost in range(STRIPPED + 1 if stripped else 1))


def explain_left(index: NameIndex, found: Sequence[str], longer: Sequence[str]) -> str:
    """Say why a file belongs to no prompt."""
    if found:
        return f"its name fits {len(found)} prompts: {index.quote(found)}"
    if longer:
        return f"its name is only the beginning of {index.quote(longer)}, and does not look cut off"
    return "its name is that of no prompt"
