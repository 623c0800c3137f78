"""Run notebooks through papermill, two at a time, and make what they leave behind equal from run to run."""

from __future__ import annotations

import itertools
import logging
import os
import re
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict

from videophy_lab.params import NotebookJob

ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")
# pandas gives every styled table a random name
STYLER_NAME = re.compile(r"\bT_[0-9a-f]{5}(?![0-9a-f])")
# what is embedded is no text, though a short folder may be spelt in it by chance
EMBEDDED = re.compile(r"(data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/=]*)")
BORING_METADATA = ("papermill", "execution", "widgets")


class ReportError(RuntimeError):
    """Raised when a report could not be made; the message names what failed and where to look."""


def run_notebooks(
    jobs: Sequence[NotebookJob], *, folder: Path, staging: Path, progress: bool = True
) -> list[NotebookNode]:
    """Run the notebooks with the report folder as working directory, as many at once as there are cores.

    Parameters
    ----------
    jobs : sequence of NotebookJob
    folder : Path
        The report.
    staging : Path
        Folder inside it that the notebooks write to, as ``out``.
    progress : bool
        Show a progress bar over the cells on stderr.

    Returns
    -------
    list of NotebookNode
        The executed notebooks, normalised, in the order of `jobs`.

    Raises
    ------
    ReportError
        A cell failed; the executed notebook lies in ``failed/`` of `staging`.
    """
    import papermill.execute  # noqa: F401  imported once here, rather than by every thread at the same time

    # a kernel that is stopped on purpose is no news; what failed is told by ReportError
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    workers = max(1, min(len(jobs), os.cpu_count() or 1))
    total = sum(count_cells(job.path) + 1 for job in jobs)
    with (
        KernelCrew() as crew,
        show_progress(total, shown=progress) as step,
        ThreadPoolExecutor(workers) as pool,
    ):
        futures = [
            pool.submit(run_notebook, job, folder=folder, staging=staging, crew=crew, step=step)
            for job in jobs
        ]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            raise_first_error(futures)
        finally:
            for future in futures:
                future.cancel()
            crew.dismiss()
    return [future.result() for future in futures]


def raise_first_error(futures: Sequence[Future[NotebookNode]]) -> None:
    """Raise the error of the first notebook, in the report's order, that has one."""
    for future in futures:
        error = future.exception() if future.done() else None
        if error is not None:
            raise error


class KernelCrew:
    """The kernels of one run and the folder of their sockets, so that a run leaves none behind."""

    def __init__(self) -> None:
        self._kernels: list[Any] = []
        self._dismissed = False
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def __enter__(self) -> KernelCrew:
        # the path of a socket may be about 100 characters long, so it cannot lie in the report
        self._sockets = tempfile.TemporaryDirectory(prefix="videophy-lab-", ignore_cleanup_errors=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.dismiss()
        self._sockets.cleanup()

    def make_class(self) -> type:
        """Give a kernel manager class whose kernels belong to this crew."""
        from videophy_lab.kernel import KernelHere

        crew = self

        class CrewKernel(KernelHere):
            async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
                self.connection_file = crew.name_connection()
                await super().start_kernel(**options)
                crew.add(self)

        return CrewKernel

    def name_connection(self) -> str:
        """Give a new connection file; the sockets are named after it."""
        return str(Path(self._sockets.name) / f"{next(self._numbers)}.json")

    def add(self, kernel: Any) -> None:
        """Remember a kernel; end it at once when the crew has been dismissed meanwhile."""
        with self._lock:
            self._kernels.append(kernel)
            if self._dismissed:
                kernel.kill_process()

    def dismiss(self) -> None:
        """End every kernel that still runs."""
        with self._lock:
            self._dismissed = True
            for kernel in self._kernels:
                kernel.kill_process()


def run_notebook(
    job: NotebookJob, *, folder: Path, staging: Path, crew: KernelCrew, step: Any
) -> NotebookNode:
    """Run one notebook and return it normalised; on failure keep it and name the cell."""
    from jupyter_core.utils import ensure_event_loop
    from nbclient.exceptions import DeadKernelError
    from papermill import execute_notebook
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    parameters = dict(job.parameters)
    if job.takes_out:
        parameters["out"] = staging.relative_to(folder).as_posix()
    failed = staging / "failed" / f"{job.name}.ipynb"
    failed.parent.mkdir(parents=True, exist_ok=True)
    transport = "ipc" if os.name == "posix" else "tcp"
    try:
        executed = execute_notebook(
            str(job.path),
            str(failed),
            parameters=parameters,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            config=Config({"KernelManager": {"transport": transport}}),
            kernel_manager_class=crew.make_class(),
            resources={"metadata": {"path": str(folder)}},
            shutdown_kernel="immediate",
            coalesce_streams=True,
            on_cell_executed=step,
        )
    except PapermillExecutionError as error:
        raise ReportError(describe_failure(error, job, failed)) from None
    except DeadKernelError as error:
        raise ReportError(f"{job.path.name}: the kernel ended ({error}); was the memory enough?") from error
    finally:
        # papermill opens one for this thread and leaves it open
        ensure_event_loop().close()
    failed.unlink()
    return normalise_notebook(executed, hide=[folder.resolve(), Path(__file__).resolve().parents[1]])


def describe_failure(error: Any, job: NotebookJob, kept: Path) -> str:
    """Write which cell of which notebook failed, its source, and its error."""
    sources = [cell.source for cell in read_notebook(job.path).cells]
    number = (
        f"cell {sources.index(error.source) + 1}" if error.source in sources else "the injected parameters"
    )
    source = "\n".join(f"    {line}" for line in error.source.splitlines())
    return (
        f"{job.path.name}, {number} of {len(sources)}, failed:\n\n{source}\n\n"
        f"{error.ename}: {error.evalue}\n\n"
        f"The notebook up to there, with the traceback: {kept}\nThe report is as it was."
    )


def count_cells(path: Path) -> int:
    """Count the code cells that are not empty."""
    return sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in read_notebook(path).cells)


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook file."""
    import nbformat

    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


@contextmanager
def show_progress(total: int, *, shown: bool) -> Iterator[Any]:
    """Show a bar over the cells on stderr; give the function that counts one cell."""
    from tqdm import tqdm

    lock = threading.Lock()
    with tqdm(total=total, unit="cell", desc="notebooks", disable=not shown, leave=False) as bar:

        def step(**_: Any) -> None:
            with lock:
                bar.update()

        yield step


def normalise_notebook(notebook: NotebookNode, *, hide: Sequence[Path] = ()) -> NotebookNode:
    """Take out of an executed notebook what differs between two equal runs.

    Timings, papermill's and widgets' metadata, what was written to stderr, memory addresses and random
    names go; cells are numbered; the folders in `hide` are written as ``.``.
    """
    kernelspec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernelspec, "language_info": {"name": "python"}}
    notebook.metadata = from_dict(metadata)  # type: ignore[no-untyped-call]
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number}"
        for key in BORING_METADATA:
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.outputs = [
                normalise_output(output, hide)
                for output in cell.outputs
                if output.get("name") != "stderr"
                and "application/vnd.jupyter.widget-view+json" not in output.get("data", {})
            ]
    return notebook


def normalise_output(output: NotebookNode, hide: Sequence[Path]) -> NotebookNode:
    """Take addresses, random names and folders out of the text of one output."""
    if "text" in output:
        output.text = normalise_text(output.text, hide)
    for kind, content in output.get("data", {}).items():
        if isinstance(content, str) and not kind.startswith("image/png"):
            output.data[kind] = normalise_text(content, hide)
    return output


def normalise_text(text: str, hide: Sequence[Path]) -> str:
    """Take addresses, random names and folders out of a text; leave what is embedded in it."""
    parts = EMBEDDED.split(text)
    names = list(dict.fromkeys(STYLER_NAME.findall("".join(parts[::2]))))
    for place in range(0, len(parts), 2):
        for path in hide:
            parts[place] = parts[place].replace(str(path), ".")
        for number, name in enumerate(names, start=1):
            parts[place] = parts[place].replace(name, f"T_{number}")
        parts[place] = ADDRESS.sub("at 0x…", parts[place])
    return "".join(parts)
