"""Names that every file system takes, and files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from pathlib import Path

SAFE = r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}"
LONGEST_LIKENESS = 60
DRAFT = ".part"


def name_safely(name: str) -> str:
    """Give a name that every file system takes: the name itself, or a like one with a part of its hash."""
    if re.fullmatch(SAFE, name):
        return name
    like = re.sub(r"[^A-Za-z0-9_+-]+", "-", name).strip("-")[:LONGEST_LIKENESS]
    return f"{like or 'name'}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}{DRAFT}")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
