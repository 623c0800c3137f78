"""Whether a lengthened caption still means what the caption says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from videophy_lab.llm import Request
from videophy_lab.prompts.asking import ask_all, take_answer
from videophy_lab.prompts.caption_checks import ENGLISH, check_form, find_abstract
from videophy_lab.prompts.chat import ChatModel
from videophy_lab.prompts.instructions import write_entailment
from videophy_lab.prompts.words import NEGATIONS, NUMBERS, SMALL, find_stem, list_stems, list_words

Wrong = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class UpsamplingLimits:
    """What a lengthened caption must keep to.

    Attributes
    ----------
    least_growth : float
        Words, as a multiple of the caption's.
    most_words : int
    least_kept : float
        Share of the caption's content words (their stems) that must be in it.
    """

    least_growth: float = 1.5
    most_words: int = 200
    least_kept: float = 0.6

    def __post_init__(self) -> None:
        if not 0 <= self.least_kept <= 1:
            raise ValueError(f"least_kept is {self.least_kept}; it must be between 0 and 1.")
        if self.least_growth < 1 or self.most_words < 1:
            raise ValueError(
                f"least_growth is {self.least_growth} and most_words {self.most_words}; both must be at "
                "least 1."
            )


class Entailment(BaseModel):
    """What one description says about another."""

    verdict: Literal["entailed", "compatible", "changed"]
    reason: str


def check_words(
    caption: str,
    upsampled: str,
    limits: UpsamplingLimits,
    *,
    subject: str = "",
    action: str = "",
    language: str = ENGLISH,
) -> Wrong | None:
    """Say what is plainly wrong with a lengthened caption: a check and a reason; None when nothing is.

    The subject must be there, a word of the action that the caption has too (its verb), numbers, negations,
    and most of the content words.
    """
    wrong = check_form(upsampled, language=language)
    if wrong:
        return wrong
    words, before = list_words(upsampled), list_words(caption)
    if len(words) > limits.most_words:
        return "length", f"{len(words)} words; allowed: {limits.most_words}"
    if len(words) < limits.least_growth * len(before):
        return "length", f"{len(words)} words, and the caption has {len(before)}: it says hardly more"
    if language != ENGLISH:
        return None
    abstract = find_abstract(upsampled)
    if abstract and not find_abstract(caption):
        return "abstraction", f"it says {abstract!r}"
    return find_lost(caption, upsampled, limits, subject=subject, action=action)


def find_lost(
    caption: str, upsampled: str, limits: UpsamplingLimits, *, subject: str, action: str
) -> Wrong | None:
    """Say which word of the caption did not survive; None where enough did."""
    present = {find_stem(word) for word in list_words(upsampled)}
    for word in list_words(caption):
        if (word in NUMBERS or word in NEGATIONS or word.isdigit()) and find_stem(word) not in present:
            return "lost words", f"{word!r} of the caption is not in it"
    actor = [find_stem(word) for word in list_words(subject) if word not in SMALL]
    if actor and actor[-1] in list_stems(caption) and actor[-1] not in present:
        return "lost subject", f"the subject {subject!r} is not in it"
    deed = list_stems(action) & list_stems(caption)
    if deed and not deed & present:
        return "lost action", f"no word of the action {action!r} is in it"
    content = list_stems(caption)
    kept = len(content & present) / len(content) if content else 1.0
    if kept < limits.least_kept:
        lost = ", ".join(sorted(content - present))
        return "lost words", f"{kept:.0%} of the caption's content words are in it; not: {lost}"
    return None


def make_checks(pairs: Sequence[tuple[str, str]]) -> list[Request]:
    """Ask, for each caption and lengthened caption, both ways."""
    texts = [way for caption, upsampled in pairs for way in ((upsampled, caption), (caption, upsampled))]
    return [Request((write_entailment(first, second),), Entailment) for first, second in texts]


def ask_meaning(
    pairs: Sequence[tuple[str, str]], checker: ChatModel, *, progress: bool = True
) -> list[Wrong | None]:
    """Ask a model, both ways, whether the meaning was kept.

    The long text must say everything that the caption says (``entailed``); the caption must leave open, and
    not contradict, what the long text adds (``compatible`` or ``entailed``). A model without an answer
    keeps nothing.
    """
    replies = ask_all(checker, make_checks(pairs), what="checking the meaning", progress=progress)
    found: list[Wrong | None] = []
    for number in range(len(pairs)):
        found.append(None)
        ways = (("lost meaning", ("entailed",)), ("changed meaning", ("entailed", "compatible")))
        for reply, (check, allowed) in zip(replies[2 * number : 2 * number + 2], ways, strict=True):
            answer = take_answer(reply, Entailment)
            if answer is None:
                found[number] = found[number] or ("unchecked", reply.reason)
            elif answer.verdict not in allowed:
                found[number] = found[number] or (check, " ".join(answer.reason.split()))
    return found
