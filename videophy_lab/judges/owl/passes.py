"""Passes through the language model: a prefix read once a video, and what differs read once a question.

All prompts of a batch begin alike, up to the video and a little beyond. That prefix goes through the language
model once for each video; its keys and values are then handed to every question about the video, and only the
rest of each question is read. Prompts are padded on the right, where causal attention hides the padding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache

from videophy_lab.judges.owl.network import MEDIA_TOKEN, OwlNetwork


@dataclass(frozen=True)
class Prompt:
    """A question as the network reads it.

    Attributes
    ----------
    ids : tuple of int
        Token ids with a placeholder for each media embedding.
    video : int
        Which of the batch's videos it is about.
    allowed : tuple of int
        Ids of the allowed answers, in the order of their probabilities.
    """

    ids: tuple[int, ...]
    video: int
    allowed: tuple[int, ...]


@dataclass(frozen=True)
class Pass:
    """A group of prompts inside the language model: what it has read so far, and what follows.

    Attributes
    ----------
    cache : DynamicCache
        Keys and values, one row a prompt.
    seen : tensor of bool, shape (prompts, slots)
        Which slots of the cache hold tokens of the prompt.
    lengths : tensor of int, shape (prompts,)
        Number of tokens of each prompt.
    at_end, after_lead : tensor, shape (prompts, vocabulary)
        Float32 logits of the first answer token and, where a lead was appended, of the one after it.
    """

    cache: DynamicCache
    seen: torch.Tensor
    lengths: torch.Tensor
    at_end: torch.Tensor
    after_lead: torch.Tensor


def measure_prefix(prompts: Sequence[Prompt]) -> int:
    """Count the ids that all prompts begin with; the last id of each is left, and no video is cut in two."""
    first, last = min(prompt.ids for prompt in prompts), max(prompt.ids for prompt in prompts)
    limit = min(len(prompt.ids) for prompt in prompts) - 1
    # what the first and the last in order share, all share
    shared = next((place for place in range(limit) if first[place] != last[place]), limit)
    while shared and first[shared] == MEDIA_TOKEN == first[shared - 1]:
        shared -= 1
    return shared


def run_model(
    network: OwlNetwork,
    embeddings: torch.Tensor,
    cache: DynamicCache,
    *,
    seen: torch.Tensor | None = None,
    positions: torch.Tensor | None = None,
) -> torch.Tensor:
    """Read embeddings on top of a cache, which grows; return the last hidden states."""
    output = network.language_model.model(
        inputs_embeds=embeddings,
        attention_mask=seen,
        position_ids=positions,
        past_key_values=cache,
        use_cache=True,
    )
    hidden: torch.Tensor = output.last_hidden_state
    return hidden.to(embeddings.device)


def compute_logits(network: OwlNetwork, hidden: torch.Tensor) -> torch.Tensor:
    """Turn hidden states into float32 logits."""
    logits: torch.Tensor = network.language_model.lm_head(hidden)
    return logits.to(hidden.device).float()


def embed_text(network: OwlNetwork, ids: torch.Tensor) -> torch.Tensor:
    """Embed ids without placeholders."""
    embeddings: torch.Tensor = network.language_model.get_input_embeddings()(ids)
    return embeddings.to(ids.device)


def read_prefix(network: OwlNetwork, media: torch.Tensor, ids: Sequence[int]) -> DynamicCache:
    """Read what all prompts share, once a video.

    Parameters
    ----------
    network : OwlNetwork
    media : tensor, shape (videos, 65, width)
    ids : sequence of int
        The shared ids; when there are none the cache is empty.
    """
    cache = DynamicCache()
    if ids:
        rows = torch.tensor([list(ids)], device=media.device).expand(len(media), -1)
        run_model(network, network.embed(rows, media), cache)
    return cache


def select_rows(cache: DynamicCache, rows: torch.Tensor) -> DynamicCache:
    """Make a cache of some rows of another, which stays as it is."""
    chosen = copy(cache)
    layers: list[Any] = [copy(layer) for layer in cache.layers]
    for layer in layers:
        layer.batch_select_indices(rows.to(layer.keys.device))
    chosen.layers = layers
    return chosen


def group_prompts(prompts: Sequence[Prompt], max_tokens: int) -> Iterator[list[int]]:
    """Group prompts of like length; a padded group, with room for its answers, has few enough tokens."""
    group: list[int] = []
    for index in sorted(range(len(prompts)), key=lambda index: len(prompts[index].ids)):
        if group and (len(group) + 1) * (len(prompts[index].ids) + 2) > max_tokens:
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def read_rest(
    network: OwlNetwork,
    media: torch.Tensor,
    prefix: DynamicCache,
    start: int,
    prompts: Sequence[Prompt],
    *,
    lead: int | None = None,
) -> Pass:
    """Read the rest of each prompt, and the lead that its answer is to begin with, in one pass."""
    tail = () if lead is None else (lead,)
    rests = [[*prompt.ids[start:], *tail] for prompt in prompts]
    width = max(map(len, rests))
    ids = torch.tensor([rest + [0] * (width - len(rest)) for rest in rests], device=media.device)
    sizes = torch.tensor([len(rest) for rest in rests], device=media.device)
    videos = torch.tensor([prompt.video for prompt in prompts], device=media.device)
    cache = select_rows(prefix, videos)
    placed = any(MEDIA_TOKEN in rest for rest in rests)
    embeddings = network.embed(ids, media[videos]) if placed else embed_text(network, ids)
    hidden = run_model(network, embeddings, cache)
    row = torch.arange(len(prompts), device=media.device)
    ends = sizes - 1 - len(tail)
    after_lead = compute_logits(network, hidden[row, sizes - 1])
    at_end = compute_logits(network, hidden[row, ends]) if tail else after_lead
    slots = torch.arange(start + width, device=media.device)
    return Pass(cache, slots < start + sizes[:, None], start + ends + 1, at_end, after_lead)


def append_tokens(
    network: OwlNetwork,
    cache: DynamicCache,
    seen: torch.Tensor,
    tokens: torch.Tensor,
    positions: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Read one more token of each row.

    Parameters
    ----------
    network : OwlNetwork
    cache : DynamicCache
        Grows by one slot.
    seen : tensor of bool, shape (rows, slots)
    tokens, positions : tensor of int, shape (rows,)
        What is read, and how many tokens of the row come before it.

    Returns
    -------
    logits : tensor of float32, shape (rows, vocabulary)
    seen : tensor of bool, shape (rows, slots + 1)
    """
    seen = torch.cat([seen, torch.ones_like(seen[:, :1])], dim=1)
    embeddings = embed_text(network, tokens[:, None])
    hidden = run_model(network, embeddings, cache, seen=seen, positions=positions[:, None])
    return compute_logits(network, hidden[:, -1]), seen
