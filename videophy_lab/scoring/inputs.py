"""The videos and rules that a run is given: their captions, their files, the bytes of those."""

from __future__ import annotations

import difflib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.places import hash_if_readable
from videophy_lab.schema import TableError, check_table, name_rules
from videophy_lab.schema.decisions import take_kept
from videophy_lab.schema.probes import NULL
from videophy_lab.video_store import is_probe_folder, is_video_store

if TYPE_CHECKING:
    import pandas as pd

HASH_THREADS = 4
SIMULATED = "simulated"  # whose videos are made here; the loader says how


def find_videos(
    videos: str | Path | pd.DataFrame, prompts: str | Path | pd.DataFrame | None = None
) -> pd.DataFrame:
    """Load a videos table and look at its files.

    Parameters
    ----------
    videos : path or DataFrame
        With the column ``path``, or a folder. A relative path is looked for where you are, then beside the
        table.
    prompts : path or DataFrame, optional
        Captions for videos that have none, by ``prompt_id``.

    Returns
    -------
    DataFrame
        ``video_id, prompt_id, generator, path, caption, sha256, probe``: ``caption`` is empty where not
        known, ``probe`` for a video as it is, ``sha256`` (of the file, whatever the table says) where there
        is no file.

    Raises
    ------
    TableError
        No column ``path``, no rows, or a table that breaks its declaration.
    """
    import pandas as pd

    from videophy_lab.datasets import load_prompts, load_videos

    if isinstance(videos, pd.DataFrame):
        source, beside, table = "videos", Path(), check_table(videos, "videos")
    else:
        check_source(videos)
        source, beside, table = str(videos), Path(videos).parent, load_videos(videos)
    if not len(table):
        raise TableError(f"{source}: there is no video in it. Remedy: give a table with rows, or a folder.")
    if "path" not in table.columns or table["path"].isna().all():
        raise TableError(
            f"{source}: its videos have no path, so there is nothing to look at. Remedy: give a folder of "
            "video files, or a table with the column path (lab.download_videos fetches official ones)."
        )
    if prompts is not None:
        loaded = (
            check_table(prompts, "prompts") if isinstance(prompts, pd.DataFrame) else load_prompts(prompts)
        )
        table = fill_captions(table, loaded)
    table = table.assign(path=[find_file(path, beside) for path in table["path"]])
    blank = pd.Series("", index=table.index)
    texts = {name: table.get(name, blank).fillna("").astype(object) for name in ("caption", "probe")}
    return table.assign(**texts, sha256=hash_files(table, videos))


def check_source(videos: str | Path) -> None:
    """Check that there is something of that name, and that it is not one video.

    Raises
    ------
    TableError
        Saying what videos may be given as.
    """
    from videophy_lab.datasets.bundled import BUNDLED
    from videophy_lab.datasets.folder import VIDEO_SUFFIXES, list_video_files

    path = Path(videos)
    if str(videos).startswith("hub:") or str(videos) in (*BUNDLED, SIMULATED) or is_made(path):
        return
    if path.suffix.lower() in VIDEO_SUFFIXES and not path.is_dir():
        fault, remedy = "that is the name of one video.", f"give the folder it lies in, {path.parent}"
    elif not path.exists():
        fault = f"there is no such folder or table.{suggest_names(path)}"
        remedy = f"check the path (you are in {Path.cwd()})"
    elif path.is_dir() and not any(path.glob("*.csv")) and not list_video_files(path):
        fault, remedy = "there is no video file in this folder.", "check the path"
    else:
        return
    raise TableError(
        f"{videos}: {fault} Allowed: a folder of video files ({', '.join(VIDEO_SUFFIXES)}), or a videos "
        f"table (.csv, .parquet) with the column path. Remedy: {remedy}."
    )


def suggest_names(path: Path) -> str:
    """Suggest what lies beside a path that is not there and is called alike."""
    near = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, near, n=2, cutoff=0.6)
    return f" Did you mean {' or '.join(str(path.parent / name) for name in close)}?" if close else ""


def is_made(videos: str | Path | pd.DataFrame) -> bool:
    """Tell whether these are a folder of videos that were generated or probed here."""
    return isinstance(videos, str | Path) and (is_video_store(videos) or is_probe_folder(videos))


def fill_captions(videos: pd.DataFrame, prompts: pd.DataFrame) -> pd.DataFrame:
    """Give the captions of their prompts to the videos that have none."""
    known = videos["prompt_id"].map(prompts.set_index("prompt_id")["caption"])
    own = videos["caption"] if "caption" in videos.columns else known
    return videos.assign(caption=own.fillna(known))


def find_file(path: object, beside: Path) -> str:
    """Find a relative path where you are, else beside the table; empty for a blank cell."""
    if not isinstance(path, str):
        return ""
    # os.path.exists takes a name that is too long for one that is not there
    return str(beside / path) if not os.path.exists(path) and os.path.exists(beside / path) else path


def hash_files(table: pd.DataFrame, videos: str | Path | pd.DataFrame) -> list[str]:
    """Hash the videos' files; those of a folder of files were hashed when it was read."""
    if isinstance(videos, str | Path) and Path(videos).is_dir() and not is_made(videos):
        return list(table["sha256"].fillna(""))
    with ThreadPoolExecutor(HASH_THREADS) as pool:
        return [sha256 or "" for sha256 in pool.map(hash_if_readable, map(Path, table["path"]))]


def describe_same_files(videos: pd.DataFrame) -> str:
    """Say which generators share which files; empty when none do."""
    # what it needs of SciPy takes a second to import
    from videophy_lab.collisions import describe_collisions, find_collisions

    # of a probed video the first row speaks: blanks of two videos may well be the same
    readable = videos[videos["sha256"].ne("") & videos["probe"].isin(["", NULL])]
    collisions = find_collisions(readable.iloc[:0], readable)
    return describe_collisions(collisions) if len(collisions) else ""


def find_rules(rules: str | Path | pd.DataFrame | None) -> tuple[pd.DataFrame | None, str]:
    """Load the rules to ask about: of a table that was reviewed, those that were kept.

    Returns
    -------
    DataFrame or None
    str
        What the review left out; see :func:`videophy_lab.schema.decisions.take_kept`.

    Raises
    ------
    TableError
        The rules have no sentence (bundled names carry none), or none was kept.
    """
    if rules is None:
        return None, ""
    import pandas as pd

    from videophy_lab.datasets import load_rules

    table = check_table(name_rules(rules), "rules") if isinstance(rules, pd.DataFrame) else load_rules(rules)
    source = str(rules) if isinstance(rules, str | Path) else "rules"
    if table["rule"].isna().all():
        raise TableError(
            f"{source}: its rules have no sentence to ask. "
            "Remedy: give hub:videophy2, the official file, or a table with the column rule."
        )
    return take_kept(table.dropna(subset=["rule"]), what="rules", source=source)
