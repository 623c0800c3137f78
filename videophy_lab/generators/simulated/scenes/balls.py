"""A ball in the air: it falls, bounces, is thrown, meets a wall."""

from __future__ import annotations

import math

import numpy as np

from videophy_lab.generators.simulated.mjcf import (
    collide,
    fixed_body,
    free_body,
    ground,
    make_actor,
    measure_volume,
    set_contacts,
    show,
)
from videophy_lab.generators.simulated.scenes.draws import draw, draw_side
from videophy_lab.generators.simulated.stage import GRAVITY, Impacts, Stage

DENSITY = 60.0  # kg/m³, of a large hollow ball
ON_GROUND = (("ball_solid", "ground_solid"),)


def make_ball(radius: float, at: tuple[float, float, float]) -> str:
    """Write a ball that can have a copy."""
    mass = DENSITY * measure_volume("sphere", (radius,))
    return free_body("ball", "sphere", (radius,), "ball", at=at, mass=mass, copy=True)


def sink(radius: float) -> dict[str, tuple[float, float, float]]:
    """Let the floor give way until a ball is gone."""
    return {"ground": (0.0, 0.0, -2.2 * radius)}


def build_fall(rng: np.random.Generator) -> Stage:
    """Drop a ball onto sand, where it stays."""
    radius, height, side = draw(rng, 0.3, 0.4), draw(rng, 4.0, 4.8), draw_side(rng)
    share = draw(rng, 0.62, 0.68)
    lands = math.sqrt(2 * (height - radius) / GRAVITY)
    return Stage(
        scene="fall",
        bodies=ground() + make_ball(radius, (0, 0, height)),
        actors=(make_actor("ball", "sphere", (radius,), way=(side, 0, 0)),),
        parameters={"radius": radius, "height": height, "lands": lands, "restitution": 0.08},
        onsets={"": share * lands, "penetration": lands - 0.06, "weak_gravity": 0.3 * lands},
        defaults=set_contacts(bounce=0.1, friction=0.8),
        step=0.0005,
        impacts=Impacts(ON_GROUND, 0.08),
        kick=(side * 2.4, 0, 0),
        jump=1.5,
        supports=sink(radius),
        beside=(side, 0, 0),
        floor="sand",
    )


def build_bounce(rng: np.random.Generator) -> Stage:
    """Drop a ball that drifts to one side and bounces on."""
    radius, height, side = draw(rng, 0.27, 0.36), draw(rng, 2.2, 2.7), draw_side(rng)
    pace, restitution = draw(rng, 0.7, 1.1), draw(rng, 0.76, 0.86)
    lands = math.sqrt(2 * (height - radius) / GRAVITY)
    later = draw(rng, 0.36, 0.5)
    return Stage(
        scene="bounce",
        bodies=ground() + make_ball(radius, (-side * pace, 0, height)),
        actors=(make_actor("ball", "sphere", (radius,), way=(side, 0, 0)),),
        parameters={
            "radius": radius, "height": height, "speed": side * pace, "restitution": restitution,
            "lands": lands,
        },
        speeds={"ball_joint": (side * pace, 0, 0)},
        onsets={"": lands + later, "elasticity": lands - 0.06, "penetration": lands - 0.06,
                "weak_gravity": lands + 0.1, "inverted_gravity": lands + 0.55},
        defaults=set_contacts(bounce=0.8, friction=0.4),
        step=0.0005,
        impacts=Impacts(ON_GROUND, restitution),
        kick=(-side * 2.6, 0, 0),
        jump=1.4,
        supports=sink(radius),
        beside=(side, 0, 0),
    )  # fmt: skip


def build_projectile(rng: np.random.Generator) -> Stage:
    """Throw a ball in an arc; it lands and bounces once or twice."""
    radius, low, side = draw(rng, 0.26, 0.34), draw(rng, 0.5, 0.9), draw_side(rng)
    rise, pace, restitution = draw(rng, 5.6, 6.4), draw(rng, 2.2, 2.8), draw(rng, 0.5, 0.65)
    lands = (rise + math.sqrt(rise**2 + 2 * GRAVITY * (low - radius))) / GRAVITY
    share = draw(rng, 0.4, 0.5)
    return Stage(
        scene="projectile",
        bodies=ground() + make_ball(radius, (-side * pace, 0, low)),
        actors=(make_actor("ball", "sphere", (radius,), way=(-side, 0, 0)),),
        parameters={
            "radius": radius, "height": low, "speed": side * pace, "rise": rise, "restitution": restitution,
            "lands": lands,
        },
        speeds={"ball_joint": (side * pace, 0, rise)},
        onsets={"": share * lands, "elasticity": lands - 0.06, "penetration": lands - 0.06,
                "inverted_gravity": 0.74 * lands},
        defaults=set_contacts(bounce=0.6, friction=0.4),
        step=0.0005,
        impacts=Impacts(ON_GROUND, restitution),
        kick=(-side * 1.5 * pace, 0, 0),
        jump=1.5,
        supports=sink(radius),
        beside=(side, 0, 0),
    )  # fmt: skip


def build_wall(rng: np.random.Generator) -> Stage:
    """Throw a ball against a wall; it comes back and bounces on the floor."""
    radius, low, side = draw(rng, 0.26, 0.33), draw(rng, 1.2, 1.5), draw_side(rng)
    pace, rise, restitution = draw(rng, 2.4, 2.9), draw(rng, 2.6, 3.2), draw(rng, 0.55, 0.7)
    gap, tall, thick = draw(rng, 1.7, 2.0), 2.3, 0.09
    hits = gap / pace
    face = side * (gap + radius - pace * hits / 2)
    middle = (face + side * thick, 0, tall / 2)
    half = (thick, 0.8, tall / 2)
    return Stage(
        scene="wall",
        bodies=ground()
        + show("box", half, "pale", at=middle)
        + fixed_body("barrier", collide("box", half, "barrier_solid"), at=middle)
        + make_ball(radius, (face - side * (gap + radius), 0, low)),
        actors=(make_actor("ball", "sphere", (radius,), way=(-side, 0, 0)),),
        parameters={
            "radius": radius, "height": low, "speed": side * pace, "rise": rise, "restitution": restitution,
            "hits": hits, "face": face,
        },
        speeds={"ball_joint": (side * pace, 0, rise)},
        onsets={"": hits + 0.26, "elasticity": hits - 0.06, "penetration": hits - 0.06,
                "inverted_gravity": hits + 0.62},
        defaults=set_contacts(bounce=0.6, friction=0.3),
        step=0.0005,
        impacts=Impacts((*ON_GROUND, ("ball_solid", "barrier_solid")), restitution),
        kick=(0.0, 0.0, 3.6),
        jump=1.0,
        supports={"barrier": (side * 2.2 * radius, 0.0, 0.0)},
        passing=True,
        beside=(-side, 0, 0),
        keep=((middle[0], 0, tall, 0.1), (middle[0] + side * 1.9, 0, 0.3, 0.2)),
    )  # fmt: skip
