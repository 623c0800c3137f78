"""Call a server that may be busy, slow or broken: when to try again, how long to wait, how many at once."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from videophy_lab.llm.keys import scrub
from videophy_lab.llm.standing import ABSENT, QUEUE, STRANGE, CallError, Standing

Result = TypeVar("Result")
PASSING_STATUSES = (408, 409, 425, 429)
BUSY = 429
REASON_LENGTH = 300
# attempts to reach a server that never answered
MOST_KNOCKS = 3


@dataclass(frozen=True)
class Trouble:
    """What went wrong in one attempt.

    Attributes
    ----------
    reason : str
    passing : bool
        Whether another attempt may succeed.
    wait : float
        Seconds that the server asks to wait; NaN where it does not say.
    status : int, optional
        Of HTTP.
    fault : str
        As in :class:`CallError`.
    """

    reason: str
    passing: bool
    wait: float = math.nan
    status: int | None = None
    fault: str = ""


@dataclass
class Pacer:
    """Starts calls at most so often, and none while the server asks to wait.

    Attributes
    ----------
    interval : float
        Seconds between the starts of two calls.
    next_start : float
        On the clock of :func:`time.monotonic`.
    """

    interval: float = 0.0
    next_start: float = 0.0

    async def wait(self) -> None:
        """Wait for this call's turn."""
        now = time.monotonic()
        start = max(now, self.next_start)
        self.next_start = start + self.interval
        if start > now:
            await asyncio.sleep(start - now)

    def hold(self, seconds: float) -> None:
        """Let no call start for a while."""
        self.next_start = max(self.next_start, time.monotonic() + seconds)


@dataclass(frozen=True)
class Patience:
    """How often and for how long to try.

    Attributes
    ----------
    attempts : int
        Most calls for one request, the first one and those after an unreadable answer included.
    timeout : float
        Seconds of one call.
    backoff : float
        Seconds before the second attempt; doubled each time, and a random half of it left off.
    longest_wait : float
        Most seconds between two attempts; a server that asks for more is given up.
    pacer : Pacer
    standing : Standing
    key : str
        To be taken out of what servers say.
    rng : numpy.random.Generator
        For the jitter.
    """

    attempts: int
    timeout: float
    backoff: float
    longest_wait: float
    pacer: Pacer
    standing: Standing
    key: str = field(default="", repr=False)
    rng: np.random.Generator = field(default_factory=np.random.default_rng, repr=False)

    def hide(self, text: str) -> str:
        """Put what a server says on one line without the key, and cut it where it is long."""
        # the key goes first, since a cut could leave a part of it
        line = " ".join(scrub(text, self.key).split())
        return line if len(line) <= REASON_LENGTH else f"{line[:REASON_LENGTH]}…"

    def allow_attempts(self, trouble: Trouble) -> int:
        """Say how many attempts a request may make: few where there seems to be no server."""
        absent = trouble.fault == ABSENT and not self.standing.answered
        return min(MOST_KNOCKS, self.attempts) if absent else self.attempts

    def choose_wait(self, failures: int, trouble: Trouble) -> float:
        """Choose the seconds before the next attempt, after so many failures.

        Raises
        ------
        CallError
            The server asks for more than `longest_wait`.
        """
        delay = min(self.longest_wait, self.backoff * 2.0 ** (failures - 1))
        delay *= float(self.rng.uniform(0.5, 1.0))
        if math.isnan(trouble.wait):
            return delay
        if trouble.wait > self.longest_wait:
            raise CallError(
                f"{trouble.reason}; the server asks to wait {trouble.wait:.0f} s, and longest_wait is "
                f"{self.longest_wait:g} s",
                QUEUE,
            )
        # all who were told the same time would come back at once
        return trouble.wait + float(self.rng.uniform(0, 0.5)) * min(self.backoff, trouble.wait)


@dataclass
class Attempts:
    """Calls made for one request.

    Attributes
    ----------
    patience : Patience
    made : int
    """

    patience: Patience
    made: int = 0

    async def call(self, make: Callable[[], Awaitable[Result]]) -> Result:
        """Call until it succeeds, fails for good, or no attempt is left.

        Raises
        ------
        CallError
            With the last reason.
        """
        patience = self.patience
        while True:
            await patience.pacer.wait()
            self.made += 1
            try:
                async with asyncio.timeout(patience.timeout):
                    return await make()
            except CallError:
                raise
            except Exception as error:  # each provider's library raises its own
                trouble = read_trouble(error, patience)
            if not trouble.passing:
                raise CallError(trouble.reason, trouble.fault)
            if self.made >= patience.allow_attempts(trouble):
                raise CallError(f"{trouble.reason} (given up after {self.made} attempts)", trouble.fault)
            wait = patience.choose_wait(self.made, trouble)
            if trouble.status == BUSY and not math.isnan(trouble.wait):
                patience.pacer.hold(trouble.wait)
            await asyncio.sleep(wait)


def read_trouble(error: Exception, patience: Patience) -> Trouble:
    """Read what an error of a provider's library means."""
    from videophy_lab.llm.providers import CONNECTION_ERRORS, UNREADABLE_ERRORS, name_fault

    status = getattr(error, "status_code", getattr(error, "code", None))
    said = patience.hide(describe_body(error))
    fault = name_fault(error, status)
    if isinstance(status, int) and status >= 400:
        passing = (status in PASSING_STATUSES or status >= 500) and not fault
        return Trouble(f"HTTP {status}: {said}", passing, read_wait(error), status, fault)
    if fault == ABSENT:
        return Trouble(f"no connection: {patience.hide(describe_root(error))}", passing=True, fault=fault)
    # a server that has answered is known to be the right one, and has trouble with this request
    strange = "" if patience.standing.answered else STRANGE
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return Trouble(f"no answer within {patience.timeout:g} s", passing=True, fault=strange)
    if isinstance(error, CONNECTION_ERRORS):
        return Trouble(f"the connection broke: {said}", passing=True)
    if isinstance(error, UNREADABLE_ERRORS):
        return Trouble(f"the server's reply is not of the protocol: {said}", passing=True, fault=strange)
    return Trouble(f"{type(error).__name__}: {said}", passing=False)


def read_wait(error: Exception) -> float:
    """Give the seconds that a server asks to wait; NaN where it does not say."""
    wait = getattr(error, "retry_after", None)
    return float(wait) if isinstance(wait, int | float) else math.nan


def describe_body(error: Any) -> str:
    """Give the message inside a server's error, or else its text."""
    body: Any = getattr(error, "body", None) or getattr(error, "details", None)
    for key in ("error", "message"):
        if isinstance(body, dict) and key in body:
            body = body[key]
    return str(body or error)


def describe_root(error: BaseException) -> str:
    """Give the text of the error from which another one comes."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error)
