"""Scenes let go without being drawn, each once for all tests."""

from __future__ import annotations

from functools import cache

import numpy as np

from videophy_lab.generators.simulated.clips import Clip, stage_clip
from videophy_lab.generators.simulated.compose import Take, prepare_take
from videophy_lab.generators.simulated.motion import Run, load_mujoco
from videophy_lab.generators.simulated.violations import NONE, SCENES, VIOLATIONS

FRAMES, FPS = 49, 24.0
STEP = 1 / FPS
G = 9.81
PAIRS = [(name, scene) for name, violation in VIOLATIONS.items() for scene in violation.scenes]
EDITED = [pair for pair in PAIRS if pair[0] not in ("reversal", "speed_up", "freeze", "jitter")]


@cache
def get_take(scene: str, seed: int = 0, frames: int = FRAMES, fps: float = FPS) -> Take:
    return prepare_take(scene, seed, frames=frames, fps=fps)


@cache
def get_run(scene: str, seed: int = 0, violation: str = "", severity: float = 1.0) -> Run:
    return get_take(scene, seed).run(violation, severity)


@cache
def get_clip(scene: str, violation: str = NONE, severity: float = 1.0) -> Clip:
    return stage_clip(scene, 0, violation, severity, frames=25, fps=12.0)


def find_seed(scene: str, **wanted) -> int:
    """Find the first seed whose draw has these parameters."""
    for seed in range(50):
        parameters = get_take(scene, seed).stage.parameters
        if all(parameters[name] == value for name, value in wanted.items()):
            return seed
    raise AssertionError(f"no seed of {scene} has {wanted}")


def measure_energy(scene: str, run: Run, seed: int = 0) -> np.ndarray:
    """Measure the mechanical energy of every frame, joules, by MuJoCo's own sums."""
    mujoco = load_mujoco()
    model = get_take(scene, seed).model.__copy__()
    model.opt.enableflags |= mujoco.mjtEnableBit.mjENBL_ENERGY
    data, found = mujoco.MjData(model), []
    for qpos, qvel in zip(run.qpos, run.qvel, strict=True):
        data.qpos[:], data.qvel[:] = qpos, qvel
        mujoco.mj_forward(model, data)
        found.append(data.energy.sum())
    return np.array(found) - rest_energy(mujoco, model)


def rest_energy(mujoco, model) -> float:
    """Give the energy of copies that wait under the floor, which the sum counts in."""
    waiting = [body for body in range(model.nbody) if model.body_gravcomp[body] == 1]
    return sum(model.body_mass[body] * G * model.body_pos[body, 2] for body in waiting)


def differ(path: np.ndarray) -> np.ndarray:
    """Give second differences over the squared time step: the mean acceleration around each frame."""
    return (path[2:] - 2 * path[1:-1] + path[:-2]) / STEP**2


__all__ = [
    "EDITED", "FPS", "FRAMES", "PAIRS", "SCENES", "STEP", "G", "differ", "find_seed", "get_clip", "get_run",
    "get_take", "measure_energy",
]  # fmt: skip
