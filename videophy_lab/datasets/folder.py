"""Folders as tables: video files as a videos table, and where the scores of a run lie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.places import hash_if_readable
from videophy_lab.schema import TableError, make_prompt_id, make_video_id, read_rows

if TYPE_CHECKING:
    import pandas as pd

# digits of a seed that fits into 64 bits
LONGEST_SEED = 18
VIDEO_SUFFIXES = (".mp4", ".webm", ".mov", ".mkv", ".avi")


def find_store(folder: Path) -> Path | None:
    """Find the parts of a scoring run in a folder or in its sub-folder ``scores``."""
    return next((place for place in (folder, folder / "scores") if any(place.glob("part-*.parquet"))), None)


def list_video_files(folder: Path) -> list[Path]:
    """List the video files of a folder and its sub-folders in the order of their names; no hidden ones."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith(".") and not path.is_dir()
    )


def check_name(path: Path) -> None:
    """Check that a file's name is text.

    Raises
    ------
    TableError
        Bytes that are not UTF-8.
    """
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        raise TableError(
            f"{str(path).encode('utf-8', 'replace').decode()}: the file's name is not UTF-8, so no table can "
            "name it. Remedy: rename it."
        ) from None


def make_videos(folder: Path) -> pd.DataFrame:
    """Make a videos table of the video files of a folder and its sub-folders.

    Parameters
    ----------
    folder : Path
        Files under ``generator/prompt_id/seed.mp4`` are read as such. Otherwise the sub-folder, or the folder
        itself, names the generator, and ``captions.csv`` (``file,caption``; files relative to the folder)
        names the prompt; without a caption the file's own name stands for the prompt.

    Returns
    -------
    DataFrame
        A videos table with ``path``, ``caption`` (NA where not known) and ``sha256``. Files of one generator
        and caption get the seeds 0, 1, … in the order of their names.

    Raises
    ------
    TableError
        When captions.csv lacks a column, names a file twice or one that is not there.
    """
    import pandas as pd

    captions = read_captions(folder)
    rows, seeds = [], dict[tuple[str, str], int]()
    for path in list_video_files(folder):
        parts = path.relative_to(folder).parts
        caption = captions.get("/".join(parts))
        check_name(path)
        if len(parts) == 3 and caption is None and path.stem.isdecimal() and len(path.stem) <= LONGEST_SEED:
            generator, prompt_id, seed = parts[0], parts[1], int(path.stem)
        else:
            generator = parts[0] if len(parts) > 1 else folder.resolve().name
            prompt_id = make_prompt_id(caption if caption is not None else path.stem)
            seed = seeds.get((generator, prompt_id), 0)
            seeds[generator, prompt_id] = seed + 1
        rows.append(
            {
                "video_id": make_video_id(generator, prompt_id, seed),
                "prompt_id": prompt_id,
                "generator": generator,
                "seed": seed,
                "path": str(path),
                "caption": caption,
                "sha256": hash_if_readable(path),
            }
        )
    return pd.DataFrame(rows)


def read_captions(folder: Path) -> dict[str, str]:
    """Read ``captions.csv`` of the folder as file → caption; none if it is not there."""
    path = folder / "captions.csv"
    if not path.is_file():
        return {}
    rows = read_rows(path)
    missing = [column for column in ("file", "caption") if column not in rows.columns]
    if missing:
        raise TableError(
            f"{path}: it has no column {missing[0]!r}, only {', '.join(rows.columns)}. "
            "Remedy: name its columns file,caption."
        )
    absent = [name for name in rows["file"] if not (folder / str(name)).is_file()]
    twice = rows.loc[rows["file"].duplicated(), "file"].tolist()
    if absent or twice:
        fault = f"{absent[0]!r} is not in the folder" if absent else f"{twice[0]!r} has two captions"
        raise TableError(
            f"{path}: {fault} ({len(absent)} absent, {len(twice)} twice). Remedy: mend its rows."
        )
    known = rows.dropna(subset=["caption"])
    names = [os.path.normpath(name.replace("\\", "/")) for name in known["file"]]
    return dict(zip(names, known["caption"], strict=True))
