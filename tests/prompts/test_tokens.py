"""Tokens of CLIP: counted where there is a tokenizer, bounded where there is none."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.prompts.made_tokenizers import save_clip_tokenizer
from videophy_lab.prompts import check_tokens, load_tokenizer
from videophy_lab.prompts.tokens import count_tokens
from videophy_lab.weights import WeightsError


def make_prompts(*captions: str, **columns: object) -> pd.DataFrame:
    ids = [f"p{number}" for number in range(len(captions))]
    return pd.DataFrame({"prompt_id": ids, "caption": list(captions), **columns})


def test_tokens_are_counted_with_both_marks(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(str(save_clip_tokenizer(tmp_path / "clip")))
    assert count_tokens(["ball", "Ball ball", "lab", ""], tokenizer) == [3, 4, 5, 2]
    long = "ball " * 75
    table = check_tokens(
        make_prompts(long, long + "ball", upsampled_caption=["ball " * 100, None]), tokenizer
    )
    assert table["caption_tokens"].tolist() == [77, 78]
    assert table["fits_clip"].tolist() == [True, False]
    assert table["upsampled_tokens"].tolist()[0] == 102
    assert table["upsampled_tokens"].isna().tolist() == [False, True]
    assert table["tokens_method"].eq("clip").all()


def test_without_a_tokenizer_there_is_a_bound_that_says_so(tmp_path: Path) -> None:
    assert load_tokenizer() is None
    captions = ["ball ball", "a very long caption " * 6, "é" * 38]
    table = check_tokens(make_prompts(*captions), None)
    assert table["tokens_method"].eq("upper bound").all()
    assert table["caption_tokens"].tolist() == [10, 98, 78]
    assert table["fits_clip"].isna().tolist() == [False, True, True]
    tokenizer = load_tokenizer(str(save_clip_tokenizer(tmp_path / "clip")))
    exact = check_tokens(make_prompts(*captions), tokenizer)["caption_tokens"]
    assert (table["caption_tokens"] >= exact).all()


def test_a_tokenizer_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsError, match=r"has no tokenizer of CLIP .*Remedy: hf download"):
        load_tokenizer(str(tmp_path / "empty"))
    with pytest.raises(WeightsError, match="could not be fetched"):
        load_tokenizer("openai/clip-vit-large-patch14")
    broken = save_clip_tokenizer(tmp_path / "broken")
    (broken / "vocab.json").write_text("{", "utf-8")
    with pytest.raises(WeightsError, match="has no tokenizer of CLIP"):
        load_tokenizer(str(broken))
