"""What passes between a browser and the log: the plan of an annotator, and answers that are checked."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from videophy_lab.annotation.log import Log, clean_name
from videophy_lab.annotation.order import QUALIFICATION, Turn, order_items
from videophy_lab.annotation.questions import CAPTIONED, LONGEST_TEXT, MORE, PROBLEM, QUESTIONS, VALUES
from videophy_lab.annotation.task import Item, Task, make_key, needs_caption

LONGEST_ID = 80
MOST_SECONDS = 24 * 3600


class AnswerError(ValueError):
    """An answer that cannot be taken, however often it is sent; the message says why."""


class Session:
    """One annotator at one task.

    Parameters
    ----------
    task : Task
    folder : path
        Of the logs.
    annotator : str

    Raises
    ------
    ValueError
        The name cannot be used.
    """

    def __init__(self, task: Task, folder: str | Path, annotator: object) -> None:
        self.task = task
        self.annotator = clean_name(annotator)
        self.log = Log(folder, self.annotator)
        self.turns = order_items(task, self.annotator)
        self._turns = {turn.item.key: turn for turn in self.turns}
        self._guard = threading.Lock()

    def open(self) -> dict[str, Any]:
        """Give all that a browser needs to go on where the annotator stopped; no known answer is in it."""
        answers = self.log.refresh()
        return {
            "annotator": self.annotator,
            "task": self.task.task_id,
            "items": [describe_turn(turn, self.task) for turn in self.turns],
            "questions": {kind: asdict(question) for kind, question in QUESTIONS.items()},
            "answers": self._show(answers),
            "seen": len(answers),
            "gate": self.grade(),
        }

    def answer(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Take an answer; it is on the disk when this returns.

        Parameters
        ----------
        message : mapping
            ``answer_id`` (any text, new for each answer), ``item`` (its key), ``question``, ``value``,
            ``given_at`` (milliseconds since 1970), ``seconds`` (at this question), ``tab``, ``seen`` (number
            of answers that the browser knows), ``shown`` (False where the browser could not show the video).

        Raises
        ------
        AnswerError
            No such item, question or value; or the qualification does not allow it.
        """
        with self._guard:
            answers = self.log.refresh()
            record = self._make_record(message, answers)
            if not any(known["answer_id"] == record["answer_id"] for known in answers):
                self._check_gate(self._turns[message["item"]])
                self.log.append(record)
            answers = self.log.refresh()
        seen = message.get("seen")
        seen = seen if isinstance(seen, int) and 0 <= seen <= len(answers) else 0
        return {"answers": self._show(answers[seen:]), "seen": len(answers), "gate": self.grade()}

    def grade(self) -> dict[str, Any] | None:
        """Give the state of the qualification; None where the task has none.

        A video that could not be shown is left out of what is asked. "Cannot be judged" of a video that was
        shown is an answer to all its questions, and not the right one. Where no video of the test could be
        shown, nobody passes or fails it.
        """
        latest = latest_answers(self.log.answers)
        test = [turn.item for turn in self.turns if turn.block == QUALIFICATION]
        if not test:
            return None
        asked = [
            (item, question) for item in test if not is_left_out(item, latest) for question in item.questions
        ]
        given = [
            (item, question)
            for item, question in asked
            if has_problem(item, latest) or (item.item_id, question) in latest
        ]
        complete = bool(asked) and len(given) == len(asked)
        right = sum(
            not has_problem(item, latest) and item.is_right(question, latest[item.item_id, question]["value"])
            for item, question in given
        )
        return {
            "asked": len(asked),
            "answered": len(given),
            "needed": math.ceil(round(self.task.pass_share * len(asked), 9)),
            "right": right if complete else None,
            "passed": right >= self.task.pass_share * len(asked) - 1e-9 if complete else None,
        }

    def count_done(self) -> tuple[int, int]:
        """Count the items that are done, and all."""
        latest = latest_answers(self.log.refresh())
        done = sum(is_done(turn.item, latest) for turn in self.turns)
        return done, len(self.turns)

    def _check_gate(self, turn: Turn) -> None:
        gate = self.grade()
        if gate is None:
            return
        if turn.block == QUALIFICATION and gate["passed"] is not None:
            raise AnswerError("the qualification is over; its answers stay as they are")
        if turn.block != QUALIFICATION and not gate["passed"]:
            raise AnswerError("the qualification comes first, and must be passed")

    def _make_record(self, message: Mapping[str, Any], answers: list[dict[str, Any]]) -> dict[str, Any]:
        turn = self._turns.get(str(message.get("item")))
        if turn is None:
            raise AnswerError(f"the task has no item {str(message.get('item'))[:LONGEST_ID]!r}")
        item, question = turn.item, str(message.get("question"))
        value = check_value(item, question, message.get("value"))
        saved = datetime.now(UTC)
        clips = [self.task.by_video[video] for video in item.videos]
        rule = next((rule for rule in item.rules if rule.rule_id == question), None)
        given_at = read_time(message.get("given_at"), saved)
        prompts = {clip.prompt_id for clip in clips}
        blind = item.kind not in CAPTIONED and item.role != "attention"
        late = blind and is_after_caption(prompts, given_at, answers)
        return {
            "answer_id": check_id(message.get("answer_id")),
            "annotator": self.annotator,
            "task_id": self.task.task_id,
            "item_id": item.item_id,
            "kind": item.kind,
            "role": item.role,
            "question": question,
            "value": value,
            "videos": [[clip.video_id, clip.prompt_id, clip.generator] for clip in clips],
            **({"rule": rule.text, "law": rule.law} if rule else {}),
            **({"sides": list(turn.sides)} if len(turn.sides) > 1 else {}),
            **({"expected": item.expected[question], "right": item.is_right(question, value)}
               if question in item.expected else {}),
            **({"shown": message.get("shown") is not False} if question == PROBLEM else {}),
            # "cannot be judged" answers all questions of a test at once
            **({"known": dict(item.expected)} if question == PROBLEM and item.expected else {}),
            # another tab of the annotator may have been further
            **({"after_caption": True} if late else {}),
            "given_at": given_at,
            "saved_at": write_time(saved),
            "seconds": read_seconds(message.get("seconds")),
            "tab": str(message.get("tab") or "")[:LONGEST_ID],
        }  # fmt: skip

    def _show(self, answers: list[dict[str, Any]]) -> list[list[Any]]:
        """Give answers to a browser: item, question, value, when, seconds, and the answer's own name."""
        return [
            [
                make_key(each["item_id"]),
                each["question"],
                each["value"],
                each["given_at"],
                each.get("seconds"),
                each["answer_id"],
            ]
            for each in answers
        ]


def describe_turn(turn: Turn, task: Task) -> dict[str, Any]:
    """Describe an item for a browser: neither its known answers nor whose videos they are."""
    item = turn.item
    clips = dict(zip(("a", "b"), (task.by_video[video] for video in item.videos), strict=False))
    return {
        "id": item.key,
        "kind": item.kind,
        "block": turn.block,
        "videos": [clips[side].key for side in turn.sides],
        "sides": list(turn.sides),
        "caption": clips["a"].caption if needs_caption(item) else "",
        "rules": [{"id": rule.rule_id, "text": rule.text} for rule in item.rules],
        "note": item.note,
    }


def is_done(item: Item, latest: Mapping[tuple[str, str], Mapping[str, Any]]) -> bool:
    """Say whether all questions of an item have an answer, or it cannot be judged."""
    if has_problem(item, latest):
        return True
    return all((item.item_id, question) in latest for question in item.questions)


def has_problem(item: Item, latest: Mapping[tuple[str, str], Mapping[str, Any]]) -> bool:
    """Say whether an item was reported as one that cannot be judged."""
    return bool(latest.get((item.item_id, PROBLEM), {}).get("value"))


def is_left_out(item: Item, latest: Mapping[tuple[str, str], Mapping[str, Any]]) -> bool:
    """Say whether an item was reported because its video could not be shown."""
    return has_problem(item, latest) and latest[item.item_id, PROBLEM].get("shown") is False


def is_after_caption(prompts: set[str], given_at: str, answers: list[dict[str, Any]]) -> bool:
    """Say whether a question with the caption of one of some prompts was answered before."""
    return any(
        answer["kind"] in CAPTIONED
        and answer["given_at"] < given_at
        and not prompts.isdisjoint(prompt for _, prompt, _ in answer["videos"])
        for answer in answers
    )


def latest_answers(answers: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Keep for every item and question the answer given last: of equal times, the one further down."""
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    for answer in answers:
        name = answer["item_id"], answer["question"]
        if name not in latest or answer.get("given_at", "") >= latest[name].get("given_at", ""):
            latest[name] = answer
    return latest


def check_value(item: Item, question: str, value: object) -> int | str:
    """Give a value that a question allows, or raise."""
    if question in (PROBLEM, MORE) and (question == PROBLEM or item.kind == "rule"):
        if isinstance(value, str) and len(value) <= LONGEST_TEXT:
            return value.strip() if question == MORE else " ".join(value.split())
        raise AnswerError(f"{question} must be a text of at most {LONGEST_TEXT:,} characters")
    if question not in item.questions:
        raise AnswerError(f"{item.item_id!r} has no question {question[:LONGEST_ID]!r}")
    allowed = VALUES[item.kind]
    if isinstance(value, bool) or value not in allowed or not isinstance(value, int | str):
        shown = ", ".join(map(str, allowed))
        raise AnswerError(f"{str(value)[:LONGEST_ID]!r} is no answer to {question!r}; allowed: {shown}")
    return value


def check_id(answer_id: object) -> str:
    """Give the name of an answer, or raise."""
    if not isinstance(answer_id, str) or not 8 <= len(answer_id) <= LONGEST_ID:
        raise AnswerError(f"answer_id must be a text of 8 to {LONGEST_ID} characters")
    return answer_id


def read_time(milliseconds: object, now: datetime) -> str:
    """Give the time of an answer; never later than now, so that a clock ahead wins no race for ever."""
    if isinstance(milliseconds, int | float) and 0 < milliseconds < 1e14:
        return write_time(min(now, datetime.fromtimestamp(milliseconds / 1000, UTC)))
    return write_time(now)


def write_time(moment: datetime) -> str:
    """Write a time in UTC with milliseconds; such times are in order as texts."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_seconds(seconds: object) -> float | None:
    """Give the seconds spent, if they can be believed."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= MOST_SECONDS:
        return None
    return round(float(seconds), 3)
