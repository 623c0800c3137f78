"""Ridge regression on all videos but those of some prompts and generators, from sums of products.

All that ridge needs to know of a set of videos is one small matrix of sums of products. Those of disjoint
sets add up, so that each of thousands of fits is a sum over cells of videos and a k × k eigenproblem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from videophy_lab.stats.estimate import BoolArray, FloatArray, IntArray, encode_clusters

BY = ("prompt", "generator", "both")
# α of ‖y − Xβ‖² + α‖β‖² with standardised columns of X: half decades from 10⁻² to 10⁶.
PENALTIES: tuple[float, ...] = tuple(10.0 ** (exponent / 2) for exponent in range(-4, 13))
# One is held out, one chooses the penalty, one is left to fit.
FEWEST_GROUPS = 3
# A variance this small beside the second moment it was computed from is the rounding of zero.
ROUNDING = 1e-13


@dataclass(frozen=True)
class Cells:
    """Which videos may not teach the score of which: cells of prompt folds, of generators, or of both.

    Attributes
    ----------
    codes : (n,) int64
        The cell of each video.
    apart : (C, C) bool
        Whether two cells share nothing of what is held out: no prompt fold, no generator, or neither.
    """

    codes: IntArray
    apart: BoolArray


def make_cells(
    prompts: ArrayLike, generators: ArrayLike, *, by: str, rng: np.random.Generator, n_folds: int = 10
) -> Cells:
    """Put videos into cells that are held out together.

    Parameters
    ----------
    prompts, generators : (n,)
    by : {"prompt", "generator", "both"}
        Prompts are dealt into folds at random; every generator is a group of its own.
    rng : numpy.random.Generator
        Deals the prompts; the order of the rows does not matter.
    n_folds : int
        Number of folds of prompts, at least 3; as many as there are prompts, if those are fewer.
    """
    if by not in BY:
        raise ValueError(f"by={by!r} is unknown: choose one of {', '.join(BY)}")
    if n_folds < FEWEST_GROUPS:
        raise ValueError(
            f"n_folds is {n_folds}: one fold is held out, one chooses the penalty, the rest fit; give at "
            f"least {FEWEST_GROUPS}"
        )
    prompt_codes, n_prompts = encode_clusters(np.asarray(prompts))
    generator_codes, _ = encode_clusters(np.asarray(generators))
    folds = (rng.permutation(n_prompts) % n_folds)[prompt_codes]
    groups = {"prompt": [folds], "generator": [generator_codes], "both": [folds, generator_codes]}[by]
    distinct, codes = np.unique(np.column_stack(groups), axis=0, return_inverse=True)
    apart: BoolArray = (distinct[:, None] != distinct[None]).all(axis=2)
    return Cells(codes.reshape(-1).astype(np.int64), apart)


def check_groups(target: FloatArray, prompts: ArrayLike, generators: ArrayLike, *, by: str) -> None:
    """Raise unless the videos with a target (not NaN) have enough prompts, generators, or both."""
    known = ~np.isnan(target)
    remedy = {
        "prompt": "rate videos of more prompts",
        "generator": 'rate videos of more generators, or use by="prompt" and claim nothing of new generators',
    }
    for name, labels in (("prompt", prompts), ("generator", generators)):
        n_groups = len(np.unique(np.asarray(labels)[known]))
        if by in (name, "both") and n_groups < FEWEST_GROUPS:
            raise ValueError(
                f"by={by!r} holds out each {name}, and the rated videos have {n_groups}: at least "
                f"{FEWEST_GROUPS} are needed (one held out, one to choose the penalty, one to fit); "
                f"{remedy[name]}"
            )


def check_penalties(penalties: Sequence[float]) -> FloatArray:
    """Give the penalties as an array; raise if there is none or one is not above 0."""
    grid = np.asarray(penalties, dtype=np.float64)
    if grid.ndim != 1 or grid.size == 0 or not (np.isfinite(grid) & (grid > 0)).all():
        raise ValueError(
            f"penalties are {list(penalties)}: give one or more numbers above 0, for example {PENALTIES[::4]}"
        )
    return grid


def sum_moments(columns: FloatArray, target: FloatArray, cells: Cells) -> FloatArray:
    """Sum the products of (1, columns, target) over the videos of each cell that have a target.

    Parameters
    ----------
    columns : (n, k) float
        Near mean 0 and standard deviation 1, or the sums lose digits.
    target : (n,) float
        NaN where unknown.

    Returns
    -------
    (C, k + 2, k + 2) float64
    """
    known = ~np.isnan(target)
    rows = np.column_stack([np.ones(known.sum()), columns[known], target[known]])
    moments = np.zeros((len(cells.apart), rows.shape[1], rows.shape[1]))
    np.add.at(moments, cells.codes[known], rows[:, :, None] * rows[:, None, :])
    return moments


def solve_ridge(moments: FloatArray, penalties: FloatArray) -> FloatArray:
    """Fit ridge to each set of videos for each penalty, columns standardised over the set.

    Parameters
    ----------
    moments : (S, k + 2, k + 2) float
        Sums of :func:`sum_moments` over sets of at least one video.
    penalties : (A,) float

    Returns
    -------
    (S, A, k + 1) float64
        Intercept and slopes, for the columns as they were given. A column that is constant in the set has
        slope 0.
    """
    n = moments[:, 0, 0, None]
    means = moments[:, 0, 1:] / n
    products = moments[:, 1:, 1:] / n[:, :, None] - means[:, :, None] * means[:, None, :]
    variances = np.diagonal(products, axis1=1, axis2=2)[:, :-1]
    seconds = np.diagonal(moments, axis1=1, axis2=2)[:, 1:-1] / n
    varies = variances > ROUNDING * seconds
    sds = np.sqrt(np.where(varies, variances, 1.0))
    sums = products[:, :-1] * (n * varies / sds)[:, :, None]
    gram, cross = sums[:, :, :-1] * (varies / sds)[:, None, :], sums[:, :, -1]
    values, vectors = np.linalg.eigh(gram)
    rotated = np.einsum("skj,sk->sj", vectors, cross)
    shrunk = rotated[:, None, :] / (np.maximum(values, 0)[:, None, :] + penalties[:, None])
    slopes = np.einsum("skj,saj->sak", vectors, shrunk) / sds[:, None, :]
    intercepts = means[:, None, -1] - np.einsum("sak,sk->sa", slopes, means[:, :-1])
    return np.concatenate([intercepts[:, :, None], slopes], axis=2)


def choose_penalty(moments: FloatArray, apart: BoolArray, used: BoolArray, penalties: FloatArray) -> float:
    """Choose the penalty with the smallest mean squared error when each used cell is held out in turn.

    Parameters
    ----------
    moments : (C, k + 2, k + 2) float
    apart : (C, C) bool
    used : (C,) bool
        The cells that may be looked at.
    penalties : (A,) float
        Of equally good ones the first is chosen.

    Raises
    ------
    ValueError
        If no used cell leaves another to fit on.
    """
    held = used & (moments[:, 0, 0] > 0)
    trained = np.tensordot((apart[held] & used).astype(np.float64), moments, axes=1)
    fitted = trained[:, 0, 0] > 0
    if not fitted.any():
        raise ValueError(
            "too few rated videos: some cell of prompts and generators leaves none to fit on and to choose "
            "the penalty on; rate more videos, or hold out less (by='prompt')"
        )
    weights = solve_ridge(trained[fitted], penalties)
    residual = np.concatenate([weights, -np.ones((*weights.shape[:2], 1))], axis=2)
    errors = np.einsum("sap,spq,saq->a", residual, moments[held][fitted], residual, optimize=True)
    return float(penalties[np.argmin(errors)])


def fit_cells(moments: FloatArray, apart: BoolArray, penalties: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Fit ridge for each cell on the cells apart from it, the penalty chosen within those.

    Returns
    -------
    weights : (C, k + 1) float64
        Intercept and slopes.
    chosen : (C,) float64
        The penalties.
    """
    weights, chosen = np.empty((len(apart), moments.shape[1] - 1)), np.empty(len(apart))
    for cell, used in enumerate(apart):
        chosen[cell] = choose_penalty(moments, apart, used, penalties)
        weights[cell] = solve_ridge(moments[used].sum(axis=0)[None], chosen[cell, None])[0, 0]
    return weights, chosen
