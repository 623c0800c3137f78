"""How far a scene of bodies breaks each law of mechanics."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from videophy_lab.judges.motion_events import (
    Body,
    Scene,
    find_partners,
    has_cause,
    is_at_edge,
    measure_apart,
)
from videophy_lab.judges.motion_laws import Impulse, find_energy, find_velocity_at, measure_gravity


def measure_direction(scene: Scene) -> float:
    """Measure gravity's direction over all free flights: 1 down, -1 up, NaN without a flight."""
    found = [measure_gravity(body.pieces) for body in scene.judged]
    weights = [frames for _, frames in found]
    if not any(weights):
        return float("nan")
    return float(np.average(np.nan_to_num([cosine for cosine, _ in found]), weights=weights))


def list_steps(scene: Scene, body: Body) -> Iterator[tuple[float, float]]:
    """List a body's changes of energy that no other body explains, with their standard errors."""
    for piece in body.pieces:
        times = np.arange(piece.start, piece.end + 1)
        helped = np.mean([bool(find_partners(scene, body, time)) for time in times])
        if helped > 0.3:
            continue
        first, error = find_energy(piece, piece.start, body.gravity)
        last, second = find_energy(piece, piece.end, body.gravity)
        yield last - first, float(np.hypot(error, second))
    for impulse in body.impulses:
        if impulse.hidden or body.is_shared(impulse.time) or find_partners(scene, body, impulse.time):
            continue
        speeds = np.linalg.norm(impulse.before), np.linalg.norm(impulse.after)
        yield float(speeds[1] ** 2 - speeds[0] ** 2) / 2, impulse.error * float(max(speeds))


def measure_gain(scene: Scene, body: Body) -> float:
    """Measure the energy that a body gains from nothing, as a share of the most it ever has (0 to 1).

    The most that it certainly has: less two standard errors.
    """
    ends = [find_energy(p, time, body.gravity) for p in body.pieces for time in (p.start, p.end)]
    potential = -body.gravity * body.points[body.whole, 1]
    most = max(energy - 2 * error for energy, error in ends) - float(potential.min())
    gain = sum(step for step, error in list_steps(scene, body) if step > 3 * error)
    return min(1.0, gain / most) if most > 0 else 0.0


def list_meetings(scene: Scene) -> Iterator[tuple[Impulse, Impulse]]:
    """List the pairs of impulses that two bodies in reach of each other have at the same time."""
    for first, second in combinations(scene.judged, 2):
        for one in first.impulses:
            for other in second.impulses:
                together = abs(one.time - other.time) <= 3 and min(one.size, other.size) > 0
                if together and any(body is second for body in find_partners(scene, first, one.time)):
                    yield one, other


def measure_restitution(one: Impulse, other: Impulse) -> float:
    """Measure the energy that a meeting of two bodies adds, as a share of what they part with.

    By Newton's law of restitution the speed of parting along the common normal is at most that of
    approach, whatever the masses.
    """
    normal = one.change - other.change
    normal = normal / np.linalg.norm(normal)
    approach = max(0.0, -float((one.before - other.before) @ normal))
    parting = float((one.after - other.after) @ normal)
    noise = 3 * float(np.hypot(one.error, other.error))
    if parting < approach + noise:
        return 0.0
    return 1 - (approach / parting) ** 2


def measure_energy_gain(scene: Scene) -> float:
    """Measure the worst gain of energy from nothing, of a body or of a meeting (0 to 1)."""
    gains = [measure_gain(scene, body) for body in scene.judged]
    gains += [measure_restitution(one, other) for one, other in list_meetings(scene)]
    return max(gains)


def measure_jump(scene: Scene) -> float:
    """Measure the worst change of momentum without a cause (0 to 1).

    The change of velocity over the sum of the speeds before and after; half of it where the body does not
    get faster, since an obstacle that cannot be told from the background may have stopped it. Two bodies that
    meet must be pushed apart: what both get in the same direction counts likewise.
    """
    jumps = [0.0]
    for body in scene.judged:
        for impulse in body.impulses:
            if not impulse.size or has_cause(scene, body, impulse):
                continue
            faster = np.linalg.norm(impulse.after) > 1.05 * np.linalg.norm(impulse.before)
            jumps.append(impulse.size * (1.0 if faster else 0.5))
    for one, other in list_meetings(scene):
        lengths = np.linalg.norm(one.change) * np.linalg.norm(other.change)
        cosine = float(one.change @ other.change) / float(lengths)
        jumps.append(max(0.0, cosine) * min(one.size, other.size))
    return max(jumps)


def measure_step(body: Body) -> float:
    """Measure the share of a body's area that comes or goes at once, or slowly beyond 1.6 times."""
    areas = np.log(body.areas[body.whole])
    if len(areas) < 8:
        return 0.0
    windows = np.lib.stride_tricks.sliding_window_view(areas, 3)
    smooth = np.median(windows, axis=1)
    noise = float(np.median(np.abs(np.diff(areas)))) / 0.6745
    sudden = float(np.abs(smooth[3:] - smooth[:-3]).max())
    slow = max(0.0, float(np.ptp(smooth)) - np.log(1.6))
    sudden = sudden if sudden > 5 * noise else 0.0
    return 1 - float(np.exp(-max(sudden, slow)))


def is_accounted(scene: Scene, body: Body, frame: int, step: int) -> bool:
    """Say whether something seen explains that a body is not seen one frame on (`step` 1) or before (-1)."""
    end = -1 if step > 0 else 0
    velocity = find_velocity_at(body.pieces, float(body.times[end]))
    ahead = body.boxes[end] + np.tile(velocity * 1.5 * step, 2)
    border = scene.borders[min(max(frame + step, 0), len(scene.borders) - 1)]
    if np.any(ahead[:2] < border[:2] + 3) or np.any(ahead[2:] > border[2:] - 3):
        return True
    if not body.whole[end] or body.areas[end] < 0.7 * np.median(body.areas) or body.is_shared(frame):
        return True
    return any(
        takes_over(other, ahead, body.areas[end], frame, step) for other in scene.bodies if other is not body
    )


def takes_over(other: Body, box: np.ndarray, area: float, frame: int, step: int) -> bool:
    """Say whether another body hides, or has become one region with, what was in a box."""
    if not other.is_seen(frame):
        return False
    if other.is_shared(frame + step):
        return measure_apart(box, other.find_box(frame)) < 6
    here, there = (int(np.argmin(np.abs(other.times - t))) for t in (frame, frame + step))
    middle = (box[:2] + box[2:]) / 2
    hides = np.all(middle > other.boxes[there, :2]) and np.all(middle < other.boxes[there, 2:])
    grown = other.areas[there] - other.areas[here] > 0.5 * area
    return bool(hides or (grown and measure_apart(box, other.boxes[there]) < 6))


def list_ends(scene: Scene, step: int) -> list[Body]:
    """List the bodies that vanish (`step` 1) or appear (-1) inside the frame for no reason that is seen."""
    last = len(scene.borders) - 1
    found = []
    for body in scene.bodies:
        if not body.firm:
            continue
        frame = int(body.times[-1 if step > 0 else 0])
        margin = last - frame if step > 0 else frame
        if margin >= 3 and not is_accounted(scene, body, frame, step):
            found.append(body)
    return found


def pair_ends(scene: Scene) -> list[tuple[Body, Body]]:
    """Pair what vanishes with what appears within three frames and looks the same: it was carried over."""
    pairs: list[tuple[Body, Body]] = []
    appeared = list_ends(scene, -1)
    for gone in list_ends(scene, 1):
        for new in appeared:
            wait = int(new.times[0] - gone.times[-1])
            alike = np.abs(new.colour - gone.colour).max() < 30 and abs(np.log(new.size / gone.size)) < 0.25
            if 1 <= wait <= 3 and alike and not any(new is pair[1] for pair in pairs):
                pairs.append((gone, new))
                break
    return pairs


def measure_mass_change(scene: Scene) -> float:
    """Measure the worst share of a body that comes from nothing or goes to nothing (0 to 1).

    A body that vanishes or appears counts fully when it is at least half as large as the largest one.
    """
    carried = [body for pair in pair_ends(scene) for body in pair]
    largest = max(body.size for body in scene.judged)
    changes = [measure_step(body) for body in scene.judged]
    for step in (1, -1):
        for body in list_ends(scene, step):
            if not any(body is other for other in carried):
                changes.append(min(1.0, 2 * (body.size / largest) ** 2))
    return max(changes)


def measure_teleport(scene: Scene) -> float:
    """Measure the longest way that no motion bridges, in diameters of the body (0 and more)."""
    ways = [0.0]
    for body in scene.judged:
        ways += [
            impulse.gap / body.size
            for impulse in body.impulses
            if not impulse.hidden and not is_at_edge(scene, body, impulse.time)
        ]
    for gone, new in pair_ends(scene):
        ways.append(float(np.linalg.norm(new.points[0] - gone.points[-1])) / gone.size)
    return max(ways)
