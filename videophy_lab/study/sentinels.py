"""Scorers that see no pixel: what a judge has to beat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from videophy_lab.schema import Scale
from videophy_lab.stats.correlation import METHODS, leave_one_out_mean
from videophy_lab.stats.estimate import FloatArray
from videophy_lab.study.correlation import correlate, keep_common_videos
from videophy_lab.study.tables import TASKS, pivot_ratings

# Scorer → the levels at which it says something. Within prompts a leave-one-out mean falls as the video's
# own rating rises, whatever the ratings; within generators their mean does not vary.
SENTINELS = {
    "leave-one-out prompt mean": ("none", "generator"),
    "generator mean": ("none", "prompt"),
    "constant": ("none",),
}


def score_sentinels(ratings: pd.DataFrame, *, scale: Scale | str | None = None) -> pd.DataFrame:
    """Score every rated video by three sentinels that see no pixel.

    Returns
    -------
    DataFrame
        Scores of ``leave-one-out prompt mean`` (the other videos' mean rating of the same prompt; unscored
        where there is none), ``generator mean`` (the generator's mean rating on the other half of the
        prompts) and ``constant``, for SA and PC. A judge that does not beat the first knows no more than
        which captions are hard; one that does not beat the second, no more than which generator is good.
    """
    videos = pivot_ratings(ratings, scale=scale)
    parts = []
    for task in TASKS:
        rated = videos.dropna(subset=[task])
        if rated.empty:
            continue
        values = rated[task].to_numpy(dtype=float)
        columns = (
            leave_one_out_mean(values, rated["prompt_id"].to_numpy(dtype=str)),
            _mean_other_half(values, rated["generator"], rated["prompt_id"]),
            np.full(len(values), np.median(values)),
        )
        for scorer, column in zip(SENTINELS, columns, strict=True):
            parts.append(
                pd.DataFrame(
                    {
                        "video_id": rated["video_id"].to_numpy(),
                        "prompt_id": rated["prompt_id"].to_numpy(),
                        "generator": rated["generator"].to_numpy(),
                        "scorer": scorer,
                        "spec": "sentinel",
                        "task": task,
                        "score": column,
                        "status": np.where(np.isnan(column), "unscored", "ok"),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _mean_other_half(values: FloatArray, generators: pd.Series, prompts: pd.Series) -> FloatArray:
    """Give every video the mean rating of its generator on the half of the prompts that it is not in."""
    half = prompts.rank(method="dense").to_numpy(dtype=int) % 2
    means = np.full((2, len(values)), np.nan)
    for which in (0, 1):
        known = pd.Series(values).where(half != which)
        means[which] = known.groupby(generators.to_numpy()).transform("mean")
    return np.asarray(np.where(half == 0, means[0], means[1]), dtype=np.float64)


def correlate_sentinels(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    methods: Sequence[str] = METHODS,
    scale: Scale | str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Correlate the sentinels with the human ratings of the videos that every scorer scored.

    Returns
    -------
    DataFrame
        As of :func:`correlate`; only the levels at which a sentinel says something (see ``SENTINELS``).
    """
    common = keep_common_videos(score_sentinels(ratings, scale=scale), reference=scores)
    parts = [
        correlate(
            ratings,
            common[common["scorer"].eq(scorer)],
            level=levels,
            methods=methods,
            scale=scale,
            confidence=confidence,
        )
        for scorer, levels in SENTINELS.items()
    ]
    return pd.concat(parts, ignore_index=True)
