"""VideoPhy-2-AutoEval: the benchmark's own judge of semantic adherence, physical commonsense and rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from videophy_lab.judges.base import Answer, Card, Question, failed, unscored, weigh_answers
from videophy_lab.judges.mplug_owl import EXTRA, LICENCE, OwlJudge
from videophy_lab.judges.questions import SCALE, Template, parse_answer, parse_official, render_template

if TYPE_CHECKING:
    import torch

    from videophy_lab.judges.owl.answering import Reading
    from videophy_lab.judges.owl.passes import Prompt


@dataclass(kw_only=True)
class AutoEval(OwlJudge):
    """Rate semantic adherence and physical commonsense from 1 to 5, and rules as broken, followed or unclear.

    In strict mode a score is the text of greedy generation, read by a parser that takes one allowed value
    and nothing else; what it cannot read is ``unscored``, with the text kept. The answers that the judge was
    trained to give (the piece ``▁``, a digit, the end of text) and the digits' probabilities come from one
    pass; any other answer is generated to its end. Wherever the official code gives a legal answer the score
    is the official one. Where its parser picks a digit out of another text (``10`` is 0, ``4 or 3`` is 3)
    there is none. ``probabilities`` and ``expected`` are there where the answer begins with the digit that
    was read.

    In official mode the text is generated question by question and read by the official parser, so that 0 may
    mean that nothing was found.

    Parameters
    ----------
    check_end : bool
        Look whether the text ends after the digit, by one more step. Without it ``4`` and the beginning of
        ``42`` are both 4.
    max_new_tokens : int
        Most tokens of an answer; the official number by default.

    References
    ----------
    Bansal et al. 2025, VideoPhy-2, arXiv:2503.06800; github.com/Hritikbansal/videophy@01d366c.
    """

    check_end: bool = True
    max_new_tokens: int = 255

    card: ClassVar[Card] = Card(
        name="autoeval",
        summary="VideoPhy-2-AutoEval, the benchmark's own judge (mPLUG-Owl-video, 7 B)",
        tasks=("sa", "pc", "rule"),
        scale="1–5 (rule: 0 violated, 1 followed, 2 cannot be determined)",
        weights="videophysics/videophy_2_auto",
        size="14.3 GB",
        licence=LICENCE,
        needs=EXTRA,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_least(max_new_tokens=1)

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a score."""
        steps = {"check_end": self.check_end} if self.mode == "strict" else {}
        return {**super().describe(), "max_new_tokens": self.max_new_tokens, **steps}

    def find_allowed(self, question: Question) -> tuple[int, ...]:
        """Give the ids of the digits on the task's scale."""
        ids: tuple[int, ...] = self._tokenizer.answer_ids([str(value) for value in SCALE[question.task]])
        return ids

    def encode_strictly(self, template: Template, text: str) -> list[int]:
        """Turn a template and its text into ids, the text being nothing but text."""
        from videophy_lab.judges.owl.tokenizer import VIDEO

        rest = f"{template.before_text}{text}{template.after_text or ''}"
        ids: list[int] = self._tokenizer.encode_parts([template.before_media, VIDEO, rest])
        return ids

    def encode_officially(self, template: Template, text: str) -> list[int]:
        """Turn a template and its text into ids as the official code does, marks in the text included."""
        ids: list[int] = self._tokenizer.encode_official(render_template(template, text))
        return ids

    def answer_strictly(
        self, media: torch.Tensor, prompts: Sequence[Prompt], questions: Sequence[Question]
    ) -> list[Answer]:
        """Answer all prompts by one pass, and read the answers strictly."""
        from videophy_lab.judges.owl.answering import AnswerForm, answer_prompts
        from videophy_lab.judges.owl.network import EOS
        from videophy_lab.judges.owl.tokenizer import LONE_SPACE

        lead = self._tokenizer.piece_id(LONE_SPACE)
        form = AnswerForm(lead, EOS, check_end=self.check_end, max_new_tokens=self.max_new_tokens)
        readings = answer_prompts(self._network, media, prompts, form, max_tokens=self.max_tokens)
        return [
            read_strictly(
                reading, self._tokenizer.decode(reading.tokens), (lead, prompt.allowed), question.task
            )
            for reading, prompt, question in zip(readings, prompts, questions, strict=True)
        ]

    def answer_officially(
        self, media: torch.Tensor, prompts: Sequence[Prompt], questions: Sequence[Question]
    ) -> list[Answer]:
        """Generate each answer by itself, and read it as the official code does."""
        from videophy_lab.judges.owl.generation import generate_official
        from videophy_lab.judges.owl.network import EOS

        answers = []
        for prompt in prompts:
            said = generate_official(
                self._network,
                media[prompt.video],
                prompt.ids,
                eos=EOS,
                max_new_tokens=self.max_new_tokens,
            )
            answers.append(read_officially(self._tokenizer.decode(said)))
        return answers


def read_strictly(reading: Reading, text: str, allowed: tuple[int, tuple[int, ...]], task: str) -> Answer:
    """Read an answer that is one allowed value and nothing else.

    Parameters
    ----------
    reading : Reading
    text : str
        Its tokens as text.
    allowed : (int, tuple of int)
        Id of the lead, and of each digit on the task's scale.
    task : str
    """
    scale = SCALE[task]
    value = parse_answer(text, scale)
    if value is None:
        values = ", ".join(map(str, scale))
        return unscored(f"the judge's answer is none of {values}, or more than that", answer=text)
    lead, digits = allowed
    if reading.tokens[:2] != (lead, digits[scale.index(int(value))]):
        return Answer(score=value, answer=text)
    expected = weigh_answers(reading.probabilities, scale)
    return Answer(score=value, expected=expected, probabilities=reading.probabilities, answer=text)


def read_officially(text: str) -> Answer:
    """Read an answer as the official code does, faults included."""
    try:
        return Answer(score=parse_official(text), answer=text)
    except ValueError as error:
        return failed(f"the official parser dies of the answer {text!r} ({error})")
