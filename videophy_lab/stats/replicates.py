"""Correlate every resample of prompts after centring within it: ranks and means are those of the resample."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from videophy_lab.stats.centring import Design
from videophy_lab.stats.estimate import FloatArray, IntArray
from videophy_lab.stats.resampling import bootstrap_kendall

# Centred mid-ranks this close are equal: they differ by rounding only.
TIE_TOLERANCE = 1e-9
VALUES_AT_ONCE = 2_000_000


def replicate_correlation(
    x: FloatArray, y: FloatArray, design: Design, weights: IntArray, *, centred_by: str, method: str
) -> FloatArray:
    """Correlate two columns in every draw of prompts, in blocks that bound the memory.

    Parameters
    ----------
    x, y : (n,) float
        Finite values, in the order in which ``design`` was built.
    design : Design
    weights : (B, P) int
        How often each prompt counts in each draw; 0 leaves its rows out.
    centred_by : {"none", "generator", "prompt", "both"}
    method : {"pearson", "spearman", "kendall"}

    Returns
    -------
    (B,) float64
        Each as :func:`videophy_lab.stats.correlation.centred_correlation` of the draw's copied rows, where
        copies of one prompt share its mean; NaN where it is undefined.
    """
    if len(x) == 0:
        return np.full(len(weights), np.nan)
    if method == "kendall" and centred_by == "none":
        prompts = design.prompts
        return bootstrap_kendall(x[design.order, None], y[design.order, None], prompts, weights)[:, 0, 0]
    if centred_by == "none":
        # One generator for all rows: its mean is the overall mean.
        design = replace(design, generators=np.zeros_like(design.generators))
    size = max(1, VALUES_AT_ONCE // len(x))
    blocks = [
        _replicate_block(x, y, design, weights[first : first + size], centred_by, method)
        for first in range(0, len(weights), size)
    ]
    return np.concatenate([np.empty(0), *blocks])


def _replicate_block(
    x: FloatArray, y: FloatArray, design: Design, weights: IntArray, centred_by: str, method: str
) -> FloatArray:
    """Rank, centre and correlate under each row of ``weights``."""
    row_weights = weights[:, design.prompts]
    left, right = (
        _centre_column(v[design.order], design, weights, row_weights, centred_by, method) for v in (x, y)
    )
    if method == "kendall":
        from videophy_lab.stats.kernels import weigh_tau_b_of_draws

        taus: FloatArray = weigh_tau_b_of_draws(left, right, design.starts, weights, TIE_TOLERANCE)
        return taus
    products, left_squares, right_squares = (
        np.einsum("bi,bi,bi->b", row_weights, a, b) for a, b in ((left, right), (left, left), (right, right))
    )
    scale = np.sqrt(left_squares) * np.sqrt(right_squares)
    undefined = np.full(len(weights), np.nan)
    quotients: FloatArray = np.divide(products, scale, out=undefined, where=scale > 0)
    return np.clip(quotients, -1, 1)


def _centre_column(
    values: FloatArray, design: Design, weights: IntArray, row_weights: IntArray, centred_by: str, method: str
) -> FloatArray:
    """Centre one column, sorted by prompt, in every draw: (B, n)."""
    drawn = values[None, :] if method == "pearson" else rank_draws(values, row_weights)
    return design.centre_draws(
        drawn,
        weights,
        by_prompt=centred_by in ("prompt", "both"),
        by_generator=centred_by != "prompt",
    )


def rank_draws(values: FloatArray, row_weights: IntArray) -> FloatArray:
    """Give the mid-ranks of ``values`` (n,) when row i counts ``row_weights[b, i]`` times: (B, n)."""
    order = np.argsort(values, kind="stable")
    distinct, levels = np.unique(values, return_inverse=True)
    firsts = np.searchsorted(values[order], distinct)
    counts = np.add.reduceat(row_weights[:, order], firsts, axis=1)
    ranks = np.cumsum(counts, axis=1) - (counts - 1) / 2
    mid_ranks: FloatArray = ranks[:, levels.reshape(-1)]
    return mid_ranks


def join_ties(values: FloatArray) -> IntArray:
    """Code the levels of ``values`` (n,), joining neighbours that differ by rounding only."""
    order = np.argsort(values, kind="stable")
    levels = np.empty(len(values), np.int64)
    levels[order] = np.cumsum(np.diff(values[order], prepend=values[order[0]]) > TIE_TOLERANCE)
    return levels
