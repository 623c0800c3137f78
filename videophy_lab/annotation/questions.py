"""What annotators are asked, word for word: every question with its choices, their anchors and their keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

KINDS = ("pc", "sa", "rule", "pair_pc", "pair_sa")
# a caption tells what to expect, so it stands only beside questions about it
CAPTIONED = ("sa", "pair_sa")
PAIRS = ("pair_pc", "pair_sa")
# of an item, beside its questions: what else is wrong, and that it cannot be judged at all
MORE, PROBLEM = "more", "problem"
LONGEST_TEXT = 2000


@dataclass(frozen=True)
class Choice:
    """One answer that can be chosen.

    Attributes
    ----------
    value : int or str
        What is logged: 1–5 for SA and PC, 0 violated, 1 followed, 2 cannot tell for a rule, and of a pair
        ``"a"``, ``"b"`` or ``"tie"``.
    label, anchor : str
        A few words, and the sentence that says when to choose it.
    key : str
        Key that chooses it.
    """

    value: int | str
    label: str
    anchor: str
    key: str


@dataclass(frozen=True)
class Question:
    """A question, what to look at, and its choices from best to worst."""

    text: str
    hint: str
    choices: tuple[Choice, ...]


PC = Question(
    "Could this happen in the real world?",
    "Judge only what you see: how things move, touch, bend, flow and break, and whether they vanish or "
    "change for no reason. It does not matter here what the video was meant to show, or how good it looks.",
    (
        Choice(5, "All of it", "You see nothing that could not happen.", "5"),
        Choice(4, "Nearly all", "One slight oddity that is easily overlooked.", "4"),
        Choice(3, "Partly", "Some of it could happen, some of it clearly could not.", "3"),
        Choice(2, "Hardly", "Clear breaches of physics in what matters.", "2"),
        Choice(1, "None of it", "Throughout, things appear, vanish, merge or move without a cause.", "1"),
    ),
)
SA = Question(
    "Does the video show what the caption says?",
    "Compare the caption with what you see: who and what is there, what happens, with what, and in which "
    "order. Whether it could happen in the real world does not matter here.",
    (
        Choice(5, "All of it", "Everyone, everything and every action in the caption is there.", "5"),
        Choice(4, "Nearly all", "One small detail is missing or different.", "4"),
        Choice(3, "Partly", "The subject is there, but an important part or action is not.", "3"),
        Choice(2, "Hardly", "A few things from the caption are there, but the action is another.", "2"),
        Choice(1, "None of it", "The video has nothing to do with the caption.", "1"),
    ),
)
RULE = Question(
    "Is each of these true in the video?",
    "Violated: you can point to the moment when it is not true. Cannot tell: it is not shown, is hidden, or "
    "is over too quickly.",
    (
        Choice(1, "Followed", "You can see that it is true.", "f"),
        Choice(0, "Violated", "You can see that it is not true.", "v"),
        Choice(2, "Cannot tell", "The video does not show whether it is true.", "c"),
    ),
)
PAIR_PC = Question(
    "Which of the two is more likely to happen in the real world?",
    "Judge only how things move, touch, bend, flow and break, and whether they vanish or change for no "
    "reason, not which one looks better.",
    (
        Choice("left", "Left", "The left one is more likely to happen.", "1"),
        Choice("tie", "No difference", "Both are equally likely, or equally unlikely.", "0"),
        Choice("right", "Right", "The right one is more likely to happen.", "2"),
    ),
)
PAIR_SA = Question(
    "Which of the two better shows what the caption says?",
    "Compare who and what is there, what happens, with what, and in which order, not which one looks better.",
    (
        Choice("left", "Left", "The left one is closer to the caption.", "1"),
        Choice("tie", "No difference", "Both are equally close to it, or equally far from it.", "0"),
        Choice("right", "Right", "The right one is closer to the caption.", "2"),
    ),
)
QUESTIONS: Mapping[str, Question] = MappingProxyType(
    {"pc": PC, "sa": SA, "rule": RULE, "pair_pc": PAIR_PC, "pair_sa": PAIR_SA}
)
VALUES: Mapping[str, tuple[int | str, ...]] = MappingProxyType(
    {kind: tuple(choice.value for choice in QUESTIONS[kind].choices) for kind in ("pc", "sa", "rule")}
    | dict.fromkeys(PAIRS, ("a", "b", "tie"))
)
