"""Videos that were made elsewhere: a folder of files, each matched to its prompt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal, get_args

from videophy_lab.generators.base import LONGEST_SECONDS, Generator, Made, Order, Specs
from videophy_lab.generators.imported_files import (
    LEFT_FILE,
    hash_listing,
    list_files,
    list_matches,
    name_some,
    number_files,
    spell,
)
from videophy_lab.generators.imported_names import match_names
from videophy_lab.generators.imported_order import match_order, read_prompt_list
from videophy_lab.generators.imported_tables import match_table, read_bytes, read_table_rows
from videophy_lab.generators.matching import Match, Matching, find_close, shorten
from videophy_lab.video import VideoError, probe_video

Way = Literal["auto", "name", "order", "csv"]
First = Literal["auto", "0", "1"]
Seeds = Literal["count", "number"]
Captions = Literal["unknown", "original", "upsampled"]
ALLOWED = {"match": Way, "first": First, "seeds": Seeds, "captions": Captions}
# the table of the contract that may lie in a folder of videos
CAPTIONS_FILE = "captions.csv"
# which prompts there are decides what is ambiguous, so all orders are wanted in one call
ALL = 1_000_000


@dataclass(kw_only=True)
class Imported(Generator):
    """Take videos from a folder, byte for byte, and find the prompt of each; none is guessed.

    By name: a file is called like the prompt's caption, its upsampled caption or its ``prompt_id``; spelling
    is set aside (``_``, ``%20`` and ``+`` for blanks, case, accents, punctuation kept, replaced or dropped,
    digits at the end), and a name may have been cut off at a length. By order: ``0001.mp4`` is the first
    prompt of a list. By table: a CSV names file and prompt. A file that fits two prompts is left out and
    listed, so are files of no prompt (``unmatched.csv``); a prompt without a file is a failed video.

    The folder is read once; for one that has changed, make a new `Imported`.

    Parameters
    ----------
    folder : str
        With the video files, also in sub-folders.
    match : {"auto", "name", "order", "csv"}
        ``auto``: by `table` where one is given or the folder has a ``captions.csv``, by order where
        `prompt_list` is given, else by name.
    table : str
        CSV file with the columns ``file`` and ``prompt_id`` or ``caption``; ``seed`` if wanted. The
        benchmark's own table with ``caption`` and ``video_url`` is one, too.
    prompt_list : str
        The prompts in the order of the numbered files: a text with one on each line, blank lines not
        counted, or the prompts table as CSV.
    first : {"auto", "0", "1"}
        Number of the first prompt's file; ``auto`` is 0 where a file has that number, and else 1.
    seeds : {"count", "number"}
        Files of one prompt are seeds 0, 1, … in the order of their digits at the end; or the digits are the
        seed.
    captions : {"unknown", "original", "upsampled"}
        Which text the videos were made from, for the column ``caption_used``. Files matched by order were
        made from the line of the list.
    """

    folder: str = ""
    match: Way = "auto"
    table: str = ""
    prompt_list: str = ""
    first: First = "auto"
    seeds: Seeds = "count"
    captions: Captions = "unknown"
    _files: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)
    _described: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    _orders: dict[tuple[str, int], Order] = field(default_factory=dict, init=False, repr=False, compare=False)
    _matching: Matching | None = field(default=None, init=False, repr=False, compare=False)
    _given: dict[tuple[str, int], Match] = field(default_factory=dict, init=False, repr=False, compare=False)
    _long: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)
    _listed: str = field(default="", init=False, repr=False, compare=False)

    specs: ClassVar[Specs] = Specs(
        name="imported",
        summary="videos made elsewhere: a folder of files, matched to prompts by name, order or table",
        source="nothing: files are copied byte for byte",
        licence="that of the videos",
    )
    needs_caption: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for option, kind in ALLOWED.items():
            if getattr(self, option) not in get_args(kind):
                allowed = ", ".join(map(repr, get_args(kind)))
                raise ValueError(f"{option} is {getattr(self, option)!r}. Allowed: {allowed}.")
        if not self.folder.strip():
            raise ValueError("imported needs a folder. Remedy: name it, as in -o folder=VIDEOS.")
        for option, way in (("table", "csv"), ("prompt_list", "order")):
            if getattr(self, option) and self.match not in ("auto", way):
                raise ValueError(f"{option} is not looked at with match={self.match}. Remedy: leave one out.")
        if self.table and self.prompt_list:
            raise ValueError("table and prompt_list are two ways to match. Remedy: give one of them.")
        if self.match == "order" and not self.prompt_list:
            raise ValueError(
                "match=order needs the prompts in the order of the files. Remedy: -o prompt_list=FILE, the "
                "text with one on each line that the videos were made from, or the prompts table as CSV."
            )

    @property
    def batch_size(self) -> int:
        """Ask for all orders in one call."""
        return ALL

    @property
    def files(self) -> Mapping[str, int]:
        """Give the files with their bytes, as they were when they were first looked at."""
        self._files = self._files or list_files(self.folder)
        return self._files

    @property
    def way(self) -> str:
        """Give the way to match: name, order or csv."""
        if self.match != "auto":
            return self.match
        return "csv" if self.find_table() else "order" if self.prompt_list else "name"

    def find_table(self) -> str:
        """Give the path of the table; empty when there is none."""
        beside = Path(self.folder).expanduser() / CAPTIONS_FILE
        return self.table or (str(beside) if not self.prompt_list and beside.is_file() else "")

    def describe(self) -> Mapping[str, Any]:
        """Give how files are matched, and a hash of their names and sizes.

        Where the folder lies does not decide a video, so it is not named. Videos that were made anew under
        the old names have other sizes: they must not pass for those that were imported before.
        """
        if not self._described:
            source = self.find_table() if self.way == "csv" else self.prompt_list
            self._described = {
                "generator": self.specs.name,
                "match": self.way,
                "source": hashlib.sha256(read_bytes(source, "table")).hexdigest() if source else "",
                "first": self.first,
                "seeds": self.seeds,
                "captions": self.captions,
                "files": hash_listing(self.files),
            }
        return self._described

    def refuse(self, order: Order) -> str:
        """Note an order, and refuse none: a run asks this of every order that it wants, before any is made.

        So a name that fits two prompts is known to, also where the video of one is there already.
        """
        if (order.prompt_id, order.seed) not in self._orders:
            self._orders[order.prompt_id, order.seed] = order
            self._matching = None
        return ""

    def describe_cost(self, orders: Sequence[Order]) -> str:
        """Say how many files there are, how many of the videos have one, and which of both are left over."""
        matching = self.match_files(orders)
        lacking = [order for order in orders if (order.prompt_id, order.seed) not in self._given]
        parts = [
            f"{len(self.files)} files, {sum(self.files.values()) / 1e6:.1f} MB, matched by {self.way}",
            f"{len(orders) - len(lacking)} of {len(orders)} videos have one",
        ]
        if lacking:
            parts.append(f"no file for {name_some([shorten(name_prompt(order)) for order in lacking])}")
        if matching.left:
            parts.append(f"left over: {name_some(list(matching.left))}")
        return "; ".join([*parts, *matching.notes])

    def prepare(self) -> None:
        """Look at the folder and read the table or the list; raise ValueError where that cannot be done."""
        self.describe()
        if self.way == "csv":
            read_table_rows(self.require_table())
        elif self.way == "order":
            read_prompt_list(self.prompt_list)

    def require_table(self) -> str:
        """Give the path of the table; raise ValueError when there is none."""
        table = self.find_table()
        if not table:
            raise ValueError(
                "match=csv needs a table. Remedy: -o table=FILE.csv with the columns file and prompt_id or "
                f"caption, or put such a {CAPTIONS_FILE} into the folder."
            )
        return table

    def match_files(self, orders: Sequence[Order]) -> Matching:
        """Match all files of the folder to the prompts that are known by now, these among them."""
        for order in orders:
            self.refuse(order)
        if self._matching is None:
            prompts = {order.prompt_id: order for order in self._orders.values()}
            files = list(self.files)
            if self.way == "csv":
                matching = match_table(files, prompts, self.require_table())
            elif self.way == "order":
                matching = match_order(files, prompts, self.prompt_list, self.first)
            else:
                matching = match_names(files, prompts)
            self._given = number_files(matching, self.seeds)
            for place, match in self._given.items():
                if place not in self._orders:
                    prompt = shorten(name_prompt(prompts[match.prompt_id]))
                    matching.left[match.file] = f"it is seed {place[1]} of {prompt}, which is not asked for"
            matching.left = dict(sorted(matching.left.items()))
            self._matching = matching
        return self._matching

    def make(self, orders: Sequence[Order], *, folder: Path) -> Iterator[tuple[Order, Made]]:
        """Give the file of each order, or the reason why there is none.

        What was matched and what was left over is listed in `folder` first.
        """
        matching = self.match_files(orders)
        asked = {place: match for place, match in self._given.items() if place in self._orders}
        owners = list_matches(folder, asked, matching.left)
        self._listed = str(folder / LEFT_FILE)
        for order in orders:
            match = self._given.get((order.prompt_id, order.seed))
            if match is None:
                made = Made(error=self.explain_missing(order, matching))
            elif owners[spell(match.file)] != order.prompt_id:
                other = f"the file {spell(match.file)} went to the prompt {owners[spell(match.file)]} before"
                remedy = f"delete what was imported, {folder} too, and give all prompts at once"
                made = Made(error=f"{other}. Remedy: {remedy}.")
            else:
                made = self.read_file(order, match)
            yield order, made

    def read_file(self, order: Order, match: Match) -> Made:
        """Read the file of an order."""
        path = Path(self.folder).expanduser() / match.file
        text = match.text or {"original": order.caption, "upsampled": order.upsampled}.get(self.captions, "")
        try:
            info = probe_video(path)
            data = path.read_bytes()
        except VideoError as error:
            return Made(text=text, error=spell(str(error)))
        except OSError as error:
            reason = error.strerror or str(error)
            return Made(text=text, error=f"{spell(match.file)} cannot be read: {reason}. Remedy: look at it.")
        if len(data) != self.files[match.file]:
            return Made(text=text, error=f"{spell(match.file)} has changed meanwhile. Remedy: import again.")
        if info.seconds >= LONGEST_SECONDS:
            self._long[match.file] = info.seconds
        settings = {"file": spell(match.file), "matched_by": match.how}
        return Made(data=data, suffix=path.suffix.lower(), text=text, settings=settings)

    def explain_missing(self, order: Order, matching: Matching) -> str:
        """Say why an order has no file."""
        others = sorted(seed for prompt_id, seed in self._given if prompt_id == order.prompt_id)
        if others:
            seeds = ", ".join(map(str, others))
            return f"the folder has no file for seed {order.seed} of this prompt, only for seed {seeds}"
        named = matching.missing.get(order.prompt_id)
        if named:
            what, key = f"the table names {named!r}, which is not in the folder", PurePosixPath(named).stem
        else:
            source = "row of the table" if self.way == "csv" else "file of the folder"
            what, key = f"no {source} matches this prompt", order.caption
        close = [f"{spell(file)}, but {matching.left[file]}" for file in find_close(key, matching.left)]
        return f"{what} (close: {'; '.join(close)})" if close else what

    def list_notes(self) -> Sequence[str]:
        """Say which files were left over, and which last longer than the benchmark says of its own."""
        if self._matching is None:
            return ()
        notes = list(self._matching.notes)
        if left := self._matching.left:
            where = f"; {self._listed} lists all with the reasons" if self._listed else ""
            notes.append(f"{len(left)} of {len(self.files)} files are left: {name_some(list(left))}{where}")
        if more := {prompt_id for prompt_id, _ in self._given.keys() - self._orders.keys()}:
            notes.append(f"{len(more)} prompts have files of seeds not asked for; --seed asks for them")
        if self._long:
            names = name_some(sorted(self._long))
            notes.append(
                f"{len(self._long)} videos last {LONGEST_SECONDS:g} s or longer, and are kept: {names}"
            )
        return notes


def name_prompt(order: Order) -> str:
    """Name a prompt by its caption, or its id where the caption is not known."""
    return order.caption or order.prompt_id
