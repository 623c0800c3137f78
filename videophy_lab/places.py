"""Where the project's own files lie: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
PARAMS_FILE = "params.yaml"


def find_notebooks_folder() -> Path:
    """Give the folder of the project's notebooks."""
    beside = PACKAGE.parent / "notebooks"
    return beside if beside.is_dir() else PACKAGE / "_notebooks"


def find_data_folder() -> Path:
    """Give the folder of the tables that ship."""
    beside = PACKAGE.parent / "data"
    return beside if beside.is_dir() else PACKAGE / "_data"
