"""Look at what a scorer gave before it is stored, so that one answer that cannot be does not end the run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from videophy_lab.judges.base import FAILED, OK, UNSCORED, Answer, Question, failed

STATUSES = (OK, UNSCORED, FAILED)
SUM_TOLERANCE = 1e-3


def settle_answers(answers: Any, questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
    """Check what a scorer gave for a batch; an answer that cannot be becomes ``failed`` with the reason.

    Raises
    ------
    ValueError
        There is not one answer to each question, so that nothing tells which is whose.
    """
    found, asked = [len(part) for part in answers], [len(part) for part in questions]
    if found != asked:
        raise ValueError(f"the scorer was asked {asked} questions about the clips and gave {found} answers")
    return [[settle_answer(answer) for answer in part] for part in answers]


def settle_answer(answer: Any) -> Answer:
    """Give an answer that can be stored."""
    fault = find_fault(answer)
    if fault:
        return failed(f"the scorer gave {fault}")
    given: Answer = answer
    return replace(given, answer=clean_text(given.answer), error=clean_text(given.error))


def find_fault(answer: Any) -> str:
    """Say what is wrong with an answer; empty when nothing is."""
    if not isinstance(answer, Answer):
        return f"{answer!r}, which is no Answer"
    if answer.status not in STATUSES:
        return f"the status {answer.status!r}; allowed: {', '.join(STATUSES)}"
    if (answer.status == OK) != math.isfinite(answer.score):
        return f"the score {answer.score} with the status {answer.status}"
    if math.isinf(answer.expected):
        return "an infinite expected answer"
    chances = answer.probabilities
    if chances and not (min(chances) >= 0 and abs(math.fsum(chances) - 1) <= SUM_TOLERANCE):
        return f"the probabilities {list(chances)}, which do not sum to 1"
    return ""


def clean_text(text: str) -> str:
    """Replace what UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
