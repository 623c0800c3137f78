"""Why a step has less than was asked for stands above its last line, with counts and what to type."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.bad_server import BadServer
from tests.prompts.commands import list_options, run
from tests.prompts.scribe import Scribe
from videophy_lab.prompts.refusals import CAPTIONS, RULES
from videophy_lab.prompts.telling import count_merged, find_refused, tell_failures, tell_merged

UNREADABLE = "no answer of the asked form after 2 calls: no attempt is left; --retry asks again"
REASONS = {
    "500": ("failed", "HTTP 500: not now (given up after 2 attempts); the same command asks again"),
    "prose": ("unanswered", UNREADABLE),
    "prohibited": ("unanswered", "the provider gave no answer: PROHIBITED_CONTENT; --retry asks again"),
}


@pytest.mark.parametrize("behaviour", REASONS)
def test_a_server_without_answers_is_told_with_its_reason_at_every_step(
    tmp_path: Path, behaviour: str
) -> None:
    kind, reason = REASONS[behaviour]
    (tmp_path / "actions.csv").write_text("action\npole vault\npouring milk\n")
    (tmp_path / "captions.csv").write_text("prompt_id,caption\na,A dog pushes a red ball up a hill.\n")
    (tmp_path / "rules.csv").write_text("video_id,rule_id,rule\nv,r,It falls.\n")
    (tmp_path / "violations.csv").write_text("video_id,annotator,violation\nv,ana,It falls up.\n")
    with BadServer([[behaviour]]) as server:
        for step, files, counted, last in (
            ("filter", ["actions"], "2 actions", "done: 2 actions: 2 undecided"),
            ("caption", ["actions"], "2 actions", "0 captions of 2 actions; 0 refused, 2 actions have fewer"),
            ("upsample", ["captions"], "1 caption", "done: 0 of 1 captions are upsampled; 1 have none"),
            ("merge", ["rules", "violations"], "1 text", "done: 1 texts: 1 unanswered"),
        ):
            given = [tmp_path / f"{file}.csv" for file in files]
            more = ["--upsampler", "chat"] if step == "upsample" else []
            code, said, error = run(
                step, *given, "--out", tmp_path / step, *more, *list_options(server, tmp_path)
            )
            assert code == 1, error
            lines = said.splitlines()
            assert f"{kind}, {counted}: {reason}" in lines
            assert any(last in line for line in lines)


def test_what_checks_refused_is_counted_by_check() -> None:
    rows = [
        ("a", "A man.", "length", "2 words"),
        ("a", "A boy.", "length", "2 words"),
        ("a", "It is joy.", "model: not_visible", "r"),
        ("b", "It falls.", "model: unchecked", "the check said nothing about it"),
        ("b", "It rolls.", "model: unchecked", "HTTP 500: not now"),
        ("c", None, "failed", "HTTP 500: not now"),
        ("b", None, "short", "1 of 2 captions after 3 rounds"),
    ]
    failures = pd.DataFrame(rows, columns=["action", "caption", "check", "reason"])
    assert len(find_refused(failures)) == 4
    assert tell_failures(failures, CAPTIONS, what="actions", lacking=["b"]) == [
        "failed, 1 action: HTTP 500: not now; the same command asks again",
        "refused: 2 length, 1 not_visible, 1 unchecked (each with its reason in caption_failures.csv)",
    ]
    assert tell_failures(failures.head(0), CAPTIONS, what="actions", lacking=[]) == []


def test_videos_that_cannot_be_shown_and_many_reasons_are_told() -> None:
    rows = [(f"v{n}", None, "no video", f"reason {'x' * n}") for n in range(1, 8)]
    failures = pd.DataFrame(rows, columns=["video_id", "rule", "check", "reason"])
    lines = tell_failures(failures, RULES, what="videos", lacking=failures["video_id"])
    assert lines[0] == "no video, 1 video: reason x"
    assert lines[-1] == "no video: 2 more reasons in the column reason of rule_failures.csv"


def test_one_text_that_gave_many_rules_is_one_text() -> None:
    rows = [("v", "ana", "It is odd.", "new", None)] * 3
    rows += [("v", "ana", "It is odd.", "refused", "more than 3 of one text")] * 17
    merged = pd.DataFrame(rows, columns=["video_id", "annotator", "violation", "became", "reason"])
    assert count_merged(merged) == "1 texts, 20 rules of them: 17 refused, 3 new"
    assert tell_merged(merged) == ["refused, 17: more than 3 of one text"]
    assert count_merged(merged.head(1)) == "1 texts: 1 new"
    assert count_merged(merged.head(0)) == "0 texts: none"


def test_a_retried_step_tells_nothing_when_all_was_answered(tmp_path: Path) -> None:
    (tmp_path / "actions.csv").write_text("action\npole vault\npouring milk\n")
    with BadServer(write=Scribe()) as server:
        said = run("filter", tmp_path / "actions.csv", "--out", tmp_path, *list_options(server, tmp_path))[1]
    assert [line.partition(":")[0] for line in said.splitlines()] == ["tables", "done"]
