"""Which videos to look at again, and what comparisons say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from videophy_lab.stats.disagreement import minority_share, rank_disagreements, rating_spread
from videophy_lab.stats.estimate import Estimate
from videophy_lab.stats.means import wilson_interval
from videophy_lab.study.tables import choose_scale, make_estimates, make_row

SCALED = ("sa", "pc")


def list_disagreements(
    ratings: pd.DataFrame, *, n_videos: int = 20, success: float | None = None
) -> pd.DataFrame:
    """List the videos to adjudicate: those whose success annotators dispute, then those rated furthest apart.

    Parameters
    ----------
    ratings : DataFrame
        A ratings table with ``annotator``.
    n_videos : int
        Most videos a task.
    success : float, optional
        Lowest rating that counts as success; that of the scale when not given.

    Returns
    -------
    DataFrame
        ``task, video_id, prompt_id, generator, n_annotators, ratings`` (``"1 4 5"``), ``spread`` (mean
        distance of two ratings) and ``minority`` (share on the smaller side of success).
    """
    rows = []
    for task in [task for task in SCALED if ratings["task"].eq(task).any()]:
        of_task = ratings[ratings["task"].eq(task)]
        threshold = choose_scale(ratings).success if success is None else success
        wide = of_task.pivot(index="video_id", columns="annotator", values="rating")
        matrix = wide.to_numpy(dtype=float)
        spread, minority = rating_spread(matrix), minority_share(matrix, threshold=threshold)
        facts = of_task.drop_duplicates("video_id").set_index("video_id")
        for row in rank_disagreements(matrix, threshold=threshold)[:n_videos]:
            video_id = wide.index[row]
            given = np.sort(matrix[row][~np.isnan(matrix[row])])
            rows.append(
                {
                    "task": task,
                    "video_id": video_id,
                    "prompt_id": facts.loc[video_id, "prompt_id"],
                    "generator": facts.loc[video_id, "generator"],
                    "n_annotators": given.size,
                    "ratings": " ".join(f"{value:g}" for value in given),
                    "spread": spread[row],
                    "minority": minority[row],
                }
            )
    columns = ["task", "video_id", "prompt_id", "generator", "n_annotators", "ratings", "spread", "minority"]
    return pd.DataFrame(rows, columns=columns)


def count_preferences(pairs: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Count which generator's videos were preferred, and how often the left one was.

    Returns
    -------
    DataFrame
        Estimates over decided comparisons with ``task`` and ``pair``: ``share_preferred`` of the first named
        generator, ``share_left`` of all (one half without a habit); ``n_ties`` beside each. Intervals are
        Wilson's over answers.
    """
    rows = []
    for task, of_task in pairs.groupby("task", sort=True):
        swap = of_task["generator_a"] > of_task["generator_b"]
        first = of_task["generator_a"].where(~swap, of_task["generator_b"])
        second = of_task["generator_b"].where(~swap, of_task["generator_a"])
        won = (of_task["preferred"].eq("a") != swap).astype(float).mask(of_task["preferred"].eq("tie"))
        named = of_task.assign(pair=first + " over " + second, won=won)
        named = named[first.ne(second)]
        left = of_task["preferred"].eq(of_task["left"]).astype(float).mask(of_task["preferred"].eq("tie"))
        groups = [("share_preferred", str(pair), own, own["won"]) for pair, own in named.groupby("pair")]
        for quantity, pair, own, values in [*groups, ("share_left", "all", of_task, left)]:
            decided = values.dropna()
            low, high = (float(end) for end in wilson_interval(decided.sum(), len(decided), level=confidence))
            counted = own["video_id_a"].nunique() + own["video_id_b"].nunique(), own["prompt_id"].nunique()
            share = float(decided.mean()) if len(decided) else float("nan")
            estimate = Estimate(share, low, high, confidence, "wilson", *counted)
            row = make_row(estimate, quantity, task=task, pair=pair)
            rows.append(row | {"n_answers": len(values), "n_ties": len(values) - len(decided)})
    return make_estimates(rows, groups=("task", "pair", "n_answers", "n_ties"))
