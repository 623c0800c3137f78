"""The scenes: each function draws one from a seed, with its motion known before anything is rendered."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from videophy_lab.generators.simulated.scenes.balls import (
    build_bounce,
    build_fall,
    build_projectile,
    build_wall,
)
from videophy_lab.generators.simulated.scenes.flats import build_collision, build_slide, build_slope
from videophy_lab.generators.simulated.scenes.grains import build_pour
from videophy_lab.generators.simulated.scenes.stacks import build_dominoes, build_seesaw, build_tower
from videophy_lab.generators.simulated.scenes.swings import (
    build_chain,
    build_cradle,
    build_pendulum,
    build_spring,
)
from videophy_lab.generators.simulated.scenes.tops import build_top
from videophy_lab.generators.simulated.scenes.water import build_float
from videophy_lab.generators.simulated.stage import Stage

BUILDERS: dict[str, Callable[[np.random.Generator], Stage]] = {
    "fall": build_fall,
    "bounce": build_bounce,
    "projectile": build_projectile,
    "wall": build_wall,
    "collision": build_collision,
    "cradle": build_cradle,
    "slope": build_slope,
    "slide": build_slide,
    "pendulum": build_pendulum,
    "chain": build_chain,
    "spring": build_spring,
    "dominoes": build_dominoes,
    "tower": build_tower,
    "seesaw": build_seesaw,
    "float": build_float,
    "pour": build_pour,
    "top": build_top,
}
