"""What is wrong with every request ends them all, at once or after three in a row, and nothing else does."""

from __future__ import annotations

import socket
import time
import traceback
from pathlib import Path

import pytest

from tests.bad_server import BadServer
from tests.llm.made_models import KEY, PROVIDERS, VARIABLE, make_model, make_requests
from videophy_lab.llm import ANSWERED, FAILED, ProviderError

# behaviour → what is said
ENDS = {
    "401": f"does not know the key. Remedy: export a valid one as {VARIABLE} \\(HTTP 401: xxx",
    "403": rf"does not let this key \(of {VARIABLE}\) in.*HTTP 403: not now",
    "404": r"has no model '(gemini|gpt).*HTTP 404: not now",
    "402": "credit or the quota at .* is used up.*HTTP 402: not now",
}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("kind", ENDS)
def test_what_is_wrong_with_all_ends_all(kind: str, provider: str, tmp_path: Path) -> None:
    with BadServer([[kind]], pause=0.05) as server:
        model = make_model(server, provider, tmp_path, concurrency=4)
        with pytest.raises(ProviderError, match=ENDS[kind]) as caught:
            model.ask(make_requests(200, provider))
        assert server.address in str(caught.value)
    assert 1 <= len(server.calls) <= 4
    assert KEY[:10] not in "".join(traceback.format_exception(caught.value))


def test_gemini_answers_400_to_a_key_that_is_none(tmp_path: Path) -> None:
    with BadServer([["400 key"]]) as server, pytest.raises(ProviderError, match="does not know the key"):
        make_model(server, "google", tmp_path, concurrency=4).ask(make_requests(200))
    assert len(server.calls) <= 4


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("attempts", [1, 20])
def test_a_server_that_is_not_there(provider: str, attempts: int, tmp_path: Path) -> None:
    # nobody else can take a port that is held, and nobody listens on it
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        absent = BadServer(address=f"http://127.0.0.1:{held.getsockname()[1]}")
        model = make_model(absent, provider, tmp_path, attempts=attempts, backoff=0.1)
        began = time.perf_counter()
        with pytest.raises(
            ProviderError, match=r"no server is to be reached .*Remedy: start it.*no connection"
        ):
            model.ask(make_requests(200, provider))
        # three attempts with 0.1 and 0.2 s before the second and third; 20 would take more than a minute
        assert time.perf_counter() - began < 30


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_server_that_goes_away(provider: str, tmp_path: Path) -> None:
    with BadServer() as server:
        model = make_model(server, provider, tmp_path, attempts=2, concurrency=1)
        assert model.ask(make_requests(1, provider))[0].status == ANSWERED
    requests = make_requests(20, provider)[1:]
    # it was there: one request's failure to reach it may pass, three in a row do not
    assert [reply.status for reply in model.ask(requests[:2])] == [FAILED] * 2
    with pytest.raises(ProviderError, match="no server is to be reached"):
        model.ask(requests)
    assert model.ask(requests[:1])[0].status == FAILED, "the count begins anew"


@pytest.mark.parametrize("kind", ["403", "429 long"])
def test_a_doubtful_reason_ends_all_after_three_in_a_row(kind: str, tmp_path: Path) -> None:
    plans = [["good"], [kind], [kind], ["good"], [kind], ["400"], [kind], [kind], [kind], ["good"]]
    with BadServer(plans) as server:
        model = make_model(server, "google", tmp_path, concurrency=1)
        requests = make_requests(10)
        replies = model.ask(requests[:8])
        assert [reply.status == FAILED for reply in replies] == [plan != ["good"] for plan in plans[:8]]
        with pytest.raises(ProviderError):
            model.ask(requests[8:])
    assert len(server.calls) == 9, "the last one is not sent"


@pytest.mark.parametrize(("kind", "reason"), [("html", "not of the protocol"), ("slow", "no answer within")])
def test_a_server_that_never_made_sense(kind: str, reason: str, tmp_path: Path) -> None:
    # what is answered is given its time
    patience = {"timeout": 1.0} if kind == "slow" else {}
    with BadServer([[kind]]) as server:
        model = make_model(server, "openai", tmp_path, concurrency=1, attempts=1, **patience)
        with pytest.raises(ProviderError, match=f"gives no answer of the protocol.*{reason}"):
            model.ask(make_requests(9, "openai"))
    assert len(server.calls) == 3
    with BadServer([["good"], *[[kind]] * 8]) as server:
        model = make_model(server, "openai", tmp_path / "new", concurrency=1, attempts=1)
        first, *rest = make_requests(6, "openai")
        replies = model.ask([first])
        model.timeout = patience.get("timeout", model.timeout)
        replies += model.ask(rest)
    # it has made sense before: the reasons are the requests' own
    assert [reply.status for reply in replies] == [ANSWERED] + [FAILED] * 5
