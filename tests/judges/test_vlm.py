"""The judge of any vision-language model: its scores against the forward pass of the real network."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
import torch

from tests.judges import tiny_vlms, vlm_cases
from tests.judges.tiny_vlms import make_clip
from tests.judges.vlm_cases import (
    ASKED,
    CAPTION,
    DIGITS,
    FAMILIES,
    PROMPTS,
    give_logits,
    make_judge,
    share_digits,
)
from videophy_lab.judges import vlm as vlm_module
from videophy_lab.judges.base import Question, weigh_answers
from videophy_lab.video import FrameView, decode_clip, encode_video

one_thread = tiny_vlms.one_thread
folders = vlm_cases.folders


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("task", ASKED)
def test_an_answer_is_the_digit_and_its_probabilities_those_of_a_forward_pass(folders, family, task):
    question, text, scale, digit = ASKED[task]
    judge = make_judge(folders[family], family, DIGITS | {digit: 10.5})
    clip = make_clip(judge.view, seed=1)
    answer = judge.score([clip], [[question]])[0][0]
    expected = share_digits(judge, give_logits(judge, clip, PROMPTS[family].format(text), fps=8.0), scale)
    assert (answer.status, answer.score, answer.answer.strip()) == ("ok", float(digit), digit)
    assert answer.probabilities == pytest.approx(expected, abs=1e-6)
    assert sum(answer.probabilities) == pytest.approx(1, abs=1e-12)
    assert answer.expected == pytest.approx(np.dot(expected, scale), abs=1e-5)
    assert answer.expected == pytest.approx(weigh_answers(answer.probabilities, scale), abs=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_batch_is_answered_as_one_by_one(folders, family):
    judge = make_judge(folders[family], family)
    clips = [
        make_clip(judge.view, seed=0),
        make_clip(judge.view, seed=1, frames=10, height=84, width=56),
        make_clip(judge.view, seed=2, frames=3),
    ]
    asked = [
        [Question("sa", CAPTION), Question("pc"), Question("rule", "Things fall.")],
        [Question("sa", CAPTION + " It bounces twice before it comes to rest.")],
        [Question("pc"), Question("sa", "x")],
    ]
    together = judge.score(clips, asked)
    judge.max_tokens = 1
    split = judge.score(clips, asked)
    alone = [
        [judge.score([clip], [[question]])[0][0] for question in about]
        for clip, about in zip(clips, asked, strict=True)
    ]
    seen = set()
    for one, other, third in zip(*map(chain.from_iterable, (together, split, alone)), strict=True):
        assert one.status == other.status == third.status == "ok"
        assert one.score == other.score == third.score
        assert one.probabilities == pytest.approx(third.probabilities, abs=1e-5)
        assert other.probabilities == third.probabilities
        seen.add(round(one.expected, 6))
    # the questions and the videos count: no two of these are the same
    assert len(seen) == 6


def test_a_clip_is_prepared_once_and_the_same_words_are_asked_once(folders, monkeypatch):
    judge = make_judge(folders["qwen2_5_vl"], "qwen2_5_vl")
    encoded, generated = [], []
    encode, generate = vlm_module.encode_clip, vlm_module.generate_answers
    monkeypatch.setattr(vlm_module, "encode_clip", lambda *a: encoded.append(1) or encode(*a))
    monkeypatch.setattr(
        vlm_module, "generate_answers", lambda *a: generated.append(len(a[2])) or generate(*a)
    )
    asked = [Question("sa", CAPTION), Question("pc"), Question("pc", probe="again"), Question("pc", "extra")]
    answers = judge.score([make_clip(judge.view)], [asked])[0]
    assert (len(encoded), generated) == (1, [2])
    assert answers[1] == answers[2] == answers[3] != answers[0]


def test_a_bad_question_takes_no_other_with_it(folders):
    judge = make_judge(folders["qwen2_5_vl"], "qwen2_5_vl")
    clips = [make_clip(judge.view), make_clip(judge.view, seed=1, height=2, width=600)]
    asked = [
        [
            Question("sa", " "),
            Question("sharpness", "x"),
            Question("rule", ""),
            Question("sa", "long " * 4000),
            Question("pc"),
        ],
        [Question("pc"), Question("sa", CAPTION)],
    ]
    answers = judge.score(clips, asked)
    assert [answer.status for answer in answers[0]] == ["failed"] * 4 + ["ok"]
    reasons = [
        "no caption",
        "asks nothing about 'sharpness'",
        "no rule",
        "has 20220 tokens, 18 of them the video",
    ]
    for answer, reason in zip(answers[0], reasons, strict=False):
        assert reason in answer.error
        assert "Remedy" in answer.error or "Allowed" in answer.error
    assert [answer.status for answer in answers[1]] == ["failed", "failed"]
    assert "aspect ratio" in answers[1][0].error
    assert judge.score([], []) == []
    assert judge.score(clips[:1], [[]]) == [[]]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("frames", [1, 2, 40])
def test_files_of_any_length_are_seen(folders, tmp_path, family, frames):
    judge = make_judge(folders[family], family)
    made = make_clip(FrameView("all"), frames=frames)
    encode_video(made.frames[FrameView("all")], tmp_path / "a.mp4", fps=8)
    clip = decode_clip(tmp_path / "a.mp4", [judge.view])
    assert len(clip.frames[judge.view]) == min(frames, 16)
    assert judge.score([clip], [[Question("sa", CAPTION)]])[0][0].status == "ok"


@pytest.mark.parametrize("family", FAMILIES)
def test_it_runs_in_bf16(folders, family):
    judge = make_judge(folders[family], family, dtype="bf16")
    assert judge._model.dtype == torch.bfloat16
    answer = judge.score([make_clip(judge.view)], [[Question("pc")]])[0][0]
    assert answer.status == "ok"
    assert len(answer.probabilities) == 5
