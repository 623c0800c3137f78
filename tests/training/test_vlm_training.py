"""The same for vision-language models of transformers."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import videophy_lab as lab
from tests.training.planted import FAST, plant, save_vlm
from videophy_lab.judges.base import Question
from videophy_lab.judges.vlm import VisionLanguageJudge
from videophy_lab.judges.vlm_models import CosmosReason1
from videophy_lab.training import train_judge
from videophy_lab.training.checkpoints import load_weights
from videophy_lab.training.networks.vlm import VlmTrainee
from videophy_lab.training.students import VlmStudent, make_student
from videophy_lab.video import decode_clip

FAMILIES = ("qwen2_5_vl", "qwen3_vl", "video_llava")
END = {"qwen2_5_vl": "<|im_end|>", "qwen3_vl": "<|im_end|>", "video_llava": "</s>"}
SETTINGS = replace(FAST, epochs=16)


@pytest.fixture(scope="module")
def bases(tmp_path_factory) -> dict[str, Path]:
    return {family: save_vlm(tmp_path_factory.mktemp(family), family) for family in FAMILIES}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("planted"), prompts=10)


def prepare(base: Path) -> VlmStudent:
    judge = VisionLanguageJudge(checkpoint=str(base), device="cpu")
    judge.prepare()
    return VlmStudent(judge)


def test_it_fits_and_held_out_clips_are_right(bases, tables, tmp_path):
    ratings, videos, rules = tables
    told = train_judge(
        ratings, videos, base=bases["qwen2_5_vl"], out=tmp_path, rules=rules, judge="vlm", settings=SETTINGS,
        device="cpu", progress=False,
    )  # fmt: skip
    held_out = pd.read_csv(tmp_path / "held_out.csv")
    judge = VisionLanguageJudge(checkpoint=str(tmp_path / "merged"), device="cpu")
    scores = lab.score(
        held_out, {"trained": judge}, out=tmp_path, rules=tmp_path / "held_out_rules.csv", progress=False
    )
    joined = scores.merge(pd.read_csv(tmp_path / "held_out_ratings.csv"), on=["video_id", "task"])
    assert len(joined) == len(scores) > 20
    assert joined["score"].eq(joined["rating"]).all()
    assert told.state.step == told.settings.count_steps(told.examples.table["split"].eq("train").sum())

    student = prepare(bases["qwen2_5_vl"])
    trainee = student.make_trainee(SETTINGS)
    load_weights(trainee, sorted((tmp_path / "checkpoints").glob("step-*"))[-1] / "adapter.safetensors")
    trainee.set_training(False)
    clips = [decode_clip(path, [judge.view]) for path in held_out["path"].head(3)]
    asked = [[Question("sa", "A lamp."), Question("pc"), Question("rule", "It is bright.")]] * len(clips)
    apart, together = student.judge.score(clips, asked), judge.score(clips, asked)
    for one, other in zip(chain(*apart), chain(*together), strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-4)
        assert (one.answer, one.score) == (other.answer, other.score)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_dry_run_knows_how_large_a_video_is_kept(bases, tables, family):
    judge = VisionLanguageJudge(checkpoint=str(bases[family]), device="cpu")
    clip = decode_clip(tables[1]["path"].iloc[0], [judge.view])
    size = VlmStudent(judge).measure_clip(clip)
    assert judge._model is None
    assert size == sum(tensor.nbytes for tensor in prepare(bases[family]).encode(clip).values()) > 1000


@pytest.mark.parametrize("family", FAMILIES)
def test_the_answer_ends_as_the_model_ends_it(bases, tables, family):
    student = prepare(bases[family])
    clip = decode_clip(tables[1]["path"].iloc[0], [student.judge.view])
    task = student.write(Question("rule", "It is bright."), 2, student.encode(clip))
    tokenizer = student.judge._processor.tokenizer
    assert tokenizer.convert_ids_to_tokens(task.lesson.ids[-1]) == END[family]
    assert tokenizer.decode(task.lesson.ids[:-1]).strip() == "2"
    digits = [tokenizer.decode([digit]).strip() for digit in task.lesson.digits]
    assert digits == ["0", "1", "2"]
    row = student.judge.write_row(
        student.judge.write_question(Question("rule", "It is bright.")), student.judge.encode_clip(clip)
    )
    assert task.question.ids == row.ids


@pytest.mark.parametrize("family", FAMILIES)
def test_losses_are_the_likelihoods_of_the_model_itself(bases, tables, family):
    student = prepare(bases[family])
    trainee = VlmTrainee(student.judge._model, 0)
    questions = [Question("sa", "A lamp."), Question("sa", "A lamp that is switched on in a dark room.")]
    media = student.encode(decode_clip(tables[1]["path"].iloc[0], [student.judge.view]))
    tasks = [
        student.write(question, answer, media) for question, answer in zip(questions, (5, 1), strict=True)
    ]
    with torch.no_grad():
        losses, _ = trainee(**student.collate(tasks))
        alone = [trainee(**student.collate([task]))[0].item() for task in tasks]
        wanted = []
        for task in tasks:
            row, lesson = task.question, task.lesson
            ids = torch.tensor([[*row.ids, *lesson.ids]])
            types = {} if row.types is None else {
                "mm_token_type_ids": torch.tensor([[*row.types, *[0] * len(lesson.ids)]])
            }  # fmt: skip
            said = student.judge._model(
                input_ids=ids, attention_mask=torch.ones_like(ids), **types, **row.media
            )
            rows = said.logits[0].log_softmax(-1)
            start = len(row.ids) - 1
            wanted.append(-np.mean([float(rows[start + n, token]) for n, token in enumerate(lesson.ids)]))
    np.testing.assert_allclose(alone, wanted, rtol=1e-4)
    np.testing.assert_allclose(losses.numpy(), wanted, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_adapter_lies_in_every_layer_of_the_language_model(bases, family):
    student = prepare(bases[family])
    trainee = student.make_trainee(SETTINGS)
    names = {name for name, weight in trainee.named_parameters() if weight.requires_grad}
    layers = student.judge._model.config.get_text_config().num_hidden_layers
    assert len(names) == 2 * 7 * layers
    assert all("language_model" in name and "vision" not in name for name in names)


def test_videos_of_other_shapes_go_apart(bases, tables):
    student = prepare(bases["video_llava"])
    trainee = VlmTrainee(student.judge._model, 0)
    view = student.judge.view
    medias = [student.encode(decode_clip(path, [view])) for path in tables[1]["path"].head(2)]
    short = {**medias[1], "media.pixel_values_videos": medias[1]["media.pixel_values_videos"][:, :1]}
    short["ids"] = medias[1]["ids"][: len(medias[1]["ids"]) // 2]
    tasks = [student.write(Question("pc"), 4, media) for media in (medias[0], short)]
    with torch.no_grad():
        losses, hits = trainee(**student.collate(tasks))
        alone = torch.cat([trainee(**student.collate([task]))[0] for task in tasks])
    torch.testing.assert_close(losses, alone, rtol=1e-4, atol=1e-4)
    assert hits.shape == (2,)


def test_judges_that_think_first_are_refused():
    with pytest.raises(ValueError, match=r"told to think before it answers.*--judge vlm"):
        make_student(CosmosReason1(checkpoint="x"))
