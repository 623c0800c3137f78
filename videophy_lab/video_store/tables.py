"""The tables of a folder of made videos, read from the side-cars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.schema import make_rule_id
from videophy_lab.schema.overwriting import check_overwrite
from videophy_lab.video_store.files import write_whole
from videophy_lab.video_store.store import MADE, VideoStore

if TYPE_CHECKING:
    import pandas as pd

ANNOTATOR = "truth"
NAMES = ("video_id", "prompt_id", "generator")
VIDEO_COLUMNS = (*NAMES, "seed", "path", "caption", "sha256", "fps", "frames", "width", "height",
                 "caption_used", "truncated_tokens", "status", "error")  # fmt: skip
COST_COLUMNS = ("video_id", "generator", "status", "seconds", "cost", "tokens", "bytes")
RULE_COLUMNS = (*NAMES, "rule_id", "rule", "law")
RATING_COLUMNS = (*NAMES, "annotator", "task", "rule_id", "rating")


def read_videos(folder: str | Path) -> pd.DataFrame:
    """Read the videos table of a folder: what was made and what failed.

    Returns
    -------
    DataFrame
        A videos table with ``status`` (``ok``, ``failed``), ``error``, and the facts that generators gave;
        ``path`` begins with `folder`, and is blank for a video that failed.
    """
    import pandas as pd

    rows = [
        make_video_row(record, sidecar.parent) for sidecar, record in VideoStore(folder).iterate_records()
    ]
    facts = dict.fromkeys(name for row in rows for name in row if name not in VIDEO_COLUMNS)
    return pd.DataFrame(rows, columns=[*VIDEO_COLUMNS, *facts])


def make_video_row(record: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Make a row of the videos table of what a side-car says."""
    own = {name: record.get(name) for name in VIDEO_COLUMNS}
    own["path"] = str(folder / record["file"]) if record["status"] == MADE else None
    own["caption_used"] = record["text"]
    blank = {name: cell if cell != "" else None for name, cell in own.items()}
    return {name: cell for name, cell in record["facts"].items() if name not in own} | blank


def make_rules(records: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Make the rules table of the videos whose truth is known, with the right answer as ``label``."""
    import pandas as pd

    rows = [
        {name: record[name] for name in NAMES} | {"rule_id": make_rule_id(truth["rule"])} | truth
        for record in records
        for truth in record["rules"]
    ]
    return pd.DataFrame(rows, columns=[*RULE_COLUMNS, "label"])


def make_ratings(records: Sequence[Mapping[str, Any]], rules: pd.DataFrame) -> pd.DataFrame:
    """Make the ratings that a perfect annotator would give, on 0/1, and the labels of the rules."""
    import pandas as pd

    rows = [
        {name: record[name] for name in NAMES} | {"task": task, "rating": value}
        for record in records
        for task, value in record["ratings"].items()
    ]
    labels = rules.rename(columns={"label": "rating"}).assign(task="rule")
    together = pd.concat([pd.DataFrame(rows, columns=[*NAMES, "task", "rating"]), labels], ignore_index=True)
    return together.assign(annotator=ANNOTATOR)[list(RATING_COLUMNS)]


def check_tables(folder: str | Path, inputs: Mapping[str, object]) -> None:
    """Check that the tables of made videos are written over none of the inputs, and over nothing else.

    Parameters
    ----------
    folder : path
        Need not be there.
    inputs : mapping of name to path
        See :func:`videophy_lab.schema.overwriting.check_inputs`.

    Raises
    ------
    ValueError
        A table would be lost.
    """
    columns = {
        "videos": VIDEO_COLUMNS,
        "costs": COST_COLUMNS,
        "rules": RULE_COLUMNS,
        "ratings": RATING_COLUMNS,
    }
    for name, own in columns.items():
        file = Path(folder) / f"{name}.csv"
        # a videos table also has the facts that generators gave
        check_overwrite(folder, own, inputs=inputs, file=file, others=name == "videos")


def write_tables(folder: str | Path) -> None:
    """Write ``videos.csv`` and ``costs.csv``; ``rules.csv`` and ``ratings.csv`` where the truth is known.

    Paths in them are relative to the folder. The tables are copies: what is read again are the side-cars.
    """
    import pandas as pd

    records = [record for _, record in VideoStore(folder).iterate_records()]
    rules = make_rules(records)
    tables = {
        "videos": relate_paths(read_videos(folder), Path(folder)),
        "costs": pd.DataFrame(records, columns=list(COST_COLUMNS)),
        "rules": rules[list(RULE_COLUMNS)],
        "ratings": make_ratings(records, rules),
    }
    for name, table in tables.items():
        if len(table):
            write_whole(Path(folder) / f"{name}.csv", table.to_csv(index=False, lineterminator="\n").encode())


def relate_paths(videos: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Give paths relative to the folder."""
    paths: list[Any] = [
        Path(path).relative_to(folder).as_posix() if isinstance(path, str) else None
        for path in videos["path"]
    ]
    return videos.assign(path=paths)
