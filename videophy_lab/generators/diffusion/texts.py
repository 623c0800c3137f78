"""Count a text's tokens as its encoders see them: what they cut off, they mostly cut off in silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Count:
    """Tokens of a text for one encoder.

    Attributes
    ----------
    tokens : int
        Before any are cut off, the encoder's own marks included.
    limit : int
        More are cut off.
    """

    tokens: int
    limit: int

    @property
    def truncated(self) -> int:
        """Tokens that are cut off."""
        return max(0, self.tokens - self.limit)


def count_tokens(tokenizer: Any, text: str, limit: int, *, skipped: int = 0, marks: bool = True) -> Count:
    """Count the tokens of a text.

    Parameters
    ----------
    tokenizer : a tokenizer of transformers
    text : str
    limit : int
    skipped : int
        Tokens in front that belong to a template and are not counted.
    marks : bool
        Whether the tokenizer adds its own marks.
    """
    ids = tokenizer(text, add_special_tokens=marks, truncation=False, verbose=False)["input_ids"]
    return Count(len(ids) - skipped, limit)


def find_worst(counts: Mapping[str, Count]) -> Count:
    """Give the count of the encoder that loses most; of those that lose the same, the first."""
    return max(counts.values(), key=lambda count: count.truncated)


def describe_counts(counts: Mapping[str, Count]) -> dict[str, Any]:
    """Give what every encoder saw, as JSON."""
    return {
        "tokens": {name: count.tokens for name, count in counts.items()},
        "truncated": {name: count.truncated for name, count in counts.items()},
    }
