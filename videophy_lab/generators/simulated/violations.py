"""The laws that can be broken, the edits that break none, and the scenes in which each can be seen."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from videophy_lab.generators.simulated import laws

NONE = "none"
RIGHT, VIOLATION, CONTROL = "right", "violation", "control"
KINDS = (RIGHT, VIOLATION, CONTROL)


@dataclass(frozen=True)
class Violation:
    """An edit of the world, or of how it is shown.

    Attributes
    ----------
    name : str
    law : str
        That it breaks; empty for a control.
    kind : {"violation", "control"}
        Where nothing else is said: a reversal is a control in scenes that can run backwards.
    summary : str
        With its size at severity s.
    scenes : tuple of str
        In which it can be seen, and really breaks its law.
    otherwise : str
        Why it does not apply to the others.
    graded : bool
        Whether it has a severity; otherwise it is always 1.
    clouds : tuple of str
        Laws whose rules cannot be judged any more.
    """

    name: str
    law: str
    kind: str
    summary: str
    scenes: tuple[str, ...]
    otherwise: str = ""
    graded: bool = True
    clouds: tuple[str, ...] = ()


SCENES = (
    "fall", "bounce", "projectile", "wall", "collision", "cradle", "slope", "slide", "pendulum", "chain",
    "spring", "dominoes", "tower", "seesaw", "float", "pour", "top",
)  # fmt: skip
FREE = ("fall", "bounce", "projectile", "wall", "collision", "slope", "slide")
SWINGING = ("pendulum", "chain", "cradle")
IRREVERSIBLE = (
    "fall",
    "bounce",
    "projectile",
    "wall",
    "slide",
    "dominoes",
    "tower",
    "seesaw",
    "float",
    "pour",
)

_ALL = (
    Violation(
        "weak_gravity",
        laws.GRAVITY,
        VIOLATION,
        "gravity weakens to 1 − 0.9 s of itself",
        ("fall", "bounce", "projectile", "wall", "slope", "pendulum", "chain", "cradle", "spring", "tower",
         "dominoes", "pour", "seesaw", "top"),
        "nothing there falls, swings or leans, so gravity cannot be seen",
        clouds=(laws.ENERGY, laws.ELASTICITY),
    ),
    Violation(
        "inverted_gravity",
        laws.GRAVITY,
        VIOLATION,
        "gravity pulls upwards, with s of its strength",
        ("fall", "bounce", "projectile", "wall", "slope", "pendulum", "chain", "cradle", "pour",
         "top"),
        "nothing there falls freely, or it would leave the picture at once",
        clouds=(laws.ENERGY, laws.ELASTICITY, laws.FRICTION),
    ),
    Violation(
        "elasticity",
        laws.ELASTICITY,
        VIOLATION,
        "bodies part 1 + 0.4 s times as fast as they meet",
        ("bounce", "projectile", "wall", "collision", "cradle"),
        "nothing there bounces",
        clouds=(laws.ENERGY,),
    ),
    Violation(
        "impulse",
        laws.MOMENTUM,
        VIOLATION,
        "a push from nothing, s of the scene's own speed",
        (*FREE, *SWINGING, "spring", "float"),
        "a push could come from one of the many bodies around",
        clouds=(laws.ENERGY, laws.ELASTICITY, laws.FRICTION),
    ),
    Violation(
        "vanish",
        laws.MASS,
        VIOLATION,
        "s of a body's mass is gone at once; of many bodies, s of them",
        SCENES,
        clouds=(laws.ELASTICITY,),
    ),
    Violation(
        "duplicate",
        laws.MASS,
        VIOLATION,
        "a second body with s of the mass appears beside the first",
        (*FREE, "float"),
        "its bodies hang or stand close together, so there is no room for another",
        clouds=(laws.MOMENTUM, laws.ELASTICITY, laws.ENERGY),
    ),
    Violation(
        "grow",
        laws.MASS,
        VIOLATION,
        "a body grows to 1 + 3 s times its volume",
        (*FREE, "pendulum", "chain", "float", "pour"),
        "a heavier body pulls a spring down, and one that stands close to others pushes them",
        clouds=(laws.ELASTICITY, laws.BUOYANCY, laws.MOMENTUM),
    ),
    Violation(
        "teleport",
        laws.INERTIA,
        VIOLATION,
        "a body is elsewhere at once, up to some diameters away",
        (*FREE, *SWINGING, "spring", "float"),
        "its bodies stand or lie close together, or turn in one place",
        clouds=(laws.ENERGY, laws.MOMENTUM, laws.ELASTICITY),
    ),
    Violation(
        "penetration",
        laws.HARDNESS,
        VIOLATION,
        "bodies sink s of their width into what should stop them",
        ("fall", "bounce", "projectile", "wall", "collision", "cradle", "slope", "slide", "pour"),
        "nothing solid stops a body there",
        clouds=(laws.ELASTICITY, laws.MOMENTUM, laws.FRICTION),
    ),
    Violation(
        "friction_reversed",
        laws.FRICTION,
        VIOLATION,
        "friction pushes a sliding body on, with s of its strength",
        ("slide",),
        "nothing slides there",
        clouds=(laws.MOMENTUM, laws.ENERGY),
    ),
    Violation(
        "buoyancy_inverted",
        laws.BUOYANCY,
        VIOLATION,
        "buoyancy is 1 − 2 s times what it should be",
        ("float",),
        "nothing floats there",
        clouds=(laws.MOMENTUM,),
    ),
    Violation(
        "reversal",
        laws.ARROW,
        VIOLATION,
        "time runs backwards; a control where that is as possible as forwards",
        SCENES,
        graded=False,
        clouds=(laws.GRAVITY, laws.MOMENTUM, laws.ENERGY, laws.ELASTICITY, laws.FRICTION, laws.BUOYANCY,
                laws.ANGULAR),
    ),
    Violation("speed_up", "", CONTROL, "the film runs 1 + 0.4 s times as fast", SCENES),
    Violation("freeze", "", CONTROL, "the film stands still for a sixth of its length", SCENES, graded=False),
    Violation("jitter", "", CONTROL, "the camera shakes by up to 2 s % of the picture", SCENES),
)  # fmt: skip
VIOLATIONS = {violation.name: violation for violation in _ALL}


def find_kind(violation: str, scene: str) -> str:
    """Say whether a clip is right, a violation or a control."""
    if violation == NONE:
        return RIGHT
    if violation == "reversal":
        return VIOLATION if scene in IRREVERSIBLE else CONTROL
    return VIOLATIONS[violation].kind


def choose_violations(text: str) -> tuple[str, ...]:
    """Read the names in a comma list, ``all`` or ``none``, in the table's order.

    Raises
    ------
    ValueError
        A name that is none; the close matches are given.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == ["all"]:
        return tuple(VIOLATIONS)
    if names == [NONE]:
        return ()
    for name in names:
        if name not in VIOLATIONS:
            close = difflib.get_close_matches(name, VIOLATIONS, n=3, cutoff=0.5)
            hint = f"Did you mean {' or '.join(close)}? " if close else ""
            raise ValueError(
                f"there is no violation {name!r}. {hint}Allowed: all, none, or a list of "
                f"{', '.join(VIOLATIONS)}."
            )
    if not names:
        raise ValueError(f"no violation is named. Allowed: all, none, or a list of {', '.join(VIOLATIONS)}.")
    return tuple(name for name in VIOLATIONS if name in names)


def choose_severities(text: str) -> tuple[float, ...]:
    """Read severities from a comma list, smallest first.

    Raises
    ------
    ValueError
        One is not a number above 0 and at most 1, in whole percents.
    """
    found = set()
    for word in text.split(","):
        try:
            value = float(word)
        except ValueError:
            value = float("nan")
        if not 0 < value <= 1 or abs(100 * value - round(100 * value)) > 1e-6:
            raise ValueError(
                f"severities is {text!r}; allowed are numbers above 0 and at most 1, in steps of 0.01, for "
                "example 0.25,0.5,1."
            )
        found.add(round(100 * value) / 100)
    return tuple(sorted(found))
