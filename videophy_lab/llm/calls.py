"""The calls of one batch of requests: one line to a provider, opened once and closed in the end.

Imported inside functions only, since it needs the libraries of the extra ``remote``.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pydantic_ai import BinaryContent, UploadedFile
from pydantic_ai.exceptions import UnexpectedModelBehavior

from videophy_lab.llm.exchange import ANSWERED, FAILED, REFUSED, UNREADABLE, Media, Reply, Request, Usage
from videophy_lab.llm.patience import Attempts, Patience
from videophy_lab.llm.prices import price_usage
from videophy_lab.llm.providers import (
    PatientModel,
    RefusedError,
    build_agent,
    build_model,
    make_settings,
    shift_seed,
)
from videophy_lab.llm.standing import CallError
from videophy_lab.llm.uploads import Uploads

if TYPE_CHECKING:
    from videophy_lab.llm.client import LanguageModel

MEGABYTE = 1_000_000


@dataclass
class Line:
    """A line to a provider, on the event loop that runs.

    Attributes
    ----------
    owner : LanguageModel
    patience : Patience
    key : str
    """

    owner: LanguageModel
    patience: Patience
    key: str = field(repr=False)

    async def __aenter__(self) -> Line:
        owner = self.owner
        model: Any = build_model(owner.provider, owner.model, owner.base_url, self.key)
        self.model = await model.__aenter__()
        self.uploads: Uploads | None = None
        if owner.provider == "google":
            self.uploads = Uploads(self.model.client.aio, self.patience, ready_seconds=2 * owner.timeout)
        self.settings = make_settings(owner.provider, owner.sampling, owner.timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.uploads is not None:
            await self.uploads.delete_all()
        await self.model.__aexit__(kind, error, trace)

    async def ask(self, request: Request) -> Reply:
        """Send one request, and again as long as there is patience and the answer is not of its form.

        Raises
        ------
        ProviderError
            It failed as all others would.
        """
        patient = PatientModel(self.model, Attempts(self.patience))
        settings = shift_seed(self.settings, request.repeat)
        agent = build_agent(patient, request.answer, settings, self.owner.answer_retries)
        status, reason, answer = ANSWERED, "", None
        try:
            parts = [part if isinstance(part, str) else await self.attach(part) for part in request.parts]
            answer = (await agent.run(parts)).output
        except Exception as error:  # one bad request is its own reply's reason and nobody else's
            status, reason = self.explain(error, patient.attempts.made)
            if isinstance(error, CallError):
                self.patience.standing.note_failure(error)
        text = answer.model_dump_json() if answer is not None else patient.said
        cost = price_usage(patient.usage, self.owner.tariff) if patient.usage != Usage() else math.nan
        return Reply(status, answer, text, reason, patient.usage, cost)

    def explain(self, error: Exception, calls: int) -> tuple[str, str]:
        """Give the status and the reason of a request without an answer."""
        said = self.patience.hide(str(error))
        if isinstance(error, RefusedError):
            return REFUSED, f"the provider gave no answer: {said}"
        if isinstance(error, CallError):
            return FAILED, said
        if isinstance(error, UnexpectedModelBehavior):
            return UNREADABLE, f"no answer of the asked form after {calls} calls: {said}"
        return FAILED, f"{type(error).__name__}: {said}"

    async def attach(self, media: Media) -> BinaryContent | UploadedFile:
        """Put a picture or video into the message, or its address where it is too large for that."""
        data = await asyncio.to_thread(media.read)
        extras = {} if media.fps is None else {"fps": media.fps}
        if self.uploads is not None and len(data) > self.owner.inline_mb * MEGABYTE:
            address = await self.uploads.find_address(media, data)
            return UploadedFile(address, "google", media_type=media.media_type, vendor_metadata=extras)
        return BinaryContent(data, media_type=media.media_type, vendor_metadata=extras or None)
