"""Ask a language model for captions in other words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from pydantic import BaseModel, Field, create_model

from videophy_lab.llm import CallOptions, LanguageModel, ProviderError, Reply, Request, check_variable
from videophy_lab.probes.captions import Wording, find_fault

KEYS = {"google": ("GEMINI_API_KEY", "GOOGLE_API_KEY"), "openai": ("OPENAI_API_KEY",)}
INSTRUCTION = (
    "Below is the caption that a video was made from. Say the same in other words, {count} times. Each "
    "version must ask for the same things, actions, numbers, places and order of events as the caption, add "
    "nothing and leave nothing out, and be about as long. Change words and the build of the sentence. The "
    "versions must differ from one another.\n\nCaption: {caption}"
)


@dataclass(kw_only=True)
class Paraphraser(CallOptions):
    """A language model that puts captions into other words.

    It has the options of :class:`videophy_lab.llm.CallOptions`, and these.

    Parameters
    ----------
    model : str
        Name at the provider.
    provider : {"google", "openai"}
        Whose protocol is spoken; ``openai`` for every server that speaks it.
    base_url : str
        Address of another server; the provider's own when empty.
    key_variable : str
        Environment variable that holds the key.
    temperature : float
    sampling_seed : int
    max_tokens : int
    """

    model: str
    provider: str = "openai"
    base_url: str = ""
    key_variable: str = ""
    temperature: float = 0.7
    sampling_seed: int = 0
    max_tokens: int = 4096
    _client: LanguageModel = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_variable(self.key_variable)
        if self.provider not in KEYS:
            raise ValueError(f"provider is {self.provider!r}. Allowed: {', '.join(KEYS)}.")
        if not self.model.strip():
            raise ValueError("the paraphraser needs a model. Remedy: -o paraphraser.model=NAME.")
        named = (self.key_variable,) if self.key_variable else ()
        # the provider's own key never goes to another server
        self._client = LanguageModel(
            provider=self.provider,
            model=self.model,
            base_url=self.base_url,
            key_variables=named or (() if self.base_url else KEYS[self.provider]),
            sampling={
                "temperature": self.temperature,
                "seed": self.sampling_seed,
                "max_tokens": self.max_tokens,
            },
            **{option.name: getattr(self, option.name) for option in fields(CallOptions)},
        )

    def paraphrase(self, captions: Sequence[str], *, count: int) -> list[list[Wording]]:
        """Give `count` wordings of each caption; those that could not be had have the reason.

        Raises
        ------
        ProviderError
            The key, the model or the address is wrong, the account is used up, or no server is there.
        ImportError, ValueError
            The extra ``remote`` is not installed; there is no key.
        """
        try:
            replies = self._client.ask([make_request(caption, count) for caption in captions])
        except ProviderError as error:
            raise ProviderError(f"paraphraser: {error}") from None
        return [read_reply(*pair, count) for pair in zip(captions, replies, strict=True)]

    def describe_cost(self, captions: Sequence[str], *, count: int) -> str:
        """Say what it would cost to paraphrase these captions, and how many are known."""
        requests = [make_request(caption, count) for caption in captions]
        asked = [request for request in requests if self._client.find_known(request) is None]
        dollars = self._client.price_all(
            [self._client.estimate(request, media_tokens=0) for request in asked]
        )
        price = f"about ${dollars:.2f}" if math.isfinite(dollars) else "price not known (option price=in,out)"
        known = len(requests) - len(asked)
        notes = f"; {known} captions are in the cache, 0 to pay" if known else ""
        return f"{len(asked)} calls of {self.model}: {price}{notes} (assumed: {self._client.assumption})"


def make_form(count: int) -> type[BaseModel]:
    """Make the form of an answer with so many versions."""
    versions = Field(min_length=count, max_length=count, description="The caption in other words.")
    return create_model("Versions", versions=(list[str], versions))


def make_request(caption: str, count: int) -> Request:
    """Ask for so many versions of a caption."""
    return Request((INSTRUCTION.format(count=count, caption=caption),), make_form(count))


def read_reply(caption: str, reply: Reply, count: int) -> list[Wording]:
    """Read the versions of a caption; one that repeats it, or another one, is none."""
    if reply.answer is None:
        return [Wording(error=f"no paraphrase: {reply.reason}")] * count
    found: list[Wording] = []
    texts: list[str] = []
    for version in reply.answer.model_dump()["versions"]:
        text = " ".join(version.split())
        fault = find_fault(caption, [*texts, text])
        found.append(Wording(error=f"no paraphrase: {fault}") if fault else Wording(text))
        texts += [] if fault else [text]
    return found
