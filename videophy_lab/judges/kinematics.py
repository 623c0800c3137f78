"""A transparent judge of mechanics: follow what moves, fit Newton's laws, say which one is broken."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np

from videophy_lab.judges.base import OK, Answer, Card, Question, unscored
from videophy_lab.judges.broken_laws import (
    measure_direction,
    measure_energy_gain,
    measure_jump,
    measure_mass_change,
    measure_teleport,
)
from videophy_lab.judges.motion_events import Scene, make_scene
from videophy_lab.tracking import Settings, Tracking, find_tracks
from videophy_lab.video.clip import Clip, FrameView

VERSION = 1
COMPONENTS: dict[str, Callable[[Scene], float]] = {
    "gravity_direction": measure_direction,
    "energy_gain": measure_energy_gain,
    "momentum_jump": measure_jump,
    "mass_change": measure_mass_change,
    "teleport": measure_teleport,
}
# where a component is fully plausible, and where it is not plausible at all
RAMPS = {
    "gravity_direction": (0.0, -0.6),
    "energy_gain": (0.15, 0.6),
    "momentum_jump": (0.2, 0.8),
    "mass_change": (0.25, 0.75),
    "teleport": (0.3, 1.5),
}


def rate_component(name: str, value: float) -> float:
    """Turn a component into a plausibility: 1 up to its ramp's start, 0 from its end, straight between."""
    good, bad = RAMPS[name]
    return float(np.clip((value - bad) / (good - bad), 0.0, 1.0))


@dataclass(frozen=True)
class Kinematics:
    """Judge physical commonsense by the motion of solid bodies.

    Tasks
    -----
    pc : 1 to 5
        ``1 + 4 · p``, where p is the least plausibility among the components that could be measured, each
        turned into a plausibility from 0 to 1 by its ramp (:data:`RAMPS`).
    gravity_direction : -1 to 1, higher is better
        Cosine between the acceleration of free flights and the image's downward direction.
    energy_gain : 0 to 1, lower is better
        Mechanical energy that a body gains from nothing, over the most it ever has; for two bodies that
        meet, by the law of restitution. Dissipation played backwards is a gain.
    momentum_jump : 0 to 1, lower is better
        Change of velocity without a cause, over the sum of the speeds before and after.
    mass_change : 0 to 1, lower is better
        Share of a body's area that comes from nothing or goes to nothing.
    teleport : 0 and more, lower is better
        Way that no motion bridges, in diameters.

    It is blind to magnitudes (how strong gravity is: a video has no scale), to rotation, to fluids and soft
    or living things, and to what rests; a floor is believed wherever something bounces upwards. Where nothing
    solid moves, the answer is ``unscored``.

    Attributes
    ----------
    size : (int, int)
        Height and width at which frames are looked at; the aspect ratio is put right afterwards.
    shortest : int
        Frames in which a body must be whole to be judged.
    travel : float
        Diameters that it must get away.
    most_tracks : int
        Moving regions above which a scene is clutter (leaves, water, noise).
    solid_share : float
        Share of the moving area, over all frames, that must be of bodies that keep their shape.
    tracking : Settings
    """

    parallel: ClassVar[bool] = True
    card: ClassVar[Card] = Card(
        name="kinematics",
        summary="follows solid bodies and fits Newton's laws: gravity, energy, momentum, mass, continuity",
        tasks=("pc", *COMPONENTS),
        scale="pc 1–5; components are numbers, see their documentation",
        default_tasks=("pc",),
    )
    size: tuple[int, int] = (192, 256)
    shortest: int = 8
    travel: float = 0.5
    most_tracks: int = 25
    solid_share: float = 0.5
    tracking: Settings = field(default_factory=Settings)

    @property
    def view(self) -> FrameView:
        """All frames, small."""
        return FrameView(size=self.size)

    @property
    def batch_size(self) -> int:
        """One clip: there is nothing to share."""
        return 1

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a score; `version` stands for the constants in the formulas."""
        return {"scorer": self.card.name, "version": VERSION, "ramps": RAMPS, **asdict(self)}

    def prepare(self) -> None:
        """Do nothing: there are no weights."""

    def score(self, clips: Sequence[Clip], questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
        """Answer, for each clip, its questions, in their order."""
        return [self.answer_clip(clip, asked) for clip, asked in zip(clips, questions, strict=True)]

    def answer_clip(self, clip: Clip, asked: Sequence[Question]) -> list[Answer]:
        """Answer the questions about one clip."""
        unknown = [question.task for question in asked if question.task not in self.card.tasks]
        if unknown:
            raise ValueError(
                f"kinematics was asked for {unknown[0]!r}; allowed: {', '.join(self.card.tasks)}. "
                "Leave that task out, or ask a judge that knows it (videophy-lab list judges)."
            )
        tracking = find_tracks(clip.frames[self.view], settings=self.tracking)
        reason = tracking.reason or self.refuse_clutter(tracking)
        scene = None if reason else self.make_scene(clip, tracking)
        if scene is not None:
            reason = self.refuse_scene(scene)
        if scene is None or reason:
            found = f"{len(tracking.tracks)} moving regions; {tracking.foreground:.0%} of the picture at most"
            return [unscored(reason, answer=found) for _ in asked]
        values = {name: measure(scene) for name, measure in COMPONENTS.items()}
        return [answer_question(question.task, values) for question in asked]

    def make_scene(self, clip: Clip, tracking: Tracking) -> Scene:
        """Put the tracks into square pixels, as many as the frames looked at have."""
        return make_scene(tracking, self.find_scale(clip), shortest=self.shortest, travel=self.travel)

    def find_scale(self, clip: Clip) -> np.ndarray:
        """Find width and height of a pixel looked at, in square pixels."""
        height, width = self.size
        stretch = np.array([clip.info.width / width, clip.info.height / height])
        return np.asarray(stretch / math.sqrt(stretch.prod()))

    def refuse_clutter(self, tracking: Tracking) -> str:
        """Say why a scene is too cluttered to be judged, or nothing."""
        if len(tracking.tracks) <= self.most_tracks:
            return ""
        return "too many regions move to be followed (leaves, water, noise, a camera in depth)"

    def refuse_scene(self, scene: Scene) -> str:
        """Say why a scene has nothing that can be judged, or nothing."""
        if not scene.judged:
            return "nothing moves like a solid body for long enough"
        every = sum(float(body.areas.sum()) for body in scene.bodies)
        solid = sum(float(body.areas.sum()) for body in scene.bodies if body.firm)
        if solid < self.solid_share * every:
            return "most of what moves does not keep its shape"
        return ""


def answer_question(task: str, values: Mapping[str, float]) -> Answer:
    """Answer one question from the components."""
    text = "; ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in values.items())
    known = {name: value for name, value in values.items() if not math.isnan(value)}
    if task == "pc":
        plausible = min(rate_component(name, value) for name, value in known.items())
        return Answer(score=1 + 4 * plausible, status=OK, answer=text)
    if task not in known:
        return unscored("nothing flies freely", answer=text)
    return Answer(score=known[task], status=OK, answer=text)
