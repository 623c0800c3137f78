"""Loaders on bundled tables, official files with all their quirks, and tables of one's own."""

from __future__ import annotations

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
from videophy_lab.schema import TableError, make_prompt_id, make_rule_id, write_table

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


def test_official_ratings_with_every_quirk(official):
    ratings = load_ratings(official / "videophy2_test.csv", tasks=None)
    assert load_ratings(official).equals(load_ratings(official / "videophy2_test.csv"))
    values = ratings[ratings["task"] != "rule"].set_index(["video_id", "task"])["rating"]
    assert values.to_dict() == {
        (f"wan/{SPOON_ID}/0", "sa"): 4, (f"wan/{SPOON_ID}/0", "pc"): 5,
        (f"cogvideo/{SPOON_ID}/0", "sa"): 2, (f"cogvideo/{SPOON_ID}/0", "pc"): 4,
        (f"wan/{KITE_ID}/0", "sa"): 1, (f"wan/{KITE_ID}/0", "pc"): 3,
        (f"ray2/{KITE_ID}/0", "sa"): 5, (f"ray2/{KITE_ID}/0", "pc"): 4,
    }  # fmt: skip
    first = ratings.drop_duplicates("video_id")
    assert first["is_hard"].tolist() == [True, False, False, False]
    assert first["action"].isna().tolist() == [False, True, False, False]
    rules = ratings[ratings["task"] == "rule"].set_index(["video_id", "rule_id"])["rating"]
    assert rules.to_dict() == {
        (f"wan/{SPOON_ID}/0", make_rule_id("The tea turns.")): 1,
        (f"wan/{SPOON_ID}/0", make_rule_id("The spoon's end stays whole.")): 1,
        (f"wan/{SPOON_ID}/0", make_rule_id("The cup moves by itself.")): 0,
        (f"cogvideo/{SPOON_ID}/0", make_rule_id("The tea turns.")): 0,
        (f"cogvideo/{SPOON_ID}/0", make_rule_id("The leaves sink.")): 2,
        (f"wan/{KITE_ID}/0", make_rule_id("The kite falls.")): 1,
    }


def test_official_rules_have_one_spelling_of_a_law(official):
    rules = load_rules(official)
    laws = ["Conservation of Momentum", None, "Newton's First Law", None, "Gravity", None]
    assert [law if isinstance(law, str) else None for law in rules["law"]] == laws
    assert rules["origin"].tolist() == ["listed", "listed", "human_added", "listed", "listed", "listed"]
    assert rules["rule"].iloc[1] == "The spoon's end stays whole."


def test_official_prompts_and_videos(official):
    prompts = load_prompts(official)
    assert prompts["caption"].tolist() == [SPOON, KITE]
    assert prompts["is_hard"].isna().tolist() == [True, False]
    assert prompts["action"].tolist() == ["stirring", "flying kite"]
    assert prompts["upsampled_caption"].isna().tolist() == [False, True]
    write_rows(
        official / "prompt-upsampled-test.csv",
        [[KITE, "A long tale."], [SPOON, "x"]],
        ["caption", "upsampled_caption"],
    )
    assert load_prompts(official / "videophy2_test.csv")["upsampled_caption"].tolist() == [
        "A long tale of a spoon.", "A long tale.",
    ]  # fmt: skip
    assert load_prompts(official / "prompt-upsampled-test.csv")["prompt_id"].tolist() == [KITE_ID, SPOON_ID]
    videos = load_videos(official)
    assert videos["url"].str.endswith(".mp4").tolist() == [True, True, True, False]
    assert videos["video_id"].is_unique


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (
            "sa",
            "6",
            r"videophy2_test\.csv: row 2, column 'sa': '6' is not allowed; allowed: a number from 1 to 5",
        ),
        ("pc", "", r"row 2, column 'pc': a blank cell"),
        ("pc", "four", r"row 2, column 'pc': 'four'"),
        ("caption", "", r"row 2, column 'caption': a blank cell"),
        ("model_name", "", r"row 2, column 'model_name': a blank cell"),
        (
            "physics_rules_unfollowed",
            "['a'",
            r"row 2, column 'physics_rules_unfollowed': .*a Python list of texts",
        ),
        ("human_violated_rules", "__import__('os')", r"row 2, column 'human_violated_rules'"),
        ("physics_rules_followed", "[1, 2]", r"row 2, column 'physics_rules_followed'"),
        ("metadata_rules", "['a']", r"row 2, column 'metadata_rules': .*a Python dict of rule and law"),
    ],
)
def test_what_is_wrong_with_an_official_file_is_named(tmp_path, column, value, message):
    rows = make_rows()
    rows[1][HEADER.index(column)] = value
    path = write_rows(tmp_path / "videophy2_test.csv", rows)
    with pytest.raises(TableError, match=message):
        load_ratings(path, tasks=None)


def test_duplicate_rows_and_missing_columns_are_named(tmp_path):
    rows = make_rows()
    path = write_rows(tmp_path / "twice.csv", [*rows, rows[1]])
    with pytest.raises(TableError, match=r"rows 2 and 5 are the same video \(model_name 'cogvideo', caption"):
        load_ratings(path)
    path = write_rows(tmp_path / "renamed.csv", rows, ["pcc" if name == "pc" else name for name in HEADER])
    with pytest.raises(TableError, match=r"the column 'pc' is missing; .*Remedy: rename pcc"):
        load_ratings(path)


def test_bad_bytes_name_the_line_or_are_replaced(official):
    path = official / "videophy2_test.csv"
    path.write_bytes(path.read_bytes().replace(b"The tea turns.", b"The t\xe9a turns."))
    with pytest.raises(TableError, match=r"line 2 is not UTF-8 \(byte 0xe9\)"):
        load_ratings(path)
    assert len(load_ratings(path, encoding_errors="replace")) == 8


def test_a_false_joint_is_warned_of_and_never_used(tmp_path):
    rows = make_rows()
    rows[2][HEADER.index("joint")] = "1"
    path = write_rows(tmp_path / "videophy2_test.csv", rows)
    with pytest.warns(
        UserWarning, match=r"joint disagrees with sa ≥ 4 and pc ≥ 4 in 1 rows, the first is row 3"
    ):
        ratings = load_ratings(path)
    assert "joint" not in ratings.columns


def test_a_rule_under_two_labels_is_left_out_and_warned_of(tmp_path):
    rows = make_rows()
    rows[0][HEADER.index("physics_rules_unfollowed")] = "['The tea turns.']"
    path = write_rows(tmp_path / "videophy2_test.csv", rows)
    with pytest.warns(UserWarning, match=r"2 rule labels are left out .* the first is of video wan/"):
        rules = load_rules(path)
    assert len(rules) == 5


def test_a_second_video_of_a_caption_gets_the_next_seed(tmp_path):
    header = ["video_url", "caption", "states_of_matter", "source", "complexity", "sa", "physics"]
    rows = [[f"u{i}", "A ball.", "solid_solid", "lavie", "0", "1", str(i)] for i in range(2)]
    path = write_rows(tmp_path / "videophy_train_public.csv", rows, header)
    ratings = load_ratings(path)
    assert ratings["video_id"].str[-2:].tolist() == ["/0", "/1", "/0", "/1"]
    assert ratings["rating"].tolist() == [1, 1, 0, 1]
    assert load_videos(path)["seed"].tolist() == [0, 1]
    assert len(load_prompts(path)) == 1
    with pytest.raises(TableError, match="VideoPhy-1 has no rules"):
        load_rules(path)


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


def test_the_real_sample_agrees_with_the_bundled_numbers(shared):
    sample = load_ratings(shared / "data" / "videophy2" / "videophy2_test_sample_318.csv")
    bundled = load_ratings()
    both = sample.merge(bundled, on=["video_id", "task"], suffixes=("", "_bundled"))
    # one caption is written with a final full stop here and without it in the bundled copy
    assert len(both) == 2 * 317
    assert (both["rating"] == both["rating_bundled"]).all()
    assert (both["is_hard"] == both["is_hard_bundled"]).all()
    assert both["action"].notna().sum() == 2 * 316


def test_the_real_sample_gives_all_its_tables(shared):
    path = shared / "data" / "videophy2" / "videophy2_test_sample_318.csv"
    ratings = load_ratings(path, tasks=("rule",))
    assert ratings["rating"].value_counts().to_dict() == {1: 716, 0: 287, 2: 51}
    rules = load_rules(path)
    assert len(rules) == 1054
    assert rules["law"].isna().sum() == 128
    assert len(load_videos(path)) == 318
    assert load_prompts(path)["caption"].notna().all()


def test_the_first_benchmark_is_read_from_its_official_file(shared):
    path = shared / "data" / "videophy1" / "test_human_annotations.csv"
    ours, bundled = load_ratings(path), load_ratings("videophy1")
    pd.testing.assert_frame_equal(ours, bundled)
