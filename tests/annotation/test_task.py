"""Tasks: how they are made of tables, what may not be in them, and that they survive being written."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import videophy_lab as lab
from tests.annotation.made_tasks import (
    make_clip,
    make_items,
    make_pair,
    make_small_task,
    make_test,
    write_videos,
)
from videophy_lab.annotation import Item, Task, TaskError, make_task, read_json, write_json
from videophy_lab.annotation.questions import KINDS, QUESTIONS, VALUES
from videophy_lab.schema import TableError, make_rule_id


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_videos(tmp_path_factory.mktemp("made") / "videos", n_prompts=2)


def test_every_question_has_the_benchmarks_scale_and_keys_of_its_own() -> None:
    for kind in ("sa", "pc"):
        assert [choice.value for choice in QUESTIONS[kind].choices] == [5, 4, 3, 2, 1]
    assert sorted(VALUES["rule"]) == [0, 1, 2]
    for kind in KINDS:
        keys = [choice.key for choice in QUESTIONS[kind].choices]
        assert len(set(keys)) == len(keys)
        # keys with another meaning on the page
        assert not {"x", "n", "r", "s", " "} & set(keys)
        assert all(choice.anchor for choice in QUESTIONS[kind].choices)


def test_a_folder_is_asked_for_all_that_can_be(folder: Path) -> None:
    task = make_task(folder)
    assert [clip.generator for clip in task.clips] == ["sora", "sora", "wan", "wan"]
    assert sorted(item.kind for item in task.items) == ["pc"] * 4 + ["sa"] * 4
    assert all(Path(clip.path).is_file() for clip in task.clips)


def test_rules_are_those_of_the_video_of_its_prompt_and_of_all(folder: Path) -> None:
    videos = lab.load_videos(folder)
    rules = pd.DataFrame(
        [
            {"rule_id": "all", "rule": "Nothing vanishes."},
            {"rule_id": "one", "rule": "It falls.", "video_id": videos["video_id"][0]},
            {"rule_id": "prompt", "rule": "It rolls.", "prompt_id": videos["prompt_id"][1]},
        ]
    )
    task = make_task(folder, tasks=["rule"], rules=rules)
    asked = {item.videos[0]: item.questions for item in task.items}
    assert asked[videos["video_id"][0]] == ("all", "one")
    assert asked[videos["video_id"][1]] == ("all", "prompt")
    assert asked[videos["video_id"][2]] == ("all",)


@pytest.mark.parametrize("is_file", [True, False])
def test_rules_without_names_are_named_by_their_sentences(
    folder: Path, tmp_path: Path, is_file: bool
) -> None:
    videos = lab.load_videos(folder)
    rules = pd.DataFrame({"video_id": videos["video_id"][0], "rule": ["It falls.", "It rolls."]})
    rules.to_csv(tmp_path / "rules.csv", index=False)
    task = make_task(folder, tasks=["rule"], rules=tmp_path / "rules.csv" if is_file else rules)
    assert [item.questions for item in task.items] == [(make_rule_id("It falls."), make_rule_id("It rolls."))]


def test_a_name_of_rules_that_is_misspelt_is_no_missing_one(folder: Path) -> None:
    rules = pd.DataFrame({"prompt_id": [None], "rule": ["It falls."], "ruleid": ["a"]})
    with pytest.raises(TableError, match="rename 'ruleid' to 'rule_id'"):
        make_task(folder, tasks=["rule"], rules=rules)


def test_pairs_are_asked_about_captions_only_where_both_have_the_same(folder: Path, tmp_path: Path) -> None:
    names = {(row.generator, row.prompt_id): row.video_id for row in lab.load_videos(folder).itertuples()}
    prompts = sorted({prompt for _, prompt in names})
    rows = [
        {"video_id_a": names["wan", prompts[0]], "video_id_b": names["sora", prompts[0]]},
        {"video_id_a": names["wan", prompts[0]], "video_id_b": names["sora", prompts[1]]},
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "pairs.csv", index=False)
    task = make_task(folder, pairs=tmp_path / "pairs.csv")
    assert [item.kind for item in task.items] == ["pair_pc", "pair_sa", "pair_pc"]
    with pytest.raises(TaskError, match="row 1: 'sa' cannot be asked"):
        make_task(folder, pairs=pd.DataFrame(rows[1:]).assign(task="sa"))
    with pytest.raises(TaskError, match="'nobody' is not among the videos"):
        make_task(folder, pairs=pd.DataFrame(rows).assign(video_id_b="nobody"))


def test_known_answers_may_be_of_videos_of_their_own(folder: Path, tmp_path: Path) -> None:
    rows = [
        {"video_id": "clear/0/0", "task": "pc", "rating": 1, "path": str(folder / "wan" / "v1.mp4")},
        {"video_id": "clear/0/0", "task": "rule", "rating": 0, "rule": "It stays.", "role": "attention"},
    ]
    pd.DataFrame(rows).assign(path=rows[0]["path"]).to_csv(tmp_path / "known.csv", index=False)
    task = make_task(folder, tasks=["pc"], qualification=tmp_path / "known.csv")
    test, attention = [item for item in task.items if item.role != "work"]
    assert (test.role, dict(test.expected), test.tolerance) == ("qualification", {"pc": 1}, 1)
    assert test.is_right("pc", 2)
    assert not test.is_right("pc", 3)
    assert attention.role == "attention"
    assert not attention.is_right(attention.questions[0], 1)
    assert "clear/0/0" in task.by_video


def test_a_test_that_tells_the_captions_of_the_work_is_refused(folder: Path) -> None:
    videos = lab.load_videos(folder)
    told, other = videos["video_id"][0], videos["video_id"][1]
    assert videos["prompt_id"][0] != videos["prompt_id"][1]
    known = pd.DataFrame([{"video_id": told, "task": task, "rating": 3} for task in ("pc", "sa")])
    with pytest.raises(TaskError, match=f"sa of {told} shows a caption .* Remedy: ask sa of videos of other"):
        make_task(folder, qualification=known)
    # its caption is that of another video of the prompt too
    rest = videos[videos["video_id"].ne(told)]
    known = known.assign(path=videos["path"][0], caption="A cup.", prompt_id=videos["prompt_id"][0])
    with pytest.raises(TaskError, match="shows a caption"):
        make_task(rest, qualification=known)
    for options in (
        {"tasks": ["sa"]},
        {"videos": videos[videos["video_id"].eq(other)]},
        {"qualification": known[known["task"].eq("pc")]},
    ):
        made = make_task(**{"videos": videos, "qualification": known[known["task"].eq("sa")], **options})
        assert [item.role for item in made.items].count("qualification") == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rating": 6}, "known answer 6"),
        ({"rating": 2.5}, "rating 2.5 and tolerance 1 must be whole"),
        ({"task": "beauty"}, "task 'beauty' is none of"),
        ({"role": "spy"}, "role 'spy' is none of"),
        ({"video_id": "nobody"}, "not among the videos and has no path"),
        ({"task": "rule"}, "the rule is missing"),
        ({"rating": "five"}, "rating 'five' and tolerance 1 must be whole"),
    ],
)
def test_a_wrong_known_answer_is_named(folder: Path, change: dict, message: str) -> None:
    row = {"video_id": lab.load_videos(folder)["video_id"][0], "task": "pc", "rating": 3}
    with pytest.raises(TaskError, match=message):
        make_task(folder, qualification=pd.DataFrame([row | change]))


def test_rules_that_a_review_dropped_are_not_asked(folder: Path) -> None:
    rules = pd.DataFrame({"rule_id": ["r", "s", "t"], "rule": ["It falls.", "It is green.", "It rolls."]})
    rules["video_id"] = None
    with pytest.warns(UserWarning, match="2 of 3 rules left out: 1 dropped, 1 open"):
        task = make_task(folder, tasks=["rule"], rules=rules.assign(final=["keep", "drop", "open"]))
    assert {rule.rule_id for item in task.items for rule in item.rules} == {"r"}
    with pytest.raises(TableError, match=r"none of its 3 rules is kept: 3 dropped \(column final\)\. Remedy"):
        make_task(folder, tasks=["rule"], rules=rules.assign(final="drop"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tasks": ["beauty"]}, "no task is called 'beauty'; allowed: sa, pc, rule"),
        ({"tasks": ["rule"]}, "rule cannot be asked without --rules FILE"),
        ({"tasks": []}, "there is nothing to ask"),
        ({"pass_share": 8}, "write it as a fraction"),
        ({"block_size": 0}, "block_size 1 or more"),
        ({"pairs": pd.DataFrame({"video_id_a": ["x"]})}, "pairs: the column video_id_b is missing"),
    ],
)
def test_what_cannot_be_asked_is_said_with_the_remedy(folder: Path, options: dict, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        make_task(folder, **options)


def test_videos_without_files_or_captions_are_refused_where_they_are_needed(folder: Path) -> None:
    videos = lab.load_videos(folder)
    with pytest.raises(TaskError, match="every video needs a path"):
        make_task(videos.drop(columns="path"))
    with pytest.raises(TaskError, match=r"the videos table has no rows\. Remedy: give a table with a row"):
        make_task(videos[:0])
    with pytest.raises(TaskError, match="none of the 4 video files is there"):
        make_task(videos.assign(path="gone.mp4"))
    with pytest.raises(TaskError, match="sa cannot be asked without a column caption"):
        make_task(videos.drop(columns="caption"), tasks=["sa"])
    assert {item.kind for item in make_task(videos.drop(columns="caption")).items} == {"pc"}


def test_files_that_are_not_there_are_noted(folder: Path, tmp_path: Path) -> None:
    videos = lab.load_videos(folder)
    gone = [str(tmp_path / f"gone{number}.mp4") for number in range(3)]
    three, one = [*gone, videos["path"][3]], [gone[0], *videos["path"][1:]]
    for paths, said in (
        (three, f"3 of 4 video files are not there: {', '.join(gone)}; "),
        (one, f"1 of 4 video files is not there: {gone[0]}; "),
    ):
        with pytest.warns(UserWarning, match=re.escape(said)):
            make_task(videos.assign(path=paths))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_task(videos)


def test_a_task_survives_being_written() -> None:
    one, other = make_clip("wan", 1), make_clip("sora", 1)
    items = (*make_items([one, other]), make_pair(one, other), make_test(one, 2, tolerance=1))
    task = Task(clips=(one, other), items=items)
    again = read_json(write_json(task))
    assert again == task
    assert again.task_id == task.task_id
    assert replace(task, items=items[1:]).task_id != task.task_id
    moved = replace(task, clips=(replace(one, path="/elsewhere.mp4"), other))
    assert moved.task_id == task.task_id


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"clips": [{}], "items": []}', '{"clips": 3, "items": [1]}']
)
def test_what_is_no_task_is_refused(text: str) -> None:
    with pytest.raises(TaskError, match="this is no task"):
        read_json(text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "beauty"}, "its kind is 'beauty'"),
        ({"videos": ("nobody",)}, "not among the clips"),
        ({"kind": "pair_pc"}, "it has 1 videos; needed: 2"),
        ({"kind": "rule"}, "it has no rule"),
        ({"expected": {"pc": 9}}, "known answer 9"),
        ({"role": "attention"}, "must be known"),
        ({"role": "boss"}, "its role is 'boss'"),
    ],
)
def test_a_wrong_item_is_named(change: dict, message: str) -> None:
    clip = make_clip("wan", 1)
    item = Item(**{"item_id": "one", "kind": "pc", "videos": (clip.video_id,)} | change)
    with pytest.raises(TaskError, match=f"item 'one': .*{message}"):
        Task(clips=(clip,), items=(item,))


def test_nothing_comes_twice() -> None:
    task = make_small_task()
    with pytest.raises(TaskError, match=r"item_id .* comes twice"):
        replace(task, items=(*task.items, task.items[0]))
    with pytest.raises(TaskError, match=r"video_id .* comes twice"):
        replace(task, clips=(*task.clips, task.clips[0]))
