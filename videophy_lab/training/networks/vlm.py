"""Any vision-language model of transformers while it learns."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from videophy_lab.judges.vlm_answers import has_shapes, place_tensor
from videophy_lab.judges.vlm_inputs import Row, join_rows
from videophy_lab.training.networks.lessons import Lesson, keep_less, weigh_answers

LAYER = re.compile(r"\.layers\.\d+\.")


def find_language_model(model: Any) -> tuple[str, nn.Module]:
    """Find the part of a model that holds the layers of its language model, and its name.

    Raises
    ------
    ValueError
        There is none with numbered layers.
    """
    decoder = model.get_decoder()
    for name, module in model.named_modules():
        if module is decoder and name and hasattr(decoder, "layers"):
            return name, module
    named = [(name, module) for name, module in model.named_modules() if name.endswith("language_model")]
    for name, module in named:
        if hasattr(module, "layers"):
            return name, module
    raise ValueError(
        f"{type(model).__name__} has no language model with layers of its own, so there is no place for an "
        "adapter. Remedy: give an image-text-to-text model of transformers whose language model has layers."
    )


def find_targets(model: Any) -> str:
    """Write a pattern of the linear layers in the blocks of a model's language model."""
    prefix, part = find_language_model(model)
    ends = {
        LAYER.split(f".{name}", maxsplit=1)[1]
        for name, module in part.named_modules()
        if isinstance(module, nn.Linear) and LAYER.search(f".{name}")
    }
    return rf"{re.escape(prefix)}\.layers\.\d+\.({'|'.join(map(re.escape, sorted(ends)))})"


class VlmTrainee(nn.Module):
    """Give the loss of answers about videos.

    Parameters
    ----------
    model : transformers.PreTrainedModel
        With an adapter in its language model.
    pad : int
        Id that fills up shorter questions.
    """

    def __init__(self, model: Any, pad: int) -> None:
        super().__init__()
        self.model = model
        self.pad = pad
        self.cuts_logits = "logits_to_keep" in inspect.signature(model.forward).parameters

    def set_training(self, is_training: bool) -> None:
        """Switch dropout and checkpointing of the language model on or off; the rest only ever answers."""
        self.model.eval()
        find_language_model(self.model)[1].train(is_training)

    def keep_less(self) -> None:
        """Compute what lies between the layers again, rather than keep it."""
        keep_less(self.model)

    def forward(self, rows: Sequence[Row], lessons: Sequence[Lesson]) -> tuple[torch.Tensor, torch.Tensor]:
        """Compute losses and hits; see :func:`weigh_answers`.

        Parameters
        ----------
        rows : sequence of Row
            Questions with their videos; videos that cannot be stacked go through one after the other.
        lessons : sequence of Lesson
        """
        parts: list[list[int]] = []
        for place, row in enumerate(rows):
            if not parts or not has_shapes(row, rows[parts[-1][0]]):
                parts.append([])
            parts[-1].append(place)
        found = [self.read([rows[i] for i in part], [lessons[i] for i in part]) for part in parts]
        return torch.cat([losses for losses, _ in found]), torch.cat([hits for _, hits in found])

    def read(self, rows: Sequence[Row], lessons: Sequence[Lesson]) -> tuple[torch.Tensor, torch.Tensor]:
        """Take one batch through the network."""
        width = max(len(lesson.ids) for lesson in lessons)
        # answers end together: a shorter one is followed by what is not counted
        full = [
            append_answer(row, lesson, width, self.pad) for row, lesson in zip(rows, lessons, strict=True)
        ]
        batch = {
            name: place_tensor(self.model, name, value) for name, value in join_rows(full, self.pad).items()
        }
        cut = {"logits_to_keep": width + 1} if self.cuts_logits else {}
        logits = self.model(**batch, **cut, use_cache=False).logits
        return weigh_answers(logits[:, -width - 1 : -1], lessons)


def append_answer(row: Row, lesson: Lesson, width: int, pad: int) -> Row:
    """Put an answer after its question."""
    tail = [*lesson.ids, *[pad] * (width - len(lesson.ids))]
    types = None if row.types is None else [*row.types, *[0] * len(tail)]
    return Row([*row.ids, *tail], types, row.media)
