"""Read what workers of Amazon Mechanical Turk have answered, and write who is approved.

A results file may come with answers in three forms, all of which are read: ``Answer.pc`` with a value,
``Answer.pc.4`` with ``true`` (a button each), and ``Answer.taskAnswers`` with JSON of either.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from videophy_lab.annotation.collect import Collected, collect_answers
from videophy_lab.annotation.mturk import write_rows
from videophy_lab.annotation.questions import LONGEST_TEXT, MORE, PAIRS, VALUES
from videophy_lab.annotation.session import write_time
from videophy_lab.annotation.task import ROLES, Item, Rule, TaskError

NEEDED = ("AssignmentId", "WorkerId", "Input.item_id", "Input.videos")
YES = ("true", "yes", "on", "1", "x")
HOURS_OF_ZONES = {"PST": -8, "PDT": -7, "UTC": 0, "GMT": 0}
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
    answers: dict[str, list[dict[str, Any]]] = {}
    refused, n_assignments = [], 0
    for path in paths:
        for row in read_results(path):
            n_assignments += 1
            try:
                answers.setdefault(row["WorkerId"].strip(), []).extend(read_assignment(row))
            except ValueError as error:
                refused.append((row["AssignmentId"], row["WorkerId"], str(error)))
    return Results(
        collected=collect_answers([answer for own in answers.values() for answer in own]),
        refused=tuple(refused),
        n_assignments=n_assignments,
    )


def read_assignment(row: Mapping[str, str]) -> list[dict[str, Any]]:
    """Read one assignment; raise where it does not count, or cannot be read."""
    if row.get("AssignmentStatus", "").lower() == "rejected" or row.get("Reject", "").strip():
        raise ValueError(f"rejected: {row.get('Reject', '').strip() or row.get('RequesterFeedback', '')}")
    if not row["WorkerId"].strip():
        raise ValueError("it names no worker")
    item, rules = read_item(row)
    given = read_answers(row)
    asked = rules if item.kind == "rule" else {item.kind: item.kind}
    known = json.loads(row.get("Input.expected") or "{}")
    seconds = read_number(row.get("WorkTimeInSeconds", ""))
    records = []
    for name, question in asked.items():
        value = read_value(item, given.get(name), row.get("Input.sides", "a"))
        rule = next((rule for rule in item.rules if rule.rule_id == question), None)
        records.append(
            {
                "question": question,
                "value": value,
                "seconds": None if seconds is None else seconds / len(asked),
                **({"rule": rule.text, "law": rule.law} if rule else {}),
                **(
                    {"expected": known[question], "right": item.is_right(question, value)}
                    if question in known
                    else {}
                ),
            }
        )
    if isinstance(given.get(MORE), str) and item.kind == "rule":
        records.append({"question": MORE, "value": " ".join(given[MORE].split())[:LONGEST_TEXT]})
    common = {
        "annotator": row["WorkerId"].strip(),
        "item_id": item.item_id,
        "kind": item.kind,
        "role": item.role,
        "videos": json.loads(row["Input.videos"]),
        "sides": list(row.get("Input.sides") or "a"),
        "given_at": read_moment(row.get("SubmitTime", "")),
    }
    return [
        common | {"seconds": None} | record | {"answer_id": f"{row['AssignmentId']}:{record['question']}"}
        for record in records
    ]


def read_item(row: Mapping[str, str]) -> tuple[Item, dict[str, str]]:
    """Read what was asked: the item, and for a rule the name of its answer."""
    names = {
        f"rule_{number}": row[f"Input.rule_id_{number}"]
        for number in range(1, 1000)
        if row.get(f"Input.rule_id_{number}")
    }
    rules = tuple(
        Rule(rule_id=rule_id, text=unescape(row.get(f"Input.{name}", "")),
             law=unescape(row.get(f"Input.{name.replace('rule', 'law')}", "")))
        for name, rule_id in names.items()
    )  # fmt: skip
    known = json.loads(row.get("Input.expected") or "{}")
    tolerance = int(known.pop("tolerance", 0))
    kind, named = row.get("Input.kind", ""), row.get("Input.role") or "work"
    role = next((role for role in ROLES if role == named), None)
    if kind not in VALUES or role is None:
        raise ValueError(f"its kind {kind!r} or role {named!r} is unknown")
    videos = tuple(video[0] for video in json.loads(row["Input.videos"]))
    return (
        Item(
            item_id=row["Input.item_id"], kind=kind, videos=videos, rules=rules, role=role,
            expected=known, tolerance=tolerance,
        ),
        names,
    )  # fmt: skip


def unescape(text: str) -> str:
    """Give a text as it was before it was written for a page."""
    return html.unescape(text)


def read_answers(row: Mapping[str, str]) -> dict[str, Any]:
    """Gather the answers of an assignment under their names, whatever form they came in."""
    found: dict[str, Any] = {}
    for part in list_parts(row.get("Answer.taskAnswers", "")):
        for name, value in part.items():
            found[name] = pick_button(value) if isinstance(value, dict) else value
    for column, cell in row.items():
        match = re.fullmatch(r"Answer\.([^.]+)(?:\.(.+))?", column)
        if match is None or match[1] == "taskAnswers" or not cell.strip():
            continue
        name, button = match.groups()
        if button is None:
            found[name] = cell.strip()
        elif cell.strip().lower() in YES:
            # two buttons of one question that are both pressed are no answer
            found[name] = button if name not in found else None
    return found


def list_parts(text: str) -> Iterable[dict[str, Any]]:
    """Read the JSON of all answers, an object or a list of objects."""
    if not text.strip():
        return []
    try:
        parts = json.loads(text)
    except ValueError:
        raise ValueError("Answer.taskAnswers is no JSON") from None
    return [part for part in (parts if isinstance(parts, list) else [parts]) if isinstance(part, dict)]


def pick_button(buttons: Mapping[str, Any]) -> str | None:
    """Give the one button that is pressed."""
    pressed = [name for name, on in buttons.items() if on is True or str(on).lower() in YES]
    return pressed[0] if len(pressed) == 1 else None


def read_value(item: Item, given: object, sides: str) -> int | str:
    """Read the value of an answer, or raise."""
    text = "" if given is None else str(given).strip()
    if item.kind in PAIRS:
        text = {"left": sides[0], "right": sides[-1]}.get(text, text)
    values = {str(value): value for value in VALUES[item.kind]}
    if text not in values:
        shown = ", ".join(values)
        raise ValueError(f"its answer is {text[:40]!r}; allowed: {shown}" if text else "it has no answer")
    return values[text]


def read_number(text: str) -> float | None:
    """Read a number that is not negative, if it is one."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def read_moment(text: str) -> str:
    """Read a time such as ``Mon Feb 10 10:00:00 PST 2020``, or of ISO 8601; blank where it is none."""
    match = re.fullmatch(r"(\w{3} \w{3} +\d+ [\d:]{8}) (\w+) (\d{4})", text.strip())
    try:
        if match is None:
            moment = datetime.fromisoformat(text.strip())
            return write_time(moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))
        local = datetime.strptime(f"{match[1]} {match[3]}", "%a %b %d %H:%M:%S %Y")
        zone = timezone(timedelta(hours=HOURS_OF_ZONES.get(match[2], 0)))
        return write_time(local.replace(tzinfo=zone).astimezone(UTC))
    except ValueError:
        return ""


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
    TaskError
        A name is neither a worker's nor an assignment's.
    """
    rows = read_results(results)
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
