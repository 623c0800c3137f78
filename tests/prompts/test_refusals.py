"""Lists of what was refused: a second run in the same folder keeps what the first one wrote."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.bad_server import BadServer
from tests.prompts.commands import list_options, run
from tests.prompts.scribe import Scribe, make_caption
from videophy_lab.prompts.refusals import RULES, UPSAMPLING, join_earlier, read_earlier
from videophy_lab.schema import TableError

CAPTION = "A dog pushes a red ball over a stone floor."


def write_captions(folder: Path, server: BadServer, per_action: int, *more: object) -> tuple[int, str, str]:
    command = ("caption", folder / "actions.csv", "--out", folder / "k", "--per-action", per_action, *more)
    return run(*command, *list_options(server, folder))


def test_captions_refused_in_an_earlier_run_stay_in_the_list(tmp_path: Path) -> None:
    (tmp_path / "actions.csv").write_text("action\npole vault\npouring milk\n")

    def answer(_: str, count: int) -> object:
        short = {"captions": [{"subject": "man", "caption": text} for text in ("A man.", "A man falls.")]}
        return short if count == 1 else None

    with BadServer(write=Scribe(captions=answer)) as server:
        said = write_captions(tmp_path, server, 4)[1]
        assert "done: 8 captions of 2 actions; 2 refused, 0 actions have fewer than 4" in said
        first = pd.read_csv(tmp_path / "k" / "caption_failures.csv")
        assert first["check"].tolist() == ["length", "length"]
        assert write_captions(tmp_path, server, 4)[0] == 0
        assert pd.read_csv(tmp_path / "k" / "caption_failures.csv").equals(first)
        code, said, error = write_captions(tmp_path, server, 2, "--prompts", tmp_path / "k" / "captions.csv")
    assert code == 0, error
    assert "0 refused (2 of earlier runs stay in caption_failures.csv), 0 actions have fewer than 2" in said
    assert pd.read_csv(tmp_path / "k" / "caption_failures.csv").equals(first)


def test_what_was_answered_or_taken_since_leaves_the_list(tmp_path: Path) -> None:
    (tmp_path / "actions.csv").write_text("action\npole vault\npouring milk\n")
    scribe = Scribe(
        captions=lambda text, _: "I would rather not." if "pouring" in text else None,
        caption_check=lambda *_: {"checks": []},
    )
    same = {"captions": [make_caption("pole vault", number) for number in range(2)]}
    with BadServer(write=scribe) as server:
        assert write_captions(tmp_path, server, 2)[0] == 1
        first = pd.read_csv(tmp_path / "k" / "caption_failures.csv")
        assert {"short", "unscored", "model: unchecked"} == set(first["check"])
        scribe.odd = {"captions": lambda text, _: same if "pole" in text else None}
        seeds = ("-o", "checker.seed=7", "-o", "writer.seed=7")
        code, _, error = write_captions(tmp_path, server, 2, *seeds)
    assert code == 0, error
    last = pd.read_csv(tmp_path / "k" / "caption_failures.csv")
    taken = {line["caption"] for line in same["captions"]}
    expected = first[first["check"].eq("model: unchecked") & ~first["caption"].isin(taken)]
    assert last["caption"].tolist() == expected["caption"].tolist()


def test_texts_refused_in_an_earlier_run_stay_and_are_final_no_more(tmp_path: Path) -> None:
    (tmp_path / "captions.csv").write_text(f"prompt_id,caption\na,{CAPTION}\n")
    scribe = Scribe(entailment=lambda *_: {"verdict": "changed", "reason": "a dog is gone"})
    command = ("upsample", tmp_path / "captions.csv", "--upsampler", "chat", "--out", tmp_path / "k")
    with BadServer(write=scribe) as server:
        assert run(*command, *list_options(server, tmp_path))[0] == 1
        first = pd.read_csv(tmp_path / "k" / "upsampling_failures.csv")
        assert first["is_final"].tolist() == [True, True]
        scribe.odd.clear()
        code, said, error = run(*command, *list_options(server, tmp_path, **{"checker.seed": 3}))
    assert code == 0, error
    assert "(2 of earlier runs stay in upsampling_failures.csv)" in said
    last = pd.read_csv(tmp_path / "k" / "upsampling_failures.csv")
    assert last["is_final"].tolist() == [False, False]
    assert last.drop(columns="is_final").equals(first.drop(columns="is_final"))


def test_rules_refused_of_other_videos_stay() -> None:
    columns = ["video_id", "rule", "check", "reason", "attempt"]
    rows = [
        ("v", "Why?", "question", "it is a question", "1"),
        ("v", None, "short", "2 of 3 rules after 2 attempts", "2"),
        ("w", None, "short", "1 of 3 rules after 2 attempts", "2"),
        ("w", "It falls down to it.", "duplicate", "shared", "1"),
    ]
    earlier = pd.DataFrame(rows, columns=columns)
    new = pd.DataFrame([("v", "Why?", "question", "it is a question", 1)], columns=columns)
    taken = pd.DataFrame({"video_id": ["v"], "rule": ["It falls down to it."]})
    whole, n_earlier = join_earlier(earlier, new, RULES, worked_on=["v"], taken=taken)
    assert whole[["video_id", "check"]].to_numpy().tolist() == [
        ["w", "short"], ["w", "duplicate"], ["v", "question"],
    ]  # fmt: skip
    assert n_earlier == 2


def test_a_file_of_another_kind_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    assert read_earlier(tmp_path, UPSAMPLING) is None
    path = tmp_path / UPSAMPLING.file
    path.write_text("")
    assert read_earlier(tmp_path, UPSAMPLING) is None
    path.write_text("mine\n1\n")
    with pytest.raises(TableError, match=r"has no column prompt_id\. Remedy: give another --out"):
        read_earlier(tmp_path, UPSAMPLING)
