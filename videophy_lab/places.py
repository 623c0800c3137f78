"""Where the project's own files lie, beside the package or inside it (in a wheel), and their hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
PARAMS_FILE = "params.yaml"


def find_notebooks_folder() -> Path:
    """Give the folder of the project's notebooks."""
    beside = PACKAGE.parent / "notebooks"
    return beside if beside.is_dir() else PACKAGE / "_notebooks"


def find_data_folder() -> Path:
    """Give the folder of the tables that ship."""
    for folder in (PACKAGE.parent / "data", PACKAGE / "_data"):
        if (folder / "videophy2" / "ratings.csv").is_file():
            return folder
    raise FileNotFoundError(
        f"the bundled tables are neither in {PACKAGE.parent / 'data'} nor in {PACKAGE / '_data'}; "
        "install videophy-lab again, or run from a complete checkout"
    )


def hash_file(path: Path) -> str:
    """Compute the SHA-256 of a file's bytes in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_if_readable(path: Path) -> str | None:
    """Hash a file; None for what is no file or cannot be read, which whoever opens it will say."""
    try:
        return hash_file(path) if path.is_file() else None
    except OSError:
        return None
