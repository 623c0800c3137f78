"""Review by two people: their files, what they disagree on, what is kept."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from videophy_lab.prompts.review import (
    ACTIONS,
    RULES,
    find_subject,
    make_review,
    name_review,
    read_reviews,
)
from videophy_lab.prompts.settling import check_settled, keep_final, list_open, settle, tell_open
from videophy_lab.schema import TableError

DECISIONS = pd.DataFrame(
    {
        "action": ["a", "b", "c", "d", "e", "f"],
        "names": ["A", "B", "C", "D", "E", "F"],
        "decision": ["keep", "drop", "keep", "merge", "keep", "undecided"],
        "reason": ["r1", "r2", "r3", "r4", "r5", None],
        "duplicate_of": [None, None, None, "a", None, None],
    }
)


def fill(folder: Path, reviewer: str, words: dict[str, str], **notes: str) -> Path:
    table = make_review(DECISIONS, reviewer, subject=ACTIONS)
    table["decision"] = table["action"].map(words).fillna("")
    table["note"] = table["action"].map(notes).fillna("")
    path = folder / name_review(reviewer)
    table.to_csv(path, index=False)
    return path


def test_reviewers_see_neither_the_model_nor_each_other(tmp_path: Path) -> None:
    ana, ben = (make_review(DECISIONS, name, subject=ACTIONS) for name in ("ana", "ben"))
    assert list(ana.columns) == ["action", "names", "duplicate_of", "reviewer", "decision", "note"]
    assert ana["decision"].eq("").all()
    assert ana["action"].tolist() != ben["action"].tolist()
    assert sorted(ana["action"]) == sorted(ben["action"])
    assert make_review(DECISIONS, "ana", subject=ACTIONS).equals(ana)


def test_what_two_agree_on_counts_and_the_rest_is_settled_together(tmp_path: Path) -> None:
    files = [
        fill(
            tmp_path,
            "ana",
            {"a": "keep", "b": " Drop ", "c": "keep", "d": "merge", "e": "keep"},
            c="it falls",
        ),
        fill(tmp_path, "ben", {"a": "keep", "b": "drop", "c": "drop", "d": "merge"}, c="too slow"),
    ]
    reviews = read_reviews(files, DECISIONS, subject=ACTIONS)
    assert len(reviews) == 9
    decided = settle(DECISIONS, reviews, subject=ACTIONS).set_index("action")
    assert decided["final"].tolist() == ["keep", "drop", "open", "merge", "open", "open"]
    assert decided["decided_by"].tolist() == [
        "reviewers", "reviewers", "disagreement", "reviewers", "too few reviews", "too few reviews",
    ]  # fmt: skip
    disputed = list_open(decided.reset_index(), reviews, subject=ACTIONS)
    assert disputed["action"].tolist() == ["c"]
    assert disputed["said"].tolist() == ["ana: keep (it falls); ben: drop (too slow)"]
    assert disputed[["model_decision", "model_reason"]].iloc[0].tolist() == ["keep", "r3"]
    path = tmp_path / "adjudication.csv"
    check_settled(path)
    disputed.assign(decision="keep", note="it falls in the end").to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"holds decisions already\. Remedy: give it as --settled"):
        check_settled(path)
    together = read_reviews([path], DECISIONS, subject=ACTIONS)
    final = settle(DECISIONS, reviews, subject=ACTIONS, settled=together)
    assert keep_final(final, subject=ACTIONS)["action"].tolist() == ["a", "c"]
    assert final.set_index("action").loc["c", "decided_by"] == "adjudication"
    # written again, the list keeps what was settled
    listed = list_open(final, reviews, subject=ACTIONS, settled=together)
    assert listed[["decision", "note"]].to_numpy().tolist() == [["keep", "it falls in the end"]]


def test_what_is_merged_into_something_dropped_is_not_lost(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "action": ["root", "twin", "far", "gone", "left", "right"],
            "duplicate_of": [None, "root", "twin", "not there", "right", "left"],
        }
    )
    words = {"root": "drop"} | dict.fromkeys(table["action"][1:], "merge")
    reviews = pd.DataFrame(
        [(action, name, word, None) for action, word in words.items() for name in ("ana", "ben")],
        columns=["action", "reviewer", "decision", "note"],
    )
    decided = settle(table, reviews, subject=ACTIONS).set_index("action")
    assert decided["final"].to_dict() == {"root": "drop"} | dict.fromkeys(table["action"][1:], "open")
    assert decided["decided_by"].tolist() == ["reviewers", *["target dropped"] * 5]
    # people settle it, as they settle what they disagree on
    listed = list_open(decided.reset_index(), reviews, subject=ACTIONS)
    assert listed["action"].tolist() == table["action"].tolist()[1:]
    assert listed["said"].eq("ana: merge; ben: merge").all()
    listed.assign(decision=["keep", "merge", "drop", "drop", "drop"]).to_csv(tmp_path / "a.csv", index=False)
    together = read_reviews([tmp_path / "a.csv"], table, subject=ACTIONS)
    final = settle(table, reviews, subject=ACTIONS, settled=together)
    assert final["final"].tolist() == ["drop", "keep", "merge", "drop", "drop", "drop"]
    # where the other one is still open, nothing is lost yet
    undecided = settle(table, reviews[reviews["action"].ne("root")], subject=ACTIONS)
    assert undecided["final"].tolist()[:3] == ["open", "merge", "merge"]


def test_an_action_gets_the_names_of_those_that_were_merged_into_it() -> None:
    table = pd.DataFrame(
        {
            "action": ["skipping rope", "jumping rope", "rope jump", "hop", "reading"],
            "names": ["Skipping Rope", "JumpRope; jumping rope", "Skipping Rope", None, "read"],
            "origin": ["csv", "ucf101; csv", "kinetics", None, "csv"],
            "duplicate_of": [None, "skipping rope", "jumping rope", "jumping rope", None],
            "final": ["keep", "merge", "merge", "merge", "drop"],
            "decided_by": "reviewers",
        }
    )
    kept = keep_final(table, subject=ACTIONS)
    assert kept["action"].tolist() == ["skipping rope"]
    assert kept["names"].tolist() == ["Skipping Rope; JumpRope; jumping rope; hop"]
    assert kept["origin"].tolist() == ["csv; ucf101; kinetics"]
    assert keep_final(table.drop(columns=["names", "origin"]), subject=ACTIONS)["action"].tolist() == [
        "skipping rope"
    ]


def test_a_table_with_new_rows_is_reviewed_on() -> None:
    none = pd.DataFrame(columns=["video_id", "rule_id", "reviewer", "decision", "note"])
    rules = pd.DataFrame(
        {
            "video_id": ["v", "v", "v", "v"],
            "rule_id": ["r", "s", "t", "u"],
            "rule": ["It falls down.", "It stays whole.", "It stays here.", "It keeps its mass."],
            "violation": [None, None, "It is gone.", None],
            "final": ["keep", "keep", None, "keep"],
            "decided_by": ["reviewers", "adjudication", None, "model"],
        }
    )
    asked = make_review(rules, "ana", subject=RULES)
    assert sorted(asked["rule_id"]) == ["t", "u"]
    # the annotator's words stand beside the rule that a model made of them
    assert asked.set_index("rule_id").loc["t", "violation"] == "It is gone."
    reviews = asked.assign(decision="keep")
    both = pd.concat([reviews, reviews.assign(reviewer="ben")])[none.columns]
    for said, expected in ((none, ["r", "s"]), (both, ["r", "s", "t", "u"])):
        decided = settle(rules, said, subject=RULES)
        assert keep_final(decided, subject=RULES)["rule_id"].tolist() == expected
        assert len(list_open(decided, said, subject=RULES)) == 0
    # who decides again is heard
    again = both.assign(rule_id="r", decision="drop").drop_duplicates("reviewer")
    assert settle(rules, again, subject=RULES)["final"].tolist() == ["drop", "keep", "open", "open"]
    with pytest.raises(ValueError, match="all 2 rules are decided already"):
        make_review(rules.head(2), "ana", subject=RULES)


def test_the_models_word_counts_only_where_it_is_asked_for(tmp_path: Path) -> None:
    none = read_reviews([], DECISIONS, subject=ACTIONS)
    assert settle(DECISIONS, none, subject=ACTIONS)["final"].eq("open").all()
    taken = settle(DECISIONS, none, subject=ACTIONS, reviewers=0)
    assert taken["final"].tolist() == ["keep", "drop", "keep", "merge", "keep", "open"]


def test_files_that_were_filled_in_wrongly(tmp_path: Path) -> None:
    for words, message in (
        (
            {"a": "maybe"},
            r"row \d, column 'decision': 'maybe' is not allowed; allowed: keep, drop, or a blank",
        ),
        ({"b": "merge"}, "'merge' is not allowed"),
    ):
        with pytest.raises(TableError, match=message):
            read_reviews([fill(tmp_path, "ana", words)], DECISIONS, subject=ACTIONS)
    path = fill(tmp_path, "ana", {"a": "keep"})
    with pytest.raises(TableError, match="ana decided twice on 'a'"):
        read_reviews([path, path], DECISIONS, subject=ACTIONS)
    with pytest.raises(TableError, match="'a' was not asked"):
        read_reviews([path], DECISIONS[DECISIONS["action"].ne("a")], subject=ACTIONS)
    path.write_text("action,choice\na,keep\n")
    with pytest.raises(TableError, match="needs the column reviewer"):
        read_reviews([path], DECISIONS, subject=ACTIONS)
    with pytest.raises(ValueError, match="Allowed: up to 40 letters"):
        name_review("../ana")
    with pytest.raises(ValueError, match="nothing to review"):
        find_subject(pd.DataFrame({"x": [1]}))


@pytest.mark.parametrize("other", ["Ana", " ana ", "ANA", "ana\u00a0"])
def test_a_copy_under_the_same_name_is_no_second_person(tmp_path: Path, other: str) -> None:
    first = fill(tmp_path, "ana", {"a": "keep"})
    copy = tmp_path / "copy.csv"
    pd.read_csv(first).assign(reviewer=other).to_csv(copy, index=False)
    with pytest.raises(TableError, match="ana decided twice on 'a'; capitals and blanks make no other"):
        read_reviews([first, copy], DECISIONS, subject=ACTIONS)


def test_one_persons_files_may_spell_the_name_in_two_ways(tmp_path: Path) -> None:
    first = fill(tmp_path, "ana", {"a": "keep"})
    second = fill(tmp_path, "Ana", {"b": "keep"})
    reviews = read_reviews([first, second], DECISIONS, subject=ACTIONS)
    assert reviews["reviewer"].tolist() == ["ana", "ana"]


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_decision_of_nobody_is_refused(tmp_path: Path, blank: str) -> None:
    path = fill(tmp_path, "ana", {"a": "keep"})
    pd.read_csv(path).assign(reviewer=blank).to_csv(path, index=False)
    with pytest.raises(
        TableError, match="column 'reviewer': it is blank, so nobody made the decision 'keep'"
    ):
        read_reviews([path], DECISIONS, subject=ACTIONS)


def test_what_is_open_is_told_with_why(tmp_path: Path) -> None:
    files = [
        fill(tmp_path, "ana", {"a": "keep", "b": "drop", "c": "keep", "d": "drop", "e": "drop", "f": "keep"}),
        fill(tmp_path, "ben", {"a": "keep", "b": "drop", "c": "drop", "e": "drop", "f": "keep"}),
    ]
    reviews = read_reviews(files, DECISIONS, subject=ACTIONS)
    decided = settle(DECISIONS, reviews, subject=ACTIONS)
    assert tell_open(decided, "adjudication.csv", reviewers=2) == (
        "2 open: 1 to settle in adjudication.csv together (give it as --settled); "
        "1 decided by fewer than 2 people"
    )
    assert tell_open(decided[decided["action"].ne("c")], "adjudication.csv", reviewers=2) == (
        "1 open: 1 decided by fewer than 2 people"
    )
    taken = settle(DECISIONS, reviews.iloc[:0], subject=ACTIONS, reviewers=0)
    assert tell_open(taken, "adjudication.csv", reviewers=0) == "1 open: 1 left undecided by the model"
    assert tell_open(decided[decided["action"].eq("a")], "adjudication.csv", reviewers=2) == "0 open"


def test_rules_are_reviewed_the_same_way(tmp_path: Path) -> None:
    rules = pd.DataFrame(
        {"video_id": ["v", "w"], "rule_id": ["r", "r"], "rule": "It falls down.", "law": ["Gravity", None]}
    )
    assert find_subject(rules) is RULES
    table = make_review(rules, "ana", subject=RULES)
    table["decision"] = table["video_id"].map({"v": "keep", "w": "drop"})
    table.to_csv(tmp_path / "one.csv", index=False)
    reviews = read_reviews([tmp_path / "one.csv"], rules, subject=RULES)
    decided = settle(rules, reviews, subject=RULES, reviewers=1)
    assert keep_final(decided, subject=RULES)["video_id"].tolist() == ["v"]
