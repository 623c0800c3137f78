"""What every study does first: one row a video, the joint label, estimates as table rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from videophy_lab.schema import SCALES, Scale, infer_scale
from videophy_lab.stats.estimate import Estimate

TASKS = ("sa", "pc")
ESTIMATE_COLUMNS = ["estimate", "low", "high", "level", "method", "n_videos", "n_prompts"]
COUNTS = ("n_success", "n_missing", "p_value", "p_holm", "seed")
_VIDEO_KEYS = ["video_id", "prompt_id", "generator"]


def choose_scale(ratings: pd.DataFrame, scale: Scale | str | None = None) -> Scale:
    """Give the ratings' scale: the one passed, the one named, or the one their values tell.

    Raises
    ------
    ValueError
        For an unknown name, or ratings whose scale their values do not tell.
    """
    if scale is None or scale == "":
        return infer_scale(ratings)
    if isinstance(scale, Scale):
        return scale
    if scale not in SCALES:
        raise ValueError(f"scale must be one of {', '.join(map(repr, SCALES))} or a Scale; not {scale!r}")
    return SCALES[scale]


def pivot_ratings(ratings: pd.DataFrame, *, scale: Scale | str | None = None) -> pd.DataFrame:
    """Turn ratings into one row a video with its SA, PC and joint label.

    Parameters
    ----------
    ratings : DataFrame
        A ratings table; several annotators of one video are averaged (see
        :func:`videophy_lab.study.aggregate_annotators` for other ways).
    scale : Scale or {"1-5", "0/1"}, optional
        The ratings' scale; inferred from their values when not given.

    Returns
    -------
    DataFrame
        ``video_id, prompt_id, generator``, the extra columns that belong to the video (``is_hard``,
        ``action``, ``category`` …), ``sa``, ``pc`` (NaN where nobody rated) and ``joint``: 1 when both
        reach the scale's success value, 0 when not, NaN when either is missing.
    """
    scored = ratings[ratings["task"].isin(TASKS)]
    scale = choose_scale(scored, scale)
    extras = [
        name
        for name in ratings.columns
        if name not in {*_VIDEO_KEYS, "task", "rating", "annotator", "rule_id", "rating_id"}
    ]
    videos = ratings.drop_duplicates("video_id")[[*_VIDEO_KEYS, *extras]]
    wide = scored.pivot_table(index="video_id", columns="task", values="rating", aggfunc="mean")
    wide = wide.reindex(columns=list(TASKS))
    videos = videos.merge(wide, left_on="video_id", right_index=True, how="left").reset_index(drop=True)
    videos["joint"] = derive_joint(videos["sa"], videos["pc"], scale.success)
    return videos


def derive_joint(sa: pd.Series, pc: pd.Series, success: float) -> pd.Series:
    """Derive the joint label: both values reach ``success``; NaN where either is missing."""
    joint = ((sa >= success) & (pc >= success)).astype(float)
    return joint.where(sa.notna() & pc.notna())


def pivot_scores(scores: pd.DataFrame, *, value: str = "score") -> pd.DataFrame:
    """Turn scores into one row a scorer and video, with a column a task.

    Parameters
    ----------
    scores : DataFrame
        A scores table. Only rows with status ``ok`` count; rows of probed videos and of single rules are
        left out.
    value : {"score", "expected"}
        The answer itself, or the probability-weighted mean answer.

    Returns
    -------
    DataFrame
        ``scorer, video_id`` and one column a task.
    """
    if value not in scores.columns:
        raise ValueError(f"the scores have no column {value!r}; use value='score'")
    usable = scores[scores["status"].eq("ok")]
    for column in ("probe", "rule_id"):
        if column in usable.columns:
            usable = usable[usable[column].isna() | usable[column].eq("")]
    specs = usable.groupby("scorer")["spec"].nunique()
    if (specs > 1).any():
        name = specs.index[specs > 1][0]
        found = sorted(usable.loc[usable["scorer"].eq(name), "spec"].unique())
        raise ValueError(
            f"scorer {name!r} was run with {len(found)} settings (spec {', '.join(map(repr, found))}); "
            "keep one: scores[scores.spec == ...], or give each its own scorer name"
        )
    wide = usable.pivot(index=["scorer", "video_id"], columns="task", values=value)
    wide.columns.name = None
    first = [task for task in TASKS if task in wide.columns]
    return wide[[*first, *wide.columns.drop(first)]].reset_index()


def score_success(scores: Iterable[float], scale: Scale) -> float:
    """Give the value from which a judge's score counts as success.

    A judge on the ratings' own scale shares their success value; one that answers between 0 and 1 (labels
    or probabilities) succeeds from .5.
    """
    values = np.asarray(list(scores), dtype=float)
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if values.size else (scale.low, scale.high)
    if low >= scale.low and high <= scale.high and scale.high > 1:
        return float(scale.success)
    if low >= 0 and high <= 1:
        return 0.5
    raise ValueError(
        f"scores run from {low:g} to {high:g}, neither within the ratings' scale {scale.low:g} to "
        f"{scale.high:g} nor within 0 to 1; rescale them, or leave SA and PC out of them"
    )


def count_videos(
    ratings: pd.DataFrame, scores: pd.DataFrame | None = None, *, scale: Scale | str | None = None
) -> pd.DataFrame:
    """Count, by generator, the videos known, rated and scored, so that nothing is missing in silence.

    Returns
    -------
    DataFrame
        ``generator, n_videos, n_prompts, n_rated_sa, n_rated_pc, n_rated_both``; with scores the same for
        every ``scorer``, with ``n_ok, n_unscored, n_failed, n_without_row``.
    """
    videos = pivot_ratings(ratings, scale=scale)
    counts = videos.groupby("generator").agg(
        n_videos=("video_id", "size"),
        n_prompts=("prompt_id", "nunique"),
        n_rated_sa=("sa", "count"),
        n_rated_pc=("pc", "count"),
        n_rated_both=("joint", "count"),
    )
    if scores is None:
        return counts.reset_index()
    rows = []
    for scorer, of_scorer in scores.groupby("scorer", sort=True):
        status = of_scorer.groupby("video_id")["status"].agg(_worst_status)
        known = videos.set_index("video_id")["generator"]
        joined = known.to_frame().join(status.rename("status"))
        table = pd.crosstab(joined["generator"], joined["status"].fillna("without_row"))
        table = table.reindex(columns=["ok", "unscored", "failed", "without_row"], fill_value=0)
        rows.append(counts.join(table.add_prefix("n_")).assign(scorer=scorer))
    counted = pd.concat(rows).reset_index()
    return counted[["scorer", *counted.columns.drop("scorer")]]


def _worst_status(statuses: pd.Series) -> str:
    for status in ("failed", "unscored"):
        if statuses.eq(status).any():
            return status
    return "ok"


def make_row(estimate: Estimate, quantity: str, **groups: object) -> dict[str, object]:
    """Make one row of an estimates table from an estimate and the names of what it estimates."""
    return {
        "quantity": quantity,
        **groups,
        "estimate": estimate.estimate,
        "low": estimate.low,
        "high": estimate.high,
        "level": estimate.level,
        "method": estimate.method,
        "n_videos": estimate.n,
        "n_prompts": estimate.n_clusters,
    }


def make_estimates(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Make an estimates table of rows; group columns keep the order in which they first appear."""
    table = pd.DataFrame(list(rows))
    if table.empty:
        return pd.DataFrame(columns=["quantity", *ESTIMATE_COLUMNS])
    whole = [name for name in table.columns if name.startswith("n_") or name == "seed"]
    table[whole] = table[whole].astype("Int64")
    groups = [name for name in table.columns if name not in {"quantity", *ESTIMATE_COLUMNS}]
    tail = [name for name in groups if name in COUNTS]
    groups = [name for name in groups if name not in tail]
    return table[["quantity", *groups, *ESTIMATE_COLUMNS, *tail]]
