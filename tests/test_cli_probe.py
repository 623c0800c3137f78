"""``videophy-lab probe`` as a stranger types it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import videophy_lab as lab
from tests.probes.clips import CAPTIONS, make_frames, write_videos
from tests.test_cli_score import run
from videophy_lab.datasets import load_scores
from videophy_lab.video import encode_video

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
    first = said.splitlines()[0]
    assert first.startswith("failed, 1 video (2 probes): the file cannot be read as a video: ")
    assert first.endswith(f"(first reencode of wan/p/0; {folder / 'wan' / 'p' / '0.mp4'})")
    assert "done: 4 probes of 2 videos: 2 there, 2 failed (of 1 video); " in said
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
        (["--probe", "caption_swap"], "caption_swap needs captions and no video has one"),
        (["--probe", "caption_paraphrase"], "give a table with the columns prompt_id,paraphrase"),
        (["--probe", "freeze", "--captions", "no.csv"], "paraphrases are given and not asked for"),
        (["--probe", "reverse", "--severity", "0.5"], "no probe named takes them: reverse"),
        (["--probe", "blur-050", "--severity", "1"], "no probe named takes them: blur-050"),
        (["--probe", "reverse", "--labels", "no.csv"], "no.csv: there is no such file"),
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


def test_all_without_captions_leaves_the_probes_of_captions_out_and_says_so(
    folder: Path, tmp_path: Path
) -> None:
    command = ("probe", folder, "--probe", "all", "--out", tmp_path / "out", "--dry-run")
    code, said, _ = run(*command)
    assert code == 0
    assert (
        said.splitlines()[0]
        == "note: caption_swap is left out: no video has a caption (--prompts gives them)"
    )
    assert "caption_swap:" not in said
    prompts = tmp_path / "prompts.csv"
    prompts.write_text("prompt_id,caption\np,A ball.\nq,a  ball.\n")
    code, said, _ = run(*command, "--prompts", prompts)
    assert said.splitlines()[0] == "note: caption_swap is left out: there is only one caption"


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_probes_among_the_videos_are_refused_before_anything_is_made(
    folder: Path, tmp_path: Path, dry: tuple[str, ...]
) -> None:
    before = sorted(tmp_path.rglob("*"))
    for out in (folder, folder / "probes", tmp_path, folder / ".." / folder.name):
        code, _, error = run("probe", folder, "--probe", "reverse", "--out", out, *dry)
        assert code == 2
        assert error.startswith(f"Error: --out {out} ")
        assert f"such as --out {folder}-probes" in error
    assert sorted(tmp_path.rglob("*")) == before


def test_folders_of_something_else_are_refused(folder: Path, tmp_path: Path) -> None:
    write_videos(folder, NAMES, count=4).to_csv(tmp_path / "videos.csv", index=False)
    code, _, error = run("probe", tmp_path / "videos.csv", "--probe", "reverse", "--out", tmp_path)
    assert code == 2
    assert f"--out {tmp_path} holds a videos.csv that is not of probes" in error
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "generated.json").write_text("{}")
    code, _, error = run("probe", folder, "--probe", "reverse", "--out", tmp_path / "made")
    assert code == 2
    assert f"--out {tmp_path / 'made'} holds generated videos" in error


def test_a_video_is_never_written_over(tmp_path: Path) -> None:
    out = tmp_path / "out"
    table = write_videos(out / "reencode", NAMES, count=4)
    table.to_csv(tmp_path / "table.csv", index=False)
    code, _, error = run("probe", tmp_path / "table.csv", "--probe", "mirror", "--out", out)
    assert code == 2
    assert "is one of the videos, and reencode of wan/p/0 would be written over it" in error


def test_videos_that_are_not_there_are_told_from_one_video(folder: Path, tmp_path: Path) -> None:
    video = folder / "wan" / "p" / "0.mp4"
    (tmp_path / "empty").mkdir()
    for given, message in (
        (tmp_path / "video", f"there is no such folder or table. Did you mean {folder}?"),
        (video, "that is the name of one video. Allowed: a folder of video files (.mp4, "),
        (video, f"Remedy: give the folder it lies in, {video.parent}."),
        (tmp_path / "empty", "there is no video file in this folder. Allowed: a folder of video files"),
    ):
        code, _, error = run("probe", given, "--probe", "reverse", "--out", tmp_path / "o")
        assert code == 2
        assert message in error
        code, _, error = run("score", given, "--scorer", "sharpness", "--out", tmp_path / "o")
        assert message in error


def test_probes_of_videos_that_changed_are_made_again_on_request(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("probe", folder, "--probe", "reverse", "--out", out, "--workers", 1)
    run(*command, "--probe", "freeze", "--repeats", 1)
    encode_video(make_frames(5, seed=9), folder / "wan" / "p" / "0.mp4", fps=12)
    encode_video(make_frames(5, seed=8), folder / "wan" / "q" / "0.mp4", fps=12)
    code, _, error = run(*command)
    assert code == 2
    for name in "pq":
        assert f"{folder / 'wan' / name / '0.mp4'} (reencode, reverse)" in error
    assert "Remedy: --retry changed makes the probes of these videos again" in error
    code, said, _ = run(*command, "--retry", "changed", "--dry-run")
    assert "dry run: 4 of 4 probes of 2 videos to make" in said
    assert (out / "freeze" / "wan" / "p" / "0.mp4").exists()
    code, said, _ = run(*command, "--retry", "changed")
    assert code == 0
    assert "4 files made now, 0 known before" in said
    assert not (out / "freeze" / "wan" / "p" / "0.mp4").exists(), "a probe of the old file was left"
    table = lab.load_videos(out)
    assert table["probe"].fillna("").tolist() == ["", "reencode", "reverse"] * 2
    assert table["frames"].dropna().eq(5).all()
    code, said, _ = run(*command)
    assert "0 files made now, 4 known before" in said


def test_a_score_that_failed_names_the_file_and_the_probe(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("probe", folder, "--probe", "reverse", "--out", out, "--workers", 1)
    gone = out / "reverse" / "wan" / "p" / "0.mp4"
    gone.unlink()
    code, said, _ = run("score", out, "--scorer", "sharpness", "--out", tmp_path / "scores")
    assert code == 1
    assert f"Remedy: check the path (reverse of wan/p/0: {gone})" in said


def test_a_score_of_a_probe_that_could_not_be_made_says_why(folder: Path, tmp_path: Path) -> None:
    (folder / "wan" / "p" / "9.mp4").write_text("no video")
    out = tmp_path / "out"
    assert run("probe", folder, "--probe", "reverse", "--out", out, "--workers", 1)[0] == 1
    made = pd.read_csv(out / "videos.csv")
    reason = made.loc[made["status"].eq("failed") & made["probe"].eq("reverse"), "error"].item()
    code, said, _ = run("score", out, "--scorer", "sharpness", "--out", tmp_path / "scores")
    assert code == 1
    assert "gives no path" not in said
    scores = load_scores(tmp_path / "scores")
    assert scores.loc[scores["probe"].eq("reverse") & scores["status"].eq("failed"), "error"].tolist() == [
        reason
    ]


def test_severities_that_are_no_numbers(folder: Path, tmp_path: Path) -> None:
    code, _, error = run("probe", folder, "--probe", "blur", "--severity", "low", "--out", tmp_path / "o")
    assert code == 2
    assert "must be numbers with commas between, such as 0.25,0.5" in " ".join(error.split())


def test_a_folder_that_cannot_be_written_to(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "freeze").write_text("")
    code, _, error = run("probe", folder, "--probe", "freeze", "--out", tmp_path / "out", "--workers", 1)
    assert code == 1
    assert "Not a directory" in error
    assert "What was made is kept" in error


def test_a_file_is_no_folder_for_probes(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    command = ("probe", folder, "--probe", "freeze", "--out")
    code, _, error = run(*command, tmp_path / "a.csv")
    assert code == 2
    assert f"--out {tmp_path / 'a.csv'} is a file; it must be a folder" in error
    assert f"Remedy: give a folder, such as --out {tmp_path / 'a'}." in error
    assert "kept" not in error
    code, _, error = run(*command, tmp_path / "a.csv" / "b")
    assert (code, f"lies in {tmp_path / 'a.csv'}, which is a file" in error) == (2, True)
