"""One order from its text to its video: paid for once, however often the run is cut off."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from videophy_lab.generators.api_jobs import DONE, FAILED, SUBMITTED, Record, Request
from videophy_lab.generators.api_ordering import OrderError, Ordering, explain_gone
from videophy_lab.generators.api_service import BROKEN, EXPIRED, RUNNING, Job
from videophy_lab.generators.api_trouble import DOWNLOAD, POLL, Setback, StepError
from videophy_lab.generators.base import LONGEST_SECONDS
from videophy_lab.llm.patience import Trouble
from videophy_lab.llm.standing import CallError
from videophy_lab.video import VideoError, probe_video

# a service makes a whole number of frames, which need not be the exact length
LENGTH_TOLERANCE = 0.5
PAID_ALREADY = (
    "Remedy: run again with --retry failed; the job is kept and asked for again, and nothing is paid twice"
)


@dataclass(kw_only=True)
class Orders(Ordering):
    """Orders of one run at one service, up to their videos.

    Attributes
    ----------
    seconds : float
        Length that a video must have.
    most_bytes : int
    """

    seconds: float
    most_bytes: int

    async def fill(self, request: Request) -> tuple[Record, Job, bytes]:
        """Make the video of a request, or go on with it where an earlier run was cut off.

        Raises
        ------
        OrderError, CallError
            There is none, for a reason of its own.
        ProviderError, GeneratorStoppedError
            There would be no other either.
        """
        try:
            record = self.ledger.read(request)
        except ValueError as error:
            raise OrderError(str(error)) from None
        resumed, was_done = record.state in (SUBMITTED, DONE), record.state == DONE
        if not resumed:
            await self.obtain(request, record)
        job = await self.wait_for(record, at_once=resumed or record.adopted)
        if is_gone(job, was_done) and resumed and self.resubmit:
            was_done = False
            await self.obtain(request, record)
            job = await self.wait_for(record, at_once=False)
        if is_gone(job, was_done):
            raise OrderError(explain_gone(record))
        record.state = FAILED if job.state == BROKEN else DONE
        record.reason = self.hide(job.reason)
        self.ledger.write(request, record)
        if job.state == BROKEN:
            raise OrderError(f"the service made no video: {record.reason or 'no reason given'}")
        job, data = await self.download(record, job)
        return record, job, data

    async def wait_for(self, record: Record, *, at_once: bool) -> Job:
        """Look at a job again and again until it has ended, or the service no longer has it."""
        pause, end = self.pace.poll_start, time.monotonic() + self.pace.job_timeout
        while True:
            if not at_once:
                await asyncio.sleep(pause * float(self.calls.patience.rng.uniform(0.8, 1.0)))
                pause = min(pause * self.pace.poll_factor, self.pace.poll_most)
            at_once = False
            try:
                job = await self.calls.call(lambda: self.service.fetch(record.job), POLL)
            except StepError as error:
                if error.setback.trouble.status != 404:
                    raise
                return Job(record.job, EXPIRED)
            if job.state != RUNNING:
                return job
            if time.monotonic() > end:
                raise OrderError(
                    f"job {record.job} was not done within {self.pace.job_timeout:g} s. {PAID_ALREADY}."
                )

    async def download(self, record: Record, job: Job) -> tuple[Job, bytes]:
        """Fetch the video of a job and look whether it is whole; where not, fetch it again."""
        made, get = 0, self.calls.download_timeout
        while True:
            made += 1
            try:
                data = await self.calls.try_once(
                    partial(self.service.download, job, self.most_bytes), DOWNLOAD, timeout=get
                )
                await asyncio.to_thread(check_video, data, self.seconds)
                return job, data
            except StepError as error:
                reason = error
            except VideoError as error:
                reason = StepError(Setback(Trouble(str(error), passing=True)))
            try:
                await self.calls.wait_after(reason, made)
            except CallError as last:
                raise OrderError(
                    f"job {record.job} is done, but its video could not be fetched: {last}. {PAID_ALREADY}."
                ) from None
            if reason.setback.expired or not job.address:
                job = await self.calls.call(lambda: self.service.fetch(record.job), POLL)


def is_gone(job: Job, was_done: bool) -> bool:
    """Tell whether a job that may have been paid for can give no video any more."""
    return job.state == EXPIRED or (job.state == BROKEN and was_done)


def check_video(data: bytes, seconds: float) -> None:
    """Check that a file is a whole video of the length that was ordered.

    Raises
    ------
    VideoError
        It is not whole, or no video.
    OrderError
        It is whole, and too long or too short.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        path.write_bytes(data)
        try:
            info = probe_video(path)
        except VideoError as error:
            raise VideoError(str(error).replace(str(path), "what was sent").split(" Remedy:")[0]) from None
    length = info.frames / info.fps if info.fps > 0 else info.seconds
    if not abs(length - seconds) <= LENGTH_TOLERANCE or length >= LONGEST_SECONDS:
        raise OrderError(
            f"the service made a video of {length:.2f} s where {seconds:g} s were ordered. Remedy: order "
            f"what the model makes (option duration, under {LONGEST_SECONDS:g} s)."
        )
