"""Draw frames with MuJoCo's renderer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np

from videophy_lab.generators.simulated.camera import FIELD, Camera
from videophy_lab.generators.simulated.compose import Take
from videophy_lab.generators.simulated.motion import Run, load_mujoco
from videophy_lab.generators.simulated.platform import explain_missing

MOST_GEOMETRIES = 400
HIDDEN = 4  # group of geometries that are not there
TURNS, PARTS = 8, 10  # of a coil
STEEL = np.array([0.42, 0.44, 0.48, 1], np.float32)
BACKDROP = ("floor", "wall", "skirting")


@contextmanager
def open_renderer(model: Any, size: int) -> Iterator[Any]:
    """Open a renderer, and close it.

    Raises
    ------
    ImportError
        There is no OpenGL; the line to type is named.
    """
    mujoco = load_mujoco()
    try:
        renderer = mujoco.Renderer(model, size, size, max_geom=MOST_GEOMETRIES)
    # what is missing shows as any of these, by platform and by what of it is missing
    except (ImportError, AttributeError, OSError, RuntimeError, TypeError, mujoco.FatalError) as error:
        raise explain_missing(error) from error
    try:
        yield renderer
    finally:
        renderer.close()


def check_rendering() -> None:
    """Draw one small picture, to see whether that can be done; raise ImportError with a remedy."""
    mujoco = load_mujoco()
    model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><geom size='1'/></worldbody></mujoco>")
    with open_renderer(model, 16) as renderer:
        renderer.update_scene(mujoco.MjData(model))
        renderer.render()


def set_state(model: Any, data: Any, run: Run, frame: int) -> None:
    """Put a model into the state of a frame."""
    data.qpos[:] = run.qpos[frame]
    data.mocap_pos[:], data.mocap_quat[:] = run.mocap[frame, :, :3], run.mocap[frame, :, 3:]
    model.geom_size[:] = run.sizes[frame]
    model.geom_group[~run.shown[frame] & (model.geom_group < 3)] = HIDDEN
    model.geom_group[run.shown[frame] & (model.geom_group == HIDDEN)] = 0


def aim(mujoco: Any, camera: Camera) -> Any:
    """Make MuJoCo's camera of ours."""
    view = mujoco.MjvCamera()
    view.azimuth, view.elevation, view.distance = camera.azimuth, camera.elevation, 1.0
    view.lookat[:] = camera.place + camera.axes[2]
    return view


def set_light(model: Any, camera: Camera) -> None:
    """Let the sun's shadows cover all that the camera was placed for, in right and wrong runs alike."""
    model.vis.global_.fovy = FIELD
    model.stat.extent = camera.reach + 1.0
    model.stat.center[:] = camera.centre
    way = model.light_dir[0] / np.linalg.norm(model.light_dir[0])
    model.light_pos[0] = camera.centre - way * model.stat.extent


def render(take: Take, run: Run, cameras: Sequence[Camera], size: int, *, shadow: int = 1024) -> np.ndarray:
    """Draw a run.

    Parameters
    ----------
    take : Take
    run : Run
    cameras : sequence of Camera
        One a frame.
    size : int
        Pixels of height and width.
    shadow : int
        Pixels of a side of the map of shadows.

    Returns
    -------
    array of uint8, shape (frames, size, size, 3)
    """
    mujoco, model = load_mujoco(), take.model.__copy__()
    data = mujoco.MjData(model)
    groups = model.geom_group.copy()
    backdrop = {mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, name) for name in BACKDROP}
    set_light(model, cameras[0])
    model.vis.global_.offwidth = model.vis.global_.offheight = size
    model.vis.quality.shadowsize = shadow
    pictures = np.empty((len(run.qpos), size, size, 3), np.uint8)
    with open_renderer(model, size) as renderer:
        for frame, camera in enumerate(cameras):
            model.geom_group[:] = groups
            set_state(model, data, run, frame)
            mujoco.mj_kinematics(model, data)
            mujoco.mj_camlight(model, data)
            renderer.update_scene(data, camera=aim(mujoco, camera))
            for geom in renderer.scene.geoms[: renderer.scene.ngeom]:
                # what is behind casts no shadow: on itself it would be speckles
                if geom.objid in backdrop:
                    geom.category = mujoco.mjtCatBit.mjCAT_DECOR
            if take.stage.coil is not None:
                draw_coil(mujoco, renderer.scene, take.stage.coil, run.places[frame, 0])
            renderer.render(out=pictures[frame])
    return pictures


def draw_coil(mujoco: Any, scene: Any, coil: tuple[float, float, float, float], end: np.ndarray) -> None:
    """Draw the coil of a spring from its fixed end down to a body."""
    top, bottom = np.array(coil[:3]), end + np.array([0, 0, coil[3]])
    rod = mujoco.mjtGeom.mjGEOM_CYLINDER
    share = np.linspace(0, 1, TURNS * PARTS + 1)
    angle = 2 * math.pi * TURNS * share
    wide = 0.085 * np.minimum(1, 12 * np.minimum(share, 1 - share))
    points = top + share[:, None] * (bottom - top)
    points[:, 0] += wide * np.cos(angle)
    points[:, 1] += wide * np.sin(angle)
    for first, second in pairwise(points):
        geom = scene.geoms[scene.ngeom]
        mujoco.mjv_initGeom(geom, rod, np.zeros(3), np.zeros(3), np.eye(3).ravel(), STEEL)
        mujoco.mjv_connector(geom, rod, 0.015, first, second)
        # a box has fewer corners than a cylinder, and nobody sees the difference
        geom.type, geom.category = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtCatBit.mjCAT_DYNAMIC
        scene.ngeom += 1
