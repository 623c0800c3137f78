"""Loops that NumPy cannot express cheaply, compiled by Numba; imported only by the functions that run them.

Rows are sorted by cluster: cluster ``g`` owns rows ``starts[g]`` to ``starts[g + 1] - 1``, and a row's
weight is its cluster's. Levels are dense ranks from 0, so that equal values share a level.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from videophy_lab.stats.estimate import FloatArray, IntArray

Int32Array = NDArray[np.int32]

# Draws are dealt out in this many parts, so that scratch memory is allocated once a part, not once a draw.
N_PARTS = 64


@njit(cache=True)
def keep_drawn_rows(starts: IntArray, weights: IntArray, rows: IntArray, row_weights: IntArray) -> int:
    """List the rows with a positive weight in ``rows`` and ``row_weights``; return how many there are."""
    n_kept = 0
    for cluster in range(weights.size):
        if weights[cluster] > 0:
            for row in range(starts[cluster], starts[cluster + 1]):
                rows[n_kept] = row
                row_weights[n_kept] = weights[cluster]
                n_kept += 1
    return n_kept


# All sums below are of integers (doubled mid-ranks minus their mean), exact in float64 in any order up to
# some 200,000 rows; so letting the compiler reorder them for SIMD changes nothing.
@njit(cache=True, fastmath={"reassoc", "contract"})
def fill_cross_products(scores: FloatArray, row_weights: IntArray, n_kept: int, out: FloatArray) -> None:
    """Write the weighted cross-products of the rows of ``scores`` (k, n) into ``out`` (k, k)."""
    weighted = np.empty(n_kept)
    for a in range(scores.shape[0]):
        for r in range(n_kept):
            weighted[r] = scores[a, r] * row_weights[r]
        for b in range(a + 1):
            total = 0.0
            for r in range(n_kept):
                total += weighted[r] * scores[b, r]
            out[a, b] = total
            out[b, a] = total


@njit(cache=True)
def fill_rank_scores(
    levels: Int32Array, rows: IntArray, row_weights: IntArray, n_kept: int, counts: IntArray, out: FloatArray
) -> None:
    """Write 2·(mid-rank) − (N + 1) of every kept row of one column into ``out``."""
    counts[:] = 0
    total = 0
    for r in range(n_kept):
        counts[levels[rows[r]]] += row_weights[r]
        total += row_weights[r]
    below = 0
    for level in range(counts.size):
        count = counts[level]
        counts[level] = 2 * below + count - total
        below += count
    for r in range(n_kept):
        out[r] = counts[levels[rows[r]]]


@njit(cache=True, parallel=True)
def sum_rank_products(
    levels: Int32Array, n_levels: IntArray, starts: IntArray, weights: IntArray
) -> FloatArray:
    """Sum the products of the columns' centred mid-ranks for every draw.

    Parameters
    ----------
    levels : (k, n) int32
    n_levels : (k,) int64
    starts : (G + 1,) int64
    weights : (B, G) int64

    Returns
    -------
    (B, k, k) float64
    """
    n_columns, n_rows = levels.shape
    n_draws = weights.shape[0]
    products = np.empty((n_draws, n_columns, n_columns))
    for part in prange(N_PARTS):
        rows = np.empty(n_rows, np.int64)
        row_weights = np.empty(n_rows, np.int64)
        counts = np.empty(n_rows, np.int64)
        scores = np.empty((n_columns, n_rows))
        for draw in range(part, n_draws, N_PARTS):
            n_kept = keep_drawn_rows(starts, weights[draw], rows, row_weights)
            for column in range(n_columns):
                fill_rank_scores(
                    levels[column], rows, row_weights, n_kept, counts[: n_levels[column]], scores[column]
                )
            fill_cross_products(scores, row_weights, n_kept, products[draw])
    return products


@njit(cache=True, parallel=True)
def sum_pair_signs(left: Int32Array, right: Int32Array, starts: IntArray) -> Int32Array:
    """Sum sign(left_i − left_j)·sign(right_i − right_j) over the rows i of cluster p and j of cluster q.

    Returns
    -------
    (G, G) int32, symmetric
    """
    n_rows = left.size
    n_clusters = starts.size - 1
    sums = np.empty((n_clusters, n_clusters), np.int32)
    for p in prange(n_clusters):
        by_row = np.zeros(n_rows, np.int32)
        for i in range(starts[p], starts[p + 1]):
            x, y = left[i], right[i]
            for j in range(n_rows):
                sign_x = np.int32(x > left[j]) - np.int32(x < left[j])
                sign_y = np.int32(y > right[j]) - np.int32(y < right[j])
                by_row[j] += sign_x * sign_y
        for q in range(n_clusters):
            sums[p, q] = by_row[starts[q] : starts[q + 1]].sum()
    return sums


@njit(cache=True, parallel=True)
def sum_squared_level_counts(
    levels: Int32Array, n_levels: IntArray, starts: IntArray, weights: IntArray
) -> IntArray:
    """Sum the squared weighted counts of every column's levels: the ordered pairs tied in that column.

    Returns
    -------
    (B, k) int64
    """
    n_columns, n_rows = levels.shape
    n_draws = weights.shape[0]
    tied = np.zeros((n_draws, n_columns), np.int64)
    for part in prange(N_PARTS):
        rows = np.empty(n_rows, np.int64)
        row_weights = np.empty(n_rows, np.int64)
        counts = np.empty(n_rows, np.int64)
        for draw in range(part, n_draws, N_PARTS):
            n_kept = keep_drawn_rows(starts, weights[draw], rows, row_weights)
            for column in range(n_columns):
                counts[: n_levels[column]] = 0
                for r in range(n_kept):
                    counts[levels[column, rows[r]]] += row_weights[r]
                for level in range(n_levels[column]):
                    tied[draw, column] += counts[level] * counts[level]
    return tied


@njit(cache=True)
def number_levels(values: FloatArray, order: IntArray, tolerance: float) -> tuple[IntArray, int]:
    """Count the levels of ``values`` up from 1; neighbours within ``tolerance`` of each other share one."""
    levels = np.empty(values.size, np.int64)
    level = 1
    levels[order[0]] = 1
    for position in range(1, values.size):
        if values[order[position]] - values[order[position - 1]] > tolerance:
            level += 1
        levels[order[position]] = level
    return levels, level


@njit(cache=True)
def sum_tree(tree: IntArray, position: int) -> int:
    """Sum a Fenwick tree's entries 1 to ``position``."""
    total = 0
    while position > 0:
        total += tree[position]
        position -= position & -position
    return total


@njit(cache=True)
def add_to_tree(tree: IntArray, position: int, amount: int) -> None:
    """Add ``amount`` to a Fenwick tree's entry ``position``."""
    while position < tree.size:
        tree[position] += amount
        position += position & -position


@njit(cache=True)
def weigh_tau_b(x: FloatArray, y: FloatArray, weights: IntArray, tolerance: float) -> float:
    """Correlate by Kendall's τ-b rows that count ``weights`` > 0 times, in O(n log n) with a Fenwick tree."""
    n = x.size
    if n < 2:
        return np.nan
    order = np.argsort(x)
    x_levels, _ = number_levels(x, order, tolerance)
    y_levels, n_y = number_levels(y, np.argsort(y), tolerance)
    tree = np.zeros(n_y + 1, np.int64)
    y_counts = np.zeros(n_y + 1, np.int64)
    score, seen, tied_x = 0, 0, 0
    first = 0
    while first < n:
        last = first
        while last < n and x_levels[order[last]] == x_levels[order[first]]:
            row = order[last]
            below = sum_tree(tree, y_levels[row] - 1)
            above = seen - sum_tree(tree, y_levels[row])
            score += weights[row] * (below - above)
            last += 1
        group = 0
        for position in range(first, last):
            row = order[position]
            add_to_tree(tree, y_levels[row], weights[row])
            y_counts[y_levels[row]] += weights[row]
            group += weights[row]
        seen += group
        tied_x += group * group
        first = last
    untied_x = seen * seen - tied_x
    untied_y = seen * seen - (y_counts * y_counts).sum()
    if untied_x == 0 or untied_y == 0:
        return np.nan
    tau: float = 2.0 * score / np.sqrt(float(untied_x)) / np.sqrt(float(untied_y))
    return tau


@njit(cache=True, parallel=True)
def weigh_tau_b_of_draws(
    x: FloatArray, y: FloatArray, starts: IntArray, weights: IntArray, tolerance: float
) -> FloatArray:
    """Correlate row b of ``x`` with row b of ``y``, both (B, n), by τ-b under row b of ``weights`` (B, G)."""
    n_draws, n_rows = x.shape
    taus = np.empty(n_draws)
    for draw in prange(n_draws):
        rows = np.empty(n_rows, np.int64)
        row_weights = np.empty(n_rows, np.int64)
        n_kept = keep_drawn_rows(starts, weights[draw], rows, row_weights)
        kept = rows[:n_kept]
        taus[draw] = weigh_tau_b(x[draw][kept], y[draw][kept], row_weights[:n_kept], tolerance)
    return taus
