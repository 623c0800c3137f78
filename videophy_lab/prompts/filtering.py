"""Narrow a list of actions to those whose physics can be seen, and find those that are the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from videophy_lab.llm import Request
from videophy_lab.prompts.actions import check_actions
from videophy_lab.prompts.asking import ask_all, describe_cost, take_answer, tell_source
from videophy_lab.prompts.chat import ChatModel
from videophy_lab.prompts.instructions import KEPT, write_duplicates, write_filter
from videophy_lab.schema.decisions import DROP, KEEP, MERGE, UNDECIDED
from videophy_lab.schema.groups import Groups

if TYPE_CHECKING:
    import pandas as pd

# of actions of which duplicates are looked for in one message; longer lists go block by block
BLOCK = 300
OUTPUT_TOKENS = {"filter": 300, "duplicates": 4000}
SOURCE = ("model", "prompt_hash", "status", "error")


class Verdict(BaseModel):
    """What a model says of an action; whether it stays follows from the criterion."""

    reason: str = Field(description="One short sentence about what can be seen to move or change.")
    criterion: Literal["visible_physics", "low_motion", "no_visible_physics", "unclear"]
    category: Literal["physical_activity", "object_interaction"]


class Same(BaseModel):
    """Two actions that are one."""

    keep: int = Field(description="The number of the clearer name.")
    same: int = Field(description="The number of the other one.")
    reason: str


class Duplicates(BaseModel):
    """All pairs in a list."""

    pairs: list[Same]


def make_requests(actions: Sequence[str]) -> list[Request]:
    """Ask for a verdict on each action, by itself: no verdict hangs on what stands beside it."""
    return [Request((write_filter(action),), Verdict) for action in actions]


def filter_actions(actions: pd.DataFrame, chat: ChatModel, *, progress: bool = True) -> pd.DataFrame:
    """Decide for every action whether it belongs into the benchmark.

    The criteria are those that the benchmark states: the action's physics must be visible, and what hardly
    moves is left out. They are proposals, for people to review (:mod:`videophy_lab.prompts.review`).

    Parameters
    ----------
    actions : DataFrame
        ``action``; other columns are kept.
    chat : ChatModel

    Returns
    -------
    DataFrame
        A row an action, with ``decision`` (``keep``, ``drop``; ``merge`` for one that is another's duplicate;
        ``undecided`` where the model gave no answer), ``criterion``, ``reason``, ``duplicate_of``,
        ``category`` (the table's own where it has one), ``model``, ``prompt_hash`` (which names the question
        in the folder of answers), ``status`` and ``error``.

    Raises
    ------
    ValueError, ImportError, ProviderError
        As :func:`videophy_lab.prompts.asking.ask_all`.
    """
    checked = check_actions(actions)
    requests = make_requests(checked["action"].tolist())
    replies = ask_all(chat, requests, what="filtering actions", progress=progress)
    rows: list[dict[str, Any]] = []
    for request, reply in zip(requests, replies, strict=True):
        verdict = take_answer(reply, Verdict)
        told: dict[str, Any] = {
            "decision": UNDECIDED,
            "criterion": None,
            "reason": None,
            "told_category": None,
        }
        if verdict is not None:
            told = {
                "decision": KEEP if verdict.criterion == KEPT else DROP,
                "criterion": verdict.criterion,
                "reason": " ".join(verdict.reason.split()),
                "told_category": verdict.category,
            }
        rows.append(told | {"duplicate_of": None} | tell_source(chat, request, reply))
    return propose_duplicates(join_rows(checked, rows), chat, progress=progress)


def join_rows(actions: pd.DataFrame, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Put verdicts beside their actions; an earlier run's are replaced."""
    import pandas as pd

    columns = ["decision", "criterion", "reason", "duplicate_of", *SOURCE]
    told = pd.DataFrame(rows, columns=[*columns, "told_category"])
    own = actions.drop(columns=[name for name in columns if name in actions.columns])
    category = own["category"] if "category" in own.columns else told["told_category"]
    table = own.assign(category=category.fillna(told["told_category"]))
    return pd.concat([table, told[columns].astype("str")], axis=1)


def find_blocks(count: int, size: int = BLOCK) -> Iterator[list[int]]:
    """Give places of a list in blocks such that every two of them stand in a block together."""
    blocks = [list(range(start, min(start + size, count))) for start in range(0, count, size)]
    if len(blocks) == 1:
        yield blocks[0]
    for number, first in enumerate(blocks):
        for second in blocks[number + 1 :]:
            yield first + second


def ask_duplicates(actions: Sequence[str]) -> list[tuple[list[int], Request]]:
    """Ask for duplicates, so that any two actions are seen together; nothing is asked of fewer than two."""
    if len(actions) < 2:
        return []
    return [
        (block, Request((write_duplicates([actions[place] for place in block]),), Duplicates))
        for block in find_blocks(len(actions))
    ]


def propose_duplicates(decisions: pd.DataFrame, chat: ChatModel, *, progress: bool = True) -> pd.DataFrame:
    """Mark actions that are another's near duplicate as ``merge``, with ``duplicate_of``.

    Only actions that are kept are looked at. Numbers that a model makes up count for nothing.
    """
    kept = decisions.index[decisions["decision"].eq(KEEP)]
    names = decisions.loc[kept, "action"].tolist()
    asked = ask_duplicates(names)
    replies = ask_all(chat, [request for _, request in asked], what="finding duplicates", progress=progress)
    groups: Groups[int] = Groups()
    told: dict[int, dict[str, Any]] = {}
    for (block, request), reply in zip(asked, replies, strict=True):
        answer = take_answer(reply, Duplicates)
        for pair in answer.pairs if answer is not None else ():
            if not (1 <= pair.keep <= len(block) and 1 <= pair.same <= len(block)):
                continue
            keep, same = (groups.find(block[number - 1]) for number in (pair.keep, pair.same))
            if keep != same:
                groups.tie(keep, same)
                source = tell_source(chat, request, reply)
                told[same] = {"reason": " ".join(pair.reason.split()), **source}
    table = decisions.copy()
    for same, cells in told.items():
        row = kept[same]
        table.loc[row, ["decision", "duplicate_of"]] = [MERGE, names[groups.find(same)]]
        for name in ("reason", "prompt_hash", "model"):
            table.loc[row, name] = cells[name]
    silent = [reply.reason for reply in replies if reply.answer is None]
    table.attrs["notes"] = [f"duplicates were not looked for everywhere: {reason}" for reason in silent]
    return table


def price_filter(actions: pd.DataFrame, chat: ChatModel) -> str:
    """Say what filtering would cost; nothing is sent."""
    names = check_actions(actions)["action"].tolist()
    lines = [
        describe_cost(chat, make_requests(names), what="verdicts", output_tokens=OUTPUT_TOKENS["filter"]),
        describe_cost(
            chat,
            [request for _, request in ask_duplicates(names)],
            what="duplicates",
            output_tokens=OUTPUT_TOKENS["duplicates"],
            note="as if every action were kept",
        ),
        f"(assumed: {chat.client.assumption})",
    ]
    return "\n".join(lines)
