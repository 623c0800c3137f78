"""Probed videos of a made world, and judges whose faults are planted."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

EDITS = (
    "", "reencode", "reverse", "freeze", "shuffle", "shuffle_blocks", "loop", "mirror", "blank",
    "blur-025", "blur-050", "blur-100", "drop_frames-050", "drop_frames-100",
    "overlay_neutral", "overlay_positive", "overlay_negative",
    "caption_swap", "caption_paraphrase_1", "caption_paraphrase_2", "repeat_1", "repeat_2",
)  # fmt: skip
# what a right judge takes off, in points
BREAKS = {"freeze": 2.0, "shuffle": 2.5, "shuffle_blocks": 2.0, "loop": 1.5, "blank": 2.5,
          "drop_frames-050": 1.0, "drop_frames-100": 2.0}  # fmt: skip
CLASSES = ("irreversible", "irreversible", "equivariant", "invariant")


def make_probed(*, n_prompts=24, n_seeds=2, edits=EDITS) -> pd.DataFrame:
    """Make a videos table: every prompt and seed under every edit; half of the prompts are irreversible."""
    rows = [
        (f"made/prompt{prompt:02d}/{seed}", f"prompt{prompt:02d}", "made", seed, edit, CLASSES[prompt % 4])
        for prompt in range(n_prompts)
        for seed in range(n_seeds)
        for edit in edits
    ]
    table = pd.DataFrame(
        rows, columns=["video_id", "prompt_id", "generator", "seed", "probe", "reversibility"]
    )
    # questions asked otherwise have the file of the re-encoded video
    asked = table["probe"].str.match("caption_|repeat_")
    files = table["video_id"] + "#" + table["probe"].where(~asked, "reencode")
    severity = pd.to_numeric(table["probe"].str.extract(r"-(\d{3})$")[0]) / 100
    return table.assign(
        sha256=files.map(lambda name: hashlib.sha256(name.encode()).hexdigest()),
        severity=severity,
        action=table["prompt_id"],
        reversibility_origin="simulated",
    )


def draw_answers(
    videos: pd.DataFrame,
    rng: np.random.Generator,
    *,
    scorer="judge",
    task="pc",
    faults=(),
    noise=0.15,
    whole=False,
    shift=0.0,
) -> pd.DataFrame:
    """Draw the scores of a judge that is right but for its planted faults.

    Parameters
    ----------
    faults : of {"reads overlays", "ignores order", "likes frozen", "ignores time", "unsteady", "silent",
        "minds reversal", "wording", "believes captions"}
    noise : float
        Standard deviation of every answer.
    whole : bool
        Round to 1–5.
    shift : float
        What every edit that must not matter adds: a faultless judge has 0.
    """
    probe = videos["probe"]
    level = {name: 3.4 + 0.7 * rng.normal() for name in sorted(set(videos["video_id"]))}
    values = videos["video_id"].map(level).to_numpy(dtype=float)
    taken = probe.map(BREAKS).fillna(0.0).to_numpy(dtype=float).copy()
    irreversible = videos["reversibility"].eq("irreversible")
    turned = probe.eq("reverse") & (irreversible | ("minds reversal" in faults))
    taken[turned & ("ignores time" not in faults)] = 2.0
    taken += (
        1.5 * probe.str.startswith("blur").to_numpy() * videos["severity"].fillna(0).to_numpy(dtype=float)
    )
    if "ignores order" in faults:
        taken[probe.isin(["shuffle", "shuffle_blocks"])] = 0.0
    if "likes frozen" in faults:
        taken[probe.eq("freeze")] = -0.5
    still = probe.str.match("overlay|mirror|reencode|caption_paraphrase").to_numpy()
    taken[still] -= shift
    if "reads overlays" in faults:
        taken[probe.isin(["overlay_neutral", "overlay_positive"])] -= 0.6
    if "wording" in faults:
        taken[probe.eq("caption_paraphrase_2")] += 0.6
    if (task == "sa" and "ignores captions" not in faults) or "believes captions" in faults:
        taken[probe.eq("caption_swap")] = 1.5
    loud = np.where("unsteady" in faults, 1.5, noise)
    values = values - taken + loud * rng.normal(size=len(videos))
    if whole:
        values = np.clip(np.rint(values), 1, 5)
    values = np.clip(values, 1, 5)
    if "silent" in faults:
        values = np.where(rng.random(len(videos)) < 0.3, np.nan, values)
    return make_scores(videos, scorer, values, task)


def make_scores(videos: pd.DataFrame, scorer: str, values: np.ndarray, task: str = "pc") -> pd.DataFrame:
    """Make scores of one scorer; NaN becomes unscored."""
    unscored = np.isnan(values)
    return videos[["video_id", "probe"]].assign(
        scorer=scorer, spec="s", task=task, score=values, status=np.where(unscored, "unscored", "ok"),
        error=np.where(unscored, "no number in the answer", None), seconds=0.5,
    )  # fmt: skip
