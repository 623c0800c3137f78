"""Answers to many questions about many videos by one pass, and what to do where that does not settle them.

The judge answers with the piece ``▁``, a digit and the end of text. A prompt with ``▁`` appended therefore
gives in one pass what the first token would be and how likely each digit is. Where the first token is another
one, the likeliest second one is no allowed digit, or the text does not end there, the answer is generated to
its end, so that it is always the text of greedy generation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from videophy_lab.judges.owl.generation import OFFICIAL_NEW_TOKENS, cut_answer, generate_answers
from videophy_lab.judges.owl.network import OwlNetwork
from videophy_lab.judges.owl.passes import (
    Pass,
    Prompt,
    append_tokens,
    group_prompts,
    measure_prefix,
    read_prefix,
    read_rest,
    select_rows,
)


@dataclass(frozen=True)
class AnswerForm:
    """How the language model words its answers, and how far they are followed.

    Attributes
    ----------
    lead, eos : int
        Ids of the piece that an answer begins with, and of the end of text.
    check_end : bool
        Take one more step to see that the text ends after the allowed token. Without it ``4`` cannot be told
        from the beginning of ``42``.
    max_new_tokens : int
        Most tokens of an answer that looking ahead does not settle, the end of text counted; as many as were
        looked at (2, or 3 with `check_end`) or fewer generate nothing.
    """

    lead: int
    eos: int
    check_end: bool = True
    max_new_tokens: int = OFFICIAL_NEW_TOKENS


@dataclass(frozen=True)
class Reading:
    """What the language model answers to a prompt.

    Attributes
    ----------
    tokens : tuple of int
        Greedy answer, as far as it was looked for, without the end of text.
    probabilities : tuple of float
        Of the allowed answers at their place, relative to each other: they sum to 1.
    """

    tokens: tuple[int, ...]
    probabilities: tuple[float, ...]


def weigh_allowed(logits: torch.Tensor, allowed: Sequence[Sequence[int]]) -> torch.Tensor:
    """Compute the relative probabilities of each row's allowed tokens.

    Returns
    -------
    tensor of float32, shape (rows, most allowed tokens of a row)
        0 where a row has fewer.
    """
    most = max(map(len, allowed))
    padded = torch.tensor([[*ids, *[-1] * (most - len(ids))] for ids in allowed], device=logits.device)
    chosen = logits.gather(1, padded.clamp(min=0)).masked_fill(padded < 0, -torch.inf)
    return chosen.softmax(-1)


def rate_words(
    network: OwlNetwork, media: torch.Tensor, prompts: Sequence[Prompt], *, max_tokens: int = 8192
) -> list[Reading]:
    """Compare the allowed words as first token of the answer.

    Parameters
    ----------
    network : OwlNetwork
    media : tensor, shape (videos, 65, width)
    prompts : sequence of Prompt
    max_tokens : int
        Most tokens of one pass, padding counted; bounds the memory.

    Returns
    -------
    list of Reading
        One a prompt, in their order; ``tokens`` is the likeliest first token.
    """
    readings: dict[int, Reading] = {}
    with torch.inference_mode():
        start = measure_prefix(prompts)
        prefix = read_prefix(network, media, prompts[0].ids[:start])
        for group in group_prompts(prompts, max_tokens):
            chosen = [prompts[index] for index in group]
            passed = read_rest(network, media, prefix, start, chosen)
            firsts = passed.at_end.argmax(-1)[:, None]
            readings |= zip(group, collect_readings(passed.at_end, chosen, firsts), strict=True)
    return [readings[index] for index in range(len(prompts))]


def collect_readings(logits: torch.Tensor, prompts: Sequence[Prompt], tokens: torch.Tensor) -> list[Reading]:
    """Bring a group's probabilities and tokens to the host, in one transfer each."""
    allowed = [prompt.allowed for prompt in prompts]
    numbers = weigh_allowed(logits, allowed).tolist()
    return [
        Reading(tuple(said), tuple(row[: len(ids)]))
        for said, row, ids in zip(tokens.tolist(), numbers, allowed, strict=True)
    ]


def answer_prompts(
    network: OwlNetwork,
    media: torch.Tensor,
    prompts: Sequence[Prompt],
    form: AnswerForm,
    *,
    max_tokens: int = 8192,
) -> list[Reading]:
    """Answer prompts whose answer is a lead and one of the allowed tokens.

    Parameters
    ----------
    network : OwlNetwork
    media : tensor, shape (videos, 65, width)
    prompts : sequence of Prompt
    form : AnswerForm
    max_tokens : int
        Most tokens of one pass, padding counted; bounds the memory.

    Returns
    -------
    list of Reading
        One a prompt, in their order.
    """
    readings: dict[int, Reading] = {}
    with torch.inference_mode():
        start = measure_prefix(prompts)
        prefix = read_prefix(network, media, prompts[0].ids[:start])
        for group in group_prompts(prompts, max_tokens):
            chosen = [prompts[index] for index in group]
            passed = read_rest(network, media, prefix, start, chosen, lead=form.lead)
            tokens = look_ahead(network, passed, check_end=form.check_end)
            found = collect_readings(passed.after_lead, chosen, tokens)
            finished = finish_answers(network, passed, tokens, chosen, [r.tokens for r in found], form)
            for index, reading, said in zip(group, found, finished, strict=True):
                readings[index] = replace(reading, tokens=said)
    return [readings[index] for index in range(len(prompts))]


def look_ahead(network: OwlNetwork, passed: Pass, *, check_end: bool) -> torch.Tensor:
    """Give the likeliest first token, second one after the lead and, by one more step, the third one."""
    tokens = [passed.at_end.argmax(-1), passed.after_lead.argmax(-1)]
    if check_end:
        logits, _ = append_tokens(network, passed.cache, passed.seen, tokens[-1], passed.lengths + 1)
        passed.cache.crop(-1)
        tokens.append(logits.argmax(-1))
    return torch.stack(tokens, dim=1)


def finish_answers(
    network: OwlNetwork,
    passed: Pass,
    tokens: torch.Tensor,
    prompts: Sequence[Prompt],
    known: Sequence[tuple[int, ...]],
    form: AnswerForm,
) -> list[tuple[int, ...]]:
    """Give each prompt's answer, generating what looking ahead did not settle.

    Parameters
    ----------
    network : OwlNetwork
    passed : Pass
        Of the prompts, with the lead appended.
    tokens : tensor of int, shape (prompts, 2 or 3)
        What :func:`look_ahead` gave.
    prompts : sequence of Prompt
    known : sequence of tuple of int
        The same tokens on the host.
    form : AnswerForm
    """
    answers = [read_ahead(said, prompt.allowed, form) for said, prompt in zip(known, prompts, strict=True)]
    left = [row for row, answer in enumerate(answers) if answer is None]
    if left:
        rows = torch.tensor(left, device=tokens.device)
        led = (tokens[rows, 0] == form.lead).int()
        # where the answer begins otherwise, the lead was not said and must not be seen
        positions = passed.lengths[rows] + led
        slots = torch.arange(passed.seen.shape[1], device=tokens.device)
        generated = generate_answers(
            network,
            select_rows(passed.cache, rows),
            slots < positions[:, None],
            tokens[rows, led],
            positions,
            eos=form.eos,
            max_new_tokens=form.max_new_tokens,
        )
        for row, said in zip(left, generated, strict=True):
            whole = (form.lead, *said) if known[row][0] == form.lead else said
            answers[row] = whole[: form.max_new_tokens]
    return [answer for answer in answers if answer is not None]


def read_ahead(tokens: tuple[int, ...], allowed: Sequence[int], form: AnswerForm) -> tuple[int, ...] | None:
    """Give the answer where looking ahead settles it, or where no more is wanted; None otherwise."""
    first, second, *rest = tokens
    if first == form.lead and second in allowed and rest in ([], [form.eos]):
        return first, second
    if form.max_new_tokens <= len(tokens):
        return cut_answer(tokens if first == form.lead else tokens[:1], form.eos)
    return None
