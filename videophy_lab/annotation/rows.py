"""Tables that are not declared: read as rows, and the files that they name found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.annotation.task import TaskError
from videophy_lab.schema import read_rows

if TYPE_CHECKING:
    import pandas as pd

    Table = str | Path | pd.DataFrame


def find_file(path: str, beside: Path) -> Path:
    """Find a file from where we are, then beside its table."""
    file = Path(path)
    return beside / path if not file.exists() and (beside / path).exists() else file


def list_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the rows of a table without their blank cells."""
    return [
        {str(name): cell for name, cell in row.items() if isinstance(cell, str) or cell == cell}
        for row in table.astype(object).to_dict("records")
    ]


def load_rows(table: Table | None, needed: Sequence[str], what: str) -> list[dict[str, Any]]:
    """Load rows of a table that is not one of the declared ones."""
    if table is None:
        return []
    rows = read_rows(table) if isinstance(table, str | Path) else table
    missing = [name for name in needed if name not in rows.columns]
    if missing:
        raise TaskError(
            f"{what}: the column {missing[0]} is missing; needed: {', '.join(needed)}; given: "
            f"{', '.join(map(str, rows.columns))}"
        )
    found = list_rows(rows)
    if isinstance(table, str | Path):
        for row in found:
            if "path" in row:
                row["path"] = str(find_file(row["path"], Path(table).parent))
    return found
