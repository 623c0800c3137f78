"""What a scene says: its caption, its rules, and what becomes of it backwards."""

from __future__ import annotations

from dataclasses import dataclass

from videophy_lab.generators.simulated import laws
from videophy_lab.schema import make_prompt_id

# Price and Damen, "Retro-Actions: Learning 'Close' by Time-Reversing 'Open' Videos" (ICCV Workshops 2019):
# backwards, an equivariant action is another action, an invariant one the same, an irreversible one none
EQUIVARIANT, INVARIANT, IRREVERSIBLE_ACTION = "equivariant", "invariant", "irreversible"
OBJECTS, SPORTS = "object_interaction", "physical_activity"


@dataclass(frozen=True)
class Rule:
    """A sentence that is true of the right world.

    Attributes
    ----------
    text : str
    law : str
    backwards : bool
        Whether it is false of the film that runs backwards.
    """

    text: str
    law: str
    backwards: bool = False


@dataclass(frozen=True)
class Card:
    """What a scene shows.

    Attributes
    ----------
    caption : str
        One for all seeds: it names no colour, size or side.
    upsampled : str
        A longer one.
    action : str
    category : {"object_interaction", "physical_activity"}
    law : str
        The one it is mainly about.
    rules : tuple of Rule
    reversibility : {"equivariant", "invariant", "irreversible"}
    """

    caption: str
    upsampled: str
    action: str
    category: str
    law: str
    rules: tuple[Rule, ...]
    reversibility: str = IRREVERSIBLE_ACTION

    @property
    def prompt_id(self) -> str:
        """The prompt's name."""
        return make_prompt_id(self.caption)


def keep_whole(body: str) -> tuple[Rule, ...]:
    """Write the rules that hold for a body everywhere."""
    return (
        Rule(f"The {body} keeps its size, and there is neither one more nor one fewer of it.", laws.MASS),
        Rule(f"The {body} gets from place to place along an unbroken path.", laws.INERTIA),
    )


def keep_pace(body: str) -> Rule:
    """Write the rule that nothing moves a body but what touches or pulls it."""
    return Rule(
        f"The {body} changes its motion only where something touches it or its weight pulls it.",
        laws.MOMENTUM,
    )
