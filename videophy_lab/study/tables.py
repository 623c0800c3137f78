"""What every study does first: one row a video, the joint label, estimates as table rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from videophy_lab.collisions import split_video_ids
from videophy_lab.schema import SCALES, Scale, check_scale, infer_scale
from videophy_lab.stats.estimate import Estimate

TASKS = ("sa", "pc")
ESTIMATE_COLUMNS = ["estimate", "low", "high", "level", "method", "n_videos", "n_prompts"]
LAST_COLUMNS = ("n_success", "n_missing", "n_generators", "test", "p_value", "p_holm", "seed")
_VIDEO_KEYS = ["video_id", "prompt_id", "generator"]


def choose_scale(ratings: pd.DataFrame, scale: Scale | str | None = None) -> Scale:
    """Give the ratings' scale: the one passed, the one named, or the one their values tell.

    Raises
    ------
    ValueError
        For an unknown name, ratings off the scale, or ratings whose values do not tell it.
    """
    if scale is None or scale == "":
        return infer_scale(ratings)
    if isinstance(scale, str) and scale not in SCALES:
        raise ValueError(f"scale must be one of {', '.join(map(repr, SCALES))} or a Scale; not {scale!r}")
    chosen = SCALES[scale] if isinstance(scale, str) else scale
    check_scale(ratings, chosen)
    return chosen


def pivot_ratings(ratings: pd.DataFrame, *, scale: Scale | str | None = None) -> pd.DataFrame:
    """Turn ratings into one row a video with its SA and PC, and the joint label that they make.

    Parameters
    ----------
    ratings : DataFrame
        A ratings table. Several annotators of one video are averaged (see
        :func:`videophy_lab.study.aggregate_annotators` for other ways): on 1–5 a mean of 4 is a success, on
        0/1 more than half of the annotators make one.
    scale : Scale or {"1-5", "0/1"}, optional
        The ratings' scale; inferred from their values when not given.

    Returns
    -------
    DataFrame
        ``video_id, prompt_id, generator``, the extra columns that belong to the video (``is_hard``,
        ``action``, ``category`` …), ``sa``, ``pc`` (NaN where nobody rated) and ``joint``: 1 when both
        are a success, 0 when not, NaN when either is missing.
    """
    scored = ratings[ratings["task"].isin(TASKS)]
    scale = choose_scale(scored, scale)
    extras = [
        name
        for name in ratings.columns
        if name not in {*_VIDEO_KEYS, "task", "rating", "annotator", "rule_id", *TASKS, "joint"}
    ]
    check_names(ratings)
    videos = ratings.drop_duplicates("video_id")[[*_VIDEO_KEYS, *extras]]
    wide = scored.pivot_table(index="video_id", columns="task", values="rating", aggfunc="mean")
    wide = wide.reindex(columns=list(TASKS))
    videos = videos.merge(wide, left_on="video_id", right_index=True, how="left").reset_index(drop=True)
    videos["joint"] = derive_joint(videos["sa"], videos["pc"], scale)
    return videos


def check_names(ratings: pd.DataFrame) -> None:
    """Raise ValueError if one video stands under two generators or two prompts."""
    names = ratings[_VIDEO_KEYS].drop_duplicates()
    twice = names[names["video_id"].duplicated(keep=False)]
    if len(twice):
        first, second = twice[twice["video_id"].eq(twice["video_id"].iloc[0])].to_dict("records")[:2]
        raise ValueError(
            f"video {first['video_id']!r} belongs to {first['generator']!r}, prompt {first['prompt_id']!r}, "
            f"and to {second['generator']!r}, prompt {second['prompt_id']!r}; give every video its own "
            "video_id"
        )


def name_scores(scores: pd.DataFrame, ratings: pd.DataFrame) -> pd.DataFrame:
    """Give scores the columns ``generator`` and ``prompt_id`` where they lack them, from the ratings.

    Videos that nobody rated get them from a video_id of the form ``generator/prompt_id/seed``, or NA.
    """
    known = ratings.drop_duplicates("video_id").set_index("video_id")
    parts = split_video_ids(scores["video_id"])
    named = scores.copy()
    for column in ("generator", "prompt_id"):
        told = scores["video_id"].map(known[column]).fillna(parts[column])
        named[column] = scores[column].fillna(told) if column in scores.columns else told
    return named


def derive_joint(sa: pd.Series, pc: pd.Series, scale: Scale) -> pd.Series:
    """Derive the joint label from two ratings or scores on one scale; NaN where either is missing.

    On 0/1 a value above one half is a success: a label, a majority of annotators, or a probability.
    """
    both = ((sa > 0.5) & (pc > 0.5)) if scale.high <= 1 else ((sa >= scale.success) & (pc >= scale.success))
    return both.astype(float).where(sa.notna() & pc.notna())


def keep_plain_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Keep the scores of videos as they are: no probed videos, no single rules."""
    for column in ("probe", "rule_id"):
        if column in scores.columns:
            scores = scores[scores[column].isna() | scores[column].eq("")]
    return scores


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
    plain = keep_plain_scores(scores)
    usable = plain[plain["status"].eq("ok")]
    _check_specs(usable)
    reserved = sorted({"scorer", *_VIDEO_KEYS} & set(usable["task"]))
    if reserved:
        raise ValueError(f"a task may not be called {reserved[0]!r}, the name of a column; rename it")
    wide = usable.pivot(index=["scorer", "video_id"], columns="task", values=value)
    wide.columns.name = None
    first = [task for task in TASKS if task in wide.columns]
    return wide[[*first, *wide.columns.drop(first)]].reset_index()


def _check_specs(usable: pd.DataFrame) -> None:
    """Raise if a scorer answered one task with several settings."""
    for (scorer, task), rows in usable.groupby(["scorer", "task"]):
        found = sorted(rows["spec"].unique())
        if len(found) > 1:
            raise ValueError(
                f"scorer {scorer!r} answered {task!r} with {len(found)} settings (spec "
                f"{', '.join(map(repr, found))}); keep one, or give each its own scorer name"
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
    for scorer, of_scorer in keep_plain_scores(scores).groupby("scorer", sort=True):
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


def make_estimates(rows: Iterable[Mapping[str, object]], *, groups: Sequence[str] = ()) -> pd.DataFrame:
    """Make an estimates table of rows; group columns keep the order in which they first appear.

    Parameters
    ----------
    groups : sequence of str
        Group columns that the table has even without a row.
    """
    table = pd.DataFrame(list(rows), columns=None)
    for name in ("quantity", *groups, *ESTIMATE_COLUMNS):
        if name not in table.columns:
            is_number = name in {*ESTIMATE_COLUMNS, *LAST_COLUMNS} - {"method", "test"}
            table[name] = pd.Series(dtype=float if is_number else str)
    whole = [name for name in table.columns if name.startswith("n_") or name == "seed"]
    table[whole] = table[whole].astype("Int64")
    tail = [name for name in table.columns if name in LAST_COLUMNS]
    head = [name for name in table.columns if name not in {"quantity", *ESTIMATE_COLUMNS, *tail}]
    return table[["quantity", *head, *ESTIMATE_COLUMNS, *tail]]
