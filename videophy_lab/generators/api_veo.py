"""Google's Veo, through google-genai: Vertex AI, and the Gemini API's protocol for servers that keep it.

Imported inside functions only, since it needs the extra ``remote``.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import Any

from google import genai
from google.genai import types

from videophy_lab.generators.api_jobs import Request
from videophy_lab.generators.api_service import (
    BROKEN,
    COMPLETED,
    MEGABYTE,
    RUNNING,
    Job,
    TooLargeError,
    UnreadableError,
)
from videophy_lab.generators.api_trouble import check_readable

NO_KEY = "none"
MILLISECONDS = 1000


class BoundedFile(io.BytesIO):
    """A file in memory that takes no more than so many bytes."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def write(self, data: Any) -> int:
        """Take bytes; raise TooLargeError where there are too many."""
        if self.tell() + len(data) > self.most:
            raise TooLargeError(f"the video is larger than {self.most / MEGABYTE:g} MB (option most_mb)")
        return super().write(data)


class VeoService:
    """A line to Veo.

    Parameters
    ----------
    vertex : bool
        Vertex AI, or else the protocol of the Gemini API.
    base_url : str
    key : str
        Empty where a project's own credentials are used.
    project, location : str
        Of Google Cloud; empty where there is a key.
    timeout : float
        Seconds of one call.

    References
    ----------
    googleapis/python-genai 2.34.0, ``models.generate_videos``, ``operations.get``, ``files.download``. The
    service has no list of operations.
    """

    lists = False

    def __init__(
        self, *, vertex: bool, base_url: str, key: str, project: str, location: str, timeout: float
    ) -> None:
        whose: dict[str, Any] = (
            {"project": project, "location": location} if project else {"api_key": key or NO_KEY}
        )
        options = types.HttpOptions(base_url=base_url, timeout=int(timeout * MILLISECONDS))
        self.vertex = vertex
        self.client = genai.Client(vertexai=vertex, http_options=options, **whose)

    async def submit(self, request: Request) -> Job:
        """Order a video."""
        sent = dict(request.settings["sent"])
        model = sent.pop("model")
        if self.vertex:
            sent["seed"] = request.seed
        else:
            # the library refuses it here, although the protocol has it
            sent["http_options"] = types.HttpOptions(extra_body={"parameters": {"seed": request.seed}})
        operation = await self.client.aio.models.generate_videos(
            model=model,
            source=types.GenerateVideosSource(prompt=request.text),
            config=types.GenerateVideosConfig(number_of_videos=1, **sent),
        )
        return read_operation(operation)

    async def fetch(self, name: str) -> Job:
        """Look how a job is getting on."""
        operation = types.GenerateVideosOperation.model_validate({"name": name})
        return read_operation(await self.client.aio.operations.get(operation))

    async def find(self, request: Request, since: float, taken: Collection[str]) -> Job | None:
        """Find nothing: there is no list."""
        return None

    async def download(self, job: Job, most: int) -> bytes:
        """Give the video that came with the job, or fetch it from the file store."""
        if job.data:
            return job.data
        if not job.address:
            raise UnreadableError("a completed job without a video")
        if self.vertex:
            raise UnreadableError("a video in a bucket, which was not asked for")
        file = BoundedFile(most)
        await self.client.aio.files.download(file=types.Video(uri=job.address), destination=file)
        return file.getvalue()

    async def close(self) -> None:
        """Close the line."""
        await self.client.aio.aclose()
        self.client.close()


def read_operation(operation: Any) -> Job:
    """Read Google's description of a job."""
    check_readable(operation, types.GenerateVideosOperation, getattr(operation, "name", None))
    name, answer = str(operation.name), operation.response
    response = operation.model_dump(mode="json", exclude_none=True, exclude={"response", "result"})
    if not operation.done:
        return Job(name, RUNNING, response=response)
    if operation.error:
        said = operation.error.get("message") or operation.error
        return Job(name, BROKEN, f"{said} (code {operation.error.get('code')})", response=response)
    made = (answer.generated_videos if answer else None) or []
    reasons = (answer.rai_media_filtered_reasons if answer else None) or []
    response["filtered"] = reasons
    if not made:
        reason = "; ".join(reasons) or "it gave none, and no reason"
        return Job(name, BROKEN, reason, response=response)
    video = made[0].video
    address, data = (video.uri or "", video.video_bytes or b"") if video else ("", b"")
    response["video"] = address
    return Job(name, COMPLETED, "", address, data, response)
