"""Keys come from the environment, addresses hold none, and texts lose theirs."""

from __future__ import annotations

import pytest

from tests.llm.made_models import KEY, VARIABLE
from videophy_lab.llm import LanguageModel, check_address, check_variable, is_local
from videophy_lab.llm.keys import require_key, scrub


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("http://localhost:8000/v1", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://10.1.2.3:8000", True),
        ("http://192.168.0.7", True),
        ("http://gpu-node-4:8000/v1", True),
        ("http://box.local/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://8.8.8.8/v1", False),
        ("https://localhost.example.com", False),
        ("", False),
    ],
)
def test_local_addresses(address: str, local: bool) -> None:
    assert is_local(address) is local


def test_an_address_loses_its_last_slash() -> None:
    assert check_address("http://localhost:8000/v1/") == "http://localhost:8000/v1"
    assert check_address("") == ""


@pytest.mark.parametrize(
    "address",
    [
        f"https://user:{KEY[:3]}secret@example.com/v1",
        "https://secret@example.com",
        "https://e.com/v1?key=secret",
    ],
)
def test_an_address_with_a_secret_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(ValueError, match="plain address") as caught:
        check_address(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["localhost:8000", "ftp://example.com", "http://", "example"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ValueError, match="base_url is"):
        check_address(address)


@pytest.mark.parametrize("given", ["sk-proj-abcDEF", "AIzaSyExample", "my_key", "A B", "1KEY"])
def test_a_key_in_place_of_its_variable_is_not_repeated(given: str) -> None:
    with pytest.raises(ValueError, match="not a key") as caught:
        check_variable(given)
    assert given not in str(caught.value)


def test_the_variable_to_export_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("FIRST_TEST_KEY", "SECOND_TEST_KEY")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match=r"export FIRST_TEST_KEY=… .*or SECOND_TEST_KEY"):
        require_key(names, "")
    with pytest.raises(ValueError, match="key_variable=MY_SERVER_KEY"):
        require_key((), "https://example.com/v1")
    assert require_key(names, "http://localhost:1") == ""
    monkeypatch.setenv("SECOND_TEST_KEY", " abc123 ")
    assert require_key(names, "") == "abc123"
    monkeypatch.setenv("SECOND_TEST_KEY", "line\nbreak")
    with pytest.raises(ValueError, match="characters that no key has") as caught:
        require_key(names, "")
    assert "break" not in str(caught.value)


def test_prepare_asks_for_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    model = LanguageModel(provider="google", model="gemini-3.8-flash", key_variables=(VARIABLE,))
    model.prepare()
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(ValueError, match=f"export {VARIABLE}="):
        model.prepare()


@pytest.mark.parametrize("provider", ["google", "openai"])
def test_no_variable_sends_the_key_elsewhere(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from videophy_lab.llm.providers import ADDRESSES, build_model

    # the libraries' own variables, which would decide where an answer comes from without a trace
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere.example.com/v1")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://elsewhere.example.com")
    assert build_model(provider, "any", "", KEY).base_url.rstrip("/") == ADDRESSES[provider]
    assert (
        build_model(provider, "any", "http://localhost:1", KEY).base_url.rstrip("/") == "http://localhost:1"
    )


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pydantic_ai", None)
    with pytest.raises(ImportError, match=r"videophy-lab\[remote\]"):
        LanguageModel(provider="google", model="any", key_variables=(VARIABLE,)).prepare()


def test_scrub_finds_a_key_however_it_is_written() -> None:
    assert scrub(f"{KEY} and {KEY.replace('/', '%2F').replace('+', '%2B')}", KEY) == "(key) and (key)"
    assert scrub('a "quo\\"ted" key', 'quo"ted') == 'a "(key)" key'
    assert scrub("nothing here", KEY) == "nothing here"
    assert scrub("abc", "") == "abc"
    assert scrub("abc", "b") == "abc"
