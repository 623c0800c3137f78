"""Providers through pydantic-ai: the classes that speak to them, and what their errors mean.

Imported inside functions only, once the extra ``remote`` is known to be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import httpx2
from google.genai.types import MediaResolution
from pydantic_ai import Agent, BinaryContent, NativeOutput
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelQuotaExceededError,
    UnexpectedModelBehavior,
)
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings

from videophy_lab.llm.exchange import Usage
from videophy_lab.llm.patience import Attempts
from videophy_lab.llm.standing import ABSENT, ACCESS, ACCOUNT, KEY, MODEL

CONNECTION_ERRORS = (ModelConnectionError, httpx2.TransportError, ConnectionError)
# the libraries raise these two built-in ones for replies that they cannot make sense of
UNREADABLE_ERRORS = (ModelAPIError, UnexpectedModelBehavior, ValueError, KeyError)
# a local server takes any, and the libraries demand one
NO_KEY = "none"
ADDRESSES = {
    "google": "https://generativelanguage.googleapis.com",
    "openai": "https://api.openai.com/v1",
}
FAULTS = {401: KEY, 402: ACCOUNT, 403: ACCESS, 404: MODEL}
ORDINARY_ENDS = ("stop", "length", "max_tokens", "tool_calls", "continuation")


class RefusedError(Exception):
    """The provider gave no answer, for a reason of its own; the text is the reason."""


def name_fault(error: Exception, status: int | None) -> str:
    """Name why every other request would fail as well; empty where the reason is this one's own."""
    # a day's quota is a 429 like any other, and Gemini answers 400 to a key that is none
    if isinstance(error, ModelQuotaExceededError):
        return ACCOUNT
    if status in FAULTS:
        return FAULTS[status]
    if isinstance(error, ModelAuthenticationError):
        return KEY
    absent = isinstance(error, httpx2.ConnectError) or getattr(error, "phase", None) == "connect"
    return ABSENT if absent else ""


class VideoChatModel(OpenAIChatModel):
    """A chat model that sends a video as the ``video_url`` part of vLLM and SGLang.

    OpenAI's own protocol has no such part, so that pydantic-ai refuses videos for every server that speaks
    it. The two members below are where it refuses; everything else of the mapping stays its own.
    """

    _unsupported_file_inputs = frozenset()

    async def _map_binary_content_item(self, item: BinaryContent) -> Any:
        if item.is_video:
            return {"type": "video_url", "video_url": {"url": item.data_uri}}
        return await super()._map_binary_content_item(item)


class PatientModel(WrapperModel):
    """A model that is called again when its server is in trouble, for one request.

    Attributes
    ----------
    attempts : Attempts
    said : str
        What the model wrote last.
    usage : Usage
        Of all replies, those without an answer included.
    """

    def __init__(self, wrapped: Model, attempts: Attempts) -> None:
        super().__init__(wrapped)
        self.attempts = attempts
        self.said = ""
        self.usage = Usage()

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask the model, patiently.

        Raises
        ------
        CallError
            No attempt succeeded.
        RefusedError
            The provider gave no answer, for a reason of its own.
        UnexpectedModelBehavior
            The last attempt went to an answer that is not of its form.
        """
        if self.attempts.made >= self.attempts.patience.attempts:
            raise UnexpectedModelBehavior("no attempt is left")
        response = await self.attempts.call(
            lambda: self.wrapped.request(messages, model_settings, model_request_parameters)
        )
        self.attempts.patience.standing.note_answer()
        self.said = response.text or ""
        self.usage = add_usage(self.usage, response)
        reason = find_refusal(response)
        if reason:
            raise RefusedError(reason)
        return response


def add_usage(usage: Usage, response: ModelResponse) -> Usage:
    """Add what a provider counted for one more reply."""
    counted = response.usage
    return Usage(
        usage.input_tokens + counted.input_tokens,
        usage.output_tokens + counted.output_tokens,
        usage.cached_tokens + counted.cache_read_tokens,
    )


def find_refusal(response: ModelResponse) -> str:
    """Say why a provider gave no answer; empty when it gave one or had no reason."""
    details = response.provider_details or {}
    named = ("refusal", "block_reason", "finish_reason")
    reason = str(next((details[name] for name in named if details.get(name)), ""))
    if response.finish_reason == "content_filter":
        return reason or "content filter"
    return "" if response.text or reason.lower() in ORDINARY_ENDS else reason


def build_model(provider: str, model: str, base_url: str, key: str) -> Model[Any]:
    """Make the model of a provider, on the event loop that runs.

    Parameters
    ----------
    provider : {"google", "openai"}
    model, base_url : str
        The provider's own address when empty.
    key : str
    """
    # always said: the libraries would else take an address, and send it the key, from variables of their own
    address = base_url or ADDRESSES[provider]
    if provider == "google":
        return GoogleModel(model, provider=GoogleProvider(api_key=key or NO_KEY, base_url=address))
    # whatever the server, the schema goes along with the request; one that ignores it is asked again
    profile = ModelProfile(supports_json_schema_output=True)
    own = OpenAIProvider(api_key=key or NO_KEY, base_url=address)
    return VideoChatModel(model, provider=own, profile=profile)


def build_agent(model: Model, answer: type[Any], settings: ModelSettings, retries: int) -> Agent[Any, Any]:
    """Make what asks once and checks the answer, and asks again where it is not of the form."""
    form = NativeOutput(answer, strict=True)
    return Agent(model, output_type=form, model_settings=settings, retries={"output": retries})


def make_settings(provider: str, sampling: Mapping[str, Any], timeout: float) -> ModelSettings:
    """Put sampling settings into the provider's words; its library is not to repeat calls by itself."""
    settings: dict[str, Any] = {name: value for name, value in sampling.items() if value not in (None, "")}
    resolution = settings.pop("media_resolution", "")
    if provider == "google" and resolution:
        settings["google_video_resolution"] = MediaResolution(f"MEDIA_RESOLUTION_{resolution.upper()}")
    return cast(ModelSettings, settings | {"timeout": timeout, "max_retries": 0})


def shift_seed(settings: ModelSettings, repeat: int) -> ModelSettings:
    """Give each asking again of the same message a seed of its own, so that its answer is drawn anew."""
    seed = settings.get("seed")
    return settings if seed is None or not repeat else settings | {"seed": seed + repeat}
