"""The declared tables: what is taken, what is refused, and what the refusal says."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from videophy_lab.schema import (
    COLUMNS,
    SCALES,
    TABLES,
    Scale,
    TableError,
    check_scale,
    check_table,
    infer_scale,
    make_prompt_id,
    make_rule_id,
    make_video_id,
)


def make_ratings(**changes) -> pd.DataFrame:
    table = {
        "video_id": ["a/p/0", "b/p/0", "a/q/0"],
        "prompt_id": ["p", "p", "q"],
        "generator": ["a", "b", "a"],
        "task": ["sa", "sa", "pc"],
        "rating": [4, 2, 5],
    }
    return pd.DataFrame(table | changes)


def make_scores(**changes) -> pd.DataFrame:
    table = {
        "video_id": ["a/p/0", "b/p/0"],
        "scorer": "judge",
        "spec": "s1",
        "task": "pc",
        "score": [3.0, np.nan],
        "status": ["ok", "unscored"],
    }
    return pd.DataFrame(table | changes)


def test_ids_are_the_first_digits_of_the_hash():
    caption = "A ball — it rolls."
    assert make_prompt_id(caption) == hashlib.sha256(caption.encode()).hexdigest()[:12]
    assert make_rule_id(caption) == make_prompt_id(caption)
    assert make_video_id("wan", "0123456789ab") == "wan/0123456789ab/0"
    assert make_video_id("wan", "0123456789ab", 7) == "wan/0123456789ab/7"


def test_every_column_of_every_table_is_declared():
    for name, table in TABLES.items():
        columns = table.required + table.optional
        assert set(columns) <= set(COLUMNS), name
        assert set(table.key) | set(table.blank) <= set(columns), name
        assert len(set(columns)) == len(columns), name


def test_importing_the_schema_loads_neither_pandas_nor_pandera():
    code = "import sys, videophy_lab.schema; sys.exit(bool({'pandas', 'pandera'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_dtypes_are_coerced_and_extra_columns_kept():
    ratings = check_table(
        make_ratings(is_hard=["1", "0", ""], colour=[1, 2, 3], seed=["0", "1", None]), "ratings"
    )
    assert ratings["rating"].dtype == "float64"
    assert ratings["is_hard"].dtype == "boolean"
    assert ratings["is_hard"].isna().tolist() == [False, False, True]
    assert ratings["seed"].dtype == "Int64"
    assert ratings["colour"].tolist() == [1, 2, 3]
    assert ratings["video_id"].dtype == "str"


def test_an_extra_column_that_another_table_declares_may_hold_anything():
    assert check_table(make_ratings(seed=["x", "y", "z"]), "ratings")["seed"].tolist() == ["x", "y", "z"]


def test_a_missing_column_names_the_close_match():
    with pytest.raises(
        TableError,
        match=r"my\.csv: a table of ratings needs the column rating; it has .*rename 'ratings' to 'rating'",
    ):
        check_table(make_ratings().rename(columns={"rating": "ratings"}), "ratings", source="my.csv")


def test_rules_need_a_prompt_or_a_video():
    rules = pd.DataFrame({"rule_id": ["r"], "rule": ["It falls."]})
    with pytest.raises(TableError, match=r"prompt_id \(or video_id\)"):
        check_table(rules, "rules")
    assert len(check_table(rules.assign(video_id="a/p/0"), "rules")) == 1


def test_an_unknown_table_and_a_column_there_twice_are_refused():
    with pytest.raises(ValueError, match="no table is called 'rating'; allowed: prompts, videos"):
        check_table(make_ratings(), "rating")
    twice = pd.concat([make_ratings(), make_ratings()[["task"]]], axis=1)
    with pytest.raises(TableError, match="the column task is there twice"):
        check_table(twice, "ratings")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"rating": [4, "good", 5]},
            r"row 2, column 'rating': 'good' is not allowed; allowed: a number\. Remedy: del",
        ),
        ({"rating": [4, 5, np.inf]}, r"row 3, column 'rating': inf is not allowed"),
        ({"rating": [4, None, 5]}, r"row 2, column 'rating': a blank cell is not allowed; .*has no row"),
        ({"prompt_id": [1.0, 2.0, 3.0]}, r"row 1, column 'prompt_id': 1\.0 is not allowed; .*dtype=str"),
        ({"generator": ["a", "", "a"]}, r"row 2, column 'generator': a blank cell"),
        (
            {"task": ["sa", "rule", "pc"], "rating": [4, 3, 5]},
            r"row 2, column 'rating': 3\.0 .* 2 cannot be determ",
        ),
        (
            {"video_id": ["a/p/0", "b/p/0", "a/p/0"], "task": "sa"},
            r"rows 1 and 3 have the same video_id 'a/p/0'",
        ),
    ],
)
def test_what_is_wrong_with_ratings_is_named(changes, message):
    with pytest.raises(TableError, match=message):
        check_table(make_ratings(**changes), "ratings")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"status": ["ok", "ok"]},
            r"row 2, column 'score': a blank cell .* a score exactly where status is ok",
        ),
        ({"score": [3.0, 2.0]}, r"row 2, column 'score': 2\.0 is not allowed"),
        ({"status": ["ok", "error"]}, r"row 2, column 'status': 'error' .*allowed: ok, unscored, failed"),
        ({"status": ["ok", None]}, r"row 2, column 'status': a blank cell"),
        ({"seconds": [1.0, -0.5]}, r"row 2, column 'seconds': -0\.5 is not allowed; allowed: ≥ 0"),
        (
            {"probabilities": ["[0.5, 0.4]", None]},
            r"row 1, column 'probabilities': '\[0\.5, 0\.4\]' .* sum to 1",
        ),
        ({"probabilities": ["0.5; 0.5", None]}, r"row 1, column 'probabilities'"),
        ({"probabilities": [[1.5, -0.5], None]}, r"row 1, column 'probabilities'"),
        ({"video_id": "a/p/0"}, r"rows 1 and 2 have the same video_id 'a/p/0', scorer 'judge'"),
    ],
)
def test_what_is_wrong_with_scores_is_named(changes, message):
    with pytest.raises(TableError, match=message):
        check_table(make_scores(**changes), "scores")


def test_one_video_may_have_many_annotators_rules_and_probes():
    assert (
        len(check_table(make_ratings(video_id="a/p/0", task="sa", annotator=["1", "2", None]), "ratings"))
        == 3
    )
    assert len(check_table(make_scores(video_id="a/p/0", probe=["reverse", None]), "scores")) == 2


@pytest.mark.parametrize(
    "cell", ["[0.25, 0.75]", [0.25, 0.75], (0.25, 0.75), np.array([0.25, 0.75], dtype="float32")]
)
def test_probabilities_are_read_from_lists_and_their_text(cell):
    scores = pd.DataFrame(
        {**make_scores().to_dict("list"), "probabilities": pd.Series([cell, None], dtype=object)}
    )
    checked = check_table(scores, "scores")
    assert checked["probabilities"].iloc[0] == [0.25, 0.75]
    assert pd.isna(checked["probabilities"].iloc[1])


def test_an_empty_table_is_a_table():
    assert len(check_table(make_ratings().iloc[:0], "ratings")) == 0


@pytest.mark.parametrize(
    ("values", "scale"),
    [([4, 2, 5], "1-5"), ([1, 3, 1], "1-5"), ([0, 1, 1], "0/1"), ([0.33, 1, 1], "0/1"), ([1, 1.5, 2], "1-5")],
)
def test_the_scale_is_told_from_the_values(values, scale):
    assert infer_scale(make_ratings(rating=values)) == SCALES[scale]


def test_rule_labels_do_not_tell_the_scale():
    ratings = make_ratings(task=["sa", "rule", "pc"], rating=[4, 0, 5])
    assert infer_scale(ratings) == Scale(1, 5, 4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rating": [1, 1, 1]}, r"every rating of sa and pc is 1, so .*scale='1-5' or scale='0/1'"),
        ({"task": "rule", "rating": [0, 1, 2]}, r"there is no rating of sa or pc"),
        (
            {"rating": [4, 0, 5]},
            r"row 2 has the rating 0, which is below 1–5, and row 1 has 4, which is above 0/1",
        ),
        ({"rating": [4, 7, 5]}, r"row 2, column 'rating': 7 .*allowed: 1 to 5 for sa"),
        ({"rating": [-1, 1, 0]}, r"row 1, column 'rating': -1 .*allowed: 0 to 1 for sa"),
    ],
)
def test_ratings_that_fit_no_scale_are_refused(changes, message):
    with pytest.raises(TableError, match=message):
        infer_scale(make_ratings(**changes))


def test_a_named_scale_is_held_to():
    check_scale(make_ratings(), SCALES["1-5"])
    with pytest.raises(TableError, match=r"mine: row 1, column 'rating': 4 .*0 to 1 for sa.*pass scale="):
        check_scale(make_ratings(), SCALES["0/1"], source="mine")


def test_a_video_and_its_probes_are_rows_of_one_table() -> None:
    names = {"video_id": "g/p/0", "prompt_id": "p", "generator": "g"}
    table = pd.DataFrame(
        [names, names | {"probe": "reverse"}, names | {"probe": "blur-050", "severity": "0.5"}]
    )
    checked = check_table(table, "videos")
    assert checked["severity"].dropna().tolist() == [0.5]
    with pytest.raises(TableError, match=r"rows 2 and 4 have the same video_id 'g/p/0', probe 'reverse'"):
        check_table(pd.concat([table, table.iloc[[1]]]), "videos")
    with pytest.raises(TableError, match=r"column 'severity': 50\.0 is not allowed; allowed: ≥ 0 and ≤ 1"):
        check_table(table.assign(severity=[None, None, 50]), "videos")


@pytest.mark.parametrize("named", [True, False])
def test_rows_of_edits_without_a_column_probe_are_told_of_it(named: bool) -> None:
    row = {"video_id": "a/p/0", "scorer": "judge", "spec": "s", "task": "pc", "score": 3.0, "status": "ok"}
    table = pd.DataFrame([row, row]).assign(**({"probe": "reverse"} if named else {}))
    remedy = "Remedy: delete one" if named else "Remedy: if they are of edits .*, add a column probe that"
    with pytest.raises(TableError, match=remedy):
        check_table(table, "scores")


def test_a_column_that_a_table_has_by_rights_is_not_to_be_renamed():
    with pytest.raises(TableError, match=r"needs the column status; .* Remedy: add it\.$"):
        check_table(make_scores().drop(columns="status"), "scores")
    with pytest.raises(TableError, match=r"needs the column status; .*rename 'statuses' to 'status'"):
        check_table(make_scores().rename(columns={"status": "statuses"}), "scores")


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [
        ("5 points", "write the number alone (5); only where there is none, leave the score blank and set"),
        ('"5"', "write the number alone (5); only where there is none, leave the score blank and set status"),
        ("score: -4.5", "write the number alone (-4.5)"),
        (
            "4 out of 5",
            "write the number alone; only where there is none, leave the score blank and set status",
        ),
        ("good", "Remedy: leave the score blank and set status to unscored or failed"),
        ("inf", "Remedy: leave the score blank and set status to unscored or failed"),
        ("1e999", "Remedy: leave the score blank and set status to unscored or failed"),
    ],
)
def test_a_number_among_other_signs_is_not_thrown_away(cell: str, remedy: str):
    with pytest.raises(TableError) as error:
        check_table(make_scores(score=[cell, None]), "scores")
    assert remedy in str(error.value)
    assert f"row 1, column 'score': {cell!r} is not allowed; allowed: a number" in str(error.value)


def test_a_rating_among_other_signs_keeps_its_row_and_whole_numbers_are_whole():
    with pytest.raises(TableError, match=r"write the number alone \(4\); only where there is none, delete"):
        check_table(make_ratings(rating=["4 stars", 2, 5]), "ratings")
    videos = make_ratings()[["video_id", "prompt_id", "generator"]]
    with pytest.raises(TableError, match=r"write the number alone \(7\)"):
        check_table(videos.assign(seed=["seed 7", 0, 0]), "videos")
