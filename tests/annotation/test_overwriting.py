"""Ratings, the tables beside them, reviews and batches are written over their own kind and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.annotation.made_batches import make_task, write_batches, write_results
from tests.annotation.made_tasks import make_small_task, send
from videophy_lab.annotation import Project, export_mturk, import_mturk, write_collected, write_review
from videophy_lab.cli import app

RATINGS = "video_id,prompt_id,generator,annotator,task,rating\n"


def read_all(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("videos.csv", "--out", "videos.csv"), "--out videos.csv is the file that is given as VIDEOS"),
        (
            ("videos.csv", "--pairs", "r_pairs.csv", "--out", "r.csv"),
            "--out r.csv: a table of it, r_pairs.csv, is the file that is given as --pairs",
        ),
        (
            ("videos.csv", "--rules", "rules.csv", "--out", "rules.csv"),
            "--out rules.csv is the file that is given as --rules",
        ),
        (
            ("videos.csv", "--qualification", "gold.csv", "--out", "gold.csv"),
            "--out gold.csv is the file that is given as --qualification",
        ),
        (("videos.csv", "--out", "scores.csv"), "scores.csv is there already, and was not written by this"),
        (("videos.csv", "--out", "s.csv"), "s.csv: a table of it, s_times.csv, is there already"),
    ],
)
def test_annotate_writes_over_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("videos.csv").write_text("video_id,prompt_id,generator,path\na,p,g,a.mp4\nb,p,g,b.mp4\n")
    for name in ("a.mp4", "b.mp4"):
        Path(name).write_text("a video")
    Path("r_pairs.csv").write_text("video_id_a,video_id_b\na,b\n")
    Path("rules.csv").write_text("rule_id,rule,prompt_id\nr,It falls.,p\n")
    Path("gold.csv").write_text(f"{RATINGS}a,p,g,ada,pc,4\n")
    Path("scores.csv").write_text("video_id,score\na,5\n")
    Path("s_times.csv").write_text("video_id,seconds\na,5\n")
    # answers of an earlier task, whose ratings were called alike
    for name in ("videos", "rules", "gold", "scores"):
        Path(f"{name}.answers").mkdir()
    before = read_all(tmp_path)
    result = CliRunner().invoke(app, ["annotate", *words])
    assert (result.exit_code, message in " ".join(result.stderr.split())) == (2, True), result.stderr
    assert read_all(tmp_path) == before
    assert not Path("s.answers").exists()


def test_own_tables_and_blank_ones_are_written_again(tmp_path: Path) -> None:
    out = tmp_path / "ratings.csv"
    out.touch()
    for value in (3, 4):
        project = Project(make_small_task(), out)
        send(project.open_session("Ada"), "pc:wan/00a0/0", "pc", value)
        assert out in project.write()
    assert (tmp_path / "ratings_times.csv").is_file()


def test_collected_ratings_are_written_over_nothing_else(tmp_path: Path) -> None:
    results = write_results(tmp_path / "results.csv", write_batches(tmp_path / "b") / "pc.csv", answer_pc)
    collected = import_mturk(results).collected
    before = results.read_bytes()
    with pytest.raises(ValueError, match="was not written by this command"):
        write_collected(collected, results)
    assert results.read_bytes() == before


def answer_pc(worker: str, row: dict) -> dict:
    return {"pc": "4"}


def test_a_review_is_not_written_over_the_results_or_another_file(tmp_path: Path) -> None:
    results = write_results(tmp_path / "results.csv", write_batches(tmp_path / "b") / "pc.csv", answer_pc)
    (tmp_path / "mine.csv").write_text("video_id,score\na,5\n")
    before = read_all(tmp_path)
    with pytest.raises(ValueError, match="is the file that is given as results"):
        write_review(results, results, rejected={})
    with pytest.raises(ValueError, match="was not written by this command"):
        write_review(results, tmp_path / "mine.csv", rejected={})
    other = write_results(tmp_path / "other.csv", tmp_path / "b" / "pc.csv", answer_pc, workers=("W3",))
    with pytest.raises(ValueError, match=r"holds other assignments, such as A-W3-0"):
        write_review(results, other, rejected={})
    other.unlink()
    assert read_all(tmp_path) == before
    for _ in range(2):
        write_review(results, tmp_path / "reviewed.csv", rejected={})


def test_a_batch_is_not_written_over_another_table(tmp_path: Path) -> None:
    task = make_task()
    urls = dict.fromkeys(task.by_video, "https://x.example/1.mp4")
    (tmp_path / "pc.csv").write_text("video_id,score\na,5\n")
    before = read_all(tmp_path)
    with pytest.raises(ValueError, match=r"pc\.csv, is there already, and was not written by this command"):
        export_mturk(task, tmp_path, urls=urls)
    assert read_all(tmp_path) == before
    for _ in range(2):
        export_mturk(task, tmp_path / "batch", urls=urls)
