"""OpenAI's Videos protocol, through OpenAI's library: the way to servers that speak it.

Imported inside functions only, since it needs the extra ``remote``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from openai import AsyncOpenAI, Omit
from openai.types import Video

from videophy_lab.generators.api_jobs import Request
from videophy_lab.generators.api_service import (
    BROKEN,
    COMPLETED,
    EXPIRED,
    RUNNING,
    Job,
    UnreadableError,
    collect_bytes,
    same_text,
)
from videophy_lab.generators.api_trouble import check_readable

STATES = {"completed": COMPLETED, "failed": BROKEN, "cancelled": BROKEN, "expired": EXPIRED}
PAGE, MOST_PAGES = 100, 100
# a local server takes any, and the library demands one
NO_KEY = "none"


class OpenAIVideoService:
    """A line to a server that speaks OpenAI's Videos protocol.

    Parameters
    ----------
    base_url, key : str
    timeout : float
        Seconds of one call.

    References
    ----------
    openai/openai-python 3.54.0, ``client.videos``.
    """

    lists = True

    def __init__(self, base_url: str, key: str, timeout: float) -> None:
        # said, since the library would else send what other variables name to whoever is asked
        own: dict[str, Any] = {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
        self.client = AsyncOpenAI(
            api_key=key or NO_KEY, base_url=base_url, timeout=timeout, max_retries=0, default_headers=own
        )

    async def submit(self, request: Request) -> Job:
        """Order a video."""
        sent = request.settings["sent"]
        extra = {"seed": str(request.seed)} if request.settings["send_seed"] else None
        return read_video(await self.client.videos.create(prompt=request.text, extra_body=extra, **sent))

    async def fetch(self, name: str) -> Job:
        """Look how a job is getting on."""
        return read_video(await self.client.videos.retrieve(name))

    async def find(self, request: Request, since: float, taken: Collection[str]) -> Job | None:
        """Search the list of jobs, the newest first."""
        oldest: Video | None = None
        after: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            page: Any = await self.client.videos.list(limit=PAGE, order="desc", **after)
            videos = getattr(page, "data", None)
            if not isinstance(videos, list):
                raise UnreadableError(f"no list of jobs, but {str(page)[:200]}")
            for video in videos:
                check_readable(video, Video, video.id)
                if read_time(video) < since or video.id in taken or not is_same(video, request):
                    continue
                if oldest is None or read_time(video) < read_time(oldest):
                    oldest = video
            if not videos or not page.has_more or max(map(read_time, videos)) < since:
                break
            after = {"after": page.last_id or videos[-1].id}
        return read_video(oldest) if oldest else None

    async def download(self, job: Job, most: int) -> bytes:
        """Fetch a job's video."""
        async with self.client.videos.with_streaming_response.download_content(
            job.name, variant="video"
        ) as response:
            return await collect_bytes(response.iter_bytes(), most)

    async def close(self) -> None:
        """Close the line."""
        await self.client.close()


def read_video(video: Any) -> Job:
    """Read a server's description of a job."""
    check_readable(video, Video, getattr(video, "id", None))
    status = getattr(video, "status", None)
    if not isinstance(status, str):
        raise UnreadableError(f"job {video.id} has no status")
    error = getattr(video, "error", None)
    reason = ""
    if error is not None:
        parts = (getattr(error, "message", None), getattr(error, "code", None))
        reason = ": ".join(str(part) for part in reversed(parts) if part) or str(error)
    # words that a server may have for waiting are waited for
    return Job(video.id, STATES.get(status, RUNNING), reason, response=video.to_dict(mode="json"))


def read_time(video: Video) -> float:
    """Give when a job began, in Unix seconds; infinitely late where the server does not say."""
    at = getattr(video, "created_at", None)
    return float(at) if isinstance(at, int | float) and at else float("inf")


def is_same(video: Video, request: Request) -> bool:
    """Tell whether a listed job is of a request.

    Raises
    ------
    UnreadableError
        The list does not say of which text it is.
    """
    prompt = getattr(video, "prompt", None)
    if not isinstance(prompt, str):
        raise UnreadableError(f"job {video.id} is listed without its text")
    sent = request.settings["sent"]
    model, seconds, size = (getattr(video, name, None) for name in ("model", "seconds", "size"))
    seed = getattr(video, "seed", None)
    return (
        same_text(prompt, request.text)
        # a model may be listed by the name of its version
        and (not model or str(model).startswith(sent["model"]) or sent["model"].endswith(str(model)))
        and (not seconds or str(seconds).removesuffix(".0") == sent["seconds"])
        and (not size or size == sent["size"])
        and (not request.settings["send_seed"] or seed is None or str(seed) == str(request.seed))
    )
