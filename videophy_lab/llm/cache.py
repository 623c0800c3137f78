"""Answers on the disk: one JSON file each, so that nothing is paid for twice."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def find_folder(folder: str | Path = "") -> Path:
    """Give the folder of answers: the one named, else one in the user's cache folder."""
    if folder:
        return Path(folder).expanduser()
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "videophy_lab" / "answers"


def read_record(folder: Path, name: str) -> dict[str, Any] | None:
    """Read what is kept under a name; None where there is nothing, or nothing whole."""
    try:
        record = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def write_record(folder: Path, name: str, record: Mapping[str, Any]) -> None:
    """Keep a record whole or not at all, whoever else writes the same one."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    draft = folder / f".{name}.{uuid.uuid4().hex}.draft"
    try:
        draft.write_bytes(text.encode("utf-8", "replace"))
        os.replace(draft, folder / f"{name}.json")
    finally:
        draft.unlink(missing_ok=True)
