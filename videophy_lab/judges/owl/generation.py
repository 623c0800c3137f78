"""Greedy generation: many answers at once, and one as the official code gives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from transformers import DynamicCache

from videophy_lab.judges.owl.network import OwlNetwork
from videophy_lab.judges.owl.passes import append_tokens, compute_logits, embed_text, run_model

# as many as the official call allows: its max_length of 256 counts the first token but not the prompt, in the
# version of transformers that it was written for
OFFICIAL_NEW_TOKENS = 255


def cut_answer(tokens: Sequence[int], eos: int) -> tuple[int, ...]:
    """Cut an answer before its first end of text."""
    tokens = tuple(tokens)
    return tokens[: tokens.index(eos)] if eos in tokens else tokens


def generate_answers(
    network: OwlNetwork,
    cache: DynamicCache,
    seen: torch.Tensor,
    tokens: torch.Tensor,
    positions: torch.Tensor,
    *,
    eos: int,
    max_new_tokens: int,
) -> list[tuple[int, ...]]:
    """Generate on greedily, all rows at once.

    Parameters
    ----------
    network : OwlNetwork
    cache : DynamicCache
        Grows.
    seen : tensor of bool, shape (rows, slots)
        Which slots of the cache hold tokens of the row.
    tokens, positions : tensor of int, shape (rows,)
        The first token of what is generated, and how many tokens come before it.
    eos : int
        Id of the end of text.
    max_new_tokens : int
        Most tokens of a row, its first one and the end of text counted.

    Returns
    -------
    list of tuple of int
        Without the end of text.
    """
    said = [tokens]
    ended = tokens == eos
    while len(said) < max_new_tokens and not bool(ended.all()):
        logits, seen = append_tokens(network, cache, seen, said[-1], positions)
        positions = positions + 1
        said.append(logits.argmax(-1))
        ended = ended | (said[-1] == eos)
    return [cut_answer(row, eos) for row in torch.stack(said, dim=1).tolist()]


@contextmanager
def rotate_officially(network: OwlNetwork, length: int) -> Iterator[None]:
    """Rotate as the official code does beyond the context: by the frequencies as the checkpoint stores them.

    Up to ``max_position_embeddings`` tokens its tables are computed in float32; a longer sequence makes it
    compute them again from the stored frequencies, which are rounded to bfloat16. There they stay rounded
    for the rest of the run; here every question is read as if it came first.
    """
    rotary = network.language_model.model.rotary_emb
    exact = rotary.inv_freq
    if length > network.language_model.config.max_position_embeddings:
        rotary.inv_freq = exact.bfloat16().float()
    try:
        yield
    finally:
        rotary.inv_freq = exact


def generate_official(
    network: OwlNetwork,
    media: torch.Tensor,
    ids: Sequence[int],
    *,
    eos: int,
    max_new_tokens: int = OFFICIAL_NEW_TOKENS,
) -> tuple[int, ...]:
    """Generate one answer as the official code does: greedily, one question at a time, prompts of any length.

    Parameters
    ----------
    network : OwlNetwork
    media : tensor, shape (65, width)
    ids : sequence of int
        The prompt.
    eos : int
        Id of the end of text.
    max_new_tokens : int
        Most new tokens.

    Returns
    -------
    tuple of int
        The new tokens, the end of text included where it was reached.

    References
    ----------
    github.com/Hritikbansal/videophy@01d366c, VIDEOPHY2/inference.py, under transformers 4.28.
    """
    cache = DynamicCache()
    said: list[int] = []
    with torch.inference_mode():
        embeddings = network.embed(torch.tensor([list(ids)], device=media.device), media[None])
        while len(said) < max_new_tokens and (not said or said[-1] != eos):
            if said:
                last = torch.tensor([said[-1:]], device=media.device)
                embeddings = embed_text(network, last)
            with rotate_officially(network, len(ids) + len(said)):
                hidden = run_model(network, embeddings, cache)
            said.append(int(compute_logits(network, hidden[:, -1]).argmax()))
    return tuple(said)
