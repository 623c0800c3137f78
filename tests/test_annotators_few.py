"""The notebook of annotators on few ratings: of one annotator alone, and of yes and no."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.test_annotators_report import read_page
from videophy_lab.report import run_report

ALONE = """\
title: One annotator
notebooks: [{notebook: annotators, parameters: {ratings: alone.csv, drop: true}}]
"""
FEW = """\
title: Few ratings
notebooks:
  - {notebook: annotators, parameters: {ratings: few.csv, aggregate: dawid_skene, save: combined,
     n_disagreements: 2}}
"""


def make_few(names: str, n_videos: int = 12) -> pd.DataFrame:
    rows = [
        (f"g/{n // 2}/{n % 2}", f"{n // 2}", "g", name, "pc", int((n + place * (n % 3)) % 3 == 0))
        for n in range(n_videos)
        for place, name in enumerate(names)
    ]
    return pd.DataFrame(rows, columns=["video_id", "prompt_id", "generator", "annotator", "task", "rating"])


def run_few(folder: Path, params: str, name: str, ratings: pd.DataFrame) -> str:
    ratings.to_csv(folder / name, index=False)
    (folder / "params.yaml").write_text(params, encoding="utf-8")
    run_report(folder, progress=False)
    return read_page(folder)


def test_one_annotator_alone_is_told_that_agreement_needs_two(tmp_path: Path) -> None:
    page = run_few(tmp_path, ALONE, "alone.csv", make_few("A"))
    assert "Agreement about PC cannot be told: it needs two people" in page
    assert "no video was rated by two or more (12 videos, 1 annotator)" in page
    assert "The share of successes in PC is 33.3 %, whichever way ratings are combined (n = 12 videos" in page
    for nonsense in ("undefined", "with the others", "disputed question", "is left out"):
        assert nonsense not in page.split("Where the numbers come from")[0]
    assert len(pd.read_csv(tmp_path / "tables" / "annotators_flags.csv")) == 0
    assert len(pd.read_csv(tmp_path / "tables" / "annotators_agreement.csv")) == 0


def test_few_ratings_of_yes_and_no_are_combined_and_said_to_be_few(tmp_path: Path) -> None:
    ratings = make_few("ABC")
    page = run_few(tmp_path, FEW, "few.csv", ratings)
    assert "an annotator has only 12 ratings of PC" in page
    ways = pd.read_csv(tmp_path / "tables" / "annotators_aggregations.csv").set_index("how")["success_rate"]
    share = (ratings.groupby("video_id")["rating"].mean() > 0.5).mean()
    assert 0 < share < 1
    assert ways["mean"] == ways["majority"] == pytest.approx(share)
    assert (
        f"The share of successes in PC is {100 * share:.1f} %, whichever way ratings are combined (n = 12 "
        "videos; Dawid–Skene, with fewer than 100 ratings of someone, is left out)." in page
    )
    n_disputed = int((ratings.groupby("video_id")["rating"].nunique() > 1).sum())
    assert f"2 of {n_disputed} disputed questions about videos are listed" in page
    combined = pd.read_csv(tmp_path / "combined.csv")
    assert len(combined) == 12
    assert set(combined["rating"]) <= {0, 1}
