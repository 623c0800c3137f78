"""The how-to of the README, as a package that is really installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT
from videophy_lab.video import encode_video


def read_block(language: str, mark: str) -> str:
    """Give the code block of the README that begins with a comment."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.search(rf"```{language}\n(# {re.escape(mark)}\n.*?)```", readme, re.S)[1]


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """Install the plug-in as a wheel would be, and give an environment that sees it."""
    project = tomllib.loads(read_block("toml", "pyproject.toml"))["project"]
    site = tmp_path / "site"
    info = site / f"my_physics-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (site / "my_physics.py").write_text(read_block("python", "my_physics.py"), encoding="utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1.0\n")
    groups = [
        "\n".join([f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())])
        for group, entries in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups))
    return {**os.environ, "PYTHONPATH": str(site)}


def run(environment: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "videophy_lab.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def write_clip(path: Path, last: int) -> None:
    """Write a clip whose grey level goes from 100 to `last`."""
    levels = np.linspace(100, last, 12).astype(np.uint8)
    encode_video(np.broadcast_to(levels[:, None, None, None], (12, 64, 64, 3)), path, fps=12)


def test_the_example_is_short() -> None:
    assert len(read_block("python", "my_physics.py").splitlines()) <= 35


def test_lists_show_what_the_package_brings(installed: dict[str, str]) -> None:
    metrics, judges = (run(installed, "list", kind) for kind in ("metrics", "judges"))
    assert metrics.returncode == judges.returncode == 0
    assert "light_drift: Drift of the mean grey level\n  tasks    light_drift" in metrics.stdout
    assert "scale    0–255; better: lower" in metrics.stdout
    assert "steady_light: Physics by steady light" in judges.stdout


def test_the_package_scores_like_ours(installed: dict[str, str], tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    write_clip(clips / "steady.mp4", 105)
    write_clip(clips / "drifting.mp4", 200)
    command = ["score", clips, "--scorer", "light_drift", "--scorer", "steady_light", "--out", tmp_path]
    done = run(installed, *command)
    assert done.returncode == 0, done.stderr
    rows = pd.read_parquet(tmp_path / "scores")
    by_scorer = rows.groupby("scorer")["score"].apply(sorted).to_dict()
    assert by_scorer["steady_light"] == [1.0, 5.0]
    np.testing.assert_allclose(by_scorer["light_drift"], [5.0, 100.0], atol=2.0)
    again = run(installed, *command, "-o", "steady_light.tolerance=300")
    assert "steady_light: 2 ok" in again.stdout
    newest = pd.read_parquet(tmp_path / "scores").query("scorer == 'steady_light'")
    assert len(newest["spec"].unique()) == 2
    assert "2 asked now, 2 known before" in again.stdout


def test_a_wrong_option_of_a_plug_in_is_answered_like_one_of_ours(
    installed: dict[str, str], tmp_path: Path
) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    write_clip(clips / "a.mp4", 105)
    arguments = ["--scorer", "steady_light", "-o", "steady_light.tolerence=3", "--out", tmp_path / "o"]
    done = run(installed, "score", clips, *arguments)
    assert done.returncode == 2
    assert "Did you mean steady_light.tolerance? Allowed: steady_light: tolerance" in done.stderr


def test_a_generator_of_a_package_is_listed(installed: dict[str, str], tmp_path: Path) -> None:
    site = Path(installed["PYTHONPATH"])
    (site / "worlds.py").write_text(
        "from videophy_lab.generators.base import Specs\n\n\nclass World:\n"
        "    specs = Specs('my_world', 'a world of mine', 'my own code', frames=40, fps=8)\n"
    )
    info = site / "worlds-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: worlds\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[videophy_lab.generators]\nmy_world = worlds:World\n")
    done = run(installed, "list", "generators")
    assert done.returncode == 0
    assert (
        "my_world: a world of mine\n  runs     my own code\n  video    40 frames, 8 a second, 5.0 s"
        in done.stdout
    )
