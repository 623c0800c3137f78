"""Which videos to look at again, and what comparisons say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from videophy_lab.schema import Scale
from videophy_lab.schema.labels import FOLLOWED, UNDETERMINED, VIOLATED
from videophy_lab.stats.disagreement import minority_share, rank_disagreements, rating_spread
from videophy_lab.stats.means import cluster_rate_estimate
from videophy_lab.study.annotators import find_success, pivot_annotators
from videophy_lab.study.tables import make_estimates, make_row

SCALED = ("sa", "pc")
LABELS = (VIOLATED, FOLLOWED, UNDETERMINED)


def list_disagreements(
    ratings: pd.DataFrame,
    *,
    n_videos: int | None = 20,
    success: float | None = None,
    scale: Scale | str | None = None,
) -> pd.DataFrame:
    """List what to adjudicate: what annotators dispute, then what they rated furthest apart.

    Parameters
    ----------
    ratings : DataFrame
        A ratings table with ``annotator``.
    n_videos : int, optional
        Most videos a task; of rules, most rules of videos. All that are disputed when None.
    success : float, optional
        Lowest rating that counts as success; that of the scale when not given.
    scale : Scale or {"1-5", "0/1"}, optional
        The ratings' scale; inferred from their values when not given.

    Returns
    -------
    DataFrame
        ``task, video_id, prompt_id, generator, rule_id, rule`` (blank for SA and PC), ``n_annotators,
        ratings`` (``"1 4 5"``), ``spread`` (mean distance of two ratings; of labels of a rule the share of
        pairs that differ) and ``minority`` (share on the smaller side of success; of a rule on the smaller
        of followed and violated).
    """
    rows: list[dict[str, object]] = []
    for task in [task for task in SCALED if ratings["task"].eq(task).any()]:
        of_task = ratings[ratings["task"].eq(task)]
        threshold = find_success(ratings, scale) if success is None else success
        wide = pivot_annotators(of_task)
        matrix = wide.to_numpy(dtype=float)
        order = rank_disagreements(matrix, threshold=threshold)[:n_videos]
        measured = {"spread": rating_spread(matrix), "minority": minority_share(matrix, threshold=threshold)}
        rows += _describe_rows(of_task, wide, order, measured)
    rules = ratings[ratings["task"].eq("rule")]
    if len(rules):
        wide = pivot_annotators(rules, ["video_id", "rule_id"])
        measured = dict(zip(("spread", "minority"), _measure_labels(wide.to_numpy(dtype=float)), strict=True))
        spread, minority = measured["spread"], measured["minority"]
        disputed = np.flatnonzero(spread > 0)
        order = disputed[np.lexsort((-spread[disputed], -minority[disputed]))][:n_videos]
        rows += _describe_rows(rules, wide, order, measured)
    columns = [
        "task", "video_id", "prompt_id", "generator", "rule_id", "rule", "n_annotators", "ratings", "spread",
        "minority",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _measure_labels(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give for each rule the share of pairs of labels that differ, and of the smaller of 0 and 1."""
    counts = np.stack([(matrix == label).sum(axis=1) for label in LABELS], axis=1)
    n = counts.sum(axis=1)
    several = np.where(n > 1, n, np.nan)
    same = (counts * (counts - 1)).sum(axis=1) / (several * (several - 1))
    return 1 - same, counts[:, [VIOLATED, FOLLOWED]].min(axis=1) / several


def _describe_rows(
    of_task: pd.DataFrame, wide: pd.DataFrame, order: np.ndarray, measured: Mapping[str, np.ndarray]
) -> Iterator[dict[str, object]]:
    """Yield what is known of the rows of a matrix of annotators, in an order."""
    names = [str(name) for name in wide.index.names]
    facts = of_task.drop_duplicates(names).set_index(names)
    kept = [name for name in ("prompt_id", "generator", "rule") if name in facts.columns]
    matrix = wide.to_numpy(dtype=float)
    for row in order:
        place = wide.index[row]
        given = np.sort(matrix[row][~np.isnan(matrix[row])])
        yield {
            "task": of_task["task"].iloc[0],
            **dict(zip(names, place if len(names) > 1 else [place], strict=True)),
            **facts.loc[place, kept].to_dict(),
            "n_annotators": given.size,
            "ratings": " ".join(f"{value:g}" for value in given),
            **{name: values[row] for name, values in measured.items()},
        }


def count_preferences(pairs: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Count which generator's videos were preferred, and how often the left one was.

    Returns
    -------
    DataFrame
        Estimates over decided comparisons with ``task`` and ``pair``: ``share_preferred`` of the first named
        generator, ``share_left`` of all (one half without a habit). ``n_videos`` and ``n_prompts`` are those
        of decided comparisons, each video once; ``n_answers`` counts all answers and ``n_ties`` the ties
        among them. Intervals are Wilson's with prompts as the independent units.
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
            estimate = cluster_rate_estimate(values, own["prompt_id"].to_numpy(dtype=str), level=confidence)
            decided = own[values.notna()]
            counts = {
                "n_videos": pd.concat([decided["video_id_a"], decided["video_id_b"]]).nunique(),
                "n_answers": len(own),
                "n_ties": len(own) - len(decided),
            }
            rows.append(make_row(estimate, quantity, task=task, pair=pair) | counts)
    return make_estimates(rows, groups=("task", "pair", "n_answers", "n_ties"))
