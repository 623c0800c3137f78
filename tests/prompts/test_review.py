"""Review by two people: their files, what they disagree on, what is kept."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from videophy_lab.prompts.review import (
    ACTIONS,
    RULES,
    check_settled,
    find_subject,
    keep_final,
    list_open,
    make_review,
    name_review,
    read_reviews,
    settle,
)
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
