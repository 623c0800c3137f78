"""Prices against the providers' price lists, written out by hand, and sums done by hand."""

from __future__ import annotations

import math
import sys

import pytest

from videophy_lab.llm import LanguageModel, Request, Usage
from videophy_lab.llm.prices import Tariff, estimate_text, price_usage, sum_prices

MILLION = Usage(1_000_000, 1_000_000)


@pytest.mark.parametrize(
    ("tariff", "dollars"),
    [
        # ai.google.dev/gemini-api/docs/pricing and openai.com/api/pricing, as genai-prices keeps them
        (Tariff("google", "gemini-2.5-flash"), 0.30 + 2.50),
        (Tariff("openai", "gpt-4.1"), 2.00 + 8.00),
        (Tariff("openai", "gpt-4.1", "https://api.openai.com/v1"), 10.00),
        (Tariff("openai", "gpt-4.1", price="1,2.5"), 3.50),
        (Tariff("openai", "any", "http://localhost:8000/v1", "0,0"), 0.0),
    ],
)
def test_list_prices(tariff: Tariff, dollars: float) -> None:
    assert price_usage(MILLION, tariff) == pytest.approx(dollars)


@pytest.mark.parametrize(
    "tariff",
    [
        Tariff("google", "gemini-99-marble"),
        Tariff("openai", "Qwen/Qwen3-VL-8B-Instruct"),
        # a server here may have a model of a famous name, and asks nothing for it
        Tariff("openai", "gpt-4.1", "http://localhost:8000/v1"),
    ],
)
def test_an_unknown_price_is_nan(tariff: Tariff) -> None:
    assert math.isnan(price_usage(MILLION, tariff))


def test_what_the_provider_kept_is_cheaper() -> None:
    # gpt-4.1: 2.00 a million in, 0.50 where it was kept
    kept = price_usage(Usage(1_000_000, 0, 400_000), Tariff("openai", "gpt-4.1"))
    assert kept == pytest.approx(0.6 * 2.00 + 0.4 * 0.50)


def test_long_calls_are_priced_one_by_one() -> None:
    # gemini-3.1-pro-preview: 2.00 a million in up to 200,000 tokens of a call, 4.00 above
    tariff = Tariff("google", "gemini-3.1-pro-preview")
    assert sum_prices([Usage(150_000, 0)] * 2, tariff) == pytest.approx(0.60)
    assert sum_prices([Usage(300_000, 0)], tariff) == pytest.approx(1.20)
    assert sum_prices([], tariff) == 0
    assert math.isnan(sum_prices([Usage(1, 1)], Tariff("google", "gemini-99-marble")))


@pytest.mark.parametrize("price", ["1", "1,2,3", "a,b", "-1,2", "nan,1", "1;2"])
def test_a_price_that_cannot_be_read(price: str) -> None:
    with pytest.raises(ValueError, match="a million tokens in and out"):
        Tariff("openai", "any", price=price)


def test_an_estimate_counts_words_and_media() -> None:
    assert estimate_text(["abcd", "efghi"]) == 3
    model = LanguageModel(provider="openai", model="any", price="1,2")
    usage = model.estimate(Request(("abcd" * 25,), object), media_tokens=1000)
    assert usage == Usage(1025, 500)
    assert model.price_all([usage, usage]) == pytest.approx(2 * (1025 + 1000) / 1e6)
    assert model.assumption == "4 characters a token, 500 tokens an answer; 1,2 $ a million tokens"


def test_an_own_price_needs_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    assert price_usage(MILLION, Tariff("openai", "any", price="1,1")) == pytest.approx(2)
    with pytest.raises(ImportError, match=r"videophy-lab\[remote\]"):
        price_usage(MILLION, Tariff("openai", "any"))


def test_what_every_reply_counts_is_added() -> None:
    from pydantic_ai.messages import ModelResponse
    from pydantic_ai.usage import RequestUsage

    from videophy_lab.llm.providers import add_usage

    counted = ModelResponse([], usage=RequestUsage(input_tokens=100, cache_read_tokens=60, output_tokens=7))
    assert add_usage(Usage(10, 2, 5), counted) == Usage(110, 9, 65)
