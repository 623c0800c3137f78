"""Abstain on the videos on which a judge is expected to be far from humans, and see whether that helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from videophy_lab.stats.checks import as_finite, check_level, check_same_length
from videophy_lab.stats.ensembles import read_ratings, standardise
from videophy_lab.stats.estimate import (
    BoolArray,
    Estimate,
    FloatArray,
    IntArray,
    encode_clusters,
    estimate_from_jackknife,
)
from videophy_lab.stats.ridge import (
    PENALTIES,
    Cells,
    check_groups,
    check_penalties,
    choose_penalty,
    make_cells,
    solve_ridge,
    sum_moments,
)

COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


@dataclass(frozen=True)
class PredictedDisagreement:
    """How far from the human rating a judge is on each video, and how far it was expected to be.

    Attributes
    ----------
    disagreement : (n,) float
        |rating − the rating that the judge's score predicts|, in rating units; NaN where nobody rated.
    predicted : (n,) float
        What was expected without the ratings of the video's prompt, generator, or neither.
    """

    disagreement: FloatArray
    predicted: FloatArray


@dataclass(frozen=True)
class AbstentionCurve:
    """Mean disagreement on the videos that are kept, at each coverage.

    Attributes
    ----------
    coverages : (m,) float
    kept : list of Estimate
        On the share of the videos with the smallest predicted disagreement.
    oracle : list of Estimate
        On the share with the smallest disagreement itself: what no prediction can beat.
    everywhere : Estimate
        On all videos; also what abstaining at random is expected to give, at every coverage.
    differences : list of Estimate
        ``kept`` minus ``everywhere``.
    """

    coverages: FloatArray
    kept: list[Estimate]
    oracle: list[Estimate]
    everywhere: Estimate
    differences: list[Estimate]


def predict_disagreement(
    members: ArrayLike,
    ratings: ArrayLike,
    prompts: ArrayLike,
    generators: ArrayLike,
    *,
    by: str,
    rng: np.random.Generator,
    spread: ArrayLike | None = None,
    n_folds: int = 10,
    penalties: Sequence[float] = PENALTIES,
) -> PredictedDisagreement:
    """Predict on which videos the rating predicted from the members will be far from the human one.

    Parameters
    ----------
    members : (n, k) float
        What the rating is predicted from, as in :func:`videophy_lab.stats.ensembles.crossfit_ridge`: the
        members of a ridge ensemble, or the one column of a mean or of a single judge.
    ratings : (n,) float
        NaN where nobody rated.
    prompts, generators : (n,)
    by : {"prompt", "generator", "both"}
    rng : numpy.random.Generator
        Deals the prompts into folds; in the same state it gives the folds of ``crossfit_ridge``.
    spread : (n,) float, optional
        How far apart the members of an ensemble are; a single judge has none.
    n_folds, penalties
        As in ``crossfit_ridge``.

    Notes
    -----
    The absolute disagreement is regressed (ridge) on the spread and on the score's distance from the mean
    score. For each cell all of it is repeated without what the cell shares: the disagreements to learn from
    are those of fits that saw neither the cell nor the video. As with scores, one level serves all cells.
    """
    grid = check_penalties(penalties)
    columns, _, _ = standardise(members)
    target = read_ratings(ratings, columns, prompts, generators)
    check_groups(target, prompts, generators, by=by)
    cells = make_cells(prompts, generators, by=by, rng=rng, n_folds=n_folds)
    widths = np.zeros((len(target), 0)) if spread is None else _standardise_spread(spread, len(target))
    moments = sum_moments(columns, target, cells)
    disagreement, rise = np.full(len(target), np.nan), np.empty(len(target))
    for cell, used in enumerate(cells.apart):
        penalty = choose_penalty(moments, cells.apart, used, grid)
        weights = _fit_others(moments, cells.apart, cell, penalty)[cells.codes]
        scores = np.einsum("nk,nk->n", columns, weights[:, 1:])
        errors = np.abs(target - scores - weights[:, 0])
        own = cells.codes == cell
        disagreement[own] = errors[own]
        taught = used[cells.codes] & ~np.isnan(errors)
        rise[own] = _extrapolate(widths, np.abs(scores), errors, cells, taught=taught, own=own, grid=grid)
    return PredictedDisagreement(disagreement, rise + np.nanmean(disagreement))


def _standardise_spread(spread: ArrayLike, n: int) -> FloatArray:
    """Give the spread as one standardised column; as none where it is the same everywhere."""
    values = as_finite(spread, "spread")
    if len(values) != n:
        raise ValueError(f"spread has {len(values)} values for {n} videos: give one a video")
    return standardise(values[:, None])[0] if np.ptp(values) > 0 else np.zeros((n, 0))


def _fit_others(moments: FloatArray, apart: BoolArray, cell: int, penalty: float) -> FloatArray:
    """Fit, for every cell, the cells apart from it and from ``cell``; NaN where there are none."""
    trained = np.tensordot((apart & apart[cell]).astype(np.float64), moments, axes=1)
    weights = np.full((len(apart), moments.shape[1] - 1), np.nan)
    filled = trained[:, 0, 0] > 0
    weights[filled] = solve_ridge(trained[filled], np.array([penalty]))[:, 0]
    return weights


def _extrapolate(
    widths: FloatArray,
    distances: FloatArray,
    errors: FloatArray,
    cells: Cells,
    *,
    taught: BoolArray,
    own: BoolArray,
    grid: FloatArray,
) -> FloatArray:
    """Predict the errors of the ``own`` videos, less their mean, from those of the ``taught`` ones."""
    middle, width = distances[taught].mean(), distances[taught].std()
    features = np.column_stack([widths, (distances - middle) / (width if width > 0 else 1.0)])
    moments = sum_moments(features, np.where(taught, errors, np.nan), cells)
    used = np.ones(len(moments), dtype=bool)
    penalty = choose_penalty(moments, cells.apart, used, grid)
    slopes = solve_ridge(moments.sum(axis=0)[None], np.array([penalty]))[0, 0, 1:]
    rise: FloatArray = features[own] @ slopes
    return rise


def measure_abstention(
    disagreement: ArrayLike,
    predicted: ArrayLike,
    clusters: ArrayLike,
    *,
    coverages: Sequence[float] = COVERAGES,
    level: float = 0.95,
) -> AbstentionCurve:
    """Estimate the mean disagreement on the videos with the smallest predicted disagreement.

    Parameters
    ----------
    disagreement, predicted : (n,) float
        No missing values; ``predicted`` without help from the video's own rating.
    clusters : (n,)
        Prompt of each video.
    coverages : sequence of float
        Shares of the videos to keep, each above 0 and at most 1.
    level : float
        Confidence level.

    Returns
    -------
    AbstentionCurve
        Intervals by a jackknife that leaves out prompts and draws the line between kept and not anew each
        time; predictions are not made anew. Where videos tie at the line, their mean counts with the weight
        of the places that are left.

    Notes
    -----
    Risk against coverage: El-Yaniv & Wiener (2010), Journal of Machine Learning Research 11, 1605–1641.
    Where nothing told the errors, in 1,000 simulations of 300 videos, the 95 % interval of the difference at
    half coverage lay below 0 in 3 % and above 0 in 6 to 8 %: cross-fitted predictions of nothing lean the
    wrong way, which makes the claim that abstaining helps a careful one.
    """
    check_level(level)
    errors, expected = as_finite(disagreement, "disagreement"), as_finite(predicted, "predicted")
    codes, n_clusters = encode_clusters(np.asarray(clusters))
    check_same_length(disagreement=errors, predicted=expected, clusters=codes)
    shares = np.asarray(coverages, dtype=np.float64)
    if shares.size == 0 or not ((shares > 0) & (shares <= 1)).all():
        raise ValueError(f"coverages are {list(coverages)}: give shares of the videos, above 0 and up to 1")
    if len(errors) == 0:
        raise ValueError("there is no video with a disagreement: give rated and scored videos")

    def estimate(means: FloatArray, share: float) -> Estimate:
        n = round(share * len(errors))
        return estimate_from_jackknife(float(means[0]), means[1:], n=n, level=level)

    means = _mean_kept(errors, expected, codes, n_clusters, np.append(shares, 1.0))
    best = _mean_kept(errors, errors, codes, n_clusters, shares)
    pairs = list(zip(means.T, shares, strict=False))
    return AbstentionCurve(
        coverages=shares,
        kept=[estimate(column, share) for column, share in pairs],
        oracle=[estimate(column, share) for column, share in zip(best.T, shares, strict=True)],
        everywhere=estimate(means[:, -1], 1.0),
        differences=[estimate(column - means[:, -1], share) for column, share in pairs],
    )


def _mean_kept(
    errors: FloatArray, order: FloatArray, codes: IntArray, n_clusters: int, shares: FloatArray
) -> FloatArray:
    """Average the errors of the shares lowest in ``order``: on all videos, then without each cluster.

    Returns
    -------
    (G + 1, m) float64
    """
    _, ties = np.unique(order, return_inverse=True)
    n_levels = int(ties.max()) + 1
    means = np.full((n_clusters + 1, len(shares)), np.nan)
    for row, cluster in enumerate(range(-1, n_clusters)):
        present = codes != cluster
        if not present.any():
            continue
        counts = np.bincount(ties[present], minlength=n_levels)
        sums = np.bincount(ties[present], errors[present], minlength=n_levels)
        below = np.append(0, np.cumsum(counts))
        sums_below = np.append(0.0, np.cumsum(sums))
        places = shares * below[-1]
        # Between two levels the sum grows in proportion, which gives ties their mean.
        means[row] = np.interp(places, below, sums_below) / places
    return means
