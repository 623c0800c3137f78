"""Where a report's numbers come from: versions, commit, checksums, parameters, seeds; no time, no place."""

from __future__ import annotations

import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.places import PARAMS_FILE, find_data_folder, find_notebooks_folder, hash_file

if TYPE_CHECKING:
    from videophy_lab.params import NotebookJob

DISTRIBUTION = "videophy-lab"
TABLE_ENDINGS = (".csv", ".parquet", ".jsonl", ".json")


def describe_provenance(folder: Path, jobs: Sequence[NotebookJob]) -> dict[str, Any]:
    """Gather what one needs to make the same report again.

    Parameters
    ----------
    folder : Path
        The report.
    jobs : sequence of NotebookJob
        Its notebooks with their parameters.

    Returns
    -------
    dict
        ``python``, ``packages`` (the direct dependencies), ``commit`` (see `describe_commit`), ``data``
        (SHA-256 of every bundled table and of every file that a parameter names), ``notebooks`` (parameters
        of each, its own values included).
    """
    folder = folder.resolve()
    return {
        "python": platform.python_version(),
        "packages": read_versions(),
        **describe_commit(folder, jobs),
        "data": {**hash_bundled_tables(), **hash_parameter_files(folder, jobs)},
        "notebooks": {
            job.name: {key: hide_place(value) for key, value in sorted(job.settings.items())} for job in jobs
        },
    }


def read_requirements(extra: str | None = None) -> list[str]:
    """Name the direct dependencies of the project, or those of one extra."""
    names = []
    for line in metadata.requires(DISTRIBUTION) or []:
        name = re.match(r"[\w.-]+", line)
        marker = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", line)
        if name and (marker.group(1) if marker else None) == extra:
            names.append(name.group())
    return sorted(names, key=str.lower)


def read_versions() -> dict[str, str | None]:
    """Give the version of the project and of each direct dependency; None for one that is not installed."""
    return {name: read_version(name) for name in [DISTRIBUTION, *read_requirements()]}


def read_version(name: str) -> str | None:
    """Give the installed version of a distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def describe_commit(folder: Path, jobs: Sequence[NotebookJob]) -> dict[str, Any]:
    """Name the last commit that touched what the report is made from.

    Returns
    -------
    dict
        ``commit`` (None with a ``commit_reason`` where there is none) and ``uncommitted_changes`` (None where
        unknown). The report's own files do not count: committing a report leaves its provenance true.
    """
    root = find_notebooks_folder().parent
    inputs = [root / "videophy_lab", root / "notebooks", root / "data", folder / PARAMS_FILE]
    inputs += [job.path.resolve() for job in jobs]
    inside = sorted({path.relative_to(root).as_posix() for path in inputs if path.is_relative_to(root)})
    try:
        commit = ask_git(root, "log", "-1", "--format=%H", "--", *inside)
        changes = ask_git(root, "status", "--porcelain", "--", *inside)
    except (OSError, subprocess.CalledProcessError):
        return {
            "commit": None,
            "commit_reason": "not run from a git checkout",
            "uncommitted_changes": None,
        }
    if not commit:
        return {
            "commit": None,
            "commit_reason": "no commit holds the inputs",
            "uncommitted_changes": bool(changes),
        }
    return {"commit": commit, "uncommitted_changes": bool(changes)}


def ask_git(root: Path, *arguments: str) -> str:
    """Run git quietly in a folder and return what it prints."""
    answer = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    return answer.stdout.strip()


def hash_bundled_tables() -> dict[str, str]:
    """Give the SHA-256 of the tables that ship with the project, by their path under ``data/``."""
    bundled = find_data_folder()
    tables = (path for path in bundled.rglob("*") if path.suffix in TABLE_ENDINGS)
    names = {path: path.relative_to(bundled) for path in tables}
    return {
        f"data/{name.as_posix()}": hash_file(path)
        for path, name in sorted(names.items(), key=lambda item: item[1].as_posix())
        if name.parts[0] != "cache"
    }


def hash_parameter_files(folder: Path, jobs: Iterable[NotebookJob]) -> dict[str, str]:
    """Give the SHA-256 of every file that a parameter names, and of the tables in a named folder."""
    values = {value for job in jobs for value in job.settings.values() if isinstance(value, str)}
    hashes = {}
    for value in sorted(values):
        path = folder / value
        if value and path.is_file():
            hashes[hide_place(value)] = hash_file(path)
        elif value and path.is_dir():
            for table in sorted(path.iterdir()):
                if table.suffix in TABLE_ENDINGS:
                    hashes[f"{hide_place(value)}/{table.name}"] = hash_file(table)
    return hashes


def hide_place(value: Any) -> Any:
    """Cut an absolute path down to its last part; leave everything else."""
    if isinstance(value, str) and Path(value).is_absolute():
        return Path(value).name
    return value
