"""The client of language models: its order, limits, cache, secrets, and what an interruption leaves."""

from __future__ import annotations

import asyncio
import errno
import json
import math
import os
import re
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests.bad_server import ANSWER, BadServer, find_number
from tests.llm.made_models import (
    KEY,
    PROVIDERS,
    VARIABLE,
    Judged,
    find_text,
    list_files,
    make_model,
    make_requests,
)
from videophy_lab.llm import ANSWERED, FAILED, LanguageModel, Media, Request


@pytest.mark.parametrize("provider", PROVIDERS)
def test_replies_come_in_order_and_equal_requests_go_once(provider: str, tmp_path: Path) -> None:
    def write(body: dict) -> str:
        return json.dumps({"reasoning": re.findall(r"Question \d+", json.dumps(body))[0], "score": 3})

    with BadServer(pause=0.02, write=write) as server:
        requests = make_requests(12, provider)
        replies = make_model(server, provider, tmp_path).ask(requests + requests[:3])
    assert [reply.answer.reasoning for reply in replies] == [
        f"Question {number}" for number in [*range(12), 0, 1, 2]
    ]
    assert len(server.calls) == 12


def test_no_requests_need_neither_key_nor_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    with BadServer() as server:
        assert make_model(server, "openai", tmp_path).ask([]) == []
    assert server.calls == []


def test_concurrency_is_used_and_kept(tmp_path: Path) -> None:
    with BadServer(pause=0.3) as server:
        make_model(server, "google", tmp_path, concurrency=3).ask(make_requests(12))
    assert server.most_busy == 3


def test_the_rate_holds_over_retries_and_batches(tmp_path: Path) -> None:
    with BadServer([["500", "good"]]) as server:
        model = make_model(server, "google", tmp_path, requests_per_minute=600)
        # the first one may take its time
        first, *requests = make_requests(5)
        model.ask([first])
        before = time.monotonic()
        model.ask(requests[:2])
        model.ask(requests[2:])
    assert len(server.calls) == 2 + 8
    # measured from before the first start, since a call may come in later than it was begun
    assert max(call.began for call in server.calls) - before >= 0.1 * 7


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_key_is_sent_and_never_told(provider: str, tmp_path: Path, capfd) -> None:
    with BadServer([["key"], ["parrot"]]) as server:
        model = make_model(server, provider, tmp_path, concurrency=1)
        failed, told = model.ask(make_requests(2, provider))
    sent = [call.headers.get("x-goog-api-key", call.headers.get("authorization")) for call in server.calls]
    assert all(value.endswith(KEY) for value in sent)
    assert failed.status == FAILED
    assert "HTTP 400" in failed.reason
    assert told.answer.reasoning == "your key is (key)"
    shown = "".join(
        [repr(model), repr(failed), repr(told), json.dumps(model.describe()), *capfd.readouterr()]
    )
    # a reason is cut at its 300th character, which here lies inside the key
    assert "Recog" not in shown
    assert find_text("Recog", tmp_path) == []


def test_what_is_kept_is_not_asked_again(tmp_path: Path) -> None:
    with BadServer() as server:
        model = make_model(server, "google", tmp_path)
        first = model.ask(make_requests(2))
        again = model.ask(make_requests(3))
        assert len(server.calls) == 3
        assert [reply.cached for reply in again] == [True, True, False]
        assert [reply.cost for reply in again] == [reply.cost for reply in first] + [first[0].cost]
        assert again[0].answer == first[0].answer
        model.ask([*make_requests(1), Request(("Question 0",), Judged)])
        assert len(server.calls) == 4
        make_model(server, "google", tmp_path, sampling={"temperature": 1.0}).ask(make_requests(1))
        assert len(server.calls) == 5
        make_model(server, "google", tmp_path, model="gemini-3.5-flash").ask(make_requests(1))
        assert len(server.calls) == 6
        make_model(server, "google", tmp_path, refresh=True).ask(make_requests(1))
        assert len(server.calls) == 7
    assert not [path for path in list_files(tmp_path) if path.suffix != ".json"]
    assert all(re.fullmatch(r"[0-9a-f]{64}", path.stem) for path in list_files(tmp_path))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_asked_again_on_purpose_is_sent_with_a_seed_of_its_own_and_kept_apart(
    provider: str, tmp_path: Path
) -> None:
    [first] = make_requests(1, provider)
    again = [replace(first, repeat=number) for number in range(3)]
    with BadServer() as server:
        model = make_model(server, provider, tmp_path, concurrency=1)
        model.ask([first])
        assert [reply.cached for reply in model.ask(again)] == [True, False, False]
        assert [reply.cached for reply in model.ask(again)] == [True, True, True]
        assert [find_seed(call.body) for call in server.calls] == [0, 1, 2]
        make_model(server, provider, tmp_path, sampling={}).ask(again[1:])
        assert [find_seed(call.body) for call in server.calls[3:]] == [None, None]
    assert len(list_files(tmp_path)) == 5


def find_seed(body: dict) -> int | None:
    return body.get("generationConfig", body).get("seed")


def test_all_that_the_model_is_given_names_what_is_kept(tmp_path: Path) -> None:
    class Other(BaseModel):
        reasoning: str
        score: int

    def ask(
        *, sha256: str = "5e" * 32, fps: float = 8.0, kind: str = "video/mp4", **changes: object
    ) -> Request:
        media = Media(kind, sha256, lambda: b"a video", fps)
        words = str(changes.get("words", "Question 0"))
        order = slice(None, None, int(changes.get("order", 1)))  # type: ignore[call-overload]
        return Request((media, words)[order], changes.get("answer", Judged))  # type: ignore[arg-type]

    requests = [
        ask(),
        ask(sha256="5f" * 32),
        ask(fps=4.0),
        ask(kind="video/webm"),
        ask(words="Question 1"),
        ask(order=-1),
        ask(answer=Other),
    ]
    with BadServer() as server:
        model = make_model(server, "google", tmp_path)
        for number, request in enumerate(requests):
            model.ask([request])
            assert len(server.calls) == number + 1
        model.ask(requests)
    assert len(server.calls) == len(requests)


def test_a_broken_file_of_the_cache_is_asked_again(tmp_path: Path) -> None:
    with BadServer() as server:
        model = make_model(server, "google", tmp_path)
        model.ask(make_requests(1))
        path = list_files(tmp_path)[0]
        whole = path.read_text(encoding="utf-8")
        for text in ("", "{", "[]", "{}", whole.replace('"score": 2', '"score": 7')):
            path.write_text(text, encoding="utf-8")
            assert model.ask(make_requests(1))[0].answer == Judged(**ANSWER)
            assert path.read_text(encoding="utf-8") == whole
    assert len(server.calls) == 6


def test_an_answer_counts_where_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(folder: Path, name: str, record: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", f"{folder}/.{name}.draft")

    monkeypatch.setattr("videophy_lab.llm.client.write_record", fill)
    with BadServer() as server, pytest.warns(UserWarning, match="cannot be kept") as told:
        replies = make_model(server, "google", tmp_path).ask(make_requests(3))
    assert [reply.status for reply in replies] == [ANSWERED] * 3
    said = {str(warning.message) for warning in told}
    assert said == {f"answers cannot be kept in {tmp_path / 'answers'}: No space left on device"}


def test_an_answer_counts_where_there_can_be_no_cache(tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("a file where the folder should be", encoding="utf-8")
    with BadServer() as server, pytest.warns(UserWarning, match="cannot be kept"):
        assert make_model(server, "google", tmp_path).ask(make_requests(1))[0].status == ANSWERED


def test_inside_a_loop_that_runs(tmp_path: Path) -> None:
    async def ask() -> str:
        return make_model(server, "openai", tmp_path).ask(make_requests(1, "openai"))[0].status

    with BadServer() as server:
        assert asyncio.run(ask()) == ANSWERED


def test_an_interruption_loses_no_answer(tmp_path: Path) -> None:
    with BadServer([["good"], ["good"], ["slow", "good"]], slow=60) as server:
        model = make_model(server, "google", tmp_path, concurrency=9)

        def interrupt() -> None:
            while len(list_files(tmp_path)) < 6 or len(server.asked) < 9:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        began = time.perf_counter()
        with pytest.raises(KeyboardInterrupt):
            model.ask(make_requests(9))
        assert time.perf_counter() - began < 30, "the slow answers are not waited for"
        assert len(server.calls) == 9
        replies = model.ask(make_requests(9))
    assert [reply.status for reply in replies] == [ANSWERED] * 9
    assert sum(reply.cached for reply in replies) == 6
    assert len({find_number(call) for call in server.calls[9:]}) == 3


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"provider": "bard"}, "Allowed: google, openai"),
        ({"concurrency": 0}, "at least 1"),
        ({"attempts": 0}, "at least 1"),
        ({"answer_retries": -1}, "at least 0"),
        ({"timeout": 0}, "more than 0 seconds"),
        ({"requests_per_minute": -1}, "0 or more"),
        ({"backoff": math.nan}, "0 or more"),
        ({"price": "cheap"}, "such as '0.75,3.75'"),
        ({"key_variables": ("sk-1234",)}, "not a key"),
    ],
)
def test_options_that_cannot_be(options: dict, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        LanguageModel(**{"provider": "google", "model": "any", **options})
