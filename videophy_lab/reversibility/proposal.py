"""Let a language model propose what becomes of actions backwards, for a person to confirm."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from videophy_lab.building import build_item, list_fields
from videophy_lab.llm import Request
from videophy_lab.prompts.asking import ask_all, describe_cost, take_answer, tell_source
from videophy_lab.prompts.chat import ChatModel
from videophy_lab.reversibility.labels import list_actions, make_key
from videophy_lab.reversibility.sheet import (
    COUNTS,
    list_rows,
    make_sheet,
    read_sheet,
    settle_sheet,
    write_sheet,
)

if TYPE_CHECKING:
    import pandas as pd

OUTPUT_TOKENS = 60
QUESTION = """A video shows one action: {action}

Imagine the video played backwards, and say what a careful viewer would see.
- equivariant: something else that could really happen (opening a drawer becomes closing it)
- invariant: the same action, as it could really happen (a swing swings)
- irreversible: something that nature does not do (a glass mends itself, water leaps into a jug, a ball \
bounces higher each time)

Judge the action as it usually goes, with everything that happens in it. Where one part of it cannot happen \
backwards, it is irreversible. Give the reason first, in one sentence about what would be seen."""


class Proposal(BaseModel):
    """What the model answers."""

    reason: str = Field(description="One sentence: what would be seen backwards.", max_length=500)
    label: Literal["equivariant", "invariant", "irreversible"]


def build_chat(options: Mapping[str, Any] | None = None) -> ChatModel:
    """Make the language model of its options, such as ``{"provider": "openai", "model": "…"}``.

    Raises
    ------
    ValueError
        An unknown option, naming the close ones, or one that is not of its kind.
    """
    known = list_fields(ChatModel)
    for name in options or {}:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=2, cutoff=0.6)
            hint = f"Did you mean {' or '.join(close)}? " if close else ""
            raise ValueError(f"the language model has no option {name!r}. {hint}Allowed: {', '.join(known)}.")
    chat: ChatModel = build_item("model", ChatModel, options or {})
    return chat


def make_requests(actions: list[str]) -> list[Request]:
    """Make a question about each action."""
    return [Request((QUESTION.format(action=action),), Proposal) for action in actions]


def describe_proposal(prompts: pd.DataFrame, chat: ChatModel) -> str:
    """Say on a line what :func:`propose_labels` would ask and cost; nothing is sent."""
    requests = make_requests(list_actions(prompts))
    return describe_cost(chat, requests, what="reversibility", output_tokens=OUTPUT_TOKENS)


def propose_labels(
    prompts: pd.DataFrame,
    chat: ChatModel,
    *,
    out: str | Path | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Let a language model label the distinct actions of prompts, and write the file that people confirm.

    People's answers are written into ``confirmed`` by :func:`videophy_lab.reversibility.confirm_labels`; by
    hand works too. :func:`videophy_lab.reversibility.load_labels` reads the file. What the model answered is
    kept, so that nothing is asked or paid for twice.

    Parameters
    ----------
    prompts : DataFrame
        With ``action``.
    chat : ChatModel
    out : path, optional
        CSV file. What people have said in one that is there already is kept, also of other actions.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    DataFrame
        The file's ``action, proposed, confirmed, reason, n_irreversible, n_equivariant, n_invariant,
        n_cannot_tell, model, prompt_hash, status, error``, and what counts of it, ``label, origin``.
        ``proposed`` is blank where the model gave none, with the reason in ``error``.

    Raises
    ------
    TableError
        The prompts have no actions.
    ImportError, ValueError, ProviderError
        No library, no key, or one that is wrong.
    """
    actions = list_actions(prompts)
    requests = make_requests(actions)
    sheet = read_sheet(Path(out) if out is not None else None)
    said = sheet[["confirmed", *COUNTS.values()]].notna().any(axis="columns")
    kept = list_rows(sheet[said])
    replies = ask_all(chat, requests, what="reversibility", progress=progress)
    rows: list[dict[str, Any]] = []
    for action, request, reply in zip(actions, requests, replies, strict=True):
        answer = take_answer(reply, Proposal)
        words = {"proposed": answer.label if answer else None, "reason": answer.reason if answer else None}
        row = kept.pop(make_key(action), {}) | {"action": action} | words
        rows.append(row | tell_source(chat, request, reply))
    table = make_sheet([*rows, *kept.values()], sheet)
    if out is not None:
        write_sheet(table, Path(out))
    return settle_sheet(table)
