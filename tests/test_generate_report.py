"""The notebook of a run of generators, on videos that were really made."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.generation.makers import Fader, Worlds
from tests.generation.test_run import make_prompts
from videophy_lab.generation import generate_videos
from videophy_lab.report import run_report

PARAMS = """\
title: A run
parameters: {videos: run, costs: run/costs.csv, labels: {worlds: The bright world}}
notebooks: [generate]
"""
CAPTIONS = ("A lamp is turned up.", "A candle burns down.", "It is refused.", "There is music.")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "mine"
    generate_videos(
        [Worlds(), Fader(size=64)], make_prompts(*CAPTIONS), out=folder / "run", seeds=[0, 1], progress=False
    )
    (folder / "params.yaml").write_text(PARAMS, encoding="utf-8")
    run_report(folder, progress=False)
    return folder


def test_everything_is_counted(report: Path) -> None:
    counts = pd.read_csv(report / "tables" / "generate_counts.csv").set_index("generator")
    assert counts["n_videos"].to_dict() == dict.fromkeys(("fader", "worlds", "worlds-dark", "worlds-dim"), 6)
    assert counts["n_failed"].unique().tolist() == [2]
    assert counts.loc["fader", ["n_prompts", "n_prompts_without"]].tolist() == [2, 1]
    assert (counts["n_truncated"] == counts["n_ok"]).all()
    failures = pd.read_csv(report / "tables" / "generate_failures.csv")
    assert failures["error"].unique().tolist() == ["the service finds it unfit"]
    assert failures["n_videos"].sum() == 8
    files = pd.read_csv(report / "tables" / "generate_files.csv").set_index("generator")
    assert files.loc["fader", ["width", "frames", "n_videos"]].tolist() == [64, 9, 4]
    costs = pd.read_csv(report / "tables" / "generate_costs.csv").set_index("generator")
    assert costs.loc["fader", "total_cost"] == pytest.approx(4 * 0.1 + 2 * 0.25)


def test_the_page_shows_and_says_what_was_made(report: Path) -> None:
    page = (report / "index.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "16 videos were made of 3 prompts by 4 generators; 8 failed." in page
    assert "2 videos of The bright world failed: the service finds it unfit" in page
    assert "was longer than its generator reads" in page
    assert "US dollars" in page
    assert (report / "figures" / "generate_contact_sheet.png").stat().st_size > 5000
    clips = sorted(path.name for path in (report / "clips").iterdir())
    assert clips == [f"generate_examples_{number}.mp4" for number in range(1, 7)]
    assert all(f"clips/{name}" in page for name in clips)
