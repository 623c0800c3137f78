"""Draw a scene and its looks from a seed, and compile them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from videophy_lab.generators.simulated.camera import Camera, place_camera
from videophy_lab.generators.simulated.edits import EDITS
from videophy_lab.generators.simulated.looks import Looks, draw_looks, paint_model
from videophy_lab.generators.simulated.motion import Run, load_mujoco, simulate
from videophy_lab.generators.simulated.scenes import BUILDERS
from videophy_lab.generators.simulated.stage import Stage
from videophy_lab.generators.simulated.violations import VIOLATIONS

# edits after which bodies go where they would not have gone
WANDERING = (
    "weak_gravity", "inverted_gravity", "elasticity", "impulse", "duplicate", "grow", "teleport",
    "friction_reversed", "buoyancy_inverted",
)  # fmt: skip
# of what follows after an onset, the share that must be in the picture: the rest may leave it, which keeps
# bodies large where they fly away faster and faster
KEPT = 0.75


@dataclass(frozen=True)
class Take:
    """One scene with one seed, ready to be let go.

    Attributes
    ----------
    stage : Stage
    looks : Looks
    model
        MuJoCo's.
    frames : int
    fps : float
    """

    stage: Stage
    looks: Looks
    model: Any
    frames: int
    fps: float

    def find_onset(self, violation: str) -> int:
        """Give the frame at which a violation begins, from 1 to the last but two."""
        return min(max(1, round(self.stage.find_onset(violation) * self.fps)), self.frames - 3)

    def run(self, violation: str = "", severity: float = 1.0, *, rate: float = 1.0) -> Run:
        """Let it go, with a law broken or not."""
        edit = EDITS.get(violation)
        return simulate(
            self.stage,
            self.model,
            frames=self.frames,
            fps=self.fps,
            rate=rate,
            onset=self.find_onset(violation) if edit else None,
            edit=(lambda simulation: edit(simulation, severity)) if edit else None,
        )


def make_rng(scene: str, seed: int, purpose: str) -> np.random.Generator:
    """Make the source of randomness of one purpose."""
    return np.random.default_rng([zlib.crc32(scene.encode()), zlib.crc32(purpose.encode()), seed % 2**32])


def write_model(stage: Stage, looks: Looks) -> str:
    """Write the whole MJCF of a scene."""
    return f"""<mujoco>
<option gravity="0 0 -9.81" timestep="0.001" cone="elliptic" {stage.options}/>
<statistic center="0 0 1" extent="5"/>
<visual>
<quality offsamples="4" numslices="28" numstacks="16"/>
<headlight ambient="0.38 0.38 0.39" diffuse="0.3 0.3 0.3" specular="0 0 0"/>
<map znear="0.02" zfar="20" shadowclip="1" shadowscale="0.6"/>
</visual>
<default><default class="solid"><geom group="3" {stage.defaults}/></default></default>
<asset>{looks.write_assets()}</asset>
<worldbody>{looks.write_scenery(stage.depth)}{stage.bodies}</worldbody>
</mujoco>"""


def prepare_take(scene: str, seed: int, *, frames: int, fps: float, size: int = 64, shadow: int = 64) -> Take:
    """Draw a scene from its seed: the same one whatever is done to it later.

    Parameters
    ----------
    scene : str
    seed : int
    frames : int
    fps : float
    size, shadow : int
        Pixels of the picture's sides, and of the map of shadows; nothing but the picture depends on them.
    """
    mujoco = load_mujoco()
    stage = BUILDERS[scene](make_rng(scene, seed, "motion"))
    looks = draw_looks(make_rng(scene, seed, "looks"), stage.floor, stage.pattern)
    model = mujoco.MjModel.from_xml_string(write_model(stage, looks))
    paint_model(model, mujoco, looks)
    return Take(stage, looks, model, frames, fps)


def list_balls(take: Take, run: Run) -> tuple[np.ndarray, np.ndarray]:
    """List the balls that the followed bodies fill, over a whole run."""
    reaches = [actor.reach for actor in take.stage.actors]
    reaches = np.resize(reaches, run.places.shape[1]) * run.scales
    there = run.present & (run.places[..., 2] > -0.5)
    return run.places[there], reaches[there]


@lru_cache(maxsize=4096)
def find_camera(scene: str, seed: int, frames: int, fps: float) -> Camera:
    """Place the camera so that it sees the right run and all wrong ones: the same for all of them."""
    take = prepare_take(scene, seed, frames=frames, fps=fps)
    runs = [take.run()]
    for name in WANDERING:
        if scene in VIOLATIONS[name].scenes:
            onset = take.find_onset(name)
            runs.append(take.run(name).pick(range(round(onset + KEPT * (frames - onset)))))
    points, radii = (
        np.concatenate(parts) for parts in zip(*(list_balls(take, run) for run in runs), strict=True)
    )
    if take.stage.keep:
        kept = np.array(take.stage.keep)
        points, radii = np.vstack([points, kept[:, :3]]), np.concatenate([radii, kept[:, 3]])
    azimuth = take.stage.azimuth + take.looks.azimuth
    return place_camera(points, radii, azimuth, take.stage.elevation + take.looks.elevation)
