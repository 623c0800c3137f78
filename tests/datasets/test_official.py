"""The official files, with every quirk they have."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.datasets.conftest import HEADER, KITE, SPOON, make_rows, write_rows
from videophy_lab.datasets import load_prompts, load_ratings, load_rules, load_videos
from videophy_lab.schema import TableError, make_prompt_id, make_rule_id

SPOON_ID, KITE_ID = make_prompt_id(SPOON), make_prompt_id(KITE)


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
