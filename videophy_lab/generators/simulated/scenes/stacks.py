"""Bodies that stand until something topples them: dominoes, a tower of blocks, a seesaw."""

from __future__ import annotations

import math

import numpy as np

from videophy_lab.generators.simulated.mjcf import (
    collide,
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

WOOD = 500.0  # kg/m³


def build_dominoes(rng: np.random.Generator) -> Stage:
    """Tip over the first of a row of dominoes."""
    count, side = int(rng.integers(6, 9)), draw_side(rng)
    half = (draw(rng, 0.06, 0.075), draw(rng, 0.18, 0.24), draw(rng, 0.36, 0.44))
    apart, speed = draw(rng, 0.36, 0.44), draw(rng, 1.9, 2.4)
    mass = WOOD * measure_volume("box", half)
    bodies, actors = ground(), []
    for number in range(count):
        at = (side * apart * (number - (count - 1) / 2), 0, half[2])
        bodies += free_body(f"domino{number}", "box", half, f"hue{number % 4}", at=at, mass=mass)
        actors.append(make_actor(f"domino{number}", "box", half))
    return Stage(
        scene="dominoes",
        bodies=bodies,
        actors=tuple(actors),
        parameters={"count": count, "height": 2 * half[2], "apart": apart, "turning": side * speed},
        speeds={"domino0_joint": (side * speed * half[2], 0, speed * half[0], 0, side * speed, 0)},
        onsets={"": draw(rng, 0.5, 0.65)},
        defaults=set_contacts(bounce=0.2, friction=0.35, stiffness=250),
        azimuth=90 - side * 18,
        elevation=-13,
        many=True,
    )


def build_tower(rng: np.random.Generator) -> Stage:
    """Let a ball fly into a tower of blocks."""
    count, side = int(rng.integers(4, 6)), draw_side(rng)
    half = (draw(rng, 0.2, 0.25), draw(rng, 0.2, 0.25), draw(rng, 0.18, 0.22))
    radius, pace, gap = draw(rng, 0.2, 0.25), draw(rng, 4.4, 5.2), draw(rng, 1.5, 1.8)
    hits = gap / pace
    aim = half[2] * 2 * (count - 1.4)
    low = aim - 1.5 * hits + 9.81 * hits**2 / 2
    mass = 200 * measure_volume("box", half)
    ball = 500 * measure_volume("sphere", (radius,))
    bodies = ground() + free_body(
        "ball", "sphere", (radius,), "ball", at=(-side * (gap + half[0] + radius), 0, low), mass=ball
    )
    actors = [make_actor("ball", "sphere", (radius,))]
    for number in range(count):
        at = (side * draw(rng, -0.03, 0.03), draw(rng, -0.03, 0.03), half[2] * (2 * number + 1))
        quat = turn("z", draw(rng, -9, 9))
        bodies += free_body(
            f"block{number}", "box", half, f"hue{2 + number % 4}", at=at, mass=mass, quat=quat
        )
        actors.append(make_actor(f"block{number}", "box", half))
    return Stage(
        scene="tower",
        bodies=bodies,
        actors=tuple(actors),
        parameters={"count": count, "height": 2 * count * half[2], "speed": side * pace, "hits": hits},
        speeds={"ball_joint": (side * pace, 0, 1.5)},
        onsets={"": hits + draw(rng, 0.2, 0.3), "inverted_gravity": hits + 0.8},
        defaults=set_contacts(bounce=0.15, friction=0.5, stiffness=250),
        elevation=-12,
        many=True,
    )


def build_seesaw(rng: np.random.Generator) -> Stage:
    """Drop a block onto one end of a seesaw with a ball on the other."""
    side, long, high = draw_side(rng), draw(rng, 1.15, 1.35), draw(rng, 0.36, 0.44)
    radius, size, drop = draw(rng, 0.19, 0.23), draw(rng, 0.2, 0.24), draw(rng, 1.0, 1.3)
    tilt = math.asin((high - 0.05) / long)
    weight, load = draw(rng, 22, 28), draw(rng, 5, 7)
    along = np.array([-side * math.cos(tilt), 0, -math.sin(tilt)])
    normal = np.array([-side * math.sin(tilt), 0, math.cos(tilt)])
    pivot = np.array([0, 0, high])
    quat = turn("y", -side * math.degrees(tilt))
    half = (long, 0.26, 0.035)
    lip = (-side * (long - 0.02), 0, 0.09)
    ball = pivot + along * (long - 0.06 - radius) + normal * (0.036 + radius)
    end = pivot - along * (long - 0.28)
    block = (end[0], 0, end[2] + 0.05 + size + drop)
    plank = (
        show("box", half, "wood")
        + collide("box", half, "plank_solid", mass=6)
        + show("box", (0.02, 0.26, 0.06), "wood", at=lip)
        + collide("box", (0.02, 0.26, 0.06), "lip_solid", mass=0.1, at=lip)
    )
    return Stage(
        scene="seesaw",
        bodies=ground()
        + show("box", (0.05, 0.3, high / 2 - 0.03), "metal", at=(0, 0, high / 2 - 0.03))
        + show("box", (0.3, 0.34, 0.03), "metal", at=(0, 0, 0.03))
        + f'<body name="plank" pos="{join(pivot)}" quat="{join(quat)}">'
        f'<joint name="plank_joint" type="hinge" axis="0 1 0" damping="0.2"/>{plank}</body>'
        + free_body("ball", "sphere", (radius,), "ball", at=ball, mass=load)
        + free_body("block", "box", (size,) * 3, "hue2", at=block, mass=weight),
        actors=(make_actor("ball", "sphere", (radius,)), make_actor("block", "box", (size,) * 3)),
        parameters={
            "length": 2 * long, "height": high, "drop": drop, "weight": weight, "load": load,
            "hits": math.sqrt(2 * drop / 9.81),
        },
        onsets={"": math.sqrt(2 * drop / 9.81) + draw(rng, 0.22, 0.3)},
        defaults=set_contacts(bounce=0.15, friction=0.6, stiffness=250),
        keep=((-long, 0, 0.1, 0.1), (long, 0, 0.1, 0.1)),
    )  # fmt: skip
