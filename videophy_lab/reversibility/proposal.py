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
from videophy_lab.prompts.folder import write_rows
from videophy_lab.reversibility.labels import LLM, list_actions, load_labels, make_key

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
    """Let a language model label the distinct actions of prompts, and write the file that a person confirms.

    The person writes into ``confirmed`` what is right, and leaves blank what nobody has looked at;
    :func:`videophy_lab.reversibility.load_labels` reads the file. Answers are kept, so that nothing is asked
    or paid for twice.

    Parameters
    ----------
    prompts : DataFrame
        With ``action``.
    chat : ChatModel
    out : path, optional
        CSV file. What a person has confirmed in one that is there already is kept, also of other actions.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    DataFrame
        ``action, label, origin, reason, confirmed, model, prompt_hash, status, error``; a blank label where
        the model gave none, with the reason in ``error``.

    Raises
    ------
    TableError
        The prompts have no actions.
    ImportError, ValueError, ProviderError
        No library, no key, or one that is wrong.
    """
    import pandas as pd

    actions = list_actions(prompts)
    requests = make_requests(actions)
    kept = read_confirmed(Path(out)) if out is not None else {}
    replies = ask_all(chat, requests, what="reversibility", progress=progress)
    rows: list[dict[str, Any]] = []
    for action, request, reply in zip(actions, requests, replies, strict=True):
        answer = take_answer(reply, Proposal)
        words = (
            {"label": answer.label, "reason": answer.reason} if answer else {"label": None, "reason": None}
        )
        confirmed = kept.pop(make_key(action), (action, None))[1]
        rows.append(
            {"action": action, **words, "origin": LLM, "confirmed": confirmed}
            | tell_source(chat, request, reply)
        )
    rows += [{"action": action, "origin": LLM, "confirmed": label} for action, label in kept.values()]
    columns = ["action", "label", "origin", "reason", "confirmed", "model", "prompt_hash", "status", "error"]
    table = pd.DataFrame(rows, columns=columns)
    if out is not None:
        write_rows(table, Path(out).parent, Path(out).name)
    return table


def read_confirmed(path: Path) -> dict[str, tuple[str, str]]:
    """Read what a person has confirmed in an earlier file, by the action's key."""
    if not path.is_file():
        return {}
    labels = load_labels(path)
    mine = labels[labels["origin"].eq("confirmed")]
    return {
        make_key(action): (action, label) for action, label in zip(mine["action"], mine["label"], strict=True)
    }
