"""The benchmark's questions against the official prompts, the parsers against the official table."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import GOLDEN
from videophy_lab.judges.questions import (
    MEDIA,
    NUMBER_WORDS,
    SCALE,
    TEMPLATES,
    find_scale,
    parse_answer,
    parse_official,
    render_template,
    warns_official,
)

PARSE_TABLE = json.loads((GOLDEN / "parse_table.json").read_text(encoding="utf-8"))
SA, RULE = SCALE["sa"], SCALE["rule"]

# The official prompts of clip c00 of the fixture, as SHA-256: the wording stays testable without the folder.
CAPTION = "A red ball bounces along the floor and each bounce is lower than the one before."
LOST_HEIGHT = "The ball loses height on each bounce."
OFFICIAL_PROMPTS = {
    ("autoeval", "sa", CAPTION): "88077befda64b087c04bb9c34849625555cef00521f67f2b35d7c20b59793ae6",
    ("autoeval", "pc", ""): "253f1229a0c4751494cb98e22a0adf5d141ed421c0bd7f86ff40e6434aea1fd3",
    ("autoeval", "rule", LOST_HEIGHT): "cdabdcdcdfebf4e5f23d6725441c530ec15d3ed8d3b34f8c7e2ecf1026dafa2e",
    ("videocon_physics", "sa", CAPTION): "b09988094aae121749af673ee3d7ab6b31f936286736030a87b55b0d33dd18a9",
    ("videocon_physics", "pc", ""): "7c5ec3a6fa369fd01f4c59f2bce7dfe7e47130b0131a6a84dc8798f691ef99d1",
}

# What is left of the official table when an answer must be one allowed value and nothing else.
READABLE = {
    "4": 4, " 4": 4, "4.": 4, "5": 5, "1": 1, "2": 2, "3": 3, "Four": 4, "FIVE": 5, "The answer is four": 4,
    "5 out of 5": 5, "2/5": 2, "4/5": 4, "A: 5": 5,
}  # fmt: skip


@pytest.mark.parametrize(("judge", "task", "text"), OFFICIAL_PROMPTS)
def test_a_question_is_the_official_one(judge: str, task: str, text: str) -> None:
    prompt = render_template(TEMPLATES[judge][task], text)
    assert hashlib.sha256(prompt.encode()).hexdigest() == OFFICIAL_PROMPTS[judge, task, text]


def test_every_autoeval_prompt_of_the_fixture_is_rendered(shared: Path) -> None:
    cases = json.loads((shared / "fixtures/autoeval/cases.json").read_text(encoding="utf-8"))["cases"]
    texts = {"sa": "caption", "pc": None, "rule": "rule"}
    rendered = official = 0
    for case in cases:
        for task, answered in case["tasks"].items():
            column = texts[task]
            prompt = render_template(TEMPLATES["autoeval"][task], case[column] if column else "")
            assert prompt == answered["prompt"]
            rendered += 1
        official += len(case["tasks"])
    assert rendered == official == 81


def test_every_videocon_prompt_of_the_fixture_is_rendered(shared: Path) -> None:
    read = (shared / "fixtures/autoeval/cases.json").read_text(encoding="utf-8")
    captions = {case["video"]: case["caption"] for case in json.loads(read)["cases"]}
    cases = json.loads((shared / "fixtures/autoeval/videocon.json").read_text(encoding="utf-8"))["cases"]
    templates = TEMPLATES["videocon_physics"]
    rendered = {"entail": 0, "physics": 0}
    for case in cases:
        if case["kind"] == "entail":
            prompt = render_template(templates["sa"], captions[case["video"]])
        elif case["kind"] == "physics":
            prompt = render_template(templates["pc"])
        else:
            continue
        assert prompt == case["prompt"]
        rendered[case["kind"]] += 1
    assert rendered == {"entail": 27, "physics": 27}


@pytest.mark.parametrize("task", SCALE)
def test_a_model_with_a_conversation_of_its_own_is_asked_the_official_sentences(task: str) -> None:
    text = "" if task == "pc" else "A ball falls."
    conversation = render_template(TEMPLATES["autoeval"][task], text).partition(MEDIA)[2]
    sentences = conversation.removeprefix("\nHuman: ").removesuffix("\nAI: ").rstrip()
    plain = render_template(TEMPLATES["vlm"][task], text)
    assert plain == f"{MEDIA}{sentences} Answer with one number only."


@pytest.mark.parametrize(
    "text", ["", 'He said "stop"', f"a {MEDIA} b", "</s>", "x\nAI: 5", "{caption} {0} %s"]
)
def test_a_text_goes_in_as_it_is(text: str) -> None:
    template = TEMPLATES["autoeval"]["sa"]
    head, tail = f"{template.before_media}{MEDIA}{template.before_text}", str(template.after_text)
    prompt = render_template(template, text)
    assert prompt.startswith(head)
    assert prompt.endswith(tail)
    assert prompt[len(head) : -len(tail)] == text


def test_no_part_of_a_template_holds_the_mark_of_the_video() -> None:
    for templates in TEMPLATES.values():
        for template in templates.values():
            assert MEDIA not in f"{template.before_media}{template.before_text}{template.after_text}"


def test_a_text_for_a_question_without_one_is_refused() -> None:
    with pytest.raises(ValueError, match="takes no text"):
        render_template(TEMPLATES["autoeval"]["pc"], "a caption")


def test_an_unknown_task_has_no_scale() -> None:
    assert find_scale("rule") == (0, 1, 2)
    with pytest.raises(ValueError, match=r"'sharpness'.*sa, pc, rule"):
        find_scale("sharpness")


@pytest.mark.parametrize("row", PARSE_TABLE, ids=lambda row: ascii(row["text"]))
def test_the_official_parser_is_reproduced_with_its_faults(row: dict) -> None:
    if "error" in row:
        kind, _, message = row["error"].partition(": ")
        assert kind == "ValueError"
        with pytest.raises(ValueError, match=re.escape(message)):
            parse_official(row["text"])
        return
    assert parse_official(row["text"]) == row["score"]
    assert warns_official(row["text"]) is row["warned"]


@pytest.mark.parametrize(("text", "score"), [("٥", 5), ("٦", 0), ("٠٤", 4), ("٤٤", 0), ("6 ٤", 0)])
def test_other_digits_are_read_together_and_count_up_to_five(text: str, score: float) -> None:
    # by the rule in the official script; the table has single digits of other scripts only
    assert parse_official(text) == score
    assert warns_official(text)


def test_the_official_table_holds_every_kind_of_row() -> None:
    assert len(PARSE_TABLE) == 60
    assert sum("error" in row for row in PARSE_TABLE) == 1
    assert {row.get("warned") for row in PARSE_TABLE} == {True, False, None}


@pytest.mark.parametrize("text", [row["text"] for row in PARSE_TABLE], ids=ascii)
def test_the_strict_parser_reads_of_the_official_table_what_is_one_answer(text: str) -> None:
    assert parse_answer(text, SA) == READABLE.get(text)


@pytest.mark.parametrize(
    "text",
    ["Score: 4", "**4**", '{"score": 4}', "Rating = 4", "4.0", "4 / 5", "4 of 5", "four out of five.",
     "4/five", "I would rate this video a 4.", "The final answer is: (4)!", "\n4\n", "\u00a04.\u00a0",
     "a score of 4"],
)  # fmt: skip
def test_an_answer_may_be_announced_and_marked(text: str) -> None:
    assert parse_answer(text, SA) == 4


@pytest.mark.parametrize(
    "text",
    ["1.1.1.", "100000", "1 1 1", "4 4", "4-5", "-4", "−4", "- 4", "4+", ">4", "~4", "4%", "4?", ".4", ",4",
     "4,5", "4.5", "04", "4.00", "4/10", "6/5", "2/3", "3 out of 4", "4/5/5", "4/5 of 5", "four-five",
     "twenty four",
     "four and a half", "not 4", "4 because 3 frames jump", "at least 4", "score of", "4th", "x4", "４", "④",
     "Ⅳ", "⁴", "1e0", "0x4", "six", "ten", "sone", "4\x004"],
)  # fmt: skip
def test_what_is_not_one_answer_is_unscored(text: str) -> None:
    assert parse_answer(text, SA) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("zero", 0), ("2", 2), ("3", None), ("four", None), ("1/2", None), ("1 out of 2", None)],
)
def test_a_label_is_no_rating(text: str, value: float | None) -> None:
    assert parse_answer(text, RULE) == value


def test_zero_is_never_read_where_it_is_not_allowed() -> None:
    assert [parse_answer(text, SA) for text in ("0", "zero", "0/5", "")] == [None] * 4


ANSWERS = st.lists(
    st.sampled_from(
        [
            *NUMBER_WORDS,
            *map(str, range(12)),
            "/",
            "out of",
            "of",
            " ",
            "\n",
            ".",
            ",",
            "-",
            ":",
            "score",
            "the",
        ]
    )
).map("".join)


@given(text=st.one_of(st.text(), ANSWERS), allowed=st.sampled_from([SA, RULE, (0, 1), (1, 2, 3, 4)]))
def test_the_strict_parser_gives_an_allowed_value_that_is_a_whole_word_of_the_text(
    text: str, allowed: tuple[int, ...]
) -> None:
    value = parse_answer(text, allowed)
    words = set(re.split(r"[^a-z0-9]+", text.lower()))
    named = {number for number in allowed if {str(number), NUMBER_WORDS[number]} & words}
    assert value is None or value in named


@given(
    value=st.sampled_from(SA),
    before=st.sampled_from(["", "The answer is ", "Score: ", "(", "**", " \t"]),
    after=st.sampled_from(["", ".", ")", "**", "/5", " out of 5", "\n"]),
    as_word=st.booleans(),
)
def test_one_answer_is_read_however_it_is_dressed(value: int, before: str, after: str, as_word: bool) -> None:
    said = NUMBER_WORDS[value] if as_word else str(value)
    assert parse_answer(f"{before}{said}{after}", SA) == value


@given(
    one=st.sampled_from(SA),
    other=st.sampled_from(SA),
    between=st.sampled_from([" ", " or ", ", ", "\n", "-"]),
)
def test_two_answers_are_none(one: int, other: int, between: str) -> None:
    assert parse_answer(f"{one}{between}{other}", SA) is None
