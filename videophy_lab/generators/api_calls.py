"""Calls to a service: one policy for all, whichever library carries them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from videophy_lab.generators.api_trouble import StepError, read_setback
from videophy_lab.llm.patience import BUSY, Patience
from videophy_lab.llm.standing import CallError

Result = TypeVar("Result")


@dataclass(frozen=True)
class Calls:
    """How calls are made.

    Attributes
    ----------
    patience : Patience
    download_timeout : float
        Seconds of one download.
    """

    patience: Patience
    download_timeout: float

    async def try_once(
        self, make: Callable[[], Awaitable[Result]], step: str, *, timeout: float = 0
    ) -> Result:
        """Call once.

        Raises
        ------
        StepError
        """
        timeout = timeout or self.patience.timeout
        await self.patience.pacer.wait()
        try:
            async with asyncio.timeout(timeout):
                result = await make()
        except CallError:
            raise
        except Exception as error:  # each service's library raises its own
            setback = read_setback(error, step, self.patience, timeout)
        else:
            self.patience.standing.note_answer()
            return result
        # not from the library's error, which may hold the key
        raise StepError(setback)

    async def call(self, make: Callable[[], Awaitable[Result]], step: str) -> Result:
        """Call until it succeeds, fails for good, or no attempt is left.

        Raises
        ------
        StepError
            With the last reason.
        """
        made = 0
        while True:
            made += 1
            try:
                return await self.try_once(make, step)
            except StepError as error:
                await self.wait_after(error, made)

    async def wait_after(self, error: StepError, made: int) -> None:
        """Wait before the next attempt, after so many.

        Raises
        ------
        StepError
            There is to be none.
        """
        trouble = error.setback.trouble
        if not trouble.passing:
            raise error
        if made >= self.patience.allow_attempts(trouble):
            raise StepError(error.setback, f"{trouble.reason} (given up after {made} attempts)") from None
        try:
            wait = self.patience.choose_wait(made, trouble)
        except CallError as late:
            raise late from None
        if trouble.status == BUSY and not math.isnan(trouble.wait):
            self.patience.pacer.hold(trouble.wait)
        await asyncio.sleep(wait)
