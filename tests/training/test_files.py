"""A file that changed is noticed: by what tables tell of it, and by a folder that was trained into."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.judges.owl_cases import CHECKPOINT
from tests.training.planted import FAST, FRAMES, plant, write_clip
from videophy_lab.places import hash_if_readable
from videophy_lab.scoring.inputs import find_videos
from videophy_lab.training import train_judge
from videophy_lab.training.examples import make_examples
from videophy_lab.training.files import OTHER_LISTED, OTHER_RATED
from videophy_lab.training.folder import write_tables
from videophy_lab.training.preparing import check_enough, split_examples

OLD = "0" * 64


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    ratings, videos, rules = plant(tmp_path_factory.mktemp("two"), prompts=1, generators=("one", "two"))
    files = [hash_if_readable(Path(path)) for path in videos["path"]]
    return ratings, videos.assign(sha256=files), rules


def count_reasons(examples) -> dict[str, int]:
    return examples.left_out.groupby("reason").size().to_dict()


def test_files_that_are_as_the_tables_tell_are_learnt_from(tables):
    ratings, videos, rules = tables
    told = videos.set_index("video_id")["sha256"]
    plain = make_examples(ratings, videos.drop(columns="sha256"), rules=rules)
    named = make_examples(
        ratings.assign(sha256=ratings["video_id"].map(told).str.upper()), videos, rules=rules
    )
    pd.testing.assert_frame_equal(named.table, plain.table)
    assert named.left_out.empty


def test_a_file_that_is_not_the_one_of_the_videos_table_is_left_out(tables, tmp_path):
    ratings, videos, rules = tables
    videos = videos.assign(sha256=[OLD, None])
    videos.to_csv(tmp_path / "videos.csv", index=False)
    for given in (videos, tmp_path / "videos.csv"):
        made = make_examples(ratings, given, rules=rules)
        assert set(made.table["generator"]) == {"two"}
        assert count_reasons(made) == {OTHER_LISTED: 3}


def test_ratings_of_another_file_are_left_out_and_newer_ones_count(tables):
    ratings, videos, rules = tables
    told = ratings["video_id"].map(videos.set_index("video_id")["sha256"])
    older = ratings["generator"].eq("one") & ratings["annotator"].eq("ann")
    blank = ratings["generator"].eq("two")
    mixed = ratings.assign(sha256=told.mask(older, OLD).mask(blank, None))
    mixed.loc[older & ratings["task"].eq("sa"), "rating"] = 5
    made = make_examples(mixed, videos, rules=rules)
    counts = made.table.groupby("generator")["n_annotators"].agg(set).to_dict()
    assert counts == {"one": {1}, "two": {2}}
    assert made.table.query("generator == 'one' and task == 'sa'")["rating"].tolist() == [1]
    assert count_reasons(made) == {OTHER_RATED: 3}
    assert sorted(made.left_out["task"]) == ["pc", "rule", "sa"]


def test_where_all_files_changed_it_is_said(tables):
    ratings, videos, rules = tables
    made = make_examples(ratings.assign(sha256=OLD), videos, rules=rules)
    with pytest.raises(ValueError, match=rf"nothing to train on.* 12 left out: {OTHER_RATED}"):
        check_enough(split_examples(made, FAST))


def test_a_folder_notices_a_video_that_was_made_anew(trained, tmp_path):
    videos = pd.read_csv(trained.videos)
    videos.loc[3, "path"] = str(write_clip(tmp_path / "new.mp4", "dark", 999))
    with pytest.raises(ValueError, match="its video files differ"):
        train_judge(
            trained.ratings, videos, base=CHECKPOINT, out=trained.folder, rules=trained.rules, settings=FAST,
            options=FRAMES, device="cpu", progress=False,
        )  # fmt: skip


def test_a_folder_notices_ratings_that_change_no_answer(trained):
    ratings = pd.read_csv(trained.ratings)
    more = ratings[ratings["annotator"].eq("ann")].assign(annotator="cem")
    with pytest.raises(ValueError, match="its examples differ"):
        train_judge(
            pd.concat([ratings, more]), trained.videos, base=CHECKPOINT, out=trained.folder,
            rules=trained.rules, settings=FAST, options=FRAMES, device="cpu", progress=False,
        )  # fmt: skip


def test_what_is_held_out_is_found_from_anywhere(tables, tmp_path, monkeypatch):
    ratings, videos, rules = tables
    home = Path(videos["path"].iloc[0]).parents[2]
    monkeypatch.chdir(home)
    near = videos.assign(path=[os.path.relpath(path, home) for path in videos["path"]])
    settings = replace(FAST, held_out_generators=("two",), held_out_prompts=0.0, stop_prompts=0.0)
    examples = split_examples(make_examples(ratings, near, rules=rules), settings)
    tmp_path.joinpath("run").mkdir()
    write_tables(tmp_path / "run", examples, settings, wanted=True)
    monkeypatch.chdir(tmp_path)
    found = find_videos(tmp_path / "run" / "held_out.csv")
    assert found["sha256"].tolist() == videos["sha256"].tolist()[1:]
