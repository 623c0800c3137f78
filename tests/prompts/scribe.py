"""A language model for the tests: it reads the messages of the steps, and answers them, well or badly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from tests.bad_server import BadServer, Call, find_texts
from videophy_lab.prompts import ChatModel, ChatUpsampler, WatchingModel, Writer

VARIABLE, KEY = "TEST_SERVER_KEY", "sk-recognisable-5f2d1c0b9a887766554433221100ffee"
QUICK = {"timeout": 5.0, "backoff": 0.01, "longest_wait": 5.0, "attempts": 2, "price": "1,2"}
# action, whether it stays, what it is
ACTIONS = {
    "pole vault": ("visible_physics", "physical_activity"),
    "bouncing ball": ("visible_physics", "object_interaction"),
    "pouring milk": ("visible_physics", "object_interaction"),
    "chopping wood": ("visible_physics", "object_interaction"),
    "skipping rope": ("visible_physics", "physical_activity"),
    "jumping rope": ("visible_physics", "physical_activity"),
    "rolling barrel": ("visible_physics", "object_interaction"),
    "pushing cart": ("visible_physics", "object_interaction"),
    "popping balloon": ("visible_physics", "object_interaction"),
    "reading book": ("low_motion", "physical_activity"),
    "feeling proud": ("no_visible_physics", "physical_activity"),
    "miscellaneous": ("unclear", "object_interaction"),
}
SUBJECTS = ("old man", "small girl", "brown dog", "tall woman", "young boy", "robot", "farmer", "monkey",
            "cook", "sailor", "clown", "nurse")  # fmt: skip
THINGS = ("wet grass", "a stone floor", "deep snow", "a wooden table", "warm sand", "thick ice",
          "loose gravel", "a steel plate", "red clay", "a rubber mat", "dry leaves",
          "a glass tray")  # fmt: skip
COLOURS = ("blue", "yellow", "dented", "round", "narrow", "striped", "heavy", "hollow", "torn", "shiny",
           "flat", "cracked")  # fmt: skip
OBJECTS = ("bucket", "plank", "crate", "cup", "stick", "brick", "bottle", "tyre", "shovel", "basket", "chain",
           "feather")  # fmt: skip

# what annotators find wrong, and the rule that it breaks
BROKEN = {
    "The wheel slides without turning.": "The wheel should turn as it moves over the ground.",
    "the wheel slides, without turning!": "The wheel should turn as it moves over the ground.",
    "Wheels do not spin": "Over the ground, the wheel turns as it moves.",
}


def read_call(call: Call | dict) -> str:
    """Give the words of a message."""
    body = call.body if isinstance(call, Call) else call
    return "\n".join(find_texts(Call("", "", {}, body, "", 0.0)))


def read_quoted(text: str, before: str) -> str:
    """Give the text in quotation marks behind some words."""
    return json.loads(re.search(re.escape(before) + r' ("(?:[^"\\]|\\.)*")', text).group(1))


def read_numbered(text: str) -> list[str]:
    return [json.loads(found) for found in re.findall(r'^\d+\. ("(?:[^"\\]|\\.)*")$', text, re.MULTILINE)]


def make_caption(action: str, number: int) -> dict[str, str]:
    turn = number // 12
    subject, thing = SUBJECTS[number % 12], THINGS[(5 * number + 3 * turn + 1) % 12]
    colour, item = COLOURS[(7 * number + 5 * turn + 2) % 12], OBJECTS[(11 * number + 7 * turn) % 12]
    text = f"A {subject} is {action} beside a {colour} {item}, which then falls over onto {thing}."
    return {"subject": subject, "caption": text}


class Scribe:
    """Answers every kind of message; a kind can be given to somebody else.

    Attributes
    ----------
    odd : dict of kind to callable
        Takes the message and how often that kind came, gives the answer as JSON or text, or None to answer
        well.
    seen : list of (kind, message)
    """

    def __init__(self, **odd: Callable[[str, int], Any]) -> None:
        self.odd = odd
        self.seen: list[tuple[str, str]] = []
        self.next: dict[str, int] = {}

    def __call__(self, body: dict) -> str:
        text = read_call(body)
        kind = next(kind for kind, mark in KINDS.items() if mark in text)
        self.seen.append((kind, text))
        count = sum(each == kind for each, _ in self.seen)
        answer = self.odd[kind](text, count) if kind in self.odd else None
        answer = getattr(self, kind)(text) if answer is None else answer
        return answer if isinstance(answer, str) else json.dumps(answer)

    def filter(self, text: str) -> dict:
        criterion, category = ACTIONS[read_quoted(text, "The action:")]
        return {"reason": "It is seen to move.", "criterion": criterion, "category": category}

    def duplicates(self, text: str) -> dict:
        names = read_numbered(text)
        pairs = [("skipping rope", "jumping rope")]
        return {
            "pairs": [
                {"keep": names.index(a) + 1, "same": names.index(b) + 1, "reason": "the same"}
                for a, b in pairs
                if a in names and b in names
            ]
        }

    def captions(self, text: str) -> dict:
        wanted = int(re.search(r"Write (\d+) captions", text).group(1))
        present = read_numbered(text)
        action = read_quoted(text, "The action:")
        first = self.next.setdefault(action, len(present))
        self.next[action] += wanted
        return {"captions": [make_caption(action, number) for number in range(first, first + wanted)]}

    def caption_check(self, text: str) -> dict:
        count = len(read_numbered(text))
        return {"checks": [{"number": n + 1, "problem": "none", "reason": "fine"} for n in range(count)]}

    def upsampling(self, text: str) -> dict:
        caption = read_quoted(text, "The caption:").rstrip(".")
        more = "The light is soft, a grey wall stands behind it, and dust lies on the ground in a thin layer"
        return {"caption": f"In a wide yard with tall trees, {caption[0].lower()}{caption[1:]}. {more}."}

    def entailment(self, text: str) -> dict:
        first, second = read_quoted(text, "First:"), read_quoted(text, "Second:")
        return {"verdict": "entailed" if len(first) > len(second) else "compatible", "reason": "it fits"}

    def rules(self, text: str) -> dict:
        wanted = int(re.search(r"write (\d+) rules", text).group(1))
        laws = ["Gravity", "Conservation of Mass", "Other"]
        rules = [
            ("The ball should fall to the floor when it is let go.", laws[0], ""),
            ("The amount of milk in the glass should stay the same.", laws[1], ""),
            ("The shadow of the pole should move with the pole.", laws[2], "Optics"),
        ]
        made = [{"rule": rule, "law": law, "other_law": other} for rule, law, other in rules]
        return {"caption": "A ball is dropped, and it bounces off the floor.", "rules": made[:wanted]}

    def broken(self, text: str) -> dict:
        rules = [{"rule": BROKEN[read_quoted(text, "The answer:")], "law": "friction", "other_law": ""}]
        return {"rules": rules, "reason": ""}


KINDS = {
    "filter": "Which of these describes it best?",
    "duplicates": "a numbered list of actions",
    "captions": "captions in",
    "caption_check": "Judge each by itself",
    "upsampling": "says more about the same scene",
    "entailment": "Two descriptions of one short silent video",
    "rules": "Look at the whole video",
    "broken": "could not happen in the real world",
}
MODELS = {"chat": ChatModel, "writer": Writer, "upsampler": ChatUpsampler, "watching": WatchingModel}


def make_chat(server: BadServer, folder: Path, kind: str = "chat", **options: Any) -> Any:
    given = {"base_url": server.address, "key_variable": VARIABLE, "cache": str(folder / "answers")}
    return MODELS[kind](**given | QUICK | options)


def make_actions(*names: str) -> pd.DataFrame:
    return pd.DataFrame({"action": list(names or ACTIONS), "origin": "mine"})


def count_kinds(scribe: Scribe) -> dict[str, int]:
    kinds = [kind for kind, _ in scribe.seen]
    return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
