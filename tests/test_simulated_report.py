"""From the simulated world to its report: the three commands in small."""

from __future__ import annotations

import html
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.conftest import ROOT

REPORT = ROOT / "reports" / "simulated"
VIOLATIONS = "teleport,vanish,reversal,freeze"


def run(*arguments: object) -> str:
    command = [sys.executable, "-m", "videophy_lab.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def smoke(needs_rendering: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the three commands of the README on two scenes, small."""
    home = tmp_path_factory.mktemp("smoke")
    out, report = home / "runs" / "simulated", home / "reports" / "simulated"
    limits = ["--limit", 2, "-o", "fast=true", "-o", f"violations={VIOLATIONS}", "-o", "severities=1"]
    said = run("generate", "simulated", "--generator", "simulated", "--out", out, *limits)
    assert "0 failed" in said
    scorers = ["kinematics", "constant", "sharpness", "temporal_flickering"]
    run("score", out, *(word for name in scorers for word in ("--scorer", name)), "--out", out)
    report.mkdir(parents=True)
    params = yaml.safe_load((REPORT / "params.yaml").read_text(encoding="utf-8"))
    params["notebooks"][1]["parameters"]["quality"] = ["sharpness", "temporal_flickering"]
    (report / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    run("report", report)
    return report


def test_the_smoke_version_makes_scores_and_reports(smoke: Path) -> None:
    page = html.unescape((smoke / "index.html").read_text(encoding="utf-8")).replace("\u00a0", " ")
    made = pd.read_csv(smoke / "tables" / "generate_counts.csv").set_index("violation")
    assert made["n_failed"].sum() == 0
    assert made.loc["none", "n_ok"] == 2
    assert set(made.index) == {"none", *VIOLATIONS.split(",")}
    scored = pd.read_csv(smoke / "tables" / "detection_scores.csv")
    assert {"kinematics", "constant", "sharpness", "temporal_flickering"} <= set(scored["scorer"])
    assert scored.set_index("scorer").loc["constant", "estimate"] == 0.5
    assert f"{int(made['n_ok'].sum())} videos were made of 2 prompts" in page
    assert list((smoke / "clips").glob("detection_*.mp4"))
