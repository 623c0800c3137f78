"""Whether quality explains what a judge seems to see: drops of scores beside drops of metrics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from videophy_lab.stats.explained import Explanation, correlate_drops, explain_drop
from videophy_lab.study.detection import count_clips
from videophy_lab.study.pairing import list_judges_of_pairs
from videophy_lab.study.tables import make_estimates, make_row

GROUPS = ["scorer", "task", "metric"]


def list_quality_metrics(pairs: pd.DataFrame, metrics: Sequence[str] = ()) -> list[str]:
    """List the metrics that may explain a drop: those named, or all scorers that answer no question.

    Raises
    ------
    ValueError
        A name is unknown.
    """
    known = list(dict.fromkeys(pairs["scorer"]))
    strangers = [name for name in metrics if name not in known]
    if strangers:
        raise ValueError(f"no quality metric {strangers[0]!r} among the scores; there are {', '.join(known)}")
    if metrics:
        return list(metrics)
    judges = list_judges_of_pairs(pairs)
    return list(dict.fromkeys(pairs.loc[~pairs["measured_by"].isin(judges), "scorer"]))


def explain_detection(
    pairs: pd.DataFrame, judges: Sequence[str], metrics: Sequence[str], *, confidence: float = 0.95
) -> pd.DataFrame:
    """Estimate what is left of every judge's drop where right and wrong clip are of equal quality.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_right_and_wrong`; those of kind ``violation`` that the judge and
        every metric scored count.
    judges, metrics : sequence of str
        As in the column ``scorer``.

    Returns
    -------
    DataFrame
        Estimates with ``scorer, task, metric``, in standard deviations of the judge's drop: ``drop`` (mean),
        ``drop_at_equal_quality`` (intercept of the regression on the metrics' drops) with ``r_squared,
        r_squared_held_out`` (on prompts that it has not seen), ``distance`` (of equal quality from the pairs'
        mean, in standard deviations), ``verdict`` and ``reason`` (why there is none); ``slope`` of every
        metric; and ``drop_correlation`` with every metric alone (Pearson). ``n_pairs`` enter, ``n_left_out``
        pairs of the judge lack a metric.

    Notes
    -----
    See :class:`videophy_lab.stats.explained.Explanation`, and :func:`name_verdict` for the verdicts.
    """
    usable = pairs[pairs["kind"].eq("violation") & pairs["pair_status"].eq("ok")]
    wide = usable.pivot(index="wrong_id", columns="scorer", values="drop").reindex(columns=list(metrics))
    rows = []
    for judge in judges:
        own = usable[usable["scorer"].eq(judge)].set_index("wrong_id", drop=False)
        others = [metric for metric in metrics if metric != judge]
        quality = wide.reindex(own.index)[others]
        complete = quality.notna().all(axis=1)
        kept, quality = own[complete], quality[complete]
        drop, prompts = kept["drop"].to_numpy(dtype=float), kept["prompt_id"].to_numpy(dtype=str)
        found = explain_drop(drop, quality.to_numpy(dtype=float), prompts, level=confidence)
        task = pairs.loc[pairs["scorer"].eq(judge), "task"].iloc[0]
        counts = {
            "n_videos": count_clips(kept),
            "n_pairs": len(kept),
            "n_left_out": int((~complete).sum()),
        }
        facts = {
            "r_squared": found.r_squared,
            "r_squared_held_out": found.r_squared_held_out,
            "distance": found.distance,
            "verdict": name_verdict(found),
            "reason": found.reason,
        }
        named = {"scorer": judge, "task": task, "metric": ""}
        rows.append(make_row(found.drop, "drop", **named) | counts)
        rows.append(make_row(found.left, "drop_at_equal_quality", **named) | counts | facts)
        for metric, slope in zip(others, found.slopes, strict=True):
            correlation = correlate_drops(
                drop, quality[metric].to_numpy(dtype=float), prompts, level=confidence
            )
            rows.append(make_row(slope, "slope", **named | {"metric": metric}) | counts)
            rows.append(make_row(correlation, "drop_correlation", **named | {"metric": metric}) | counts)
    return put_facts_last(make_estimates(rows, groups=GROUPS))


def name_verdict(found: Explanation) -> str:
    """Say whether a drop is there, and whether it is there at equal quality.

    Returns
    -------
    str
        ``"kept"`` where the interval at equal quality lies above 0; ``"no drop"`` where not even that of the
        mean drop does; between the two ``"not shown at equal quality"``, or ``"inconclusive"`` where the
        metrics predict nothing of the drop on prompts held out and the interval may have grown for nothing;
        ``"undefined"`` without an interval.
    """
    if np.isnan(found.drop.low) or np.isnan(found.left.low):
        return "undefined"
    if found.left.low > 0:
        return "kept"
    if found.drop.low <= 0:
        return "no drop"
    return "not shown at equal quality" if found.r_squared_held_out > 0 else "inconclusive"


def put_facts_last(table: pd.DataFrame) -> pd.DataFrame:
    """Put what belongs to a regression behind the estimates."""
    facts = ["n_pairs", "n_left_out", "r_squared", "r_squared_held_out", "distance", "verdict", "reason"]
    last = [name for name in facts if name in table.columns]
    return table[[*(name for name in table.columns if name not in last), *last]]
