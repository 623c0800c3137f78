"""Two judges compared on the same videos."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from videophy_lab.schema import Scale
from videophy_lab.stats.comparison import compare_judges as compare_two
from videophy_lab.stats.estimate import Estimate
from videophy_lab.study.tables import TASKS, make_estimates, make_row, pivot_ratings, pivot_scores


def compare_judges(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    first: str,
    second: str,
    *,
    tasks: Sequence[str] = TASKS,
    statistic: str = "spearman",
    n_permutations: int = 2000,
    seed: int = 0,
    scale: Scale | str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare two judges' agreement with humans by exchanging them prompt by prompt.

    Parameters
    ----------
    first, second : str
        Names of two scorers; they are compared on the videos that both scored.
    statistic : str
        ``"pearson"``, ``"spearman"`` or ``"kendall"``.

    Returns
    -------
    DataFrame
        Estimates ``difference_<statistic>`` with ``scorer_a, scorer_b, task, p_value, seed``.
    """
    videos = pivot_ratings(ratings, scale=scale)
    wide = pivot_scores(scores)
    known = sorted(wide["scorer"].unique())
    for name in (first, second):
        if name not in known:
            raise ValueError(f"no scorer {name!r} in the scores; there are {', '.join(known)}")
    of_first, of_second = (wide[wide["scorer"].eq(name)] for name in (first, second))
    both = videos.merge(of_first, on="video_id", suffixes=("", "_a")).merge(
        of_second, on="video_id", suffixes=("", "_b")
    )
    rows = []
    for task in tasks:
        rated = both.dropna(subset=[task, f"{task}_a", f"{task}_b"])
        found = compare_two(
            rated[task].to_numpy(dtype=float),
            rated[f"{task}_a"].to_numpy(dtype=float),
            rated[f"{task}_b"].to_numpy(dtype=float),
            rated["prompt_id"].to_numpy(dtype=str),
            statistic=statistic,
            n_permutations=n_permutations,
            level=confidence,
            rng=np.random.default_rng(seed),
        )
        interval = found.difference, found.low, found.high
        estimate = Estimate(*interval, confidence, "cluster_jackknife", found.n, found.n_clusters)
        groups = {"scorer_a": first, "scorer_b": second, "task": task}
        rows.append(
            make_row(estimate, f"difference_{statistic}", **groups) | {"p_value": found.p_value, "seed": seed}
        )
    return make_estimates(rows)
