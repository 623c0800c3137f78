"""How the answers of a vision-language model are read."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from tests.judges import tiny_vlms, vlm_cases
from tests.judges.tiny_vlms import find_token, follow, make_clip, teach
from tests.judges.vlm_cases import (
    PC,
    PROMPTS,
    give_logits,
    make_judge,
    share_digits,
)
from videophy_lab.judges.base import Question
from videophy_lab.judges.vlm_answers import find_verdict, list_ends, spell_digits

one_thread = tiny_vlms.one_thread
folders = vlm_cases.folders


@pytest.mark.parametrize(
    ("said", "score", "text", "error"),
    [
        (("\n", "It is good", "<|im_end|>"), None, "It is good", "none of 1, 2, 3, 4, 5"),
        (("\n", "10", "<|im_end|>"), None, "10", "none of 1, 2, 3, 4, 5"),
        (("\n", "0", "<|im_end|>"), None, "0", "none of 1, 2, 3, 4, 5"),
        (("\n", "4", " or ", "3", "<|im_end|>"), None, "4 or 3", "none of 1, 2, 3, 4, 5"),
        (("\n", "<|im_end|>"), None, "", "none of 1, 2, 3, 4, 5"),
        (("\n", "4", "4"), None, "4" * 16, "not finished after 16 tokens"),
        (("\n", "<think>", "It is good", "5", "</think>", "<|im_end|>"), None, None, "none of 1, 2, 3"),
        (("\n", "<think>", "5", "5"), None, None, "not finished after 16 tokens"),
        (("\n", "four", "<|im_end|>"), 4, "four", ""),
        (("\n", "<think>", "5", "</think>", "3", "<|im_end|>"), 3, "<think>5</think>3", ""),
        (("\n", "<think>", "3", "</think>", "<answer>", "2", "</answer>", "<|im_end|>"), 2, None, ""),
        (("\n", "<answer>", "2", "<|im_end|>"), None, "<answer>2", "none of 1, 2, 3, 4, 5"),
    ],
)
def test_what_is_said_is_read_strictly(folders, said, score, text, error):
    judge = make_judge(folders["qwen2_5_vl"], "qwen2_5_vl")
    teach(judge._model, judge._processor.tokenizer, follow(*said))
    answer = judge.score([make_clip(judge.view)], [[Question("pc")]])[0][0]
    assert answer.status == ("ok" if score else "unscored")
    assert answer.score == score if score else math.isnan(answer.score)
    assert answer.answer == ("".join(said[1:-1]) if text is None and error == "" else text or answer.answer)
    assert error in answer.error
    assert bool(error) == bool(answer.error)
    # probabilities are those of the digit that was read: never without one, never those of another
    assert bool(answer.probabilities) == (score in (2, 3))
    if answer.probabilities:
        assert np.argmax(answer.probabilities) + 1 == score


def test_after_a_thought_the_probabilities_are_those_at_the_verdict(folders):
    judge = make_judge(folders["qwen3_vl"], "qwen3_vl")
    tokenizer = judge._processor.tokenizer
    thought = follow("\n", "<think>", "4", "</think>", "<answer>", last={"4": 15.0, "3": 11.0, "1": 10.0})
    # the 4 of the thought is followed by its end, and the 4 of the verdict too: no second pair, so it is read
    teach(judge._model, tokenizer, thought | follow("</think>", "<answer>") | {"4": {"</think>": 12.0}})
    judge.max_new_tokens = 6
    said = ["<think>", "4", "</think>", "<answer>"]
    clip = make_clip(judge.view, seed=5)
    row = judge.write_row(judge.write_question(Question("pc")), judge.encode_clip(clip))
    made = judge.generate({(0, ""): row})[0, ""]
    assert made.text.startswith("<think>4</think><answer>4")
    end = len("<think>4</think><answer>4")
    logits = give_logits(
        judge,
        clip,
        PROMPTS["qwen3_vl"].format(PC),
        fps=8.0,
        said=tuple(find_token(tokenizer, s) for s in said),
    )
    shares = share_digits(judge, logits, (1, 2, 3, 4, 5))
    assert judge.weigh(made, (4, end), (1, 2, 3, 4, 5)) == pytest.approx(shares, abs=1e-6)
    early = judge.weigh(made, (4, len("<think>4")), (1, 2, 3, 4, 5))
    assert early != pytest.approx(shares, abs=1e-3)
    assert judge.weigh(made, (4, end + 1), (1, 2, 3, 4, 5)) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("4", "4"),
        ("<think>3</think>\n4", "\n4"),
        ("3</think>4", "4"),
        ("<think>a</think><answer>\n4\n</answer>", "\n4\n"),
        ("<answer>4</answer> as I said", "4"),
        ("<answer>4</answer><answer>5</answer>", "<answer>4</answer><answer>5</answer>"),
        ("<think><answer>3</answer></think>4", "4"),
        ("<think>3 <answer>4</answer>", None),
        ("<think>so </think> is how I end</think>4", "4"),
        ("", ""),
    ],
)
def test_a_verdict_stands_after_the_thought(text, words):
    span = find_verdict(text)
    assert (None if span is None else text[slice(*span)]) == words


def test_a_digit_is_found_in_every_spelling():
    class Tokenizer:
        def get_vocab(self) -> dict[str, int]:
            # as sentencepiece and byte-level tokenizers write a space; of 10, 44 and 4. no part is a digit
            return {"4": 7, "▁4": 8, "Ġ4": 9, "10": 1, "Ġ44": 2, "4.": 3, "0": 4, "6": 5}

    assert spell_digits(Tokenizer()) == {0: (4,), 1: (), 2: (), 3: (), 4: (7, 8, 9), 5: ()}


@pytest.mark.parametrize(("stated", "ends"), [([5, 6], {5, 6, 9}), (5, {5, 9}), (None, {9})])
def test_every_token_that_the_checkpoint_ends_by_ends_an_answer(stated, ends):
    model = SimpleNamespace(generation_config=SimpleNamespace(eos_token_id=stated))
    assert list_ends(model, SimpleNamespace(eos_token_id=9)) == ends
    assert list_ends(model, SimpleNamespace(eos_token_id=None)) == ends - {9}
