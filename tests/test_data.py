"""The tables that ship: they can be rebuilt, they are complete, and they hold numbers only."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd

from tests.conftest import ROOT
from tests.datasets.conftest import SPOON, make_rows, write_rows
from videophy_lab.datasets.laws import normalize_law
from videophy_lab.schema import make_prompt_id, read_rows, write_table

DATA = ROOT / "data"
TABLES = sorted(
    path for name in ("videophy1", "videophy2", "published") for path in (DATA / name).glob("*.csv")
)


def build(*arguments) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DATA / "build.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_table_is_rebuilt_byte_for_byte(shared, tmp_path):
    done = build(shared / "data", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(TABLES) == 14
    for path in TABLES:
        assert (tmp_path / path.relative_to(DATA)).read_bytes() == path.read_bytes(), path.name


def test_no_sentence_of_the_datasets_ships(shared):
    text = "\n".join(path.read_text(encoding="utf-8") for path in TABLES)
    captions = read_rows(shared / "data" / "videophy2" / "captions.csv")["caption"]
    assert not [caption for caption in captions if caption.rstrip(".") in text]
    for path in TABLES:
        assert max(len(line) for line in path.read_text(encoding="utf-8").splitlines()) < 250, path.name
        assert "http" not in path.read_text(encoding="utf-8"), path.name


def test_the_exact_counts_agree_with_the_ratings():
    # the counts were made from the official file by others: PhysGenLoop-, summary of the full test set
    counts = read_rows(DATA / "published" / "videophy2_pc_counts_by_generator.csv").set_index("generator")
    ratings = read_rows(DATA / "videophy2" / "ratings.csv")
    reached = ratings["human_pc"].astype(int) >= 4
    assert reached.groupby(ratings["generator"]).sum().to_dict() == counts["n_pc_ge4"].astype(int).to_dict()
    assert ratings["generator"].value_counts().to_dict() == counts["n_videos"].astype(int).to_dict()


def test_the_official_file_gives_the_ratings(tmp_path):
    write_rows(tmp_path / "videophy2_test.csv", make_rows())
    done = build(tmp_path, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "test_human_annotations.csv is not in" in done.stdout
    lines = (tmp_path / "out" / "videophy2" / "ratings.csv").read_text().splitlines()
    assert lines[1] == f"{make_prompt_id(SPOON)},wan,1,4,5,,"
    assert len(lines) == 5


def test_of_colliding_scores_only_the_first_of_a_prompt_is_kept(tmp_path, rng):
    captions = [f"Ball number {i} rolls." for i in range(60)]
    rows = [
        [caption, f"u/{name}/{i}", "3", "3", "0", "", "0", "[]", "[]", "[]", "[]", name, "", "", "", ""]
        for i, caption in enumerate(captions)
        for name in rng.permutation(["w", "x", "y"])
    ]
    write_rows(tmp_path / "videophy2_test.csv", rows)
    shared_score = {caption: rng.integers(1, 6, size=2) for caption in captions}
    scores = [
        (f"{row[11]}/{make_prompt_id(row[0])}/0", task, float(value))
        for row in rows
        for task, value in zip(
            ("sa", "pc"), rng.integers(1, 6, size=2) if row[11] == "y" else shared_score[row[0]], strict=True
        )
    ]
    table = pd.DataFrame(scores, columns=["video_id", "task", "score"]).assign(
        scorer="j", spec="s", status="ok"
    )
    write_table(table, tmp_path / "run.csv", "scores")
    done = build(tmp_path, "--out", tmp_path / "out", "--autoeval", tmp_path / "run.csv")
    assert done.returncode == 0, done.stderr
    built = read_rows(tmp_path / "out" / "videophy2" / "ratings.csv")
    kept = built["autoeval_sa"].notna().to_numpy()
    first = built[built["generator"] != "y"].drop_duplicates("prompt_id").index
    assert kept.sum() == 120
    assert kept[first].all()
    assert kept[(built["generator"] == "y").to_numpy()].all()
    assert np.array_equal(kept, built["autoeval_pc"].notna().to_numpy())


def test_a_wrong_folder_is_an_error(tmp_path):
    done = build(tmp_path / "none")
    assert done.returncode == 2
    assert "is not a folder" in done.stderr


def test_a_law_has_one_spelling():
    for law in (
        "None",
        "",
        None,
        "nan",
        "-",
        "No specific law needed.  This is motion",
        "no physical law applies",
    ):
        assert normalize_law(law) is None
    for law in ("Newton’s third law of motion", "Newton's Third Law", "Newton's  Third Law of Motion"):
        assert normalize_law(law) == "Newton's Third Law"
    assert normalize_law("buoyancy") == "Buoyancy"
    assert normalize_law("Flame reaction") == "Flame Reaction"
    assert normalize_law("Conservation of Mass") == "Conservation of Mass"
    assert normalize_law("Momentum Conservation") == "Conservation of Momentum"
