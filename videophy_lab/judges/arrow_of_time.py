"""A judge of the arrow of time: it says whether a film runs forwards, or backwards, or either."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from videophy_lab.judges.base import OK, Answer, Card, Question, unscored
from videophy_lab.judges.flow_asymmetry import (
    Flow,
    estimate_flow,
    measure_followed,
    measure_sinking,
    measure_spreading,
)
from videophy_lab.judges.kinematics import Kinematics
from videophy_lab.judges.motion_events import Scene
from videophy_lab.judges.time_asymmetry import list_loners, measure_dissipation, measure_impacts
from videophy_lab.tracking import Tracking, find_tracks
from videophy_lab.video.clip import Clip

VERSION = 1
BACKWARDS = "backwards"
BODIES, PICTURE = ("dissipation", "impacts"), ("sinking", "spreading")
# up to where a component is noise, and from where on it is certain; both ways, since all are odd
RAMPS = {
    "dissipation": (0.08, 0.3),
    "impacts": (0.15, 0.6),
    "sinking": (0.08, 0.25),
    "spreading": (0.4, 0.8),
}
NEUTRAL = 3.0
SECOND = 0.5  # weight of what does not come first


@dataclass(frozen=True)
class Sight:
    """What was seen of a film in one direction.

    Attributes
    ----------
    values : mapping of component to value
        NaN for those that have nothing to go by.
    alone : bool
        Whether what moves is bodies that can be followed one by one.
    reason : str
        Why nothing could be judged; empty where something could.
    """

    values: Mapping[str, float]
    alone: bool
    reason: str = ""


def rate_component(name: str, value: float) -> float:
    """Turn a component into evidence: 0 within its noise, 1 or −1 from where it is certain."""
    noise, certain = RAMPS[name]
    return math.copysign(float(np.clip((abs(value) - noise) / (certain - noise), 0.0, 1.0)), value)


@dataclass(frozen=True)
class ArrowOfTime(Kinematics):
    """Judge whether a film runs forwards, by what friction, impacts and weight do to motion.

    Nothing is learnt: mechanics without losses runs both ways, dissipation and disorder only grow. Seeing the
    arrow of time: Pickup et al. (2014), CVPR.

    Tasks
    -----
    pc : 1 to 5
        3 for motion that is as possible backwards (a pendulum, a flight, an elastic collision); up to 5 for a
        film that runs forwards, down to 1 for one that runs backwards. Each component is rated by its ramp
        (:data:`RAMPS`). Where most of what moves is bodies that can be followed one by one, theirs (the
        stronger of two) count in full and the picture's by half; otherwise the other way round.
    backwards : 1 to 5
        The same for the film played backwards, from the same decoded frames.
    dissipation : -1 to 1
        Kinetic energy that is gone when a body comes by the same height again.
    impacts : -1 to 1
        Energy of approach that is gone when two bodies part.
    sinking : -1 to 1
        How far what moves comes down and to rest.
    spreading : -1 to 1
        How far what moves spreads; it counts where nothing sinks and bodies cannot be followed.

    All of these are the negative of themselves for the reversed film, but for errors of tracking and flow.
    It is blind to chemistry and life (burning, growing, walking backwards), to what slows down too little to
    show within seconds, and to rotation; what rises by itself in many parts (smoke, bubbles) looks to it like
    a film that runs backwards. Where nothing moves, and where the camera moves and no body can be followed,
    the answer is ``unscored``.

    Attributes
    ----------
    followed : float
        Share of the motion that bodies must have to be trusted alone.
    most_shift : float
        Way of the picture's corners, in pixels, from which on the camera counts as moving.

    The others are those of :class:`Kinematics`.
    """

    card: ClassVar[Card] = Card(
        name="arrow_of_time",
        summary="whether a film runs forwards: energy lost, what comes down to rest; 3 where it cannot tell",
        tasks=("pc", BACKWARDS, *BODIES, *PICTURE),
        scale="pc and backwards 1–5, 3 is neutral; components −1–1, above 0 is forwards",
        default_tasks=("pc",),
    )
    followed: float = 0.5
    most_shift: float = 3.0

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a score; `version` stands for the constants in the formulas."""
        return {"scorer": self.card.name, "version": VERSION, "ramps": RAMPS, **asdict(self)}

    def answer_clip(self, clip: Clip, asked: Sequence[Question]) -> list[Answer]:
        """Answer the questions about one clip."""
        unknown = [question.task for question in asked if question.task not in self.card.tasks]
        if unknown:
            raise ValueError(
                f"arrow_of_time was asked for {unknown[0]!r}; allowed: {', '.join(self.card.tasks)}. "
                "Leave that task out, or ask a judge that knows it (videophy-lab list judges)."
            )
        frames = clip.frames[self.view]
        seen = {False: self.look(clip, frames)} if set(asked_tasks(asked)) - {BACKWARDS} else {}
        if BACKWARDS in asked_tasks(asked):
            seen[True] = self.look(clip, np.ascontiguousarray(frames[::-1]))
        return [answer_question(task, seen[task == BACKWARDS]) for task in asked_tasks(asked)]

    def look(self, clip: Clip, frames: np.ndarray) -> Sight:
        """Look at a clip's frames, in one order or the other."""
        tracking = find_tracks(frames, settings=self.tracking)
        if tracking.reason:
            return Sight({}, alone=False, reason=tracking.reason)
        scene = self.make_scene(clip, tracking)
        flow = None
        if tracking.camera_shift <= self.most_shift:
            flow = estimate_flow(frames, self.find_scale(clip))
        values = self.measure(tracking, scene, flow)
        if all(math.isnan(value) for value in values.values()):
            reason = (
                "nothing moves for long enough" if flow else "the camera moves, and no solid body is alone"
            )
            return Sight({}, alone=False, reason=reason)
        share = measure_followed(flow, list_loners(scene)) if flow else 1.0
        return Sight(values, alone=share >= self.followed)

    def measure(self, tracking: Tracking, scene: Scene, flow: Flow | None) -> dict[str, float]:
        """Measure all components; NaN for those that have nothing to go by."""
        values = dict.fromkeys((*BODIES, *PICTURE), math.nan)
        if not (self.refuse_clutter(tracking) or self.refuse_scene(scene)):
            values |= {"dissipation": measure_dissipation(scene), "impacts": measure_impacts(scene)}
        if flow is not None:
            values |= {"sinking": measure_sinking(flow), "spreading": measure_spreading(flow)}
        return values


def asked_tasks(asked: Sequence[Question]) -> list[str]:
    """List the tasks of questions, in their order."""
    return [question.task for question in asked]


def weigh_evidence(sight: Sight) -> float:
    """Give the evidence of all components, from −1 (backwards) to 1 (forwards)."""
    known = {
        name: rate_component(name, value) for name, value in sight.values.items() if not math.isnan(value)
    }
    bodies = max((known[name] for name in BODIES if name in known), key=abs, default=0.0)
    picture = known.get("sinking", 0.0) or (0.0 if sight.alone else known.get("spreading", 0.0))
    evidence = bodies + SECOND * picture if sight.alone else picture + SECOND * bodies
    return float(np.clip(evidence, -1.0, 1.0))


def answer_question(task: str, sight: Sight) -> Answer:
    """Answer one question from what was seen."""
    if sight.reason:
        return unscored(sight.reason)
    text = "; ".join(f"{name} {value:+.2f}" for name, value in sight.values.items())
    if task in ("pc", BACKWARDS):
        return Answer(score=NEUTRAL + 2 * weigh_evidence(sight), status=OK, answer=text)
    if math.isnan(sight.values[task]):
        return unscored(f"there is nothing to measure {task} by", answer=text)
    return Answer(score=sight.values[task], status=OK, answer=text)
