"""Judges compared two by two on the same videos."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from videophy_lab.schema import Scale
from videophy_lab.stats.comparison import compare_judges as compare_two
from videophy_lab.stats.estimate import Estimate
from videophy_lab.study.tables import TASKS, make_estimates, make_row, pivot_ratings, pivot_scores


def compare_judges(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    judges: Sequence[str] | None = None,
    *,
    tasks: Sequence[str] = TASKS,
    statistic: str = "spearman",
    value: str = "score",
    n_permutations: int = 2000,
    seed: int = 0,
    scale: Scale | str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare judges' agreement with humans, every pair on the videos that both scored.

    Parameters
    ----------
    judges : sequence of str, optional
        Names of scorers; all that scored one of the tasks when not given.
    statistic : {"pearson", "spearman", "kendall"}

    Returns
    -------
    DataFrame
        Estimates ``difference_<statistic>`` (first minus second, jackknife over prompts) with ``scorer_a,
        scorer_b, task``, and ``p_value`` of the ``test`` (the two exchanged prompt by prompt) with ``p_holm``
        over all rows. Pairs without a common video have no row.
    """
    videos = pivot_ratings(ratings, scale=scale)
    wide = pivot_scores(scores, value=value)
    scorers = list(wide["scorer"].unique())
    unknown = [name for name in judges or () if name not in scorers]
    if unknown:
        raise ValueError(f"no scorer {unknown[0]!r} in the scores; there are {', '.join(scorers)}")
    rows = []
    for first, second in itertools.combinations(judges or scorers, 2):
        of_first, of_second = (
            wide[wide["scorer"].eq(name)].drop(columns="scorer") for name in (first, second)
        )
        both = videos.merge(of_first, on="video_id", suffixes=("", "_a")).merge(
            of_second, on="video_id", suffixes=("", "_b")
        )
        for task in tasks:
            columns = [task, f"{task}_a", f"{task}_b"]
            rated = both.reindex(columns=[*columns, "prompt_id"]).dropna(subset=columns)
            if rated.empty:
                continue
            human, score_a, score_b = (rated[column].to_numpy(dtype=float) for column in columns)
            found = compare_two(
                human,
                score_a,
                score_b,
                rated["prompt_id"].to_numpy(dtype=str),
                statistic=statistic,
                n_permutations=n_permutations,
                level=confidence,
                rng=np.random.default_rng(seed),
            )
            interval = found.difference, found.low, found.high
            estimate = Estimate(*interval, confidence, "cluster_jackknife", found.n, found.n_clusters)
            groups = {"scorer_a": first, "scorer_b": second, "task": task}
            tested = {"test": "prompt_swap", "p_value": found.p_value, "p_holm": np.nan, "seed": seed}
            rows.append(make_row(estimate, f"difference_{statistic}", **groups) | tested)
    table = make_estimates(rows, groups=("scorer_a", "scorer_b", "task", "test", "p_value", "p_holm"))
    if rows and table["p_value"].notna().any():
        known = table["p_value"].notna()
        table.loc[known, "p_holm"] = multipletests(table.loc[known, "p_value"], method="holm")[1]
    return table
