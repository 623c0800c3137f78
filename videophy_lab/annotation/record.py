"""What a record must hold to be an answer, wherever it was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from videophy_lab.annotation.questions import KINDS, MORE, PAIRS, PROBLEM, VALUES
from videophy_lab.annotation.task import ROLES

TEXTS = ("answer_id", "annotator", "item_id", "kind", "role", "question", "given_at")
# a time that is not known is blank, everything else is there
MAY_BE_BLANK = ("given_at",)


def find_fault(record: object) -> str:
    """Say why a record is no answer; blank where it is one.

    Parameters
    ----------
    record : object
        A line of a log as JSON gives it, or an answer of a worker.

    Returns
    -------
    str
        The first fault, with what was given and what is allowed.
    """
    if not isinstance(record, Mapping):
        return "it is no object"
    for name in TEXTS:
        text = record.get(name)
        if not isinstance(text, str) or not (text.strip() or name in MAY_BE_BLANK):
            return f"its {name} is {show(text)}; needed is a text"
    for name, allowed in (("kind", KINDS), ("role", ROLES)):
        if record[name] not in allowed:
            return f"its {name} is {show(record[name])}; allowed: {', '.join(allowed)}"
    return find_video_fault(record) or find_value_fault(record)


def find_video_fault(record: Mapping[str, Any]) -> str:
    """Say what is wrong with the videos of a record, and with the sides of a pair."""
    needed = 2 if record["kind"] in PAIRS else 1
    videos = record.get("videos")
    if not isinstance(videos, list) or len(videos) != needed or not all(map(is_video, videos)):
        return f"its videos are {show(videos)}; needed: {needed} of [video_id, prompt_id, generator]"
    sides = record.get("sides")
    if needed == 2 and not (isinstance(sides, list) and sorted(map(str, sides)) == ["a", "b"]):
        return f"its sides are {show(sides)}; allowed: ['a', 'b'], ['b', 'a']"
    return ""


def find_value_fault(record: Mapping[str, Any]) -> str:
    """Say what is wrong with the value of a record, with its known answer, or with its seconds."""
    value, seconds = record.get("value"), record.get("seconds")
    is_text = record["question"] in (MORE, PROBLEM)
    if is_text and not isinstance(value, str):
        return f"its value is {show(value)}; needed is a text"
    if not is_text and not is_among(value, VALUES[record["kind"]]):
        return f"its value is {show(value)}; allowed: {', '.join(map(str, VALUES[record['kind']]))}"
    if not is_text and record["role"] != "work":
        known, right = record.get("expected"), record.get("right")
        if not is_among(known, VALUES[record["kind"]]) or right not in (0, 1):
            return f"its known answer is {show(known)}, right is {show(right)}; both must be known"
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if seconds is not None and not (is_number and 0 <= seconds < float("inf")):
        return f"its seconds are {show(seconds)}; allowed: 0 or more, or null"
    return ""


def is_video(video: object) -> bool:
    """Say whether a video is named by its id, prompt and generator."""
    return isinstance(video, list) and len(video) == 3 and all(isinstance(name, str) for name in video)


def is_among(value: object, allowed: Iterable[object]) -> bool:
    """Say whether a value is one of those allowed; true and false are none."""
    return not isinstance(value, bool) and value in allowed


def show(value: object) -> str:
    """Show a value in a message."""
    return "missing" if value is None else repr(value)[:80]
