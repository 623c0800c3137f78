"""The commands write over their own files and blank ones, and over nothing else, least of all inputs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.reversibility.test_answers import EGG, IRREVERSIBLE, make_prompts, make_ratings, run


def test_marks_are_written_over_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    videos = pd.DataFrame({"video_id": ["g/p/0"], "prompt_id": ["p"], "generator": "g", "path": "x.mp4"})
    videos.assign(action="slide it").to_csv("videos.csv", index=False)
    Path("labels.csv").write_text("action,label\nslide it,reversible\n")
    Path("prompts.csv").write_text("prompt_id,caption,action\np,Someone waits.,wait\n")
    Path("scores.csv").write_text("video_id,score\nx,5\n")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    given = ("--labels", "labels.csv", "--prompts", "prompts.csv")
    names = {"videos.csv": "VIDEOS", "labels.csv": "--labels", "prompts.csv": "--prompts"}
    for name, option in names.items():
        code, _, err = run("reversal", "videos.csv", *given, "--out", tmp_path / name)
        assert code == 2
        assert f"is the file that is given as {option}" in err
    code, _, err = run("reversal", "videos.csv", "--out", "scores.csv")
    assert code == 2
    assert "--out scores.csv is there already, and was not written by this command: it has no column" in err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    Path("blank.csv").touch()
    assert run("reversal", "videos.csv", "--measure", "none", "--out", "blank.csv")[0] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--questions", "prompts.csv"), "--questions prompts.csv is the file that is given as PROMPTS"),
        (("--questions", "rules.csv"), "--questions rules.csv is there already and holds other rules"),
        (("--questions", "ratings.csv"), "ratings.csv is there already, and was not written by this command"),
        (("--out", "prompts.csv"), "--out prompts.csv is the file that is given as PROMPTS"),
        (("--out", "prompts.csv", "--dry-run"), "--out prompts.csv is the file that is given as PROMPTS"),
        (("--out", "labelled.csv"), "labelled.csv is there already, and was not written by this command"),
        (("--out", "ratings.csv"), "ratings.csv is there already, and was not written by this command"),
        (
            ("--out", "ratings.csv", "--ratings", "ratings.csv"),
            "--out ratings.csv is the file that is given as --ratings",
        ),
        (
            ("--out", "prompts.csv", "--ratings", "ratings.csv"),
            "--out prompts.csv is the file that is given as PROMPTS",
        ),
        (
            ("--out", "labelled.csv", "--ratings", "ratings.csv"),
            "labelled.csv is there already, and was not written by this command",
        ),
    ],
)
def test_nothing_else_is_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    make_prompts().to_csv("prompts.csv", index=False)
    make_prompts().assign(label="invariant").to_csv("labelled.csv", index=False)
    make_ratings(("Ada", EGG, *IRREVERSIBLE)).to_csv("ratings.csv", index=False)
    Path("rules.csv").write_text("prompt_id,rule_id,rule\np,r,It falls.\n")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    code, _, err = run("reversal-labels", "prompts.csv", *words)
    assert (code, message in err) == (2, True), err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_own_files_and_blank_ones_are_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_prompts().to_csv("prompts.csv", index=False)
    make_ratings(("Ada", EGG, *IRREVERSIBLE)).to_csv("ratings.csv", index=False)
    for name in ("questions.csv", "labels.csv"):
        Path(name).touch()
    for _ in range(2):
        assert run("reversal-labels", "prompts.csv", "--questions", "questions.csv")[0] == 0
        words = ("--out", "labels.csv", "--ratings", "ratings.csv")
        assert run("reversal-labels", "prompts.csv", *words)[0] == 0
