"""Break one law of a scene that moves, from one moment on."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from videophy_lab.generators.simulated.motion import Simulation

GROWING = 0.35  # seconds that a body takes to grow


def weaken_gravity(simulation: Simulation, severity: float) -> None:
    """Weaken gravity to 1 − 0.9 s of itself."""
    simulation.model.opt.gravity[2] *= 1 - 0.9 * severity


def invert_gravity(simulation: Simulation, severity: float) -> None:
    """Let gravity pull upwards with s of its strength."""
    simulation.model.opt.gravity[2] *= -severity


def gain_elasticity(simulation: Simulation, severity: float) -> None:
    """Let bodies part 1 + 0.4 s times as fast as they meet."""
    assert simulation.bouncer is not None
    simulation.bouncer.restitution = 1 + 0.4 * severity


def push(simulation: Simulation, severity: float) -> None:
    """Push a body with nothing, by s times the scene's `kick`."""
    stage = simulation.stage
    joint = simulation.find("joint", stage.kicked or stage.actors[0].joint)
    address = simulation.model.jnt_dofadr[joint]
    kick = severity * np.array(stage.kick)
    simulation.data.qvel[address : address + len(kick)] += kick


def jump(simulation: Simulation, severity: float) -> None:
    """Put the first actor s times the scene's `jump` away, with its velocity."""
    stage = simulation.stage
    actor = stage.actors[0]
    address = simulation.model.jnt_qposadr[simulation.find("joint", actor.joint)]
    way = severity * stage.jump * np.array(actor.way)
    simulation.data.qpos[address : address + len(way)] += way


def hide(simulation: Simulation, name: str) -> None:
    """Take a body out of the world: it is neither seen nor met."""
    model = simulation.model
    model.geom_group[simulation.find("geom", name)] = 4
    solid = simulation.find("geom", f"{name}_solid")
    if solid >= 0:
        model.geom_contype[solid] = model.geom_conaffinity[solid] = 0


def scale(simulation: Simulation, name: str, volume: float) -> None:
    """Give a body `volume` times the volume and the mass that it has."""
    model, factor = simulation.model, volume ** (1 / 3)
    for geom in (simulation.find("geom", name), simulation.find("geom", f"{name}_solid")):
        if geom >= 0:
            model.geom_size[geom] *= factor
            model.geom_rbound[geom] *= factor
            model.geom_aabb[geom] *= factor
    body = model.geom_bodyid[simulation.find("geom", name)]
    model.body_mass[body] *= volume
    model.body_inertia[body] *= volume ** (5 / 3)


def settle(simulation: Simulation) -> None:
    """Let MuJoCo work out again what follows from masses and sizes."""
    simulation.mujoco.mj_setConst(simulation.model, simulation.mujoco.MjData(simulation.model))


def list_lost(simulation: Simulation, severity: float) -> list[str]:
    """List the many bodies that are lost, evenly among all; one body is not many."""
    names = [actor.name for actor in simulation.stage.actors]
    count = round(severity * len(names))
    return [names[math.floor((number + 0.5) * len(names) / count)] for number in range(count)]


def vanish(simulation: Simulation, severity: float) -> None:
    """Take s of a body away; of grains, s of them."""
    if simulation.stage.many:
        for name in list_lost(simulation, severity):
            hide(simulation, name)
    elif severity == 1:
        hide(simulation, simulation.stage.actors[0].name)
    else:
        scale(simulation, simulation.stage.actors[0].name, 1 - severity)
        settle(simulation)


def duplicate(simulation: Simulation, severity: float) -> None:
    """Let a copy with s of the mass appear beside the first actor, as fast as it."""
    model, data = simulation.model, simulation.data
    actor = simulation.stage.actors[0]
    first, second = (simulation.find("joint", f"{name}_joint") for name in (actor.name, f"{actor.name}_copy"))
    scale(simulation, f"{actor.name}_copy", severity)
    settle(simulation)
    seen, solid, other = (
        simulation.find("geom", f"{actor.name}{end}") for end in ("_copy", "_solid", "_copy_solid")
    )
    model.geom_group[seen] = 0
    bodies = [simulation.find("body", name) for name in (actor.name, f"{actor.name}_copy")]
    for name in ("contype", "conaffinity"):
        for kind, (from_, to) in {"geom": (solid, other), "body": bodies}.items():
            values = getattr(model, f"{kind}_{name}")
            values[to] = values[from_]
    here, there = model.jnt_qposadr[first], model.jnt_qposadr[second]
    data.qpos[there : there + 7] = data.qpos[here : here + 7]
    aside = (actor.reach + actor.reach * severity ** (1 / 3)) * 1.05
    data.qpos[there : there + 3] += aside * np.array(simulation.stage.beside)
    here, there = model.jnt_dofadr[first], model.jnt_dofadr[second]
    data.qvel[there : there + 6] = data.qvel[here : here + 6]
    model.body_gravcomp[simulation.find("body", f"{actor.name}_copy")] = 0


def grow(simulation: Simulation, severity: float) -> None:
    """Let bodies grow to 1 + 3 s times their volume."""
    names = [actor.name for actor in simulation.stage.actors]
    names = names if simulation.stage.many else names[:1]
    begun, volumes = simulation.data.time, [1.0]

    def swell() -> None:
        share = min(1.0, (simulation.data.time - begun) / GROWING)
        volume = (1 + ((1 + 3 * severity) ** (1 / 3) - 1) * share) ** 3
        if volume > volumes[-1] * 1.02 or (share == 1 and volume > volumes[-1]):
            for name in names:
                scale(simulation, name, volume / volumes[-1])
            settle(simulation)
            volumes.append(volume)

    simulation.before.append(swell)


def penetrate(simulation: Simulation, severity: float) -> None:
    """Let what stops bodies give way by s of their width; at 1 they pass through each other."""
    model, data, stage = simulation.model, simulation.data, simulation.stage
    for name, way in stage.supports.items():
        number = model.body_mocapid[simulation.find("body", name)]
        data.mocap_pos[number] += severity * np.array(way)
        if stage.passing and severity == 1:
            solid = simulation.find("geom", f"{name}_solid")
            model.geom_contype[solid] = model.geom_conaffinity[solid] = 0
    if not stage.supports:
        overlap(simulation, severity)


def overlap(simulation: Simulation, severity: float) -> None:
    """Let the followed bodies, all balls, pass into each other by s of their radius; the floor holds them."""
    model, data, stage = simulation.model, simulation.data, simulation.stage
    solids = [simulation.find("geom", f"{actor.name}_solid") for actor in stage.actors]
    if severity == 1:
        for number, solid in enumerate(solids):
            bit = 2 << number
            model.geom_contype[solid] = model.geom_conaffinity[solid] = bit
            body = model.geom_bodyid[solid]
            model.body_contype[body] = model.body_conaffinity[body] = bit
        return
    less = severity * min(actor.radius for actor in stage.actors)
    model.geom_size[solids, 0] -= less
    model.geom_rbound[solids] -= less
    ground = simulation.find("body", "ground")
    if ground >= 0:
        data.mocap_pos[model.body_mocapid[ground], 2] += less


def reverse_friction(simulation: Simulation, severity: float) -> None:
    """Let friction push what slides, with s of its strength, where it is going."""
    model, data, stage = simulation.model, simulation.data, simulation.stage
    body = simulation.find("body", stage.actors[0].name)
    model.geom_friction[:, 0] = 1e-5
    joint = model.jnt_dofadr[simulation.find("joint", stage.actors[0].joint)]
    way = data.qvel[joint : joint + 2] / np.hypot(*data.qvel[joint : joint + 2])
    strength = severity * stage.rubbing * model.body_mass[body] * -model.opt.gravity[2]
    data.xfrc_applied[body, :2] = strength * way


def invert_buoyancy(simulation: Simulation, severity: float) -> None:
    """Make buoyancy 1 − 2 s times what it should be."""
    simulation.lift = 1 - 2 * severity


EDITS: dict[str, Callable[[Simulation, float], None]] = {
    "weak_gravity": weaken_gravity,
    "inverted_gravity": invert_gravity,
    "elasticity": gain_elasticity,
    "impulse": push,
    "vanish": vanish,
    "duplicate": duplicate,
    "grow": grow,
    "teleport": jump,
    "penetration": penetrate,
    "friction_reversed": reverse_friction,
    "buoyancy_inverted": invert_buoyancy,
}
