"""VideoCon-Physics: the first benchmark's judge of whether a video follows its text and physics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from videophy_lab.judges.base import Answer, Card, Question
from videophy_lab.judges.mplug_owl import EXTRA, LICENCE, OwlJudge
from videophy_lab.judges.questions import Template, render_template

if TYPE_CHECKING:
    import torch

    from videophy_lab.judges.owl.passes import Prompt

WORDS = ("No", "Yes")


@dataclass(kw_only=True)
class VideoConPhysics(OwlJudge):
    """Give the probability of Yes against No when asked for entailment or physical laws.

    Strict mode reads the whole question, however long, and a literal ``<unk>`` as text. Official mode cuts it
    at 257 tokens, so that a long caption is scored at its own end, and at the first id 0.

    VideoCon, with whose weights its training began, is the judge ``videocon``.

    References
    ----------
    Bansal et al. 2024, VideoPhy, arXiv:2406.03520; github.com/Hritikbansal/videophy@01d366c,
    videocon/training/pipeline_video/entailment_inference.py.
    """

    card: ClassVar[Card] = Card(
        name="videocon_physics",
        summary="VideoCon-Physics, the judge of VideoPhy-1: probability of Yes (mPLUG-Owl-video, 7 B)",
        tasks=("sa", "pc"),
        scale="0–1, the probability of Yes against No",
        weights="videophysics/videocon_physics",
        size="14.3 GB",
        licence=LICENCE,
        needs=EXTRA,
    )

    def find_allowed(self, question: Question) -> tuple[int, ...]:
        """Give the ids of No and Yes."""
        ids: tuple[int, ...] = self._tokenizer.answer_ids(WORDS)
        return ids

    def encode_strictly(self, template: Template, text: str) -> list[int]:
        """Turn a template and its text into ids, split at the template's turns, the text being only text."""
        from videophy_lab.judges.owl.tokenizer import TURN_MARKS, VIDEO, split_text

        parts = [*split_text(template.before_media, TURN_MARKS), VIDEO]
        parts += split_text(template.before_text, TURN_MARKS)
        if template.after_text is not None:
            tail = split_text(template.after_text, TURN_MARKS)
            parts[-1:] = [f"{parts[-1]}{text}{tail[0]}", *tail[1:]]
        ids: list[int] = self._tokenizer.encode_parts(parts)
        return ids

    def encode_officially(self, template: Template, text: str) -> list[int]:
        """Turn a template and its text into the ids up to where the official code reads the answer."""
        return cut_padding(self._tokenizer.encode_videocon(render_template(template, text)))

    def answer_strictly(
        self, media: torch.Tensor, prompts: Sequence[Prompt], questions: Sequence[Question]
    ) -> list[Answer]:
        """Compare Yes with No at the end of each prompt."""
        from videophy_lab.judges.owl.answering import rate_words

        readings = rate_words(self._network, media, prompts, max_tokens=self.max_tokens)
        return [
            Answer(
                score=reading.probabilities[1],
                expected=reading.probabilities[1],
                probabilities=reading.probabilities,
                answer=self._tokenizer.decode(reading.tokens),
            )
            for reading in readings
        ]

    # the two modes differ only in the ids
    answer_officially = answer_strictly


def cut_padding(ids: Sequence[int]) -> list[int]:
    """Cut ids before the first padding, or literal ``<unk>``, where the official code reads the answer."""
    from videophy_lab.judges.owl.tokenizer import PAD

    ids = list(ids)
    return ids[: ids.index(PAD)] if PAD in ids else ids
