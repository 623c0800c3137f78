"""Tokens of CLIP: counted where there is a tokenizer, and said to be unchecked where there is none."""

from __future__ import annotations

import operator
from pathlib import Path

import pandas as pd
import pytest

from tests.prompts.made_tokenizers import save_clip_tokenizer
from videophy_lab.prompts import check_tokens, load_tokenizer, tell_unchecked
from videophy_lab.prompts.tokens import bound_tokens, count_tokens
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


def test_without_a_tokenizer_nothing_is_counted_and_that_is_said(tmp_path: Path) -> None:
    assert load_tokenizer() is None
    captions = ["ball ball", "a very long caption " * 6, "é" * 38]
    table = check_tokens(make_prompts(*captions, upsampled_caption="ball ball ball"), None)
    # no number that is not a count, and a bound only where it settles the matter
    assert table[["caption_tokens", "upsampled_tokens"]].isna().all(axis=None)
    assert table["tokens_method"].tolist() == ["upper bound", "not checked", "not checked"]
    assert table["fits_clip"].isna().tolist() == [False, True, True]
    assert table["fits_clip"].iloc[0]
    assert tell_unchecked(table) == (
        "77-token check not done for 2 of 3 captions: CLIP's tokenizer is not on this machine. Type the same "
        "with: --tokenizer openai/clip-vit-large-patch14"
    )
    assert tell_unchecked(table.head(1)) == ""
    tokenizer = load_tokenizer(str(save_clip_tokenizer(tmp_path / "clip")))
    counted = check_tokens(make_prompts(*captions), tokenizer)
    assert tell_unchecked(counted) == ""
    assert all(map(operator.le, counted["caption_tokens"], map(bound_tokens, captions)))


def test_what_was_counted_before_stays_without_a_tokenizer() -> None:
    long = "a very long caption " * 6
    table = make_prompts(
        long, long, long, "ball", upsampled_caption="ball ball", upsampled_tokens="9",
        caption_tokens=["26", "78", None, None], tokens_method=["clip", "clip", "not checked", None],
    )  # fmt: skip
    found = check_tokens(table, None)
    assert found["caption_tokens"].fillna(0).tolist() == [26, 78, 0, 0]
    assert found["tokens_method"].tolist() == ["clip", "clip", "not checked", "upper bound"]
    assert found["fits_clip"].astype(object).where(found["fits_clip"].notna(), "?").tolist() == [
        True, False, "?", True,
    ]  # fmt: skip
    # the count of another upsampled caption than this one
    assert found["upsampled_tokens"].isna().all()
    assert "for 1 of 4 captions" in tell_unchecked(found)


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
