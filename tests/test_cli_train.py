"""The command train-judge: what it says before, after, and of what is wrong."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.judges.owl_cases import CHECKPOINT
from tests.training.planted import plant
from videophy_lab.cli import app


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    paths = []
    for name, table in zip(("ratings", "videos", "rules"), plant(folder, prompts=4), strict=True):
        paths.append(str(folder / f"{name}.csv"))
        table.to_csv(paths[-1], index=False)
    return paths


def run(tables, out, *more: str, base: str = str(CHECKPOINT)):
    command = ["train-judge", *tables[:2], "--rules", tables[2], "--base", base, "--out", str(out)]
    return CliRunner().invoke(app, [*command, *more])


def test_a_dry_run_counts_and_estimates_and_writes_nothing(tables, tmp_path):
    ran = run(tables, tmp_path / "run", "--dry-run", "--device", "cpu")
    assert ran.exit_code == 0, ran.output
    assert "val_generators: " in ran.output
    assert "pc" in ran.output.split("train: ")[1].splitlines()[0]
    assert "answers to sa in train: 1: " in ran.output
    assert "trained: " in ran.output
    assert "hours for one process on cpu, if it reaches 40 %" in ran.output
    assert re.search(
        r"disk: about \S+ GB \(\S+ MB each, as the first one\) for \d+ videos as the judge sees them, and "
        r"\S+ GB for checkpoints and the merged judge; \S+ GB are free\. Nothing deletes",
        ran.output,
    )
    assert f"rm -r {tmp_path / 'run' / 'cache'}" in ran.output
    assert not (tmp_path / "run").exists()


def test_a_dry_run_measures_the_device_that_is_asked_for(tables, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    ran = run(tables, tmp_path / "run", "--dry-run", "--device", "cpu")
    assert ran.exit_code == 0, ran.output
    assert "for one process on cpu" in ran.output


def test_a_dry_run_says_where_the_disk_is_too_small(tables, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=1000))
    ran = run(tables, tmp_path / "run", "--dry-run", "--device", "cpu")
    assert "1e-06 GB are free, which is too little" in ran.output


def test_a_dry_run_says_what_would_be_fetched(tables, tmp_path):
    ran = run(tables, tmp_path, "--dry-run", "--device", "cpu", base="nobody/nothing-at-all")
    assert ran.exit_code == 0, ran.output
    assert "its memory and time are known once it is here" in ran.output


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--judge", "kinematics"], "kinematics cannot be trained on ratings. Allowed: autoeval"),
        (["--dtype", "fp16"], "fp16 loses the small gradients"),
        (["--balance", "cubic"], "allowed: none, sqrt, full"),
        (["--hold-out-generators", "three"], "there is no 'three'. Allowed, and not all: one, other, two"),
        (["--device", "cuda:7"], "device"),
        (["-o", "frames"], "must have the form name=value"),
    ],
)
def test_what_is_wrong_is_told(tables, tmp_path, more, message):
    ran = run(tables, tmp_path / "run", *more, *([] if "--device" in more else ["--device", "cpu"]))
    assert ran.exit_code == 2, ran.output
    assert message in " ".join(ran.output.split())
    assert not (tmp_path / "run").exists()


def test_nothing_to_train_on_says_what_was_given(tables, tmp_path):
    videos = pd.read_csv(tables[1]).assign(path="nowhere.mp4")
    videos.to_csv(tmp_path / "videos.csv", index=False)
    ran = run([tables[0], str(tmp_path / "videos.csv"), tables[2]], tmp_path / "run", "--device", "cpu")
    assert ran.exit_code == 2
    assert "nothing to train on" in ran.output
    assert "36 left out: there is no file at its path" in " ".join(ran.output.split())


def test_weights_that_cannot_be_had_are_to_be_given_as_base(tables, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    ran = run(tables, tmp_path / "run", "--device", "cpu", base="nope/dir")
    assert ran.exit_code == 2, ran.output
    assert "give that folder as --base" in " ".join(ran.output.split())
    assert "--checkpoint" not in ran.output


def give_ratings(tables, tmp_path, change) -> list[str]:
    changed = change(pd.read_csv(tables[0]))
    changed.to_csv(tmp_path / "ratings.csv", index=False)
    return [str(tmp_path / "ratings.csv"), *tables[1:]]


def test_one_answer_to_every_question_is_refused(tables, tmp_path):
    given = give_ratings(tables, tmp_path, lambda ratings: ratings[ratings["task"].eq("pc")].assign(rating=4))
    ran = run(given, tmp_path / "run", "--device", "cpu", "--dry-run")
    assert ran.exit_code == 2, ran.output
    said = " ".join(ran.output.split())
    assert re.search(r"for no task has two answers: all \d+ answers to pc in train are 4", said), said
    assert "Remedy: give ratings with two answers or more to a task, or hold less out" in said
    assert not (tmp_path / "run").exists()


def test_a_task_of_one_answer_is_noted(tables, tmp_path):
    given = give_ratings(
        tables,
        tmp_path,
        lambda ratings: ratings.assign(rating=ratings["rating"].mask(ratings["task"].eq("pc"), 4)),
    )
    ran = run(given, tmp_path / "run", "--device", "cpu", "--dry-run")
    assert ran.exit_code == 0, ran.output
    said = " ".join(ran.output.split())
    assert re.search(
        r"note: all \d+ answers to pc in train are 4, so the judge learns to give it always", said
    )
    assert "answers to sa in train are" not in said


def test_ratings_without_rows_are_named(tables, tmp_path):
    ran = run(
        give_ratings(tables, tmp_path, lambda ratings: ratings[:0]), tmp_path / "run", "--device", "cpu"
    )
    assert ran.exit_code == 2, ran.output
    said = " ".join(ran.output.split())
    assert f"{tmp_path}/ratings.csv has no rows. Remedy: give ratings of sa, pc, rule" in said


def test_ratings_of_other_tasks_are_named(tables, tmp_path):
    given = give_ratings(
        tables, tmp_path, lambda ratings: ratings[ratings["task"].eq("pc")].assign(task="beauty")
    )
    ran = run(given, tmp_path / "run", "--device", "cpu")
    assert ran.exit_code == 2, ran.output
    assert "its ratings are of beauty; allowed: sa, pc, rule" in " ".join(ran.output.split())
