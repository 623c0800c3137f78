"""A generator's human joint score from many scores and few ratings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from videophy_lab.schema import Scale
from videophy_lab.stats.calibration import estimate_from_labels, post_stratify, ppi_plus_plus
from videophy_lab.stats.estimate import Estimate, FloatArray
from videophy_lab.study.joint import decide_joint, need_one_judge
from videophy_lab.study.tables import choose_scale, make_estimates, make_row, name_scores, pivot_ratings

CALIBRATION_METHODS = ("human_only", "post_stratified", "ppi_plus_plus")
UNSCORED = -1.0


def calibrate(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    generators: Sequence[str] | None = None,
    methods: Sequence[str] = CALIBRATION_METHODS,
    scale: Scale | str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate each generator's human joint rate from all its videos' scores and its few ratings.

    Parameters
    ----------
    ratings : DataFrame
        Ratings of a **random sample of each generator's own videos**, one video a prompt.
    scores : DataFrame
        Scores of one judge (SA and PC); every video in it counts, also the unscored and failed, which are a
        stratum of their own (and get the judge's mean decision in PPI++).
    generators : sequence of str, optional
        Which generators; all that have a score when not given.
    methods : sequence of {"human_only", "post_stratified", "ppi_plus_plus"}

    Returns
    -------
    DataFrame
        Estimates ``joint`` with ``scorer, generator, n_known`` (videos in either table) and ``n_scored``;
        ``n_videos`` counts the rated ones.

    Raises
    ------
    ValueError
        For several videos of one prompt and generator, and for a generator without ratings of its own: a
        judge's errors differ between generators, so calibration is never borrowed (borrowed, a nominal 95 %
        interval covered the truth in fewer than 1 of 100 simulations).
    """
    unknown = [name for name in methods if name not in CALIBRATION_METHODS]
    if unknown:
        raise ValueError(f"methods must be among {', '.join(CALIBRATION_METHODS)}; not {', '.join(unknown)}")
    videos, scorer = _join_decisions(ratings, scores, scale)
    scored_generators = sorted(videos.loc[videos["joint_score"].notna(), "generator"].dropna().unique())
    rows = []
    for generator in generators or scored_generators:
        known = videos[videos["generator"].eq(generator)]
        _check_labels(known, generator)
        for method in methods:
            estimate = _estimate(method, known, confidence)
            counts = {"n_known": len(known), "n_scored": int(known["joint_score"].notna().sum())}
            rows.append(make_row(estimate, "joint", scorer=scorer, generator=generator, **counts))
    return make_estimates(rows, groups=("scorer", "generator"))


def _join_decisions(
    ratings: pd.DataFrame, scores: pd.DataFrame, scale: Scale | str | None
) -> tuple[pd.DataFrame, str]:
    """Give every video of either table the human joint label and the judge's decision, where known."""
    scale = choose_scale(ratings, scale)
    decided = decide_joint(scores, scale)
    scorer = need_one_judge(decided)
    names = ["video_id", "generator", "prompt_id"]
    videos = pd.concat([ratings[names], name_scores(scores, ratings)[names]]).drop_duplicates("video_id")
    human = pivot_ratings(ratings, scale=scale)[["video_id", "joint"]]
    videos = videos.merge(human, on="video_id", how="left")
    return videos.merge(decided[["video_id", "joint_score"]], on="video_id", how="left"), scorer


def _check_labels(known: pd.DataFrame, generator: str) -> None:
    if known["joint"].notna().sum() == 0:
        raise ValueError(
            f"generator {generator!r} has {len(known)} videos and no human rating; calibration is not "
            "borrowed from other generators. Rate a random sample of its videos, or leave it out with "
            "generators="
        )
    if known["prompt_id"].duplicated().any():
        raise ValueError(
            f"generator {generator!r} has several videos of one prompt; these intervals take videos as "
            "independent: keep one seed a prompt"
        )


def _estimate(method: str, known: pd.DataFrame, confidence: float) -> Estimate:
    rated = known.dropna(subset=["joint"])
    labels = rated["joint"].to_numpy(dtype=float)
    if method == "human_only":
        return estimate_from_labels(labels, level=confidence)
    if method == "post_stratified":
        strata = known["joint_score"].fillna(UNSCORED)
        return post_stratify(labels, strata[rated.index].to_numpy(), strata.to_numpy(), level=confidence)
    predictions: FloatArray = known["joint_score"].fillna(known["joint_score"].mean()).to_numpy(dtype=float)
    labelled = known["joint"].notna().to_numpy()
    return ppi_plus_plus(labels, predictions[labelled], predictions[~labelled], level=confidence)


def sample_ratings(ratings: pd.DataFrame, *, n_videos: int, seed: int = 0) -> pd.DataFrame:
    """Keep the ratings of a random sample of each generator's videos, as if no more had been rated.

    Parameters
    ----------
    n_videos : int
        Videos a generator; all of a generator that has fewer.
    """
    if n_videos < 1:
        raise ValueError(f"n_videos is {n_videos}; keep at least 1 video a generator")
    videos = ratings[["video_id", "generator"]].drop_duplicates().sort_values("video_id")
    shuffled = videos.sample(frac=1, random_state=np.random.default_rng(seed))
    kept = shuffled.groupby("generator").head(n_videos)["video_id"]
    return ratings[ratings["video_id"].isin(kept)].reset_index(drop=True)


def keep_one_seed(table: pd.DataFrame, *, preferred: Iterable[str] = ()) -> pd.DataFrame:
    """Keep one video a generator and prompt, where ratings or scores have several.

    Parameters
    ----------
    table : DataFrame
        Ratings or scores with ``generator`` and ``prompt_id``.
    preferred : iterable of str
        Videos to keep before others; else the first by video_id.
    """
    videos = table[["video_id", "generator", "prompt_id"]].drop_duplicates()
    videos = videos.assign(other=~videos["video_id"].isin(list(preferred))).sort_values(["other", "video_id"])
    kept = videos.drop_duplicates(["generator", "prompt_id"])["video_id"]
    return table[table["video_id"].isin(kept)].reset_index(drop=True)
