"""Write captions of actions: so many each, each checked, and every one that fails listed with its reason."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from videophy_lab.llm import Request
from videophy_lab.prompts.actions import check_actions
from videophy_lab.prompts.asking import describe_cost
from videophy_lab.prompts.caption_drafts import (
    Checks,
    Desk,
    Draft,
    Terms,
    ask_checks,
    check_drafts,
    draft_captions,
    make_desks,
    make_request,
)
from videophy_lab.prompts.chat import ChatModel
from videophy_lab.prompts.instructions import write_caption_check
from videophy_lab.schema import check_table, make_prompt_id

if TYPE_CHECKING:
    import pandas as pd

OUTPUT_TOKENS_A_CAPTION = 60
COLUMNS = ("prompt_id", "caption", "action", "category", "subject", "round", "model", "prompt_hash")
FAILURE_COLUMNS = ("action", "caption", "check", "reason", "round", "model", "prompt_hash")


@dataclass(frozen=True)
class Written:
    """What came of writing.

    Attributes
    ----------
    prompts : DataFrame
        A prompts table with ``subject``, ``round`` (0 for those that were there), ``model``, ``prompt_hash``.
    failures : DataFrame
        ``action, caption, check, reason, round, model, prompt_hash``: every caption that was refused, every
        answer that could not be read, and every action that has too few captions (check ``short``).
    """

    prompts: pd.DataFrame
    failures: pd.DataFrame


def write_all_captions(
    actions: pd.DataFrame,
    writer: ChatModel,
    checker: ChatModel,
    *,
    existing: pd.DataFrame | None = None,
    terms: Terms | None = None,
    tokenizer: Any | None = None,
    progress: bool = True,
) -> Written:
    """Write captions until every action has enough, or the rounds are over.

    In each round the captions that are there are shown, so that others are written. What is written must pass
    checks of form, length, language, abstract words, repetition, near repetition and variety of subjects, and
    then another model's look at what a camera could not see.

    Parameters
    ----------
    actions : DataFrame
        ``action``, and ``category`` where it is known.
    writer, checker : ChatModel
    existing : DataFrame, optional
        A prompts table with ``action``: these count, are shown, and stay as they are.
    terms : Terms, optional
    tokenizer : CLIPTokenizer, optional
        Of :func:`videophy_lab.prompts.tokens.load_tokenizer`: a caption above 77 tokens is refused.

    Raises
    ------
    ValueError, ImportError, ProviderError
        As :func:`videophy_lab.prompts.asking.ask_all`; what was answered is kept, and not asked again.
    """
    terms = terms or Terms()
    desks = make_desks(check_actions(actions), existing)
    failed: list[tuple[int, Draft]] = []
    for turn in range(1, terms.rounds + 1):
        open_desks = [desk for desk in desks if len(desk.shelf.captions) < terms.per_action]
        drafts = draft_captions(open_desks, writer, turn, terms, progress=progress)
        check_drafts(open_desks, drafts, terms, tokenizer)
        ask_checks([draft for draft in drafts if not draft.check], checker, turn, terms, progress=progress)
        by_action = {desk.action: desk for desk in open_desks}
        for draft in drafts:
            desk = by_action[draft.action]
            if not draft.check:
                desk.kept.append(draft)
                continue
            desk.refuse(draft)
            if draft.check != "spare":
                failed.append((turn, draft))
    return join_written(desks, existing, failed, terms)


def join_written(
    desks: Sequence[Desk],
    existing: pd.DataFrame | None,
    failed: Sequence[tuple[int, Draft]],
    terms: Terms,
) -> Written:
    """Make the tables."""
    import pandas as pd

    rows = []
    for desk in desks:
        for draft in desk.kept:
            source = {name: draft.source[name] for name in ("round", "model", "prompt_hash")}
            told = {"action": desk.action, "subject": draft.subject or None, **desk.facts, **source}
            rows.append({"prompt_id": make_prompt_id(draft.caption), "caption": draft.caption, **told})
    new = pd.DataFrame(rows, columns=list(COLUMNS))
    before = existing.assign(round=existing.get("round", 0)) if existing is not None else None
    prompts = new if before is None else pd.concat([before, new], ignore_index=True)
    listed: list[dict[str, Any]] = [
        {
            "action": draft.action,
            "caption": draft.caption or None,
            "check": draft.check,
            "reason": draft.reason,
        }
        | {"round": turn, "model": draft.source["model"], "prompt_hash": draft.source["prompt_hash"]}
        for turn, draft in failed
    ]
    for desk in desks:
        count = len(desk.shelf.captions)
        if count < terms.per_action:
            reason = f"{count} of {terms.per_action} captions after {terms.rounds} rounds"
            listed.append({"action": desk.action, "check": "short", "reason": reason, "round": terms.rounds})
    failures = pd.DataFrame(listed, columns=list(FAILURE_COLUMNS))
    return Written(check_table(prompts, "prompts", source="the captions"), failures)


def price_captions(
    actions: pd.DataFrame,
    writer: ChatModel,
    checker: ChatModel,
    *,
    existing: pd.DataFrame | None = None,
    terms: Terms | None = None,
) -> str:
    """Say what a first round of captions would cost; nothing is sent."""
    terms = terms or Terms()
    desks = [
        desk
        for desk in make_desks(check_actions(actions), existing)
        if len(desk.shelf.captions) < terms.per_action
    ]
    missing = [terms.per_action - len(desk.shelf.captions) for desk in desks]
    requests = [make_request(desk, count, 1, terms) for desk, count in zip(desks, missing, strict=True)]
    mean = math.ceil(sum(missing) / max(1, len(missing))) * OUTPUT_TOKENS_A_CAPTION
    # a stand-in as long as a caption, so that the length of the question is right
    stand_in = "w" * 4 * OUTPUT_TOKENS_A_CAPTION
    checks = [
        Request((write_caption_check(desk.action, [stand_in] * count, language=terms.language),), Checks)
        for desk, count in zip(desks, missing, strict=True)
    ]
    return "\n".join(
        [
            describe_cost(writer, requests, what="captions, first round", output_tokens=mean),
            describe_cost(checker, checks, what="checks of these", output_tokens=mean),
            "(further rounds ask for what was refused: as much again at most, each; assumed: "
            f"{OUTPUT_TOKENS_A_CAPTION} tokens a caption or check, {writer.client.assumption})",
        ]
    )
