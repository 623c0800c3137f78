"""Where probes may not be written: among the videos themselves, or in a folder of something else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.probes.choosing import Part
from videophy_lab.probes.files import ProbeFolder, Source
from videophy_lab.schema import TableError
from videophy_lab.schema.overwriting import check_folder
from videophy_lab.schema.probes import NULL
from videophy_lab.video_store import is_probe_folder, is_video_store
from videophy_lab.video_store.probed import TABLE

if TYPE_CHECKING:
    import pandas as pd


def check_out(out: str | Path, videos: str | Path | pd.DataFrame) -> None:
    """Check that probes are not written into the folder of the videos, nor around it.

    Parameters
    ----------
    out : path
        Folder for the probes; need not be there.
    videos : path or DataFrame
        As the user gave them.

    Raises
    ------
    ValueError
        It is a file; the next run would take probes for videos; or a table that is there would be lost.
    """
    check_folder(out)
    folder = Path(out)
    if isinstance(videos, str | Path) and Path(videos).is_dir():
        own, other = folder.resolve(), Path(videos).resolve()
        if own == other or other in own.parents or own in other.parents:
            how = "is" if own == other else "lies in" if other in own.parents else "holds"
            raise ValueError(
                f"--out {out} {how} the folder of the videos {videos}: probes and videos would be taken for "
                f"one another. Remedy: give a folder beside it, such as --out {other}-probes."
            )
    if is_video_store(folder) or ((folder / TABLE).exists() and not is_probe_folder(folder)):
        what = "generated videos" if is_video_store(folder) else f"a {TABLE} that is not of probes"
        raise ValueError(f"--out {out} holds {what}. Remedy: give another folder for the probes.")


def check_places(folder: ProbeFolder, sources: Sequence[Source], parts: Iterable[Part]) -> None:
    """Check that no two videos would be written to one file, and none over a video that is probed.

    Raises
    ------
    TableError
        Naming the two videos, or the file.
    """
    seen: dict[str, Source] = {}
    for source in sources:
        other = seen.setdefault(str(source.place).casefold(), source)
        if other is not source:
            raise TableError(
                f"the probes of {other.video_id} and of {source.video_id} would both be written to "
                f"{folder.find_video(Part(NULL), source)}. Remedy: give them names that differ by more "
                "than case."
            )
    files = {source.path.absolute() for source in sources}
    for part in parts:
        for source in sources:
            place = folder.find_video(part, source)
            if place.absolute() in files:
                raise TableError(
                    f"{place} is one of the videos, and {part.name} of {source.video_id} would be written "
                    "over it. Remedy: give another --out."
                )
