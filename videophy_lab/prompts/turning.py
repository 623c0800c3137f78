"""Turn what annotators found wrong into the rules that it breaks.

Annotators say what could not happen ("The ball passes through the wall."); a rule says what should ("The ball
stays on its side of the wall."). Only of a rule can be asked whether a video follows or violates it, so that
a text becomes one only through a model that turns it round, and people review what it writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from videophy_lab.llm import Request
from videophy_lab.prompts.asking import ask_all, describe_cost, take_answer, tell_source
from videophy_lab.prompts.caption_checks import check_form, tidy
from videophy_lab.prompts.chat import ChatModel
from videophy_lab.prompts.instructions import write_broken
from videophy_lab.prompts.laws import LAWS, settle_law
from videophy_lab.prompts.rules import Proposed, check_rule
from videophy_lab.prompts.words import find_stem, list_words

if TYPE_CHECKING:
    from videophy_lab.llm import Reply

MOST_RULES, LEAST_WORDS = 3, 2
OUTPUT_TOKENS = 150
REFUSED, NOT_ASKED, UNANSWERED = "refused", "not asked", "unanswered"
ARTICLES = ("a", "an", "the")
# a violation does not become a rule by one of these in front of its verb
MODALS = ("should", "must", "shall", "will", "would", "can")


class Broken(BaseModel):
    """The rules that a text says are broken."""

    rules: list[Proposed]
    reason: str = Field("", description="Why there is no rule, where there is none.")


@dataclass(frozen=True)
class Turned:
    """A rule that a text says is broken, or why there is none.

    Attributes
    ----------
    rule : str
        What the model wrote; may be there, for people to see, where it was refused.
    law : str or None
    law_is_listed : bool
    failed : str
        ``refused``, ``not asked`` or ``unanswered``; empty where the rule can be used.
    reason : str
        Why it failed.
    model, prompt_hash : str or None
        Where it came from.
    """

    rule: str = ""
    law: str | None = None
    law_is_listed: bool = False
    failed: str = ""
    reason: str = ""
    model: str | None = None
    prompt_hash: str | None = None


def turn_texts(
    texts: Sequence[str], chat: ChatModel | None, *, progress: bool = True
) -> dict[str, list[Turned]]:
    """Turn texts into the rules that they say are broken.

    Parameters
    ----------
    texts : sequence of str
        Each is asked about once, however often it is there.
    chat : ChatModel or None
        Without one, no text becomes a rule.

    Returns
    -------
    dict of text to list of Turned
        At least one for every text.

    Raises
    ------
    ImportError, ValueError, ProviderError
        As :func:`videophy_lab.prompts.asking.ask_all`.
    """
    turned = {text: check_text(text) for text in texts}
    asked = [text for text, refused in turned.items() if not refused]
    if chat is None:
        reason = "no model was asked to turn it into a rule"
        return turned | {text: [Turned(failed=NOT_ASKED, reason=reason)] for text in asked}
    requests = [make_request(text) for text in asked]
    replies = ask_all(chat, requests, what="turning violations into rules", progress=progress)
    for text, request, reply in zip(asked, requests, replies, strict=True):
        turned[text] = read_reply(text, chat, request, reply)
    return turned


def check_text(text: str) -> list[Turned]:
    """Refuse a text that cannot be turned; an empty list where it can be."""
    wrong = check_form(tidy(text), language="any")
    if wrong:
        return [Turned(failed=REFUSED, reason=wrong[1])]
    if len(list_words(text)) < LEAST_WORDS:
        return [Turned(failed=REFUSED, reason="it is a single word")]
    return []


def make_request(text: str) -> Request:
    """Ask which rules a text says are broken."""
    return Request((write_broken(tidy(text), LAWS, most=MOST_RULES),), Broken)


def read_reply(text: str, chat: ChatModel, request: Request, reply: Reply) -> list[Turned]:
    """Read the rules of an answer, and say which cannot be used."""
    answer = take_answer(reply, Broken)
    if answer is None:
        return [Turned(failed=UNANSWERED, reason=reply.reason)]
    if not answer.rules:
        why = " ".join(answer.reason.split()) or "no reason is given"
        return [Turned(failed=REFUSED, reason=f"the model sees no rule that is broken: {why}")]
    source = tell_source(chat, request, reply)
    turned = []
    for number, proposed in enumerate(answer.rules):
        rule = tidy(proposed.rule)
        reason = check_turned(rule, text) if number < MOST_RULES else f"more than {MOST_RULES} of one text"
        law, is_listed = settle_law(proposed)
        failed = REFUSED if reason else ""
        turned.append(Turned(rule, law, is_listed, failed, reason, source["model"], source["prompt_hash"]))
    return turned


def check_turned(rule: str, text: str) -> str:
    """Say why a rule cannot stand for what a text says is broken; empty where it can."""
    wrong = check_rule(rule, [])
    if wrong:
        return wrong[1]
    stems = [find_stem(word) for word in list_words(rule) if word not in ARTICLES + MODALS]
    if stems == [find_stem(word) for word in list_words(text) if word not in ARTICLES]:
        return "the model gave the violation back as the rule"
    return ""


def price_turning(texts: Sequence[str], chat: ChatModel | None) -> str:
    """Say what turning the texts into rules would cost; nothing is sent."""
    if chat is None:
        return "rewrites: no model is asked, and no text becomes a rule"
    requests = [make_request(text) for text in dict.fromkeys(texts) if not check_text(text)]
    cost = describe_cost(chat, requests, what="rewrites", output_tokens=OUTPUT_TOKENS)
    return f"{cost}\n(assumed: {chat.client.assumption})"
