"""Videos too large for a message: put where Gemini can read them, and taken away afterwards."""

from __future__ import annotations

import asyncio
import io
from contextlib import suppress
from functools import partial
from typing import Any

from videophy_lab.llm.exchange import Media
from videophy_lab.llm.patience import Attempts, Patience
from videophy_lab.llm.standing import CallError

READY, BROKEN = "ACTIVE", "FAILED"
DELETE_SECONDS = 10.0
SLOWEST_POLL = 5.0


class Uploads:
    """Files at the provider, each put there once however many requests are about it.

    Parameters
    ----------
    client : google.genai.client.AsyncClient
    patience : Patience
    ready_seconds : float
        Most seconds that the provider may take until a file can be used.
    """

    def __init__(self, client: Any, patience: Patience, *, ready_seconds: float) -> None:
        self.files = client.files
        self.patience = patience
        self.ready_seconds = ready_seconds
        self.tasks: dict[str, asyncio.Task[str]] = {}
        self.names: list[str] = []

    async def find_address(self, media: Media, data: bytes) -> str:
        """Give the address of a video at the provider, and put it there if nobody has.

        Raises
        ------
        CallError
            It could not be put there, or cannot be used there.
        """
        if media.sha256 not in self.tasks:
            self.tasks[media.sha256] = asyncio.create_task(self.upload(media, data))
        # one who is interrupted does not interrupt the others who wait for the same file
        return await asyncio.shield(self.tasks[media.sha256])

    async def upload(self, media: Media, data: bytes) -> str:
        """Upload a video and wait until it can be used."""

        async def put() -> Any:
            # a file without a name: the user's own could hold what no header can
            return await self.files.upload(file=io.BytesIO(data), config={"mime_type": media.media_type})

        file = await Attempts(self.patience).call(put)
        self.names.append(file.name)
        pause = min(self.patience.backoff, SLOWEST_POLL)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.ready_seconds
        while name_state(file) != READY:
            if name_state(file) == BROKEN:
                raise CallError("the provider could not process the uploaded video")
            if loop.time() > deadline:
                raise CallError(f"the uploaded video was not ready within {self.ready_seconds:g} s")
            await asyncio.sleep(pause)
            pause = min(2 * pause, SLOWEST_POLL)
            file = await Attempts(self.patience).call(partial(self.files.get, name=file.name))
        return str(file.uri)

    async def delete_all(self) -> None:
        """Delete every file; one that cannot be deleted expires by itself after two days."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        for name in self.names:
            with suppress(Exception):
                async with asyncio.timeout(DELETE_SECONDS):
                    await self.files.delete(name=name)


def name_state(file: Any) -> str:
    """Give the state of a file at the provider as a word."""
    return str(getattr(file.state, "value", file.state))
