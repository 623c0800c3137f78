"""A ball in water: Archimedes' force and the water's drag are computed here, MuJoCo knows none."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from videophy_lab.generators.simulated.mjcf import (
    free_body,
    ground,
    make_actor,
    measure_volume,
    set_contacts,
    show,
)
from videophy_lab.generators.simulated.scenes.draws import draw, draw_side
from videophy_lab.generators.simulated.stage import GRAVITY, Stage

if TYPE_CHECKING:
    from videophy_lab.generators.simulated.motion import Simulation

WATER = 1000.0  # kg/m³
DRAG = 0.47  # of a ball
WAVES = 1.6  # 1/s: what bobbing loses to waves, for each unit of the mass of the water that is displaced


def measure_sunk(height: float, radius: float, level: float) -> float:
    """Measure the volume of a ball below the water's surface, cubic metres."""
    deep = min(max(level - (height - radius), 0.0), 2 * radius)
    return math.pi * deep**2 * (3 * radius - deep) / 3


def put_in_water(level: float) -> Callable[[Simulation], Callable[[], None]]:
    """Let balls float in water that stands at a level."""

    def prepare(simulation: Simulation) -> Callable[[], None]:
        """Find the balls."""
        model, data = simulation.model, simulation.data
        balls = [
            (
                simulation.find("body", name),
                simulation.find("geom", name),
                simulation.find("joint", f"{name}_joint"),
            )
            for name in ("ball", "ball_copy")
        ]
        places = [
            (body, geom, model.jnt_qposadr[joint], model.jnt_dofadr[joint]) for body, geom, joint in balls
        ]

        def press() -> None:
            """Press on every ball that is there."""
            for body, geom, place, speed in places:
                if model.geom_group[geom] < 3:
                    radius = float(model.geom_size[geom, 0])
                    sunk = measure_sunk(float(data.qpos[place + 2]), radius, level)
                    going = data.qvel[speed : speed + 3]
                    share = sunk / measure_volume("sphere", (radius,))
                    slow = DRAG / 2 * WATER * math.pi * radius**2 * share * float(np.linalg.norm(going))
                    data.xfrc_applied[body, :3] = -(slow + WAVES * WATER * sunk) * going
                    data.xfrc_applied[body, 2] += simulation.lift * WATER * GRAVITY * sunk

        return press

    return prepare


def build_float(rng: np.random.Generator) -> Stage:
    """Let a light ball go at the bottom of a tank of water."""
    radius, density, level = draw(rng, 0.2, 0.26), draw(rng, 380, 560), draw(rng, 1.5, 1.75)
    side, wide, deep = draw_side(rng), draw(rng, 1.2, 1.4), 0.6
    mass = density * measure_volume("sphere", (radius,))
    start, tall = radius + draw(rng, 0.06, 0.16), level + 0.4
    glass = "".join(
        show("box", (0.02, deep, tall / 2), "glass", at=(end * wide, 0, tall / 2), group=2) for end in (-1, 1)
    )
    posts = "".join(
        show("box", (0.025, 0.025, tall / 2), "dark", at=(end * wide, back * deep, tall / 2))
        for end in (-1, 1) for back in (-1, 1)
    )  # fmt: skip
    rims = "".join(
        show("box", (wide, 0.025, 0.03), "dark", at=(0, back * deep, height))
        for back in (-1, 1) for height in (0.03, tall)
    )  # fmt: skip
    water = show("box", (wide - 0.02, deep - 0.02, level / 2), "water", at=(0, 0, level / 2 + 0.001), group=2)
    return Stage(
        scene="float",
        bodies=ground()
        + posts
        + rims
        + free_body("ball", "sphere", (radius,), "ball", at=(-side * 0.3, 0, start), mass=mass, copy=True)
        + glass
        + water,
        actors=(make_actor("ball", "sphere", (radius,), way=(side, 0, 0)),),
        parameters={"radius": radius, "density": density, "level": level, "start": start},
        onsets={"": draw(rng, 0.4, 0.5), "buoyancy_inverted": draw(rng, 0.3, 0.36)},
        defaults=set_contacts(bounce=0.3, friction=0.3),
        kick=(0.0, 0.0, -3.0),
        jump=0.9,
        drive=put_in_water(level),
        beside=(side, 0, 0),
        keep=((-wide, 0, 0, 0.1), (wide, 0, 0, 0.1), (-wide, 0, tall, 0.1), (wide, 0, tall, 0.1)),
        elevation=-7,
    )
