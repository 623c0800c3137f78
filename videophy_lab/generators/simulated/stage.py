"""What a scene is before anything moves: its model, what is followed, and where its laws can be broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from videophy_lab.generators.simulated.motion import Simulation

GRAVITY = 9.81  # m/s², downwards


@dataclass(frozen=True)
class Actor:
    """A body that is followed.

    Attributes
    ----------
    name : str
        Of its body and of the geometry that is seen; the one that collides has ``_solid`` added, a second
        copy ``_copy``.
    radius : float
        Of the ball of the same volume, metres.
    reach : float
        From its centre to its farthest point, metres.
    joint : str
        That moves it.
    way : tuple of float
        Change of that joint's first coordinates for a way of one metre.
    """

    name: str
    radius: float
    reach: float
    joint: str
    way: tuple[float, ...] = (1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Impacts:
    """Which geometries bounce off each other, and how well.

    Attributes
    ----------
    pairs : tuple of (str, str)
        Names of geometries that collide.
    restitution : float
        Speed of parting over speed of approach, along the common normal.
    slowest : float
        Speed of approach below which nothing bounces, m/s.
    """

    pairs: tuple[tuple[str, str], ...] = ()
    restitution: float = 0.0
    slowest: float = 0.25


@dataclass(frozen=True)
class Stage:
    """One scene with everything that was drawn for one seed.

    Attributes
    ----------
    scene : str
    bodies : str
        MJCF of what stands in the world.
    actors : tuple of Actor
        The first is the one that violations are about, unless they say otherwise.
    parameters : mapping
        What was drawn: metres, kilograms, seconds, degrees.
    speeds : mapping of joint to tuple of float
        Velocities at the start.
    onsets : mapping of violation to float
        Seconds; ``""`` is for all others.
    options : str
        Attributes of MJCF's ``option`` beside the time step.
    defaults : str
        Attributes of the geometries that collide.
    step : float
        Longest time step, seconds.
    impacts : Impacts
    kicked : str
        Joint that an impulse pushes; the first actor's where empty.
    kick : tuple of float
        Change of that joint's velocity at severity 1.
    jump : float
        Way of a teleport at severity 1, metres along the first actor's `way`.
    supports : mapping of mocap body to tuple of float
        How far it gives way at severity 1 where bodies penetrate.
    rubbing : float
        Coefficient of sliding friction, where friction can be reversed.
    drive : callable, optional
        Given the simulation, gives what is done before every step.
    keep : tuple of (x, y, z, radius)
        What must be in the picture beside the actors.
    azimuth, elevation : float
        Of the camera's view, degrees.
    depth : float
        Distance of the back wall behind the actors, metres.
    many : bool
        Whether the actors are many of a kind, such as grains, and violations are about them all.
    beside : tuple of float
        Direction in which a copy appears.
    coil : tuple of float, optional
        x, y, z of the fixed end of a spring that hangs down to the first actor, and how far above the actor's
        centre it ends.
    floor : str
        What the floor must be, where the scene says so.
    pattern : str
        What the first body must look like, where the scene says so.
    passing : bool
        Whether supports are not met at all at severity 1.
    """

    scene: str
    bodies: str
    actors: tuple[Actor, ...]
    parameters: Mapping[str, Any]
    speeds: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    onsets: Mapping[str, float] = field(default_factory=dict)
    options: str = ""
    defaults: str = ""
    step: float = 0.001
    impacts: Impacts = field(default_factory=Impacts)
    kicked: str = ""
    kick: tuple[float, ...] = ()
    jump: float = 0.0
    supports: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    rubbing: float = 0.0
    drive: Callable[[Simulation], Callable[[], None]] | None = None
    keep: tuple[tuple[float, float, float, float], ...] = ()
    azimuth: float = 90.0
    elevation: float = -10.0
    depth: float = 3.0
    many: bool = False
    beside: tuple[float, float, float] = (1.0, 0.0, 0.0)
    coil: tuple[float, float, float, float] | None = None
    floor: str = ""
    pattern: str = ""
    passing: bool = False

    def find_onset(self, violation: str) -> float:
        """Give the time at which a violation begins, seconds."""
        return self.onsets.get(violation, self.onsets[""])
