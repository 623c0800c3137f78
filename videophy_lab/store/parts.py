"""A part of the score store: its columns, how rows are checked, how a file is read and put in its place."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from videophy_lab.schema import COLUMNS, TABLES, Column, TableError, check_table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

KEY = TABLES["scores"].key
CONTENT = ("sha256", "question")
FACTS = ("score", "expected", "probabilities", "answer", "status", "error", "seconds", "cost")
ROW = ("video_id", "sha256", "scorer", "spec", "task", "rule_id", "probe", "question", *FACTS)
# columns that came later; a part written before has none, and its rows are blank there
ADDED = ("cost",)
DRAFT = ".unfinished"

Key = tuple[str, ...]
Signature = tuple[int, int, int]


def make_schema(*, without: Sequence[str] = ()) -> pa.Schema:
    """Make the one schema of all parts, so that they concatenate whatever their columns hold."""
    import pyarrow as pa

    kinds = {"number": pa.float64(), "list": pa.list_(pa.float64())}
    names = [name for name in ROW if name not in without]
    return pa.schema([(name, kinds.get(COLUMNS.get(name, Column()).kind, pa.string())) for name in names])


def add_blanks(part: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Give a part the columns that it lacks, blank, and all in their order."""
    import pyarrow as pa

    schema = make_schema()
    for name in columns:
        if name not in part.column_names:
            part = part.append_column(schema.field(name), pa.nulls(len(part), schema.field(name).type))
    return part.select(list(columns))


def make_batch(rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Check rows and put them into Arrow; of several with one name the last counts.

    Raises
    ------
    ValueError
        An unknown column, a question that is not 12 hex digits, or what `check_table` refuses.
    """
    import pandas as pd
    import pyarrow as pa

    strangers = sorted({str(column) for row in rows for column in row} - set(ROW))
    if strangers:
        raise ValueError(
            f"rows of scores have the column {', '.join(strangers)}; allowed: {', '.join(ROW)}. "
            "Remedy: leave it out, and keep it in a table of its own."
        )
    cells = [[blank_empty(row.get(column)) for column in ROW] for row in rows]
    scores = pd.DataFrame(cells, columns=pd.Index(ROW), dtype="object")
    names = scores[list(KEY)].where(scores[list(KEY)].notna(), "").astype(str)
    scores = scores[~names.duplicated(keep="last").to_numpy()]
    scores = scores.assign(question=read_questions(scores["question"]))
    checked = check_table(scores, "scores", source="rows of scores")
    batch = pa.Table.from_pandas(checked, schema=make_schema(), preserve_index=False)
    return batch.replace_schema_metadata(None)


def blank_empty(cell: object) -> object:
    """Make the empty probabilities of an answer that has none a blank."""
    return None if isinstance(cell, tuple) and not cell else cell


def read_questions(cells: pd.Series) -> pd.Series:
    """Read names of questions: 12 hex digits each, or blank."""
    given = cells.fillna("").astype("str")
    wrong = given[(given != "") & ~given.str.fullmatch("[0-9a-f]{12}")]
    if len(wrong):
        raise ValueError(
            f"the question {wrong.iloc[0]!r} is not allowed; allowed: 12 hex digits, or blank. "
            "Remedy: name a text by the first 12 hex digits of its SHA-256."
        )
    return given.mask(given == "")


def make_keys(table: pa.Table) -> list[Key]:
    """Name the rows of a table: the columns of `KEY`, blanks as empty text."""
    columns = [table[column].fill_null("").to_pylist() for column in KEY]
    return list(zip(*columns, strict=True))


def give_way(stored: Mapping[str, object], new: Mapping[str, object]) -> bool:
    """Tell whether a stored row gives way to a new one of its name; `ScoreStore` says when."""
    return stored["status"] != "ok" or any(new[column] != stored[column] for column in CONTENT)


def list_parts(folder: Path) -> list[Path]:
    """List the parts of a folder in the order of their names."""
    if not folder.is_dir():
        raise TableError(
            f"{folder}: there is no such folder of scores. Remedy: check the path (you are in {Path.cwd()})."
        )
    return sorted(path for path in folder.glob("*.parquet") if not path.name.startswith((".", "_")))


def make_signature(path: Path) -> Signature:
    """Make what tells one state of a part from the next: time of change in ns, size, inode."""
    facts = path.stat()
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def read_part(path: Path, columns: Sequence[str] = ROW) -> pa.Table:
    """Read columns of a part.

    Raises
    ------
    TableError
        The file is damaged or is not a part of a score store.
    OSError
        It went away or may not be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            added = [name for name in ADDED if name not in file.schema_arrow.names]
            if file.schema_arrow.equals(make_schema(without=added)):
                held = file.read(columns=[name for name in columns if name not in added], use_threads=False)
                return add_blanks(held, columns)
            fault = "its columns are not those of a part"
    except pa.ArrowException as error:
        fault = str(error)
    except OSError as error:
        # what Parquet cannot decode is an OSError too, but no error of the operating system
        if error.errno is not None:
            raise
        fault = str(error)
    raise TableError(
        f"{path}: not a part of a score store ({' '.join(fault.split())}). Remedy: move it out of the "
        "folder, then score again what it held, or copy it again from where it came; append the rows of "
        "another table with ScoreStore."
    )


def raise_twice(folder: Path, key: Key, parts: tuple[str, str]) -> NoReturn:
    """Raise the error for a row that two parts hold, as when parts of two folders were copied together."""
    shown = ", ".join(f"{column} {name!r}" for column, name in zip(KEY, key, strict=True) if name)
    raise TableError(
        f"{folder}: the row of {shown} is stored twice, in {parts[0]} and in {parts[1]}; allowed: once. "
        "Remedy: move one of the two parts out of the folder and append its rows with ScoreStore."
    )


def replace_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and have it on the disk before this returns.

    Raises
    ------
    OSError
        The disk is full or fails; the file is as it was before, and the draft is gone.
    """
    draft = path.with_name(f".{path.name}{DRAFT}")
    try:
        before = path.stat().st_mtime_ns if path.exists() else 0
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            if os.fstat(file.fileno()).st_mtime_ns <= before:
                # clocks tick in milliseconds; a later state of a part must never look like an earlier one
                os.utime(draft, ns=(before + 1, before + 1))
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "free some space" if full else "put right what the message names"
        raise OSError(
            error.errno,
            f"{error.strerror}; it is as it was before, and rows of finished appends are safe. "
            f"Remedy: {remedy} and run again; what is stored is not scored again",
            str(path),
        ) from error
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have a rename on the disk; Windows neither can nor need."""
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
