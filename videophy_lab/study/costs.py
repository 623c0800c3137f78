"""Judges side by side: who scored what, and what the answers cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from videophy_lab.schema import Scale
from videophy_lab.stats.means import cluster_rate_estimate
from videophy_lab.study.correlation import keep_common_videos
from videophy_lab.study.scoring import tabulate_costs
from videophy_lab.study.tables import TASKS, keep_plain_scores, make_estimates, make_row, pivot_ratings
from videophy_lab.study.words import choose_name

COSTS = ("median_seconds", "dollars")


def keep_judges(scores: pd.DataFrame, judges: Sequence[str] = ()) -> pd.DataFrame:
    """Keep the SA and PC of judges.

    Parameters
    ----------
    scores : DataFrame
        A scores table.
    judges : sequence of str
        Names of scorers; all with SA or PC when empty.

    Raises
    ------
    ValueError
        No scorer was asked for SA or PC, or none of a name asked for.
    """
    plain = keep_plain_scores(scores)
    asked = plain[plain["task"].isin(TASKS)]
    if asked.empty:
        tasks = ", ".join(sorted(map(str, scores["task"].unique()))) or "none"
        raise ValueError(
            f"the scores hold no judge: nothing was asked for sa or pc (their tasks: {tasks}). Score the "
            "videos with judges, or leave this notebook out of the report"
        )
    known = list(dict.fromkeys(asked["scorer"]))
    chosen = [choose_name(judge, known, what="judge") for judge in judges]
    return asked[asked["scorer"].isin(chosen)] if chosen else asked


def keep_rated_by_all(ratings: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Keep the scores of the rated videos that every judge scored on every task that it answers.

    Raises
    ------
    ValueError
        There is no such video; says how many each judge scored, or that the tables share no video_id.
    """
    if not scores["video_id"].isin(ratings["video_id"]).any():
        raise ValueError(
            "ratings and scores have no video_id in common: the ratings have "
            f"{ratings['video_id'].iloc[0]!r}, the scores {scores['video_id'].iloc[0]!r}; write the same "
            "video_id in both"
        )
    usable = scores[scores["status"].eq("ok") & scores["video_id"].isin(ratings["video_id"])]
    common = keep_common_videos(usable, reference=usable) if len(usable) else usable
    if common.empty:
        counts = usable.groupby("scorer", sort=False)["video_id"].nunique()
        listed = ", ".join(f"{name} {n}" for name, n in counts.items()) or "none has any"
        raise ValueError(
            f"no rated video was scored by all judges (rated videos scored: {listed}); name those to compare "
            "in judges"
        )
    return common


def estimate_unscored(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    common: pd.DataFrame,
    *,
    scale: Scale | str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate how often each judge left a question without a usable answer, and count what it has.

    Parameters
    ----------
    ratings, scores : DataFrame
        Tables of the contract's form; the scores of judges.
    common : DataFrame
        The scores that are compared, from :func:`keep_rated_by_all`.

    Returns
    -------
    DataFrame
        Estimates ``unscored_rate`` (unscored or failed, of the rated videos that it has a row for) with
        ``scorer, task`` and the counts of rated videos ``n_rated, n_ok, n_unscored, n_failed,
        n_without_row, n_common``.
    """
    videos = pivot_ratings(ratings, scale=scale)
    rows = []
    for (scorer, task), part in scores.groupby(["scorer", "task"], sort=False):
        rated = videos.dropna(subset=[task])
        asked = rated.merge(part[["video_id", "status"]], on="video_id")
        of_common = common[common["scorer"].eq(str(scorer)) & common["task"].eq(str(task))]
        statuses = asked["status"]
        missing = statuses.ne("ok").to_numpy(dtype=float)
        estimate = cluster_rate_estimate(missing, asked["prompt_id"].to_numpy(dtype=str), level=confidence)
        counts = {f"n_{status}": int(statuses.eq(status).sum()) for status in ("ok", "unscored", "failed")}
        rows.append(
            make_row(estimate, "unscored_rate", scorer=scorer, task=task)
            | {"n_rated": len(rated), **counts, "n_without_row": len(rated) - len(asked)}
            | {"n_common": int(of_common["video_id"].isin(rated["video_id"]).sum())}
        )
    return make_estimates(rows, groups=("scorer", "task"))


def price_scorers(
    scores: pd.DataFrame,
    *,
    prices: Mapping[str, float] | None = None,
    ensembles: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Find the time and the money that one question takes of every scorer.

    Parameters
    ----------
    scores : DataFrame
        A scores table; ``seconds`` and ``cost`` where known.
    prices : mapping of scorer to US dollars a question, optional
        Known prices, for example of GPU hours; they win over what was recorded.
    ensembles : mapping of ensemble to its members, optional
        An ensemble takes what its members take together; not known where that of a member is not.

    Returns
    -------
    DataFrame
        ``scorer, n_timed`` (questions), ``median_seconds``, ``n_paid`` (questions), ``dollars`` (mean a
        paid question; NaN for what is not paid by the question), ``price`` (``"recorded"``, ``"given"``,
        ``"of its members"`` or ``"none"``).
    """
    given = dict(prices or {})
    known = list(dict.fromkeys(scores["scorer"]))
    wrong = {name: price for name, price in given.items() if isinstance(price, str) or not price >= 0}
    if wrong:
        raise ValueError(f"prices are US dollars a question, 0 or more; write 0.002, say; not {wrong}")
    for name in given:
        choose_name(name, known, what="scorer")
    timed = tabulate_costs(scores).set_index("scorer")
    costs = scores["cost"].astype(float) if "cost" in scores.columns else pd.Series(np.nan, scores.index)
    paid = costs.groupby(scores["scorer"]).agg(["count", "mean"])
    rows = [
        {
            "scorer": scorer,
            "n_timed": int(timed["n_questions"].get(scorer, 0)),
            "median_seconds": float(timed["median_seconds"].get(scorer, np.nan)),
            "n_paid": int(paid.loc[scorer, "count"]),
            "dollars": float(given.get(scorer, paid.loc[scorer, "mean"])),
            "price": "given" if scorer in given else "recorded" if paid.loc[scorer, "count"] else "none",
        }
        for scorer in known
    ]
    table = pd.DataFrame(rows)
    together = [_add_members(table, name, members) for name, members in (ensembles or {}).items()]
    return pd.concat([table, pd.DataFrame(together)], ignore_index=True) if together else table


def _add_members(table: pd.DataFrame, name: str, members: Sequence[str]) -> dict[str, object]:
    """Make the row of an ensemble from those of its members; ``"scorer:task"`` costs what the scorer does."""
    by_scorer = table.set_index("scorer")
    whole = [member if member in by_scorer.index else member.rsplit(":", 1)[0] for member in members]
    own = by_scorer.loc[list(dict.fromkeys(whole))]
    dollars = own["dollars"].sum(skipna=False)
    return {
        "scorer": name,
        "n_timed": int(own["n_timed"].min()),
        "median_seconds": own["median_seconds"].sum(skipna=False),
        "n_paid": int(own["n_paid"].max()),
        "dollars": dollars,
        "price": "none" if np.isnan(dollars) else "of its members",
    }


def weigh_costs(correlations: pd.DataFrame, priced: pd.DataFrame) -> pd.DataFrame:
    """Set agreement beside cost, and find the scorers that no other beats on both.

    Parameters
    ----------
    correlations : DataFrame
        As of :func:`videophy_lab.correlate`, of one method and level.
    priced : DataFrame
        From :func:`price_scorers`.

    Returns
    -------
    DataFrame
        ``scorer, task, estimate, low, high, level, n_videos``, the columns of ``priced``, and
        ``unbeaten_seconds, unbeaten_dollars``: no other scorer of the task agrees at least as well for at
        most the cost, and better or for less; by the estimates, whatever their intervals. NA where the cost
        or the agreement is not known.
    """
    columns = ["scorer", "rating_task", "estimate", "low", "high", "level", "n_videos"]
    table = (
        correlations[columns].rename(columns={"rating_task": "task"}).merge(priced, on="scorer", how="left")
    )
    for cost in COSTS:
        unbeaten = [
            find_unbeaten(
                part[cost].to_numpy(dtype=float), part["estimate"].to_numpy(dtype=float), part.index
            )
            for _, part in table.groupby("task", sort=False)
        ]
        name = f"unbeaten_{cost.removeprefix('median_')}"
        table[name] = pd.concat(unbeaten) if unbeaten else pd.Series(dtype="boolean")
    return table


def find_unbeaten(costs: np.ndarray, gains: np.ndarray, index: pd.Index) -> pd.Series:
    """Tell which rows no other row beats: at most the cost, at least the gain, and one of them strictly.

    Parameters
    ----------
    costs, gains : (n,) float
        NaN where not known: such rows neither beat nor are beaten, and get NA.

    Returns
    -------
    Series of boolean
    """
    no_worse = (costs[:, None] <= costs) & (gains[:, None] >= gains)
    better = (costs[:, None] < costs) | (gains[:, None] > gains)
    unbeaten = pd.Series(~(no_worse & better).any(axis=0), index=index, dtype="boolean")
    return unbeaten.mask(np.isnan(costs) | np.isnan(gains))
