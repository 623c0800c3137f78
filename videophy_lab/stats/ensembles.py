"""Judge videos by several members at once: the mean of standardised members, and a cross-fitted ridge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from videophy_lab.stats.checks import as_finite, check_same_length
from videophy_lab.stats.estimate import FloatArray
from videophy_lab.stats.ridge import (
    PENALTIES,
    Cells,
    check_groups,
    check_penalties,
    choose_penalty,
    fit_cells,
    make_cells,
    solve_ridge,
    sum_moments,
)


@dataclass(frozen=True)
class LinearFit:
    """A weighted sum of standardised members.

    Attributes
    ----------
    coefficients : (k,) float
        One a member, for one standard deviation of it.
    intercept : float
        The value where every member is at its mean.
    means, sds : (k,) float
        Of the members on the videos of the fit.
    penalty : float or None
        Ridge's α; None where the weights were given, not fitted.
    n : int
        Number of videos of the fit.
    """

    coefficients: FloatArray
    intercept: float
    means: FloatArray
    sds: FloatArray
    penalty: float | None
    n: int

    def predict(self, members: ArrayLike) -> FloatArray:
        """Give the value of other videos, members (n, k)."""
        standardised = (np.asarray(members, dtype=np.float64) - self.means) / self.sds
        values: FloatArray = self.intercept + standardised @ self.coefficients
        return values


@dataclass(frozen=True)
class CrossfitRidge:
    """Scores of videos by fits that did not see their groups.

    Attributes
    ----------
    scores : (n,) float
        By the slopes of the video's own fit, but at one level for all videos: what to correlate.
    predictions : (n,) float
        By the slopes and the intercept of the video's own fit: what to subtract from ratings.
    cells : Cells
        The videos that have one fit in common.
    slopes : (C, k) float
        By cell, in rating units for one unit of the member.
    intercepts, penalties : (C,) float
    n : int
        Number of rated videos.
    """

    scores: FloatArray
    predictions: FloatArray
    cells: Cells
    slopes: FloatArray
    intercepts: FloatArray
    penalties: FloatArray
    n: int


def standardise(
    members: ArrayLike, *, names: Sequence[str] | None = None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Bring every member to mean 0 and standard deviation 1 over the given videos.

    Parameters
    ----------
    members : (n, k) float
        One row a video, one column a member; no missing values.
    names : sequence of str, optional
        The members' names, for errors.

    Returns
    -------
    standardised : (n, k) float64
    means, sds : (k,) float64
        The standard deviation divides by n.

    Raises
    ------
    ValueError
        A value is missing, there is no video, or a member is constant. A constant member is an error and
        not left out: an ensemble that has lost a member is not the one that was asked for.
    """
    values = np.asarray(members, dtype=np.float64)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"members has shape {values.shape}: give (n, k), a row a video, a column a member")
    called = [f"member {k}" for k in range(values.shape[1])] if names is None else list(names)
    for name, column in zip(called, values.T, strict=True):
        if np.ptp(as_finite(column, name)) == 0:
            raise ValueError(
                f"{name} gives all {len(column)} videos {column[0]:g}: a constant tells nothing and cannot "
                "be standardised; leave this member out"
            )
    means, sds = values.mean(axis=0), values.std(axis=0)
    return (values - means) / sds, means, sds


def average_standardised(
    members: ArrayLike, *, signs: ArrayLike | None = None, names: Sequence[str] | None = None
) -> LinearFit:
    """Weigh the standardised members equally; nothing is fitted to ratings.

    Parameters
    ----------
    members : (n, k) float
        The videos over which each member is standardised.
    signs : (k,) of 1 or −1, optional
        −1 for a member of which less is better; all 1 when not given. They are never found from ratings.
    names : sequence of str, optional
        The members' names, for errors.
    """
    standardised, means, sds = standardise(members, names=names)
    return LinearFit(check_signs(signs, len(means)) / len(means), 0.0, means, sds, None, len(standardised))


def measure_spread(members: ArrayLike, *, signs: ArrayLike | None = None) -> FloatArray:
    """Measure how far apart the standardised members are on each video: their standard deviation.

    Parameters
    ----------
    members : (n, k) float
        At least two members, as in :func:`average_standardised`.
    signs : (k,) of 1 or −1, optional

    Returns
    -------
    (n,) float64
        The standard deviation divides by k − 1.
    """
    standardised, _, _ = standardise(members)
    if standardised.shape[1] < 2:
        raise ValueError("one member has no spread: give two or more")
    spread: FloatArray = (standardised * check_signs(signs, standardised.shape[1])).std(axis=1, ddof=1)
    return spread


def check_signs(signs: ArrayLike | None, n_members: int) -> FloatArray:
    """Give one sign a member, all 1 if there are none; raise for anything but 1 and −1."""
    given = np.ones(n_members) if signs is None else np.asarray(signs, dtype=np.float64)
    if given.shape != (n_members,) or (np.abs(given) != 1).any():
        raise ValueError(f"signs are {given.tolist()}: give 1 or -1 for each of the {n_members} members")
    return given


def crossfit_ridge(
    members: ArrayLike,
    ratings: ArrayLike,
    prompts: ArrayLike,
    generators: ArrayLike,
    *,
    by: str,
    rng: np.random.Generator,
    n_folds: int = 10,
    penalties: Sequence[float] = PENALTIES,
) -> CrossfitRidge:
    """Score every video by a ridge regression that saw neither its prompt, nor its generator, or neither.

    Parameters
    ----------
    members : (n, k) float
        No missing values; standardised within the videos of each fit.
    ratings : (n,) float
        NaN where nobody rated: such a video gets a score and teaches nothing.
    prompts, generators : (n,)
    by : {"prompt", "generator", "both"}
        What the videos of a fit may not share with those it scores; see :func:`make_cells`.
    rng : numpy.random.Generator
        Deals the prompts into folds.
    n_folds : int
        Number of folds of prompts.
    penalties : sequence of float
        α to choose from, above 0: within the videos of a fit, the one with the smallest mean squared error
        when each cell of them is held out in the same way.

    Raises
    ------
    ValueError
        For rated videos of fewer than 3 generators ("generator", "both") or prompts ("prompt", "both"), a
        constant member, or a missing value.

    Notes
    -----
    Ridge: Hoerl & Kennard (1970), Technometrics 12, 55–67. Members weighed by cross-validated regression:
    Breiman (1996), Machine Learning 24, 49–64.

    Pooled over folds, correlations of cross-validated predictions are biased downwards (Parker, Günter &
    Bedo 2007, BMC Bioinformatics 8, 326), in two ways. The intercept of a fit is about the mean rating of
    the other cells, so it is low where the held-out ratings are high: useless members get a correlation of
    −1 between held-out generators. Therefore ``scores`` have one level for all videos, the mean rating,
    which changes no correlation: videos differ by their members only. The slopes too are drawn
    against the held-out ratings where members know nothing. That is left as it is: it makes a useless
    ensemble look somewhat worse than useless, not better, and vanishes as the members know something. In
    simulations of useless members (60 prompts, 7 generators, effects of both) the mean correlation was −.06
    by prompt, −.05 by generator and −.03 by both; with each fit's own intercept −.22, −.26 and −.33.
    """
    grid = check_penalties(penalties)
    standardised, means, sds = standardise(members)
    target = read_ratings(ratings, standardised, prompts, generators)
    check_groups(target, prompts, generators, by=by)
    cells = make_cells(prompts, generators, by=by, rng=rng, n_folds=n_folds)
    weights, chosen = fit_cells(sum_moments(standardised, target, cells), cells.apart, grid)
    own_slopes = weights[cells.codes, 1:]
    rise = np.einsum("nk,nk->n", standardised, own_slopes)
    slopes = weights[:, 1:] / sds
    return CrossfitRidge(
        scores=rise + np.nanmean(target),
        predictions=rise + weights[cells.codes, 0],
        cells=cells,
        slopes=slopes,
        intercepts=weights[:, 0] - slopes @ means,
        penalties=chosen,
        n=int((~np.isnan(target)).sum()),
    )


def fit_ridge(
    members: ArrayLike,
    ratings: ArrayLike,
    prompts: ArrayLike,
    generators: ArrayLike,
    *,
    by: str,
    rng: np.random.Generator,
    n_folds: int = 10,
    penalties: Sequence[float] = PENALTIES,
) -> LinearFit:
    """Fit one ridge regression to all rated videos, for videos to come.

    Parameters and errors are those of :func:`crossfit_ridge`; ``by`` says what is held out to choose the
    penalty, so: what will be new about the videos to come. Videos without a rating are not used.
    """
    grid = check_penalties(penalties)
    target = read_ratings(ratings, np.asarray(members), prompts, generators)
    check_groups(target, prompts, generators, by=by)
    cells = make_cells(prompts, generators, by=by, rng=rng, n_folds=n_folds)
    known = ~np.isnan(target)
    standardised, means, sds = standardise(np.asarray(members)[known])
    moments = sum_moments(standardised, target[known], Cells(cells.codes[known], cells.apart))
    penalty = choose_penalty(moments, cells.apart, np.ones(len(moments), bool), grid)
    intercept, *slopes = solve_ridge(moments.sum(axis=0)[None], np.array([penalty]))[0, 0]
    return LinearFit(np.array(slopes), float(intercept), means, sds, penalty, int(known.sum()))


def read_ratings(
    ratings: ArrayLike, members: FloatArray, prompts: ArrayLike, generators: ArrayLike
) -> FloatArray:
    """Give ratings as floats, NaN where unknown; raise if lengths differ or all are unknown."""
    target = np.asarray(ratings, dtype=np.float64)
    check_same_length(
        members=members, ratings=target, prompts=np.asarray(prompts), generators=np.asarray(generators)
    )
    if np.isnan(target).all():
        raise ValueError("no video that all members scored has a rating: rate some, or use method='mean'")
    if np.isinf(target).any():
        raise ValueError("a rating is infinite: correct it, or give NaN where nobody rated")
    return target
