"""Bodies that hang: a pendulum, a chain, Newton's cradle, a weight on a spring."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from videophy_lab.generators.simulated.mjcf import (
    collide,
    join,
    make_actor,
    measure_volume,
    set_contacts,
    show,
    turn,
)
from videophy_lab.generators.simulated.scenes.draws import draw, draw_side
from videophy_lab.generators.simulated.stage import Impacts, Stage

STEEL = 4000.0  # kg/m³


def draw_arm(high: float, wide: float, back: float) -> str:
    """Draw a post behind, with an arm that comes forward to the pivot."""
    return (
        show("box", (0.06, 0.06, high / 2 + 0.06), "wood", at=(0, back, high / 2 + 0.06))
        + show("box", (0.05, back / 2 + 0.06, 0.05), "wood", at=(0, back / 2, high + 0.07))
        + show("box", (wide, 0.25, 0.04), "wood", at=(0, back, 0.04))
    )


def build_pendulum(rng: np.random.Generator) -> Stage:
    """Let a weight swing on a rod, from rest at one side."""
    length, degrees, side = draw(rng, 0.75, 1.0), draw(rng, 35, 55), draw_side(rng)
    kind = str(rng.choice(["sphere", "cylinder", "box"]))
    wide = draw(rng, 0.14, 0.19)
    size = {"sphere": (wide,), "cylinder": (wide, 0.09), "box": (wide * 0.85,) * 3}[kind]
    quat = turn("x", 90) if kind == "cylinder" else (1.0, 0.0, 0.0, 0.0)
    high, mass = length + 0.55, STEEL * measure_volume(kind, size)
    at = (0, 0, -length)
    bob = show(kind, size, "ball" if kind == "sphere" else "hue0", name="bob", at=at, quat=quat)
    bob += collide(kind, size, "bob_solid", mass=mass, at=at, quat=quat)
    return Stage(
        scene="pendulum",
        bodies=draw_arm(high, 0.3, 0.6)
        + f'<body name="bob" pos="{join((0, 0, high))}" quat="{join(turn("y", side * degrees))}">'
        '<joint name="bob_joint" type="hinge" axis="0 1 0"/>'
        + show("box", (0.016, 0.016, length / 2), "metal", at=(0, 0, -length / 2))
        + f"{bob}</body>",
        actors=(make_actor("bob", kind, size, way=(side / length,)),),
        parameters={"shape": kind, "length": length, "degrees": -side * degrees, "mass": mass, "size": wide},
        onsets={"": draw(rng, 0.55, 0.75)},
        defaults=set_contacts(bounce=0.5, friction=0.5, marks='contype="0" conaffinity="0"'),
        kick=(-side * 2.6 / length,),
        jump=0.9,
        keep=((0, 0, high, 0.12), (0, 0, 0.1, 0.1)),
    )


def build_chain(rng: np.random.Generator) -> Stage:
    """Let a chain with a ball at its end swing, from rest at one side."""
    links, part, side = 7, draw(rng, 0.13, 0.16), draw_side(rng)
    degrees, radius = draw(rng, 50, 65), draw(rng, 0.13, 0.17)
    high, half = links * part + 0.6, part / 2
    mass = 800 * measure_volume("sphere", (radius,))
    text, tail = "", ""
    for number in range(links):
        name = f"link{number}"
        at = join((0, 0, -part)) if number else join((0, 0, high))
        quat = "" if number else f' quat="{join(turn("y", side * degrees))}"'
        text += (
            f'<body name="{name}" pos="{at}"{quat}><joint name="{name}_joint" type="hinge" axis="0 1 0"/>'
            + show(
                "cylinder",
                (0.028, half * 0.8),
                "metal" if number % 2 else "dark",
                name=name,
                at=(0, 0, -half),
            )
            + collide("capsule", (0.028, half * 0.72), f"{name}_solid", mass=0.35, at=(0, 0, -half))
        )
        tail += "</body>"
    place = (0, 0, -part - radius * 0.9)
    text += (
        '<body name="ball">'
        + show("sphere", (radius,), "ball", name="ball", at=place)
        + collide("sphere", (radius,), "ball_solid", mass=mass, at=place)
        + "</body>"
    )
    whole = links * part
    return Stage(
        scene="chain",
        bodies=draw_arm(high, 0.3, 0.6) + text + tail,
        actors=(
            make_actor("ball", "sphere", (radius,), joint="link0_joint", way=(side / whole,)),
            make_actor("link3", "cylinder", (0.028, half * 0.8)),
        ),
        parameters={
            "links": links,
            "length": whole,
            "degrees": -side * degrees,
            "radius": radius,
            "mass": mass,
        },
        onsets={"": draw(rng, 0.6, 0.8)},
        defaults=set_contacts(bounce=0.5, friction=0.5, marks='contype="0" conaffinity="0"'),
        step=0.0005,
        kick=(-side * 3.0 / whole,),
        jump=0.9,
        keep=((0, 0, high, 0.12), (0, 0, 0.15, 0.1)),
    )


def build_cradle(rng: np.random.Generator) -> Stage:
    """Let the first of five hanging balls hit the row of the others; nothing is lost."""
    count, radius, length = 5, draw(rng, 0.13, 0.16), draw(rng, 0.85, 1.0)
    degrees, side = draw(rng, 34, 46), draw_side(rng)
    mass, high = STEEL * measure_volume("sphere", (radius,)), length + 0.45
    apart, string = 2 * radius + 0.004, 0.3
    text = ""
    for number in range(count):
        name = f"ball{number}"
        place = (side * apart * (number - (count - 1) / 2), 0, high)
        quat = turn("y", side * degrees) if number == 0 else (1.0, 0.0, 0.0, 0.0)
        strings = "".join(
            f'<geom type="box" size="0.008" fromto="0 {end} 0 0 0 {-length:.9g}" material="dark" contype="0" '
            'conaffinity="0" mass="0"/>'
            for end in (-string, string)
        )
        text += (
            f'<body name="{name}" pos="{join(place)}" quat="{join(quat)}">'
            f'<joint name="{name}_joint" type="hinge" axis="0 1 0"/>{strings}'
            + show("sphere", (radius,), "hue0", name=name, at=(0, 0, -length))
            + collide("sphere", (radius,), f"{name}_solid", mass=mass, at=(0, 0, -length))
            + "</body>"
        )
    wide = apart * count / 2 + 0.12
    rails = "".join(
        show("box", (wide, 0.03, 0.03), "metal", at=(0, end, high + 0.03)) for end in (-string, string)
    )
    corners = "".join(
        show("box", (0.03, 0.03, high / 2 + 0.03), "metal", at=(end * wide, back, high / 2 + 0.03))
        for end in (-1, 1) for back in (-string, string)
    )  # fmt: skip
    board = show("box", (wide + 0.05, string + 0.1, 0.04), "wood", at=(0, 0, 0.04))
    speed = math.sqrt(2 * 9.81 * length * (1 - math.cos(math.radians(degrees))))
    hits = 1.05 * math.pi / 2 * math.sqrt(length / 9.81)
    names = [f"ball{number}_solid" for number in range(count)]
    return Stage(
        scene="cradle",
        bodies=rails + corners + board + text,
        actors=tuple(
            make_actor(f"ball{number}", "sphere", (radius,), way=(side / length,)) for number in range(count)
        ),
        parameters={
            "radius": radius, "length": length, "degrees": -side * degrees, "mass": mass, "speed": speed,
            "hits": hits,
        },
        onsets={"": hits + 0.3, "elasticity": hits - 0.08, "penetration": hits - 0.08, "vanish": 0.6 * hits,
                "impulse": hits + 0.42, "teleport": 0.5 * hits, "inverted_gravity": hits + 0.15,
                "weak_gravity": hits + 0.12},
        defaults=set_contacts(bounce=0.99, friction=0.001, stiffness=1200, marks='condim="1"'),
        step=0.00025,
        impacts=Impacts(tuple(pairwise(names)), 1.0, slowest=0.05),
        kicked="ball0_joint",
        kick=(side * 1.8 / length,),
        jump=0.4,
        keep=((-wide, 0, high, 0.1), (wide, 0, high, 0.1), (-wide, 0, 0, 0.1), (wide, 0, 0, 0.1)),
    )  # fmt: skip


def build_spring(rng: np.random.Generator) -> Stage:
    """Let a weight bob on a spring, from rest above or below its balance."""
    period, stretch, side = draw(rng, 0.75, 1.0), draw(rng, 0.28, 0.38), draw_side(rng)
    kind = str(rng.choice(["sphere", "box", "cylinder"]))
    wide = draw(rng, 0.17, 0.22)
    size = {"sphere": (wide,), "cylinder": (wide, 0.15), "box": (wide * 0.8,) * 3}[kind]
    mass = 1500 * measure_volume(kind, size)
    stiffness = mass * (2 * math.pi / period) ** 2
    sag = mass * 9.81 / stiffness
    high, rest = 2.3, 1.0 + sag
    place = (0, 0, high - rest - side * stretch)
    top = {"sphere": wide, "cylinder": 0.15, "box": wide * 0.8}[kind]
    return Stage(
        scene="spring",
        bodies=draw_arm(high, 0.3, 0.6)
        + f'<body name="weight" pos="{join(place)}"><joint name="weight_joint" type="slide" axis="0 0 1" '
        f'stiffness="{stiffness:.9g}" springref="{sag + side * stretch:.9g}"/>'
        + show(kind, size, "ball" if kind == "sphere" else "hue0", name="weight")
        + collide(kind, size, "weight_solid", mass=mass)
        + "</body>",
        actors=(make_actor("weight", kind, size, way=(side,)),),
        parameters={
            "shape": kind, "mass": mass, "stiffness": stiffness, "period": period, "stretch": -side * stretch,
            "balance": high - rest,
        },
        onsets={"": draw(rng, 0.7, 0.95)},
        defaults=set_contacts(bounce=0.5, friction=0.5, marks='contype="0" conaffinity="0"'),
        kick=(side * 2.2,),
        jump=0.45,
        keep=((0, 0, high + 0.05, 0.1), (-0.4, 0, 0.5, 0.1), (0.4, 0, 0.5, 0.1)),
        coil=(0.0, 0.0, high, top),
    )  # fmt: skip
