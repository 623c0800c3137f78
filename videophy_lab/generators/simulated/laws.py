"""The physical laws of the world, by the names that the benchmark's annotators use where they have one."""

from __future__ import annotations

GRAVITY = "Gravity"
ELASTICITY = "Elasticity"
MOMENTUM = "Conservation of Momentum"
ENERGY = "Conservation of Energy"
MASS = "Conservation of Mass"
INERTIA = "Inertia"
HARDNESS = "Hardness"
FRICTION = "Friction"
BUOYANCY = "Buoyancy"
ANGULAR = "Conservation of Angular Momentum"
ARROW = "Second Law of Thermodynamics"
LAWS = (
    GRAVITY, ELASTICITY, MOMENTUM, ENERGY, MASS, INERTIA, HARDNESS, FRICTION, BUOYANCY, ANGULAR, ARROW,
)  # fmt: skip
