"""Show videos side by side."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.gallery.footage import Footage, read_footage
from videophy_lab.gallery.marks import Mark, list_marks
from videophy_lab.markup import load_templates, make_address, read_part
from videophy_lab.schema import check_table
from videophy_lab.video import VideoError

if TYPE_CHECKING:
    import pandas as pd

MEGABYTE = 10**6


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One video of a gallery.

    Attributes
    ----------
    video_id, title, caption : str
        Text, shown as text.
    marks : tuple of Mark
    footage : Footage or None
        None when the video cannot be shown.
    fault : str
        Why it cannot.
    """

    video_id: str
    title: str
    caption: str = ""
    marks: tuple[Mark, ...] = ()
    footage: Footage | None = None
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Videos side by side; a notebook shows it as HTML, everything else as a line of text.

    Attributes
    ----------
    tiles : tuple of Tile
    columns : int
        Most tiles in a row.
    width : int
        Most pixels that a tile is wide.
    note : str
        What is not shown; empty when everything is.
    """

    tiles: tuple[Tile, ...]
    columns: int
    width: int
    note: str = ""

    def __repr__(self) -> str:
        shown = [tile.video_id for tile in self.tiles if tile.footage]
        faults = [f"{tile.video_id} cannot be shown: {tile.fault}" for tile in self.tiles if not tile.footage]
        return "; ".join(
            [f"Gallery of {count(len(shown), 'video')}: {', '.join(shown) or 'none'}", *faults, self.note]
        ).removesuffix("; ")

    def _repr_html_(self) -> str:
        """Give the gallery as HTML that needs no other file."""
        view = self.view(lambda footage: make_address(footage.data))
        parts = {"css": read_part("gallery.css"), "script": read_part("gallery.js")}
        return load_templates().get_template("gallery.html.j2").render(view=view, **parts)

    def view(self, place: Callable[[Footage], str]) -> dict[str, Any]:
        """Describe the gallery for its template.

        Parameters
        ----------
        place : callable
            Gives the address of a video, from the page's point of view; asked in the order of the tiles.
        """
        shapes = Counter((t.footage.width, t.footage.height) for t in self.tiles if t.footage)
        shape = shapes.most_common(1)[0][0] if shapes else (16, 9)
        return {
            "columns": self.columns,
            "width": self.width,
            "shape": f"{shape[0]} / {shape[1]}",
            "note": self.note,
            "label": count(len(self.tiles), "video"),
            "tiles": [view_tile(tile, place, shape) for tile in self.tiles],
        }


def view_tile(tile: Tile, place: Callable[[Footage], str], shape: tuple[int, int]) -> dict[str, Any]:
    """Describe a tile for its template; `shape` is that of the screens."""
    footage = tile.footage
    view = {
        "title": tile.title,
        "caption": tile.caption,
        "name": ": ".join(part for part in (tile.title, tile.caption) if part),
        "marks": [
            {"rater": mark.rater, "values": list(mark.values), "reasons": list(mark.reasons)}
            for mark in tile.marks
        ],
        "fault": tile.fault,
        "src": "",
    }
    if footage is None:
        return view
    return view | {
        "src": place(footage),
        "poster": footage.poster,
        "fits": footage.width * shape[1] == footage.height * shape[0],
        "frames": footage.frames,
        "fps": footage.fps,
        "length": count(footage.frames, "frame"),
        "rate": f"{footage.fps:.3g} fps",
        "note": footage.note,
    }


def count(number: int, noun: str) -> str:
    """Write a number of things."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def show(
    videos: str | Path | pd.DataFrame,
    *,
    scores: str | Path | pd.DataFrame | None = None,
    ratings: str | Path | pd.DataFrame | None = None,
    columns: int = 3,
    width: int = 320,
    limit: int = 12,
    title_columns: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    most_megabytes: float = 64,
) -> Gallery:
    """Show videos side by side, with captions, scores and ratings, and play them together.

    In a notebook and on a page the gallery has buttons for play, pause, restart, single frames, speed and
    loop, and a slider; space and the arrow keys work while it has the focus. All videos are at the same
    second; a shorter one waits at its last frame. A step is one frame of the fastest video. Nothing plays by
    itself. Everything is embedded, so that it needs no other file and no network.

    Parameters
    ----------
    videos : path or DataFrame
        A videos table with the column ``path``, or a folder of video files, with a ``captions.csv`` or
        without. A relative path is looked for where you are, then beside the table.
    scores, ratings : path or DataFrame, optional
        Shown under the videos by ``video_id``; what is unscored is shown as unscored, with its reason.
    columns : int
        Most videos in a row; fewer where the page is narrow.
    width : int
        Most pixels that a video is wide.
    limit : int
        Most videos, in the order of the table; the gallery says how many there are.
    title_columns : sequence of str, optional
        Columns of the videos table that stand above each video; the generator when not given, with the seed
        where a generator has several videos of a prompt.
    labels : mapping of generator to name, optional
        Names for readers.
    most_megabytes : float
        Most megabytes of video that are embedded.

    Returns
    -------
    Gallery

    Raises
    ------
    ValueError
        No video, no paths, an unknown column, or more megabytes than allowed; the message has the remedy.
        A single file that cannot be shown is a tile with the reason.
    """
    for name, number in (("columns", columns), ("width", width), ("limit", limit)):
        if number < 1:
            raise ValueError(f"{name} is {number}; it must be 1 or more")
    table, beside = load_videos(videos)
    chosen = table.head(limit)
    titles = make_titles(chosen, title_columns, labels or {})
    marks = list_marks(list(chosen["video_id"]), ratings=load_ratings(ratings), scores=load_scores(scores))
    captions = chosen["caption"].fillna("") if "caption" in chosen.columns else [""] * len(chosen)
    tiles: list[Tile] = []
    room = most_megabytes * MEGABYTE
    for video_id, path, title, caption in zip(
        chosen["video_id"], chosen["path"], titles, captions, strict=True
    ):
        text = {"video_id": video_id, "title": title, "caption": caption, "marks": marks[video_id]}
        footage, fault = try_footage(path, beside)
        room -= len(footage.data) if footage else 0
        if room < 0:
            remedy = f"limit={len(tiles)}, or " if tiles else ""
            raise ValueError(
                f"the first {count(len(tiles) + 1, 'video')} take more than the {most_megabytes:g} MB that "
                f"may be embedded. Remedy: {remedy}most_megabytes={2 * most_megabytes:g}"
            )
        tiles.append(Tile(**text, footage=footage, fault=fault))
    left = len(table) - len(chosen)
    note = f"{len(chosen):,} of {len(table):,} videos; limit={len(table)} shows all" if left else ""
    return Gallery(tiles=tuple(tiles), columns=min(columns, len(tiles)), width=width, note=note)


def load_videos(videos: str | Path | pd.DataFrame) -> tuple[pd.DataFrame, Path]:
    """Load a videos table; give it with the folder beside which its files may lie."""
    from videophy_lab import datasets

    if isinstance(videos, str | Path):
        source, beside, table = str(videos), Path(videos).parent, datasets.load_videos(videos)
    else:
        source, beside, table = "videos", Path(), check_videos(videos)
    if not len(table):
        raise ValueError(f"{source}: there is no video in it. Remedy: give a table with rows, or a folder")
    if "path" not in table.columns or table["path"].isna().all():
        raise ValueError(
            f"{source}: its videos have no path, so there is nothing to show. Remedy: give a folder of video "
            "files, or a table with the column path (lab.download_videos fetches official ones)"
        )
    return table, beside


def check_videos(videos: pd.DataFrame) -> pd.DataFrame:
    """Check a videos table of which one video may be shown several times, as the twin of several others."""
    import pandas as pd

    if "video_id" not in videos.columns or not len(videos):
        return check_table(videos, "videos")
    rows = videos.reset_index(drop=True)
    turns = rows.groupby("video_id", dropna=False).cumcount()
    parts = [check_table(part, "videos").set_index(part.index) for _, part in rows.groupby(turns)]
    return pd.concat(parts).sort_index()


def load_ratings(ratings: str | Path | pd.DataFrame | None) -> pd.DataFrame | None:
    """Load ratings of every task, unless they are loaded."""
    from videophy_lab import datasets

    if isinstance(ratings, str | Path):
        return datasets.load_ratings(ratings, tasks=None)
    return None if ratings is None else check_table(ratings, "ratings")


def load_scores(scores: str | Path | pd.DataFrame | None) -> pd.DataFrame | None:
    """Load scores, unless they are loaded."""
    from videophy_lab import datasets

    if isinstance(scores, str | Path):
        return datasets.load_scores(scores)
    return None if scores is None else check_table(scores, "scores")


def make_titles(videos: pd.DataFrame, columns: Sequence[str] | None, labels: Mapping[str, str]) -> list[str]:
    """Write what stands above each video."""
    named = videos.assign(generator=[labels.get(name, name) for name in videos["generator"]])
    if columns is None:
        several = videos.duplicated(["generator", "prompt_id"], keep=False) & ("seed" in videos.columns)
        seeds = videos["seed"] if "seed" in videos.columns else videos["generator"]
        return [
            f"{generator} · seed {seed}" if add else generator
            for generator, seed, add in zip(named["generator"], seeds, several, strict=True)
        ]
    missing = [column for column in columns if column not in videos.columns]
    if missing:
        close = difflib.get_close_matches(missing[0], videos.columns, n=3)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        raise ValueError(
            f"title_columns: videos have no column {missing[0]!r}; {hint}they have "
            f"{', '.join(videos.columns)}"
        )
    rows = named[list(columns)].astype(object).where(named[list(columns)].notna(), None)
    return [" · ".join(str(cell) for cell in row if cell is not None) for row in rows.to_numpy().tolist()]


def try_footage(path: object, beside: Path) -> tuple[Footage | None, str]:
    """Read a video; for one that cannot be shown, give the reason."""
    if not isinstance(path, str):
        return None, "the table gives no path"
    file = beside / path if not Path(path).exists() and (beside / path).exists() else Path(path)
    try:
        return read_footage(file), ""
    except VideoError as error:
        # where the file lies on this machine is nobody's business on a page
        return None, str(error).replace(str(file), file.name)
