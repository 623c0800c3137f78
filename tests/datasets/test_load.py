"""Loaders on bundled tables, released scores, and tables of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.datasets.conftest import HEADER, KITE, SPOON, make_rows, write_rows
from videophy_lab.collisions import CollisionWarning
from videophy_lab.datasets import (
    list_datasets,
    list_published,
    load_generator_labels,
    load_prompts,
    load_published,
    load_ratings,
    load_rules,
    load_scores,
    load_videos,
)
from videophy_lab.schema import TableError, make_prompt_id, write_table

SPOON_ID, KITE_ID = make_prompt_id(SPOON), make_prompt_id(KITE)


def count_success(ratings: pd.DataFrame, success: float) -> pd.Series:
    """Count the videos whose SA and PC both reach ``success``, by generator."""
    wide = ratings.pivot(index=["generator", "video_id"], columns="task", values="rating")
    return (wide >= success).all(axis=1).groupby("generator").sum()


def test_the_bundled_ratings_give_the_published_joint_scores():
    # huggingface.co/datasets/videophysics/videophy2_test; leaderboard of videophy2.github.io
    ratings = load_ratings()
    joint = count_success(ratings, 4)
    assert joint.to_dict() == {
        "cogvideo": 147, "cosmos": 141, "hunyuan": 101, "ray2": 80,
        "sora": 14, "videocrafter": 62, "wan": 193,
    }  # fmt: skip
    n_videos = ratings[ratings["task"] == "sa"].groupby("generator").size()
    assert n_videos.to_dict() == {
        "cogvideo": 589, "cosmos": 585, "hunyuan": 587, "ray2": 394,
        "sora": 60, "videocrafter": 591, "wan": 591,
    }  # fmt: skip
    hard = ratings[ratings["is_hard"]]
    shares = 100 * count_success(hard, 4) / hard[hard["task"] == "sa"].groupby("generator").size()
    assert shares.round(2).to_dict() == {
        "cogvideo": 0, "cosmos": 10.86, "hunyuan": 6.18, "ray2": 8.33,
        "sora": 5.26, "videocrafter": 2.98, "wan": 21.91,
    }  # fmt: skip


def test_the_bundled_first_benchmark_gives_its_leaderboard():
    ratings = load_ratings("videophy1")
    shares = 100 * count_success(ratings, 1) / ratings[ratings["task"] == "sa"].groupby("generator").size()
    printed = load_published("videophy1_leaderboard").set_index("generator")["printed"].astype(float)
    assert len(shares) == 10
    # recomputed and printed differ by up to .1: the benchmark's own rounding
    assert (shares - printed).abs().max() < 0.15
    assert set(ratings["complexity"]) == {0, 1}


def test_bundled_scores_are_certain_or_failed():
    scores = load_scores()
    assert scores.groupby(["task", "status"]).size().to_dict() == {
        ("pc", "failed"): 1762, ("pc", "ok"): 1635, ("sa", "failed"): 1762, ("sa", "ok"): 1635,
    }  # fmt: skip
    assert set(scores["scorer"]) == {"autoeval"}
    assert set(scores.loc[scores["status"] == "failed", "error"]) == {
        "the same file was scored for four generators"
    }
    assert scores.loc[scores["status"] == "failed", "score"].isna().all()


def test_bundled_prompts_videos_and_rules_hold_no_sentence():
    prompts, videos, rules = load_prompts(), load_videos(), load_rules()
    assert (len(prompts), len(videos), len(rules)) == (591, 3397, 1054)
    assert prompts["caption"].isna().all()
    assert rules["rule"].isna().all()
    assert set(rules["video_id"]) <= set(videos["video_id"])
    labels = load_ratings(tasks=("rule",))
    assert labels["rating"].value_counts().to_dict() == {1: 716, 0: 287, 2: 51}
    assert set(labels["rule_id"]) == set(rules["rule_id"])
    assert len(load_prompts("videophy1")) == 344
    assert load_ratings("videophy1", tasks=("rule",)).empty


def test_the_lists_name_what_there_is():
    assert list_datasets().query("where == 'bundled'")["name"].tolist() == ["videophy2", "videophy1"]
    assert set(load_generator_labels("videophy1")) == set(load_ratings("videophy1")["generator"])
    assert set(load_generator_labels()) >= set(load_ratings()["generator"])
    for name in list_published():
        assert load_published(name)["source"].notna().all()
    with pytest.raises(ValueError, match="no printed table is called 'x'; allowed: generators"):
        load_published("x")


def test_a_folder_is_searched_by_split(official):
    rows = make_rows()
    rows[0][HEADER.index("sa")] = "3"
    rows[0][HEADER.index("joint")] = "0"
    write_rows(official / "videophy2_training.csv", rows)
    assert load_ratings(official)["rating"].iloc[0] == 4
    assert load_ratings(official, split="train")["rating"].iloc[0] == 3
    write_rows(official / "videophy2_test_copy.csv", rows)
    with pytest.raises(TableError, match=r"these fit: videophy2_test\.csv, videophy2_test_copy\.csv"):
        load_ratings(official)
    with pytest.raises(ValueError, match="split is 'dev'; allowed: test, train"):
        load_ratings(official, split="dev")
    with pytest.raises(TableError, match=r"only the test split is bundled\. Remedy: source='hub:videophy2'"):
        load_ratings(split="train")


def test_an_unknown_source_names_the_close_match_and_what_is_allowed(official):
    with pytest.raises(TableError, match=r"Did you mean videophy2\b.*hub:NAME.*official CSV"):
        load_ratings("videophy_2")
    with pytest.raises(TableError, match=r"Did you mean videophy2_test\.csv"):
        load_ratings(official / "videophy2_tset.csv")


SCORE_HEADER = ["caption", "model_name", "pc_pred_score", "sa_pred_score", "joint_pred_score", "note"]


def test_released_scores_are_read_liberally(official):
    rows = [[SPOON, "wan", "4", "3", "0", "x"], [KITE, "wan", "0", "", "0", ""]]
    path = write_rows(official / "videophy2_autoeval_scores.csv", rows, SCORE_HEADER)
    scores = load_scores(path).set_index(["prompt_id", "task"])
    assert scores["score"].to_dict() == pytest.approx(
        {(SPOON_ID, "sa"): 3, (SPOON_ID, "pc"): 4, (KITE_ID, "sa"): np.nan, (KITE_ID, "pc"): np.nan},
        nan_ok=True,
    )
    assert scores["status"].tolist() == ["ok", "unscored", "ok", "unscored"]
    assert scores.loc[(KITE_ID, "pc"), "error"].startswith("0 is what the judge's parser writes")
    assert pd.isna(scores.loc[(KITE_ID, "sa"), "error"])
    assert load_scores(official)["score"].equals(load_scores(path)["score"])

    by_url = [[row[1], row[11], "4", "3", "0", "x"] for row in make_rows()]
    write_rows(path, by_url, ["video_url", *SCORE_HEADER[1:]])
    assert set(load_scores(path)["prompt_id"]) == {SPOON_ID, KITE_ID}
    write_rows(path, [["wan", "4", "3", "0", "x"]], SCORE_HEADER[1:])
    with pytest.raises(TableError, match=r"no column says which caption a score belongs to"):
        load_scores(path)
    write_rows(path, [[SPOON, "wan", "4", "7", "0", "x"]], SCORE_HEADER)
    with pytest.raises(TableError, match=r"row 1, column 'sa_pred_score': '7'"):
        load_scores(path)


def test_swapped_columns_are_warned_of_and_left_alone(shared, tmp_path):
    captions = pd.read_csv(shared / "data" / "videophy2" / "captions.csv")["caption"].tolist()
    straight = [[caption, "wan", "4", "3", "0", ""] for caption in captions]
    path = write_rows(tmp_path / "scores.csv", straight, SCORE_HEADER)
    assert load_scores(path).query("task == 'sa'")["score"].eq(3).all()
    write_rows(path, [[caption, "wan", "3", "4", "0", ""] for caption in captions], SCORE_HEADER)
    with pytest.warns(
        UserWarning, match=r"sa_pred_score \(mean 4\.00\) and pc_pred_score \(3\.00\) look swapped"
    ):
        scores = load_scores(path)
    assert scores.query("task == 'sa'")["score"].eq(4).all()


def make_own_scores(rng: np.random.Generator) -> pd.DataFrame:
    """Make continuous scores of three generators, of which a and c have been given one file's scores."""
    first = rng.normal(size=30)
    values = {"a": first, "b": rng.normal(size=30), "c": first}
    parts = [
        pd.DataFrame({"video_id": [f"{name}/p{i}/0" for i in range(30)], "score": part})
        for name, part in values.items()
    ]
    return pd.concat(parts).assign(scorer="sharpness", spec="s", task="sharpness", status="ok")


def test_collisions_are_warned_of_dropped_ignored_or_an_error(rng, tmp_path):
    path = write_table(make_own_scores(rng), tmp_path / "scores.parquet", "scores")
    with pytest.warns(CollisionWarning, match="sharpness: the scores of a, c are identical"):
        assert len(load_scores(path)) == 90
    with pytest.warns(CollisionWarning, match="60 of 90 scores are left out as uncertain"):
        kept = load_scores(path, on_collision="drop")
    assert len(kept) == 30
    assert kept.attrs["n_dropped"] == 60
    assert len(load_scores(path, on_collision="ignore")) == 90
    with pytest.raises(ValueError, match=r"scores\.parquet: .*the scores of a, c .*Score them again"):
        load_scores(path, on_collision="error")
    with pytest.raises(ValueError, match="on_collision must be one of warn, drop, ignore, error; not 'stop'"):
        load_scores(path, on_collision="stop")


def test_own_ratings_keep_their_scale(tmp_path):
    ratings = pd.DataFrame(
        {
            "video_id": ["a/1e5/0", "a/1e5/0"],
            "prompt_id": "1e5",
            "generator": "a",
            "task": ["sa", "pc"],
            "rating": [1, 1],
        }
    )
    path = write_table(ratings, tmp_path / "mine.csv", "ratings")
    assert load_ratings(path)["prompt_id"].tolist() == ["1e5", "1e5"]
    assert len(load_ratings(path, tasks=("pc",), scale="0/1")) == 1
    write_table(ratings.assign(rating=[1, 6]), path, "ratings")
    with pytest.raises(TableError, match=r"mine\.csv: row 2, column 'rating': 6\.0 .*allowed: 1 to 5 for pc"):
        load_ratings(path)
    with pytest.raises(TableError, match=r"allowed: 0 to 1 for pc"):
        load_ratings(path, scale="0/1")
    with pytest.raises(ValueError, match="scale is '1-7'; allowed: 1-5, 0/1"):
        load_ratings(path, scale="1-7")


def test_a_copy_of_the_bundled_form_is_read_too(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("prompt_id,generator,is_hard,human_sa,human_pc\n1e5,a,1,4,2\n1e5,b,0,3,x\n")
    with pytest.raises(TableError, match=r"mine\.csv: row 4, column 'rating': 'x'"):
        load_ratings(path)
    assert load_ratings(path, tasks=("sa",))["rating"].tolist() == [4, 3]
    path.write_text("prompt_id,generator,sa,pc\n1e5,a,1,0\n")
    assert load_ratings(path)["video_id"].tolist() == ["a/1e5/0", "a/1e5/0"]


def test_captions_alone_are_prompts(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "caption,action\nA ball falls.,falling\nA cup breaks.,\n", encoding="utf-8"
    )
    (tmp_path / "a.txt").write_text("A ball falls.\n\nA cup breaks.\nA ball falls.\n", encoding="utf-8")
    by_table, by_line = load_prompts(tmp_path / "a.csv"), load_prompts(tmp_path / "a.txt")
    assert by_line["prompt_id"].tolist() == [make_prompt_id(text) for text in by_line["caption"]]
    assert by_table["prompt_id"].equals(by_line["prompt_id"])
    assert by_table["action"].tolist()[0] == "falling"
