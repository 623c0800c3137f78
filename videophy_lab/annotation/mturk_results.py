"""Read what workers of Amazon Mechanical Turk have answered, and write who is approved."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videophy_lab.annotation.collect import Collected, collect_answers
from videophy_lab.annotation.mturk import write_rows
from videophy_lab.annotation.mturk_assignment import read_assignment
from videophy_lab.annotation.task import TaskError
from videophy_lab.schema.overwriting import check_overwrite, read_header

NEEDED = ("AssignmentId", "WorkerId", "Input.item_id", "Input.videos")
# what a file has that is uploaded again
MARKS = ("AssignmentId", "WorkerId", "Approve", "Reject")
FIELD_LIMIT = 2**24


@dataclass(frozen=True, kw_only=True)
class Results:
    """What a results file holds.

    Attributes
    ----------
    collected : Collected
        As from logs; the annotator is the worker.
    refused : tuple of (assignment, worker, reason)
        Assignments that are not in it: rejected ones, and answers that cannot be read.
    n_assignments : int
    """

    collected: Collected
    refused: tuple[tuple[str, str, str], ...]
    n_assignments: int


def read_results(path: str | Path) -> list[dict[str, str]]:
    """Read a results file; rows may be shorter than the header, as Amazon writes them.

    Raises
    ------
    TaskError
        It is no results file of a batch that was exported from here.
    """
    csv.field_size_limit(FIELD_LIMIT)
    text = Path(path).read_bytes().decode("utf-8-sig", errors="replace")
    rows = [
        {name: cell or "" for name, cell in row.items() if name}
        for row in csv.DictReader(io.StringIO(text, newline=""), restval="")
    ]
    missing = [name for name in NEEDED if rows and name not in rows[0]]
    if missing or not rows:
        what = f"the column {missing[0]} is missing" if missing else "it has no row"
        raise TaskError(
            f"{path}: {what}. Remedy: give the results file of a batch that was made by export_mturk "
            "(Manage, Results, Download CSV)"
        )
    return rows


def import_mturk(*paths: str | Path) -> Results:
    """Read results files as ratings.

    Parameters
    ----------
    *paths : path
        Results of one or several batches.

    Returns
    -------
    Results

    Raises
    ------
    TaskError
        A file is no results file; single assignments that cannot be read are in ``refused``.
    """
    answers: list[dict[str, Any]] = []
    refused, n_assignments = [], 0
    for path in paths:
        for row in read_results(path):
            n_assignments += 1
            try:
                answers += read_assignment(row)
            except ValueError as error:
                refused.append((row["AssignmentId"], row["WorkerId"], str(error)))
    return Results(
        collected=collect_answers(answers),
        refused=tuple(refused),
        n_assignments=n_assignments,
    )


def write_review(results: str | Path, out: str | Path, *, rejected: Mapping[str, str]) -> int:
    """Write a results file with its columns ``Approve`` and ``Reject`` filled in, to be uploaded again.

    Parameters
    ----------
    results : path
    out : path
    rejected : mapping of worker or assignment to reason
        All others are approved. Whoever worked should be paid: leave disagreement to screening, and reject
        only what was no work.

    Returns
    -------
    int
        Number of assignments that are rejected.

    Raises
    ------
    ValueError
        A name is neither a worker's nor an assignment's, or `out` is the results themselves or another file.
    """
    rows = read_results(results)
    check_overwrite(out, MARKS, inputs={"results": results}, option="out", others=True)
    check_assignments(rows, out)
    known = {row[name] for row in rows for name in ("WorkerId", "AssignmentId")}
    strangers = [name for name in rejected if name not in known]
    if strangers:
        raise TaskError(f"rejected: {strangers[0]!r} is no worker and no assignment of {results}")
    columns = list(dict.fromkeys(name for row in rows for name in row if name not in ("Approve", "Reject")))
    filled = []
    for row in rows:
        reason = rejected.get(row["AssignmentId"]) or rejected.get(row["WorkerId"]) or ""
        marks = {"Approve": "" if reason else "x", "Reject": reason}
        filled.append({name: row.get(name, "") for name in columns} | marks)
    Path(out).write_text(write_rows(filled), encoding="utf-8", newline="")
    return sum(bool(row["Reject"]) for row in filled)


def check_assignments(rows: list[dict[str, str]], out: str | Path) -> None:
    """Check that a file that is there already holds no assignment but those of `rows`.

    Raises
    ------
    TaskError
        It does.
    """
    if not Path(out).is_file() or not read_header(Path(out)):
        return
    others = {row["AssignmentId"] for row in read_results(out)} - {row["AssignmentId"] for row in rows}
    if others:
        raise TaskError(f"out {out} holds other assignments, such as {min(others)}. Remedy: give another out")
