"""The published vision-language models: their cards, and each through its class with tiny weights."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from tests.judges import tiny_vlms
from tests.judges.tiny_vlms import find_token, follow, make_clip, save_tiny, teach
from videophy_lab.cards import format_card
from videophy_lab.judges.base import Question
from videophy_lab.judges.vlm import VisionLanguageJudge
from videophy_lab.judges.vlm_models import CosmosReason1, CosmosReason2, Qwen3VL, Qwen25VL, VideoLlava
from videophy_lab.registry import find_class
from videophy_lab.weights.hub import HUB_WEIGHTS

one_thread = tiny_vlms.one_thread
MODELS = (Qwen25VL, Qwen3VL, CosmosReason1, CosmosReason2, VideoLlava)
FAMILIES = {"qwen2_5_vl": "qwen2_5_vl", "qwen3_vl": "qwen3_vl", "cosmos_reason1": "qwen2_5_vl",
            "cosmos_reason2": "qwen3_vl", "videollava": "video_llava"}  # fmt: skip
REPOSITORIES = {
    "qwen2_5_vl": "Qwen/Qwen2.5-VL-7B-Instruct", "qwen3_vl": "Qwen/Qwen3-VL-8B-Instruct",
    "cosmos_reason1": "nvidia/Cosmos-Reason1-7B", "cosmos_reason2": "nvidia/Cosmos-Reason2-8B",
    "videollava": "LanguageBind/Video-LLaVA-7B-hf",
}  # fmt: skip
ENDS = "<|im_end|>"
CHAINS = {
    "qwen2_5_vl": ("\n", "4", ENDS),
    "qwen3_vl": ("\n", "4", ENDS),
    "cosmos_reason1": ("\n", "<think>", "It is good", "</think>", "<answer>", "4", "</answer>", ENDS),
    "cosmos_reason2": ("\n", "<think>", "It is good", "</think>", "4", ENDS),
    "videollava": (":", "4", "</s>"),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    return {name: save_tiny(tmp_path_factory.mktemp(name), name) for name in set(FAMILIES.values())}


@pytest.mark.parametrize("model", MODELS)
def test_each_answers_through_its_own_class(folders, model):
    name = model.card.name
    assert find_class(name, "judges") is model
    judge = model(checkpoint=str(folders[FAMILIES[name]]), device="cpu", min_pixels=1)
    judge.prepare()
    teach(judge._model, judge._processor.tokenizer, follow(*CHAINS[name]))
    clip = make_clip(judge.view, frames=judge.frames)
    asked = [Question("sa", "A ball falls."), Question("pc"), Question("rule", "Things fall.")]
    answers = judge.score([clip], [asked])[0]
    assert [(answer.status, answer.score) for answer in answers[:2]] == [("ok", 4.0)] * 2
    assert all(len(answer.probabilities) == 5 for answer in answers[:2])
    assert answers[2].status == "unscored"  # 4 is no answer to a rule
    assert answers[0].answer == "".join(CHAINS[name][1:-1])
    assert judge.describe()["scorer"] == name


@pytest.mark.parametrize("model", MODELS)
def test_a_card_says_what_one_needs_to_know(model):
    card = model.card
    assert card.weights == REPOSITORIES[card.name]
    assert card.size == f"{HUB_WEIGHTS[card.weights].size / 1e9:.1f} GB"
    assert card.scale.startswith("1–5 (rule: 0")
    assert (card.tasks, card.captioned, card.by_content) == (("sa", "pc", "rule"), ("sa",), True)
    shown = format_card(card)
    assert card.licence.split()[0] in shown
    assert "the extras judges, vision" in shown


def test_they_differ_in_cards_and_defaults_only():
    own = {"card", "__doc__", "__module__"} | {field.name for field in fields(VisionLanguageJudge)}
    for model in MODELS:
        told = {name for name in vars(model) if not name.startswith("__")} - own
        assert told <= {"_abc_impl", "_is_protocol", "_is_runtime_protocol"}, told


def test_the_licences_are_those_of_their_authors():
    assert {Qwen25VL.card.licence, Qwen3VL.card.licence} == {"Apache-2.0"}
    assert "NVIDIA Open Model License" in CosmosReason1.card.licence
    assert CosmosReason1.card.licence == CosmosReason2.card.licence
    assert "non-commercial" in VideoLlava.card.licence
    assert "the paper's VideoLLaVA" in VideoLlava.card.summary
    assert VideoLlava().frames == 8


def test_the_thinking_ones_are_told_how_to_think(folders):
    first = CosmosReason1(checkpoint=str(folders["qwen2_5_vl"]), device="cpu")
    second = CosmosReason2(checkpoint=str(folders["qwen3_vl"]), device="cpu")
    for judge in (first, second):
        judge.prepare()
        clip = judge.encode_clip(make_clip(judge.view))
        row = judge.write_row(judge.write_question(Question("pc")), clip)
        text = judge._processor.tokenizer.decode(row.ids)
        assert text.startswith("<|im_start|>system\nYou are a helpful assistant.")
        thought = "system\nYou are a helpful assistant. Answer the question in the following format: <think>"
        assert (thought in text) == (judge is first)
        told = "number only.\n\nAnswer the question using the following format:\n\n<think>"
        assert (told in text) == (judge is second)
        # the marks of our own words stay marks
        assert find_token(judge._processor.tokenizer, "<think>") in row.ids
        assert judge.describe()["max_new_tokens"] == 4096
