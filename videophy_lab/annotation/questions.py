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
    "Judge only what you see: how things move, touch, bend, flow, break and last. What the video was meant "
    "to show does not matter here, nor whether it is beautiful.",
    (
        Choice(5, "All of it", "Nothing is seen that could not happen.", "5"),
        Choice(4, "Nearly all", "One slight oddity, easily overlooked.", "4"),
        Choice(3, "Partly", "Some of it could happen, some of it plainly could not.", "3"),
        Choice(2, "Hardly", "Plain breaches of physics in what matters.", "2"),
        Choice(1, "None of it", "Things appear, vanish, merge or move without cause throughout.", "1"),
    ),
)
SA = Question(
    "Does the video show what the caption says?",
    "Compare the caption with what you see: who and what is there, what is done, with what, and in which "
    "order. Whether physics holds does not matter here.",
    (
        Choice(5, "All of it", "Everyone, everything and every action of the caption is there.", "5"),
        Choice(4, "Nearly all", "One small detail is missing or different.", "4"),
        Choice(3, "Partly", "The subject is there, an important part or action is not.", "3"),
        Choice(2, "Hardly", "A few things of the caption are there, the action is another.", "2"),
        Choice(1, "None of it", "The video has nothing to do with the caption.", "1"),
    ),
)
RULE = Question(
    "Does each of these hold in the video?",
    "Violated: you can point at the moment. Cannot tell: it is not shown, hidden, or too short.",
    (
        Choice(1, "Followed", "It is seen, and it holds.", "f"),
        Choice(0, "Violated", "It is seen not to hold.", "v"),
        Choice(2, "Cannot tell", "The video does not show it.", "c"),
    ),
)
PAIR_PC = Question(
    "Which of the two could sooner happen in the real world?",
    "Judge only how things move, touch, bend, flow, break and last, not which one is more beautiful.",
    (
        Choice("left", "Left", "The left one is the more plausible.", "1"),
        Choice("tie", "No difference", "Both are as plausible, or as implausible.", "0"),
        Choice("right", "Right", "The right one is the more plausible.", "2"),
    ),
)
PAIR_SA = Question(
    "Which of the two shows better what the caption says?",
    "Compare who and what is there, what is done, with what, and in which order, not which is nicer to see.",
    (
        Choice("left", "Left", "The left one is closer to the caption.", "1"),
        Choice("tie", "No difference", "Both are as close, or as far.", "0"),
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
