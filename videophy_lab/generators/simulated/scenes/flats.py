"""Bodies on a surface: two that collide, one that rolls down a slope, one that slides to rest."""

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
    turn,
)
from videophy_lab.generators.simulated.scenes.draws import draw, draw_side
from videophy_lab.generators.simulated.stage import GRAVITY, Impacts, Stage


def build_collision(rng: np.random.Generator) -> Stage:
    """Let a ball glide over ice, without friction, and knock into another one; nothing is lost."""
    first, share, side = draw(rng, 0.32, 0.4), draw(rng, 0.9, 1.1), draw_side(rng)
    second = first * share
    pace, gap = draw(rng, 1.7, 2.1), draw(rng, 1.2, 1.5)
    hits = gap / pace
    bodies = ground()
    for name, radius, place, material in (
        ("ball", first, -side * (gap + first), "ball"),
        ("target", second, side * second, "hue2"),
    ):
        mass = 300 * measure_volume("sphere", (radius,))
        bodies += free_body(
            name, "sphere", (radius,), material, at=(place, 0, radius), mass=mass, copy=name == "ball"
        )
    return Stage(
        scene="collision",
        bodies=bodies,
        actors=(
            make_actor("ball", "sphere", (first,), way=(-side, 0, 0)),
            make_actor("target", "sphere", (second,)),
        ),
        parameters={
            "radius": first, "other_radius": second, "speed": side * pace, "restitution": 1.0,
            "hits": hits,
        },
        speeds={"ball_joint": (side * pace, 0, 0)},
        onsets={"": hits - draw(rng, 0.2, 0.3), "elasticity": hits - 0.06, "penetration": hits - 0.06,
                "impulse": hits + 0.06, "grow": hits + 0.05},
        defaults=set_contacts(bounce=0.95, friction=0.001, marks='condim="1"'),
        step=0.0005,
        impacts=Impacts((("ball_solid", "target_solid"),), 1.0),
        kicked="target_joint",
        kick=(side * 0.6 * pace, 0, 0),
        jump=1.0,
        beside=(-side, 0, 0),
        floor="ice",
    )  # fmt: skip


def build_slope(rng: np.random.Generator) -> Stage:
    """Let a ball roll down a ramp, from rest."""
    radius, degrees, side = draw(rng, 0.28, 0.36), draw(rng, 13, 18), draw_side(rng)
    angle = math.radians(degrees)
    along = np.array([side * math.cos(angle), 0, -math.sin(angle)])
    normal = np.array([side * math.sin(angle), 0, math.cos(angle)])
    length = 5 / 7 * GRAVITY * math.sin(angle) * 2.04**2 / 2 + 1.3
    top = np.array([-side * length * math.cos(angle) / 2, 0, length * math.sin(angle) + 0.35])
    half, middle = (length / 2 + 0.3, 0.5, 0.05), top + along * length / 2
    quat = turn("y", side * degrees)
    stop = tuple(middle + along * (length / 2 + 0.26) + normal * 0.12)
    at = tuple(middle - normal * 0.05)
    start = top + along * 0.2 + normal * radius
    posts = "".join(
        show("box", (0.05, 0.44, high / 2), "pale", at=(place[0], 0, high / 2))
        for place in (middle + along * share * length for share in (-0.46, 0.0, 0.46))
        for high in (place[2] - 0.1,)
    )
    mass = 300 * measure_volume("sphere", (radius,))
    return Stage(
        scene="slope",
        bodies=ground()
        + show("box", half, "wood", at=at, quat=quat)
        + show("box", (0.04, 0.5, 0.12), "pale", at=stop, quat=quat)
        + posts
        + fixed_body("ramp", collide("box", half, "ramp_solid"), at=at, quat=quat)
        + fixed_body("stop", collide("box", (0.04, 0.5, 0.12), "stop_solid"), at=stop, quat=quat)
        + free_body("ball", "sphere", (radius,), "ball", at=start, mass=mass, copy=True),
        actors=(make_actor("ball", "sphere", (radius,), way=tuple(along)),),
        parameters={"radius": radius, "degrees": side * degrees, "length": length},
        onsets={"": draw(rng, 0.8, 1.0), "inverted_gravity": 1.15, "weak_gravity": 0.7},
        defaults=set_contacts(bounce=0.4, friction=0.9, stiffness=300),
        kick=(*(-3.0 * along), 0, -side * 3.0 / radius, 0),
        jump=1.2,
        supports={"ramp": tuple(-2.2 * radius * normal)},
        beside=tuple(along),
        keep=((*middle - along * length / 2, 0.3), (*middle + along * length / 2, 0.3)),
    )


def build_slide(rng: np.random.Generator) -> Stage:
    """Let a box slide over the floor until friction stops it."""
    kind, side = str(rng.choice(["box", "cylinder"])), draw_side(rng)
    wide, high = draw(rng, 0.26, 0.34), draw(rng, 0.16, 0.24)
    size = (wide, draw(rng, 0.22, 0.3), high) if kind == "box" else (wide, high)
    pace, lasting = draw(rng, 1.8, 2.2), draw(rng, 1.35, 1.6)
    friction = pace / GRAVITY / lasting
    travel = pace * lasting / 2
    mass = 300 * measure_volume(kind, size)
    return Stage(
        scene="slide",
        bodies=ground()
        + free_body("box", kind, size, "hue0", at=(-side * travel / 2, 0, high), mass=mass, copy=True),
        actors=(make_actor("box", kind, size, way=(-side, 0, 0)),),
        parameters={
            "shape": kind, "width": 2 * wide, "height": 2 * high, "speed": side * pace, "friction": friction,
            "stops": lasting,
        },
        speeds={"box_joint": (side * pace, 0, 0)},
        onsets={"": draw(rng, 0.5, 0.65)},
        defaults=set_contacts(bounce=0.2, friction=friction, stiffness=300),
        options='impratio="20"',
        kick=(-side * 2.0, 0, 0),
        jump=1.3,
        supports={"ground": (0.0, 0.0, -2.2 * high)},
        rubbing=friction,
        beside=(0, 1, 0),
        keep=((0, 0, 1.2, 0.1),),
    )  # fmt: skip
