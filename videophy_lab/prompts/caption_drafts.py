"""Drafts of captions: what models write and say of them, and the checks that each must pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from videophy_lab.llm import Request
from videophy_lab.prompts.actions import make_key
from videophy_lab.prompts.asking import ask_all, take_answer, tell_source
from videophy_lab.prompts.caption_checks import ENGLISH, CaptionLimits, Shelf, check_caption, tidy
from videophy_lab.prompts.chat import ChatModel
from videophy_lab.prompts.instructions import PROBLEMS, write_caption_check, write_captions
from videophy_lab.prompts.tokens import count_tokens
from videophy_lab.schema import check_table

if TYPE_CHECKING:
    import pandas as pd


UNSHOWN = ("empty", "talk", "markup", "spare", "model: unchecked")
MOST_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is asked for.

    Attributes
    ----------
    per_action : int
        Captions of an action; the benchmark has 20.
    rounds : int
        Most times that an action is written for.
    limits : CaptionLimits
    language : str
        In which the captions are written; the checks of single words are for English.
    """

    per_action: int = 20
    rounds: int = 3
    limits: CaptionLimits = field(default_factory=CaptionLimits)
    language: str = ENGLISH

    def __post_init__(self) -> None:
        for name in ("per_action", "rounds"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1.")


class Line(BaseModel):
    """A caption and who acts in it."""

    subject: str = Field(description="Who or what acts, in one to four words of the caption.")
    caption: str


class Captions(BaseModel):
    """What a model wrote for an action; however many there are, each is looked at."""

    captions: list[Line]


class Check(BaseModel):
    """What a model finds wrong with a caption."""

    number: int
    problem: Literal[
        "none",
        "action_missing",
        "not_visible",
        "emotion_or_abstraction",
        "no_interaction",
        "other_language",
        "not_a_caption",
    ]
    reason: str


class Checks(BaseModel):
    """What it finds wrong with those of an action."""

    checks: list[Check]


@dataclass
class Draft:
    """A caption on its way: who wrote it, and what is wrong with it."""

    action: str
    caption: str
    subject: str
    source: Mapping[str, Any]
    check: str = ""
    reason: str = ""


@dataclass
class Desk:
    """The work on one action.

    Attributes
    ----------
    action : str
    facts : mapping
        Further columns of the action.
    shelf : Shelf
    kept : list of Draft
    refused : list of str
        Captions of sound form that were refused, to be shown with their reasons.
    """

    action: str
    facts: Mapping[str, Any]
    shelf: Shelf
    kept: list[Draft] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def refuse(self, draft: Draft) -> None:
        """Take note of a draft that was refused; what talks or is empty is never shown again."""
        if draft.check.startswith("model: "):
            self.shelf.take(draft.caption, draft.subject)
        if draft.caption and draft.check not in UNSHOWN:
            self.refused.append(f"{draft.caption} ({draft.check})")


def make_desks(actions: pd.DataFrame, existing: pd.DataFrame | None) -> list[Desk]:
    """Put the captions that are there before each action."""
    everywhere: set[str] = set()
    desks = {}
    for row in actions.to_dict("records"):
        category = row.get("category")
        facts = {"category": category if isinstance(category, str) and category else None}
        shelf = Shelf(everywhere=everywhere)
        desks[make_key(row["action"])] = Desk(row["action"], facts, shelf)
    if existing is not None:
        rows = check_table(existing, "prompts").dropna(subset=["caption"]).to_dict("records")
        for row in rows:
            action, subject = row.get("action"), row.get("subject")
            desk = desks.get(make_key(action)) if isinstance(action, str) else None
            shelf = desk.shelf if desk else Shelf(everywhere=everywhere)
            shelf.put(row["caption"], subject if isinstance(subject, str) else "")
    return list(desks.values())


def make_request(desk: Desk, n_missing: int, turn: int, terms: Terms) -> Request:
    """Ask for the captions that an action lacks."""
    text = write_captions(
        desk.action,
        n_missing,
        desk.shelf.captions,
        refused=desk.refused[-MOST_SHOWN:],
        language=terms.language,
        least=terms.limits.least_words,
        most=terms.limits.most_words,
    )
    return Request((text,), Captions, turn - 1)


def draft_captions(
    desks: Sequence[Desk],
    writer: ChatModel,
    turn: int,
    terms: Terms,
    *,
    progress: bool,
) -> list[Draft]:
    """Let a model write what is missing; an answer that cannot be read is a draft with that reason."""
    requests = [
        make_request(desk, terms.per_action - len(desk.shelf.captions), turn, terms) for desk in desks
    ]
    replies = ask_all(writer, requests, what=f"writing captions, round {turn}", progress=progress)
    drafts = []
    for desk, request, reply in zip(desks, requests, replies, strict=True):
        source = tell_source(writer, request, reply) | {"round": turn}
        answer = take_answer(reply, Captions)
        if answer is None:
            drafts.append(Draft(desk.action, "", "", source, str(source["status"]), reply.reason))
            continue
        lines = [(tidy(line.caption), tidy(line.subject)) for line in answer.captions]
        drafts += [Draft(desk.action, caption, subject, source) for caption, subject in lines]
        if not lines:
            drafts.append(Draft(desk.action, "", "", source, "empty", "the answer has no captions"))
    return drafts


def check_drafts(
    desks: Sequence[Desk],
    drafts: Iterable[Draft],
    terms: Terms,
    tokenizer: Any | None,
) -> None:
    """Check drafts in their order, each beside those before it; what passes is put on its action's shelf."""
    shelves = {desk.action: desk.shelf for desk in desks}
    for draft in drafts:
        shelf = shelves[draft.action]
        if draft.check:
            continue
        if len(shelf.captions) >= terms.per_action:
            draft.check, draft.reason = "spare", "there are enough"
            continue
        wrong = check_caption(draft.caption, draft.subject, shelf, terms.limits, language=terms.language)
        if wrong is None and tokenizer is not None:
            (count,) = count_tokens([draft.caption], tokenizer)
            if count > terms.limits.most_tokens:
                wrong = "tokens", f"{count} tokens; allowed: {terms.limits.most_tokens}"
        if wrong is not None:
            draft.check, draft.reason = wrong
        else:
            shelf.put(draft.caption, draft.subject)


def ask_checks(
    drafts: Sequence[Draft], checker: ChatModel, turn: int, terms: Terms, *, progress: bool
) -> None:
    """Let a model look at drafts; what it says nothing about does not pass."""
    groups: dict[str, list[Draft]] = {}
    for draft in drafts:
        groups.setdefault(draft.action, []).append(draft)
    requests = [
        Request(
            (write_caption_check(action, [each.caption for each in group], language=terms.language),), Checks
        )
        for action, group in groups.items()
    ]
    replies = ask_all(checker, requests, what=f"checking captions, round {turn}", progress=progress)
    for group, reply in zip(groups.values(), replies, strict=True):
        answer = take_answer(reply, Checks)
        found: dict[int, Check] = {}
        for check in answer.checks if answer is not None else ():
            # of two verdicts on one caption the worse counts
            if check.number not in found or check.problem != "none":
                found[check.number] = check
        for number, draft in enumerate(group, start=1):
            if number not in found:
                reason = reply.reason or "the check said nothing about it"
                draft.check, draft.reason = "model: unchecked", reason
            elif found[number].problem != "none":
                problem = found[number].problem
                said = " ".join(found[number].reason.split())
                draft.check, draft.reason = f"model: {problem}", f"{PROBLEMS[problem]} ({said})"
