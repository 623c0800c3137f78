"""VideoScore2: the authors' query and reading, through a tiny Qwen2.5-VL with taught answers."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.judges import tiny_vlms
from tests.judges.tiny_vlms import find_token, follow, make_clip, save_tiny, teach
from videophy_lab.judges import vlm as vlm_module
from videophy_lab.judges.base import Question, make_spec
from videophy_lab.judges.questions import TEMPLATES
from videophy_lab.judges.videoscore2 import DIMENSIONS, VideoScore2, find_number, soften
from videophy_lab.judges.vlm_answers import Said
from videophy_lab.registry import find_class
from videophy_lab.video import FrameView, VideoError, sample_frames

one_thread = tiny_vlms.one_thread
CAPTION = "A red ball rolls off the table."
# github.com/TIGER-AI-Lab/VideoScore2@e6abe26, vs2_inference.py: the query of this caption
QUERY = """
    You are an expert for evaluating AI-generated videos from three dimensions:
    (1) visual quality – clarity, smoothness, artifacts;
    (2) text-to-video alignment – fidelity to the prompt;
    (3) physical/common-sense consistency – naturalness and physics plausibility.

    Video prompt: A red ball rolls off the table.

    Please output in this format:
    visual quality: <v_score>;\x20
    text-to-video alignment: <t_score>,\x20
    physical/common-sense consistency: <p_score>
    """
# the expression of the same script, with which it searches the whole answer, case and lines ignored
OFFICIAL = re.compile(
    r"visual quality:\s*(\d+).*?text-to-video alignment:\s*(\d+).*?"
    r"physical/common-sense consistency:\s*(\d+)",
    re.DOTALL | re.IGNORECASE,
)
ASKED = [Question("sa", CAPTION), Question("pc", CAPTION), Question("visual_quality", CAPTION)]
VISUAL, ALIGNED, PHYSICAL = (
    "visual quality: ", "; text-to-video alignment: ", ", physical/common-sense consistency: "
)  # fmt: skip
SAID = ("\n", "<think>", "It is good", "</think>", VISUAL, "3", ALIGNED, "4", PHYSICAL, "2", "<|im_end|>")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("videoscore2"), "qwen2_5_vl")


def make_judge(folder: Path, *said: str, doubt: float = 0.0, **options):
    judge = VideoScore2(checkpoint=str(folder), device="cpu", min_pixels=1, **options)
    judge.prepare()
    follows = follow(*(said or SAID))
    for name, other in ((VISUAL, "5"), (ALIGNED, "1"), (PHYSICAL, "3")):
        if doubt and name in follows:
            follows[name][other] = doubt
    teach(judge._model, judge._processor.tokenizer, follows)
    return judge


def say(text: str, *, ended: bool = True) -> Said:
    return Said((), text, ended, np.empty((0, 6)))


def test_one_answer_gives_three_scores(folder, monkeypatch):
    judge = make_judge(folder)
    generated = []
    generate = vlm_module.generate_answers
    monkeypatch.setattr(
        vlm_module, "generate_answers", lambda *a: generated.append(len(a[2])) or generate(*a)
    )
    clips = [make_clip(judge.view), make_clip(judge.view, seed=1)]
    other = [Question("pc", "A cat."), Question("pc", CAPTION)]
    answers = judge.score(clips, [ASKED, other])
    assert generated == [3]
    assert [answer.score for answer in answers[0]] == [4, 2, 3]
    assert [answer.score for answer in answers[1]] == [2, 2]
    text = "<think>It is good</think>visual quality: 3; text-to-video alignment: 4, "
    assert {answer.answer for answer in answers[0]} == {text + "physical/common-sense consistency: 2"}
    found = OFFICIAL.search(answers[0][0].answer)
    assert found is not None
    assert [answers[0][number].score for number in (2, 0, 1)] == [float(group) for group in found.groups()]


@pytest.mark.parametrize("soft", [False, True])
def test_probabilities_and_the_soft_score_are_those_of_a_forward_pass(folder, soft):
    judge = make_judge(folder, doubt=18.0, soft=soft)
    clip = make_clip(judge.view, seed=3)
    tokenizer = judge._processor.tokenizer
    answers = judge.score([clip], [ASKED])[0]
    prompt = (
        "<|im_start|>user\n<|vision_start|><|video_pad|><|vision_end|>" + QUERY
        + "<|im_end|>\n<|im_start|>assistant\n"
    )  # fmt: skip
    # the authors tell their processor that the frames follow each other at 2 a second
    dates = {"total_num_frames": 6, "fps": 2.0, "frames_indices": [*range(6)]}
    inputs = judge._processor(
        text=[prompt], videos=[clip.frames[judge.view].copy()], video_metadata=[dates],
        do_sample_frames=False, return_tensors="pt",
    )  # fmt: skip
    said = torch.tensor([[find_token(tokenizer, token) for token in SAID[1:-1]]])
    length = inputs["input_ids"].shape[1]
    inputs["input_ids"] = torch.cat([inputs["input_ids"], said], dim=1)
    for name, fill in (("attention_mask", 1), ("mm_token_type_ids", 0)):
        inputs[name] = torch.cat([inputs[name], torch.full_like(said, fill)], dim=1)
    with torch.inference_mode():
        logits = judge._model(**inputs).logits[0].double()
    digits = [find_token(tokenizer, str(value)) for value in range(1, 6)]
    for answer, place in zip(answers, (6, 8, 4), strict=True):
        shares = torch.softmax(logits[length + place - 1], dim=-1)[digits].numpy()
        shares = shares / shares.sum()
        assert answer.probabilities == pytest.approx(shares, abs=1e-6)
        assert max(shares) < 0.98  # there is a doubt to be measured
        assert answer.expected == pytest.approx(shares @ np.arange(1, 6), abs=1e-5)
        best = int(np.argmax(shares))
        assert answer.score == pytest.approx((best + 1) * shares[best] if soft else best + 1, abs=1e-5)


def test_the_query_is_the_authors_own(folder):
    template = TEMPLATES["videoscore2"]["sa"]
    assert f"{template.before_text}{CAPTION}{template.after_text}" == QUERY
    assert set(TEMPLATES["videoscore2"]) == set(DIMENSIONS)
    judge = make_judge(folder)
    row = judge.write_row(judge.write_question(ASKED[0]), judge.encode_clip(make_clip(judge.view)))
    assert QUERY in judge._processor.tokenizer.decode(row.ids)


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("visual quality: 3; text-to-video alignment: 4, physical/common-sense consistency: 2", (4, 2, 3)),
        ("(1) Visual Quality: 3\n(2) Text-to-Video Alignment:4\n"
         "(3) physical/Common-sense consistency:\n2", (4, 2, 3)),
        ("<think>visual quality: 1, so</think>visual quality: 3; text-to-video alignment: 4", (4, None, 3)),
        ("visual quality – clarity, smoothness, artifacts: 3\nphysical/common-sense consistency – "
         "naturalness and physics plausibility: 5", (None, 5, 3)),
        ("physical/common-sense consistency: 2/5", (None, 2, None)),
        ("physical/common-sense consistency: 2 / 10", (None, None, None)),
        ("visual quality: 0; text-to-video alignment: 6, physical/common-sense consistency: 10", (None,) * 3),
        ("visual quality: 3.5; text-to-video alignment: -4, physical/common-sense consistency: 4.",
         (None, 4, None)),
        ("visual quality: 3\nvisual quality: 3\ntext-to-video alignment: 2\ntext-to-video alignment: 3",
         (None, None, 3)),
        ("visual quality: good (4); alignment: 4", (None,) * 3),
        ("<think>visual quality: 3; text-to-video alignment: 4, physical/common-sense consistency: 2",
         (None,) * 3),
        ("", (None,) * 3),
    ],
)  # fmt: skip
def test_each_dimension_is_read_by_itself(text, scores):
    for name, score in zip(DIMENSIONS.values(), scores, strict=True):
        place = find_number(say(text), name)
        if score is None:
            assert isinstance(place, str), place
            assert name in place or "not finished" in place
        else:
            assert not isinstance(place, str), place
            assert (place[0], text[place[1] - 1]) == (score, str(score))


def test_of_an_answer_that_was_cut_off_the_last_number_may_be_half():
    text = "visual quality: 3; text-to-video alignment: 4, physical/common-sense consistency: 1"
    places = [find_number(say(text, ended=False), name) for name in DIMENSIONS.values()]
    assert [place if isinstance(place, str) else place[0] for place in places] == [
        4, "the answer is not finished after 0 tokens", 3,
    ]  # fmt: skip
    missing = find_number(say("visual quality: 3; text-to", ended=False), DIMENSIONS["sa"])
    assert missing == "the answer is not finished after 0 tokens"


def test_what_cannot_be_read_is_unscored_for_its_task_only(folder):
    judge = make_judge(folder, "\n", VISUAL, "10", PHYSICAL, "2", "<|im_end|>")
    answers = judge.score([make_clip(judge.view)], [ASKED])[0]
    assert [answer.status for answer in answers] == ["unscored", "ok", "unscored"]
    assert "no number for 'text-to-video alignment'" in answers[0].error
    assert "gives 10 for 'visual quality', which is none of 1, 2, 3, 4, 5" in answers[2].error
    assert all("visual quality: 10" in answer.answer for answer in answers)
    assert math.isnan(answers[0].score)


def test_every_dimension_needs_the_caption(folder):
    judge = make_judge(folder)
    answers = judge.score([make_clip(judge.view)], [[Question(task) for task in DIMENSIONS] + ASKED[:1]])[0]
    assert [answer.status for answer in answers] == ["failed"] * 3 + ["ok"]
    assert all("no caption" in answer.error for answer in answers[:3])
    assert VideoScore2.card.captioned == tuple(DIMENSIONS)


def test_the_soft_score_by_hand():
    assert soften((0.1, 0.2, 0.6, 0.1, 0.0)) == pytest.approx(1.8)
    assert soften((0.0, 0.0, 0.0, 0.0, 1.0)) == 5


def test_drawing_depends_on_the_seed_and_not_on_the_neighbours(folder):
    drawn: dict[int, list[str]] = {}
    for seed in (0, 0, 1):
        judge = make_judge(folder, temperature=5.0, seed=seed, max_new_tokens=6)
        clips = [make_clip(judge.view, seed=number) for number in range(3)]
        before = torch.random.get_rng_state()
        together = [answers[0].answer for answers in judge.score(clips, [ASKED] * 3)]
        assert torch.equal(before, torch.random.get_rng_state())
        assert together[1] == judge.score(clips[1:2], [ASKED])[0][0].answer
        assert drawn.setdefault(seed, together) == together
    assert drawn[0] != drawn[1]


def test_a_repeat_is_drawn_anew_and_the_same_in_every_run(folder):
    drawn = []
    for _ in range(2):
        judge = make_judge(folder, temperature=5.0, max_new_tokens=6)
        clip = make_clip(judge.view, seed=1)
        probes = (None, "repeat_1", "repeat_2")
        asked = [[replace(question, probe=probe) for question in ASKED] for probe in probes]
        drawn.append([answers[0].answer for answers in judge.score([clip] * 3, asked)])
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 3
    together = judge.score([clip], [[question for part in asked for question in part]])[0]
    assert [answer.answer for answer in together[:: len(ASKED)]] == drawn[0]


def test_two_frames_a_second_are_looked_at():
    view = VideoScore2().view
    assert view == FrameView("fps", 768, 2.0)
    # 49 frames at 8 a second are 6.1 seconds: 12 frames
    assert len(sample_frames(view, 49, 8.0)) == 12
    assert len(sample_frames(VideoScore2(fps=4.0, frames=10).view, 49, 8.0)) == 10
    with pytest.raises(VideoError, match="needs frames a second"):
        sample_frames(view, 49, math.nan)


def test_its_settings_are_part_of_its_spec(folder):
    make = {"checkpoint": str(folder), "device": "cpu"}
    others = [{}, {"temperature": 0.7}, {"temperature": 0.7, "seed": 1}, {"soft": True}, {"fps": 1.0}]
    assert len({make_spec(VideoScore2(**make, **other).describe()) for other in others}) == 5
    assert make_spec(VideoScore2(**make).describe()) == make_spec(VideoScore2(**make, seed=1).describe())
    assert find_class("videoscore2", "judges") is VideoScore2
    for options, message in (({"fps": 0}, "fps is 0"), ({"temperature": -1}, "temperature is -1")):
        with pytest.raises(ValueError, match=message):
            VideoScore2(**options)
