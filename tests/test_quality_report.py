"""The notebook on quality metrics beside rated physics, on tables whose truth was planted."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.fetv import read_fetv
from videophy_lab.report import ReportError, run_report

PARAMS = """\
title: Quality
parameters: {ratings: ratings.csv, scores: scores.csv}
notebooks:
  - notebook: physics_vs_quality
    parameters:
"""
N_PROMPTS, GENERATORS = 60, ["g0", "g1", "g2", "g3", "g4", "g5"]


def make_videos(n_prompts: int = N_PROMPTS) -> pd.DataFrame:
    names = [(f"{g}/p{i:03d}/0", f"p{i:03d}", g) for g in GENERATORS for i in range(n_prompts)]
    return pd.DataFrame(names, columns=["video_id", "prompt_id", "generator"])


def make_scores(videos: pd.DataFrame, name: str, values: np.ndarray) -> pd.DataFrame:
    status = np.where(np.isnan(values), "unscored", "ok")
    table = videos[["video_id"]].assign(scorer=name, spec="s", task=name, score=values, status=status)
    return table.assign(error=np.where(np.isnan(values), "fewer than two frames", ""))


def make_ratings(videos: pd.DataFrame, **values: np.ndarray) -> pd.DataFrame:
    return pd.concat(videos.assign(task=task, rating=rating) for task, rating in values.items())


def run(folder: Path, *, ratings: pd.DataFrame | None, scores: pd.DataFrame, **parameters: object) -> Path:
    folder.mkdir(exist_ok=True)
    text = PARAMS
    if ratings is None:
        text = text.replace("ratings: ratings.csv, ", "")
    else:
        ratings.to_csv(folder / "ratings.csv", index=False)
    scores.to_csv(folder / "scores.csv", index=False)
    (folder / "params.yaml").write_text(
        text + f"      {json.dumps(parameters)}\n" if parameters else text.replace("    parameters:\n", ""),
        encoding="utf-8",
    )
    run_report(folder, progress=False)
    return folder


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "tables" / f"physics_vs_quality_{name}.csv")


def read_page(folder: Path) -> str:
    return html.unescape((folder / "index.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Report on ratings that follow a generator's quality, and on metrics that follow this or that."""
    rng = np.random.default_rng(11)
    videos = make_videos()
    quality = videos["generator"].map({name: k - 2.5 for k, name in enumerate(GENERATORS)}).to_numpy()
    own = rng.normal(size=len(videos))
    physics = 0.5 * quality + own
    pc = np.clip(np.round(3 + physics), 1, 5)
    sa = np.clip(np.round(3 + rng.normal(size=len(videos))), 1, 5)
    noise = rng.normal(size=(5, len(videos)))
    scores = {
        "aesthetic_quality": 5 + quality + noise[0],
        "motion_smoothness": 0.9 + 0.01 * noise[1],
        "subject_consistency": own / 3**0.5 + noise[2],
        "blur": -physics + 0.1 * noise[3],
        "dynamic_degree": (noise[4] > 0).astype(float),
        "still": np.full(len(videos), 0.5),
    }
    scores["motion_smoothness"][::10] = np.nan
    table = pd.concat([make_scores(videos, *pair) for pair in scores.items()], ignore_index=True)
    table = table.drop(index=table.index[table["scorer"].eq("subject_consistency")][:7])
    judge = make_scores(videos, "my_judge", pc).assign(task="pc")
    return run(
        tmp_path_factory.mktemp("planted") / "report",
        ratings=make_ratings(videos, sa=sa, pc=pc),
        scores=pd.concat([judge, table]),
        better={"blur": "lower", "dynamic_degree": "neither"},
        margin=0.2,
        labels={"blur": "Blur of mine"},
    )


def test_what_was_planted_is_found_at_its_level(planted: Path) -> None:
    estimates = pd.read_csv(planted / "estimates.csv")
    pc = estimates[estimates["quantity"].eq("spearman") & estimates["rating_task"].eq("pc")]
    at = pc.set_index(["scorer", "centred_by"])
    beauty = at.loc["aesthetic_quality"]
    # beauty knows the generator and nothing else: gone within generators, there within prompts
    assert beauty.loc[["none", "prompt"], "low"].gt(0.2).all()
    assert beauty.loc[["generator", "both"], "low"].lt(0).all()
    assert beauty.loc[["generator", "both"], "high"].gt(0).all()
    assert beauty.loc["generator_means", "estimate"] > 0.9
    assert at.loc["subject_consistency"].loc[["none", "generator", "prompt", "both"], "low"].gt(0.15).all()
    assert at.loc[("blur", "none"), "high"] < -0.8
    assert at.loc["still", "estimate"].isna().all()
    assert "my_judge" not in set(estimates["scorer"])


def test_verdicts_hold_to_the_declared_margin(planted: Path) -> None:
    judged = read(planted, "judged")
    pc = judged[judged["rating_task"].eq("pc")].set_index("scorer")
    assert pc["margin"].eq(0.2).all()
    expected = {"aesthetic_quality": "non-zero", "motion_smoothness": "equivalent", "blur": "non-zero"}
    assert {name: pc.loc[name, "verdict"] for name in expected} == expected
    assert pc["p_holm"].dropna().ge(pc["p_value"].dropna()).all()
    assert set(pc.index[pc["p_holm"] < 0.05]) == {"aesthetic_quality", "subject_consistency", "blur"}
    # strongest first, what is undefined last
    assert [pc.index[0], *pc.index[-2:]] == ["aesthetic_quality", "blur", "still"]


def test_what_is_missing_is_counted_and_said(planted: Path) -> None:
    metrics = read(planted, "metrics").set_index("metric")
    smooth, subject = metrics.loc["motion_smoothness"], metrics.loc["subject_consistency"]
    assert smooth[["n_videos", "n_ok", "n_unscored", "n_failed", "n_without_row"]].tolist() == [
        360,
        324,
        36,
        0,
        0,
    ]
    assert subject[["n_ok", "n_without_row"]].tolist() == [353, 7]
    assert metrics.loc["blur", "better"] == "lower"
    assert metrics.loc["still", "better"] == "not told"
    page = read_page(planted)
    assert "motion smoothness has no usable number for 36 of 360 rated videos (36 unscored" in page
    assert (
        "no correlation with the human PC where it, or the metric, does not vary: still (n = 360 videos)"
        in page
    )


def test_the_findings_carry_the_tables_numbers(planted: Path) -> None:
    page = read_page(planted)
    judged = read(planted, "judged").set_index(["scorer", "rating_task"])
    row = judged.loc[("aesthetic_quality", "pc")]
    assert f"{row['estimate']:.2f} ({row['low']:.2f} to {row['high']:.2f}) pooled" in page
    assert "what the pooled videos show is not shown within generators and prompts" in page
    assert "Blur of mine, of which lower is better, correlates with the human PC" in page
    assert "dynamic degree, of which neither end is better, correlates" in page
    n_equivalent = int(judged.xs("pc", level="rating_task")["verdict"].eq("equivalent").sum())
    assert f"{n_equivalent} of 5 metrics" in page
    assert not re.search(r"\bnan\b", page)


def test_the_papers_numbers_stand_beside_ours(planted: Path) -> None:
    printed = read(planted, "printed").set_index("metric")
    assert printed["printed"].to_dict() == {
        "aesthetic_quality": 0.09,
        "motion_smoothness": 0.002,
        "dynamic_degree": 0.002,
    }
    # .09 is below all that was planted; noise has about 0 in its interval
    assert not printed.loc["aesthetic_quality", "holds_printed"]
    pearson = pd.read_csv(planted / "estimates.csv").query("quantity == 'pearson' and centred_by == 'none'")
    pearson = pearson[pearson["rating_task"].eq("pc")].set_index("scorer")["estimate"]
    assert printed["recomputed"].to_dict() == pytest.approx(pearson[printed.index].to_dict())
    assert "beside 0.09 of the aesthetic score" in read_page(planted)


def test_figures_are_there(planted: Path) -> None:
    for name in ("levels", "forest"):
        assert (planted / "figures" / f"physics_vs_quality_{name}.png").stat().st_size > 5000


def test_scores_without_a_metric_say_what_to_do(tmp_path: Path) -> None:
    videos = make_videos(10)
    answers = np.arange(len(videos)) % 5 + 1.0
    scores = make_scores(videos, "my_judge", answers).assign(task="pc")
    with pytest.raises(ReportError, match=r"hold no metric.*their tasks: pc.*--scorer aesthetic_quality"):
        run(tmp_path / "r", ratings=make_ratings(videos, pc=answers), scores=scores)


def test_a_judge_stands_in_where_no_human_rated(tmp_path: Path, rng: np.random.Generator) -> None:
    """A judge between 0 and 1, no ratings at all, one metric, and the printed numbers left out."""
    videos = make_videos(30)
    truth = rng.random(len(videos))
    judge = [make_scores(videos, "my_judge", truth).assign(task=task) for task in ("sa", "pc")]
    beauty = make_scores(videos, "aesthetic_quality", truth + 0.1 * rng.normal(size=len(videos)))
    folder = run(
        tmp_path / "r",
        ratings=None,
        scores=pd.concat([*judge, beauty]),
        judge="my_judge",
        published="",
        level="both",
        labels={"my_judge": "My Judge"},
    )
    judged = read(folder, "judged")
    assert judged["centred_by"].eq("both").all()
    assert judged["low"].gt(0.8).all()
    assert judged["verdict"].eq("non-zero").all()
    page = read_page(folder)
    assert "correlates with the My Judge PC" in page
    assert "SA and PC are My Judge's, not human" in page
    assert "human PC" not in page
    assert not (folder / "tables" / "physics_vs_quality_printed.csv").exists()


def test_ratings_of_01_and_one_file_under_two_names(tmp_path: Path, rng: np.random.Generator) -> None:
    videos = make_videos(40)
    pc = (rng.random(len(videos)) < 0.4).astype(float)
    sa = (rng.random(len(videos)) < 0.7).astype(float)
    values = rng.normal(size=len(videos)) + pc
    values[videos["generator"].eq("g1")] = values[videos["generator"].eq("g0")]
    folder = run(
        tmp_path / "r",
        ratings=make_ratings(videos, sa=sa, pc=pc),
        scores=make_scores(videos, "sharpness", values),
        on_collision="drop",
    )
    page = read_page(folder)
    assert "Scores are identical across g0 and g1" in page
    metrics = read(folder, "metrics").iloc[0]
    assert metrics["n_without_row"] == 240 - metrics["n_ok"] == 80
    assert read(folder, "printed").empty


@pytest.mark.slow
def test_fetv_with_its_annotators(tmp_path: Path, shared: Path) -> None:
    """Real ratings of three annotators and three metrics, on the first 150 prompts."""
    ratings, scores = read_fetv(150)
    folder = run(tmp_path / "fetv", ratings=ratings, scores=scores.assign(task=scores["scorer"]))
    judged = read(folder, "judged").set_index(["scorer", "rating_task"])
    # alignment metrics follow alignment more than they follow the motion's quality
    for metric in ("BLIPScore", "CLIPScore", "UMTScore"):
        assert judged.loc[(metric, "sa"), "estimate"] > judged.loc[(metric, "pc"), "estimate"]
    assert judged["n_videos"].eq(ratings["video_id"].nunique()).all()
