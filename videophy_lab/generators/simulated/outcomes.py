"""Whether what a caption tells comes about: semantic adherence, measured from the paths of the bodies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from videophy_lab.generators.simulated.motion import Run
from videophy_lab.generators.simulated.stage import Stage


def find_path(run: Run, actor: int = 0) -> np.ndarray:
    """Give the places of a followed body while it exists."""
    return np.asarray(run.places[run.present[:, actor], actor])


def find_speeds(run: Run, actor: int = 0) -> np.ndarray:
    """Give the steps of a followed body from frame to frame, metres."""
    return np.asarray(np.linalg.norm(np.diff(find_path(run, actor), axis=0), axis=1))


def comes_down(stage: Stage, run: Run) -> bool:
    """Say whether a body begins high, comes down to the floor and stays there."""
    height, reach = find_path(run)[:, 2], stage.actors[0].reach
    return bool(height[0] > 4 * reach and height[-1] < 2 * reach and len(height) == len(run.places))


def find_landings(path: np.ndarray, reach: float) -> np.ndarray:
    """Find the frames in which a body is at the floor, or next to which it must have been there."""
    height = path[:, 2]
    steps = np.abs(np.diff(height))
    next_to = np.maximum(np.append(steps, 0), np.insert(steps, 0, 0))
    return np.flatnonzero((height > 0) & (height < 1.2 * reach + 0.6 * next_to))


def bounces(stage: Stage, run: Run) -> bool:
    """Say whether a body comes down to the floor and goes up again."""
    path, reach = find_path(run), stage.actors[0].reach
    height = path[:, 2]
    return any(
        height[: low + 1].max() > 3 * reach and height[low:].max() > height[low] + reach
        for low in find_landings(path, reach)
    )


def flies_in_an_arc(stage: Stage, run: Run) -> bool:
    """Say whether a body goes up, comes down and lands, on its way to one side."""
    path, reach = find_path(run), stage.actors[0].reach
    low = find_landings(path, reach)
    low = low[low > len(run.places) // 4]
    if not len(low):
        return False
    top = int(np.argmax(path[: low[0], 2]))
    return bool(top > 0 and path[top, 2] > path[0, 2] + reach and np.ptp(path[:, 0]) > 4 * reach)


def comes_back_from_wall(stage: Stage, run: Run) -> bool:
    """Say whether a body goes to the wall, leaves it again, and then comes down to the floor."""
    path, reach = find_path(run), stage.actors[0].reach
    away = np.abs(path[:, 0] - stage.parameters["face"])
    near = int(np.argmin(away))
    crossed = (path[:, 0] - stage.parameters["face"]) * (path[0, 0] - stage.parameters["face"]) < 0
    landed = find_landings(path[near:], reach).size > 0
    returned = away[near:].max() > away[near] + reach and landed
    return bool(away[near] < 2 * reach and returned and not crossed.any() and away[0] > 3 * reach)


def passes_motion_on(stage: Stage, run: Run) -> bool:
    """Say whether the second ball glides away in the direction in which the first one came."""
    first, second = find_path(run, 0), find_path(run, 1)
    if len(first) < len(run.places):
        # what vanished before it met the other gave nothing on
        return bool(np.abs(second[-1] - second[0]).max() > stage.actors[1].reach)
    moved = second[-1, 0] - second[0, 0]
    return bool(abs(moved) > stage.actors[1].reach and moved * (first[2, 0] - first[0, 0]) > 0)


def swings_on(stage: Stage, run: Run) -> bool:
    """Say whether the cradle's first ball comes down and the last one goes up."""
    last = run.places[:, len(stage.actors) - 1]
    return bool(np.ptp(last[:, 0]) > stage.actors[0].reach)


def rolls_down(stage: Stage, run: Run) -> bool:
    """Say whether a body ends lower and faster than it began."""
    path, speeds = find_path(run), find_speeds(run)
    lower = path[0, 2] - path[-1, 2] > stage.actors[0].reach
    return bool(lower and speeds[-3:].mean() > speeds[:3].mean() and len(path) == len(run.places))


def comes_to_rest(stage: Stage, run: Run) -> bool:
    """Say whether a body moves, slows down and stands still."""
    speeds = find_speeds(run)
    still = speeds[-4:].mean() < 0.15 * speeds[:4].mean()
    return bool(still and len(speeds) == len(run.places) - 1)


def swings(stage: Stage, run: Run) -> bool:
    """Say whether a body goes to one side and comes back."""
    side = find_path(run)[:, 0]
    turned = np.sign(np.diff(side))
    turned = turned[turned != 0]
    return bool(np.ptp(side) > 2 * stage.actors[0].reach and (np.diff(turned) != 0).any())


def bobs(stage: Stage, run: Run) -> bool:
    """Say whether a body goes up and down."""
    height = find_path(run)[:, 2]
    turned = np.sign(np.diff(height))
    turned = turned[turned != 0]
    return bool(np.ptp(height) > 0.5 * stage.actors[0].reach and (np.diff(turned) != 0).any())


def topples(stage: Stage, run: Run) -> bool:
    """Say whether most of what stands high lies low at the end."""
    tall = [number for number, actor in enumerate(stage.actors) if actor.name != "ball"]
    there = run.present[-1, tall]
    first, last = run.places[0, tall, 2], run.places[-1, tall, 2]
    return bool(there.mean() > 0.5 and last[there].mean() < 0.72 * first[there].mean())


def is_flung(stage: Stage, run: Run) -> bool:
    """Say whether a body is flung up."""
    height = find_path(run)[:, 2]
    return bool(height.max() - height[0] > 2 * stage.actors[0].reach and int(np.argmax(height)) > 2)


def rises_and_floats(stage: Stage, run: Run) -> bool:
    """Say whether a body begins deep and ends at the water's surface."""
    height, reach = find_path(run)[:, 2], stage.actors[0].reach
    ends = abs(height[-1] - stage.parameters["level"]) < reach
    return bool(len(height) == len(run.places) and ends and height[-1] - height[0] > 2 * reach)


def is_poured(stage: Stage, run: Run) -> bool:
    """Say whether most grains begin high and end low."""
    there = run.present[-1]
    lower = run.places[0, :, 2] - run.places[-1, :, 2] > 0.3
    return bool(there.mean() >= 0.5 and lower[there].mean() > 0.5)


def leans_and_circles(stage: Stage, run: Run) -> bool:
    """Say whether the top's middle goes round while it stays up."""
    path = find_path(run)
    return bool(
        len(path) == len(run.places) and np.ptp(path[:, :2], axis=0).max() > 0.2 * stage.actors[0].reach
    )


OUTCOMES: dict[str, Callable[[Stage, Run], bool]] = {
    "fall": comes_down,
    "bounce": bounces,
    "projectile": flies_in_an_arc,
    "wall": comes_back_from_wall,
    "collision": passes_motion_on,
    "cradle": swings_on,
    "slope": rolls_down,
    "slide": comes_to_rest,
    "pendulum": swings,
    "chain": swings,
    "spring": bobs,
    "dominoes": topples,
    "tower": topples,
    "seesaw": is_flung,
    "float": rises_and_floats,
    "pour": is_poured,
    "top": leans_and_circles,
}
