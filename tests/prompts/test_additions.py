"""What annotators find wrong, turned into the rules that it breaks, beside the rules that there are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.bad_server import BadServer
from tests.prompts.scribe import Scribe, count_kinds, make_chat, read_quoted
from videophy_lab.prompts import Merged, join_ratings, merge_additions, price_additions
from videophy_lab.prompts.rules import check_rule
from videophy_lab.prompts.turning import check_turned
from videophy_lab.prompts.words import compare_sentences
from videophy_lab.schema import check_table, make_rule_id
from videophy_lab.study import violation_rates

KEEPS = "The cup keeps its shape on the table."
RULES = pd.DataFrame(
    {"video_id": ["gen/p0/0"], "rule_id": [make_rule_id(KEEPS)], "rule": [KEEPS], "law": ["Elasticity"]}
)
THROUGH, GOES = "The ball passes through the wall.", "Ball goes through the wall"
SIDE, STAYS = "The ball stays on its side of the wall.", "The ball should stay on its side of the wall."
MELTS = "The cup does not keep its shape on the table; it melts."


def make_additions(*rows: tuple[str, str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["video_id", "annotator", "violation"])
    return table.assign(prompt_id=table["video_id"].str.split("/").str[1], generator="gen")


def turn(answers: dict[str, list[str]], reason: str = "") -> Callable[[str, int], str]:
    """Answer each text with its rules; about solid things, all of them."""

    def answer(text: str, _: int) -> str:
        rules = answers[read_quoted(text, "The answer:")]
        listed = [{"rule": rule, "law": "Other", "other_law": "Solidity"} for rule in rules]
        return json.dumps({"rules": listed, "reason": reason})

    return answer


def merge(folder: Path, additions: pd.DataFrame, answer: Callable[[str, int], str] | None = None) -> Merged:
    scribe = Scribe(**({"broken": answer} if answer else {}))
    with BadServer(write=scribe) as server:
        return merge_additions(RULES, additions, chat=make_chat(server, folder), progress=False)


def test_a_rule_says_what_should_happen_and_is_rated_as_violated(tmp_path: Path) -> None:
    additions = make_additions(
        ("gen/p0/0", "ana", THROUGH), ("gen/p0/0", "ben", GOES), ("gen/p0/0", "cid", MELTS)
    )
    merged = merge(tmp_path, additions, turn({THROUGH: [SIDE], GOES: [STAYS], MELTS: [KEEPS]}))
    new = check_table(merged.rules, "rules").iloc[1:]
    assert new["rule"].tolist() == [SIDE]
    assert new["rule_id"].tolist() == [make_rule_id(SIDE)]
    assert new["violation"].tolist() == [f"{THROUGH}; {GOES}"]
    assert new[["origin", "n_annotators", "law", "law_is_listed"]].to_numpy().tolist() == [
        ["human_added", 2, "Solidity", False]
    ]
    assert new[["model", "prompt_hash"]].notna().all(axis=None)
    # no rule that anybody is asked about is the violation itself
    assert not set(merged.rules["rule"]) & set(additions["violation"])
    assert merged.merged["violation"].tolist() == [THROUGH, GOES, MELTS]
    assert merged.merged["rule"].tolist() == [SIDE, STAYS, KEEPS]
    assert merged.merged["became"].tolist() == ["new", "same as another", "known rule"]
    assert merged.merged["rule_id"].tolist() == [*[make_rule_id(SIDE)] * 2, make_rule_id(KEEPS)]
    # 0 is "violated": two saw the ball leave its side, and one that a known rule is broken
    ratings = check_table(merged.ratings, "ratings")
    assert ratings[["annotator", "rule_id", "rating"]].to_numpy().tolist() == [
        ["ana", make_rule_id(SIDE), 0.0], ["ben", make_rule_id(SIDE), 0.0], ["cid", make_rule_id(KEEPS), 0.0],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "denial",
    [
        "The cup does not keep its shape on the table.",
        "The cup doesn't keep its shape on the table.",
        "The cup never keeps its shape on the table.",
        "The cup fails to keep its shape on the table.",
    ],
)
def test_what_denies_a_known_rule_is_not_that_rule(tmp_path: Path, denial: str) -> None:
    # a model that gives the violation back in other words: people see it beside the annotator's text
    merged = merge(tmp_path, make_additions(("gen/p0/0", "ana", MELTS)), turn({MELTS: [denial]}))
    assert merged.merged["became"].tolist() == ["new"]
    assert merged.merged["rule_id"].tolist() != [make_rule_id(KEEPS)]
    assert merged.ratings["rule_id"].tolist() != [make_rule_id(KEEPS)]
    # one that turns it round gives the known rule, and that one is rated as violated
    turned = merge(tmp_path / "b", make_additions(("gen/p0/0", "ana", denial)), turn({denial: [KEEPS]}))
    assert turned.merged["became"].tolist() == ["known rule"]
    assert len(turned.rules) == 1
    assert turned.ratings[["annotator", "rule_id", "rating"]].to_numpy().tolist() == [
        ["ana", make_rule_id(KEEPS), 0.0]
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("The ball rolls down the ramp.", "The ball rolls up the ramp."),
        ("The ball rolls down the ramp onto the floor.", "The ball rolls up the ramp onto the floor."),
        ("The cup stands on the wooden table.", "The cup stands under the wooden table."),
        ("The milk flows into the tall glass.", "The milk flows out of the tall glass."),
        ("The lid stays on the metal pot.", "The lid comes off the metal pot."),
    ],
)
def test_what_goes_another_way_than_a_known_rule_is_not_that_rule(
    tmp_path: Path, first: str, second: str
) -> None:
    additions = make_additions(("gen/p0/0", "ana", THROUGH), ("gen/p0/0", "ben", GOES))
    merged = merge(tmp_path, additions, turn({THROUGH: [first], GOES: [second]}))
    assert merged.merged["became"].tolist() == ["new", "new"]
    assert compare_sentences(first, first.replace("The", "A")) == 1
    assert compare_sentences("The milk flows downwards.", "The milk flows down.") == 1


def test_a_rule_that_annotators_added_is_not_a_listed_one(tmp_path: Path) -> None:
    models = [KEEPS, "The light comes from one side."]
    known = RULES.iloc[[0, 0]].assign(
        rule=models, rule_id=[make_rule_id(rule) for rule in models], prompt_id="p0", law="Solidity",
        origin="model",
    )  # fmt: skip
    additions = make_additions(("gen/p0/0", "ana", THROUGH))
    with BadServer(write=Scribe(broken=turn({THROUGH: [SIDE]}))) as server:
        merged = merge_additions(known, additions, chat=make_chat(server, tmp_path), progress=False)
    rated = merged.ratings.iloc[[0, 0]].assign(rule_id=known["rule_id"].tolist(), rating=1.0)
    # annotation writes the laws that people saw into the ratings, too
    rated = rated.assign(rule=models, law="Solidity")
    rates = violation_rates(join_ratings(rated, merged), merged.rules, min_rules=1).set_index("quantity")
    assert rates.loc["violation_rate", ["n_violated", "n_rules"]].tolist() == [1, 3]
    assert rates.loc["violation_rate_listed", ["estimate", "n_violated", "n_rules"]].tolist() == [0, 0, 2]


def test_one_violation_does_not_count_as_its_opposite(tmp_path: Path) -> None:
    falls, floats = "The ball should fall to the floor.", "The ball should not fall through the floor."
    additions = make_additions(("gen/p0/0", "ana", THROUGH), ("gen/p0/0", "ben", GOES))
    merged = merge(tmp_path, additions, turn({THROUGH: [falls], GOES: [floats]}))
    assert merged.merged["became"].tolist() == ["new", "new"]
    assert check_rule(floats, [falls]) is None
    assert check_rule("A ball should fall onto the floor.", [falls]) is not None
    # two denials of the same are the same
    assert compare_sentences("The ball never falls up.", "The ball does not fall up.") == 1
    assert compare_sentences("The cup is never without its handle.", "The cup has its handle.") == 1
    assert compare_sentences("The cup has its handle.", "The cup is without its handle.") == 0


def test_ratings_are_joined_and_who_labelled_a_rule_is_not_overruled(tmp_path: Path) -> None:
    additions = make_additions(
        ("gen/p0/0", "ana", MELTS), ("gen/p0/0", "ben", MELTS), ("gen/p0/0", "ben", THROUGH)
    )
    merged = merge(tmp_path, additions, turn({THROUGH: [SIDE], MELTS: [KEEPS]}))
    assert len(merged.ratings) == 3
    given = {"video_id": "gen/p0/0", "prompt_id": "p0", "generator": "gen", "sha256": "f" * 64}
    ratings = pd.DataFrame(
        [
            given | {"annotator": "ana", "task": "rule", "rule_id": make_rule_id(KEEPS), "rating": 1.0},
            given | {"annotator": "ben", "task": "pc", "rating": 2.0},
        ]
    ).assign(rule=None, law=None, seconds=1.5)
    joined = join_ratings(ratings, merged)
    check_table(joined, "ratings")
    assert joined.head(2)["rating"].tolist() == [1.0, 2.0]
    added = joined.iloc[2:]
    # ana said by a label that the rule holds, and by a text that it does not: the label counts
    assert added[["annotator", "rule_id", "rating"]].to_numpy().tolist() == [
        ["ben", make_rule_id(KEEPS), 0.0], ["ben", make_rule_id(SIDE), 0.0],
    ]  # fmt: skip
    assert added["rule"].tolist() == [KEEPS, SIDE]
    assert added["law"].tolist() == ["Elasticity", "Solidity"]
    assert added["sha256"].tolist() == ["f" * 64] * 2
    assert added["seconds"].isna().all()
    nothing = merge_additions(RULES, additions)
    assert len(join_ratings(ratings, nothing)) == 2
    bare = ratings.iloc[1:].drop(columns=["annotator", "rule_id", "rule", "law", "sha256"])
    assert len(join_ratings(bare, merged)) == 4


def test_additions_are_merged_with_each_other_within_a_video(tmp_path: Path) -> None:
    additions = make_additions(
        ("gen/p0/0", "ana", "The wheel slides without turning."),
        ("gen/p0/0", "ben", "the wheel slides, without turning!"),
        ("gen/p0/0", "ben", "Wheels do not spin"),
        ("gen/p1/0", "ben", "The wheel slides without turning."),
        ("gen/p1/0", "eve", "<script>alert(1)</script> falls"),
        ("gen/p1/0", "eve", "bad"),
        ("gen/p1/0", "eve", "  "),
    )
    merged = merge(tmp_path, additions)
    assert merged.merged["became"].tolist() == [
        "new", "same as another", "same as another", "new", "refused", "refused",
    ]  # fmt: skip
    new = merged.rules[merged.rules["origin"].eq("human_added")]
    assert new["video_id"].tolist() == ["gen/p0/0", "gen/p1/0"]
    assert new["n_annotators"].tolist() == [2, 1]
    assert new["law"].tolist() == ["Friction", "Friction"]
    assert merged.ratings[["video_id", "annotator", "rating"]].to_numpy().tolist() == [
        ["gen/p0/0", "ana", 0.0], ["gen/p0/0", "ben", 0.0], ["gen/p1/0", "ben", 0.0],
    ]  # fmt: skip


def test_a_text_is_taken_whole_and_may_break_several_rules(tmp_path: Path) -> None:
    text = "The ball passes through the wall.\nThe shadow stays behind; it is lost"
    shadow = "The shadow moves together with the ball."
    rules = [SIDE, shadow, "The light comes from one side.", "One too many is written here."]
    merged = merge(tmp_path, make_additions(("gen/p0/0", "ana", text)), turn({" ".join(text.split()): rules}))
    assert merged.merged["violation"].eq(text).all()
    assert merged.merged["became"].tolist() == ["new", "new", "new", "refused"]
    assert merged.merged["reason"].iloc[-1] == "more than 3 of one text"
    assert merged.rules["rule"].tolist() == [KEEPS, *rules[:3]]
    assert len(merged.ratings) == 3


@pytest.mark.parametrize(
    ("rules", "reason", "rule"),
    [
        ([], "the model sees no rule that is broken: it is praise", None),
        (["The ball should pass through the wall."], "the model gave the violation back as the rule",
         "The ball should pass through the wall."),
        (["Does the ball stay on its side?"], "it is a question", "Does the ball stay on its side?"),
        (["Solid."], "1 words; allowed: 4 to 40", "Solid."),
    ],
)  # fmt: skip
def test_what_the_model_does_not_turn_round_is_no_rule(
    tmp_path: Path, rules: list[str], reason: str, rule: str | None
) -> None:
    merged = merge(
        tmp_path, make_additions(("gen/p0/0", "ana", THROUGH)), turn({THROUGH: rules}, "it is praise")
    )
    told = merged.merged.iloc[0]
    assert (told["became"], told["reason"]) == ("refused", reason)
    assert told["rule"] == rule or (rule is None and pd.isna(told["rule"]))
    assert pd.isna(told["rule_id"])
    assert (len(merged.rules), len(merged.ratings)) == (1, 0)


def test_a_violation_is_told_from_its_rule_by_small_words_too() -> None:
    for rule, text in (
        ("The wheel turns as it slides.", "The wheel slides without turning."),
        ("The dropped ball falls down.", "The dropped ball falls up."),
        ("The ball does not pass through the wall.", THROUGH),
        ("The ball should bounce off the wall.", "The ball should bounce off the wall"),
        ("The ball bounces off the wall.", "Ball should bounce off the wall"),
    ):
        assert check_turned(rule, text) == "", rule
    for rule in (THROUGH, "A ball must pass through a wall", "Ball passed through the wall!"):
        assert check_turned(rule, THROUGH), rule


def test_a_model_without_an_answer_or_none_at_all_makes_no_rule(tmp_path: Path) -> None:
    additions = make_additions(("gen/p0/0", "ana", THROUGH), ("gen/p0/0", "ben", "bad"))
    silent = merge(tmp_path, additions, lambda *_: "I would rather not.")
    assert silent.merged["became"].tolist() == ["unanswered", "refused"]
    assert silent.merged["reason"].iloc[0]
    alone = merge_additions(RULES, additions)
    assert alone.merged["became"].tolist() == ["not asked", "refused"]
    assert alone.merged["reason"].iloc[0] == "no model was asked to turn it into a rule"
    for merged in (silent, alone):
        assert merged.merged["violation"].tolist() == [THROUGH, "bad"]
        assert (len(merged.rules), len(merged.ratings)) == (1, 0)


def test_additions_need_their_columns(tmp_path: Path) -> None:
    bare = make_additions(("w/p/0", "ana", THROUGH)).drop(columns="generator")
    merged = merge(tmp_path, bare, turn({THROUGH: [SIDE]}))
    assert (len(merged.rules), len(merged.ratings)) == (2, 0)
    with pytest.raises(ValueError, match="need the column annotator"):
        merge_additions(RULES, bare.drop(columns="annotator"))
    with pytest.raises(ValueError, match="need the column violation"):
        merge_additions(RULES, bare.drop(columns="violation"))
    none = merge_additions(RULES, bare.iloc[:0])
    assert (len(none.rules), len(none.merged)) == (1, 0)


def test_what_merging_costs_is_said_first(tmp_path: Path) -> None:
    additions = make_additions(
        ("gen/p0/0", "ana", THROUGH), ("gen/p1/0", "ben", THROUGH), ("gen/p1/0", "ben", "bad")
    )
    scribe = Scribe(broken=turn({THROUGH: [SIDE]}))
    with BadServer(write=scribe) as server:
        chat = make_chat(server, tmp_path)
        assert price_additions(additions, chat).startswith("rewrites: 1 calls of gemini")
        assert server.calls == []
        merge_additions(RULES, additions, chat=chat, progress=False)
        assert "0 calls of gemini" in price_additions(additions, chat)
    # a text of several annotators is asked about once
    assert count_kinds(scribe) == {"broken": 1}
    assert "no model is asked" in price_additions(additions, None)
