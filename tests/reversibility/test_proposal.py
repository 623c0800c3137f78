"""Labels that a language model proposes: asked of a server on this machine that behaves well, and badly."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.bad_server import BadServer, find_texts
from tests.llm.made_models import KEY, QUICK, VARIABLE
from videophy_lab.cli import app
from videophy_lab.llm import ProviderError
from videophy_lab.reversibility import build_chat, describe_proposal, load_labels, propose_labels
from videophy_lab.schema import make_prompt_id

ACTIONS = ["open a drawer", "swing on a rope", "break an egg", "open a drawer"]
RIGHT = {"open a drawer": "equivariant", "swing on a rope": "invariant", "break an egg": "irreversible"}


def make_prompts() -> pd.DataFrame:
    captions = [f"Someone is seen to {action}, take {number}." for number, action in enumerate(ACTIONS)]
    names = [make_prompt_id(caption) for caption in captions]
    return pd.DataFrame({"prompt_id": names, "caption": captions, "action": ACTIONS})


def answer(body: dict) -> str:
    text = json.dumps(body)
    label = next(label for action, label in RIGHT.items() if action in text)
    return json.dumps({"reason": f"It would be {label}.", "label": label})


@pytest.fixture
def chat_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, KEY)

    def make(server: BadServer, **options):
        given = {
            "provider": "openai", "model": "gpt-4.1", "base_url": f"{server.address}/v1", "price": "2,10",
            "key_variable": VARIABLE, "cache": str(tmp_path / "answers"),
        }  # fmt: skip
        return build_chat(given | QUICK | options)

    return make


def test_each_action_is_asked_once_and_paid_for_once(tmp_path: Path, chat_of) -> None:
    with BadServer(write=answer) as server:
        chat = chat_of(server)
        assert "3 calls of gpt-4.1" in describe_proposal(make_prompts(), chat)
        table = propose_labels(make_prompts(), chat, out=tmp_path / "labels.csv", progress=False)
        again = propose_labels(make_prompts(), chat, progress=False)
        assert "0 calls of gpt-4.1, 3 known already" in describe_proposal(make_prompts(), chat)
    assert len(server.asked) == 3
    assert dict(zip(table["action"], table["label"], strict=True)) == RIGHT
    assert set(table["origin"]) == {"llm"}
    assert again["label"].tolist() == table["label"].tolist()
    assert "Imagine the video played backwards" in " ".join(find_texts(server.asked[0]))


def test_a_person_edits_confirmed_and_a_new_proposal_keeps_it(tmp_path: Path, chat_of) -> None:
    path = tmp_path / "labels.csv"
    with BadServer(write=answer) as server:
        propose_labels(make_prompts(), chat_of(server), out=path, progress=False)
        edited = pd.read_csv(path, dtype=object)
        edited.loc[edited["action"].eq("break an egg"), "confirmed"] = "invariant"
        edited.to_csv(path, index=False)
        propose_labels(make_prompts().iloc[:2], chat_of(server), out=path, progress=False)
    found = load_labels(path).set_index("action")
    assert found.loc["break an egg", ["label", "origin"]].tolist() == ["invariant", "confirmed"]
    assert found.loc["open a drawer", "origin"] == "llm"


@pytest.mark.parametrize("behaviour", ["nonsense", "prose", "500", "html", "cut", "empty", "safety"])
def test_what_a_server_does_wrong_is_a_row_with_its_reason(tmp_path: Path, chat_of, behaviour: str) -> None:
    with BadServer(plans=[[behaviour], ["good"], ["good"]], write=answer) as server:
        chat = chat_of(server, attempts=2, answer_retries=1, concurrency=1)
        table = propose_labels(make_prompts(), chat, out=tmp_path / "labels.csv", progress=False)
    assert table["label"].isna().tolist() == [True, False, False]
    assert table["status"].iloc[0] in ("failed", "unscored")
    assert table["error"].iloc[0]
    assert len(load_labels(tmp_path / "labels.csv")) == 2
    assert KEY not in (tmp_path / "labels.csv").read_text()


def test_a_server_that_recovers_is_asked_again(chat_of) -> None:
    with BadServer(plans=[["503", "nonsense", "good"]], write=answer) as server:
        table = propose_labels(make_prompts(), chat_of(server), progress=False)
    assert table["label"].notna().all()


def test_a_wrong_key_ends_the_run_and_is_not_repeated(chat_of) -> None:
    with BadServer(plans=[["401"]]) as server, pytest.raises(ProviderError) as error:
        propose_labels(make_prompts(), chat_of(server), progress=False)
    assert KEY not in str(error.value)


def test_an_unknown_option_names_the_close_one() -> None:
    with pytest.raises(ValueError, match=r"no option 'modell'\. Did you mean model"):
        build_chat({"modell": "x"})


def test_what_got_no_answer_is_asked_again_only_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    make_prompts().to_csv(tmp_path / "prompts.csv", index=False)
    replies = ["I would rather not."]
    with BadServer(
        write=lambda body: replies[0] if replies and "egg" in str(body) else answer(body)
    ) as server:
        given = {
            "provider": "openai", "model": "gpt-4.1", "base_url": f"{server.address}/v1", "price": "2,10",
            "key_variable": VARIABLE, "cache": tmp_path / "answers", **QUICK,
        }  # fmt: skip
        options = [word for name, value in given.items() for word in ("-o", f"{name}={value}")]
        command = ["reversal-labels", str(tmp_path / "prompts.csv"), "--out", str(tmp_path / "labels.csv")]

        def run(*more: str) -> tuple[int, str, str]:
            result = CliRunner().invoke(app, [*command, *options, *more])
            return result.exit_code, result.stdout, result.stderr

        code, said, error = run()
        assert (code, "2 labelled, 1 not" in said, "note" in error) == (1, True, False), error
        n_calls = len(server.asked)
        replies.clear()
        code, said, error = run()
        assert (code, "2 labelled, 1 not" in said, len(server.asked)) == (1, True, n_calls)
        assert "note: 1 questions got no answer of the asked form in an earlier run" in error
        assert "--retry asks them" in error
        code, said, error = run("--retry")
        assert (code, "3 labelled, 0 not" in said, "note" in error) == (0, True, False), error
        assert len(server.asked) == n_calls + 1
        code, _, error = run("--retry", "--ratings", str(tmp_path / "ratings.csv"))
        assert (code, "--retry is for what a model was asked" in error) == (2, True)
