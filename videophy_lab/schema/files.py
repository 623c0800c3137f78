"""Read and write tables as CSV or Parquet."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.schema.cells import TableError
from videophy_lab.schema.check import check_table
from videophy_lab.schema.naming import name_rules
from videophy_lab.schema.tables import COLUMNS

if TYPE_CHECKING:
    import pandas as pd

# an upsampled caption or a judge's answer may be longer than csv's own limit of 131,072 characters
FIELD_LIMIT = 2**27


def decode_text(data: bytes, source: str, encoding_errors: str) -> str:
    """Decode UTF-8, with or without a byte order mark; name the line of the first bad byte."""
    try:
        return data.decode("utf-8-sig", errors=encoding_errors)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TableError(
            f"{source}: line {line} is not UTF-8 (byte {data[error.start]:#04x}). Remedy: save the file as "
            f"UTF-8, for example with: iconv -f WINDOWS-1252 -t UTF-8 '{source}' > fixed.csv"
        ) from None


def iterate_records(text: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the cells of each record that is not blank."""
    csv.field_size_limit(FIELD_LIMIT)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for record in reader:
            if record:
                yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise TableError(
            f"{source}: the record that begins on line {line} is not CSV ({error}). Remedy: close every "
            "quotation mark, and double those inside a quoted cell."
        ) from None


def read_rows(path: str | Path, *, encoding_errors: str = "strict") -> pd.DataFrame:
    """Read a CSV file with every cell as text, blank cells as NaN.

    Parameters
    ----------
    path : path
        Comma-separated, UTF-8, first line the header.
    encoding_errors : {"strict", "replace"}
        What to do with bytes that are not UTF-8: stop, or put U+FFFD in their place.

    Raises
    ------
    TableError
        An empty file, bytes that are not UTF-8, another separator than the comma, a record with too many or
        too few cells; the line is named.
    """
    import pandas as pd

    source = str(path)
    records = iterate_records(decode_text(Path(path).read_bytes(), source, encoding_errors), source)
    _, header = next(records, (0, []))
    if not header:
        raise TableError(
            f"{source}: the file is empty. Remedy: write a header line and one line for each row."
        )
    for separator, called in ((";", "semicolons"), ("\t", "tabulators"), ("|", "bars")):
        if len(header) == 1 and separator in header[0]:
            raise TableError(f"{source}: the cells are separated by {called}. Remedy: save it with commas.")
    rows = []
    for line, record in records:
        if len(record) != len(header):
            raise TableError(
                f"{source}: line {line} has {len(record)} cells, the header has {len(header)}. Remedy: put "
                'cells that hold a comma in "quotation marks", and keep blank cells.'
            )
        rows.append(record)
    table = pd.DataFrame(rows, columns=pd.Index(header, dtype="str"), dtype="str")
    return table.mask(table == "")


def read_table(path: str | Path, name: str) -> pd.DataFrame:
    """Read and check one of the tables from ``.csv`` or ``.parquet``.

    Names (``prompt_id`` …) stay text, also where they look like a number. Columns that no table declares
    become numbers where every cell is one, unless their name ends in ``_id``. Rules without ``rule_id`` are
    named by their sentences.

    Parameters
    ----------
    path : path
    name : {"prompts", "videos", "rules", "ratings", "scores", "estimates"}

    Raises
    ------
    TableError
        Naming the file, the row, the column, what is allowed, and the remedy.
    """
    import pandas as pd

    path = Path(path)
    if not path.is_file():
        raise TableError(f"{path}: there is no such file. Remedy: check the path (you are in {Path.cwd()}).")
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise TableError(f"{path}: a table is a .csv or a .parquet file. Remedy: save it as one of the two.")
    if path.suffix.lower() == ".parquet":
        try:
            table = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise TableError(f"{path}: not a Parquet file ({error}). Remedy: write it again.") from error
    else:
        table = read_rows(path)
        for column in [c for c in table.columns if c not in COLUMNS and not c.endswith("_id")]:
            numbers = pd.to_numeric(table[column], errors="coerce")
            if numbers.notna().equals(table[column].notna()):
                table[column] = numbers
    return check_table(name_rules(table) if name == "rules" else table, name, source=str(path))


def write_table(table: pd.DataFrame, path: str | Path, name: str) -> Path:
    """Check a table and write it to ``.csv`` or ``.parquet``; a reader never sees half a file.

    Returns
    -------
    Path
        The file, whose folder is made where it is not there.
    """
    path = Path(path)
    checked = check_table(table, name, source=str(path))
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise TableError(f"{path}: a table is a .csv or a .parquet file. Remedy: give it such a name.")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    if path.suffix.lower() == ".parquet":
        checked.to_parquet(partial, index=False)
    else:
        checked.to_csv(partial, index=False, encoding="utf-8", lineterminator="\n")
    partial.replace(path)
    return path
