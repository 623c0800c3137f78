"""What the judges at a provider share: the order of work, the price in advance, the options of calls."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.judges.base import Answer, Question, Scorer, ScorerStoppedError, failed
from videophy_lab.judges.remote_questions import ANSWERS, Rating, Verdict, describe_questions, write_question
from videophy_lab.llm import (
    FAILED,
    CallOptions,
    LanguageModel,
    Media,
    ProviderError,
    Reply,
    Request,
    Usage,
    check_variable,
)
from videophy_lab.video import VideoError, probe_video

if TYPE_CHECKING:
    from videophy_lab.video import Clip, VideoInfo

EXTRA = "remote"
LICENCE = "the provider's terms; videos leave this machine"


@dataclass(kw_only=True)
class RemoteJudge(CallOptions, Scorer):
    """A judge that is asked over the network.

    It has the options of :class:`CallOptions`, and these.

    Parameters
    ----------
    model : str
        Name at the provider.
    base_url : str
        Address of another server that speaks the provider's protocol; the provider's own when empty.
    key_variable : str
        Environment variable that holds the key. The key itself is never an option.
    temperature : float
    seed : int
    max_tokens : int
        Most tokens of an answer, the thoughts before it included.
    batch_size : int
        Videos that are handed over at once.
    """

    model: str = ""
    base_url: str = ""
    key_variable: str = ""
    temperature: float = 0.0
    seed: int = 0
    max_tokens: int = 8192
    batch_size: int = 32
    _client: LanguageModel = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_variable(self.key_variable)
        for name in ("batch_size", "max_tokens"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1.")
        if not 0 <= self.temperature <= 2:
            raise ValueError(f"temperature is {self.temperature}; it must be between 0 and 2.")
        self._client = self.make_client()
        self.base_url = self._client.base_url

    @abstractmethod
    def make_client(self) -> LanguageModel:
        """Make the client of the provider."""

    @abstractmethod
    def describe_media(self) -> Mapping[str, Any]:
        """Say what the model sees of a video."""

    @abstractmethod
    def attach_video(self, info: VideoInfo, clip: Clip | None) -> tuple[str | Media, ...]:
        """Give what the model sees of a video; without the clip, only to be named."""

    @abstractmethod
    def estimate_video(self, info: VideoInfo) -> int:
        """Estimate the tokens of a video."""

    @property
    @abstractmethod
    def assumption(self) -> str:
        """Say how the tokens of a video are estimated."""

    def fill_client(self, provider: str, own_variables: tuple[str, ...], **options: Any) -> LanguageModel:
        """Make the client of a provider with the options of calls.

        The provider's own key never goes to another server: there, the variable has to be named.
        """
        named = (self.key_variable,) if self.key_variable else ()
        sampling = {"temperature": self.temperature, "seed": self.seed, "max_tokens": self.max_tokens}
        return LanguageModel(
            provider=provider,
            model=self.model,
            base_url=self.base_url,
            key_variables=named or (() if self.base_url else own_variables),
            sampling=sampling | options.pop("sampling", {}),
            **{field.name: getattr(self, field.name) for field in fields(CallOptions)},
            **options,
        )

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a score; neither the network nor a key is needed."""
        return {
            "scorer": self.card.name,
            **self._client.describe(),
            "video": dict(self.describe_media()),
            "templates": describe_questions(),
        }

    def prepare(self) -> None:
        """Look for the libraries and for the key.

        Raises
        ------
        ImportError
            The extra ``remote`` is not installed.
        ValueError
            There is no key; the variable to export is named.
        """
        self._client.prepare()

    def make_request(self, question: Question, video: tuple[str | Media, ...]) -> Request:
        """Put a question behind what the model sees of its video.

        Raises
        ------
        ValueError
            As :func:`videophy_lab.judges.remote_questions.write_question`.
        """
        answer = ANSWERS.get(question.task, ANSWERS["sa"])
        return Request((*video, write_question(question)), answer, question.repeat)

    def score(self, clips: Sequence[Clip], questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
        """Answer, for each clip, its questions, as many at once as is allowed.

        A question that cannot be asked or whose call fails is ``failed`` with the reason, one whose answer
        cannot be read or was refused is ``unscored``; neither takes another with it.

        Raises
        ------
        ScorerStoppedError
            The key, the model or the address is wrong, the account is used up, or no server is there.
        """
        found: dict[tuple[int, int], Answer] = {}
        requests: dict[tuple[int, int], Request] = {}
        for place, (clip, about) in enumerate(zip(clips, questions, strict=True)):
            video = self.attach_video(clip.info, clip)
            for number, question in enumerate(about):
                try:
                    requests[place, number] = self.make_request(question, video)
                except ValueError as error:
                    found[place, number] = failed(str(error))
        try:
            replies = self._client.ask(list(requests.values()))
        except ProviderError as error:
            raise ScorerStoppedError(f"{self.card.name}: {error}") from None
        found |= {key: read_reply(reply) for key, reply in zip(requests, replies, strict=True)}
        return [
            [found[place, number] for number in range(len(about))] for place, about in enumerate(questions)
        ]

    def describe_cost(self, asked: Sequence[tuple[Path, Sequence[Question]]]) -> str:
        """Say what it would cost to ask these questions about these files, with the assumptions."""
        usages: list[Usage] = []
        known = unaskable = 0
        for path, questions in asked:
            try:
                info = probe_video(path)
                video = self.attach_video(info, None)
            except VideoError:
                unaskable += len(questions)
                continue
            for question in questions:
                try:
                    request = self.make_request(question, video)
                except ValueError:
                    unaskable += 1
                    continue
                if self._client.find_known(request) is not None:
                    known += 1
                    continue
                usages.append(self._client.estimate(request, media_tokens=self.estimate_video(info)))
        return self.write_cost(usages, known, unaskable)

    def write_cost(self, usages: Sequence[Usage], known: int, unaskable: int) -> str:
        """Write the price of a job on a line."""
        tokens_in = sum(usage.input_tokens for usage in usages)
        tokens_out = sum(usage.output_tokens for usage in usages)
        dollars = self._client.price_all(usages)
        price = f"about ${dollars:.2f}" if math.isfinite(dollars) else "price not known (option price=in,out)"
        notes = f"; {known} answers are in the cache, 0 to pay" if known else ""
        notes += f"; {unaskable} cannot be asked" if unaskable else ""
        return (
            f"{len(usages)} calls of {self.model}, about {tokens_in} tokens in and {tokens_out} out: {price}"
            f"{notes} (assumed: {self.assumption}; {self._client.assumption})"
        )


def read_reply(reply: Reply) -> Answer:
    """Turn a reply into an answer: what a model did not say is never a score."""
    if isinstance(reply.answer, Rating | Verdict):
        return Answer(score=float(reply.answer.score), answer=reply.text, cost=reply.cost)
    status = "failed" if reply.status == FAILED else "unscored"
    return Answer(status=status, answer=reply.text, error=reply.reason, cost=reply.cost)
