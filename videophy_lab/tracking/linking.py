"""Regions of single frames linked to paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from videophy_lab.tracking.foreground import Region

IMPOSSIBLE = 1e6


@dataclass
class OpenPath:
    """A path that is being followed; `push` is the greatest speed of what it has run into."""

    frames: list[int] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    shared: list[int] = field(default_factory=list)
    push: float = 0.0

    @property
    def last_seen(self) -> int:
        """Frame in which it was last seen, alone or with another."""
        return max(self.frames[-1], self.shared[-1] if self.shared else -1)

    def estimate_velocity(self) -> np.ndarray:
        """Estimate pixels a frame from the last three places."""
        if len(self.frames) < 2:
            return np.zeros(2)
        back = max(len(self.frames) - 3, 0)
        step = self.regions[-1].centre - self.regions[back].centre
        return np.asarray(step / (self.frames[-1] - self.frames[back]))

    def predict_place(self, frame: int) -> np.ndarray:
        """Predict where it is, if its velocity stays."""
        return np.asarray(self.regions[-1].centre + self.estimate_velocity() * (frame - self.frames[-1]))

    def choose_gate(self, frame: int, first_reach: float) -> float:
        """Choose how far from the prediction it is looked for, in pixels."""
        if len(self.frames) < 2:
            return first_reach
        unseen = frame - self.frames[-1]
        speed = float(np.linalg.norm(self.estimate_velocity()))
        size = float(np.sqrt(self.regions[-1].area))
        return 8.0 + 0.5 * size + 1.5 * speed * float(np.sqrt(unseen)) + self.push * (unseen - 1)


def compare_regions(
    paths: Sequence[OpenPath], regions: Sequence[Region], frame: int, first_reach: float
) -> np.ndarray:
    """Say how badly each region continues each path: distance, area and colour, each in its tolerance."""
    last = [path.regions[-1] for path in paths]
    places = np.stack([path.predict_place(frame) for path in paths])
    gates = np.array([path.choose_gate(frame, first_reach) for path in paths])
    centres = np.stack([region.centre for region in regions])
    distance = np.linalg.norm(centres - places[:, None], axis=2) / gates[:, None]
    areas = np.log([region.area for region in regions])
    size = np.abs(areas - np.log([region.area for region in last])[:, None])
    colours = np.stack([region.colour for region in regions])
    colour = np.abs(colours - np.stack([region.colour for region in last])[:, None]).max(2) / 80
    cost = distance + 0.5 * size + colour
    return np.where((distance > 1) | (size > 1.2) | (colour > 1), IMPOSSIBLE, cost)


def assign_regions(
    paths: Sequence[OpenPath], regions: Sequence[Region], frame: int, first_reach: float
) -> dict[int, int]:
    """Give each path at most one region at the least total cost (the Hungarian assignment)."""
    from scipy.optimize import linear_sum_assignment

    if not paths or not regions:
        return {}
    cost = compare_regions(paths, regions, frame, first_reach)
    rows, columns = linear_sum_assignment(cost)
    return {int(i): int(j) for i, j in zip(rows, columns, strict=True) if cost[i, j] < IMPOSSIBLE}


def find_shared(
    paths: Sequence[OpenPath], regions: Sequence[Region], given: dict[int, int], frame: int
) -> dict[int, int]:
    """Find the paths without a region that have run into another one's: path → region."""
    shared = {}
    for i, path in enumerate(paths):
        if i in given or len(path.frames) < 2:
            continue
        place = path.predict_place(frame)
        reach = 0.5 * path.regions[-1].area ** 0.5
        for j, region in enumerate(regions):
            near = np.all(place > region.box[:2] - reach) and np.all(place < region.box[2:] + reach)
            if near and region.area > 0.8 * path.regions[-1].area:
                shared[i] = j
                break
    return shared


def is_crowded(paths: Sequence[OpenPath], lost: int, owner: int | None) -> bool:
    """Say whether the path that ran into a region is large enough to spoil what its owner measures there."""
    if owner is None:
        return True
    return paths[lost].regions[-1].area > 0.15 * paths[owner].regions[-1].area


def note_pushes(paths: Sequence[OpenPath], shared: dict[int, int], owners: dict[int, int]) -> None:
    """Note on both paths of a meeting how fast they came: either may leave with that speed."""
    for lost, region in shared.items():
        together = [paths[lost]] + ([paths[owners[region]]] if region in owners else [])
        fastest = max(float(np.linalg.norm(path.estimate_velocity())) for path in together)
        for path in together:
            path.push = max(path.push, fastest)


def link_regions(
    frames: Sequence[Sequence[Region]], *, first_reach: float, max_gap: int, max_shared: int
) -> list[OpenPath]:
    """Link the regions of all frames to paths.

    Parameters
    ----------
    frames : sequence of sequence of Region
    first_reach : float
        Pixels within which a path's second region is looked for.
    max_gap : int
        Frames for which a path may be unseen.
    max_shared : int
        Frames for which it may be one region with another path; it is not measured there.
    """
    ended: list[OpenPath] = []
    active: list[OpenPath] = []
    for frame, regions in enumerate(frames):
        given = assign_regions(active, regions, frame, first_reach)
        shared = find_shared(active, regions, given, frame)
        owners = {j: i for i, j in given.items()}
        crowded = {j for i, j in shared.items() if is_crowded(active, i, owners.get(j))}
        note_pushes(active, shared, owners)
        for i, path in enumerate(active):
            if i in shared or given.get(i) in crowded:
                path.shared.append(frame)
            elif i in given:
                path.frames.append(frame)
                path.regions.append(regions[given[i]])
        free = [r for j, r in enumerate(regions) if j not in owners.keys() | set(shared.values())]
        still = [p for p in active if is_open(p, frame, max_gap, max_shared)]
        ended += [p for p in active if not any(p is kept for kept in still)]
        active = still + [OpenPath([frame], [region]) for region in free]
    return ended + active


def is_open(path: OpenPath, frame: int, max_gap: int, max_shared: int) -> bool:
    """Say whether a path may still be continued."""
    if frame - path.last_seen > max_gap:
        return False
    return frame - path.frames[-1] <= max_shared
