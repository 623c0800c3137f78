"""Ask many things of a language model: with progress, a price in advance, and a name for every question."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel
from tqdm import tqdm

from videophy_lab.llm import FAILED, LanguageModel, Reply, Request, Usage
from videophy_lab.llm.exchange import describe_request, hash_description
from videophy_lab.prompts.chat import ChatModel

Form = TypeVar("Form", bound=BaseModel)
HASH_DIGITS = 12
# so many times as may be on their way at once go out before the bar moves
WAVES = 4


def ask_all(chat: ChatModel, requests: Sequence[Request], *, what: str, progress: bool = True) -> list[Reply]:
    """Ask all, and show how far it is; what was answered before is not sent again.

    Raises
    ------
    ImportError, ValueError, ProviderError
        As :meth:`videophy_lab.llm.LanguageModel.ask`: no library, no key, or one that is wrong.
    """
    client = chat.client
    replies: list[Reply] = []
    size = max(1, WAVES * client.concurrency)
    with tqdm(total=len(requests), desc=what, disable=not progress or not requests, file=sys.stderr) as bar:
        for start in range(0, len(requests), size):
            part = requests[start : start + size]
            replies += client.ask(part)
            bar.update(len(part))
    return replies


def take_answer(reply: Reply, form: type[Form]) -> Form | None:
    """Give the answer of a reply; None where there is none."""
    return reply.answer if isinstance(reply.answer, form) else None


def name_request(chat: ChatModel, request: Request) -> str:
    """Name a question with everything that decides its answer, as the file that keeps the answer is named.

    Returns
    -------
    str
        The first 12 hex digits; the whole name is that of a file in the folder of answers, which holds the
        question word for word.
    """
    return hash_description(describe_request(request, chat.client.describe()))[:HASH_DIGITS]


def tell_source(chat: ChatModel, request: Request, reply: Reply) -> dict[str, Any]:
    """Give the columns that say where an answer came from: model, question, status, error."""
    status = "ok" if reply.answer is not None else ("failed" if reply.status == FAILED else "unscored")
    return {
        "model": chat.model,
        "prompt_hash": name_request(chat, request),
        "status": status,
        "error": reply.reason or None,
    }


def describe_cost(
    chat: ChatModel,
    requests: Sequence[Request],
    *,
    what: str,
    output_tokens: int = 0,
    media_tokens: Sequence[int] = (),
    note: str = "",
) -> str:
    """Say on a line what it would cost to ask; nothing is sent.

    Parameters
    ----------
    chat : ChatModel
    requests : sequence of Request
        Those whose answers are known cost nothing.
    what : str
        For the line.
    output_tokens : int
        Of an answer; the client's own assumption when 0.
    media_tokens : sequence of int
        Of each request's pictures and videos.
    note : str
        What is not in the price.
    """
    client = chat.client
    usages: list[Usage] = []
    media = media_tokens or [0] * len(requests)
    for request, tokens in zip(requests, media, strict=True):
        if client.find_known(request) is None:
            usage = client.estimate(request, media_tokens=tokens)
            usages.append(replace(usage, output_tokens=output_tokens or usage.output_tokens))
    return f"{what}: {write_price(client, usages, len(requests) - len(usages))}{note and f'; {note}'}"


def write_price(client: LanguageModel, usages: Sequence[Usage], n_known: int) -> str:
    """Write the price of calls."""
    tokens_in = sum(usage.input_tokens for usage in usages)
    tokens_out = sum(usage.output_tokens for usage in usages)
    dollars = client.price_all(usages)
    price = f"about ${dollars:.2f}" if math.isfinite(dollars) else "price not known (option price=in,out)"
    known = f", {n_known} known already" if n_known else ""
    return (
        f"{len(usages)} calls of {client.model}{known}, about {tokens_in} tokens in and {tokens_out} out: "
        f"{price}"
    )
