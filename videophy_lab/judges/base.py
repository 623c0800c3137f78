"""What every scorer is: the card it shows, the questions it is asked, the answers it gives.

A scorer is a judge (it answers a question about a video) or a metric (it measures a property). Both are small
dataclasses whose fields are their options; they share one protocol, so that one run can feed both from the
same decoded frames.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from videophy_lab.video import Clip, FrameView

OK, UNSCORED, FAILED = "ok", "unscored", "failed"
REPEAT = "repeat_"
QUESTION_TASKS = ("sa", "pc", "rule")


class ScorerStoppedError(OSError):
    """A scorer can answer no other question either: raised by `Scorer.score`, it ends the run.

    What was scored is kept, and there is no row for what was not. The text is the reason with its remedy.
    """


@dataclass(frozen=True)
class Card:
    """What ``list judges`` and ``list metrics`` show; reading it imports nothing heavy.

    Attributes
    ----------
    name : str
    summary : str
        One line.
    tasks : tuple of str
        ``sa``, ``pc``, ``rule``, or the names of what it measures; the first ones are asked by default.
    scale : str
        For readers, for example ``"1–5 (rule: 0, 1, 2)"``.
    better : str
        ``"higher"``, ``"lower"`` or ``"neither"``.
    weights : str
        Hub repository, or ``"none"``.
    size : str
        Of the weights, for example ``"14.3 GB"``, or ``"none"``.
    licence : str
        Of the weights, or of our code where there are none.
    needs : str
        The extra that it needs, or ``"nothing"``.
    default_tasks : tuple of str
        Tasks that are asked when none are named; empty means all of `tasks`.
    by_content : bool
        Whether equal bytes and questions get equal answers whatever the video is called: an answer may then
        be copied.
    captioned : tuple of str
        Tasks whose question holds the caption; they are asked of videos that have one.
    """

    name: str
    summary: str
    tasks: tuple[str, ...]
    scale: str
    better: str = "higher"
    weights: str = "none"
    size: str = "none"
    licence: str = "MIT"
    needs: str = "nothing"
    default_tasks: tuple[str, ...] = ()
    by_content: bool = True
    captioned: tuple[str, ...] = ("sa",)


@dataclass(frozen=True)
class Question:
    """One thing to ask about one video.

    Attributes
    ----------
    task : str
    text : str
        The caption for the tasks of `Card.captioned`, the sentence for ``rule``; empty for what needs none.
    rule_id : str, optional
    probe : str, optional
        How the video or the question was altered, for example ``"reverse"`` or ``"caption_paraphrase_1"``;
        ``"repeat_1"``: not at all, but asked again.
    video_id : str
        The video it is about; scorers that are random by design take it as their seed.
    """

    task: str
    text: str = ""
    rule_id: str | None = None
    probe: str | None = None
    video_id: str = ""

    @property
    def repeat(self) -> int:
        """Tell which asking again of the same question this is: 1, 2, …; 0 for the first time.

        A judge that draws its answers draws anew for each, and no answer that is known may stand for it.
        """
        number = (self.probe or "").removeprefix(REPEAT)
        return int(number) if number != self.probe and number.isdecimal() else 0


@dataclass(frozen=True)
class Answer:
    """What a scorer says to one question.

    Attributes
    ----------
    score : float
        NaN unless `status` is ``ok``.
    status : str
        ``ok``; ``unscored``: the answer could not be read, or there was nothing to measure; ``failed``: the
        video or the call failed.
    expected : float
        Probability-weighted mean of the allowed answers; NaN where there are no probabilities.
    probabilities : tuple of float
        Over the task's scale in ascending order, summing to 1; empty where there are none.
    answer : str
        What the judge said, as it said it.
    error : str
        The reason, unless `status` is ``ok``.
    cost : float
        US dollars that the answer cost; NaN for what is not paid by the answer.
    """

    score: float = math.nan
    status: str = OK
    expected: float = math.nan
    probabilities: tuple[float, ...] = ()
    answer: str = ""
    error: str = ""
    cost: float = math.nan


class Scorer(Protocol):
    """A judge or a metric: a dataclass that inherits from this and has options as fields.

    Attributes
    ----------
    card : Card
    view : FrameView or None
        The frames it wants; None for one that wants the file (``clip.info.path``).
    batch_size : int
        Most clips that one call of `score` takes.
    parallel : bool
        Whether several processes on one machine score faster than one: true for what has neither weights
        nor a server.
    """

    card: ClassVar[Card]
    parallel: ClassVar[bool] = False

    @property
    def view(self) -> FrameView | None:
        """Frames it wants."""

    @property
    def batch_size(self) -> int:
        """Most clips of one call."""

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a score (weights, templates, frames, precision), for the spec.

        Weights that are not on this machine are fetched for it, but not loaded.
        """
        ...

    def find_absent(self) -> str:
        """Say what a run would have to fetch first, and how large it is; empty when all is here."""
        return ""

    def describe_cost(self, asked: Sequence[tuple[Path, Sequence[Question]]]) -> str:
        """Say what it would cost to ask these questions about these files; empty when it is not paid for."""
        return ""

    def prepare(self) -> None:
        """Load what is needed, before the first video; raise ValueError or ImportError with a remedy."""

    def score(self, clips: Sequence[Clip], questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
        """Answer, for each clip, its questions, in their order.

        Whatever it raises is the reason of the clips' rows, and the run goes on; but for
        :class:`ScorerStoppedError`.
        """
        ...


def unscored(error: str, *, answer: str = "") -> Answer:
    """Make the answer of a judge that could not be read or had nothing to measure."""
    return Answer(status=UNSCORED, answer=answer, error=error)


def failed(error: str) -> Answer:
    """Make the answer for a video or a call that failed."""
    return Answer(status=FAILED, error=error)


def make_spec(description: Mapping[str, Any]) -> str:
    """Name the settings of a scorer: the first 12 hex digits of the SHA-256 of their canonical JSON."""
    text = json.dumps(description, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def weigh_answers(probabilities: Sequence[float], values: Sequence[float]) -> float:
    """Average the allowed answers by their probabilities."""
    return math.fsum(p * value for p, value in zip(probabilities, values, strict=True))
