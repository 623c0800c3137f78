"""What the client makes of a server that is busy, slow, broken, or answers nonsense."""

from __future__ import annotations

import json
import math
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.bad_server import ANSWER, INPUT_TOKENS, OUTPUT_TOKENS, BadServer, find_texts
from tests.llm.made_models import KEY, PROVIDERS, VARIABLE, Judged, list_files, make_model, make_requests
from videophy_lab.llm import ANSWERED, FAILED, REFUSED, UNREADABLE, Usage

# plan → status, number of calls, part of the reason
OUTCOMES = {
    "good": (["good"], ANSWERED, 1, ""),
    "fenced": (["fenced"], ANSWERED, 1, ""),
    "busy once": (["429", "good"], ANSWERED, 2, ""),
    "busy, gone, down": (["429", "408", "503", "good"], ANSWERED, 4, ""),
    "always busy": (["429"], FAILED, 4, r"HTTP 429: not now \(given up after 4 attempts\)"),
    "always down": (["500"], FAILED, 4, "HTTP 500: not now"),
    "asks for an hour": (["429 long"], FAILED, 1, "asks to wait 3600 s, and longest_wait is 10 s"),
    "wrong request": (["400"], FAILED, 1, "HTTP 400: not now$"),
    "cut once": (["cut", "good"], ANSWERED, 2, ""),
    "always cut": (["cut"], FAILED, 4, "the connection broke"),
    "page": (["html", "good"], ANSWERED, 2, ""),
    "always a page": (["html"], FAILED, 4, "not of the protocol"),
    "error page": (["html 502"], FAILED, 4, "HTTP 502: <!DOCTYPE html>"),
    "nonsense once": (["nonsense", "good"], ANSWERED, 2, ""),
    "off the scale twice": (["range", "range", "good"], ANSWERED, 3, ""),
    "always off the scale": (["range"], UNREADABLE, 3, "after 3 calls"),
    "always nonsense": (["nonsense"], UNREADABLE, 3, "after 3 calls"),
    "always prose": (["prose"], UNREADABLE, 3, "after 3 calls"),
    "half a number": (["half"], UNREADABLE, 3, "after 3 calls"),
    "a number as text": (["text"], UNREADABLE, 3, "after 3 calls"),
    "says nothing": (["empty"], UNREADABLE, 3, "after 3 calls"),
    "no attempt left": (["429", "500", "range"], UNREADABLE, 4, "after 4 calls: no attempt is left"),
    "safety": (["safety"], REFUSED, 1, "the provider gave no answer: (SAFETY|I cannot help)"),
    "prohibited": (["prohibited"], REFUSED, 1, "the provider gave no answer: (PROHIBITED|content_filter)"),
}


@pytest.fixture(scope="module", params=PROVIDERS)
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Ask one question for each case, and count its calls."""
    folder = tmp_path_factory.mktemp(request.param)
    # with one question at a time, the plans are dealt out in the order of the cases
    with BadServer([plan for plan, *_ in OUTCOMES.values()]) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, KEY)
        model = make_model(server, request.param, folder, concurrency=1)
        replies = model.ask(make_requests(len(OUTCOMES), request.param))
    calls = Counter(call.question for call in server.calls)
    found = {
        case: (reply, calls[place]) for place, (case, reply) in enumerate(zip(OUTCOMES, replies, strict=True))
    }
    return found | {"files": list_files(folder)}


@pytest.mark.parametrize("case", OUTCOMES)
def test_a_badly_behaved_server(case: str, outcomes: dict) -> None:
    _, status, calls, reason = OUTCOMES[case]
    reply, made = outcomes[case]
    assert (reply.status, made) == (status, calls), reply
    assert re.search(reason, reply.reason)
    assert bool(reply.reason) == (status != ANSWERED)
    assert reply.answer == (Judged(**ANSWER) if status == ANSWERED else None)
    if status == ANSWERED:
        assert json.loads(reply.text) == ANSWER


def test_only_answers_are_kept(outcomes: dict) -> None:
    answered = [status for _, status, *_ in OUTCOMES.values() if status == ANSWERED]
    assert len(outcomes["files"]) == len(answered)


def test_gemini_blocks_the_question(tmp_path: Path) -> None:
    with BadServer([["blocked"]]) as server:
        reply = make_model(server, "google", tmp_path).ask(make_requests(1))[0]
    assert (reply.status, reply.reason) == (REFUSED, "the provider gave no answer: PROHIBITED_CONTENT")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_slow_server_is_left_after_the_timeout(provider: str, tmp_path: Path) -> None:
    with BadServer([["slow"]]) as server:
        began = time.perf_counter()
        model = make_model(server, provider, tmp_path, timeout=1.5, attempts=2)
        reply = model.ask(make_requests(1, provider))[0]
        spent = time.perf_counter() - began
    assert (reply.status, len(server.calls)) == (FAILED, 2)
    assert reply.reason == "no answer within 1.5 s (given up after 2 attempts)"
    assert 3 < spent < 20


@pytest.mark.parametrize("provider", PROVIDERS)
def test_nobody_calls_while_the_server_asks_to_wait(provider: str, tmp_path: Path) -> None:
    # the second question is still being answered when the first one is told to wait
    with BadServer([["429 wait", "good"], ["slow"], *[["good"]] * 4], slow=0.7) as server:
        replies = make_model(server, provider, tmp_path, concurrency=2).ask(make_requests(6, provider))
    assert [reply.status for reply in replies] == [ANSWERED] * 6
    told, _, *after = sorted(call.began for call in server.calls)
    # the other four and the second attempt come later
    assert len(after) == 5
    assert after[0] - told >= 1.0


def test_the_model_is_told_what_is_wrong(tmp_path: Path) -> None:
    with BadServer([["range", "good"]]) as server:
        make_model(server, "google", tmp_path).ask(make_requests(1))
    again = find_texts(server.calls[1])
    assert again[:2] == ["Question 0", json.dumps(ANSWER | {"score": 9})]
    assert "less than or equal to 5" in again[2]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_cost_counts_every_call(provider: str, tmp_path: Path) -> None:
    with BadServer([["range", "good"], ["500"], ["safety"]]) as server:
        replies = make_model(server, provider, tmp_path, concurrency=1).ask(make_requests(3, provider))
    one = (INPUT_TOKENS * 2 + OUTPUT_TOKENS * 10) / 1e6
    assert replies[0].usage == Usage(2 * INPUT_TOKENS, 2 * OUTPUT_TOKENS)
    assert replies[0].cost == pytest.approx(2 * one)
    assert math.isnan(replies[1].cost)
    assert replies[2].cost == pytest.approx(one)
