"""The network of AutoEval while it learns: videos come as embeddings, which do not change."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from videophy_lab.judges.owl.network import OwlNetwork
from videophy_lab.training.networks.lessons import Lesson, keep_less, weigh_answers

# of the language model, in the names of the whole network
TARGETS = r"language_model\.model\.layers\.\d+\.(self_attn\.[qkvo]_proj|mlp\.(gate|up|down)_proj)"


class OwlTrainee(nn.Module):
    """Give the loss of answers about videos that were encoded before.

    Parameters
    ----------
    network : OwlNetwork
        With an adapter in its language model.
    """

    def __init__(self, network: OwlNetwork) -> None:
        super().__init__()
        self.network = network

    def set_training(self, is_training: bool) -> None:
        """Switch dropout and checkpointing of the language model on or off; the rest only ever answers."""
        self.network.eval()
        self.network.language_model.train(is_training)

    def keep_less(self) -> None:
        """Compute what lies between the layers again, rather than keep it."""
        keep_less(self.network.language_model)

    def forward(
        self, questions: Sequence[Sequence[int]], lessons: Sequence[Lesson], media: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Compute losses and hits; see :func:`weigh_answers`.

        Parameters
        ----------
        questions : sequence of sequence of int
            Their tokens, the video's placeholders among them.
        lessons : sequence of Lesson
        media : tensor, shape (questions, 65, width)
        """
        device = self.network.language_model.model.embed_tokens.weight.device
        texts = [[*ids, *lesson.ids] for ids, lesson in zip(questions, lessons, strict=True)]
        width = max(map(len, texts))
        # padding on the right is hidden by causal attention
        ids = torch.tensor([text + [0] * (width - len(text)) for text in texts], device=device)
        embeddings = self.network.embed(ids, media.to(device))
        hidden = self.network.language_model.model(
            inputs_embeds=embeddings, use_cache=False
        ).last_hidden_state
        longest = max(len(lesson.ids) for lesson in lessons)
        first = torch.tensor([len(question) - 1 for question in questions], device=device)
        spots = (first[:, None] + torch.arange(longest, device=device)).clamp(max=width - 1)
        rows = torch.arange(len(texts), device=device)[:, None]
        logits = self.network.language_model.lm_head(hidden[rows, spots])
        return weigh_answers(logits, lessons)
