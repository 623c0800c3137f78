"""What every service with a list of jobs is asked: submit, look, search, download."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from videophy_lab.generators.api_jobs import Request
from videophy_lab.llm.keys import scrub

RUNNING, COMPLETED, BROKEN = "running", "completed", "failed"
# done and paid for, and its video kept no longer
EXPIRED = "expired"
MEGABYTE = 1_000_000


class UnreadableError(ValueError):
    """A service's reply is not of its protocol."""


class TooLargeError(ValueError):
    """A video is larger than allowed."""


@dataclass(frozen=True)
class Job:
    """A job as a service describes it.

    Attributes
    ----------
    name : str
        By which the service knows it.
    state : {"running", "completed", "failed", "expired"}
    reason : str
        Why it failed.
    address : str
        Where the video is; empty where the job's name is enough.
    data : bytes
        The video, where the service sends it with the job.
    response : mapping
        The service's own description, as JSON.
    """

    name: str
    state: str
    reason: str = ""
    address: str = field(default="", repr=False)
    data: bytes = field(default=b"", repr=False)
    response: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Service(Protocol):
    """A line to a service, on the event loop that runs.

    Attributes
    ----------
    lists : bool
        Whether it lists its jobs, so that one whose name was lost can be found.
    """

    lists: bool

    async def submit(self, request: Request) -> Job:
        """Order a video: the call that is paid for."""
        ...

    async def fetch(self, name: str) -> Job:
        """Look how a job is getting on."""
        ...

    async def find(self, request: Request, since: float, taken: Collection[str]) -> Job | None:
        """Search for the oldest job of a request that began after a time (Unix seconds) and is not taken.

        Raises
        ------
        UnreadableError
            It lists jobs, but not of which text.
        """
        ...

    async def download(self, job: Job, most: int) -> bytes:
        """Fetch the video of a completed job, of at most so many bytes.

        Raises
        ------
        TooLargeError
        """
        ...

    async def close(self) -> None:
        """Close the line."""
        ...


async def collect_bytes(parts: AsyncIterator[bytes], most: int) -> bytes:
    """Put the parts of a download together.

    Raises
    ------
    TooLargeError
        There are more than `most` bytes.
    """
    data = bytearray()
    async for part in parts:
        data += part
        if len(data) > most:
            raise TooLargeError(f"the video is larger than {most / MEGABYTE:g} MB (option most_mb)")
    return bytes(data)


def same_text(one: str, other: str) -> bool:
    """Tell whether two texts are the same but for white space, which services tidy."""
    return one.split() == other.split()


def clean_response(value: Any, key: str) -> Any:
    """Take the key and what signs an address out of a response."""
    if isinstance(value, Mapping):
        return {scrub(str(name), key): clean_response(part, key) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [clean_response(part, key) for part in value]
    if not isinstance(value, str):
        return value
    if value.startswith(("http://", "https://")) and not value.strip().count(" "):
        try:
            # whoever has the query of a signed address may download from it
            value = urlunsplit((*urlsplit(value)[:3], "", ""))
        except ValueError:
            value = "(address)"
    return scrub(value, key)


def write_response(response: Mapping[str, Any], key: str) -> bytes:
    """Write a response as JSON, without the key."""
    cleaned = clean_response(response, key)
    text = json.dumps(cleaned, indent=1, ensure_ascii=False, sort_keys=True, default=str)
    return (scrub(text, key) + "\n").encode("utf-8", "replace")
