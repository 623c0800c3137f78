"""Correlate scores with ratings: pooled, within prompts, within generators, within both, between generators.

Pooled, a score may gain by knowing which prompts are hard and which generators are good; each centring
takes one of these gains away. Every interval treats prompts, not videos, as the independent units.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats

from videophy_lab.stats.centring import Design, centre, group_mean, leave_one_out_mean
from videophy_lab.stats.equivalence import Equivalence, judge_equivalence
from videophy_lab.stats.estimate import (
    Estimate,
    FloatArray,
    estimate_from_bootstrap,
    estimate_from_jackknife,
)
from videophy_lab.stats.replicates import join_ties, replicate_correlation
from videophy_lab.stats.resampling import check_finite, draw_weights, jackknife_weights

__all__ = [
    "CENTRINGS",
    "METHODS",
    "Equivalence",
    "centre",
    "centred_correlation",
    "centred_correlation_interval",
    "correlation",
    "equivalence_verdict",
    "estimate_at_levels",
    "group_mean",
    "judge_equivalence",
    "leave_one_out_mean",
]

CENTRINGS: tuple[str, ...] = ("none", "generator", "prompt", "both", "generator_means")
METHODS: tuple[str, ...] = ("pearson", "spearman", "kendall")


def correlation(x: ArrayLike, y: ArrayLike, *, method: str) -> float:
    """Correlate two columns.

    Parameters
    ----------
    x, y : (n,) float
        No missing values.
    method : {"pearson", "spearman", "kendall"}
        Kendall is τ-b.

    Returns
    -------
    float
        NaN if either column is constant or n < 2.

    Raises
    ------
    ValueError
        If a value is missing or infinite, the lengths differ, or the method is unknown.
    """
    left, right = _read_pair(x, y)
    _check_choice("method", method, METHODS)
    if len(left) < 2 or np.ptp(left) == 0 or np.ptp(right) == 0:
        return float("nan")
    if method == "kendall":
        return float(scipy_stats.kendalltau(left, right).statistic)
    if method == "spearman":
        left, right = scipy_stats.rankdata(left), scipy_stats.rankdata(right)
    return float(np.clip(np.corrcoef(left, right)[0, 1], -1, 1))


def centred_correlation(
    x: ArrayLike,
    y: ArrayLike,
    prompts: ArrayLike,
    generators: ArrayLike,
    *,
    centred_by: str,
    method: str,
) -> float:
    """Correlate two columns after taking out what prompts, generators, or both explain.

    Parameters
    ----------
    x, y : (n,) float
        One row a video; no missing values.
    prompts, generators : (n,)
    centred_by : {"none", "generator", "prompt", "both", "generator_means"}
        Whose means are subtracted; "none" is pooled; "generator_means" correlates the generators' means.
    method : {"pearson", "spearman", "kendall"}
        Pearson centres the values, Spearman the pooled mid-ranks; Kendall is τ-b of the centred mid-ranks,
        where values within 1e-9 are tied.

    Returns
    -------
    float
        NaN if a centred column is constant or n < 2.

    Raises
    ------
    ValueError
        If a value is missing or infinite, the lengths differ, or a choice is unknown.
    """
    left, right = _read_pair(x, y)
    _check_choice("centred_by", centred_by, CENTRINGS)
    _check_choice("method", method, METHODS)
    design = _read_design(len(left), prompts, generators)
    if centred_by == "none" or len(left) < 2:
        return correlation(left, right, method=method)
    if centred_by == "generator_means":
        return correlation(*_mean_by_generator(left, right, design), method=method)
    pair = np.column_stack([left, right])
    if method != "pearson":
        pair = scipy_stats.rankdata(pair, axis=0)
    left, right = centre(
        pair,
        prompts=prompts if centred_by in ("prompt", "both") else None,
        generators=generators if centred_by in ("generator", "both") else None,
    ).T
    if method == "kendall":
        return correlation(join_ties(left), join_ties(right), method="kendall")
    return correlation(left, right, method="pearson")


def centred_correlation_interval(
    x: ArrayLike,
    y: ArrayLike,
    prompts: ArrayLike,
    generators: ArrayLike,
    *,
    centred_by: str,
    method: str,
    interval: str = "jackknife",
    level: float = 0.95,
    n_resamples: int = 2000,
    rng: np.random.Generator | None = None,
) -> Estimate:
    """Correlate as :func:`centred_correlation` and add an interval that respects prompts.

    Parameters
    ----------
    x, y, prompts, generators, centred_by, method
        As in :func:`centred_correlation`.
    interval : {"jackknife", "bootstrap"}
        Delete-one-prompt jackknife on Fisher's z, or percentiles of resampled prompts. Either recomputes
        ranks and centring in every replicate. "generator_means" has neither: see Notes.
    level : float
        Confidence level.
    n_resamples : int
        Number of bootstrap resamples.
    rng : numpy.random.Generator, optional
        Needed for the bootstrap.

    Returns
    -------
    Estimate
        ``n`` counts videos, for "generator_means" generators.

    Raises
    ------
    ValueError
        As in :func:`centred_correlation`; or if the bootstrap gets no ``rng``.

    Notes
    -----
    Kendall centred by generator jumps where two large ties change order, as five-level ratings do: there the
    jackknife is conservative, by 10 % of the width in simulations but up to threefold; prefer the bootstrap.
    Between generators the generators are the units: Fisher's z has variance 1/(k − 3) for Pearson,
    1.06/(k − 3) for Spearman, .437/(k − 4) for Kendall (Fieller, Hartley & Pearson, *Biometrika* 44, 1957,
    470–481). With seven generators such an interval spans most of (−1, 1), and is rough for ranks.
    """
    return estimate_at_levels(
        x,
        y,
        prompts,
        generators,
        centred_by=centred_by,
        method=method,
        interval=interval,
        levels=[level],
        n_resamples=n_resamples,
        rng=rng,
    )[0]


def estimate_at_levels(
    x: ArrayLike,
    y: ArrayLike,
    prompts: ArrayLike,
    generators: ArrayLike,
    *,
    centred_by: str,
    method: str,
    levels: Sequence[float],
    interval: str = "jackknife",
    n_resamples: int = 2000,
    rng: np.random.Generator | None = None,
) -> list[Estimate]:
    """Do :func:`centred_correlation_interval` at several confidence levels from one set of replicates."""
    _check_choice("interval", interval, ("jackknife", "bootstrap"))
    left, right = _read_pair(x, y)
    full = centred_correlation(left, right, prompts, generators, centred_by=centred_by, method=method)
    design = Design.build(prompts, generators)
    n_prompts = design.n_prompts
    if centred_by == "generator_means":
        n_generators = len(np.unique(design.generators))
        return [_estimate_by_fisher(full, n_generators, n_prompts, method, level) for level in levels]
    if interval == "jackknife":
        weights = jackknife_weights(n_prompts)
    elif rng is None:
        raise ValueError('interval="bootstrap" draws at random: give rng=numpy.random.default_rng(seed)')
    else:
        weights = draw_weights(n_prompts, n_resamples, rng=rng)
    draws = replicate_correlation(left, right, design, weights, centred_by=centred_by, method=method)
    n = len(left)
    if interval == "jackknife":
        return [estimate_from_jackknife(full, draws, n=n, level=level, fisher=True) for level in levels]
    return [estimate_from_bootstrap(full, draws, n=n, n_clusters=n_prompts, level=level) for level in levels]


def equivalence_verdict(
    x: ArrayLike,
    y: ArrayLike,
    prompts: ArrayLike,
    generators: ArrayLike,
    *,
    centred_by: str,
    method: str,
    margin: float,
) -> Equivalence:
    """Judge whether a centred correlation is absent within ``margin``, present, or undecided.

    Parameters are those of :func:`centred_correlation_interval`, with its default interval; ``margin`` is
    that of :func:`videophy_lab.stats.equivalence.judge_equivalence`.
    """
    at_90, at_95 = estimate_at_levels(
        x, y, prompts, generators, centred_by=centred_by, method=method, levels=(0.90, 0.95)
    )
    return judge_equivalence(at_90, at_95, margin=margin)


def _estimate_by_fisher(
    full: float, n_generators: int, n_prompts: int, method: str, level: float
) -> Estimate:
    """Make the interval of a correlation between generator means on Fisher's z."""
    name = "fisher_z_generators"
    numerator, lost = {"pearson": (1.0, 3), "spearman": (1.06, 3), "kendall": (0.437, 4)}[method]
    if n_generators <= lost or not abs(full) < 1:
        return Estimate(full, np.nan, np.nan, level, name, n_generators, n_prompts)
    margin = scipy_stats.norm.ppf((1 + level) / 2) * np.sqrt(numerator / (n_generators - lost))
    low, high = np.tanh(np.arctanh(full) - margin), np.tanh(np.arctanh(full) + margin)
    return Estimate(full, float(low), float(high), level, name, n_generators, n_prompts)


def _mean_by_generator(x: FloatArray, y: FloatArray, design: Design) -> tuple[FloatArray, FloatArray]:
    """Average both columns over each generator's rows."""
    sizes = np.bincount(design.generators)
    codes = design.generators
    return np.bincount(codes, x[design.order]) / sizes, np.bincount(codes, y[design.order]) / sizes


def _read_pair(x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Check two columns for equal length and missing values."""
    left, right = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if left.ndim != 1 or left.shape != right.shape:
        raise ValueError(f"x has shape {left.shape}, y {right.shape}: give two columns of equal length")
    check_finite(np.column_stack([left, right]))
    return left, right


def _read_design(n_rows: int, prompts: ArrayLike, generators: ArrayLike) -> Design:
    """Check that every row has a prompt and a generator."""
    design = Design.build(prompts, generators)
    if design.n_rows != n_rows:
        raise ValueError(f"{n_rows} values but {design.n_rows} prompts: give every row its prompt")
    return design


def _check_choice(name: str, given: str, allowed: Sequence[str]) -> None:
    """Raise a ValueError unless ``given`` is one of ``allowed``."""
    if given not in allowed:
        raise ValueError(f"{name}={given!r} is unknown: choose one of {', '.join(allowed)}")
