"""What calls cost: in advance, by stated assumptions, and afterwards, by what the provider counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from videophy_lab.extras import import_extra
from videophy_lab.llm.exchange import Usage

EXTRA = "remote"
CHARACTERS_A_TOKEN = 4
# an answer of a sentence and a number, and what a model thinks before it
OUTPUT_TOKENS = 500
MILLION = 1_000_000


@dataclass(frozen=True)
class Tariff:
    """Which price applies.

    Attributes
    ----------
    provider : {"google", "openai"}
    model : str
    base_url : str
        The provider's own address when empty; otherwise a server that may ask another price.
    price : str
        ``"in,out"`` in US dollars a million tokens; the list price when empty.
    """

    provider: str
    model: str
    base_url: str = ""
    price: str = ""

    def __post_init__(self) -> None:
        parse_price(self.price)


def parse_price(price: str) -> tuple[float, float] | None:
    """Read ``"in,out"``; None when empty.

    Raises
    ------
    ValueError
        It is not two numbers of 0 or more.
    """
    if not price:
        return None
    try:
        given = [float(part) for part in price.split(",")]
    except ValueError:
        given = []
    if len(given) != 2 or not all(math.isfinite(part) and part >= 0 for part in given):
        raise ValueError(
            f"price is {price!r}; it must be US dollars a million tokens in and out, such as '0.75,3.75'."
        )
    return given[0], given[1]


def price_usage(usage: Usage, tariff: Tariff) -> float:
    """Price what a provider counted, in US dollars; NaN when the model's price is not known.

    Raises
    ------
    ImportError
        A list price is wanted, and the extra ``remote`` is not installed.

    References
    ----------
    List prices: github.com/pydantic/genai-prices, as installed; no network.
    """
    own = parse_price(tariff.price)
    if own is not None:
        return (usage.input_tokens * own[0] + usage.output_tokens * own[1]) / MILLION
    genai_prices = import_extra("genai_prices", EXTRA)
    at_server = tariff.provider == "openai" and tariff.base_url
    where = {"provider_api_url": tariff.base_url} if at_server else {"provider_id": tariff.provider}
    counted = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cached_tokens,
    )
    try:
        return float(genai_prices.calc_price(counted, tariff.model, **where).total_price)
    except LookupError:
        return math.nan


def estimate_text(texts: Sequence[str]) -> int:
    """Estimate the tokens of texts: one for four characters."""
    return math.ceil(sum(map(len, texts)) / CHARACTERS_A_TOKEN)


def sum_prices(usages: Sequence[Usage], tariff: Tariff) -> float:
    """Price calls one by one, since a long one may be dearer by the token."""
    known: dict[Usage, float] = {}
    for usage in usages:
        if usage not in known:
            known[usage] = price_usage(usage, tariff)
    return math.fsum(known[usage] for usage in usages)
