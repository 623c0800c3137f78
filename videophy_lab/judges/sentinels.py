"""Judges that look at no pixel: what a judge must beat, and what tries out a study before there is one."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from videophy_lab.judges.base import Answer, Card, Question, Scorer, weigh_answers
from videophy_lab.judges.questions import SCALE, find_scale

if TYPE_CHECKING:
    from videophy_lab.video.clip import Clip, FrameView

READABLE_SCALE = "1–5 (rule: 0, 1, 2)"


class Sentinel(Scorer):
    """A judge that answers from the question's name alone; no frame is decoded for it."""

    parallel: ClassVar[bool] = True

    @property
    def view(self) -> FrameView | None:
        """Ask for no frames."""
        return None

    @property
    def batch_size(self) -> int:
        """Take many videos at once, since none is looked at."""
        return 256

    def describe(self) -> Mapping[str, Any]:
        """Give the name and the options, which decide every answer."""
        return {"scorer": self.card.name} | vars(self)

    def score(self, clips: Sequence[Clip], questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
        """Answer, for each clip, its questions, in their order."""
        return [[self.answer_question(question) for question in asked] for asked in questions]

    @abstractmethod
    def answer_question(self, question: Question) -> Answer:
        """Answer one question."""


@dataclass(frozen=True, kw_only=True)
class Constant(Sentinel):
    """Give every video the same answer; unless told otherwise the commonest human one.

    Parameters
    ----------
    sa, pc, rule : int
        The answer to each task's question. The defaults are the modes of the human ratings of VideoPhy-2's
        test set (3 for SA, 4 for PC) and of its rule labels (1, followed).

    Raises
    ------
    ValueError
        An answer that is not on its task's scale.
    """

    sa: int = 3
    pc: int = 4
    rule: int = 1

    card: ClassVar[Card] = Card(
        name="constant",
        summary="The same answer for every video: what agreement by chance looks like on skewed ratings",
        tasks=tuple(SCALE),
        scale=READABLE_SCALE,
    )

    def __post_init__(self) -> None:
        for task, value in asdict(self).items():
            if value not in SCALE[task]:
                raise ValueError(f"constant cannot answer {value!r} to {task}. Allowed: {SCALE[task]}.")

    def answer_question(self, question: Question) -> Answer:
        """Answer with the task's value, and with all probability on it."""
        scale = find_scale(question.task)
        value = getattr(self, question.task)
        certain = tuple(float(allowed == value) for allowed in scale)
        return Answer(score=float(value), expected=float(value), probabilities=certain, answer=str(value))


@dataclass(frozen=True, kw_only=True)
class Random(Sentinel):
    """Draw every answer evenly from those allowed.

    A draw depends on nothing but the seed and the question (video, task, rule, probe), so that it does not
    change with the order of the videos, with batches, or with the number of machines.

    Parameters
    ----------
    seed : int
    """

    seed: int = 0

    card: ClassVar[Card] = Card(
        name="random",
        summary="An even draw from the allowed answers, the same in every run: what no agreement looks like",
        tasks=tuple(SCALE),
        scale=READABLE_SCALE,
        by_content=False,
    )

    def answer_question(self, question: Question) -> Answer:
        """Answer with a draw, and with even probabilities."""
        scale = find_scale(question.task)
        name = [self.seed, question.video_id, question.task, question.rule_id, question.probe]
        digest = hashlib.sha256(json.dumps(name).encode("ascii")).digest()
        value = scale[int.from_bytes(digest, "big") % len(scale)]
        even = (1 / len(scale),) * len(scale)
        return Answer(
            score=float(value),
            expected=weigh_answers(even, scale),
            probabilities=even,
            answer=str(value),
        )
