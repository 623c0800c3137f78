"""The table of probed videos: originals, probes with files, and probes of the question."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.probes.captions import Wording
from videophy_lab.probes.catalog import PROBES
from videophy_lab.probes.choosing import Part
from videophy_lab.probes.files import ProbeFolder, Source
from videophy_lab.probes.labels import LABEL, ORIGIN
from videophy_lab.schema import check_table
from videophy_lab.schema.probes import CAPTION_PROBES, NULL
from videophy_lab.video_store import FAILED, MADE, read_probed, write_whole
from videophy_lab.video_store.probed import TABLE
from videophy_lab.video_store.store import read_sidecar

if TYPE_CHECKING:
    import pandas as pd

    from videophy_lab.probes.plan import Plan

# what a side-car knows of a file
FACTS = ("sha256", "fps", "frames", "width", "height")
# what a row of the table may say that is about the file of the original
OWN = (*FACTS, "path", "probe", "severity", "status", "error")
KEY = ["video_id", "probe"]


def make_table(plan: Plan, others: Mapping[Part, Mapping[str, Wording]]) -> pd.DataFrame:
    """Make the rows of all that was wanted, as far as it was made or failed.

    Parameters
    ----------
    plan : Plan
    others : mapping of Part to mapping of video_id to Wording
        The other captions of ``caption_swap`` and ``caption_paraphrase``.

    Returns
    -------
    DataFrame
        A videos table, the original (``probe`` blank) before its probes.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for original, source in zip(plan.videos.to_dict("records"), plan.sources, strict=True):
        named: dict[str, Any] = {str(name): cell for name, cell in original.items()}
        control = plan.prober.folder.read_record(Part(NULL), source)
        if control is None:
            continue
        rows.append(make_original(named, control))
        for part in plan.parts:
            row = make_row(part, source, plan.prober.folder, others)
            if row is not None:
                rows.append({name: cell for name, cell in named.items() if name not in OWN} | row)
    columns = dict.fromkeys([*plan.videos.columns, *OWN])
    return check_table(pd.DataFrame(rows, columns=list(columns)), "videos")


def make_original(named: Mapping[str, Any], control: Mapping[str, Any]) -> dict[str, Any]:
    """Make the row of an original; whether it could be read is known from its null edit."""
    told = {name: named.get(name) or None for name in ("caption", "path", "sha256")}
    state = {name: control[name] for name in ("status", "error")}
    return dict(named) | told | state | {"probe": None, "severity": None}


def make_row(
    part: Part, source: Source, folder: ProbeFolder, others: Mapping[Part, Mapping[str, Wording]]
) -> dict[str, Any] | None:
    """Make what the row of a probe has of its own; None for what was not made, or has no caption."""
    edit = part if PROBES[part.probe].edit is not None else Part(NULL)
    record = folder.read_record(edit, source)
    if record is None:
        return None
    made = record["status"] == MADE
    row = {name: record.get(name) for name in FACTS} | {
        "probe": part.name,
        "severity": part.severity or None,
        "path": str(folder.find_video(edit, source)) if made else None,
        "status": record["status"],
        "error": record["error"],
    }
    if part.probe not in CAPTION_PROBES:
        return row
    wording = others.get(part, {}).get(source.video_id)
    if wording is None:
        return None
    if wording.error:
        return row | {"caption": None, "path": None, "sha256": None, "status": FAILED, "error": wording.error}
    return row | {"caption": wording.text}


def write_table(table: pd.DataFrame, folder: Path) -> None:
    """Write ``videos.csv``; what earlier runs made of other probes or videos stays in it.

    Paths are relative to the folder.
    """
    import pandas as pd

    if (folder / TABLE).is_file():
        before = read_probed(folder)
        keys = pd.MultiIndex.from_frame(table[KEY].fillna(""))
        old = before[~pd.MultiIndex.from_frame(before[KEY].fillna("")).isin(keys)]
        old = old[[is_current(row) for row in old.to_dict("records")]]
        table = spread_labels(sort_rows(pd.concat([table, old], ignore_index=True)))
    if len(table):
        paths: list[Any] = [relate_path(path, folder) for path in table["path"]]
        related = table.assign(path=paths)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / TABLE, related.to_csv(index=False, lineterminator="\n").encode())


def is_current(row: Mapping[Any, Any]) -> bool:
    """Tell whether the file of a row is still the one that was made, by its side-car."""
    if not isinstance(row["probe"], str) or not isinstance(row["path"], str):
        return True
    record = read_sidecar(Path(row["path"]).with_suffix(".json"))
    return record is not None and record.get("sha256") == row["sha256"]


def spread_labels(table: pd.DataFrame) -> pd.DataFrame:
    """Give all rows of a video the label that the first of them has: it is of the video, not of the probe."""
    if not {LABEL, ORIGIN} <= set(table.columns):
        return table
    known = table[table[LABEL].notna()].drop_duplicates("video_id").set_index("video_id")
    return table.assign(**{name: table["video_id"].map(known[name]) for name in (LABEL, ORIGIN)})


def sort_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Put the rows of a video together, in the order of the catalog."""
    videos = {name: place for place, name in enumerate(dict.fromkeys(table["video_id"]))}
    order = {name: place for place, name in enumerate(PROBES)}
    names = table["probe"].fillna("").tolist()
    keys = [
        (videos[video_id], order.get(find_base(name), -1), name)
        for video_id, name in zip(table["video_id"], names, strict=True)
    ]
    return table.iloc[sorted(range(len(table)), key=keys.__getitem__)].reset_index(drop=True)


def find_base(name: str) -> str:
    """Give the probe that a name in the table is of."""
    fitting = [probe for probe in PROBES if name == probe or name.startswith((f"{probe}-", f"{probe}_"))]
    return max(fitting, key=len, default="")


def relate_path(path: object, folder: Path) -> str | None:
    """Give a path relative to the folder, with strokes that every system reads; absolute on another drive."""
    if not isinstance(path, str):
        return None
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return Path(path).absolute().as_posix()
