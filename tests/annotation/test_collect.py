"""From logs to tables that every other part of the project reads."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
import pytest

import videophy_lab as lab
from tests.annotation.made_tasks import make_clip, make_items, make_pair, make_small_task, make_test, send
from videophy_lab import study
from videophy_lab.annotation import (
    Project,
    Task,
    TaskError,
    collect,
    count_left,
    count_progress,
    find_folder,
    load_annotation,
    load_project,
    write_collected,
)
from videophy_lab.annotation.collect import collect_answers
from videophy_lab.annotation.session import Session
from videophy_lab.schema import TableError, check_table, read_rows


def test_ratings_are_a_table_that_the_rest_of_the_project_reads(tmp_path: Path) -> None:
    project = Project(make_small_task(), tmp_path / "ratings.csv")
    for name, values in (("Ada", (4, 5)), ("Bob", (2, 1))):
        session = project.open_session(name)
        send(session, "pc:wan/00a0/0", "pc", values[0])
        send(session, "sa:wan/00a0/0", "sa", values[1])
        send(session, "rule:wan/00a0/0", "r1", 0)
        send(session, "rule:wan/00a0/0", "r2", 2)
        send(session, "rule:wan/00a0/0", "more", "The plate melts.")
    assert [path.name for path in project.write()] == [
        "ratings.csv",
        "ratings_violations.csv",
        "ratings_times.csv",
    ]
    ratings = lab.load_ratings(tmp_path / "ratings.csv", tasks=None)
    assert sorted(ratings["annotator"].unique()) == ["Ada", "Bob"]
    assert ratings.groupby("task")["rating"].apply(sorted).to_dict() == {
        "pc": [2, 4],
        "sa": [1, 5],
        "rule": [0, 0, 2, 2],
    }
    assert set(ratings["law"].dropna()) == {"gravity"}
    one = lab.aggregate_annotators(lab.load_ratings(tmp_path / "ratings.csv"))
    assert one.set_index("task")["rating"].to_dict() == {"pc": 3, "sa": 3}
    added = pd.read_csv(tmp_path / "ratings_violations.csv")
    assert list(added["violation"]) == ["The plate melts."] * 2


def test_the_last_answer_counts_and_the_others_are_counted(tmp_path: Path) -> None:
    session = Session(make_small_task(), tmp_path, "Ada")
    now = 1000 * time.time()
    for ago, value in ((3000, 1), (1000, 4), (2000, 2)):
        send(session, "pc:wan/00a0/0", "pc", value, given_at=now - ago)
    with session.log.path.open("ab") as file:
        file.write(b'{"torn')
    collected = collect(tmp_path)
    assert list(collected.ratings["rating"]) == [4]
    assert (collected.n_answers, collected.n_changed, collected.n_unread) == (3, 2, 1)


def test_all_the_time_that_was_spent_is_counted(tmp_path: Path) -> None:
    project = Project(make_small_task(), tmp_path / "ratings.csv")
    session = project.open_session("Ada")
    send(session, "pc:wan/00a0/0", "pc", 4, seconds=30)
    send(session, "pc:wan/00a0/0", "pc", 5, seconds=2)
    send(session, "rule:wan/00a0/0", "r1", 0, seconds=10)
    send(session, "rule:wan/00a0/0", "more", "The plate melts.", seconds=60)
    send(session, "pc:wan/00a1/0", "problem", "black picture", seconds=20)
    send(session, "pc:sora/00a0/0", "pc", 3, seconds=5)
    per_item = project.collect().times.groupby("item_id")["seconds"].sum().to_dict()
    assert per_item == {
        "pc:wan/00a0/0": 32,
        "rule:wan/00a0/0": 70,
        "pc:wan/00a1/0": 20,
        "pc:sora/00a0/0": 5,
    }
    described = study.describe_annotators(project.collect().ratings, project.collect().times)
    assert described["median_seconds"].tolist() == [20]


def test_two_logs_of_one_annotator_are_one(tmp_path: Path) -> None:
    project = Project(make_small_task(), tmp_path / "ratings.csv")
    session = project.open_session("Ada")
    now = 1000 * time.time()
    send(session, "pc:wan/00a0/0", "pc", 4, given_at=now - 3000)
    (project.folder / "Ada (copy).jsonl").write_bytes(session.log.path.read_bytes())
    send(session, "pc:wan/00a0/0", "pc", 2, given_at=now - 2000)
    send(session, "sa:wan/00a0/0", "sa", 1, given_at=now - 1000)
    collected = project.collect()
    assert collected.ratings.set_index("task")["rating"].to_dict() == {"pc": 2, "sa": 1}
    assert (collected.n_answers, collected.n_changed, collected.n_repeated) == (3, 1, 1)
    assert len(collected.times) == 3
    progress = count_progress(project)
    assert progress[["annotator", "n_done", "n_answers"]].to_numpy().tolist() == [["Ada", 2, 3]]
    project.write()
    assert len(pd.read_csv(project.out)) == 2


def test_work_of_two_machines_is_put_together(tmp_path: Path) -> None:
    logs = []
    for place, item in (("one", "pc:wan/00a0/0"), ("two", "pc:sora/00a0/0")):
        project = Project(make_small_task(), tmp_path / place / "ratings.csv")
        session = project.open_session("Ada")
        send(session, item, "pc", 3)
        logs.append(session.log.path)
    logs[1].replace(logs[0].with_name("Ada-laptop.jsonl"))
    collected = collect(logs[0].parent)
    assert sorted(collected.ratings["generator"]) == ["sora", "wan"]
    assert collected.n_repeated == 0


def test_lines_that_are_no_answers_are_named_with_their_file(tmp_path: Path) -> None:
    session = Session(make_small_task(), tmp_path, "Ada")
    send(session, "pc:wan/00a0/0", "pc", 1)
    (tmp_path / "foreign.jsonl").write_text(
        '{"answer_id": "12345678", "item_id": "a", "question": "pc", "value": 3}\nhello\n'
    )
    collected = collect(tmp_path)
    assert len(collected.ratings) == 1
    assert collected.n_unread == 2
    assert collected.unread == (
        "foreign.jsonl, line 1: its annotator is missing; needed is a text",
        "foreign.jsonl, line 2: it is no JSON",
    )


def test_what_was_taken_back_is_gone_from_the_files_too(tmp_path: Path) -> None:
    project = Project(make_small_task(), tmp_path / "ratings.csv")
    session = project.open_session("Ada")
    send(session, "rule:wan/00a0/0", "more", "The plate melts.")
    send(session, "pc:wan/00a0/0", "problem", "black picture")
    project.write()
    assert len(pd.read_csv(tmp_path / "ratings_violations.csv")) == 1
    send(session, "rule:wan/00a0/0", "more", "")
    send(session, "pc:wan/00a0/0", "problem", "")
    project.write()
    for name in ("violations", "problems"):
        rows = read_rows(tmp_path / f"ratings_{name}.csv")
        assert (len(rows), rows.columns[0]) == (0, "video_id")
    assert len(load_annotation(project.out).violations) == 0
    assert not (tmp_path / "ratings_pairs.csv").exists()


def test_known_answers_are_no_ratings(tmp_path: Path) -> None:
    clips = [make_clip("wan", 0), make_clip("wan", 1)]
    items = (*make_items(clips[:1]), make_test(clips[1], 2, tolerance=1))
    session = Session(Task(clips=tuple(clips), items=items, attention_every=1), tmp_path, "Ada")
    send(session, "qualification:pc:wan/00a1/0", "pc", 3)
    check = next(turn.item for turn in session.turns if turn.item.role == "attention")
    send(session, check.item_id, "pc", 1 + dict(check.expected)["pc"] % 5)
    send(session, "pc:wan/00a0/0", "pc", 5)
    collected = collect(tmp_path)
    assert list(collected.ratings["video_id"]) == ["wan/00a0/0"]
    assert collected.checks.set_index("role")["right"].to_dict() == {"qualification": 1, "attention": 0}
    assert set(collected.times["role"]) == {"qualification", "attention", "work"}


def test_a_video_that_could_not_be_judged_has_no_rating(tmp_path: Path) -> None:
    session = Session(make_small_task(), tmp_path, "Ada")
    send(session, "pc:wan/00a0/0", "pc", 1)
    send(session, "pc:wan/00a0/0", "problem", "black picture")
    send(session, "pc:sora/00a0/0", "problem", "no")
    send(session, "pc:sora/00a0/0", "problem", "")
    send(session, "pc:sora/00a0/0", "pc", 2)
    collected = collect(tmp_path)
    assert list(collected.ratings["video_id"]) == ["sora/00a0/0"]
    assert list(collected.problems["problem"]) == ["black picture"]


def make_record(number: int, **change: object) -> dict:
    record = {
        "answer_id": f"answer-{number:05d}",
        "annotator": "Ada",
        "item_id": "pc:wan/00a0/0",
        "kind": "pc",
        "role": "work",
        "question": "pc",
        "value": 3,
        "videos": [["wan/00a0/0", "00a0", "wan"]],
        "given_at": f"2025-02-10T18:00:{number:02d}.000Z",
        "seconds": 2.5,
    }
    return record | change


@pytest.mark.parametrize(("shown", "right"), [({}, [0]), ({"shown": True}, [0]), ({"shown": False}, [])])
def test_a_known_answer_is_not_got_round_by_a_report(shown: dict, right: list[int]) -> None:
    known = {"role": "qualification", "item_id": "qualification:pc:wan/00a0/0"}
    answers = [
        make_record(1, **known, expected=3, right=True),
        make_record(2, **known, question="problem", value="cannot be judged", **shown),
    ]
    collected = collect_answers(answers)
    assert collected.checks["right"].tolist() == right
    assert len(collected.problems) == 1
    assert collect_answers(answers[:1]).checks["right"].tolist() == [1]


def test_ratings_that_were_given_after_the_caption_was_seen_are_marked(tmp_path: Path) -> None:
    other = {"item_id": "pc:sora/00a0/0", "videos": [["sora/00a0/0", "00a0", "sora"]]}
    answers = [make_record(1, after_caption=True), make_record(2, **other)]
    write_collected(collect_answers(answers), tmp_path / "ratings.csv")
    ratings = lab.load_ratings(tmp_path / "ratings.csv").set_index("generator")
    assert ratings["after_caption"].fillna(0).to_dict() == {"wan": 1, "sora": 0}
    write_collected(collect_answers(answers[1:]), tmp_path / "blind.csv")
    assert "after_caption" not in lab.load_ratings(tmp_path / "blind.csv").columns


def test_comparisons_are_a_table_of_their_own(tmp_path: Path) -> None:
    one, other = make_clip("wan", 1), make_clip("sora", 1)
    items = (make_pair(one, other), make_pair(one, other, "pair_sa"))
    session = Session(Task(clips=(one, other), items=items), tmp_path, "Ada")
    send(session, items[0].item_id, "pair_pc", "b")
    send(session, items[1].item_id, "pair_sa", "tie")
    collected = collect(tmp_path)
    assert len(collected.ratings) == 0
    assert collected.pairs[["task", "preferred", "generator_a", "generator_b"]].to_numpy().tolist() == [
        ["pc", "b", "wan", "sora"],
        ["sa", "tie", "wan", "sora"],
    ]
    write_collected(collected, tmp_path / "ratings.csv")
    assert len(pd.read_csv(tmp_path / "ratings.csv")) == 0
    assert len(pd.read_csv(tmp_path / "ratings_pairs.csv")) == 2


def test_a_project_is_opened_again_from_what_lies_beside_its_ratings(tmp_path: Path) -> None:
    task = make_small_task()
    project = Project(task, tmp_path / "deep" / "ratings.parquet")
    assert (project.write(), len(project.collect().ratings)) == ([], 0)
    send(project.open_session("Ada"), "pc:wan/00a0/0", "pc", 1)
    project.write()
    again = load_project(tmp_path / "deep" / "ratings.parquet")
    assert again.task == task
    assert again.place == project.place
    assert again.open_session("Ada").count_done() == (1, 18)
    assert len(check_table(pd.read_parquet(again.out), "ratings")) == 1


def test_a_file_that_was_not_made_here_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text("precious\n")
    with pytest.raises(TaskError, match="give another --out"):
        Project(make_small_task(), tmp_path / "ratings.csv")
    assert (tmp_path / "ratings.csv").read_text() == "precious\n"
    with pytest.raises(TaskError, match="must end in"):
        Project(make_small_task(), tmp_path / "ratings.txt")
    with pytest.raises(TaskError, match=r"task\.json is missing"):
        load_project(tmp_path / "other.csv")
    assert not find_folder(tmp_path / "other.csv").exists()


def test_work_is_loaded_from_logs_or_from_tables_alone(tmp_path: Path) -> None:
    project = Project(make_small_task(), tmp_path / "ratings.csv")
    for name in ("Ada", "Bob"):
        session = project.open_session(name)
        send(session, "pc:wan/00a0/0", "pc", 4)
        send(session, "rule:wan/00a0/0", "r1", 1)
        send(session, "rule:wan/00a0/0", "more", "It melts.")
    project.write()
    with_logs = load_annotation(tmp_path / "ratings.csv")
    assert (with_logs.n_answers, len(load_annotation(project.folder).ratings)) == (6, 4)
    project.folder.rename(tmp_path / "elsewhere")
    alone = load_annotation(tmp_path / "ratings.csv")
    for name in ("rating", "annotator", "task", "rule_id", "seconds"):
        pd.testing.assert_series_equal(alone.ratings[name], with_logs.ratings[name], check_dtype=False)
    pd.testing.assert_frame_equal(alone.times, with_logs.times, check_dtype=False)
    assert (len(alone.violations), len(alone.pairs), len(alone.checks)) == (2, 0, 0)
    ratings = pd.read_csv(tmp_path / "ratings.csv")
    ratings.drop(columns="annotator").drop_duplicates(["video_id", "task"]).to_csv(
        tmp_path / "nobody.csv", index=False
    )
    with pytest.raises(TableError, match="names no annotator"):
        load_annotation(tmp_path / "nobody.csv")


def test_annotators_called_by_numbers_keep_their_names(tmp_path: Path) -> None:
    names = ("01", "02", "NA")
    rows = [(f"g/p{i}/0", f"p{i}", "g", name, "pc", 3 + i % 2) for i in range(4) for name in names]
    columns = ["video_id", "prompt_id", "generator", "annotator", "task", "rating"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "ratings.csv", index=False)
    checks = [("g/p/0", "7", "g", name, "qualification", "pc", 5, 5 if right else 1, right)
              for name, right in zip(names, (1, 0, 1), strict=True)]  # fmt: skip
    columns = [*columns[:4], "role", "task", "expected", "answer", "right"]
    pd.DataFrame(checks, columns=columns).to_csv(tmp_path / "ratings_checks.csv", index=False)
    loaded = load_annotation(tmp_path / "ratings.csv")
    assert set(loaded.ratings["annotator"]) == set(loaded.checks["annotator"]) == set(names)
    assert set(loaded.checks["prompt_id"]) == {"7"}
    qualified = study.qualify_annotators(loaded.checks).set_index("annotator")["qualified"]
    assert qualified.to_dict() == {"01": True, "02": False, "NA": True}


def test_what_is_left_is_counted_by_kind_and_without_what_is_done(tmp_path: Path) -> None:
    clips = [make_clip("wan", number) for number in range(3)]
    items = (*make_items(clips), make_test(clips[0], 4))
    task = Task(clips=tuple(clips), items=items, attention_every=1)
    project = Project(task, tmp_path / "ratings.csv")
    assert count_left(project, annotators_per_item=3).to_numpy().tolist() == [
        ["pc", 3, 0, 9],
        ["sa", 3, 0, 9],
        ["rule", 3, 0, 9],
    ]
    for name in ("Ada", "Bob", "Cem", "Dora"):
        session = project.open_session(name)
        send(session, "qualification:pc:wan/00a0/0", "pc", 4)
        send(session, "pc:wan/00a0/0", "pc", 1)
        if name == "Ada":
            send(session, "rule:wan/00a0/0", "r1", 1)
            send(session, "rule:wan/00a1/0", "problem", "black picture")
    # four have done an item of three, one rule of two is no item done, and a report is
    assert count_left(project, annotators_per_item=3).to_numpy().tolist() == [
        ["pc", 3, 4, 6],
        ["sa", 3, 0, 9],
        ["rule", 3, 1, 8],
    ]
    assert list(count_left(project)) == ["kind", "n_items", "n_done", "n_left"]


def test_a_folder_without_logs_says_so(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no log of answers"):
        collect(tmp_path)
