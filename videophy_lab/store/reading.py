"""Read a score store; nothing is locked or made, so a folder that may only be read will do."""

from __future__ import annotations

import errno
import json
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from videophy_lab.schema import TableError
from videophy_lab.store.parts import (
    CONTENT,
    KEY,
    ROW,
    list_parts,
    make_keys,
    make_schema,
    raise_twice,
    read_part,
)

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SAME = ("sha256", "scorer", "spec", "task", "question", "probe")
TEXT_TASKS = ("sa", "rule")
SPECS = "_specs.json"
READ_ATTEMPTS = 5


def read_scores(folder: str | Path) -> pd.DataFrame:
    """Read all scores of a folder, also while others write to it.

    Returns
    -------
    DataFrame
        The table of scores and ``question``, with the dtypes that `check_table` gives, in the order in which
        rows were first stored by each writer; without rows where nothing is stored yet.

    Raises
    ------
    TableError
        There is no such folder, a file in it is no part, or a row is stored twice.

    Notes
    -----
    ``pandas.read_parquet(folder)`` gives the same rows.
    """
    import pyarrow as pa

    parts = load_parts(Path(folder), ROW)
    scores = make_frame(pa.concat_tables([make_schema().empty_table(), *parts.values()]))
    twice = scores.duplicated(list(KEY)).to_numpy()
    if twice.any():
        raise_first_twice(Path(folder), parts, int(twice.argmax()))
    return scores


def find_same(folder: str | Path, wanted: pd.DataFrame) -> pd.DataFrame:
    """Find scores that need not be made again, because a video of the same bytes has them.

    Parameters
    ----------
    folder : path
    wanted : DataFrame
        What is to be scored: the columns of `KEY`, sha256, question.

    Returns
    -------
    DataFrame
        A row for each wanted one that has an ``ok`` row of the same bytes, scorer, spec, task, question and
        probe, under the wanted video_id and rule_id, ready for `ScoreStore.append`; ``seconds`` and ``cost``
        are blank, because nothing was run. A blank sha256 is like no other; so is a blank question of a task
        that is asked with a text (``sa``, ``rule``).
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    asked = wanted[[*KEY, *CONTENT]].astype("object")
    asked = asked.where(asked.notna(), "")
    told = (asked["sha256"] != "") & ((asked["question"] != "") | ~asked["task"].isin(TEXT_TASKS))
    asked = asked[told.to_numpy()].astype("str")
    hashes = pa.array(asked["sha256"].unique().tolist(), pa.string())
    usable = (pc.field("status") == "ok") & pc.is_in(pc.field("sha256"), value_set=hashes)
    tables = [table.filter(usable) for table in load_parts(Path(folder), ROW).values()]
    stored = make_frame(pa.concat_tables([make_schema().empty_table(), *tables]))
    stored = stored.drop(columns=["video_id", "rule_id"]).fillna({"question": "", "probe": ""})
    same = asked.merge(stored.drop_duplicates(list(SAME)), on=list(SAME))[list(ROW)]
    names = [*KEY, *CONTENT]
    same[names] = same[names].mask(same[names] == "")
    return same.assign(seconds=float("nan"), cost=float("nan"))


def read_specs(folder: str | Path) -> dict[str, Any]:
    """Read what the specs of a folder stand for, as `ScoreStore.describe_spec` wrote it.

    Raises
    ------
    TableError
        The file is damaged.
    """
    path = Path(folder) / SPECS
    try:
        specs: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise TableError(
            f"{path}: not JSON ({error}). Remedy: move it away; no score depends on it, and the next run "
            "writes the specs that it uses."
        ) from error
    return specs


def load_parts(folder: Path, columns: Sequence[str], *, attempts: int = READ_ATTEMPTS) -> dict[str, pa.Table]:
    """Read all parts by name; a part that is replaced meanwhile is read as it was or as it is, whole."""
    try:
        return {path.name: read_part(path, columns) for path in list_parts(folder)}
    except OSError as error:
        # on NFS a file that another machine replaced goes stale under the reader
        if error.errno not in (errno.ENOENT, errno.ESTALE) or attempts == 1:
            raise
    return load_parts(folder, columns, attempts=attempts - 1)


def make_frame(table: pa.Table) -> pd.DataFrame:
    """Turn Arrow into pandas, probabilities as lists."""
    import pandas as pd

    frame: pd.DataFrame = table.drop_columns(["probabilities"]).to_pandas()
    lists = pd.Series(table["probabilities"].to_pylist(), dtype="object")
    frame.insert(ROW.index("probabilities"), "probabilities", lists)
    return frame


def raise_first_twice(folder: Path, parts: dict[str, pa.Table], second: int) -> NoReturn:
    """Raise the error for the row that repeats an earlier one; rows count through all parts."""
    names = list(parts)
    ends = list(accumulate(table.num_rows for table in parts.values()))
    keys = [key for table in parts.values() for key in make_keys(table)]
    first = keys.index(keys[second])
    raise_twice(folder, keys[second], (names[bisect_right(ends, first)], names[bisect_right(ends, second)]))
