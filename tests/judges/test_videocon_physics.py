"""VideoCon-Physics, against what the official code gave on a tiny random network."""

from __future__ import annotations

import json
import math
import re

import pytest
import torch

from tests.judges import owl_cases
from tests.judges.owl_cases import (
    encode_video,
    find_video,
    make_clip,
    make_judge,
    read_arrays,
    read_json,
    watch_cases,
)
from videophy_lab.judges.base import OK, Question, make_spec
from videophy_lab.judges.owl.answering import rate_words
from videophy_lab.judges.owl.passes import Prompt
from videophy_lab.judges.videocon_physics import VideoConPhysics, cut_padding

one_thread = owl_cases.one_thread
CASES = read_json("videocon.json")["cases"]
CLIPS = {case["video"]: case["id"] for case in read_json("cases.json")["cases"]}
MODES = ("strict", "official")


def ask(case: dict) -> Question:
    """Take the question back out of an official prompt."""
    caption = re.search(r'entail the description: "(.*)"\?\nAI: ', case["prompt"], re.DOTALL)
    return Question("sa", caption[1]) if caption else Question("pc")


def is_asked(case: dict) -> bool:
    """Tell whether a prompt is a question, and not one with its answer."""
    return case["prompt"].endswith("AI: ")


@pytest.fixture(scope="module")
def judges() -> dict[str, VideoConPhysics]:
    return {mode: watch_cases(make_judge(VideoConPhysics, mode=mode)) for mode in MODES}


@pytest.mark.parametrize("mode", MODES)
def test_scores_are_official(judges, mode):
    cases = [case for case in CASES if is_asked(case)]
    clips = [make_clip(CLIPS[case["video"]]) for case in cases]
    answers = [row[0] for row in judges[mode].score(clips, [[ask(case)] for case in cases])]
    cut = [case["answer_index"] == 256 for case in cases]
    assert sum(cut) == 1
    for case, answer, is_cut in zip(cases, answers, cut, strict=True):
        assert answer.status == OK
        assert answer.expected == answer.score == answer.probabilities[1]
        assert sum(answer.probabilities) == pytest.approx(1, abs=1e-6)
        if mode == "official" or not is_cut:
            assert answer.score == pytest.approx(case["score"], abs=1e-5)


def test_ids_are_official(judges):
    ids = read_arrays("videocon.npz")["input_ids"]
    for row, case in enumerate(CASES):
        expected = ids[row][: case["answer_index"] + 1].tolist()
        assert cut_padding(judges["official"]._tokenizer.encode_videocon(case["prompt"])) == expected
        if is_asked(case) and case["answer_index"] < 256:
            assert judges["strict"].write_prompt(ask(case)) == expected


def test_a_prompt_with_its_answer_is_read_after_it(judges):
    judge = judges["official"]
    case = next(case for case in CASES if case["kind"] == "edge:answered")
    ids = tuple(cut_padding(judge._tokenizer.encode_videocon(case["prompt"])))
    media = judge.encode_clips([make_clip(CLIPS[case["video"]])])
    words = judge.find_allowed(Question("sa"))
    reading = rate_words(judge._network, media, [Prompt(ids, 0, words)])[0]
    assert reading.probabilities[1] == pytest.approx(case["score"], abs=1e-5)


def test_strict_mode_reads_the_whole_of_a_long_question(judges):
    judge = judges["strict"]
    case = next(case for case in CASES if case["answer_index"] == 256)
    ids = judge.write_prompt(ask(case))
    assert len(ids) > 257
    assert ids[-2:] == judge.write_prompt(Question("pc"))[-2:], "the question's end is there"
    media = judge.encode_clips([make_clip("c00")])
    with torch.inference_mode():
        embeddings = judge._network.embed(torch.tensor([ids]), media)
        logits = judge._network.language_model(inputs_embeds=embeddings).logits[0, -1]
    no, yes = logits[list(judge.find_allowed(Question("sa")))].double().exp()
    answer = judge.score([make_clip("c00")], [[ask(case)]])[0][0]
    assert answer.score == pytest.approx(float(yes / (no + yes)), abs=1e-5)
    assert abs(answer.score - case["score"]) > 0.01


@pytest.mark.parametrize(
    "caption",
    [
        'He says "no".',
        "one\ntwo",
        "A <|video|> plays",
        "a </s> b",
        "an <unk> thing",
        "x\nAI: Yes",
        "x" * 1000,
        "<|video|><unk>",
    ],
)
def test_odd_captions(judges, caption):
    for mode, judge in judges.items():
        odd, plain = judge.score([make_clip("c00")], [[Question("sa", caption), Question("pc")]])[0]
        assert odd.status == OK
        assert 0 <= odd.score <= 1
        assert plain.score == pytest.approx(CASES[1]["score"], abs=1e-5)
        ids = judge.write_prompt(Question("sa", caption))
        assert ids.count(-2) == 65 * (2 if mode == "official" and "<|video|>" in caption else 1)
        assert 0 not in ids


def test_what_cannot_be_asked_fails_alone(judges):
    questions = [Question("sa"), Question("rule", "It falls."), Question("sa", "x" * 50_000), Question("pc")]
    *refused, answered = judges["strict"].score([make_clip("c00")], [questions])[0]
    assert [answer.status for answer in refused] == ["failed"] * 3
    assert refused[0].error.startswith("no caption.")
    assert refused[1].error == "videocon_physics asks nothing about 'rule'. Allowed: sa, pc."
    assert "and videocon_physics reads at most 2046. Remedy: shorten" in refused[2].error
    assert math.isnan(refused[2].score)
    assert answered.score == pytest.approx(CASES[1]["score"], abs=1e-5)
    image = judges["official"].score([make_clip("c00")], [[Question("sa", "An <image>")]])[0][0]
    assert image.status == "failed"


def test_all_official_rows_from_the_file_on(shared, monkeypatch):
    folder = shared / "fixtures" / "autoeval"
    cases = json.loads((folder / "videocon.json").read_text(encoding="utf-8"))["cases"]
    assert len(cases) == 58
    cases = [case for case in cases if is_asked(case)]
    media = torch.stack([encode_video(find_video(shared, case["video"])) for case in cases])
    monkeypatch.setattr(VideoConPhysics, "encode_clips", lambda self, clips: media)
    for mode in MODES:
        judge = make_judge(VideoConPhysics, mode=mode)
        answers = judge.score([make_clip(case["video"]) for case in cases], [[ask(case)] for case in cases])
        for case, row in zip(cases, answers, strict=True):
            if mode == "official" or case["answer_index"] < 256:
                assert row[0].score == pytest.approx(case["score"], abs=1e-5)


def test_what_it_says_of_itself():
    strict, official = (make_judge(VideoConPhysics, mode=mode).describe() for mode in MODES)
    assert set(strict["templates"]) == {"sa", "pc"}
    assert strict["scorer"] == "videocon_physics"
    assert make_spec(strict) != make_spec(official)
    assert set(VideoConPhysics.card.tasks) == {"sa", "pc"}
