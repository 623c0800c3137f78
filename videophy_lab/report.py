"""Make a report: strict parameters → notebooks → estimates, provenance, page; swapped in only when whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.estimates import ESTIMATE_COLUMNS, order_columns
from videophy_lab.execution import ReportError, run_notebooks
from videophy_lab.outputs import write_text
from videophy_lab.page import write_page
from videophy_lab.params import NotebookJob, plan_jobs, read_params
from videophy_lab.places import find_notebooks_folder
from videophy_lab.provenance import describe_provenance

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ReportError", "run_report"]

STAGING = ".building"
GENERATED = ("index.html", "notebooks", "tables", "figures", "clips", "estimates.csv", "provenance.json")


def run_report(
    folder: str | Path,
    *,
    overrides: Mapping[str, str] | None = None,
    progress: bool = True,
    library: Path | None = None,
) -> Path:
    """Run the notebooks that ``params.yaml`` of a folder lists and write the report into that folder.

    Parameters
    ----------
    folder : str or Path
        The report: ``params.yaml`` by hand; ``index.html``, ``notebooks/``, ``tables/``, ``figures/``,
        ``clips/`` (if a gallery is shown), ``estimates.csv`` and ``provenance.json`` are replaced together,
        every other file stays.
    overrides : mapping of name to text
        Values that win over the file's, each read as YAML.
    progress : bool
        Show a progress bar on stderr.
    library : Path
        Folder where notebooks are found by name; the project's own by default.

    Returns
    -------
    Path
        ``index.html``.

    Raises
    ------
    ParamsError
        ``params.yaml`` or an override is wrong; nothing was run.
    ReportError
        A cell failed, another process makes this report now, or a file that no report made lies where it
        would be lost; the previous report is as it was.
    """
    folder = Path(folder)
    params = read_params(folder)
    library = library or find_notebooks_folder()
    jobs = plan_jobs(params, folder=folder, library=library, overrides=overrides or {})
    with hold_folder(folder), open_staging(folder) as staging:
        check_strangers(folder)
        executed = run_notebooks(jobs, folder=folder, staging=staging, progress=progress)
        check_manifests(staging, jobs)
        estimates = collect_estimates(staging, [job.name for job in jobs])
        write_text(staging / "estimates.csv", estimates.to_csv(index=False, lineterminator="\n"))
        provenance = describe_provenance(folder, jobs)
        write_page(
            staging,
            title=params.title,
            summary=params.summary,
            notebooks={job.name: notebook for job, notebook in zip(jobs, executed, strict=True)},
            provenance=provenance,
        )
        provenance["files"] = list_made(staging)
        write_text(staging / "provenance.json", json.dumps(provenance, indent=1, ensure_ascii=False) + "\n")
        publish(staging, folder)
    return folder / "index.html"


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Keep a second process from making the same report at the same time.

    Raises
    ------
    ReportError
        Another process holds the folder.
    """
    if os.name != "posix":
        yield
        return
    import fcntl

    # a lock on the folder itself leaves no file behind and ends with the process
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReportError(f"another process makes the report in {folder} now; wait for its end") from None
        yield
    finally:
        os.close(handle)


@contextmanager
def open_staging(folder: Path) -> Iterator[Path]:
    """Give an empty folder to build in; afterwards only the notebooks that failed stay there."""
    staging = folder / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        yield staging
    finally:
        for path in staging.iterdir():
            if path.name != "failed":
                remove_path(path)
        if not any(staging.rglob("*.ipynb")):
            shutil.rmtree(staging)


def remove_path(path: Path) -> None:
    """Remove a file or a folder."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def list_made(folder: Path) -> list[str]:
    """List the files in the folders of a report, by their paths in it, but for hidden ones."""
    files = (path for name in GENERATED for path in (folder / name).rglob("*") if path.is_file())
    names = (path.relative_to(folder) for path in files)
    return sorted(name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts))


def check_strangers(folder: Path) -> None:
    """Raise if a file that the last report did not make lies in a folder that the next one replaces.

    Raises
    ------
    ReportError
        There is one; of a report of before files were listed, none is asked about.
    """
    try:
        made = json.loads((folder / "provenance.json").read_text(encoding="utf-8")).get("files")
    except FileNotFoundError:
        made = []
    except (ValueError, AttributeError):
        made = None
    strangers = [] if made is None else sorted(set(list_made(folder)) - set(made))
    if strangers:
        more = f" (and {len(strangers) - 1:,} more)" if len(strangers) > 1 else ""
        raise ReportError(
            f"{folder / strangers[0]}{more} was not made by this report and would be lost: its folder "
            "is replaced as a whole. Remedy: move it to a folder of another name"
        )


def check_manifests(staging: Path, jobs: Sequence[NotebookJob]) -> None:
    """Raise if a notebook wrote its outputs under a name that no notebook has.

    Raises
    ------
    ReportError
        `Outputs` was made with another name than the notebook's.
    """
    names = [job.name for job in jobs]
    strangers = sorted(path.stem for path in (staging / "manifest").glob("*.json") if path.stem not in names)
    if strangers:
        raise ReportError(
            f"a notebook made Outputs(notebook={strangers[0]!r}), but the notebooks of this report are "
            f"{', '.join(names)}; use the notebook's own name"
        )


def collect_estimates(staging: Path, names: Sequence[str]) -> pd.DataFrame:
    """Put the estimates of all notebooks under one another, the notebook's name last."""
    import pandas as pd

    files = {name: staging / "estimates" / f"{name}.csv" for name in names}
    # every number is copied as it was written
    tables = [
        pd.read_csv(file, dtype=str, keep_default_na=False).assign(notebook=name)
        for name, file in files.items()
        if file.is_file()
    ]
    if not tables:
        return pd.DataFrame(columns=[*ESTIMATE_COLUMNS, "notebook"])
    together = pd.concat(tables, ignore_index=True).fillna("")
    return together[order_columns(together.columns)]


def publish(staging: Path, folder: Path) -> None:
    """Swap the new report in for the old one; put the old one back if that fails half-way.

    Raises
    ------
    OSError
        A file could not be moved.
    """
    old = staging / "old"
    old.mkdir()
    entered = []
    try:
        for name in GENERATED:
            move_path(folder / name, old / name)
        for name in GENERATED:
            move_path(staging / name, folder / name)
            entered.append(name)
    except BaseException:
        for name in entered:
            remove_path(folder / name)
        for name in GENERATED:
            move_path(old / name, folder / name)
        raise


def move_path(source: Path, target: Path) -> None:
    """Move a file or a folder within one disk, if it is there."""
    if source.exists():
        os.replace(source, target)
