"""Film one scene with one seed, and say what is true of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from videophy_lab.generators.base import Made, Order, Truth
from videophy_lab.generators.simulated.camera import Camera, shake_camera
from videophy_lab.generators.simulated.cards import CARDS
from videophy_lab.generators.simulated.compose import Take, find_camera, make_rng, prepare_take
from videophy_lab.generators.simulated.motion import Run
from videophy_lab.generators.simulated.outcomes import OUTCOMES
from videophy_lab.generators.simulated.truth import Tracks, trace
from videophy_lab.generators.simulated.violations import NONE, VIOLATION, VIOLATIONS, find_kind

if TYPE_CHECKING:
    from videophy_lab.generators.simulated.world import World

SPED, HELD, SHAKEN = 0.4, 1 / 6, 0.02  # sizes of the controls at severity 1
SHADOW, FAST_SHADOW = 1024, 512


@dataclass(frozen=True)
class Clip:
    """What is filmed.

    Attributes
    ----------
    take : Take
    run : Run
        Frame by frame as it is shown.
    cameras : sequence of Camera
        One a frame.
    onset : int, optional
        First frame that may differ from the right clip's.
    """

    take: Take
    run: Run
    cameras: Sequence[Camera]
    onset: int | None


def hold(frames: int, onset: int) -> list[int]:
    """List the frames of a film that stands still for a while from one frame on."""
    length = round(HELD * frames)
    return [*range(onset + 1), *[onset] * length, *range(onset + 1, frames - length)][:frames]


def stage_clip(scene: str, seed: int, violation: str, severity: float, *, frames: int, fps: float) -> Clip:
    """Let a scene go and place the camera; nothing is drawn.

    Parameters
    ----------
    scene : str
    seed : int
    violation : str
        ``none``, a violation or a control.
    severity : float
    frames : int
    fps : float
    """
    take = prepare_take(scene, seed, frames=frames, fps=fps)
    camera = find_camera(scene, seed, frames, fps)
    cameras, onset = [camera] * take.frames, take.find_onset(violation)
    run = take.run(violation, severity, rate=1 + SPED * severity if violation == "speed_up" else 1)
    if violation in ("speed_up", "reversal"):
        onset = 0
    if violation == "reversal":
        run = run.pick(range(take.frames)[::-1])
    if violation == "freeze":
        run = run.pick(hold(take.frames, onset))
    if violation == "jitter":
        rng = make_rng(scene, seed, "jitter")
        cameras = shake_camera(camera, take.frames, onset, SHAKEN * severity, rng)
    return Clip(take, run, cameras, None if violation == NONE else onset)


def judge(scene: str, violation: str) -> tuple[Truth, ...]:
    """Say which rules of a scene a clip follows."""
    kind, found = find_kind(violation, scene), []
    for rule in CARDS[scene].rules:
        label = 1
        if kind == VIOLATION:
            broken = VIOLATIONS[violation]
            wrong = rule.law == broken.law or (violation == "reversal" and rule.backwards)
            label = 0 if wrong else 2 if rule.law in broken.clouds else 1
        elif violation == "reversal" and rule.backwards:
            label = 0
        found.append(Truth(rule.text, rule.law, label))
    return tuple(found)


def describe_clip(clip: Clip, scene: str, violation: str, severity: float) -> dict[str, Any]:
    """Give the columns of the videos table that say what is true of a clip."""
    kind = find_kind(violation, scene)
    onset = {} if clip.onset is None else {"onset": clip.onset}
    return {
        "scene": scene,
        "violation": violation,
        "kind": kind,
        "law": VIOLATIONS[violation].law if kind == VIOLATION else CARDS[scene].law,
        "severity": severity,
        **onset,
        "physical": int(kind != VIOLATION),
        "reversibility": CARDS[scene].reversibility,
    }


def list_settings(clip: Clip) -> dict[str, Any]:
    """Give what was drawn for a clip, as JSON."""
    camera, looks = clip.cameras[0], clip.take.looks
    return {
        **{
            name: value if isinstance(value, str) else float(value)
            for name, value in clip.take.stage.parameters.items()
        },
        "setting": looks.ground or looks.setting,
        "backdrop": looks.setting,
        "colours": list(looks.hues[:3]),
        "pattern": looks.pattern,
        "camera": [float(value) for value in np.round(camera.place, 4)],
        "view": [round(camera.azimuth, 3), round(camera.elevation, 3)],
    }


def film(world: World, scene: str, order: Order) -> Made:
    """Film an order in a world."""
    from videophy_lab.generators.simulated.render import render

    clip = stage_clip(scene, order.seed, world.violation, world.severity, frames=world.frames, fps=world.fps)
    shadow = FAST_SHADOW if world.fast else SHADOW
    tracks: Tracks = trace(clip.take, clip.run, clip.cameras, world.size)
    facts = describe_clip(clip, scene, world.violation, world.severity)
    shown = OUTCOMES[scene](clip.take.stage, clip.run)
    return Made(
        frames=render(clip.take, clip.run, clip.cameras, world.size, shadow=shadow),
        fps=world.fps,
        text=order.caption,
        settings=list_settings(clip),
        facts=facts,
        rules=judge(scene, world.violation),
        ratings={"pc": float(facts["physical"]), "sa": float(shown)},
        files={"tracks.csv": tracks.write()},
    )
