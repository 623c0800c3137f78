"""Luma's API of Ray2, through its own library.

Imported inside functions only, since it needs the extra ``remote``.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

import httpx
from lumaai import AsyncLumaAI
from lumaai.types import Generation, GenerationListResponse

from videophy_lab.generators.api_jobs import Request
from videophy_lab.generators.api_service import (
    BROKEN,
    COMPLETED,
    RUNNING,
    Job,
    UnreadableError,
    collect_bytes,
    same_text,
)
from videophy_lab.generators.api_trouble import check_readable

STATES = {"queued": RUNNING, "dreaming": RUNNING, "completed": COMPLETED, "failed": BROKEN}
PAGE, MOST_PAGES = 100, 100
# a local server takes any
NO_KEY = "none"


class Luma:
    """A line to Luma's API.

    Parameters
    ----------
    base_url, key : str
    timeout : float
        Seconds of one call.

    References
    ----------
    lumalabs/lumaai-python 1.21.0, ``client.generations``.
    """

    lists = True

    def __init__(self, base_url: str, key: str, timeout: float) -> None:
        self.client = AsyncLumaAI(auth_token=key or NO_KEY, base_url=base_url, timeout=timeout, max_retries=0)
        # videos lie at another place, which the key does not concern
        self.files = httpx.AsyncClient(timeout=timeout, follow_redirects=True)

    async def submit(self, request: Request) -> Job:
        """Order a video."""
        sent = request.settings["sent"]
        found = await self.client.generations.create(prompt=request.text, **sent)
        return read_generation(found)

    async def fetch(self, name: str) -> Job:
        """Look how a job is getting on."""
        return read_generation(await self.client.generations.get(name))

    async def find(self, request: Request, since: float, taken: Collection[str]) -> Job | None:
        """Search the list of jobs, the newest first."""
        oldest: tuple[float, Job] | None = None
        for page in range(MOST_PAGES):
            listed: Any = await self.client.generations.list(limit=PAGE, offset=page * PAGE)
            if not isinstance(listed, GenerationListResponse) or not isinstance(listed.generations, list):
                raise UnreadableError(f"no list of jobs, but {str(listed)[:200]}")
            began = [found.created_at.timestamp() for found in listed.generations if found.created_at]
            for found in listed.generations:
                at = found.created_at.timestamp() if found.created_at else time.time()
                if at < since or found.id in taken or found.generation_type == "image":
                    continue
                if is_same(found, request) and (oldest is None or at < oldest[0]):
                    oldest = at, read_generation(found)
            if not listed.generations or listed.has_more is False or (began and max(began) < since):
                break
            if listed.has_more is None and len(listed.generations) < PAGE:
                break
        return oldest[1] if oldest else None

    async def download(self, job: Job, most: int) -> bytes:
        """Fetch a video from where the job says it is."""
        if not job.address:
            raise UnreadableError("a completed job without a video")
        async with self.files.stream("GET", job.address) as response:
            response.raise_for_status()
            return await collect_bytes(response.aiter_bytes(), most)

    async def close(self) -> None:
        """Close the line."""
        await self.files.aclose()
        await self.client.close()


def read_generation(found: Any) -> Job:
    """Read Luma's description of a job."""
    check_readable(found, Generation, getattr(found, "id", None))
    if found.state is None:
        raise UnreadableError(f"job {found.id} has no state")
    # states that Luma may add are waited for
    state = STATES.get(found.state, RUNNING)
    address = (found.assets.video if found.assets else None) or ""
    return Job(found.id, state, found.failure_reason or "", address, response=found.to_dict(mode="json"))


def is_same(found: Generation, request: Request) -> bool:
    """Tell whether a listed job is of a request.

    Raises
    ------
    UnreadableError
        The list does not say of which text it is.
    """
    prompt = getattr(found.request, "prompt", None)
    if found.request is None or not isinstance(prompt, str):
        raise UnreadableError(f"job {found.id} is listed without its text")
    asked = {name: getattr(found.request, name, None) for name in request.settings["sent"]}
    settings = all(asked[name] in (None, value) for name, value in request.settings["sent"].items())
    return same_text(prompt, request.text) and settings
