"""Ask a language model many things at once, and get an answer or a reason for each."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from videophy_lab.extras import import_extra
from videophy_lab.llm.apart import run_apart
from videophy_lab.llm.cache import find_folder, read_record, write_record
from videophy_lab.llm.exchange import (
    ANSWERED,
    Reply,
    Request,
    Usage,
    describe_request,
    hash_description,
)
from videophy_lab.llm.keys import check_address, check_variable, find_key, require_key, scrub
from videophy_lab.llm.options import CallOptions
from videophy_lab.llm.patience import Pacer, Patience
from videophy_lab.llm.prices import (
    CHARACTERS_A_TOKEN,
    EXTRA,
    OUTPUT_TOKENS,
    Tariff,
    estimate_text,
    parse_price,
    price_usage,
    sum_prices,
)
from videophy_lab.llm.standing import Standing

MODULES = {"google": ("pydantic_ai", "google.genai"), "openai": ("pydantic_ai", "openai")}
SECONDS_A_MINUTE = 60.0


@dataclass(kw_only=True)
class LanguageModel(CallOptions):
    """A language model at a provider.

    It has the options of :class:`CallOptions`, and these.

    Parameters
    ----------
    provider : {"google", "openai"}
        Whose protocol is spoken.
    model : str
    base_url : str
        Address of another server that speaks the protocol; the provider's own when empty.
    key_variables : tuple of str
        Environment variables of which the first that is set holds the key.
    sampling : mapping
        ``temperature``, ``seed``, ``max_tokens``, ``media_resolution``: what decides an answer beside the
        question.
    inline_mb : float
        Videos up to so many megabytes go inside the message, larger ones to the provider's file store.
    """

    provider: str
    model: str
    base_url: str = ""
    key_variables: tuple[str, ...] = ()
    sampling: Mapping[str, Any] = field(default_factory=dict)
    inline_mb: float = 14.0
    _pacer: Pacer = field(init=False, repr=False, compare=False)
    _standing: Standing = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.provider not in MODULES:
            raise ValueError(f"provider is {self.provider!r}. Allowed: {', '.join(MODULES)}.")
        for name, least in (("concurrency", 1), ("attempts", 1), ("answer_retries", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least {least}.")
        for name in ("timeout", "longest_wait"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be more than 0 seconds.")
        for name in ("requests_per_minute", "backoff", "inline_mb"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be 0 or more.")
        self.base_url = check_address(self.base_url)
        for variable in self.key_variables:
            check_variable(variable)
        parse_price(self.price)
        rate = self.requests_per_minute
        self._pacer = Pacer(SECONDS_A_MINUTE / rate if rate else 0.0)
        variables = " or ".join(self.key_variables) or "the variable that the option key_variable names"
        self._standing = Standing(self.base_url or self.provider, self.model, variables)

    @property
    def tariff(self) -> Tariff:
        """Give the price that applies."""
        return Tariff(self.provider, self.model, self.base_url, self.price)

    @property
    def folder(self) -> Path:
        """Give the folder of answers."""
        return find_folder(self.cache)

    def describe(self) -> dict[str, Any]:
        """Give everything that decides an answer beside the question."""
        return {
            "provider": self.provider,
            "model": self.model,
            "base_url": self.base_url,
            "sampling": dict(self.sampling),
        }

    def prepare(self) -> None:
        """Look for the libraries and for the key.

        Raises
        ------
        ImportError
            The extra ``remote`` is not installed.
        ValueError
            There is no key; the variable to export is named.
        """
        for module in MODULES[self.provider]:
            import_extra(module, EXTRA)
        require_key(self.key_variables, self.base_url)

    def find_known(self, request: Request) -> Reply | None:
        """Give the answer that is on the disk; None where there is none, or a new one is wanted."""
        if self.refresh:
            return None
        name = hash_description(describe_request(request, self.describe()))
        record = read_record(self.folder, name)
        if record is None:
            return None
        try:
            answer = request.answer.model_validate(record["reply"])
            usage = Usage(**record["usage"])
        except (KeyError, TypeError, ValidationError):
            return None
        cost = price_usage(usage, self.tariff)
        return Reply(ANSWERED, answer, answer.model_dump_json(), usage=usage, cost=cost, cached=True)

    def estimate(self, request: Request, *, media_tokens: int) -> Usage:
        """Estimate what a provider would count for a request; its media are the caller's to estimate."""
        texts = [part for part in request.parts if isinstance(part, str)]
        return Usage(estimate_text(texts) + media_tokens, OUTPUT_TOKENS)

    def price_all(self, usages: Sequence[Usage]) -> float:
        """Price calls, in US dollars; NaN when the model's price is not known."""
        return sum_prices(usages, self.tariff)

    @property
    def assumption(self) -> str:
        """Say what :meth:`estimate` and the price rest on."""
        price = f"{self.price} $ a million tokens" if self.price else "list prices of genai-prices"
        return f"{CHARACTERS_A_TOKEN} characters a token, {OUTPUT_TOKENS} tokens an answer; {price}"

    def ask(self, requests: Sequence[Request]) -> list[Reply]:
        """Send requests, as many at once as is allowed, and give a reply to each, in their order.

        Equal requests are sent once. An answer is on the disk as soon as it is there, so that an interrupted
        call loses none. Whatever goes wrong with one request is its reply's reason.

        Raises
        ------
        ImportError, ValueError
            As :meth:`prepare`, where anything has to be sent.
        ProviderError
            The key, the model or the address is wrong, the account is used up, or no server is there.
        """
        names = [hash_description(describe_request(request, self.describe())) for request in requests]
        replies = {
            name: reply
            for name, request in dict(zip(names, requests, strict=True)).items()
            if (reply := self.find_known(request)) is not None
        }
        left = {name: item for name, item in zip(names, requests, strict=True) if name not in replies}
        if left:
            self.prepare()
            answered = run_apart(self.ask_all(list(left.values())))
            replies |= dict(zip(left, answered, strict=True))
        return [replies[name] for name in names]

    async def ask_all(self, requests: Sequence[Request]) -> list[Reply]:
        """Send requests on the loop that runs."""
        from videophy_lab.llm.calls import Line

        key = find_key(self.key_variables)
        slots = asyncio.Semaphore(self.concurrency)
        patience = Patience(
            self.attempts, self.timeout, self.backoff, self.longest_wait, self._pacer, self._standing, key
        )

        async def take_turn(line: Line, request: Request) -> Reply:
            await slots.acquire()
            reply = hide_key(await line.ask(request), key)
            # not after an error: it is one that stops all, and nobody is to begin then
            slots.release()
            self.keep(request, reply)
            return reply

        async with AsyncExitStack() as stack:
            line = await stack.enter_async_context(Line(self, patience, key))
            tasks = [asyncio.create_task(take_turn(line, request)) for request in requests]
            try:
                return await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def keep(self, request: Request, reply: Reply) -> None:
        """Put an answer on the disk; nothing else is ever put there."""
        if reply.status != ANSWERED or reply.answer is None:
            return
        description = describe_request(request, self.describe())
        record = {
            "request": description,
            "reply": reply.answer.model_dump(mode="json"),
            "usage": asdict(reply.usage),
        }
        try:
            write_record(self.folder, hash_description(description), record)
        except OSError as error:
            # without the file's name, so that one fault of the disk is told once and not with every answer
            reason = error.strerror or error
            warnings.warn(f"answers cannot be kept in {self.folder}: {reason}", stacklevel=2)


def hide_key(reply: Reply, key: str) -> Reply:
    """Take a key out of a reply: servers repeat it in their errors, and could anywhere."""
    answer = reply.answer
    if answer is not None:
        written = answer.model_dump_json()
        clean = scrub(written, key)
        answer = answer if clean == written else type(answer).model_validate_json(clean)
    return replace(reply, answer=answer, text=scrub(reply.text, key), reason=scrub(reply.reason, key))
