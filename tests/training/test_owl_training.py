"""A tiny AutoEval learns planted answers; what it leaves is a judge like any other."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import chain

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

import videophy_lab as lab
from tests.judges.owl_cases import CHECKPOINT
from tests.training.planted import ANSWERS, FAST, FRAMES, RULE, name_caption
from videophy_lab.cli import app
from videophy_lab.judges.autoeval import AutoEval
from videophy_lab.judges.base import Question
from videophy_lab.judges.owl.adapter import load_adapted
from videophy_lab.judges.owl.checkpoint import load_network
from videophy_lab.training import train_judge
from videophy_lab.training.checkpoints import load_weights
from videophy_lab.training.students import OwlStudent
from videophy_lab.video import decode_clip


def read_steps(folder) -> pd.DataFrame:
    return pd.read_csv(folder / "steps.csv")


def run_again(trained, out, **changes):
    options = {"settings": replace(FAST, **changes), "options": FRAMES, "device": "cpu", "progress": False}
    return train_judge(
        trained.ratings, trained.videos, base=CHECKPOINT, out=out, rules=trained.rules, **options
    )


def test_it_fits_and_held_out_clips_are_right(trained, tmp_path):
    command = [
        "score", str(trained.folder / "held_out.csv"), "--scorer", "trained=autoeval", "--checkpoint",
        str(trained.folder / "merged"), "--rules", str(trained.folder / "held_out_rules.csv"), "--out",
        str(tmp_path), "-o", "trained.frames=2", "--device", "cpu",
    ]  # fmt: skip
    ran = CliRunner().invoke(app, command)
    assert ran.exit_code == 0, ran.output
    scores = lab.load_scores(tmp_path, on_collision="ignore")
    ratings = pd.read_csv(trained.folder / "held_out_ratings.csv")
    joined = scores.merge(ratings, on=["video_id", "task"])
    assert set(joined["split"]) == {"val_prompts", "val_generators", "val_both"}
    assert len(joined) == len(ratings) == len(scores) > 20
    assert joined["status"].eq("ok").all()
    assert joined["score"].eq(joined["rating"]).all()
    assert joined["score"].nunique() == len({value for given in ANSWERS.values() for value in given.values()})
    steps = read_steps(trained.folder)
    stop = steps[steps["split"].eq("stop") & steps["task"].eq("all")]
    assert stop["exact"].iloc[0] < 0.7
    assert stop["exact"].iloc[-1] == 1
    assert stop["loss"].iloc[-1] < 0.1 * stop["loss"].iloc[0]


def test_the_folder_says_what_was_done(trained):
    result = json.loads((trained.folder / "training.json").read_text("utf-8"))
    assert result["judge"] == "autoeval"
    assert result["settings"]["rank"] == FAST.rank
    assert result["chosen_step"] == result["state"]["step"] == trained.outcome.state.step
    counts = pd.read_csv(trained.folder / "counts.csv")
    examples = pd.read_csv(trained.folder / "examples.csv")
    assert counts["n_examples"].sum() == len(examples)
    assert examples.loc[examples["split"].eq("train"), "weight"].mean() == pytest.approx(1)
    assert examples.loc[~examples["split"].eq("train"), "weight"].isna().all()
    settings = json.loads((trained.folder / "adapter" / "adapter_config.json").read_text("utf-8"))
    assert settings["base_model_name_or_path"] is None
    assert str(trained.folder) not in (trained.folder / "adapter" / "adapter_config.json").read_text("utf-8")


def test_merged_answers_as_unmerged(trained):
    """Logits and probabilities of base and adapter kept apart, and of the merged checkpoint."""
    judge = AutoEval(checkpoint=str(CHECKPOINT), device="cpu", frames=2)
    student = OwlStudent(judge)
    judge.prepare()
    trainee = student.make_trainee(FAST)
    last = sorted((trained.folder / "checkpoints").glob("step-*"))[-1]
    load_weights(trainee, last / "adapter.safetensors")
    trainee.set_training(False)
    merged = AutoEval(checkpoint=str(trained.folder / "merged"), device="cpu", frames=2)
    merged.prepare()
    base = AutoEval(checkpoint=str(CHECKPOINT), device="cpu", frames=2)
    videos = pd.read_csv(trained.folder / "held_out.csv").head(4)
    clips = [decode_clip(path, [judge.view]) for path in videos["path"]]
    asked = [Question("sa", name_caption(99)), Question("pc"), Question("rule", RULE)]
    questions = [asked] * len(clips)
    found = [each.score(clips, questions) for each in (judge, merged, base)]
    apart, together, before = (
        np.array([answer.expected for answers in part for answer in answers]) for part in found
    )
    np.testing.assert_allclose(together, apart, atol=1e-4)
    assert np.nanmax(np.abs(together - before)) > 0.5
    for one, other in zip(*(chain(*part) for part in found[:2]), strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-4)
        assert one.answer == other.answer
    ids = torch.tensor([judge.write_prompt(asked[0])])
    with torch.inference_mode():
        logits = [
            each._network.language_model(
                inputs_embeds=each._network.embed(ids, each.encode_clips(clips[:1]))
            ).logits
            for each in (judge, merged)
        ]
    torch.testing.assert_close(logits[0], logits[1], atol=1e-4, rtol=1e-4)


def test_the_adapter_is_one_that_the_judges_reader_merges(trained):
    again = load_adapted(CHECKPOINT, trained.folder / "adapter").state_dict()
    merged = load_network(trained.folder / "merged").state_dict()
    assert all(torch.equal(weight, again[name]) for name, weight in merged.items())


def test_the_size_of_micro_batches_and_checkpointing_change_nothing(trained, tmp_path):
    few = {"max_steps": 3, "patience": 0}
    one = run_again(trained, tmp_path / "one", **few)
    other = run_again(trained, tmp_path / "other", **few, micro_batch=3, gradient_checkpointing=True)
    assert one.state.step == other.state.step == 3
    first, second = (
        load_file(tmp_path / name / "adapter" / "adapter_model.safetensors") for name in ("one", "other")
    )
    for name, weight in first.items():
        torch.testing.assert_close(weight, second[name], atol=1e-4, rtol=1e-3)


def test_a_base_in_bf16_learns_too_with_dropout_and_checkpointing(trained, tmp_path):
    changes = {"dropout": 0.05, "gradient_checkpointing": True, "export_dtype": "bf16", "epochs": 3}
    told = train_judge(
        trained.ratings, trained.videos, base=CHECKPOINT, out=tmp_path, rules=trained.rules, device="cpu",
        dtype="bf16", settings=replace(FAST, **changes), options=FRAMES, progress=False,
    )  # fmt: skip
    merged = load_file(tmp_path / "merged" / "model.safetensors")
    adapter = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    assert {weight.dtype for weight in merged.values()} == {torch.bfloat16}
    assert {weight.dtype for weight in adapter.values()} == {torch.float32}
    losses = read_steps(tmp_path).query("split == 'stop' and task == 'all'")["loss"]
    assert told.state.best_loss == pytest.approx(losses.min())
    assert losses.iloc[-1] < 0.5 * losses.iloc[0]


def test_a_finished_folder_is_not_trained_again(trained):
    before = (trained.folder / "steps.csv").read_bytes()
    again = run_again(trained, trained.folder)
    assert again.state.step == trained.outcome.state.step
    assert (trained.folder / "steps.csv").read_bytes() == before


def test_a_folder_of_another_training_is_refused(trained):
    with pytest.raises(ValueError, match=r"its settings differ \(learning_rate was 0\.01 and is 0\.5\)"):
        run_again(trained, trained.folder, learning_rate=0.5)
    with pytest.raises(ValueError, match="its examples, settings differ"):
        run_again(trained, trained.folder, seed=9)


def test_training_stops_where_stop_prompts_get_no_better_and_keeps_the_best(trained, tmp_path):
    told = run_again(
        trained, tmp_path, learning_rate=0.3, evaluate_every=1, patience=2, epochs=20, warmup_steps=0
    )
    state = told.state
    steps = read_steps(tmp_path)
    stop = steps[steps["split"].eq("stop") & steps["task"].eq("all")].set_index("step")["loss"]
    assert state.step == stop.index.max() == state.best_step + 2
    assert stop.idxmin() == state.best_step
    assert json.loads((tmp_path / "training.json").read_text("utf-8"))["chosen_step"] == state.best_step


def test_a_loss_that_is_no_number_ends_with_a_remedy(trained, tmp_path):
    with pytest.raises(OSError, match=r"the loss of step \d+ is .* a lower --learning-rate"):
        run_again(trained, tmp_path, learning_rate=1e30, clip=1e30, warmup_steps=0)


def test_broken_videos_are_listed_and_not_fatal(trained, tmp_path):
    videos = pd.read_csv(trained.videos)
    examples = trained.outcome.examples.table
    broken = examples.loc[examples["split"].eq("train"), "video_id"].iloc[0]
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"not a video")
    videos.loc[videos["video_id"].eq(broken), "path"] = str(path)
    told = train_judge(
        trained.ratings, videos, base=CHECKPOINT, out=tmp_path / "run", rules=trained.rules, device="cpu",
        settings=replace(FAST, max_steps=1), options=FRAMES, progress=False,
    )  # fmt: skip
    left_out = pd.read_csv(tmp_path / "run" / "left_out.csv")
    assert set(left_out["video_id"]) == {broken}
    assert sorted(left_out["task"]) == ["pc", "rule", "sa"]
    assert left_out["reason"].str.contains("broken.mp4").all()
    assert told.state.step == 1


def test_questions_that_do_not_fit_are_listed(trained, tmp_path):
    rules = pd.read_csv(trained.rules).assign(rule="very bright " * 2000)
    train_judge(
        trained.ratings, trained.videos, base=CHECKPOINT, out=tmp_path, rules=rules, device="cpu",
        settings=replace(FAST, max_steps=1), options=FRAMES, progress=False,
    )  # fmt: skip
    left_out = pd.read_csv(tmp_path / "left_out.csv")
    assert set(left_out["task"]) == {"rule"}
    assert left_out["reason"].str.contains("reads at most").all()
