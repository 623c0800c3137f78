"""``videophy-lab generate`` and the list of generators, as a stranger types them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.conftest import ROOT
from videophy_lab.cli import app
from videophy_lab.registry import GENERATORS

NAMES = {"fader": "tests.generation.makers:Fader", "crowd": "tests.generation.makers:Crowd"}


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a prompts table, and let generators of the tests be named."""
    for name, place in NAMES.items():
        monkeypatch.setitem(GENERATORS, name, place)
    path = tmp_path / "prompts.csv"
    rows = {"prompt_id": ["one", "two", "three"], "caption": ["A lamp.", "A candle.", "It is refused."]}
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def test_the_last_lines_say_what_was_made_and_where(prompts: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, said, _ = run("generate", prompts, "--generator", "fader", "--out", out, "--seed", 0, "--seed", 3)
    assert code == 1
    lines = said.splitlines()
    assert lines[0].startswith("failed, 2 ×: the service finds it unfit (fader/three/0)")
    assert lines[1].startswith("done: 6 videos wanted: 4 there, 2 failed; 6 new, 0 known before")
    assert lines[2] == f"videos: {out / 'videos.csv'}"
    code, said, _ = run("generate", prompts, "--generator", "fader", "--out", out, "--limit", 2)
    assert code == 0
    assert "0 new, 2 known before" in said


def test_a_dry_run_says_what_it_would_cost(prompts: Path, tmp_path: Path) -> None:
    command = ("generate", prompts, "--generator", "mine=fader", "--out", tmp_path / "o", "--dry-run")
    code, said, _ = run(*command)
    assert code == 0
    assert "mine: 3 videos wanted, 0 there, 3 to make" in said
    assert "mine: 3 videos, 0.3 $" in said
    assert "nothing was made" in said
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--generator", "fadre"], "Did you mean fader"),
        (["--generator", "fader", "-o", "levle=3"], "Did you mean level"),
        (["--generator", "fader", "-o", "level=high"], "fader.level is 'high'"),
        (["--generator", "fader", "--command", "x"], "has the option 'command'"),
        (["--generator", "fader", "--retry", "unscored"], "allowed: failed"),
        (["--generator", "fader", "--generator", "fader"], "named twice"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    prompts: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    code, _, error = run("generate", prompts, "--out", tmp_path / "o", *arguments)
    assert code == 2
    assert error.startswith("Error: ")
    assert message in error
    assert "Traceback" not in error


def test_a_prompts_file_that_is_not_there(tmp_path: Path) -> None:
    code, _, error = run("generate", tmp_path / "no.csv", "--generator", "simulated", "--out", tmp_path)
    assert code == 2
    assert "no such source" in error


def test_videos_called_simulated_say_how_to_make_them(tmp_path: Path) -> None:
    code, _, error = run("score", "simulated", "--scorer", "sharpness", "--out", tmp_path)
    assert code == 2
    assert "videophy-lab generate simulated --generator simulated --out runs/simulated" in error


def test_a_folder_that_cannot_be_written_to(prompts: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, error = run("generate", prompts, "--generator", "fader", "--out", tmp_path / "file")
    assert code == 2
    assert f"--out {tmp_path / 'file'} is a file; it must be a folder" in error
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "fader").write_text("")
    code, _, error = run("generate", prompts, "--generator", "fader", "--out", tmp_path / "out")
    assert code == 1
    assert "Not a directory" in error
    assert "What was made is kept" in error


@pytest.mark.parametrize("name", ["videos", "costs", "rules", "ratings"])
def test_tables_of_something_else_are_not_written_over(prompts: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    assert run("generate", prompts, "--generator", "fader", "--out", out, "--limit", "1")[0] == 0
    table = out / f"{name}.csv"
    table.write_text("video_id,prompt_id,mine\na,p,1\n")
    code, _, error = run("generate", prompts, "--generator", "fader", "--out", out)
    assert (code, f"{table}, is there already, and was not written by" in error) == (2, True), error
    assert table.read_text() == "video_id,prompt_id,mine\na,p,1\n"
    own = out / "videos.csv"
    own.write_text(prompts.read_text())
    code, _, error = run("generate", own, "--generator", "fader", "--out", out)
    assert (code, f"{own}, is the file that is given as PROMPTS" in error) == (2, True), error
    assert own.read_text() == prompts.read_text()


@pytest.mark.parametrize("kind", ["fader", "crowd"])
def test_ctrl_c_keeps_what_was_made_and_says_so(tmp_path: Path, prompts: Path, kind: str) -> None:
    rows = {"prompt_id": [f"p{n}" for n in range(60)], "caption": [f"Lamp {n}." for n in range(60)]}
    pd.DataFrame(rows).to_csv(prompts, index=False)
    script = tmp_path / "go.py"
    script.write_text(
        "from videophy_lab.registry import GENERATORS\n"
        f"GENERATORS |= {NAMES!r}\n"
        "from videophy_lab.cli import main\n"
        "if __name__ == '__main__':\n    main()\n"
    )
    out = tmp_path / "out"
    command = [sys.executable, script, "generate", prompts, "--generator", kind, "--out", out]
    running = subprocess.Popen(
        [*map(str, command), "-o", "pause=0.1", "--workers", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list(out.glob("*/*/[0-9].mp4")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, error = running.communicate(timeout=120)
    assert running.returncode == 130
    assert f"Error: interrupted; what was made is in {out}" in error
    assert "Traceback" not in error
    made = pd.read_csv(out / "videos.csv")
    assert 0 < len(made) < 60


def test_the_list_shows_what_one_needs_to_know() -> None:
    code, said, _ = run("list", "generators")
    assert code == 0
    assert "cannot be imported" not in said
    assert [line.split(":")[0] for line in said.splitlines() if line and line[0] != " "] == list(GENERATORS)
