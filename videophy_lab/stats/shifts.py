"""By how much an edit moves a score, in points and in units that scores of different scales share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats as scipy_stats

from videophy_lab.stats.checks import as_finite, check_level, check_same_length
from videophy_lab.stats.equivalence import Equivalence, judge_equivalence
from videophy_lab.stats.estimate import Estimate, FloatArray, encode_clusters
from videophy_lab.stats.means import cluster_mean_estimate


def estimate_shift(
    edited: ArrayLike,
    original: ArrayLike,
    clusters: NDArray[np.generic],
    *,
    unit: float | None = None,
    level: float = 0.95,
) -> Estimate:
    """Estimate the mean of edited minus original score, with prompts as the independent units.

    Parameters
    ----------
    edited, original : (n,) float
        Scores of the two versions of each video.
    clusters : (n,)
    unit : float, optional
        Points by which an unseen prompt may move otherwise than most, unless the scores allow only larger
        steps: 1 on the scale 1–5, .25 on 0–1; when not given, the standard deviation of the original scores
        over videos.
    level : float

    Returns
    -------
    Estimate
        In points of the score. ``method`` is ``"cluster_jackknife"``, the interval that of
        :func:`videophy_lab.stats.means.cluster_mean_estimate`; or ``"unseen_clusters"`` where half of the
        prompts or more move by the same and :func:`bound_rare_moves` allows more: then it holds that too.
        Without a unit, because the original scores do not vary, such an interval is NaN.

    Raises
    ------
    ValueError
        If a score is missing, the lengths differ, or the unit is not above 0.

    Notes
    -----
    Measured coverage of 95 %, answers rounded to 1–5, 8, 12 and 30 prompts of 3 and 6 videos with prompt
    correlation .5, true shifts of 0, .2 and .8 before rounding (18 settings of 1,000 draws): .954 on average
    and .935 at worst. Of 2 to 30 prompts of one video of which .05 to .9 move by one step and the others not
    at all, on 0–1 and 1–5 (40 settings of 1,000 draws): .964 at worst; the t interval alone falls to .57.
    Of moves of any size up to two units, of .1 to .5 of 8, 17 and 30 prompts (24 settings of 1,000 draws):
    .903 at worst, where .2 of 17 prompts move and all downwards. Where rare moves are of three steps and none
    is seen, the unit is too small for them: .79 of 30 prompts of which .05 move by 3.
    """
    check_level(level)
    after, before, labels = _check(edited, original, clusters)
    size = _find_size(before, unit)
    moved = after - before
    found = cluster_mean_estimate(moved, labels, level=level)
    bounds = bound_rare_moves(moved, labels, _find_step(after, before, size), level=level)
    if bounds is None or (found.low <= bounds[0] and bounds[1] <= found.high):
        return found
    low, high = np.minimum(found.low, bounds[0]), np.maximum(found.high, bounds[1])
    return replace(found, low=float(low), high=float(high), method="unseen_clusters")


def bound_rare_moves(
    moved: FloatArray, clusters: NDArray[np.generic], step: float, *, level: float
) -> tuple[float, float] | None:
    """Bound a mean move by what prompts that move otherwise than most may add, few of which are seen.

    Parameters
    ----------
    moved : (n,) float
    clusters : (n,)
    step : float
        How far an unseen prompt may move from the others, in points.
    level : float

    Returns
    -------
    low, high : float
        None with fewer than two prompts, or where less than half of them move by the same, m. Else m plus, on
        either side, the exact limit of the share of prompts that move further (Clopper & Pearson 1934,
        Biometrika 26, 404–413) times how much further they move on average; where none is seen, a step, or as
        far as a step beyond 0, if that is further.
    """
    codes, n_clusters = encode_clusters(clusters)
    if n_clusters < 2:
        return None
    # rounding leaves a trace of a difference where there is none
    means = np.round(np.bincount(codes, weights=moved) / np.bincount(codes), 9)
    values, counts = np.unique(means, return_counts=True)
    if 2 * counts.max() < n_clusters:
        return None
    most = values[counts.argmax()]
    ends = []
    for sign in (-1, 1):
        away = sign * (means - most)
        ahead = away[away > 0]
        reach = ahead.mean() if ahead.size else step + max(0.0, -sign * most)
        share = scipy_stats.beta.ppf((1 + level) / 2, ahead.size + 1, n_clusters - ahead.size)
        ends.append(most + sign * (share * reach + away[away < 0].sum() / n_clusters))
    return float(ends[0]), float(ends[1])


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
        :func:`estimate_shift` over the unit. Where there is no unit, because the original scores do not vary,
        NaN, or 0 without an interval if no score moved either.

    Raises
    ------
    ValueError
        As in :func:`estimate_shift`.

    Notes
    -----
    In standard deviations it is Glass's Δ of paired data: Glass (1976), Educational Researcher 5(10), 3–8.
    The standard deviation is that of these videos, a unit to read the shift by, and its own error is not in
    the interval: what differs from 0 in points differs from 0 in units.
    """
    found = estimate_shift(edited, original, clusters, unit=unit, level=level)
    size = _find_size(np.asarray(original, dtype=np.float64), unit)
    if np.isnan(size):
        still = 0.0 if found.estimate == 0 else np.nan
        return replace(found, estimate=still, low=np.nan, high=np.nan)
    return replace(found, estimate=found.estimate / size, low=found.low / size, high=found.high / size)


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
    Measured with a true shift at the margin of .2 that rare moves of one step make, on 0–1 and 1–5, 12 to 100
    prompts of one video (14 settings of 1,000 draws): "equivalent" in at most .053 of them; t tests alone say
    so in up to .49. Moves of two points on 1–5 are missed more often: in .23 of 14 prompts, .10 of 20, and
    at most .048 of 30 or more. A fair coin on 0–1, or a fair die on 1–5, is called "non-zero" in at most .051
    of 2,000 draws of 2 to 12 prompts.
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


def _find_step(after: FloatArray, before: FloatArray, size: float) -> float:
    """Find the least move that counts: a unit, or the gap between answers, where they are whole numbers."""
    answers = np.unique(np.concatenate([after, before]))
    if not np.array_equal(answers, np.rint(answers)):
        return size
    gap = np.diff(answers).min() if answers.size > 1 else 1.0
    # not a number stays so
    return size if np.isnan(size) else max(size, float(gap))


def _find_size(before: FloatArray, unit: float | None) -> float:
    """Find the points of one unit; NaN where the original scores do not vary."""
    if unit is None:
        # a constant score leaves rounding where its deviation is 0
        varies = before.size > 1 and np.ptp(before) > 0
        return float(before.std(ddof=1)) if varies else np.nan
    if not unit > 0:
        raise ValueError(f"unit is {unit}; give points of the score above 0, such as 1 on the scale 1–5")
    return unit
