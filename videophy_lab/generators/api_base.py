"""What the generators behind a paid service share: options, checks, price, the order of work."""

from __future__ import annotations

import asyncio
import math
import time
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from videophy_lab.extras import import_extra
from videophy_lab.generators.api_calls import Calls
from videophy_lab.generators.api_jobs import Ledger, Record, Request
from videophy_lab.generators.api_options import ApiOptions
from videophy_lab.generators.api_ordering import OrderError, Pace
from videophy_lab.generators.api_orders import Orders
from videophy_lab.generators.api_prices import Price, describe_orders, parse_price
from videophy_lab.generators.api_service import MEGABYTE, Job, Service, write_response
from videophy_lab.generators.api_stream import stream_results
from videophy_lab.generators.base import Generator, GeneratorStoppedError, Made, Order, choose_text
from videophy_lab.llm.keys import require_key
from videophy_lab.llm.patience import Pacer, Patience
from videophy_lab.llm.standing import CallError, ProviderError, Standing

EXTRA = "remote"
TERMS = "the provider's terms; prompts leave this machine"
# orders of one call for each that is made at a time, so that a slow one does not hold the next ones up
ORDERS_A_PLACE = 8
Emit: TypeAlias = Callable[[tuple[Order, Made]], None]
Work: TypeAlias = Callable[[Emit], Coroutine[Any, Any, None]]


@dataclass(kw_only=True)
class ApiGenerator(ApiOptions, Generator):
    """A generator that orders videos from a service, pays for each once, and goes on where it was cut off.

    It has the options of :class:`ApiOptions`.
    """

    _standing: Standing = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        variables = " or ".join(self.key_variables) or "the variable that the option key_variable names"
        self._standing = Standing(self.address, self.model, variables)

    @property
    @abstractmethod
    def address(self) -> str:
        """Give the address that is asked."""

    @property
    @abstractmethod
    def own_variables(self) -> tuple[str, ...]:
        """Name the variables that may hold the key of the service itself."""

    @property
    @abstractmethod
    def modules(self) -> tuple[str, ...]:
        """Name the libraries that are needed."""

    @property
    @abstractmethod
    def list_price(self) -> Price:
        """Give the service's own price, as far as it is known."""

    @abstractmethod
    def open_service(self, key: str) -> Service:
        """Open a line to the service, on the event loop that runs."""

    @abstractmethod
    def list_sent(self) -> Mapping[str, Any]:
        """Give what is sent beside text and seed, in the service's words."""

    @abstractmethod
    def check_text(self, text: str, seed: int) -> str:
        """Say why the service would refuse a text or a seed; empty where nothing is known against them."""

    @property
    @abstractmethod
    def sends_seed(self) -> bool:
        """Whether the service is told the seed; else its videos cannot be made again."""

    @property
    def batch_size(self) -> int:
        """Orders of one call."""
        return ORDERS_A_PLACE * self.concurrency

    @property
    def key_variables(self) -> tuple[str, ...]:
        """Name the variables that may hold the key: the service's own key never goes to another server."""
        if self.key_variable:
            return (self.key_variable,)
        return () if self.base_url else self.own_variables

    def find_key(self) -> str:
        """Give the key.

        Raises
        ------
        ValueError
            There is none; the variable to export is named.
        """
        return require_key(self.key_variables, self.address)

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a video; neither the network nor a key is needed."""
        return {
            "generator": self.specs.name,
            "address": self.address,
            "model": self.model,
            "sent": dict(self.list_sent()),
            "seed": "sent" if self.sends_seed else "not sent: its videos cannot be made again",
            "captions": self.captions,
        }

    def describe_cost(self, orders: Sequence[Order]) -> str:
        """Say what it would cost to make these videos, and on what that rests."""
        barred = sum(bool(self.read_order(order)[1]) for order in orders)
        price = parse_price(self.price) or self.list_price
        return describe_orders(self.model, len(orders) - barred, barred, self.duration, price)

    def prepare(self) -> None:
        """Look for the libraries and for the key.

        Raises
        ------
        ImportError
            The extra ``remote`` is not installed.
        ValueError
            There is no key; the variable to export is named.
        """
        for module in self.modules:
            import_extra(module, EXTRA)
        self.find_key()

    def read_order(self, order: Order) -> tuple[str, str]:
        """Give the text that an order sends, and why it cannot be sent."""
        try:
            text = choose_text(order, self.captions, preferred=self.specs.captions)
        except ValueError as error:
            return "", str(error)
        if not text.strip():
            return text, "there is no text to send. Remedy: give the prompt a caption."
        return text, self.check_text(text, order.seed)

    def make(self, orders: Sequence[Order], *, folder: Path) -> Iterator[tuple[Order, Made]]:
        """Make the videos of orders, up to `concurrency` at a time, and give each as soon as it is there.

        Closing the iterator ends the work; the jobs that were ordered go on at the service, and the next call
        with the same folder asks for them.

        Raises
        ------
        GeneratorStoppedError
            The key, the model or the address is wrong, the account is used up, the service is not to be
            reached, or records of paid jobs cannot be kept.
        """
        requests: list[tuple[Order, Request]] = []
        for order in orders:
            text, barred = self.read_order(order)
            if barred:
                yield order, Made(text=text, error=barred)
                continue
            settings = {key: value for key, value in self.describe().items() if key != "captions"}
            settings["send_seed"] = self.sends_seed
            requests.append((order, Request(order.video_id, text, order.seed, settings)))
        if not requests:
            return
        try:
            key = self.find_key()
        except ValueError as error:
            raise GeneratorStoppedError(str(error)) from None
        with Ledger(folder) as ledger:
            work: Work = partial(self.fill_orders, requests, ledger, key)
            yield from stream_results(work)

    async def fill_orders(
        self,
        requests: Sequence[tuple[Order, Request]],
        ledger: Ledger,
        key: str,
        emit: Emit,
    ) -> None:
        """Work on all orders at once, as far as there are places; hand each result out.

        Raises
        ------
        GeneratorStoppedError
        """
        service = self.open_service(key)
        pace = Pace(self.poll_start, self.poll_factor, self.poll_most, self.job_timeout, self.list_delay)
        work = Orders(
            service=service,
            ledger=ledger,
            calls=self.make_calls(key),
            pace=pace,
            seconds=self.duration,
            most_bytes=int(self.most_mb * MEGABYTE),
            resubmit=self.resubmit,
        )
        places = asyncio.Semaphore(self.concurrency)

        async def fill(order: Order, request: Request) -> None:
            async with places:
                # those whose jobs are paid for are finished
                if work.stopped is None:
                    made = await self.fill_order(request, work)
                    if made is not None:
                        emit((order, made))

        tasks = [asyncio.create_task(fill(order, request)) for order, request in requests]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await work.close()
            with suppress(Exception):
                await service.close()
        if work.stopped is not None:
            raise GeneratorStoppedError(f"{self.specs.name}: {work.stopped}") from None

    def make_calls(self, key: str) -> Calls:
        """Make the policy of calls from the options."""
        patience = Patience(
            self.attempts, self.timeout, self.backoff, self.longest_wait, Pacer(), self._standing, key
        )
        return Calls(patience, self.download_timeout)

    async def fill_order(self, request: Request, work: Orders) -> Made | None:
        """Make one video, or give the reason; None where the whole run is to end."""
        began = time.monotonic()
        try:
            try:
                record, job, data = await work.fill(request)
            except CallError as error:
                self._standing.note_failure(error)
                return Made(text=request.text, error=str(error))
        except (ProviderError, GeneratorStoppedError) as error:
            work.stopped = work.stopped or error
            return None
        except OrderError as error:
            return Made(text=request.text, error=str(error))
        except Exception as error:  # one bad order is its own reason and nobody else's
            return Made(text=request.text, error=f"{type(error).__name__}: {work.hide(str(error))}")
        return self.describe_made(request, record, job, data, work, time.monotonic() - began)

    def describe_made(
        self, request: Request, record: Record, job: Job, data: bytes, work: Orders, seconds: float
    ) -> Made:
        """Put together what is kept of a video."""
        settings = {
            "job": record.job,
            "job_was_found_in_list": record.adopted,
            "earlier_jobs": record.jobs[:-1],
            "ordered_at": math.floor(record.asked),
            "seed_was_sent": self.sends_seed,
            "can_be_made_again": self.sends_seed,
        }
        return Made(
            data=data,
            text=request.text,
            settings=settings,
            files={"response.json": write_response(job.response, work.calls.patience.key)},
            cost=(parse_price(self.price) or self.list_price).price_video(self.duration),
            seconds=seconds,
        )


def explain_length(length: int, limit: str) -> str:
    """Say that a text has not the length that a service takes."""
    return (
        f"the text has {length} characters; the service takes {limit}. Remedy: -o captions=original, or a "
        "shorter one."
    )
