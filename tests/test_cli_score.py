"""``videophy-lab score`` and the lists, as a stranger types them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.conftest import GOLDEN
from tests.engine.test_many import write_many
from videophy_lab.cards import format_cards
from videophy_lab.cli import app
from videophy_lab.registry import KINDS

CLIPS = GOLDEN / "videos"


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    folder.mkdir()
    readable = [path for path in sorted(CLIPS.glob("*.mp4")) if not path.name.startswith("broken")]
    for path in readable[:3]:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_the_last_lines_say_what_was_done_and_where(tmp_path: Path, clips: Path) -> None:
    (clips / "broken.mp4").write_text("no video")
    code, out, err = run("score", clips, "--scorer", "sharpness", "--scorer", "constant", "--out", tmp_path)
    assert code == 1
    assert "sharpness: 3 ok, 0 unscored, 1 failed" in out
    assert "done: 8 questions about 4 videos: 6 ok, 0 unscored, 2 failed; 8 asked now, 0 known before" in out
    assert out.splitlines()[-1] == f"scores: {tmp_path / 'scores'}"
    assert "note: constant is not asked sa: no video has a caption" in err
    assert len(pd.read_parquet(tmp_path / "scores")) == 8


def test_a_second_run_says_that_it_did_nothing(tmp_path: Path, clips: Path) -> None:
    command = ("score", clips, "--scorer", "sharpness", "--out", tmp_path)
    assert run(*command)[0] == 0
    code, out, _ = run(*command)
    assert code == 0
    assert "0 asked now, 3 known before" in out


def test_a_dry_run_says_what_would_be_asked(tmp_path: Path, clips: Path) -> None:
    code, out, _ = run("score", clips, "--scorer", "constant", "--out", tmp_path / "o", "--dry-run")
    assert code == 0
    assert "constant: 3 questions (3 pc), 0 answered, 3 to ask" in out
    assert not (tmp_path / "o").exists()


def test_options_reach_the_scorer_they_name(tmp_path: Path, clips: Path) -> None:
    command = ["score", clips, "--scorer", "constant", "--scorer", "low=constant", "--out", tmp_path]
    assert run(*command, "-o", "low.pc=1")[0] == 0
    rows = pd.read_parquet(tmp_path / "scores")
    assert rows.groupby("scorer")["score"].unique().map(list).to_dict() == {"constant": [4.0], "low": [1.0]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scorer", "kinematic"], "Did you mean kinematics"),
        (["--scorer", "constant", "--tasks", "pc,sb"], "did you mean sa"),
        (["--scorer", "constant", "--tasks", "sa"], "no video has one"),
        (["--scorer", "=constant"], "no name before ="),
        (["--scorer", "constant", "--retry", "all"], "allowed: failed, unscored"),
        (["--scorer", "constant", "--option", "pc"], "must have the form name=value"),
        (["--scorer", "constant", "--option", "constant.pd=3"], "Did you mean constant.pc"),
        (["--scorer", "constant", "--engine", "spark"], "allowed: local, ray"),
        (["--scorer", "constant", "--rules", "nowhere.csv"], "no such source"),
        (["--scorer", "constant", "--workers", "0"], "greater than or equal to 1"),
        ([], "Missing option"),
    ],
)
def test_a_wrong_command_says_what_is_allowed(
    tmp_path: Path, clips: Path, arguments: list[str], message: str
) -> None:
    code, _, err = run("score", clips, "--out", tmp_path / "o", *arguments)
    assert code == 2
    assert message in " ".join(err.split()).replace("│ ", "")
    assert not (tmp_path / "o" / "scores").exists()


def test_videos_that_are_not_there_are_named(tmp_path: Path) -> None:
    code, _, err = run("score", tmp_path / "vidoes", "--scorer", "constant", "--out", tmp_path)
    assert code == 2
    assert "vidoes" in err


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path, clips: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    code, _, err = run("score", clips, "--scorer", "constant", "--out", blocked)
    assert code == 2
    assert f"--out {blocked} is a file; it must be a folder" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("kind", ["judges", "metrics"])
def test_lists_show_what_one_needs_to_know_without_torch(kind: str) -> None:
    probe = (
        "import sys; from videophy_lab.cards import format_cards; "
        f"print(format_cards({kind!r})); print('torch' in sys.modules, 'cv2' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "False False"
    cards = out.split("\n\n")
    for card in cards:
        for fact in ("tasks", "scale", "weights", "licence", "needs"):
            assert f"\n  {fact} " in card
    names = {card.split(":")[0] for card in cards}
    assert names == set(KINDS[kind])


def test_a_kind_without_names_says_where_they_would_come_from() -> None:
    assert "videophy_lab.interpolators" in format_cards("interpolators")


def test_a_run_that_is_killed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    write_many(clips, 600)
    command = [sys.executable, "-m", "videophy_lab.cli", "score", str(clips), "--scorer", "sharpness"]
    command += ["--scorer", "contrast", "--out", str(tmp_path), "--workers", "1"]
    killed = 0
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            before = count_rows(tmp_path / "scores")
            while process.poll() is None and count_rows(tmp_path / "scores") == before:
                time.sleep(0.02)
            process.kill()
        killed += process.returncode == -9
    assert killed
    rows = pd.read_parquet(tmp_path / "scores")
    assert 0 < len(rows) < 1200
    assert not rows.duplicated(["video_id", "scorer"]).any()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"{1200 - len(rows)} asked now, {len(rows)} known before" in done.stdout
    rows = pd.read_parquet(tmp_path / "scores")
    assert len(rows) == 1200
    assert not rows.duplicated(["video_id", "scorer"]).any()


def count_rows(folder: Path) -> int:
    return len(pd.read_parquet(folder)) if any(folder.glob("part-*.parquet")) else 0


def test_real_videos_are_scored_without_torch_within_a_minute(tmp_path: Path, shared: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "torch.py").write_text("raise ImportError('there is no torch here')")
    scorers = ["kinematics", "temporal_flickering", "sharpness"]
    command = [sys.executable, "-m", "videophy_lab.cli", "score", str(shared / "data/videos/videophy2")]
    command += [word for name in scorers for word in ("--scorer", name)] + ["--out", str(tmp_path / "out")]
    seconds, outs = [], []
    for _ in range(2):
        started = time.perf_counter()
        done = subprocess.run(
            command, capture_output=True, text=True, env={"PYTHONPATH": str(blocked)}, check=True
        )
        seconds.append(time.perf_counter() - started)
        outs.append(done.stdout)
    assert seconds[0] < 60
    assert "60 asked now, 0 known before" in outs[0]
    assert "0 asked now, 60 known before" in outs[1]
    rows = pd.read_parquet(tmp_path / "out" / "scores")
    assert rows.groupby("scorer").size().to_dict() == dict.fromkeys(scorers, 20)
    assert not rows["status"].eq("failed").any()
