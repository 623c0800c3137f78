"""The folder of probed videos: how it is known, and its table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.schema import TableError, check_table, read_table

if TYPE_CHECKING:
    import pandas as pd

PROBE_MARK, TABLE = "probed.json", "videos.csv"


def is_probe_folder(folder: str | Path) -> bool:
    """Tell whether a folder holds videos that were probed here."""
    return (Path(folder) / PROBE_MARK).is_file()


def read_probed(folder: str | Path) -> pd.DataFrame:
    """Read the table of a folder of probed videos: originals, probes, and what failed.

    Returns
    -------
    DataFrame
        A videos table; ``path`` begins with `folder`, and is blank for a video that failed.

    Raises
    ------
    TableError
        A run was killed before it wrote the table.
    """
    path = Path(folder) / TABLE
    if not path.is_file():
        raise TableError(
            f"{folder}: a run that probes videos was killed before it wrote {TABLE}. Remedy: type the same "
            "probe command again; what was made is kept."
        )
    table = read_table(path, "videos")
    paths: list[Any] = [
        os.path.normpath(Path(folder) / cell) if isinstance(cell, str) else None for cell in table["path"]
    ]
    return check_table(table.assign(path=paths), "videos")
