"""Clips of a made world whose truth is planted, and scorers whose faults are known."""

from __future__ import annotations

import numpy as np
import pandas as pd

LAWS = {"weak_gravity": "gravitation", "vanishing": "conservation of mass", "ghost": "solidity"}
SEVERITIES = (0.25, 0.5, 1.0)
CONTROLS = ("blurred", "tinted")


def make_clips(*, n_scenes=10, n_seeds=2) -> pd.DataFrame:
    """Make a videos table: every scene and seed in the right world, at every severity, and as control."""
    worlds = [("simulated", "none", "right", None, 0.0)]
    worlds += [
        (f"simulated-{name}-{100 * severity:03.0f}", name, "violation", law, severity)
        for name, law in LAWS.items()
        for severity in SEVERITIES
    ]
    worlds += [(f"simulated-{name}-100", name, "control", None, 1.0) for name in CONTROLS]
    clips = pd.DataFrame(
        [
            (f"{world[0]}/scene{scene:02d}/{seed}", f"scene{scene:02d}", seed, *world)
            for world in worlds
            for scene in range(n_scenes)
            for seed in range(n_seeds)
        ],
        columns=["video_id", "prompt_id", "seed", "generator", "violation", "kind", "law", "severity"],
    )
    return clips.assign(scene=clips["prompt_id"], physical=clips["kind"].ne("violation").astype(int))


def make_scores(clips: pd.DataFrame, scorer: str, values: np.ndarray, task: str = "pc") -> pd.DataFrame:
    """Make scores of one scorer; NaN becomes unscored."""
    unscored = np.isnan(values)
    return clips[["video_id"]].assign(
        scorer=scorer, spec="s", task=task, score=values, status=np.where(unscored, "unscored", "ok"),
        error=np.where(unscored, "nothing moves", None),
    )  # fmt: skip


def draw_scores(clips: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw scores of scorers that see all, only gravity, only blur, nothing, and of three metrics.

    Wrong clips are blurred, those of the control ``blurred`` most, whatever their severity.
    """
    n = len(clips)
    wrong = clips["kind"].eq("violation").to_numpy()
    severity = clips["severity"].to_numpy()
    gravity = clips["violation"].eq("weak_gravity").to_numpy()
    # what makes a scene easy is shared by all its clips
    scene = clips["prompt_id"].map(
        dict(zip(sorted(set(clips["prompt_id"])), rng.normal(size=n), strict=False))
    )
    blur = rng.normal(0.8, 0.8, size=n) * wrong + 3 * clips["violation"].eq("blurred").to_numpy()
    noise = rng.normal(size=(5, n))
    values = {
        "seer": scene - 4 * severity * wrong + 0.4 * noise[0],
        "gravity_eye": scene - 4 * severity * gravity + 0.4 * noise[1],
        "blur_eye": scene - blur + 0.1 * noise[2],
        "flat": np.full(n, 3.0),
        "coin": noise[3],
    }
    metrics = {
        "sharpness": 10 + scene - blur + 0.1 * noise[4],
        "warping": 1 + 0.2 * rng.normal(size=n),
        "contrast": 0.5 + 0.1 * rng.normal(size=n),
    }
    judged = [make_scores(clips, name, np.asarray(column)) for name, column in values.items()]
    measured = [make_scores(clips, name, np.asarray(column), name) for name, column in metrics.items()]
    return pd.concat([*judged, *measured], ignore_index=True)


BETTER = {"sharpness": "higher", "warping": "lower", "contrast": "neither"}
