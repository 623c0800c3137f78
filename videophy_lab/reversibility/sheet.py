"""The file of labels that a model proposes and people confirm: both stay visible in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.prompts.folder import write_rows
from videophy_lab.reversibility.labels import LLM, SOURCES, load_labels, make_key, read_class, settle
from videophy_lab.schema import read_rows
from videophy_lab.schema.overwriting import check_overwrite, read_header
from videophy_lab.schema.reversibility import CLASSES

if TYPE_CHECKING:
    import pandas as pd

CANNOT_TELL = "cannot_tell"
# what names the rows of other tables
ROW_NAMES = ("prompt_id", "video_id")
ANSWERS = (*CLASSES, CANNOT_TELL)
# how many answers said what
COUNTS = {answer: f"n_{answer}" for answer in ANSWERS}
COLUMNS = (
    "action", "proposed", "confirmed", "reason", *COUNTS.values(), "model", "prompt_hash", "status", "error",
)  # fmt: skip


def read_sheet(path: Path | None) -> pd.DataFrame:
    """Read the file; empty where there is none.

    A plain list ``action,label`` is read too: its labels are proposed where their ``origin`` is ``llm``, and
    confirmed elsewhere.

    Returns
    -------
    DataFrame
        ``action, proposed, confirmed, reason``, the counts of answers, ``model, prompt_hash, status, error``,
        and whatever else the file has; one row an action, its index the action's key.

    Raises
    ------
    ValueError
        It is no such file; see :func:`videophy_lab.reversibility.load_labels`.
    """
    import pandas as pd

    header = read_header(path) if path is not None and path.is_file() else None
    if path is None or header is None:
        return pd.DataFrame(columns=list(COLUMNS), dtype=object)
    if not set(SOURCES) & set(header) or set(ROW_NAMES) & set(header):
        # a row for each prompt or video would become one for each action
        check_overwrite(path, COLUMNS)
    load_labels(path)
    rows = read_rows(path).astype(object)
    rows = rows.reindex(columns=[*COLUMNS, *(name for name in rows.columns if name not in COLUMNS)])
    for name in ("proposed", "confirmed"):
        rows[name] = [read_class(cell, name) or None for cell in rows[name]]
    if "label" in rows.columns:
        origins = rows["origin"] if "origin" in rows.columns else pd.Series(None, rows.index, dtype=object)
        labels = pd.Series([read_class(cell, "label") or None for cell in rows["label"]], rows.index)
        rows["proposed"] = rows["proposed"].fillna(labels.where(origins.eq(LLM)))
        rows["confirmed"] = rows["confirmed"].fillna(labels.where(origins.ne(LLM)))
        rows = rows.drop(columns=["label", "origin"], errors="ignore")
    for name in COUNTS.values():
        rows[name] = pd.to_numeric(rows[name], errors="coerce").astype("Int64")
    keys = [make_key(action) for action in rows["action"]]
    return rows.set_axis(keys, axis="index")[~pd.Series(keys).duplicated().to_numpy()]


def list_rows(sheet: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Give the rows of the file by the action's key, as plain values."""
    return {
        str(key): {str(name): cell for name, cell in row.items()}
        for key, row in sheet.to_dict("index").items()
    }


def make_sheet(rows: list[dict[str, Any]], like: pd.DataFrame) -> pd.DataFrame:
    """Make a sheet of rows, with the columns of another one."""
    import pandas as pd

    table = pd.DataFrame(rows, columns=list(like.columns))
    return table.astype(dict.fromkeys(COUNTS.values(), "Int64"))


def write_sheet(rows: pd.DataFrame, path: Path) -> None:
    """Write the file, whole or not at all."""
    write_rows(rows, path.parent, path.name)


def settle_sheet(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the columns ``label`` and ``origin``, what counts, with the reason for that."""
    import pandas as pd

    names = ("proposed", "confirmed", "reason")
    texts = [[cell if isinstance(cell, str) else "" for cell in rows[name]] for name in names]
    settled = [
        settle({"proposed": proposed, "confirmed": confirmed}, LLM, reason)
        for proposed, confirmed, reason in zip(*texts, strict=True)
    ]
    found = pd.DataFrame(settled, columns=["label", "origin", "reason"], index=rows.index, dtype=object)
    return rows.assign(label=found["label"].replace("", None), origin=found["origin"], reason=found["reason"])
