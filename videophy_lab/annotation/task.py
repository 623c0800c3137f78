"""A task: which videos are shown with which questions. It is fixed, and can be written and read as JSON."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

from videophy_lab.annotation.questions import CAPTIONED, KINDS, MORE, PAIRS, PROBLEM, VALUES

Role = Literal["work", "qualification", "attention"]
ROLES: tuple[Role, ...] = ("work", "qualification", "attention")


class TaskError(ValueError):
    """A task cannot be made as it is asked for; the message has the remedy."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A video of a task; `path` never leaves this machine."""

    video_id: str
    prompt_id: str
    generator: str
    path: str
    caption: str = ""

    @property
    def key(self) -> str:
        """Name the video to a browser, which is not to know its generator."""
        return make_key(self.video_id)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A sentence about a video, and its law."""

    rule_id: str
    text: str
    law: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    """What is shown at once: a video, or two side by side, with one kind of question.

    Attributes
    ----------
    kind : {"pc", "sa", "rule", "pair_pc", "pair_sa"}
    videos : tuple of str
        One ``video_id``, or those of ``"a"`` and ``"b"`` of a pair.
    rules : tuple of Rule
        Of kind ``"rule"``: each is a question.
    role : {"work", "qualification", "attention"}
        Answers of the last two are known, and never become ratings.
    expected : mapping of question to value
        The known answers.
    tolerance : int
        How far an answer on 1–5 may be from the known one and still be right.
    note : str
        Said above the question, for example what to choose in an attention check.
    """

    item_id: str
    kind: str
    videos: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    role: Role = "work"
    expected: Mapping[str, int | str] = field(default_factory=dict)
    tolerance: int = 0
    note: str = ""

    @property
    def key(self) -> str:
        """Name the item to a browser."""
        return make_key(self.item_id)

    @property
    def questions(self) -> tuple[str, ...]:
        """Name the questions: the kind, or every rule."""
        return tuple(rule.rule_id for rule in self.rules) if self.kind == "rule" else (self.kind,)

    def is_right(self, question: str, value: object) -> bool:
        """Say whether an answer is the known one, or near enough."""
        known = self.expected[question]
        if isinstance(known, int) and isinstance(value, int) and self.kind in ("pc", "sa"):
            return abs(known - value) <= self.tolerance
        return value == known


@dataclass(frozen=True, kw_only=True)
class Task:
    """Everything that annotators do.

    Attributes
    ----------
    clips : tuple of Clip
    items : tuple of Item
        In no order: every annotator has an order of their own.
    pass_share : float
        Share of the qualification's answers that must be right.
    attention_every : int
        After about so many items comes one that says which answer to choose; 0 for none.
    block_size : int
        Videos in a block. In a block physics is judged before any caption is shown.
    """

    clips: tuple[Clip, ...]
    items: tuple[Item, ...]
    pass_share: float = 0.8
    attention_every: int = 50
    block_size: int = 20

    def __post_init__(self) -> None:
        known = {clip.video_id for clip in self.clips}
        for name, names in (
            ("video_id", [clip.video_id for clip in self.clips]),
            ("item_id", [item.item_id for item in self.items]),
        ):
            twice = [each for each, times in Counter(names).items() if times > 1]
            if twice:
                raise TaskError(f"{name} {twice[0]!r} comes twice in the task; allowed: once each")
        for item in self.items:
            check_item(item, known)
        if not 0 <= self.pass_share <= 1:
            raise TaskError(f"pass_share is {self.pass_share}; write it as a fraction, such as 0.8")
        if self.attention_every < 0 or self.block_size < 1:
            raise TaskError("attention_every must be 0 or more, block_size 1 or more")

    @cached_property
    def by_video(self) -> Mapping[str, Clip]:
        """Look up clips by ``video_id``."""
        return {clip.video_id: clip for clip in self.clips}

    @cached_property
    def by_key(self) -> Mapping[str, Clip]:
        """Look up clips by what a browser calls them."""
        return {clip.key: clip for clip in self.clips}

    @cached_property
    def task_id(self) -> str:
        """Name the task by a short hash of all that is asked; where the files lie is no part of it."""
        text = json.dumps([describe(item) for item in self.items], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def make_key(name: str) -> str:
    """Make a name that says nothing of another."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def check_item(item: Item, known: set[str]) -> None:
    """Check an item against the questions and the videos that there are."""
    needed = 2 if item.kind in PAIRS else 1
    faults = {
        f"its kind is {item.kind!r}; allowed: {', '.join(KINDS)}": item.kind not in KINDS,
        f"its role is {item.role!r}; allowed: {', '.join(ROLES)}": item.role not in ROLES,
        f"it has {len(item.videos)} videos; needed: {needed}": len(item.videos) != needed,
        "its video is not among the clips": not set(item.videos) <= known,
        "it has no rule": item.kind == "rule" and not item.rules,
        "it has a rule twice": len({rule.rule_id for rule in item.rules}) != len(item.rules),
        f"no rule may be called {MORE} or {PROBLEM}": bool({MORE, PROBLEM} & set(item.questions)),
    }
    fault = next((fault for fault, found in faults.items() if found), "")
    for question, value in item.expected.items():
        if question not in item.questions or value not in VALUES[item.kind]:
            fault = f"its known answer {value!r} to {question!r} is none of {VALUES[item.kind]}"
    if not fault and item.role != "work" and set(item.expected) != set(item.questions):
        fault = f"it is for {item.role}, so the answer to each of its questions must be known"
    if fault:
        raise TaskError(f"item {item.item_id!r}: {fault}")


def needs_caption(item: Item) -> bool:
    """Say whether an item shows the caption."""
    return item.kind in CAPTIONED


def describe(item: Item) -> dict[str, Any]:
    """Give an item as plain values."""
    return asdict(item)


def write_json(task: Task) -> str:
    """Write a task as JSON, known answers and paths included: it is for this machine, not for a browser."""
    return json.dumps(asdict(task), indent=1, ensure_ascii=False) + "\n"


def read_json(text: str) -> Task:
    """Read a task from JSON.

    Raises
    ------
    TaskError
        It is no JSON, or no task.
    """
    try:
        raw = json.loads(text)
        items = tuple(
            Item(
                **item
                | {"videos": tuple(item["videos"]), "rules": tuple(Rule(**rule) for rule in item["rules"])}
            )
            for item in raw.pop("items")
        )
        return Task(clips=tuple(Clip(**clip) for clip in raw.pop("clips")), items=items, **raw)
    except TaskError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise TaskError(
            f"this is no task ({type(error).__name__}: {error}). Remedy: make it again from the videos"
        ) from error
