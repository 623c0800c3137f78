"""Pieces of MJCF, MuJoCo's description of a world."""

from __future__ import annotations

import math
from collections.abc import Iterable

from videophy_lab.generators.simulated.stage import Actor

BURIED = -60.0  # where copies wait, metres below the floor


def join(values: Iterable[float]) -> str:
    """Write numbers as MJCF wants them."""
    return " ".join(f"{value:.9g}" for value in values)


def turn(axis: str, degrees: float) -> tuple[float, float, float, float]:
    """Give the quaternion of a turn about an axis."""
    half = math.radians(degrees) / 2
    x, y, z = (math.sin(half) if axis == name else 0.0 for name in "xyz")
    return math.cos(half), x, y, z


def show(
    kind: str,
    size: Iterable[float],
    material: str,
    *,
    name: str = "",
    at: Iterable[float] = (0, 0, 0),
    quat: Iterable[float] = (1, 0, 0, 0),
    group: int = 0,
) -> str:
    """Write a geometry that is only seen."""
    return (
        f'<geom name="{name}" type="{kind}" size="{join(size)}" pos="{join(at)}" quat="{join(quat)}" '
        f'material="{material}" contype="0" conaffinity="0" mass="0" group="{group}"/>'
    ).replace('name="" ', "")


def collide(
    kind: str,
    size: Iterable[float],
    name: str,
    *,
    mass: float = 0.0,
    at: Iterable[float] = (0, 0, 0),
    quat: Iterable[float] = (1, 0, 0, 0),
    marks: str = "",
) -> str:
    """Write a geometry that is never seen and collides."""
    return (
        f'<geom name="{name}" class="solid" type="{kind}" size="{join(size)}" pos="{join(at)}" '
        f'quat="{join(quat)}" mass="{mass:.9g}" {marks}/>'
    )


def free_body(
    name: str,
    kind: str,
    size: tuple[float, ...],
    material: str,
    *,
    at: Iterable[float],
    mass: float,
    quat: Iterable[float] = (1, 0, 0, 0),
    copy: bool = False,
    marks: str = "",
) -> str:
    """Write a body that moves freely; with `copy`, also the hidden second one that waits under the floor."""
    whole = write_free(name, kind, size, material, at=at, mass=mass, quat=quat, marks=marks)
    if copy:
        away = f'{marks} contype="0" conaffinity="0"'
        below = (0.0, 0.0, BURIED)
        whole += write_free(
            f"{name}_copy", kind, size, material, at=below, mass=mass, marks=away, hidden=True
        )
    return whole


def write_free(
    name: str,
    kind: str,
    size: tuple[float, ...],
    material: str,
    *,
    at: Iterable[float],
    mass: float,
    quat: Iterable[float] = (1, 0, 0, 0),
    marks: str = "",
    hidden: bool = False,
) -> str:
    """Write one free body; a hidden one neither falls nor is seen."""
    return (
        f'<body name="{name}" pos="{join(at)}" quat="{join(quat)}" gravcomp="{int(hidden)}">'
        f'<freejoint name="{name}_joint"/>{show(kind, size, material, name=name, group=4 if hidden else 0)}'
        f"{collide(kind, size, f'{name}_solid', mass=mass, marks=marks)}</body>"
    )


def fixed_body(
    name: str, pieces: str, *, at: Iterable[float] = (0, 0, 0), quat: Iterable[float] = (1, 0, 0, 0)
) -> str:
    """Write a body that stands still unless it is moved by hand."""
    return f'<body name="{name}" mocap="true" pos="{join(at)}" quat="{join(quat)}">{pieces}</body>'


def ground() -> str:
    """Write the floor that bodies collide with; the one that is seen is the background's."""
    everything = 'contype="255" conaffinity="255"'
    return fixed_body("ground", collide("plane", (20, 20, 1), "ground_solid", marks=everything))


def make_actor(
    name: str,
    kind: str,
    size: tuple[float, ...],
    *,
    joint: str = "",
    way: tuple[float, ...] = (1.0, 0.0, 0.0),
) -> Actor:
    """Describe a body that is followed, from its shape."""
    return Actor(name, measure_radius(kind, size), measure_reach(kind, size), joint or f"{name}_joint", way)


def measure_volume(kind: str, size: tuple[float, ...]) -> float:
    """Measure the volume of a shape, cubic metres."""
    if kind == "sphere":
        return 4 / 3 * math.pi * size[0] ** 3
    if kind == "box":
        return 8 * size[0] * size[1] * size[2]
    if kind == "cylinder":
        return 2 * math.pi * size[0] ** 2 * size[1]
    if kind == "capsule":
        return math.pi * size[0] ** 2 * (2 * size[1] + 4 / 3 * size[0])
    if kind == "ellipsoid":
        return 4 / 3 * math.pi * size[0] * size[1] * size[2]
    raise ValueError(f"no volume is known of a {kind}.")


def measure_radius(kind: str, size: tuple[float, ...]) -> float:
    """Measure the radius of the ball of the same volume, metres."""
    return math.cbrt(measure_volume(kind, size) * 3 / 4 / math.pi)


def measure_reach(kind: str, size: tuple[float, ...]) -> float:
    """Measure how far a shape extends from its centre, metres."""
    if kind in ("sphere", "ellipsoid"):
        return max(size)
    if kind == "capsule":
        return size[0] + size[1]
    return math.hypot(*size)


def set_contacts(*, bounce: float, friction: float, stiffness: float = 400.0, marks: str = "") -> str:
    """Write how geometries collide.

    Parameters
    ----------
    bounce : float
        Rough coefficient of restitution; `impacts` makes it exact where it matters.
    friction : float
        Coefficient of sliding friction.
    stiffness : float
        Angular frequency of a contact, 1/s: a body that comes with v sinks in by v / stiffness.
    marks : str
        Other attributes.
    """
    loss = -math.log(bounce)
    damping = 2 * stiffness * loss / math.hypot(math.pi, loss)
    return (
        f'solref="{-(stiffness**2):.9g} {-damping:.9g}" solimp="0.9999 0.9999 0.001" '
        f'friction="{friction:.9g} 0 0" {marks}'
    )
