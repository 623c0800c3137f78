"""Ratings and scores of a made world, and of FETV, that several tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

GENERATORS = ("alpha", "beta", "gamma", "delta")


def draw_world(rng, *, n_prompts=30, generators=GENERATORS):
    """Draw SA and PC on 1–5, two judges of both and a metric of which less is better."""
    prompts = np.repeat([f"p{i:03d}" for i in range(n_prompts)], len(generators))
    names = np.tile(generators, n_prompts)
    videos = pd.DataFrame({"prompt_id": prompts, "generator": names})
    videos.insert(0, "video_id", videos["generator"] + "/" + videos["prompt_id"] + "/0")
    latent = rng.normal(size=(2, len(videos)))
    ratings = [
        videos.assign(task=task, rating=np.digitize(column, [-1.2, -0.4, 0.4, 1.2]) + 1.0)
        for task, column in zip(("sa", "pc"), latent, strict=True)
    ]
    scores = [
        videos[["video_id"]].assign(
            scorer=judge, task=task, score=column + noise * rng.normal(size=len(videos))
        )
        for judge, noise in (("careful", 0.7), ("hasty", 1.5))
        for task, column in zip(("sa", "pc"), latent, strict=True)
    ]
    flicker = -latent.mean(axis=0) + rng.normal(size=len(videos))
    scores.append(videos[["video_id"]].assign(scorer="flicker", task="flicker", score=flicker))
    table = pd.concat(scores, ignore_index=True).assign(spec="v1", status="ok", error=None)
    return pd.concat(ratings, ignore_index=True), table


def read_wide(scores: pd.DataFrame, scorer: str, task: str) -> pd.Series:
    own = scores[scores["scorer"].eq(scorer) & scores["task"].eq(task)]
    return own.set_index("video_id")["score"].sort_index()


def read_fetv(shared: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make ratings (alignment as SA, temporal quality as PC) and scores of the generated videos."""
    ids = ["video_id", "prompt_id", "generator"]
    tables = []
    for name in ("ratings", "metrics"):
        table = pd.read_csv(shared / "data" / "fetv" / f"{name}.csv").query("gen != 'ground-truth'")
        table = table.assign(prompt_id="p" + table["prompt"].astype(str), generator=table["gen"])
        tables.append(table.assign(video_id=table["generator"] + "/" + table["prompt_id"] + "/0"))
    rated, measured = tables
    ratings = [
        rated[ids].assign(annotator=rated["rater"].astype(str), task=task, rating=rated[axis].astype(float))
        for task, axis in (("sa", "align"), ("pc", "temporal"))
    ]
    metrics = ["BLIPScore", "CLIPScore", "CLIPScore-ft", "Otter-VQA", "UMTScore"]
    scores = measured.melt(["video_id"], metrics, var_name="scorer", value_name="score")
    return pd.concat(ratings), scores.assign(task=scores["scorer"], spec="fetv", status="ok")
