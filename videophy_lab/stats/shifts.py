"""By how much an edit moves a score, in points and in units that scores of different scales share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from videophy_lab.stats.checks import as_finite, check_level, check_same_length
from videophy_lab.stats.equivalence import Equivalence, judge_equivalence
from videophy_lab.stats.estimate import (
    Estimate,
    FloatArray,
    IntArray,
    encode_clusters,
    estimate_from_jackknife,
)
from videophy_lab.stats.means import cluster_mean_estimate, delete_one_means


def estimate_shift(
    edited: ArrayLike, original: ArrayLike, clusters: NDArray[np.generic], *, level: float = 0.95
) -> Estimate:
    """Estimate the mean of edited minus original score, with prompts as the independent units.

    Parameters
    ----------
    edited, original : (n,) float
        Scores of the two versions of each video.
    clusters : (n,)
    level : float

    Returns
    -------
    Estimate
        In points of the score; the interval is that of
        :func:`videophy_lab.stats.means.cluster_mean_estimate`.

    Raises
    ------
    ValueError
        If a score is missing, or the lengths differ.
    """
    after, before, labels = _check(edited, original, clusters)
    return cluster_mean_estimate(after - before, labels, level=level)


def standardise_shift(
    edited: ArrayLike,
    original: ArrayLike,
    clusters: NDArray[np.generic],
    *,
    unit: float | None = None,
    level: float = 0.95,
) -> Estimate:
    """Estimate the mean shift in units in which scores of different scales can be set side by side.

    Parameters
    ----------
    edited, original, clusters, level
        As in :func:`estimate_shift`.
    unit : float, optional
        Points of the score that count as one: 1 on the scale 1–5, .25 on 0–1. For a score without a scale,
        when not given, the standard deviation of the original scores over videos.

    Returns
    -------
    Estimate
        ``method`` is ``"cluster_jackknife"``, or ``"unseen_clusters"`` where no score moved: then the shift
        is 0, and up to q = 1 − ((1 − level)/2)^(1/G) of other prompts may move, by one unit each, so the
        interval is ±q. Where there is no unit, because the original scores do not vary, NaN, or 0 without an
        interval if no score moved either.

    Raises
    ------
    ValueError
        As in :func:`estimate_shift`, or if the unit is not above 0.

    Notes
    -----
    In standard deviations it is Glass's Δ of paired data: Glass (1976), Educational Researcher 5(10), 3–8,
    with a delete-one-prompt jackknife of the ratio. Measured coverage of 95 %, answers rounded to 1–5, 8, 12
    and 30 prompts of 3 and 6 videos with prompt correlation .5, true shifts of 0, .2 and .8 before rounding
    (18 settings of 1,000 draws): .956 on average and .945 at worst in standard deviations, .948 and .934 in
    points.
    """
    check_level(level)
    if unit is not None and not unit > 0:
        raise ValueError(f"unit is {unit}; give points of the score above 0, such as 1 on the scale 1–5")
    after, before, labels = _check(edited, original, clusters)
    codes, n_clusters = encode_clusters(labels)
    moved = after - before
    size = (float(before.std(ddof=1)) if before.size > 1 else 0.0) if unit is None else unit
    # a constant score leaves rounding where its deviation is 0
    known = unit is not None or bool(before.size > 1 and np.ptp(before) > 0)
    if not moved.any():
        found = Estimate(
            0.0 if moved.size else np.nan, np.nan, np.nan, level, "unseen_clusters", moved.size, n_clusters
        )
        unseen = 1 - ((1 - level) / 2) ** (1 / max(n_clusters, 1))
        return replace(found, low=-unseen, high=unseen) if known and n_clusters > 1 else found
    if not known:
        return Estimate(np.nan, np.nan, np.nan, level, "cluster_jackknife", moved.size, n_clusters)
    if unit is None:
        replicates = _delete_one_ratios(moved, before, codes, n_clusters)
    else:
        replicates = delete_one_means(moved, codes, n_clusters) / unit
    return estimate_from_jackknife(float(moved.mean()) / size, replicates, n=moved.size, level=level)


def judge_shift(
    edited: ArrayLike,
    original: ArrayLike,
    clusters: NDArray[np.generic],
    *,
    margin: float,
    unit: float | None = None,
) -> Equivalence:
    """Judge whether a shift is as good as none, by two one-sided tests at 5 %.

    Parameters
    ----------
    edited, original, clusters, unit
        As in :func:`standardise_shift`.
    margin : float
        The largest shift that counts as none, in units, declared before looking.

    Returns
    -------
    Equivalence
        As of :func:`videophy_lab.stats.equivalence.judge_equivalence`.

    Notes
    -----
    Measured with answers rounded to 1–5 and a true shift at the margin of .2 (2,000 draws, 12 and 30 prompts
    of 3 videos): "equivalent" in .040 and .056 of them in standard deviations, in .042 and .054 in points.
    """
    narrow, wide = (
        standardise_shift(edited, original, clusters, unit=unit, level=level) for level in (0.90, 0.95)
    )
    return judge_equivalence(narrow, wide, margin=margin)


def _check(
    edited: ArrayLike, original: ArrayLike, clusters: NDArray[np.generic]
) -> tuple[FloatArray, FloatArray, NDArray[np.generic]]:
    after, before = as_finite(edited, "edited"), as_finite(original, "original")
    labels = np.asarray(clusters)
    check_same_length(edited=after, original=before, clusters=labels)
    return after, before, labels


def _delete_one_ratios(moved: FloatArray, before: FloatArray, codes: IntArray, n_clusters: int) -> FloatArray:
    """Compute mean shift over standard deviation without each cluster; NaN where that is 0."""
    ratios = np.full(n_clusters, np.nan)
    for cluster in range(n_clusters):
        kept = codes != cluster
        if np.count_nonzero(kept) > 1 and np.ptp(before[kept]) > 0:
            ratios[cluster] = moved[kept].mean() / before[kept].std(ddof=1)
    return ratios
