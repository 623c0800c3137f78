"""The words for what becomes of an action backwards: one meaning each, wherever they stand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from videophy_lab.schema import read_reversibility


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("irreversible", "irreversible"),
        ("equivariant", "equivariant"),
        ("reversible", "equivariant"),
        ("invariant", "invariant"),
        ("symmetric", "invariant"),
        ("  Symmetric ", "invariant"),
        ("IRREVERSIBLE\n", "irreversible"),
    ],
)
def test_the_words_of_the_literature_and_of_everyday_mean_the_same(word: str, found: str) -> None:
    assert read_reversibility(word) == found


@pytest.mark.parametrize("cell", ["", "  ", None, np.nan, np.float64("nan"), pd.NA, pd.NaT])
def test_a_blank_is_not_known(cell: object) -> None:
    assert read_reversibility(cell) == ""


@pytest.mark.parametrize("word", ["perhaps", "nan", "irreversibel", 1, 1.5, True])
def test_an_unknown_word_names_the_allowed_ones(word: object) -> None:
    with pytest.raises(ValueError, match=r"Allowed: irreversible, equivariant, invariant, also reversible"):
        read_reversibility(word)
