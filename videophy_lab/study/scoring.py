"""What a scoring run gave: how much can be used, how the scores lie, which videos stand at the ends."""

from __future__ import annotations

import numpy as np
import pandas as pd

from videophy_lab.reasons import blank_numbers
from videophy_lab.schema import COLUMNS
from videophy_lab.stats.means import cluster_mean_estimate
from videophy_lab.study.tables import make_estimates, make_row

STATUSES = COLUMNS["status"].words


def join_videos(scores: pd.DataFrame, videos: pd.DataFrame) -> pd.DataFrame:
    """Give each score of a video that is in the table its generator and prompt.

    Probes are left out. A scorer that answered one task with several settings becomes several, its name
    followed by the spec: their scores are not one sample.
    """
    named = videos[["video_id", "generator", "prompt_id"]].drop_duplicates("video_id")
    kept = scores[scores["probe"].fillna("").eq("")] if "probe" in scores.columns else scores
    joined = kept.drop(columns=["generator", "prompt_id"], errors="ignore").merge(named, on="video_id")
    n_specs = joined.groupby(["scorer", "task"])["spec"].nunique().groupby("scorer").max()
    several = joined["scorer"].isin(n_specs.index[n_specs > 1])
    return joined.assign(scorer=joined["scorer"].where(~several, joined["scorer"] + " " + joined["spec"]))


def keep_video_scores(joined: pd.DataFrame) -> pd.DataFrame:
    """Leave out the task ``rule``, whose 0, 1 and 2 are no scale."""
    return joined[joined["task"].ne("rule")]


def count_scores(joined: pd.DataFrame, videos: pd.DataFrame) -> pd.DataFrame:
    """Count, by scorer, settings, task and generator, what can be used and what cannot.

    Parameters
    ----------
    joined : DataFrame
        From :func:`join_videos`.
    videos : DataFrame
        A videos table.

    Returns
    -------
    DataFrame
        ``scorer, spec, task, generator, n_videos, n_questions, n_ok, n_unscored, n_failed,
        n_videos_without_row``; the last counts videos of the generator that this scorer was not asked about.
    """
    known = videos.groupby("generator")["video_id"].nunique().to_dict()
    rows = []
    for names, part in joined.groupby(["scorer", "spec", "task"], sort=True):
        for generator, n_videos in known.items():
            of_generator = part[part["generator"] == generator]
            counts = of_generator["status"].value_counts()
            rows.append(
                dict(zip(("scorer", "spec", "task"), names, strict=True))
                | {"generator": generator, "n_videos": n_videos, "n_questions": len(of_generator)}
                | {f"n_{status}": int(counts.get(status, 0)) for status in STATUSES}
                | {"n_videos_without_row": n_videos - of_generator["video_id"].nunique()}
            )
    columns = ["scorer", "spec", "task", "generator", "n_videos", "n_questions"]
    columns += [*(f"n_{status}" for status in STATUSES), "n_videos_without_row"]
    return pd.DataFrame(rows, columns=columns)


def tabulate_reasons(scores: pd.DataFrame) -> pd.DataFrame:
    """Tabulate why scores are missing; numbers in reasons are written #, so that like reasons are counted.

    Returns
    -------
    DataFrame
        ``scorer, status, error, n_questions, n_videos, example`` (a video_id), commonest first.
    """
    wrong = scores[~scores["status"].eq("ok")]
    errors = wrong["error"] if "error" in wrong.columns else pd.Series(index=wrong.index, dtype=object)
    named = wrong.assign(error=blank_numbers(errors))
    counts = named.groupby(["scorer", "status", "error"], as_index=False).agg(
        n_questions=("video_id", "size"), n_videos=("video_id", "nunique"), example=("video_id", "first")
    )
    return counts.sort_values(["scorer", "n_questions"], ascending=[True, False], ignore_index=True)


def estimate_scores(joined: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate the mean score of every generator, with prompts as the independent units; rules have none.

    Parameters
    ----------
    joined : DataFrame
        From :func:`join_videos`.

    Returns
    -------
    DataFrame
        Estimates ``mean_score`` with ``scorer, task, generator, n_missing`` (questions without a score).
    """
    rows = []
    for names, part in keep_video_scores(joined).groupby(["scorer", "task", "generator"], sort=True):
        usable = part[part["status"].eq("ok")]
        estimate = cluster_mean_estimate(
            usable["score"].to_numpy(dtype=float), usable["prompt_id"].to_numpy(), level=confidence
        )
        groups = dict(zip(("scorer", "task", "generator"), names, strict=True))
        row = make_row(estimate, "mean_score", **groups)
        rows.append(row | {"n_videos": usable["video_id"].nunique(), "n_missing": len(part) - len(usable)})
    return make_estimates(rows, groups=("scorer", "task", "generator"))


def tabulate_costs(scores: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the seconds a question took, decoding not counted; broken videos take none.

    Returns
    -------
    DataFrame
        ``scorer, n_questions, n_videos, median_seconds, total_seconds``.
    """
    timed = scores[scores["seconds"].gt(0)] if "seconds" in scores else scores[:0]
    rows = [
        {
            "scorer": scorer,
            "n_questions": len(part),
            "n_videos": part["video_id"].nunique(),
            "median_seconds": float(part["seconds"].median()),
            "total_seconds": float(part["seconds"].sum()),
        }
        for scorer, part in timed.groupby("scorer", sort=True)
    ]
    return pd.DataFrame(
        rows, columns=["scorer", "n_questions", "n_videos", "median_seconds", "total_seconds"]
    )


def compare_expected(scores: pd.DataFrame) -> pd.DataFrame:
    """Tabulate, for every answer a scorer gave, its expected answers and how sure of it the scorer was.

    Only where answers are whole numbers, the likeliest of which is given; a probability is no such answer.

    Returns
    -------
    DataFrame
        ``scorer, task, score, n_questions, mean_expected, sd_expected, mean_probability``: the last is of the
        likeliest answer.
    """
    known = {"expected", "probabilities"} <= set(scores.columns)
    usable = scores[scores["status"].eq("ok") & scores["probabilities"].notna()] if known else scores[:0]
    whole = usable["score"].mod(1).eq(0).groupby([usable["scorer"], usable["task"]]).transform("all")
    usable = usable[whole.astype(bool)]
    rows = []
    for (scorer, task, value), part in usable.groupby(["scorer", "task", "score"], sort=True):
        expected = part["expected"].to_numpy(dtype=float)
        rows.append(
            {
                "scorer": scorer,
                "task": task,
                "score": value,
                "n_questions": len(part),
                "mean_expected": float(expected.mean()),
                "sd_expected": float(expected.std(ddof=1)) if len(part) > 1 else np.nan,
                "mean_probability": float(np.mean([max(answers) for answers in part["probabilities"]])),
            }
        )
    columns = ["scorer", "task", "score", "n_questions", "mean_expected", "sd_expected", "mean_probability"]
    return pd.DataFrame(rows, columns=columns)


def list_extremes(joined: pd.DataFrame, *, scorer: str, task: str, n_videos: int = 4) -> pd.DataFrame:
    """List the videos with the lowest and the highest scores; ties go by expected, then by video_id.

    Parameters
    ----------
    joined : DataFrame
        From :func:`join_videos`.
    scorer, task : str
    n_videos : int
        At each end; fewer when there are not twice as many.

    Returns
    -------
    DataFrame
        ``end`` (``lowest``, ``highest``), ``video_id``, ``score``, from the very end inwards.
    """
    chosen = joined[joined["scorer"].eq(scorer) & joined["task"].eq(task) & joined["status"].eq("ok")]
    by = ["score", "expected", "video_id"] if "expected" in chosen.columns else ["score", "video_id"]
    ordered = chosen.sort_values(by, kind="stable")[["video_id", "score"]]
    n = min(n_videos, len(ordered) // 2)
    lowest, highest = ordered.head(n), ordered.iloc[::-1].head(n)
    return pd.concat([lowest.assign(end="lowest"), highest.assign(end="highest")], ignore_index=True)[
        ["end", "video_id", "score"]
    ]
