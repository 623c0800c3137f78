"""The language models that the steps ask: which, and with which settings."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from types import MappingProxyType
from typing import Any

from videophy_lab.llm import CallOptions, LanguageModel, Reply, Request, Usage, check_variable
from videophy_lab.llm.cache import read_record, write_record
from videophy_lab.llm.exchange import REFUSED, UNREADABLE, describe_request, hash_description
from videophy_lab.llm.models import CURRENT, GEMINI_KEYS, OPENAI_KEYS, check_gemini

KEYS = {"google": GEMINI_KEYS, "openai": OPENAI_KEYS}
UPSAMPLER = "mistralai/Mistral-Nemo-Instruct-2407"


@dataclass(frozen=True)
class PaperModel:
    """What the benchmark was made with, and what stands here in its place.

    Attributes
    ----------
    paper : str
    still : str
        Whether it can be had.
    here : str
        The default.
    """

    paper: str
    still: str
    here: str


_GEMINI = PaperModel("gemini-2.0-flash-exp", "retired: shut down by 2026-03-31", CURRENT[0])
# Bansal et al. 2025, VideoPhy-2, arXiv:2503.06800
PAPER_MODELS: Mapping[str, PaperModel] = MappingProxyType(
    {
        "duplicates of actions": _GEMINI,
        "captions": _GEMINI,
        "upsampling": PaperModel("Mistral-NeMo-12B-Instruct", "published, Apache-2.0", UPSAMPLER),
        "rules and their laws": _GEMINI,
        "reference of the hard subset": PaperModel("CogVideoX-5B", "published", "any generator"),
    }
)


@dataclass(kw_only=True)
class RememberingModel(LanguageModel):
    """A language model that is not asked again what it gave no answer of the asked form to.

    What a model writes in another form, or its provider refuses, is paid for as well, and comes out alike the
    next time. It is kept beside the answers, in a file of the same name that ends with ``.unanswered.json``.
    A call that failed is not kept.

    Parameters
    ----------
    retry : bool
        Ask these again.
    """

    retry: bool = False
    _unasked: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    @property
    def n_unasked(self) -> int:
        """Count the questions that were not asked again."""
        return len(self._unasked)

    def name_unanswered(self, request: Request) -> str:
        """Name what is kept of a question without an answer."""
        return f"{hash_description(describe_request(request, self.describe()))}.unanswered"

    def find_known(self, request: Request) -> Reply | None:
        """Give the answer that is on the disk, or the reason why there was none."""
        known = super().find_known(request)
        if known is not None or self.retry or self.refresh:
            return known
        name = self.name_unanswered(request)
        record = read_record(self.folder, name)
        try:
            kept = None if record is None else Reply(**record["reply"], usage=Usage(**record["usage"]))
        except (KeyError, TypeError):
            return None
        if kept is not None:
            self._unasked.add(name)
        return kept

    def keep(self, request: Request, reply: Reply) -> None:
        """Put an answer on the disk, or the reason why there is none."""
        super().keep(request, reply)
        if reply.status not in (UNREADABLE, REFUSED):
            return
        record = {
            "request": describe_request(request, self.describe()),
            "reply": {"status": reply.status, "text": reply.text, "reason": reply.reason, "cached": True},
            "usage": asdict(reply.usage),
        }
        # nothing is lost where the disk is full: it is asked again then
        with suppress(OSError):
            write_record(self.folder, self.name_unanswered(request), record)


@dataclass(kw_only=True)
class ChatModel(CallOptions):
    """A language model that a step asks.

    It has the options of :class:`CallOptions`, and these. The paper's Gemini-2.0-Flash-Exp is retired, see
    :data:`PAPER_MODELS`: what a current model writes is not what the paper's wrote.

    Parameters
    ----------
    provider : {"google", "openai"}
        Whose protocol is spoken; ``openai`` for any server that speaks it, such as vLLM.
    model : str
        Name at the provider; a current Gemini when empty.
    base_url : str
        Address of another server; the provider's own when empty.
    key_variable : str
        Environment variable that holds the key. The key itself is never an option.
    temperature : float
        0 for decisions and checks.
    seed : int
    max_tokens : int
        Most tokens of an answer, the thoughts before it included.
    retry : bool
        Ask again what got no answer of the asked form, or was refused, in an earlier run.
    """

    provider: str = "google"
    model: str = ""
    base_url: str = ""
    key_variable: str = ""
    temperature: float = 0.0
    seed: int = 0
    max_tokens: int = 16384
    retry: bool = False
    _client: RememberingModel = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_variable(self.key_variable)
        if self.provider not in KEYS:
            raise ValueError(f"provider is {self.provider!r}. Allowed: {', '.join(KEYS)}.")
        if not self.model and self.provider == "google":
            self.model = CURRENT[0]
        if not self.model.strip():
            raise ValueError(
                "a server of OpenAI's protocol needs the name of a model. Remedy: name one that it has, such "
                "as --option model=Qwen/Qwen3-VL-8B-Instruct; its address …/v1/models lists them."
            )
        if self.provider == "google":
            check_gemini(self.model, date.today())
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens is {self.max_tokens}; it must be at least 1.")
        if not 0 <= self.temperature <= 2:
            raise ValueError(f"temperature is {self.temperature}; it must be between 0 and 2.")
        named = (self.key_variable,) if self.key_variable else ()
        self._client = RememberingModel(
            retry=self.retry,
            provider=self.provider,
            model=self.model,
            base_url=self.base_url,
            # the provider's own key never goes to another server: there, the variable has to be named
            key_variables=named or (() if self.base_url else KEYS[self.provider]),
            sampling=self.list_sampling(),
            **{each.name: getattr(self, each.name) for each in fields(CallOptions)},
        )

    def list_sampling(self) -> dict[str, Any]:
        """Give what decides an answer beside the question."""
        return {"temperature": self.temperature, "seed": self.seed, "max_tokens": self.max_tokens}

    @property
    def client(self) -> RememberingModel:
        """Give the client that sends."""
        return self._client


@dataclass(kw_only=True)
class Writer(ChatModel):
    """A language model that writes: as :class:`ChatModel`, with variety.

    Parameters
    ----------
    temperature : float
    """

    temperature: float = 1.0
