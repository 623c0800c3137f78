"""Marbles that are poured out of a cup."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from videophy_lab.generators.simulated.mjcf import (
    collide,
    fixed_body,
    free_body,
    ground,
    join,
    make_actor,
    measure_volume,
    set_contacts,
    show,
    turn,
)
from videophy_lab.generators.simulated.scenes.draws import draw, draw_side
from videophy_lab.generators.simulated.stage import Stage

if TYPE_CHECKING:
    from videophy_lab.generators.simulated.motion import Simulation

TIPPED = 122.0  # degrees
BEGINS, LASTS = 0.1, 0.95  # seconds


def tip_cup(side: float) -> Callable[[Simulation], Callable[[], None]]:
    """Tip the cup over, gently at the start and at the end."""

    def prepare(simulation: Simulation) -> Callable[[], None]:
        """Find the cup."""
        data = simulation.data
        cup = simulation.model.body_mocapid[simulation.find("body", "cup")]

        def tip() -> None:
            """Turn the cup to where it is at this time."""
            share = min(max((data.time - BEGINS) / LASTS, 0.0), 1.0)
            data.mocap_quat[cup] = turn("y", side * TIPPED * share * share * (3 - 2 * share))

        return tip

    return prepare


def build_box(
    half: tuple[float, float, float], thick: float, name: str, material: str, *, front: str
) -> tuple[str, str]:
    """Write an open box with its inside above the origin, as it is seen and as it is met."""
    wide, deep, tall = half
    walls = [
        ((wide + thick, deep + thick, thick / 2), (0, 0, -thick / 2), material),
        ((thick / 2, deep + thick, tall), (-wide - thick / 2, 0, tall), material),
        ((thick / 2, deep + thick, tall), (wide + thick / 2, 0, tall), material),
        ((wide, thick / 2, tall), (0, deep + thick / 2, tall), material),
        ((wide, thick / 2, tall), (0, -deep - thick / 2, tall), front),
    ]
    seen = solid = ""
    for number, (size, at, look) in enumerate(walls):
        seen += show("box", size, look, at=at, group=2 if look == "glass" else 0)
        solid += collide("box", size, f"{name}{number}_solid", at=at, marks='contype="2" conaffinity="1"')
    return seen, solid


def build_pour(rng: np.random.Generator) -> Stage:
    """Tip a cup full of marbles over a tray."""
    side, radius, count = draw_side(rng), draw(rng, 0.088, 0.1), int(rng.integers(18, 25))
    wide, deep, high = 0.34, 0.34, draw(rng, 0.85, 1.0)
    inside, tray = (wide, deep, 0.3), (draw(rng, 0.85, 0.95), 0.6, 0.13)
    pivot = np.array([-side * 0.45, 0, high])
    mass = 2000 * measure_volume("sphere", (radius,))
    bodies = ground()
    cup = build_box(inside, 0.03, "cup", "metal", front="glass")
    seen, solid = build_box(tray, 0.04, "tray", "wood", front="wood")
    place = (side * 0.25, 0, 0.05)
    bodies += fixed_body("cup", "".join(cup), at=pivot)
    bodies += f'<body pos="{join(place)}">{seen}</body>' + fixed_body("tray", solid, at=place)
    actors = []
    columns = int(2 * wide / (2.1 * radius)), int(2 * deep / (2.1 * radius))
    for number in range(count):
        layer, rest = divmod(number, columns[0] * columns[1])
        row, column = divmod(rest, columns[0])
        offset = (
            (column - (columns[0] - 1) / 2) * 2.1 * radius + draw(rng, -0.004, 0.004),
            (row - (columns[1] - 1) / 2) * 2.1 * radius + draw(rng, -0.004, 0.004),
            radius * (1.05 + 2.05 * layer),
        )
        bodies += free_body(
            f"marble{number}", "sphere", (radius,), f"hue{number % 3}", at=pivot + offset, mass=mass,
            marks='contype="1" conaffinity="1"',
        )  # fmt: skip
        actors.append(make_actor(f"marble{number}", "sphere", (radius,)))
    reach = tray[0] + 0.1
    return Stage(
        scene="pour",
        bodies=bodies,
        actors=tuple(actors),
        parameters={"count": count, "radius": radius, "height": high, "tray": 2 * tray[0]},
        onsets={"": draw(rng, 0.85, 0.95), "penetration": 0.8, "inverted_gravity": 1.2},
        defaults=set_contacts(bounce=0.3, friction=0.2, stiffness=220, marks='condim="3"'),
        step=0.0015,
        supports={name: (0.0, 0.0, -2.2 * radius) for name in ("tray", "ground")},
        drive=tip_cup(side),
        many=True,
        elevation=-22,
        keep=(
            (side * 0.25 - reach, -0.6, 0.1, 0.05), (side * 0.25 + reach, -0.6, 0.1, 0.05),
            (side * 0.25 - reach, 0.6, 0.1, 0.05), (side * 0.25 + reach, 0.6, 0.1, 0.05),
            (*pivot, math.hypot(wide, 0.5) + 0.03),
        ),
    )  # fmt: skip
