"""The notebook that compares judges, on tables whose truth was planted."""

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
title: Judges
parameters: {ratings: ratings.csv, scores: scores.csv}
notebooks:
  - notebook: judges_compared
    parameters:
"""
GENERATORS = ["g0", "g1", "g2", "g3", "g4", "g5"]
# judge: noise beside the rating, seconds a question, dollars a question
JUDGES = {
    "good": (0.7, 8.0, 0.02),
    "quick": (1.2, 0.5, 0.001),
    "poor": (12.0, 4.0, 0.05),
    "own": (2.0, 2.0, np.nan),
}


def make_ratings(n_prompts: int, rng: np.random.Generator, *, binary: bool = False) -> pd.DataFrame:
    names = [(f"{g}/p{i:03d}/0", f"p{i:03d}", g) for g in GENERATORS for i in range(n_prompts)]
    videos = pd.DataFrame(names, columns=["video_id", "prompt_id", "generator"])
    parts = []
    for task in ("sa", "pc"):
        latent = rng.normal(size=len(videos))
        rating = (latent > 0.2).astype(float) if binary else np.clip(np.round(3 + 1.2 * latent), 1, 5)
        parts.append(videos.assign(task=task, rating=rating))
    return pd.concat(parts, ignore_index=True)


def make_judge(ratings: pd.DataFrame, name: str, score: np.ndarray, **columns: object) -> pd.DataFrame:
    status = np.where(np.isnan(score), "unscored", "ok")
    table = ratings[["video_id", "task"]].assign(scorer=name, spec="s", score=score, status=status)
    return table.assign(error=np.where(np.isnan(score), "no digit", ""), **columns)


def run(folder: Path, *, ratings: pd.DataFrame, scores: pd.DataFrame, **parameters: object) -> Path:
    folder.mkdir(exist_ok=True)
    ratings.to_csv(folder / "ratings.csv", index=False)
    scores.to_csv(folder / "scores.csv", index=False)
    text = (
        PARAMS + f"      {json.dumps(parameters)}\n"
        if parameters
        else PARAMS.replace("    parameters:\n", "")
    )
    (folder / "params.yaml").write_text(text, encoding="utf-8")
    run_report(folder, progress=False)
    return folder


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "tables" / f"judges_compared_{name}.csv")


def read_page(folder: Path) -> str:
    return html.unescape((folder / "index.html").read_text(encoding="utf-8")).replace("\xa0", " ")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Report on four judges of known noise and cost, one of which leaves questions out, and a metric."""
    rng = np.random.default_rng(3)
    ratings = make_ratings(30, rng)
    tables = []
    for name, (noise, seconds, dollars) in JUDGES.items():
        score = np.clip(np.round(ratings["rating"] + noise * rng.normal(size=len(ratings))), 1, 5)
        tables.append(make_judge(ratings, name, score.to_numpy(), seconds=seconds, cost=dollars))
    poor = tables[2]
    poor.loc[poor.index[:30], ["score", "status"]] = [np.nan, "unscored"]
    tables[2] = poor.drop(index=poor.index[-12:])
    sharp = ratings[ratings["task"].eq("pc")].assign(task="sharpness")
    tables.append(make_judge(sharp, "sharpness", rng.normal(size=len(sharp)), seconds=0.1, cost=np.nan))
    return run(
        tmp_path_factory.mktemp("planted") / "report",
        ratings=ratings,
        scores=pd.concat(tables),
        ensemble=["good", "quick"],
        labels={"good": "The Good Judge"},
        prices={"own": 0.0001},
    )


def test_only_common_videos_are_compared_and_all_are_counted(planted: Path) -> None:
    counts = read(planted, "unscored").set_index(["scorer", "task"])
    poor = counts.xs("poor")
    assert poor.loc["sa", ["n_rated", "n_ok", "n_unscored", "n_failed", "n_without_row"]].tolist() == [
        180,
        150,
        30,
        0,
        0,
    ]
    assert poor.loc["pc", ["n_rated", "n_ok", "n_unscored", "n_failed", "n_without_row"]].tolist() == [
        180,
        168,
        0,
        0,
        12,
    ]
    assert poor.loc["sa", "estimate"] == pytest.approx(1 / 6)
    # 30 videos lack poor's SA, 12 others its PC
    assert counts["n_common"].eq(138).all()
    agreement = read(planted, "agreement")
    assert agreement["n_videos"].dropna().eq(138).all()
    page = read_page(planted)
    assert "4 judges compared on 138 of 180 rated videos, those that all scored (30 prompts)" in page
    assert "poor has no usable SA of 30 of 180 rated videos (30 unscored and 0 failed, 16.7 % (" in page
    assert "0 without a row) and PC of 12 of 180 rated videos (0 unscored and 0 failed, 0.0 % (" in page


def test_the_planted_order_is_found_and_tested(planted: Path) -> None:
    compared = read(planted, "compared").set_index(["scorer_a", "scorer_b", "task"])
    assert len(compared) == 6 * 2
    assert set(compared.index.get_level_values("scorer_a")) <= set(JUDGES)
    best = compared.xs("good", level="scorer_a")
    assert best["estimate"].gt(0).all()
    assert best["p_holm"].lt(0.05).all()
    assert compared.loc[("quick", "poor", "pc"), "low"] > 0
    page = read_page(planted)
    assert "Highest correlation with the human PC: The Good Judge, " in page
    assert "lowest: poor, " in page
    assert "The Good Judge above " in page
    assert not re.search(r"\bnan\b", page)


def test_only_who_is_beaten_on_nothing_is_on_the_front(planted: Path) -> None:
    costs = read(planted, "costs")
    pc = costs[costs["task"].eq("pc")].set_index("scorer")
    assert pc.loc[list(JUDGES), "median_seconds"].to_dict() == {name: of[1] for name, of in JUDGES.items()}
    assert pc.loc["own", ["dollars", "price"]].tolist() == [0.0001, "given"]
    assert pc.loc["good", "price"] == "recorded"
    # poor is slower than quick and dearer than good; own is slower than quick, and the cheapest
    judges = pc.loc[list(JUDGES)]
    assert set(judges.index[judges["unbeaten_seconds"]]) >= {"quick"}
    assert not judges.loc[["poor", "own"], "unbeaten_seconds"].any()
    assert set(judges.index[judges["unbeaten_dollars"]]) >= {"quick", "own"}
    assert not judges.loc["poor", "unbeaten_dollars"]
    mean = pc.loc["ensemble mean"]
    assert mean["median_seconds"] == pytest.approx(8.5)
    assert mean["dollars"] == pytest.approx(0.021)
    assert "0.001 US dollars" in read_page(planted)


def test_ensembles_stand_beside_their_members(planted: Path) -> None:
    together = read(planted, "ensembles")
    assert set(together["scorer_b"]) == {"good", "quick"}
    assert set(together["scorer_a"]) == {
        "ensemble mean",
        "ensemble ridge, new prompts",
        "ensemble ridge, new generators",
    }
    assert len(together) == 3 * 2 * 2
    gain = together.set_index(["scorer_a", "scorer_b", "task"]).sort_index()
    # the members' errors are independent: together they beat the worse member
    assert gain.loc[("ensemble ridge, new prompts", "quick"), "low"].gt(0).all()
    assert together["p_holm"].ge(together["p_value"]).all()
    abstention = read(planted, "abstention")
    assert set(abstention["scorer"]) == {"ensemble mean", "ensemble ridge, new prompts"}
    page = read_page(planted)
    row = gain.loc[("ensemble mean", "quick", "pc")]
    assert "Correlation with the human PC, ensemble mean minus member: " in page
    assert (
        f"{row['estimate']:.2f} ({row['low']:.2f} to {row['high']:.2f}) for quick (p = {row['p_holm']:.3f})"
        in page
    )
    assert "1 metric of the scores is shown by the notebook physics_vs_quality" in page


def test_measures_and_figures_are_there(planted: Path) -> None:
    estimates = pd.read_csv(planted / "estimates.csv")
    quantities = set(estimates.loc[estimates["scorer"].eq("good"), "quantity"])
    assert {
        "spearman",
        "pearson",
        "pairwise_accuracy",
        "joint_accuracy",
        "joint_f1",
        "joint_phi",
    } <= quantities
    assert "unscored_rate" in quantities
    sentinels = read(planted, "sentinels")
    assert {"leave-one-out prompt mean", "generator mean"} <= set(sentinels["scorer"])
    for name in ("judges", "measures", "differences", "costs", "abstention"):
        assert (planted / "figures" / f"judges_compared_{name}.png").stat().st_size > 5000


def test_one_judge_on_01_alone(tmp_path: Path, rng: np.random.Generator) -> None:
    """VideoPhy-1's scale, a judge that gives probabilities of PC only, no seconds, no prices."""
    ratings = make_ratings(30, rng, binary=True)
    pc = ratings[ratings["task"].eq("pc")]
    score = np.clip(0.5 + 0.3 * (pc["rating"] - 0.5) + 0.1 * rng.normal(size=len(pc)), 0, 1)
    folder = run(tmp_path / "r", ratings=ratings, scores=make_judge(pc, "entailment", score.to_numpy()))
    page = read_page(folder)
    assert "entailment is the only judge: there is nothing to compare it with" in page
    assert "Correlation with the human PC: entailment, " in page
    assert "Highest" not in page
    assert "highest" not in page
    assert read(folder, "compared").empty
    agreement = read(folder, "agreement")
    assert set(agreement["rating_task"]) == {"pc"}
    assert not agreement["quantity"].str.startswith("joint").any()
    assert not (folder / "figures" / "judges_compared_costs.png").exists()
    assert not (folder / "figures" / "judges_compared_differences.png").exists()
    assert not re.search(r"\bnan\b", page)


def test_one_judge_named_meets_the_ensembles_members_on_equal_ratings(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    """Members are compared although not named, and what does not vary is said, not drawn."""
    ratings = make_ratings(20, rng)
    ratings.loc[ratings["task"].eq("sa"), "rating"] = 3.0
    noisy = [
        make_judge(ratings, name, (ratings["rating"] + rng.normal(size=len(ratings))).to_numpy())
        for name in ("one", "two", "three", "four")
    ]
    folder = run(
        tmp_path / "r", ratings=ratings, scores=pd.concat(noisy), judges=["one"], ensemble=["two", "three"]
    )
    assert set(read(folder, "compared")["scorer_a"]) | set(read(folder, "compared")["scorer_b"]) == {
        "one",
        "two",
        "three",
    }
    assert set(read(folder, "ensembles")["scorer_b"]) == {"two", "three"}
    page = read_page(folder)
    assert "No judge has a correlation with the human SA: the ratings, or the scores, do not vary" in page
    assert "3 judges compared on 120 of 120 rated videos" in page
    assert not re.search(r"\bnan\b", page)


def test_no_judge_and_no_common_video_say_what_to_do(tmp_path: Path, rng: np.random.Generator) -> None:
    ratings = make_ratings(6, rng)
    metric = make_judge(ratings[ratings["task"].eq("pc")].assign(task="sharpness"), "sharpness", np.ones(36))
    with pytest.raises(ReportError, match=r"hold no judge.*their tasks: sharpness"):
        run(tmp_path / "none", ratings=ratings, scores=metric)
    halves = [ratings["generator"].isin(GENERATORS[:3]), ~ratings["generator"].isin(GENERATORS[:3])]
    apart = [make_judge(ratings[half], f"j{k}", np.ones(36)) for k, half in enumerate(halves)]
    with pytest.raises(ReportError, match=r"no rated video was scored by all judges .*j0 18, j1 18"):
        run(tmp_path / "apart", ratings=ratings, scores=pd.concat(apart))


@pytest.mark.slow
def test_fetv_with_its_annotators(tmp_path: Path, shared: Path) -> None:
    """Real ratings of three annotators; alignment metrics stand in for judges of SA."""
    ratings, scores = read_fetv(120)
    scores = scores.assign(task="sa")
    folder = run(
        tmp_path / "fetv",
        ratings=ratings,
        scores=scores,
        cost_task="sa",
        ensemble=["CLIPScore", "UMTScore"],
    )
    pooled = read(folder, "agreement").query("quantity == 'spearman' and centred_by == 'none'")
    at = pooled.set_index("scorer")["estimate"]
    # on FETV's full set too UMTScore agrees best; the mean of it and CLIPScore beats the weaker of the two
    assert at["UMTScore"] > at["CLIPScore"]
    assert at["ensemble mean"] > at["CLIPScore"]
    assert set(read(folder, "ensembles")["task"]) == {"sa"}
