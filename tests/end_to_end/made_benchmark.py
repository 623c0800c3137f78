"""Twelve actions, and a language model that knows what to say about them and about the world's videos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tests.prompts.scribe import Scribe, read_numbered, read_quoted

# half of them are scenes of the simulated world, so that there are videos
SCENES = {
    "dropping a ball": "fall",
    "bouncing a ball": "bounce",
    "throwing a ball": "projectile",
    "colliding balls": "collision",
    "sliding a block": "slide",
    "swinging a pendulum": "pendulum",
}
OTHERS = {
    "letting a ball drop": "visible_physics",
    "pushing a cart": "visible_physics",
    "chopping wood": "visible_physics",
    "reading a book": "low_motion",
    "feeling proud": "no_visible_physics",
    "miscellaneous": "unclear",
}
CRITERIA = dict.fromkeys(SCENES, "visible_physics") | OTHERS
SAME = ("dropping a ball", "letting a ball drop")
KEPT = {action for action, criterion in CRITERIA.items() if criterion == "visible_physics"} - {SAME[1]}
SPORTS = ("throwing a ball", "pushing a cart", "chopping wood", "reading a book")
# sentence, law
RULES = (
    ("Every object should stay there, and none should appear from nowhere.", "Conservation of Mass"),
    ("A moving object should keep to one path, without being elsewhere at once.", "Inertia"),
    ("The light on every object should come from the same side.", "Reflection"),
)
DOUBTED, DROPPED = RULES[1][0], RULES[2][0]
# what an annotator finds wrong, and the rule that it breaks
ADDED = "The shadow moves before the thing that throws it."
TURNED = "The shadow moves together with the thing that throws it."
VIOLATIONS = {"vanish": "Conservation of Mass", "teleport": "Inertia"}


class Author(Scribe):
    """Answers every kind of message about these actions and videos."""

    def filter(self, text: str) -> dict[str, str]:
        action = read_quoted(text, "The action:")
        category = "physical_activity" if action in SPORTS else "object_interaction"
        return {"reason": "So it is.", "criterion": CRITERIA[action], "category": category}

    def duplicates(self, text: str) -> dict[str, Any]:
        keep, same = (read_numbered(text).index(name) + 1 for name in SAME)
        return {"pairs": [{"keep": keep, "same": same, "reason": "The ball drops in both."}]}

    def rules(self, text: str) -> dict[str, Any]:
        rules = [{"rule": rule, "law": law, "other_law": ""} for rule, law in RULES]
        return {"caption": "Something moves over a floor in front of a wall.", "rules": rules}

    def broken(self, text: str) -> dict[str, Any]:
        turned = {ADDED: TURNED}[read_quoted(text, "The answer:")]
        return {"rules": [{"rule": turned, "law": "Reflection", "other_law": ""}], "reason": ""}


def find_truth(video: Mapping[str, Any], kind: str, law: str = "") -> int:
    """Give the right answer about a video of the world, which tells what is wrong in it."""
    broken = VIOLATIONS.get(video["violation"], "")
    if kind == "rule":
        return 0 if law == broken else 1
    if kind == "sa":
        return 2 if video["violation"] == "vanish" else 4
    return 1 if broken else 5


def choose_videos(videos: pd.DataFrame, violations: tuple[str, ...]) -> list[str]:
    """Choose a video of each of some violations, by prompt."""
    ordered = videos.sort_values(["violation", "prompt_id"])
    return [ordered.loc[ordered["violation"].eq(name), "video_id"].iloc[0] for name in violations]
