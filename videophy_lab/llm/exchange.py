"""What goes to a language model and what comes back."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

ANSWERED, UNREADABLE, REFUSED, FAILED = "answered", "unreadable", "refused", "failed"


@dataclass(frozen=True)
class Media:
    """A picture or a video inside a request.

    Attributes
    ----------
    media_type : str
        For example ``"video/mp4"``.
    sha256 : str
        Names what is sent: the hash of the bytes, or of what they are made from without a choice.
    read : callable
        Gives the bytes; called only when they are sent.
    fps : float, optional
        Frames a second that the model is to look at.
    """

    media_type: str
    sha256: str
    read: Callable[[], bytes]
    fps: float | None = None


@dataclass(frozen=True)
class Request:
    """One message to a language model, and the form of its answer.

    Attributes
    ----------
    parts : tuple of str and Media
        In the order in which the model reads them.
    answer : subclass of pydantic.BaseModel
    repeat : int
        Which asking again of the same message this is; 0 for the first time. Each is another request: it is
        sent, kept and drawn by itself, with the seed of the model plus this.
    """

    parts: tuple[str | Media, ...]
    answer: type[BaseModel]
    repeat: int = 0


@dataclass(frozen=True)
class Usage:
    """What a provider counts, over all calls of one request.

    Attributes
    ----------
    input_tokens : int
        Those of `cached_tokens` included.
    output_tokens : int
        Thoughts included.
    cached_tokens : int
        Input tokens that the provider had kept from before, which cost less.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True)
class Reply:
    """What came of a request.

    Attributes
    ----------
    status : str
        ``answered``; ``unreadable``: no answer of the asked form after all retries; ``refused``: the provider
        gave none, for a reason of its own; ``failed``: the call.
    answer : pydantic.BaseModel, optional
    text : str
        The answer as JSON, or what the model wrote in its place.
    reason : str
        Why there is no answer.
    usage : Usage
    cost : float
        US dollars of all its calls when they were made; NaN where the price or the usage is not known.
    cached : bool
        Whether the answer was on the disk, so that nothing was sent.
    """

    status: str
    answer: BaseModel | None = None
    text: str = ""
    reason: str = ""
    usage: Usage = Usage()
    cost: float = math.nan
    cached: bool = False


def describe_request(request: Request, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Write down everything that decides an answer; media by their hash.

    Parameters
    ----------
    request : Request
    settings : mapping
        Of the model; see :meth:`videophy_lab.llm.client.LanguageModel.describe`.
    """
    parts = [
        part
        if isinstance(part, str)
        else {"media_type": part.media_type, "sha256": part.sha256, "fps": part.fps}
        for part in request.parts
    ]
    again = {"repeat": request.repeat} if request.repeat else {}
    messages = [{"role": "user", "parts": parts}]
    return {**settings, "messages": messages, "answer": write_schema(request), **again}


def write_schema(request: Request) -> dict[str, Any]:
    """Give the JSON schema of a request's answer."""
    return request.answer.model_json_schema()


def hash_description(description: Mapping[str, Any]) -> str:
    """Name a request by the SHA-256 of its canonical JSON."""
    text = json.dumps(description, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
