"""A spinning top on the point of a stand."""

from __future__ import annotations

import math

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
from videophy_lab.generators.simulated.stage import GRAVITY, Stage


def find_precession(moment: float, inertia: tuple[float, float], spin: float, tilt: float) -> float:
    """Find the steady precession of a heavy symmetric top, radians a second.

    The slow root of Ω² I₁ cos θ − Ω I₃ ω₃ + m g l = 0 (Goldstein, Classical Mechanics, 5.7).

    Parameters
    ----------
    moment : float
        m g l.
    inertia : (float, float)
        About an axis across through the tip, and about its own axis.
    spin : float
        ω₃, the whole angular velocity along its own axis.
    tilt : float
        Radians from upright.
    """
    across = inertia[0] * math.cos(tilt)
    angular = inertia[1] * spin
    root = math.sqrt(angular**2 - 4 * across * moment)
    return 2 * moment / (angular + math.copysign(root, angular))


def build_top(rng: np.random.Generator) -> Stage:
    """Let a leaning top precess steadily."""
    radius, thick, arm = draw(rng, 0.3, 0.38), draw(rng, 0.05, 0.07), draw(rng, 0.3, 0.36)
    degrees, spin, side = draw(rng, 24, 34), draw(rng, 46, 56), draw_side(rng)
    high, start = draw(rng, 0.4, 0.5), draw(rng, 0, 360)
    mass = 600 * measure_volume("cylinder", (radius, thick))
    own = mass * radius**2 / 2
    across = mass * (3 * radius**2 + (2 * thick) ** 2) / 12 + mass * arm**2
    tilt = math.radians(degrees)
    turning = find_precession(mass * GRAVITY * arm, (across, own), side * spin, tilt)
    size = (radius, thick)
    at = (0, 0, arm)
    # in the body's own axes: the precession about the vertical, and the spin
    speed = (-turning * math.sin(tilt), 0.0, side * spin)
    return Stage(
        scene="top",
        bodies=show("cylinder", (0.035, high / 2 - 0.01), "metal", at=(0, 0, high / 2 - 0.01))
        + show("cylinder", (0.22, 0.03), "wood", at=(0, 0, 0.03))
        + f'<body pos="{join((0, 0, high))}" quat="{join(turn("z", start))}">'
        f'<body name="top" quat="{join(turn("y", degrees))}">'
        f'<joint name="top_joint" type="ball"/>'
        + show("cylinder", size, "ball", name="top", at=at)
        + collide("cylinder", size, "top_solid", mass=mass, at=at)
        + show("cylinder", (0.03, arm / 2), "dark", at=(0, 0, arm / 2))
        + show("cylinder", (0.028, 0.14), "dark", at=(0, 0, arm + thick + 0.12))
        + "</body></body>",
        actors=(make_actor("top", "cylinder", size),),
        parameters={
            "radius": radius, "arm": arm, "degrees": degrees, "spin": side * spin, "precession": turning,
            "start": start,
        },
        speeds={"top_joint": speed},
        onsets={"": draw(rng, 0.7, 0.9)},
        options='integrator="RK4"',
        defaults=set_contacts(bounce=0.5, friction=0.5, marks='contype="0" conaffinity="0"'),
        keep=((0, 0, 0.05, 0.3), (0, 0, high + arm, radius + 0.3)),
        elevation=-16,
        pattern="segments",
    )  # fmt: skip
