"""Refuse to write over what a command was given, over what something else wrote, or into a file."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection, Mapping
from pathlib import Path

# more than any header
HEADER_BYTES = 1 << 16
COLUMNS_SHOWN = 8


def check_inputs(
    out: str | Path, inputs: Mapping[str, object], *, option: str = "--out", file: Path | None = None
) -> None:
    """Check that a file that is to be written is none of those that are read.

    Parameters
    ----------
    out : path
    inputs : mapping of name to path
        What the user calls each input (``VIDEOS``, ``--labels``). Anything but a path or its text is passed
        over: a table, or an option that was not given.
    option : str
        What the user calls `out`.
    file : Path, optional
        What is written, where that is not `out` itself but a file in it or beside it.

    Raises
    ------
    ValueError
        It is one of them.
    """
    for name, given in inputs.items():
        if isinstance(given, str | Path) and is_same_file(file or out, given):
            raise ValueError(
                f"{name_output(out, option, file)} is the file that is given as {name}, and would be lost. "
                f"Remedy: give another {option}, such as {name_beside(Path(out))}."
            )


def check_overwrite(
    out: str | Path,
    columns: Collection[str],
    *,
    inputs: Mapping[str, object] | None = None,
    option: str = "--out",
    file: Path | None = None,
    others: bool = False,
) -> None:
    """Check that a file can be written: it is no input, and not there unless the same command wrote it.

    Parameters
    ----------
    out : path
        CSV or Parquet; a file without a letter in it counts for none.
    columns : collection of str
        What the command writes, by which a file of its own is known.
    inputs : mapping of name to path, optional
        See :func:`check_inputs`.
    option : str
        What the user calls `out`.
    file : Path, optional
        See :func:`check_inputs`.
    others : bool
        Take a file with further columns for one of the command's own.

    Raises
    ------
    ValueError
        It is an input, or a file that something else wrote.
    """
    check_inputs(out, inputs or {}, option=option, file=file)
    path = file or Path(out)
    header = read_header(path) if path.is_file() else None
    if header is None:
        return
    lacking = [name for name in columns if name not in header]
    strange = [] if others else [name for name in header if name not in columns]
    if not lacking and not strange:
        return
    why = f"it has no column {lacking[0]}" if lacking else f"it has the column {strange[0]}"
    if not header:
        why = "it is no table"
    raise ValueError(
        f"{name_output(out, option, file)} is there already, and was not written by this command: {why}; "
        f"columns of this command: {list_names(columns)}. Remedy: give another {option}, such as "
        f"{name_beside(Path(out))}, or move that file away."
    )


def check_folder(out: str | Path, *, option: str = "--out") -> None:
    """Check that a folder that is to be written into is no file, and lies in none; it need not be there.

    Raises
    ------
    ValueError
        It is a file, or lies in one.
    """
    path = Path(out)
    file = next((place for place in (path, *path.parents) if place.exists() and not place.is_dir()), None)
    if file is not None:
        what = "is a file" if file == path else f"lies in {file}, which is a file"
        bare = file.with_suffix("")
        raise ValueError(
            f"{option} {out} {what}; it must be a folder, which is made where there is none. Remedy: give a "
            f"folder, such as {option} {name_beside(file) if bare.exists() else bare}."
        )


def name_output(out: str | Path, option: str, file: Path | None) -> str:
    """Name what is to be written: the beginning of a sentence."""
    return f"{option} {out}" if file is None else f"{option} {out}: a table of it, {file},"


def is_same_file(one: str | Path, other: str | Path) -> bool:
    """Tell whether two paths are of one file, also by links, and also of one that is not there."""
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return os.path.realpath(one) == os.path.realpath(other)


def read_header(path: Path) -> list[str] | None:
    """Read the names of a table's columns; None for a blank file, empty for what is no table."""
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet as pq

        try:
            return list(pq.read_schema(path).names) if path.stat().st_size else None
        except (OSError, ValueError):
            return []
    with path.open("rb") as file:
        text = file.read(HEADER_BYTES).decode("utf-8-sig", "replace")
    if not text.strip():
        return None
    try:
        header = next((record for record in csv.reader(io.StringIO(text, newline="")) if record), [])
    except csv.Error:
        return []
    return header if all(name.isprintable() for name in header) else []


def name_beside(path: Path) -> Path:
    """Name a file beside one, which is not there yet."""
    names = (path.with_name(f"{path.stem}_{number}{path.suffix}") for number in range(2, 1000))
    return next((name for name in names if not name.exists()), path)


def list_names(names: Collection[str]) -> str:
    """List the first few of many names."""
    more = ", …" if len(names) > COLUMNS_SHOWN else ""
    return ", ".join(list(names)[:COLUMNS_SHOWN]) + more
