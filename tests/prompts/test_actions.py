"""Lists of actions in the forms that data sets publish, and one list made of several."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from videophy_lab.prompts.actions import Named, check_actions, gather_actions, make_key, spell_action
from videophy_lab.prompts.folder import read_actions
from videophy_lab.prompts.lists import read_list


def read_names(path: Path, kind: str, **options: str) -> list[str]:
    return [each.name for each in read_list(path, kind, **options)]


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("HandStandPushups", "hand stand pushups"),
        ("YoYo", "yo yo"),
        ("Holding [something] over [something]", "holding something over something"),
        ("  pole_vault. ", "pole vault"),
        ("massaging person’s head", "massaging person's head"),
        ('"abseiling"', "abseiling"),
        ("tying knot (not on a tie)", "tying knot (not on a tie)"),
        ("跳绳", "跳绳"),
        ("CPRTraining", "cpr training"),
        ("zero\u200bwidth", "zerowidth"),
        ("pouring milk into\na cup", "pouring milk into a cup"),
        ("pouring\tmilk\r\n into\x0ba\x1fcup", "pouring milk into a cup"),
        ("LongJump\n", "long jump"),
    ],
)
def test_an_action_has_one_spelling(name: str, spelt: str) -> None:
    assert spell_action(name) == spelt


def test_what_counts_as_the_same_action() -> None:
    assert make_key("push ups") == make_key("Push-ups") == make_key("pushups")
    assert make_key("throwing a ball") == make_key("throwing ball")
    assert make_key("jumping jack") != make_key("jumping jacks")


@pytest.mark.parametrize(
    ("file", "kind", "content"),
    [
        ("train.csv", "kinetics", "label,youtube_id,time_start,time_end,split\nlong jump,a,0,10,train\n"
                                  '"tying knot (not, a tie)",b,1,11,train\nlong jump,c,0,10,train\n'),
        ("map.csv", "kinetics", 'id,name\n0,long jump\n1,"tying knot (not, a tie)"\n'),
        ("train.json", "kinetics", json.dumps({
            "v1": {"annotations": {"label": "long jump", "segment": [0, 10]}, "subset": "train"},
            "v2": {"annotations": {"label": "tying knot (not, a tie)"}},
        })),
        ("names.json", "kinetics", json.dumps({"long jump": 0, "tying knot (not, a tie)": 1})),
        ("ids.json", "kinetics", json.dumps({"0": "long jump", "1": "tying knot (not, a tie)"})),
        ("list.json", "kinetics", json.dumps(["long jump", "tying knot (not, a tie)"])),
        ("names.txt", "kinetics", "long jump\ntying knot (not, a tie)\n\n"),
        ("numbered.txt", "kinetics", "\ufefflong jump 0\r\ntying knot (not, a tie) 1\r\n"),
    ],
)  # fmt: skip
def test_every_form_of_kinetics_gives_the_same(tmp_path: Path, file: str, kind: str, content: str) -> None:
    path = tmp_path / file
    path.write_text(content, encoding="utf-8", newline="")
    assert read_names(path, kind) == ["long jump", "tying knot (not, a tie)"]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("classInd.txt", "1 ApplyEyeMakeup\r\n2 YoYo\r\n"),
        ("trainlist01.txt", "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1\nYoYo/v_YoYo_g01_c01.avi 2\n"),
    ],
)
def test_ucf101_in_both_forms(tmp_path: Path, file: str, content: str) -> None:
    path = tmp_path / file
    path.write_text(content, encoding="utf-8", newline="")
    assert read_names(path, "ucf101") == ["ApplyEyeMakeup", "YoYo"]


@pytest.mark.parametrize(
    "content",
    [
        {"Holding something over something": "0", "Pushing something so that it falls": "1"},
        [
            {"label": "holding a cup over a bed", "template": "Holding [something] over [something]"},
            {"id": "8", "template": "Pushing [something] so that it falls"},
        ],
    ],
)
def test_something_something_in_both_forms(tmp_path: Path, content: object) -> None:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    table = gather_actions({"something": read_list(path, "something")})
    spelt = ["holding something over something", "pushing something so that it falls"]
    assert table["action"].tolist() == spelt


def test_one_list_of_several_keeps_every_origin_and_spelling(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("activity,category\nPush-Ups,physical_activity\nwhisking egg,\n", encoding="utf-8")
    table = gather_actions(
        {
            "kinetics": [Named("push ups"), Named("long jump")],
            "ucf101": [Named("PushUps"), Named("LongJump")],
            "csv": read_list(path, "csv", column="activity"),
        }
    )
    rows = table.set_index("action")
    assert rows.index.tolist() == ["push ups", "long jump", "whisking egg"]
    assert rows.loc["push ups", ["origin", "names", "category"]].tolist() == [
        "kinetics; ucf101; csv",
        "push ups; PushUps; Push-Ups",
        "physical_activity",
    ]
    assert rows["category"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("file", "kind", "content", "message"),
    [
        ("a.csv", "csv", "what,else\n1,2\n", "has not a column of classes; it has what, else"),
        ("a.csv", "csv", "Action name,else\n1,2\n", 'it has Action name, else.*--column "Action name"'),
        ("a.json", "kinetics", "{", "is not JSON"),
        ("a.json", "kinetics", '{"a": [1]}', "none of the published forms"),
        ("a.txt", "ucf101", "\n\n", "holds no class of ucf101.*classInd.txt"),
        ("a.txt", "ucf", "1 A\n", "Allowed: kinetics, ucf101, something, csv"),
        ("a.txt", "kinetics", b"caf\xe9\n", "not UTF-8"),
        (
            "a.csv",
            "csv",
            "label;youtube_id\nabseiling;x\n",
            "not a column of classes; it has label;youtube_id",
        ),
        (
            "a.csv",
            "kinetics",
            "label;youtube_id\nabseiling;x\n",
            "line 1 has several columns.*label;youtube_id",
        ),
        ("a.txt", "kinetics", "label;youtube_id\nabseiling;x\n", "line 1 .*save it as a .csv with commas"),
        ("a.txt", "kinetics", "label,youtube_id\nabseiling,x\n", "line 1 has several columns"),
        ("a.csv", "ucf101", "class\tfile\nYoYo\tb.avi\n", "line 1 has several columns"),
        ("a.csv", "something", "1;YoYo\n2;Abseil;more\n", "line 2 has several columns.*2;Abseil;more"),
    ],
)
def test_files_of_another_form(
    tmp_path: Path, file: str, kind: str, content: str | bytes, message: str
) -> None:
    path = tmp_path / file
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message):
        read_list(path, kind)


def test_a_table_of_actions_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "actions.csv"
    for text, message in (
        ("name\nrun\n", "needs the column action; it has name"),
        ("action,x\nrun,1\n,2\n", "row 2 has no action"),
        ("action\nlong jump\nLong-Jump\n", "rows 1 and 2 are the same action"),
        ("action\n", "there is no action in it"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=message):
            read_actions(path)
    with pytest.raises(ValueError, match="is longer than 200 characters"):
        gather_actions({"csv": [Named("x " * 200)]})
    with pytest.raises(ValueError, match="hold no action"):
        gather_actions({"csv": [Named("...")]})
    assert len(check_actions(gather_actions({"csv": [Named("a b")]}))) == 1
