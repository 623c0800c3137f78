"""What a vision-language model answers: its tokens, the digits' logits beside them, and how they are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from videophy_lab.judges.base import Answer, unscored, weigh_answers
from videophy_lab.judges.questions import parse_answer
from videophy_lab.judges.vlm_inputs import Row, join_rows

if TYPE_CHECKING:
    import torch

# a digit alone, and after a space as sentencepiece and byte-level tokenizers write one
SPELLINGS = ("{}", "▁{}", "Ġ{}")
DIGITS = range(6)
THOUGHT, END_OF_THOUGHT = "<think>", "</think>"
VERDICT = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)


@dataclass(frozen=True)
class Decoding:
    """How answers are generated.

    Attributes
    ----------
    max_new_tokens : int
        Most tokens of an answer.
    max_tokens : int
        Most tokens in one pass, prompts and answers together.
    temperature : float
        0 takes the likeliest token. Above it tokens are drawn, with the checkpoint's own settings for the
        rest (top-k, top-p), each row from `seed` and its own `repeat` alone.
    seed : int
    """

    max_new_tokens: int
    max_tokens: int
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Said:
    """An answer as it was generated.

    Attributes
    ----------
    tokens : tuple of int
        Without the token that ends it.
    text : str
    ended : bool
        Whether it came to its end, or was cut off.
    logits : array of float, shape (tokens, digits)
        Of the watched tokens, at each step.
    """

    tokens: tuple[int, ...]
    text: str
    ended: bool
    logits: np.ndarray


class DigitRecorder:
    """Keep the logits of a few tokens at every step; those of all would fill the memory."""

    def __init__(self, watched: Sequence[int]) -> None:
        self.watched = list(watched)
        self.steps: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Record, and change nothing."""
        self.steps.append(scores[:, self.watched].float().cpu())
        return scores

    def stack(self, row: int) -> np.ndarray:
        """Give the logits of one row, shape (steps, watched)."""
        return np.array([step[row].numpy() for step in self.steps], dtype=float)


def spell_digits(tokenizer: Any) -> dict[int, tuple[int, ...]]:
    """Give, for each digit from 0 to 5, the ids of the tokens that are this digit alone."""
    vocab = tokenizer.get_vocab()
    return {
        digit: tuple(vocab[form.format(digit)] for form in SPELLINGS if form.format(digit) in vocab)
        for digit in DIGITS
    }


def generate_answers(
    model: Any, tokenizer: Any, rows: Sequence[Row], spellings: Mapping[int, Sequence[int]], how: Decoding
) -> list[Said]:
    """Generate an answer to each row, several rows in a pass."""
    watched = [token for tokens in spellings.values() for token in tokens]
    return [
        said
        for part in split_rows(rows, how)
        for said in generate_batch(model, tokenizer, part, DigitRecorder(watched), how)
    ]


def split_rows(rows: Sequence[Row], how: Decoding) -> Iterator[Sequence[Row]]:
    """Split rows into passes that fit.

    Videos of other shapes go apart where the model takes them as one array; drawn answers go one by one, so
    that they do not depend on their neighbours.
    """
    part: list[Row] = []
    for row in rows:
        longest = max(len(other.ids) for other in [*part, row]) + how.max_new_tokens
        full = longest * (len(part) + 1) > how.max_tokens
        if part and (full or how.temperature > 0 or not has_shapes(row, part[0])):
            yield part
            part = []
        part.append(row)
    if part:
        yield part


def has_shapes(row: Row, other: Row) -> bool:
    """Tell whether the videos of two rows can be put one after the other."""
    return all(row.media[name].shape[1:] == value.shape[1:] for name, value in other.media.items())


def generate_batch(
    model: Any, tokenizer: Any, rows: Sequence[Row], recorder: DigitRecorder, how: Decoding
) -> list[Said]:
    """Generate the answers to the rows of one pass."""
    import torch

    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
    batch: dict[str, Any] = {
        name: place_tensor(model, name, value) for name, value in join_rows(rows, pad).items()
    }
    greedy: dict[str, Any] = {
        "do_sample": False,
        "repetition_penalty": 1.0,
        "temperature": 1.0,
        "top_k": 50,
        "top_p": 1.0,
    }
    drawn: dict[str, Any] = {"do_sample": True, "temperature": how.temperature}
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.inference_mode(), torch.random.fork_rng(devices=devices):
        # drawn answers go one by one, so that a row has a seed of its own
        torch.manual_seed(how.seed + rows[0].repeat)
        made = model.generate(
            **batch,
            **(drawn if how.temperature > 0 else greedy),
            max_new_tokens=how.max_new_tokens,
            num_beams=1,
            pad_token_id=pad,
            logits_processor=[recorder],
        )
    ends = list_ends(model, tokenizer)
    width = batch["input_ids"].shape[1]
    return [
        cut_answer(tokenizer, tokens[width:].tolist(), ends, recorder.stack(row))
        for row, tokens in enumerate(made)
    ]


def place_tensor(model: Any, name: str, value: torch.Tensor) -> torch.Tensor:
    """Move an input to the model's device, pixels in its precision."""
    return value.to(model.device, model.dtype if name.startswith("pixel_values") else value.dtype)


def list_ends(model: Any, tokenizer: Any) -> set[int]:
    """List the tokens that end an answer."""
    ends = model.generation_config.eos_token_id
    several = ends if isinstance(ends, list | tuple) else [ends]
    return {token for token in (*several, tokenizer.eos_token_id) if token is not None}


def cut_answer(tokenizer: Any, tokens: list[int], ends: set[int], logits: np.ndarray) -> Said:
    """Cut an answer before the token that ends it."""
    length = next((place for place, token in enumerate(tokens) if token in ends), len(tokens))
    kept = tokens[:length]
    return Said(tuple(kept), decode(tokenizer, kept), length < len(tokens), logits[:length])


def decode(tokenizer: Any, tokens: Sequence[int]) -> str:
    """Turn tokens into text."""
    text: str = tokenizer.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return text


def find_verdict(text: str) -> tuple[int, int] | None:
    """Find where an answer stands in a text that may think before it.

    It is what follows ``</think>``, and of that what stands in ``<answer>…</answer>`` where there is one
    pair; None where the thought does not end.
    """
    start = text.rfind(END_OF_THOUGHT)
    if start < 0 and text.lstrip().startswith(THOUGHT):
        return None
    start = start + len(END_OF_THOUGHT) if start >= 0 else 0
    inside = list(VERDICT.finditer(text, start))
    return inside[0].span(1) if len(inside) == 1 else (start, len(text))


def read_number(said: Said, scale: Sequence[int], weigh: Callable[[int, int], tuple[float, ...]]) -> Answer:
    """Read an answer that is one allowed value and nothing else, after the thought if there is one.

    Parameters
    ----------
    said : Said
    scale : sequence of int
    weigh : callable
        Gives the probabilities over the scale for a value and the place in the text where its digit ends.
    """
    span = find_verdict(said.text)
    if span is None or not said.ended:
        return unscored(f"the answer is not finished after {len(said.tokens)} tokens", answer=said.text)
    words = said.text[slice(*span)]
    value = parse_answer(words, scale)
    if value is None:
        allowed = ", ".join(map(str, scale))
        return unscored(f"the judge's answer is none of {allowed}, or more than that", answer=said.text)
    digit = words.find(str(int(value)))
    return make_answer(value, said.text, scale, weigh(int(value), span[0] + digit + 1) if digit >= 0 else ())


def make_answer(value: float, text: str, scale: Sequence[int], probabilities: tuple[float, ...]) -> Answer:
    """Make an answer, with its expectation where there are probabilities."""
    if not probabilities:
        return Answer(score=value, answer=text)
    expected = weigh_answers(probabilities, scale)
    return Answer(score=value, expected=expected, probabilities=probabilities, answer=text)


def weigh_digits(
    said: Said,
    place: tuple[int, int],
    scale: Sequence[int],
    spellings: Mapping[int, Sequence[int]],
    tokenizer: Any,
) -> tuple[float, ...]:
    """Give the probabilities of the digits of a scale where one of them was said; empty where none are known.

    They are those of the tokens that are a digit alone, all its spellings together, renormalised over the
    scale.

    Parameters
    ----------
    said : Said
    place : (int, int)
        The digit, and where it ends in the text.
    scale : sequence of int
    spellings : mapping of int to sequence of int
        As :func:`spell_digits` gives them, in the order of the logits.
    tokenizer : transformers.PreTrainedTokenizerBase
    """
    digit, end = place
    step = next(
        (
            step
            for step, token in enumerate(said.tokens)
            if token in spellings[digit] and len(decode(tokenizer, said.tokens[: step + 1])) == end
        ),
        None,
    )
    if step is None or not all(spellings[value] for value in scale):
        return ()
    owners = np.array([value for value, tokens in spellings.items() for _ in tokens])
    logits = said.logits[step]
    weights = np.exp(logits - logits[np.isin(owners, scale)].max())
    summed = np.array([weights[owners == value].sum() for value in scale])
    return tuple(float(share) for share in summed / summed.sum())
