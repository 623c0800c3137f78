"""Where every body is, frame by frame, in the world and in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from videophy_lab.generators.simulated.camera import Camera
from videophy_lab.generators.simulated.compose import Take
from videophy_lab.generators.simulated.motion import Run, load_mujoco
from videophy_lab.generators.simulated.render import set_state

HEADER = "frame,body,x,y,z,u,v,radius_px,visible"
OPAQUE = np.array([1, 1, 0, 0, 0, 0], np.uint8)  # groups of geometries that one cannot see through


@dataclass(frozen=True)
class Tracks:
    """Paths of the followed bodies.

    Attributes
    ----------
    names : tuple of str
    places : array, shape (frames, bodies, 3)
        Metres: x to the right, y away, z up.
    pixels : array, shape (frames, bodies, 2)
        u to the right, v downwards; the centre of the first pixel is (0, 0).
    radii : array, shape (frames, bodies)
        Of the ball of the same volume, pixels.
    visible : array of bool, shape (frames, bodies)
        Whether a part of it is in the picture, with nothing in front.
    present : array of bool, shape (frames, bodies)
        Whether it exists.
    """

    names: tuple[str, ...]
    places: np.ndarray
    pixels: np.ndarray
    radii: np.ndarray
    visible: np.ndarray
    present: np.ndarray

    def write(self) -> bytes:
        """Write a CSV table, one row a frame and body; bodies that do not exist have no row."""
        lines = [HEADER]
        for frame, body in np.argwhere(self.present):
            x, y, z = self.places[frame, body]
            u, v = self.pixels[frame, body]
            lines.append(
                f"{frame},{self.names[body]},{x:.5f},{y:.5f},{z:.5f},{u:.3f},{v:.3f},"
                f"{self.radii[frame, body]:.3f},{int(self.visible[frame, body])}"
            )
        return ("\n".join(lines) + "\n").encode()


def name_bodies(take: Take, run: Run) -> tuple[str, ...]:
    """Name the followed bodies in the order of a run's arrays."""
    names = [actor.name for actor in take.stage.actors]
    copies = [f"{name}_copy" for name in names][: run.places.shape[1] - len(names)]
    return tuple(names + copies)


def trace(take: Take, run: Run, cameras: Sequence[Camera], size: int) -> Tracks:
    """Find where the bodies of a run are in the picture."""
    radii = np.resize([actor.radius for actor in take.stage.actors], run.places.shape[1]) * run.scales
    seen = [camera.project(places, size) for camera, places in zip(cameras, run.places, strict=True)]
    pixels, scales = (np.stack(values) for values in zip(*seen, strict=True))
    inside = np.all((pixels > -0.5) & (pixels < size - 0.5), axis=-1)
    clear = find_clear(take, run, cameras)
    names = name_bodies(take, run)
    return Tracks(names, run.places, pixels, radii * scales, run.present & inside & clear, run.present)


def find_clear(take: Take, run: Run, cameras: Sequence[Camera]) -> np.ndarray:
    """Find the bodies of which the centre or one of four points around it is not hidden."""
    mujoco, model = load_mujoco(), take.model.__copy__()
    data, groups = mujoco.MjData(model), model.geom_group.copy()
    names = name_bodies(take, run)
    geoms = [mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, name) for name in names]
    radii = np.resize([actor.radius for actor in take.stage.actors], len(names)) * run.scales
    clear = np.zeros(run.present.shape, bool)
    hit = np.zeros(1, np.int32)
    for frame, camera in enumerate(cameras):
        model.geom_group[:] = groups
        set_state(model, data, run, frame)
        mujoco.mj_kinematics(model, data)
        right, up, _ = camera.axes
        for body in np.flatnonzero(run.present[frame]):
            reach = 0.6 * radii[frame, body]
            for way in (0 * up, reach * up, -reach * up, reach * right, -reach * right):
                ray = run.places[frame, body] + way - camera.place
                mujoco.mj_ray(model, data, camera.place, ray, OPAQUE, 1, -1, hit)
                if hit[0] == geoms[body]:
                    clear[frame, body] = True
                    break
    return clear
