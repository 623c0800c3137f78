"""What a run asks, and what of it is left."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from videophy_lab.engine.plan import (
    KEY,
    ask_questions,
    choose_tasks,
    find_missing,
    group_jobs,
    hash_text,
)
from videophy_lab.judges.base import Card, Question

JUDGE = Card("judge", "a judge", ("sa", "pc", "rule"), "1–5")
METRIC = Card("flow", "a metric", ("flow",), "0–1")
READER = Card("reader", "reads captions", ("sa", "pc"), "1–4", captioned=("sa", "pc"))
MANY = Card("parts", "a judge with parts", ("pc", "energy", "mass"), "1–5", default_tasks=("pc",))
VIDEOS = pd.DataFrame(
    {
        "video_id": ["a/p/0", "a/q/0", "b/p/0"],
        "prompt_id": ["p", "q", "p"],
        "generator": ["a", "a", "b"],
        "caption": ["A ball falls.", "", "A ball falls."],
        "sha256": ["1", "2", "3"],
    }
)
RULES = pd.DataFrame(
    {
        "rule_id": ["r1", "r2", "r1"],
        "rule": ["It falls.", "It stays whole.", "It falls."],
        "prompt_id": ["p", None, "p"],
        "video_id": [None, "a/q/0", None],
    }
)


def ask(tasks: list[str], scorer: str = "judge", spec: str = "s") -> pd.DataFrame:
    return ask_questions(VIDEOS, RULES, scorer=scorer, spec=spec, tasks=tasks)


def store(wanted: pd.DataFrame, **columns: object) -> pd.DataFrame:
    """Make the rows that a store would hold of answered questions."""
    rows = wanted.drop(columns="text").assign(status="ok", score=4.0, error=None)
    return rows.assign(**columns).replace({"": None})


def test_what_is_asked_follows_the_tasks_and_what_there_is() -> None:
    assert choose_tasks(JUDGE, None, captions=True, rules=True) == ["sa", "pc", "rule"]
    assert choose_tasks(JUDGE, None, captions=False, rules=False) == ["pc"]
    assert choose_tasks(JUDGE, ["rule", "sa"], captions=False, rules=False) == ["sa", "rule"]
    assert choose_tasks(METRIC, ["sa"], captions=True, rules=True) == ["flow"]
    assert choose_tasks(MANY, None, captions=False, rules=False) == ["pc"]
    assert choose_tasks(MANY, ["energy"], captions=False, rules=False) == ["energy"]
    assert choose_tasks(MANY, ["rule"], captions=False, rules=True) == []
    assert choose_tasks(READER, None, captions=False, rules=False) == []
    assert choose_tasks(READER, None, captions=True, rules=False) == ["sa", "pc"]


def test_a_judge_that_reads_the_caption_is_given_it_for_every_task() -> None:
    wanted = ask_questions(VIDEOS, None, scorer="r", spec="s", tasks=["sa", "pc"], captioned=READER.captioned)
    assert wanted["text"].tolist() == VIDEOS["caption"].tolist() * 2
    assert ask(["pc"])["text"].tolist() == ["", "", ""]


def test_every_video_is_asked_once_and_each_rule_of_it_once() -> None:
    asked = ask(["sa", "pc", "rule"])
    assert asked.groupby("task").size().to_dict() == {"sa": 3, "pc": 3, "rule": 3}
    rules = asked[asked["task"].eq("rule")].set_index(["video_id", "rule_id"])["text"].to_dict()
    assert rules == {
        ("a/p/0", "r1"): "It falls.",
        ("b/p/0", "r1"): "It falls.",
        ("a/q/0", "r2"): "It stays whole.",
    }
    assert not asked.duplicated(list(KEY)).any()
    captions = asked[asked["task"].eq("sa")].set_index("video_id")["question"].to_dict()
    assert captions == {"a/p/0": hash_text("A ball falls."), "a/q/0": "", "b/p/0": hash_text("A ball falls.")}
    assert set(asked.loc[asked["task"].eq("pc"), "question"]) == {""}


def test_a_rule_of_one_video_is_not_asked_of_the_others_of_its_prompt() -> None:
    own = pd.DataFrame(
        {"rule_id": ["r1", "r9"], "rule": ["It falls.", "It spins."], "prompt_id": ["p"] * 2}
    ).assign(video_id=[None, "a/p/0"])
    asked = ask_questions(VIDEOS, own, scorer="judge", spec="s", tasks=["rule"])
    assert sorted(zip(asked["video_id"], asked["rule_id"], strict=True)) == [
        ("a/p/0", "r1"),
        ("a/p/0", "r9"),
        ("b/p/0", "r1"),
    ]


def test_two_rules_of_a_video_under_one_name_are_an_error() -> None:
    clash = RULES.assign(rule=["It falls.", "It stays whole.", "It rises."])
    with pytest.raises(ValueError, match="two rules named 'r1'"):
        ask_questions(VIDEOS, clash, scorer="judge", spec="s", tasks=["rule"])


def test_what_is_stored_is_not_missing_and_the_rest_is() -> None:
    wanted = ask(["sa", "pc"])
    assert len(find_missing(wanted, store(wanted.iloc[:0]))) == 6
    assert find_missing(wanted, store(wanted)).empty
    left = find_missing(wanted, store(wanted.iloc[[0, 3]]))
    pd.testing.assert_frame_equal(left, wanted.drop(index=[0, 3]).reset_index(drop=True))


def test_other_bytes_another_text_and_other_settings_are_missing() -> None:
    wanted = ask(["sa", "pc"])
    assert len(find_missing(wanted, store(wanted, sha256="old"))) == 6
    assert list(find_missing(wanted, store(wanted, question="old"))["task"]) == ["sa"] * 3 + ["pc"] * 3
    assert len(find_missing(wanted, store(ask(["sa", "pc"], spec="other")))) == 6
    assert len(find_missing(wanted, store(ask(["sa", "pc"], scorer="other")))) == 6


def test_failed_and_unscored_rows_are_missing_only_when_they_are_to_be_retried() -> None:
    wanted = ask(["pc"])
    stored = store(wanted, status=["ok", "failed", "unscored"])
    assert find_missing(wanted, stored).empty
    assert list(find_missing(wanted, stored, retry=["failed"])["video_id"]) == ["a/q/0"]
    assert list(find_missing(wanted, stored, retry=["failed", "unscored"])["video_id"]) == ["a/q/0", "b/p/0"]


def test_jobs_gather_the_questions_of_a_video_in_the_order_of_the_videos() -> None:
    wanted = pd.concat([ask(["rule", "pc"]), ask(["pc"], scorer="other")], ignore_index=True)
    names = ["b/p/0", "a/q/0", "a/p/0", "never/asked/0"]
    paths = {(name, ""): Path(name.replace("/", "_")) for name in names}
    jobs = group_jobs(wanted, paths)
    assert [job.video_id for job in jobs] == ["b/p/0", "a/q/0", "a/p/0"]
    assert [question.task for question in jobs[0].questions["judge"]] == ["rule", "pc"]
    assert jobs[0].questions["judge"][0].rule_id == "r1"
    assert jobs[0].questions["judge"][1].rule_id is None
    assert jobs[0].questions["other"][0].video_id == "b/p/0"
    assert jobs[0].sha256 == "3"


def test_probes_of_a_video_are_jobs_and_questions_of_their_own() -> None:
    probed = pd.concat([VIDEOS.assign(probe=""), VIDEOS.assign(probe="reverse", sha256=["4", "5", "6"])])
    wanted = ask_questions(probed, RULES, scorer="judge", spec="s", tasks=["pc", "rule"])
    assert len(wanted) == 12
    assert not wanted.duplicated(list(KEY)).any()
    assert len(find_missing(wanted, store(wanted[wanted["probe"].eq("")]))) == 6
    assert find_missing(wanted, store(wanted)).empty
    paths = {(name, probe): Path(probe or "as_it_is") for name in ("a/p/0",) for probe in ("reverse", "")}
    first, second = group_jobs(wanted, paths)
    assert (first.probe, first.sha256, first.path) == ("reverse", "4", Path("reverse"))
    assert (second.probe, second.sha256, second.path) == ("", "1", Path("as_it_is"))
    assert {question.probe for question in first.questions["judge"]} == {"reverse"}
    assert {question.probe for question in second.questions["judge"]} == {None}


def test_another_caption_is_another_question_only_where_the_caption_is_asked_with() -> None:
    probes = ("", "caption_swap", "caption_paraphrase_1", "repeat_1")
    probed = pd.concat([VIDEOS.assign(probe=name) for name in probes], ignore_index=True)
    wanted = ask_questions(probed, RULES, scorer="judge", spec="s", tasks=["sa", "pc", "rule"])
    asked = wanted.groupby("task")["probe"].unique().map(set)
    assert asked["sa"] == set(probes)
    assert asked["pc"] == asked["rule"] == {"", "repeat_1"}
    both = ask_questions(probed, None, scorer="judge", spec="s", tasks=["sa", "pc"], captioned=("sa", "pc"))
    assert both.groupby("task")["probe"].nunique().eq(4).all()


@pytest.mark.parametrize(
    ("probe", "repeat"),
    [(None, 0), ("", 0), ("reverse", 0), ("repeat_1", 1), ("repeat_12", 12), ("repeat_x", 0), ("repeat", 0),
     ("blur-050", 0), ("caption_paraphrase_2", 0)],
)  # fmt: skip
def test_a_question_tells_which_asking_again_it_is(probe: str | None, repeat: int) -> None:
    assert Question("pc", probe=probe).repeat == repeat
