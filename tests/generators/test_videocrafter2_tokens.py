"""Texts as the text encoder of VideoCrafter2 is given them, against OpenCLIP."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.generators.videocrafter2_cases import GOLDEN, TINY, WORDS, write_words
from videophy_lab.generators.videocrafter2_tokens import clean_text, fill_up, load_tokenizer, tokenise
from videophy_lab.weights import WeightsError

CASES = json.loads((GOLDEN / "tokens.json").read_text("utf-8"))
START, END = TINY.vocabulary - 2, TINY.vocabulary - 1


@pytest.mark.parametrize(("text", "ids"), list(zip(CASES["texts"], CASES["ids"], strict=True)))
def test_tokens_are_those_of_openclip(text: str, ids: list[int]) -> None:
    assert fill_up(tokenise(load_tokenizer(WORDS, TINY.vocabulary), text), 77) == ids


def test_a_text_is_filled_up_with_zeros_and_cut_before_its_end() -> None:
    assert fill_up([START, 5, END], 5) == [START, 5, END, 0, 0]
    assert fill_up([START, 5, 6, 7, 8, END], 4) == [START, 5, 6, END]
    assert fill_up([START, 5, 6, END], 4) == [START, 5, 6, END]


def test_all_tokens_are_counted_before_any_are_cut_off() -> None:
    ids = tokenise(load_tokenizer(WORDS, TINY.vocabulary), "ball " * 100)
    assert (len(ids), ids[0], ids[-1]) == (102, START, END)


def test_a_text_is_cleaned_as_openclip_does() -> None:
    assert clean_text("  A\tBall &amp;amp;\n  rolls\u3000OFF ") == "a ball & rolls off"
    assert clean_text("schÃ¶n") == "schön"
    assert clean_text("<|EndOfText|>!") == "<| endoftext |>!"


def test_a_vocabulary_of_another_size_is_refused() -> None:
    with pytest.raises(WeightsError, match=f"has {TINY.vocabulary} tokens, and the text encoder knows 49408"):
        load_tokenizer(WORDS, 49408)


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt"])
def test_damaged_files_are_refused_with_the_line_that_fetches_them(tmp_path: Path, name: str) -> None:
    write_words(tmp_path)
    (tmp_path / name).write_bytes(b"\xff\xfe<html>")
    with pytest.raises(WeightsError, match="hf download openai/clip-vit-large-patch14 vocab"):
        load_tokenizer(tmp_path, TINY.vocabulary)


def test_merges_that_do_not_belong_to_the_vocabulary_are_refused(tmp_path: Path) -> None:
    write_words(tmp_path)
    (tmp_path / "merges.txt").write_text("#version: 0.2\nq zz\n")
    with pytest.raises(WeightsError, match="cannot be read as CLIP's tokenizer"):
        load_tokenizer(tmp_path, TINY.vocabulary)
