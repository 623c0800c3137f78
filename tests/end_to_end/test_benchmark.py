"""From twelve actions to captions, videos, rules, ratings in a browser, a trained judge and its card."""

from __future__ import annotations

import html
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import videophy_lab as lab
from tests.bad_server import BadServer
from tests.browser import open_browser
from tests.end_to_end.made_benchmark import SCENES, TURNED, Author
from tests.end_to_end.making import N_VIDEOS, add_rules, make_videos, write_prompts, write_rules
from tests.end_to_end.rating import check_ratings, rate_in_lab, rate_on_page
from tests.end_to_end.steps import run
from tests.judges.owl_cases import CHECKPOINT
from tests.prompts.scribe import KEY, QUICK, VARIABLE
from videophy_lab.judges.autoeval import AutoEval
from videophy_lab.schema import read_table

pytest.importorskip("playwright.sync_api", reason="the extra dev has it")
pytest.importorskip("anywidget", reason="the extra annotate has it")
pytest.importorskip("peft", reason="the extra training has it")

UNSEEN = "simulated-teleport-100"
REPORT = """\
title: A benchmark of our own
parameters: {confidence: 0.95}
notebooks:
  - {notebook: prompts, parameters: {folder: ../bench, n_examples: 2}}
  - {notebook: annotators, parameters: {ratings: ../ratings.csv, save: combined}}
  - {notebook: train_judge, parameters: {run: ../judge}}
"""


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give a key, an empty cache, and no hub."""
    monkeypatch.setenv(VARIABLE, KEY)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.mark.slow
def test_from_twelve_actions_to_a_judge_and_its_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, needs_rendering: None
) -> None:
    monkeypatch.chdir(tmp_path)
    with BadServer(write=Author()) as server:
        given = {"base_url": server.address, "key_variable": VARIABLE, "cache": tmp_path / "answers", **QUICK}
        model = [word for name, value in given.items() for word in ("-o", f"{name}={value}")]
        write_prompts(model)
        videos = make_videos()
        write_rules(model, videos)
        with open_browser() as browser:
            on_page = rate_on_page(browser, videos)
            in_lab = rate_in_lab(browser, tmp_path)
        check_ratings(videos, on_page, in_lab)
        add_rules(model)
    check_agreement()
    train()
    check_report()
    keys = [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert keys == []


def check_agreement() -> None:
    """Check the statistics of agreement, by the numbers of what they rest on."""
    ratings = lab.load_ratings("ratings.csv")
    agreement = lab.annotator_agreement(ratings)
    alpha = agreement[agreement["quantity"].eq("alpha_ordinal")].set_index("task")
    assert alpha.loc[["pc", "sa"], "n_videos"].tolist() == [N_VIDEOS, N_VIDEOS]
    assert alpha.loc[["pc", "sa"], "n_prompts"].tolist() == [len(SCENES)] * 2
    # they agree on what is seen, and two of them slip now and then
    assert alpha["estimate"].between(0.3, 0.99).all()
    assert (alpha["low"] <= alpha["estimate"]).all()
    assert (alpha["estimate"] <= alpha["high"]).all()


def train() -> None:
    """Train a tiny judge, and score what it has not seen, by the line that the training prints."""
    tables = ("merged/all_ratings.csv", "videos/videos.csv", "--rules", "merged/rule_kept.csv")
    small = {
        "rank": 4, "alpha": 8, "dropout": 0, "learning-rate": 0.01, "warmup-steps": 1, "epochs": 8,
        "batch-size": 8, "micro-batch": 8, "hold-out-prompts": 0.2, "stop-prompts": 0.15, "evaluate-every": 4,
        "patience": 0, "hold-out-generators": UNSEEN, "seed": 3, "device": "cpu",
    }  # fmt: skip
    options = [word for name, value in small.items() for word in (f"--{name}", value)]
    said = run("train-judge", *tables, "--base", CHECKPOINT, "--out", "judge", "-o", "frames=2", *options)
    examples = pd.read_csv("judge/examples.csv")
    asked = {"pc": N_VIDEOS, "rule": 2 * N_VIDEOS + 1, "sa": N_VIDEOS}
    assert examples.groupby("task").size().to_dict() == asked
    # what one annotator found wrong is a rule that the video violates
    added = examples[examples["text"].eq(TURNED)]
    assert added[["answer", "n_annotators"]].to_numpy().tolist() == [[0, 1]]
    assert examples["n_annotators"].drop(added.index).between(2, 4).all()
    reported = ["val_prompts", "val_generators", "val_both"]
    assert set(examples["split"]) == {"train", "stop", "stop_generators", *reported}
    seen, held = examples["split"].isin(["train", "stop"]), examples["split"].isin(reported)
    stop = examples.loc[examples["split"].eq("stop"), "prompt_id"]
    assert not examples.loc[held, "prompt_id"].isin(stop).any()
    assert not examples.loc[seen, "generator"].eq(UNSEEN).any()
    unseen = examples["split"].isin(["val_prompts", "val_both"])
    assert not set(examples.loc[unseen, "prompt_id"]) & set(examples.loc[seen, "prompt_id"])
    assert len(pd.read_csv("judge/left_out.csv")) == 0
    steps = pd.read_csv("judge/steps.csv")
    assert np.isfinite(steps["loss"]).all()
    check_learnt(examples[examples["split"].eq("train")])

    held_out = pd.read_csv("judge/held_out_ratings.csv")
    found = re.search(r"score them: videophy-lab (score .*)$", said[-1])
    assert found is not None
    words = shlex.split(found.group(1))
    assert "frames=2" in words
    said = run(*words, "--device", "cpu")
    n_unseen = held.sum()
    assert any(line.startswith(f"done: {n_unseen} questions about") for line in said)
    scores = lab.load_scores("judge")
    assert len(scores) == len(held_out) == n_unseen
    assert scores["status"].eq("ok").all()
    for task, scale in {"sa": range(1, 6), "pc": range(1, 6), "rule": range(3)}.items():
        assert set(scores.loc[scores["task"].eq(task), "score"]) <= set(scale)
    assert set(scores["video_id"]) == set(held_out["video_id"])


def check_learnt(learnt: pd.DataFrame) -> None:
    """Check that the judge answers what it was trained on better than its base, and than a blind one."""
    checkpoints = {"trained": "judge/merged", "base": CHECKPOINT}
    judges = {
        name: AutoEval(checkpoint=str(folder), device="cpu", frames=2) for name, folder in checkpoints.items()
    }
    rules = learnt[learnt["task"].eq("rule")].rename(columns={"text": "rule"})
    videos = learnt.drop_duplicates("video_id")
    scores = lab.score(videos, judges, rules=rules, out="learnt", progress=False)
    hits = count_hits(learnt.assign(rating=learnt["answer"]), scores).groupby("scorer")["right"].sum()
    assert hits["trained"] > hits["base"]
    assert (
        hits["trained"] > learnt.groupby("task")["answer"].agg(lambda told: told.value_counts().max()).sum()
    )


def count_hits(ratings: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Join ratings and scores, and tell in ``right`` which scores are the rating, rounded."""
    keys = ["video_id", "task", "rule_id"]
    told, said = (table.assign(rule_id=table["rule_id"].fillna("")) for table in (ratings, scores))
    joined = told.merge(said[[*keys, "scorer", "score"]], on=keys)
    assert len(joined) == len(ratings) * scores["scorer"].nunique()
    return joined.assign(right=np.floor(joined["rating"] + 0.5).eq(joined["score"]))


def check_report() -> None:
    """Report on prompts, annotators and the judge."""
    folder = Path("report")
    folder.mkdir()
    (folder / "params.yaml").write_text(REPORT, encoding="utf-8")
    run("report", folder)
    page = html.unescape(re.sub(r"<[^>]+>", " ", (folder / "index.html").read_text(encoding="utf-8")))
    told = " ".join(page.replace("\N{NO-BREAK SPACE}", " ").split())
    assert re.search(r"Annotators agree about PC with an ordinal α of 0\.\d+", told)
    assert re.search(rf"\({N_VIDEOS} videos rated by two or more\)", told)
    steps = json.loads(Path("judge/training.json").read_text(encoding="utf-8"))["state"]["step"]
    n_train = pd.read_csv("judge/examples.csv")["split"].eq("train").sum()
    assert f"trained was trained from checkpoint on {n_train} examples in {steps} steps" in told
    for split in ("unseen prompts", "unseen generators", "unseen prompts of unseen generators"):
        for task in ("semantic adherence", "physical commonsense", "rules"):
            sentence = (
                rf"On {split} trained answers as people did to [\d.]+ % \([^)]*\) of questions about {task}"
            )
            assert re.search(sentence, told), (split, task)

    combined = read_table(folder / "combined.csv", "ratings")
    # labels of rules are combined as ratings are
    n_combined = {"pc": N_VIDEOS, "rule": 2 * N_VIDEOS, "sa": N_VIDEOS}
    assert combined["task"].value_counts().to_dict() == n_combined
    assert combined["n_annotators"].between(2, 4).all()
    card = pd.read_csv(folder / "tables" / "train_judge_agreement.csv")
    exact = card[card["quantity"].eq("exact_agreement") & card["scorer"].eq("trained")]
    held_out = pd.read_csv("judge/held_out_ratings.csv")
    right = count_hits(held_out, lab.load_scores("judge")).groupby(["split", "task"])["right"]
    found = exact.set_index(["split", "task"]).sort_index()
    assert found["n_videos"].to_dict() == right.size().to_dict()
    assert found["estimate"].to_dict() == pytest.approx(right.mean().to_dict())
    assert exact["n_missing"].eq(0).all()
