"""Get a job for an order: the one that is paid for already, or else a new one, and never two."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable
from dataclasses import dataclass, field
from functools import partial

from videophy_lab.generators.api_calls import Calls
from videophy_lab.generators.api_jobs import (
    INTENT,
    REFUSED,
    SUBMITTED,
    Ledger,
    Record,
    Request,
)
from videophy_lab.generators.api_service import Job, Service
from videophy_lab.generators.api_trouble import LIST, SUBMIT, StepError
from videophy_lab.llm.patience import BUSY
from videophy_lab.llm.standing import MOST_IN_A_ROW, CallError, ProviderError

# clocks of different machines differ; jobs that belong to other requests are known and left out
CLOCK_SECONDS = 300.0
CLOSE_SECONDS = 20.0
NO_LIST_STATUSES = (404, 405, 501)


class OrderError(Exception):
    """There is no video for one order; the text is the reason."""


@dataclass(frozen=True)
class Pace:
    """How long is waited for a job.

    Attributes
    ----------
    poll_start, poll_factor, poll_most : float
        Seconds before the first look, what they are multiplied with, and the most of them.
    job_timeout : float
        Seconds after which a job is left alone, to be asked for by the next run.
    list_delay : float
        Seconds after which a job that was accepted is believed to be in the service's list.
    """

    poll_start: float
    poll_factor: float
    poll_most: float
    job_timeout: float
    list_delay: float


@dataclass
class Ordering:
    """Orders of one run at one service, up to the moment when they have a job.

    Attributes
    ----------
    service : Service
    ledger : Ledger
    calls : Calls
    pace : Pace
    resubmit : bool
        Whether a new job is paid for where an old one may have been paid for and cannot be found.
    stopped : ProviderError, optional
        Why nothing more is submitted.
    """

    service: Service
    ledger: Ledger
    calls: Calls
    pace: Pace
    resubmit: bool = False
    stopped: Exception | None = None
    unsure: int = 0
    sending: set[asyncio.Task[Job]] = field(default_factory=set)
    # two orders of the same text must not take each other's jobs out of the list
    locks: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def obtain(self, request: Request, record: Record) -> None:
        """Get a job for a request: one that may have been paid for already, or else a new one."""
        async with self.locks[" ".join(request.text.split())]:
            if record.state == INTENT and await self.adopt(request, record):
                return
            await self.submit(request, record)

    async def submit(self, request: Request, record: Record) -> None:
        """Order a video, and again only where it is known that the order before was not accepted."""
        record.began, record.adopted, record.reason = time.time(), False, ""
        made = 0
        while True:
            if self.stopped is not None:
                raise self.stopped
            made += 1
            record.state, record.asked = INTENT, time.time()
            self.ledger.write(request, record)
            try:
                # cut off in the middle, the job's name would be lost
                await self.see_through(self.send(request, record))
                self.unsure = 0
                return
            except StepError as error:
                if error.setback.accepted:
                    try:
                        adopted = await self.adopt(request, record, after=str(error))
                    except OrderError as lost:
                        self.count_unsure(error, lost)
                        raise
                    if adopted:
                        self.unsure = 0
                        return
                else:
                    record.state = REFUSED
                    self.ledger.write(request, record)
                try:
                    await self.calls.wait_after(error, made)
                except CallError as last:
                    self.count_unsure(error, last)
                    raise

    def count_unsure(self, error: StepError, last: Exception) -> None:
        """Stop the run where one submission after another ends in a service that is in trouble."""
        trouble = error.setback.trouble
        if trouble.fault or getattr(last, "fault", "") or not trouble.passing:
            return
        self.unsure += 1
        if self.unsure >= MOST_IN_A_ROW:
            what = "is busy" if trouble.status == BUSY else "is in trouble"
            raise ProviderError(
                f"{self.calls.patience.standing.provider} {what}: {self.unsure} orders in a row came to "
                f"nothing. Remedy: go on later, or with fewer at once (concurrency) ({last})"
            ) from None

    async def send(self, request: Request, record: Record) -> Job:
        """Send an order, and store the job's name before anything else is done."""
        job = await self.calls.try_once(lambda: self.service.submit(request), SUBMIT)
        self.keep(request, record, job)
        return job

    def keep(self, request: Request, record: Record, job: Job) -> None:
        """Store the name of a job."""
        record.jobs.append(job.name)
        record.state = SUBMITTED
        self.ledger.taken.add(job.name)
        self.ledger.write(request, record)

    async def see_through(self, work: Awaitable[Job]) -> Job:
        """Do something to its end even if whoever waits for it is cut off."""
        task = asyncio.ensure_future(work)
        self.sending.add(task)
        task.add_done_callback(self.sending.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Wait until the names of the jobs that are just being ordered are stored."""
        if self.sending:
            done, late = await asyncio.wait(set(self.sending), timeout=CLOSE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*done, *late, return_exceptions=True)

    async def adopt(self, request: Request, record: Record, after: str = "") -> bool:
        """Search the service's list for a job whose name was lost, and take it.

        Raises
        ------
        OrderError
            Whether there is one cannot be told, and another one is not to be paid for.
        """
        if not self.service.lists:
            return self.give_up_search(record, "this service does not list its jobs", after)
        find = partial(self.service.find, request, record.began - CLOCK_SECONDS, self.ledger.taken)
        while True:
            try:
                job = await self.calls.call(find, LIST)
            except StepError as error:
                status = error.setback.trouble.status
                if status in NO_LIST_STATUSES or "of the protocol" in str(error):
                    return self.give_up_search(record, f"its jobs cannot be listed ({error})", after)
                raise
            if job is not None:
                record.adopted = True
                self.keep(request, record, job)
                return True
            # a list may be late, and an order may still be on its way
            left = min(record.asked + self.pace.list_delay - time.time(), self.pace.list_delay)
            if left <= 0:
                return False
            await asyncio.sleep(min(left, self.pace.poll_most))

    def give_up_search(self, record: Record, why: str, after: str) -> bool:
        """Say that a job may have been paid for, or let a new one be paid for."""
        if self.resubmit:
            return False
        how = f"ended without an answer ({after})" if after else "was cut off before its answer"
        asked = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(record.asked))
        raise OrderError(
            f"the order of {asked} UTC {how}; a job may have been made and paid for, and {why}. Remedy: look "
            "at the service; -o resubmit=true --retry failed pays for a new one."
        )

    def hide(self, text: str) -> str:
        """Put what a service says on one line, without the key."""
        return self.calls.patience.hide(text)


def explain_gone(record: Record) -> str:
    """Say that a service no longer knows a job."""
    return (
        f"the service no longer has job {record.job}, which may have been paid for. Remedy: look at the "
        "service; -o resubmit=true --retry failed pays for a new one."
    )
