"""The notebooks on a user's own tables: other generators, other scorers, a 0/1 scale, missing rows."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT
from videophy_lab.report import run_report

PARAMS = """\
title: Mine
parameters:
  ratings: ratings.csv
  scores: scores.csv
notebooks:
  - leaderboard
  - judge_agreement
  - notebook: calibrated_leaderboard
    parameters: {sizes: [10, 20], n_scored: 40, n_draws: 100, n_labels: 20}
"""
README = """\
title: My generators
parameters:
  ratings: ratings.csv   # video_id, prompt_id, generator, task, rating
  scores: scores.csv     # video_id, scorer, spec, task, score, status; probe for edited videos
notebooks: [leaderboard, judge_agreement, calibrated_leaderboard]
"""
GENERATORS = {"alpha": 0.7, "beta": 0.5, "gamma": 0.2}


def write_tables(folder: Path) -> None:
    rng = np.random.default_rng(5)
    rows = []
    for generator, rate in GENERATORS.items():
        for i in range(60):
            video = {"video_id": f"{generator}/p{i:02d}/0", "prompt_id": f"p{i:02d}", "generator": generator}
            truth = float(rng.random() < rate)
            rows.append(video | {"task": "sa", "rating": 1.0})
            rows.append(video | {"task": "pc", "rating": truth})
    ratings = pd.DataFrame(rows)
    noise = rng.random(len(ratings)) < 0.2
    answers = np.where(noise, 1 - ratings["rating"], ratings["rating"])
    judge = ratings.drop(columns="rating").assign(
        scorer="my_judge", spec="v1", score=0.1 + 0.8 * answers, status="ok", error=""
    )
    judge.loc[judge.index % 9 == 0, ["score", "status", "error"]] = [
        np.nan,
        "unscored",
        "no digit in the answer",
    ]
    metric = judge[judge["task"].eq("pc")].assign(
        scorer="sharpness", task="sharpness", score=rng.normal(size=len(judge) // 2), status="ok", error=""
    )
    ratings.drop(index=ratings.index[[3, 4, 50]]).to_csv(folder / "ratings.csv", index=False)
    pd.concat([judge.iloc[:-7], metric]).to_csv(folder / "scores.csv", index=False)
    (folder / "params.yaml").write_text(PARAMS, encoding="utf-8")


def read_all(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folders = [tmp_path_factory.mktemp(name) / "mine" for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
        write_tables(folder)
        run_report(folder, progress=False)
    return folders


def test_two_runs_in_two_places_are_byte_equal(reports: list[Path]) -> None:
    one, two = (read_all(folder) for folder in reports)
    assert list(one) == list(two)
    assert [name for name in one if one[name] != two[name]] == []


def test_missing_and_unscored_rows_are_counted(reports: list[Path]) -> None:
    counts = pd.read_csv(reports[0] / "tables" / "leaderboard_counts.csv").set_index("generator")
    assert counts["n_videos"].sum() == 180
    assert counts["n_rated_both"].sum() == 177
    scored = pd.read_csv(reports[0] / "tables" / "judge_agreement_counts.csv").set_index("scorer")
    judge = scored.loc["my_judge"]
    assert judge[["n_ok", "n_unscored", "n_failed", "n_without_row"]].sum().sum() == 180
    assert judge["n_unscored"].sum() > 20
    assert judge["n_without_row"].sum() == 3


def test_the_01_scale_is_understood(reports: list[Path]) -> None:
    estimates = pd.read_csv(reports[0] / "estimates.csv")
    joint = estimates[estimates["notebook"].eq("leaderboard") & estimates["quantity"].eq("joint")]
    by = joint[joint["method"].eq("wilson")].set_index("generator")["estimate"]
    for generator, rate in GENERATORS.items():
        # within 4 standard errors of the planted rate
        assert abs(by[generator] - rate) < 4 * np.sqrt(rate * (1 - rate) / 60)
    accuracy = estimates[estimates["quantity"].eq("joint_accuracy")].set_index("scorer")["estimate"]
    assert accuracy["my_judge"] > 0.5
    assert "sharpness" not in accuracy.index
    metric = estimates[estimates["scorer"].eq("sharpness") & estimates["quantity"].eq("spearman")]
    # every rated SA is 1: no correlation is defined there, and none is invented
    assert metric.loc[metric["rating_task"].eq("sa"), "estimate"].isna().all()
    assert metric.loc[metric["rating_task"].eq("pc"), "estimate"].notna().any()


def test_the_page_names_the_users_generators(reports: list[Path]) -> None:
    page = (reports[0] / "index.html").read_text(encoding="utf-8")
    for name in (*GENERATORS, "my_judge", "sharpness"):
        assert name in page
    assert "Wan2.1" not in page


def test_the_readmes_columns_are_enough(tmp_path: Path) -> None:
    """One generator, opaque ids, annotators, two judges with a spec a task, a metric: it is enough."""
    assert README in (ROOT / "README.md").read_text(encoding="utf-8")
    rng = np.random.default_rng(8)
    names = {"video_id": [f"v{i:04d}" for i in range(40)], "prompt_id": [f"p{i // 2:02d}" for i in range(40)]}
    videos = pd.DataFrame(names).assign(generator="only")
    votes = [
        videos.assign(task=task, annotator=annotator, rating=rng.integers(1, 6, 40))
        for task in ("sa", "pc")
        for annotator in ("ann", "bob", "cy")
    ]
    pd.concat(votes).to_csv(tmp_path / "ratings.csv", index=False)
    scored = [
        videos[["video_id"]].assign(
            scorer=scorer, spec=f"{task}-1", task=task, score=rng.integers(1, 6, 40), status="ok"
        )
        for scorer, task in (("one", "sa"), ("one", "pc"), ("two", "sa"), ("two", "pc"), ("blur", "blur"))
    ]
    pd.concat(scored).to_csv(tmp_path / "scores.csv", index=False)
    text = README.replace(", calibrated_leaderboard]", "]")
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    run_report(tmp_path, progress=False)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"\bnan\b", page)
    estimates = pd.read_csv(tmp_path / "estimates.csv")
    compared = estimates[estimates["quantity"].eq("difference_spearman")]
    assert set(compared["test"]) == {"prompt_swap"}
    assert compared["p_holm"].ge(compared["p_value"]).all()
