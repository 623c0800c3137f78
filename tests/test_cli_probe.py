"""``videophy-lab probe`` as a stranger types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.probes.clips import CAPTIONS, write_videos
from tests.test_cli_score import run

NAMES = (("wan", "p", 0), ("wan", "q", 0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_videos(tmp_path / "videos", NAMES, count=4)
    return tmp_path / "videos"


def test_the_last_lines_say_what_was_made_and_where(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("probe", folder, "--probe", "reverse", "--probe", "blur", "--severity", "0.5,1", "--out", out)
    code, said, _ = run(*command, "--repeats", 3, "--workers", 1)
    assert code == 0
    first, second = said.splitlines()
    assert first.startswith(
        "done: 14 probes of 2 videos: 14 there, 0 failed; 8 files made now, 0 known before; "
    )
    assert second == f"videos: {out / 'videos.csv'}"
    code, said, _ = run(*command, "--workers", 1)
    assert "0 files made now, 8 known before" in said


def test_broken_files_give_code_one_and_the_reason(folder: Path, tmp_path: Path) -> None:
    (folder / "wan" / "p" / "0.mp4").write_bytes(b"<html>not found</html>")
    command = ("probe", folder, "--probe", "freeze", "--out", tmp_path / "out", "--workers", 1)
    code, said, _ = run(*command)
    assert code == 1
    assert said.splitlines()[0].startswith("failed, 2 ×: the file cannot be read as a video: ")
    assert "done: 4 probes of 2 videos: 2 there, 2 failed" in said
    code, said, _ = run(*command, "--retry", "failed")
    assert code == 1
    assert "2 files made now, 2 known before" in said


def test_a_dry_run_makes_nothing(folder: Path, tmp_path: Path) -> None:
    code, said, _ = run("probe", folder, "--probe", "time", "--out", tmp_path / "out", "--dry-run")
    assert code == 0
    assert "drop_frames-025: 2 videos, 0 there, 2 to make" in said
    assert said.splitlines()[-1] == "dry run: 22 of 22 probes of 2 videos to make; nothing was made"
    assert not (tmp_path / "out").exists()


def test_paraphrases_come_from_a_file_and_captions_by_prompt(folder: Path, tmp_path: Path) -> None:
    prompts, words = tmp_path / "prompts.csv", tmp_path / "words.csv"
    prompts.write_text(f"prompt_id,caption\np,{CAPTIONS['p']}\nq,{CAPTIONS['q']}\n")
    words.write_text("prompt_id,paraphrase\np,The floor has a ball roll over it.\n")
    out = tmp_path / "out"
    code, said, error = run(
        "probe", folder, "--probe", "caption_paraphrase", "--probe", "caption_swap", "--out", out,
        "--prompts", prompts, "--captions", words, "--workers", 1,
    )  # fmt: skip
    assert (code, error.count("Error")) == (0, 0)
    assert "done: 5 probes of 2 videos: 5 there" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--probe", "revers"], "Did you mean reverse"),
        (["--probe", "blur", "--severity", "2"], "the severity 2 is not allowed"),
        (["--probe", "blur", "-o", "blurr=1"], "Did you mean blur"),
        (["--probe", "blur", "-o", "blur=wide"], "option probes.blur is 'wide'"),
        (["--probe", "blur", "--retry", "unscored"], "allowed: failed"),
        (["--probe", "caption_swap"], "caption_swap need captions and no video has one"),
        (["--probe", "caption_paraphrase"], "give a table with the columns prompt_id,paraphrase"),
        (["--probe", "freeze", "--captions", "no.csv"], "paraphrases are given and not asked for"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    folder: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    code, _, error = run("probe", folder, "--out", tmp_path / "o", *arguments)
    assert code == 2
    assert error.startswith("Error: ")
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "o").exists()


def test_severities_that_are_no_numbers(folder: Path, tmp_path: Path) -> None:
    code, _, error = run("probe", folder, "--probe", "blur", "--severity", "low", "--out", tmp_path / "o")
    assert code == 2
    assert "must be numbers with commas between, such as 0.25,0.5" in " ".join(error.split())


def test_a_folder_that_cannot_be_written_to(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, error = run("probe", folder, "--probe", "freeze", "--out", tmp_path / "file", "--workers", 1)
    assert code == 1
    assert "Not a directory" in error
    assert "What was made is kept" in error
