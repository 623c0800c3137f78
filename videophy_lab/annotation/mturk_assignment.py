"""Read one assignment of a results file of Amazon Mechanical Turk.

A results file may come with answers in three forms, all of which are read: ``Answer.pc`` with a value,
``Answer.pc.4`` with ``true`` (a button each), and ``Answer.taskAnswers`` with JSON of either.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from videophy_lab.annotation.questions import LONGEST_TEXT, MORE, PAIRS, PROBLEM, VALUES
from videophy_lab.annotation.record import find_fault, find_video_fault, show
from videophy_lab.annotation.session import write_time
from videophy_lab.annotation.task import ROLES, Item, Rule

YES = ("true", "yes", "on", "1", "x")
CANNOT = "cannot be judged"
HOURS_OF_ZONES = {"PST": -8, "PDT": -7, "UTC": 0, "GMT": 0}


def read_assignment(row: Mapping[str, str]) -> list[dict[str, Any]]:
    """Read one assignment.

    Returns
    -------
    list of dict
        Records as a log has them, one an answer; of a video that cannot be judged only that it cannot.

    Raises
    ------
    ValueError
        It does not count, or cannot be read.
    """
    if row.get("AssignmentStatus", "").lower() == "rejected" or row.get("Reject", "").strip():
        reason = row.get("Reject", "").strip() or row.get("RequesterFeedback", "").strip()
        raise ValueError(f"rejected: {reason}" if reason else "rejected, no reason is given")
    if not row["WorkerId"].strip():
        raise ValueError("it names no worker")
    item, rules = read_item(row)
    videos, sides = read_json(row["Input.videos"], "videos"), list(row.get("Input.sides") or "a")
    fault = find_video_fault({"kind": item.kind, "videos": videos, "sides": sides})
    if fault:
        raise ValueError(fault)
    common = {
        "annotator": row["WorkerId"].strip(),
        "item_id": item.item_id,
        "kind": item.kind,
        "role": item.role,
        "videos": videos,
        "sides": sides,
        "given_at": read_moment(row.get("SubmitTime", "")),
        "seconds": None,
    }
    seconds = read_number(row.get("WorkTimeInSeconds", ""))
    given = read_answers(row)
    if is_ticked(given.get(PROBLEM)):
        # the box does not say whether the video was shown, so a known answer is left open
        answers = [{"question": PROBLEM, "value": CANNOT, "seconds": seconds, "shown": False}]
    else:
        answers = read_questions(item, rules, given, sides, seconds)
    records = [
        common | answer | {"answer_id": f"{row['AssignmentId']}:{answer['question']}"} for answer in answers
    ]
    fault = next(filter(None, map(find_fault, records)), "")
    if fault:
        raise ValueError(fault)
    return records


def read_questions(
    item: Item,
    rules: Mapping[str, str],
    given: Mapping[str, Any],
    sides: list[str],
    seconds: float | None,
) -> list[dict[str, Any]]:
    """Read the answers to all questions of an item; each has an equal part of the seconds."""
    asked = rules if item.kind == "rule" else {item.kind: item.kind}
    answers: list[dict[str, Any]] = []
    for name, question in asked.items():
        value = read_value(item, given.get(name), sides)
        answer = {
            "question": question,
            "value": value,
            "seconds": None if seconds is None else seconds / len(asked),
        }
        rule = next((rule for rule in item.rules if rule.rule_id == question), None)
        if rule:
            answer |= {"rule": rule.text, "law": rule.law}
        if question in item.expected:
            answer |= {"expected": item.expected[question], "right": item.is_right(question, value)}
        answers.append(answer)
    if isinstance(given.get(MORE), str) and item.kind == "rule":
        answers.append({"question": MORE, "value": given[MORE].replace("\r\n", "\n").strip()[:LONGEST_TEXT]})
    return answers


def read_item(row: Mapping[str, str]) -> tuple[Item, dict[str, str]]:
    """Read what was asked, without its videos; and for a rule the name of its answer."""
    names = {
        f"rule_{number}": html.unescape(row[f"Input.rule_id_{number}"])
        for number in range(1, 1000)
        if row.get(f"Input.rule_id_{number}")
    }
    rules = tuple(
        Rule(rule_id=rule_id, text=html.unescape(row.get(f"Input.{name}", "")),
             law=html.unescape(row.get(f"Input.{name.replace('rule', 'law')}", "")))
        for name, rule_id in names.items()
    )  # fmt: skip
    kind, named = row.get("Input.kind", ""), row.get("Input.role") or "work"
    role = next((role for role in ROLES if role == named), None)
    if kind not in VALUES or role is None:
        raise ValueError(f"its kind {kind!r} or role {named!r} is unknown")
    known = read_json(row.get("Input.expected") or "{}", "known answers")
    if not isinstance(known, dict):
        raise ValueError(f"its known answers are {show(known)}; needed is an object")
    tolerance = known.pop("tolerance", 0)
    if not isinstance(tolerance, int):
        raise ValueError(f"its tolerance is {show(tolerance)}; needed is a whole number")
    return (
        Item(
            item_id=row["Input.item_id"], kind=kind, videos=(), rules=rules, role=role, expected=known,
            tolerance=tolerance,
        ),
        names,
    )  # fmt: skip


def read_json(text: str, what: str) -> Any:
    """Read a cell of JSON, or raise."""
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(f"its {what} are no JSON: {text[:40]!r}") from None


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


def is_ticked(box: object) -> bool:
    """Say whether a box is ticked."""
    return box is True or str(box).strip().lower() in YES


def read_value(item: Item, given: object, sides: list[str]) -> int | str:
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
