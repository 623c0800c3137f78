"""A question with its right answer as a network reads it, and the loss of the answer's tokens alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy

IGNORED = -100


@dataclass(frozen=True)
class Lesson:
    """The answer to a question, as tokens.

    Attributes
    ----------
    ids : tuple of int
        The answer's, its end included.
    spot : int
        Which of them is the digit.
    digits : tuple of int
        Ids of the allowed digits, in ascending order of their values.
    """

    ids: tuple[int, ...]
    spot: int
    digits: tuple[int, ...]


def weigh_answers(logits: torch.Tensor, lessons: Sequence[Lesson]) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the loss of answers, and whether the likeliest digit is the right one.

    Parameters
    ----------
    logits : tensor, shape (questions, tokens, vocabulary)
        After the question's last token, the answer's first one, and so on.
    lessons : sequence of Lesson
        Shorter answers are filled up with what is not counted.

    Returns
    -------
    losses : tensor of float32, shape (questions,)
        Negative log likelihood of a token, averaged over the answer's.
    hits : tensor of bool, shape (questions,)
    """
    labels = label_answers(lessons, logits.shape[1]).to(logits.device)
    tokens = cross_entropy(logits.float().transpose(1, 2), labels, ignore_index=IGNORED, reduction="none")
    losses = tokens.sum(1) / labels.ne(IGNORED).sum(1)
    with torch.no_grad():
        hits = [
            int(logits[row, lesson.spot, list(lesson.digits)].argmax())
            == lesson.digits.index(lesson.ids[lesson.spot])
            for row, lesson in enumerate(lessons)
        ]
    return losses, torch.tensor(hits, device=logits.device)


def label_answers(lessons: Sequence[Lesson], width: int) -> torch.Tensor:
    """Give the tokens that are to be said at each place, shape (questions, width); -100 where none is."""
    return torch.tensor([[*lesson.ids, *[IGNORED] * (width - len(lesson.ids))] for lesson in lessons])


def keep_less(model: Any) -> None:
    """Let a model of transformers compute what lies between its layers again, rather than keep it."""
    # its new name in transformers 5
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    enable({"use_reentrant": False})
