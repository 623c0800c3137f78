"""The card of a trained judge: a report on ratings that it has not seen."""

from __future__ import annotations

import html
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

import videophy_lab as lab
from tests.judges.owl_cases import CHECKPOINT
from tests.training.planted import FRAMES
from videophy_lab import study
from videophy_lab.judges.autoeval import AutoEval
from videophy_lab.report import run_report

COMMONEST = "always the commonest answer"


@pytest.fixture(scope="module")
def card(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("card")
    scorers = {
        name: AutoEval(checkpoint=str(checkpoint), device="cpu", **FRAMES)
        for name, checkpoint in (("trained", trained.folder / "merged"), ("base", CHECKPOINT))
    }
    lab.score(
        trained.folder / "held_out.csv", scorers, out=folder, rules=trained.folder / "held_out_rules.csv",
        progress=False,
    )  # fmt: skip
    run = json.dumps(str(trained.folder))
    (folder / "params.yaml").write_text(
        f"title: Card\nnotebooks:\n  - notebook: train_judge\n    parameters: {{run: {run}, scores: .}}\n",
        encoding="utf-8",
    )
    run_report(folder)
    return folder


def read_agreement(card) -> pd.DataFrame:
    return pd.read_csv(card / "tables" / "train_judge_agreement.csv")


def test_planted_answers_are_all_right_and_others_are_not(card):
    rows = read_agreement(card).set_index(["quantity", "scorer", "split", "task"])["estimate"]
    exact = rows.loc["exact_agreement"]
    assert len(exact.loc["trained"]) == 9
    assert exact.loc["trained"].eq(1).all()
    assert exact.loc["base"].mean() < 0.7
    # two answers a task, as often in each split
    assert exact.loc[COMMONEST].mean() == pytest.approx(0.5, abs=0.2)
    kappa = rows.loc["quadratic_weighted_kappa"]
    assert kappa.loc["trained"].eq(1).all()
    assert kappa.loc[COMMONEST].abs().max() < 1e-9


def test_every_number_has_its_counts_and_the_card_says_it(card):
    rows = read_agreement(card)
    assert rows[["n_videos", "n_prompts"]].notna().all().all()
    page = html.unescape(re.sub(r"<[^>]+>", " ", (card / "index.html").read_text("utf-8")))
    told = " ".join(page.split())
    assert "On unseen prompts of unseen generators trained answers as people did to 100.0 %" in told
    # eight prompts: two are held out and two told when to stop, which are in no number
    assert "On unseen generators trained answers as people did to 100.0 %" in told
    assert "(n = 4 questions, 4 prompts), beside" in told
    assert "(n = 6 questions" not in told
    assert "trained was trained from checkpoint on 24 examples in 18 steps" in told
    figures = {path.stem.removeprefix("train_judge_") for path in (card / "figures").glob("*.png")}
    assert {"learning", "exact_agreement", "pearson", "quadratic_weighted_kappa", "confusion"} == figures


def test_a_task_of_one_answer_is_a_finding(trained, card, tmp_path):
    shutil.copytree(
        trained.folder, tmp_path / "run", ignore=shutil.ignore_patterns("cache", "merged", "checkpoints")
    )
    examples = pd.read_csv(tmp_path / "run" / "examples.csv")
    examples.loc[examples["task"].eq("pc"), "answer"] = 4
    examples.to_csv(tmp_path / "run" / "examples.csv", index=False)
    where = f"{{run: run, scores: {json.dumps(str(card))}}}"
    (tmp_path / "params.yaml").write_text(
        f"title: Card\nnotebooks:\n  - {{notebook: train_judge, parameters: {where}}}\n", encoding="utf-8"
    )
    run_report(tmp_path, progress=False)
    told = (tmp_path / "index.html").read_text("utf-8")
    assert "In training the answer about physical commonsense was always 4 (n = 8 questions)" in told
    assert "In training the answer about semantic adherence" not in told


def test_no_stop_prompt_is_in_the_card(trained, card):
    examples = pd.read_csv(trained.folder / "examples.csv")
    stop = set(examples.loc[examples["split"].isin(["stop", "stop_generators"]), "video_id"])
    prompts = set(examples.loc[examples["split"].eq("stop"), "prompt_id"])
    held_out = pd.read_csv(trained.folder / "held_out_ratings.csv")
    assert len(stop) == 6
    assert not set(held_out["video_id"]) & stop
    assert not set(held_out["prompt_id"]) & prompts
    assert not set(lab.load_scores(card, on_collision="ignore")["video_id"]) & stop
    counts = examples[examples["split"].str.startswith("val_")].groupby(["split", "task"]).size()
    exact = read_agreement(card).query("quantity == 'exact_agreement' and scorer == 'trained'")
    assert exact.set_index(["split", "task"])["n_videos"].sort_index().to_dict() == counts.to_dict()


def rate(rows: list[tuple]) -> pd.DataFrame:
    columns = ["video_id", "prompt_id", "task", "rule_id", "rating", "split"]
    return pd.DataFrame(rows, columns=columns).assign(generator="g")


def score(rows: list[tuple]) -> pd.DataFrame:
    columns = ["video_id", "task", "rule_id", "score"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(scorer="j", spec="s", status=np.where(table["score"].isna(), "unscored", "ok"))


def test_agreement_is_what_a_hand_counts():
    held_out = rate(
        [("a", "p", "sa", "", 4.5, "val_prompts"), ("b", "q", "sa", "", 2, "val_prompts"),
         ("c", "r", "sa", "", 3, "val_prompts"), ("a", "p", "rule", "x", 1, "val_prompts"),
         ("a", "p", "rule", "y", 0, "val_prompts"), ("b", "q", "rule", "x", 2, "val_prompts")]
    )  # fmt: skip
    scores = score(
        [("a", "sa", "", 5), ("b", "sa", "", 5), ("c", "sa", "", np.nan), ("a", "rule", "x", 1),
         ("a", "rule", "y", 1), ("b", "rule", "x", 2)]
    )  # fmt: skip
    found = study.agree_on_splits(held_out, scores).set_index(["quantity", "task"])
    assert found.loc[("exact_agreement", "sa"), ["estimate", "n_videos", "n_missing"]].tolist() == [0.5, 2, 1]
    assert found.loc[("mean_absolute_error", "sa"), "estimate"] == pytest.approx((0.5 + 3) / 2)
    exact = found.loc[("exact_agreement", "rule")]
    assert (exact["estimate"], exact["n_prompts"]) == (pytest.approx(2 / 3), 2)
    counts = study.tabulate_answers(held_out, scores, ["j"])
    assert counts["n_videos"].sum() == 5
    assert counts.query("task == 'sa' and rating == 5 and score == 5")["n_videos"].tolist() == [1]


def test_blind_judges_know_the_training_ratings_only():
    examples = pd.DataFrame(
        {"split": ["train"] * 3 + ["val_both"] * 3, "task": "pc", "answer": [4, 4, 1, 2, 2, 2],
         "rating": [4, 3.5, 1, 2, 2, 2]}
    )  # fmt: skip
    held_out = rate([("a", "p", "pc", "", 2, "val_both")])
    found = study.answer_blindly(examples, held_out).set_index("scorer")["score"]
    assert found[COMMONEST] == 4
    assert found["always the mean rating"] == pytest.approx(8.5 / 3)
