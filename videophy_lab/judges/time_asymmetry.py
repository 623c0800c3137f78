"""How differently bodies move forwards and backwards: statistics that change sign with time.

Newton's laws without losses are the same in both directions; dissipation is not. Of the reversed paths each
statistic is the negative, so motion that is as possible in both directions gives 0 but for noise. Positive is
forwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from videophy_lab.judges.broken_laws import list_meetings, measure_restitution
from videophy_lab.judges.motion_events import Body, Scene, find_partners
from videophy_lab.judges.motion_laws import Impulse, Piece

CROWDED = 0.5  # share of its frames that a body may be in reach of others to be followed alone


@dataclass(frozen=True)
class Course:
    """A body's motion by the laws fitted to it, one entry a frame, and two where pieces meet.

    Attributes
    ----------
    times : array, shape (n,)
    heights : array, shape (n,)
        Pixels, downwards.
    energies, errors : array, shape (n,)
        Kinetic energy for a unit of mass, (pixels a frame)², and its standard error.
    exchange : float
        Energy that a pixel of height is worth, at most: what weight, a spring or a slope may give back.
    """

    times: np.ndarray
    heights: np.ndarray
    energies: np.ndarray
    errors: np.ndarray
    exchange: float


def list_moments(body: Body) -> list[tuple[float, Piece]]:
    """List the frames of a body, each with the piece that holds, also those in which it was not measured."""
    moments: list[tuple[float, Piece]] = []
    turns = [impulse.time for impulse in body.impulses]
    for number, piece in enumerate(body.pieces):
        first = turns[number - 1] if number else piece.start
        last = turns[number] if number < len(turns) else piece.end
        within = np.arange(np.ceil(first), np.floor(last) + 1)
        moments += [(float(time), piece) for time in sorted({first, last, *within.tolist()})]
    return moments


def measure_exchange(pieces: Sequence[Piece]) -> float:
    """Measure the greatest change of kinetic energy with height, of pieces that go up or down."""
    rates = [0.0]
    for piece in pieces:
        way = piece.locate(piece.end) - piece.locate(piece.start)
        if abs(way[1]) > max(3.0, 0.1 * float(np.hypot(*way))):
            first, last = (float((piece.find_velocity(t) ** 2).sum()) / 2 for t in (piece.start, piece.end))
            rates.append(abs(last - first) / abs(float(way[1])))
    return max(rates)


def follow_course(body: Body) -> Course:
    """Follow a body's height and kinetic energy."""
    moments = list_moments(body)
    speeds = np.array([np.linalg.norm(piece.find_velocity(time)) for time, piece in moments])
    errors = np.array([piece.find_errors(time)[1] for time, piece in moments])
    return Course(
        times=np.array([time for time, _ in moments]),
        heights=np.array([piece.locate(time)[1] for time, piece in moments]),
        energies=speeds**2 / 2,
        errors=speeds * errors + errors**2,
        exchange=measure_exchange(body.pieces),
    )


def compare_passes(course: Course, reach: float, meetings: Sequence[float] = ()) -> tuple[float, float]:
    """Compare the kinetic energy that a body has at one height earlier and later.

    Whatever the potential (weight, spring, slope, buoyancy), a body without losses is as fast whenever it
    comes by; friction, drag and impacts make it slower, and only a film that runs backwards lets what rests
    start by itself. What the difference of height may explain does not count, nor do two standard errors.

    Parameters
    ----------
    course : Course
    reach : float
        Pixels by which heights may differ.
    meetings : sequence of float
        Times between which energies are compared, and not across: another body gave some or took some.

    Returns
    -------
    lost : float
        Summed over pairs of moments: energy lost, less energy gained.
    had : float
        Sum of the greater energy of each pair.
    """
    earlier, later = np.triu_indices(len(course.heights), 1)
    part = np.searchsorted(np.sort(meetings), course.times)
    apart = np.abs(course.heights[earlier] - course.heights[later])
    alike = (apart <= reach) & (part[earlier] == part[later])
    earlier, later, apart = earlier[alike], later[alike], apart[alike]
    lost = course.energies[earlier] - course.energies[later]
    excused = course.exchange * apart + 2 * np.hypot(course.errors[earlier], course.errors[later])
    certain = np.sign(lost) * np.maximum(0.0, np.abs(lost) - excused)
    return float(certain.sum()), float(np.maximum(course.energies[earlier], course.energies[later]).sum())


def list_loners(scene: Scene) -> list[Body]:
    """List the solid bodies that are out of the reach of others for most of the time."""
    loners = []
    for body in scene.judged:
        crowded = [body.is_shared(time) or bool(find_partners(scene, body, time)) for time in body.times]
        if np.mean(crowded) <= CROWDED:
            loners.append(body)
    return loners


def find_meetings(scene: Scene, body: Body) -> list[float]:
    """Find the frames in which a body is in reach of another solid one."""
    solid = [id(other) for other in scene.judged]
    return [
        float(time)
        for time in np.arange(body.times[0], body.times[-1] + 1)
        if any(id(other) in solid for other in find_partners(scene, body, time))
    ]


def measure_dissipation(scene: Scene) -> float:
    """Measure the share of kinetic energy that is gone when bodies come by a height again (−1 to 1).

    Larger bodies count more, by their volume. NaN without a body that is alone for most of the time.
    """
    lost, had = 0.0, 0.0
    for body in list_loners(scene):
        parts = compare_passes(follow_course(body), max(2.0, 0.1 * body.size), find_meetings(scene, body))
        lost += body.size**3 * parts[0]
        had += body.size**3 * parts[1]
    return lost / had if had > 0 else float("nan")


def reverse_impulse(impulse: Impulse) -> Impulse:
    """Give an impulse as it is in the film that runs backwards."""
    return replace(impulse, before=-impulse.after, after=-impulse.before)


def measure_impacts(scene: Scene) -> float:
    """Measure the share of the energy of approach that meetings of two bodies take away (−1 to 1).

    By Newton's law of restitution bodies part no faster than they meet; backwards they do. Both must be alone
    for most of the time, or what a third one gives would count. NaN without such a meeting.
    """
    loners = replace(scene, bodies=tuple(list_loners(scene)))
    values = [
        measure_restitution(reverse_impulse(one), reverse_impulse(other)) - measure_restitution(one, other)
        for one, other in list_meetings(loners)
    ]
    return float(np.mean(values)) if values else float("nan")
