"""Let a scene move, and change its laws from one moment on."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from videophy_lab.extras import import_extra
from videophy_lab.generators.simulated.impacts import Bouncer
from videophy_lab.generators.simulated.platform import explain_missing, set_platform
from videophy_lab.generators.simulated.stage import Stage


def load_mujoco() -> Any:
    """Import MuJoCo, or say how to install it, or the OpenGL that it looks for when it is imported."""
    set_platform()
    try:
        return import_extra("mujoco", "sim")
    except (AttributeError, OSError, RuntimeError) as error:
        raise explain_missing(error) from error


@dataclass(frozen=True)
class Run:
    """What happened, frame by frame.

    Attributes
    ----------
    qpos, qvel : array, shape (frames, coordinates)
        State of MuJoCo's joints.
    mocap : array, shape (frames, bodies, 7)
        Place and quaternion of what is moved by hand.
    sizes : array, shape (frames, geometries, 3)
    shown : array of bool, shape (frames, geometries)
        Whether a geometry is there to be seen.
    places : array, shape (frames, actors, 3)
        Centres of the followed bodies, metres; copies follow after all others.
    scales : array, shape (frames, actors)
        Their size, as a multiple of that at the start.
    present : array of bool, shape (frames, actors)
    """

    qpos: np.ndarray
    qvel: np.ndarray
    mocap: np.ndarray
    sizes: np.ndarray
    shown: np.ndarray
    places: np.ndarray
    scales: np.ndarray
    present: np.ndarray

    def pick(self, frames: Sequence[int]) -> Run:
        """Take frames, in any order, also twice."""
        index = np.asarray(frames)
        return Run(**{name: value[index] for name, value in vars(self).items()})


@dataclass
class Simulation:
    """A scene that moves.

    Attributes
    ----------
    mujoco : module
    stage : Stage
    model, data
        MuJoCo's.
    before : list of callable
        Done before every step.
    after : list of callable
        Done after every step.
    bouncer : Bouncer
        Keeps the law of restitution.
    lift : float
        Factor on the buoyancy.
    """

    mujoco: Any
    stage: Stage
    model: Any
    data: Any
    before: list[Callable[[], None]] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)
    bouncer: Bouncer | None = None
    lift: float = 1.0

    def find(self, kind: str, name: str) -> int:
        """Give the number of a body, geometry, joint or site."""
        found = self.mujoco.mj_name2id(self.model, getattr(self.mujoco.mjtObj, f"mjOBJ_{kind.upper()}"), name)
        return int(found)

    def find_copies(self) -> list[tuple[int, int]]:
        """Give the geometries of followed bodies, and of their copies."""
        pairs = ((a.name, f"{a.name}_copy") for a in self.stage.actors)
        return [(self.find("geom", name), self.find("geom", other)) for name, other in pairs]

    def advance(self, steps: int) -> None:
        """Let time go on."""
        if not (self.before or self.after):
            self.mujoco.mj_step(self.model, self.data, nstep=steps)
            return
        step = self.mujoco.mj_step
        for _ in range(steps):
            for act in self.before:
                act()
            step(self.model, self.data)
            for act in self.after:
                act()


def start(stage: Stage, model: Any) -> Simulation:
    """Put a scene at its start; `model` is not changed by what happens."""
    mujoco = load_mujoco()
    own = copy.copy(model)
    simulation = Simulation(mujoco, stage, own, mujoco.MjData(own))
    for name, speed in stage.speeds.items():
        address = own.jnt_dofadr[simulation.find("joint", name)]
        simulation.data.qvel[address : address + len(speed)] = speed
    if stage.impacts.pairs:
        simulation.bouncer = Bouncer(simulation)
        simulation.after.append(simulation.bouncer)
    if stage.drive is not None:
        simulation.before.append(stage.drive(simulation))
    mujoco.mj_forward(own, simulation.data)
    return simulation


def simulate(
    stage: Stage,
    model: Any,
    *,
    frames: int,
    fps: float,
    rate: float = 1.0,
    onset: int | None = None,
    edit: Callable[[Simulation], None] | None = None,
) -> Run:
    """Let a scene move, and change it once.

    Parameters
    ----------
    stage : Stage
    model
        The compiled scene.
    frames : int
    fps : float
    rate : float
        Seconds of the world in a second of the video.
    onset : int, optional
        Frame at whose time `edit` is done; the frame already shows what it moves.
    edit : callable, optional
    """
    simulation = start(stage, model)
    steps = max(1, math.ceil(rate / fps / stage.step - 1e-9))
    simulation.model.opt.timestep = rate / fps / steps
    seen: list[tuple[np.ndarray, ...]] = []
    for frame in range(frames):
        if frame:
            simulation.advance(steps)
        if frame == onset and edit is not None:
            edit(simulation)
        simulation.mujoco.mj_kinematics(simulation.model, simulation.data)
        seen.append(record(simulation))
    columns = [np.stack(values) for values in zip(*seen, strict=True)]
    qpos, qvel, mocap, sizes, shown, centres = columns
    return Run(qpos, qvel, mocap, sizes, shown, *follow(simulation, centres, sizes, shown))


def record(simulation: Simulation) -> tuple[np.ndarray, ...]:
    """Copy the state that decides a picture."""
    model, data = simulation.model, simulation.data
    mocap = np.hstack([data.mocap_pos, data.mocap_quat])
    shown = model.geom_group < 3
    return data.qpos.copy(), data.qvel.copy(), mocap, model.geom_size.copy(), shown, data.geom_xpos.copy()


def follow(
    simulation: Simulation, centres: np.ndarray, sizes: np.ndarray, shown: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pick the followed bodies, and their copies, out of all geometries."""
    pairs = simulation.find_copies()
    geoms = [first for first, _ in pairs] + [second for _, second in pairs if second >= 0]
    scales = sizes[:, geoms, 0] / sizes[:1, geoms, 0]
    return centres[:, geoms], scales, shown[:, geoms]
