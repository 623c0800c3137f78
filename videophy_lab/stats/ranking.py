"""Generators compared on the prompts they share: pairs, rank intervals and groups."""

from __future__ import annotations

import string
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats

from videophy_lab.stats.checks import check_level
from videophy_lab.stats.estimate import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class PairwiseComparisons:
    """Every pair of generators compared on the prompts that both have.

    Attributes
    ----------
    first, second : (n_pairs,) int
        Column numbers of the two generators, ``first < second``.
    difference : (n_pairs,) float
        Mean over shared prompts of first minus second; NaN without a shared prompt.
    low, high : (n_pairs,) float
        Interval of the difference for this pair alone.
    p_value, p_holm : (n_pairs,) float
        Two-sided; alone, and adjusted for all tested pairs.
    n_shared : (n_pairs,) int
        Number of prompts for which both have a value.
    level : float
        Confidence level of the intervals.
    method : str
        Test behind ``p_value``: ``"mcnemar_exact"`` or ``"paired_t"``.
    n_items : int
        Number of generators.
    excluded : tuple of int
        Generators that were not tested.
    """

    first: IntArray
    second: IntArray
    difference: FloatArray
    low: FloatArray
    high: FloatArray
    p_value: FloatArray
    p_holm: FloatArray
    n_shared: IntArray
    level: float
    method: str
    n_items: int
    excluded: tuple[int, ...]


def compare_pairs(
    values: ArrayLike, *, level: float = 0.95, binary: bool, exclude: tuple[int, ...] = ()
) -> PairwiseComparisons:
    """Compare every pair of generators on the prompts they share.

    Parameters
    ----------
    values : (n_prompts, n_generators) float
        One value a prompt and generator, NaN where the generator has no scored video of the prompt.
        Average several videos of one prompt first, and then use ``binary=False``.
    level : float
        Confidence level of the intervals.
    binary : bool
        Values are 0/1: exact McNemar test; otherwise the paired t-test. Intervals are the paired t-test's.
    exclude : tuple of int
        Columns that may not be tested, such as the generator whose failures selected the prompts.
        Their differences are given without interval and p-value, and do not count in Holm's adjustment.

    Returns
    -------
    PairwiseComparisons
        The n_generators (n_generators - 1) / 2 pairs in the order of ``numpy.triu_indices``. With fewer than
        two shared prompts interval and p-value are NaN. Where all differences are equal the interval is NaN;
        the p-value is 1 if they are 0, McNemar's if binary, and NaN otherwise (t is infinite).

    Raises
    ------
    ValueError
        When ``values`` is no matrix, ``binary`` values are not 0/1 or ``exclude`` names no column.

    Notes
    -----
    McNemar (1947), Psychometrika 12, 153-157, in its exact binomial form; Holm (1979), Scandinavian
    Journal of Statistics 6, 65-70.
    """
    check_level(level)
    matrix = np.asarray(values, dtype=np.float64)
    _check_matrix(matrix, binary, exclude)
    n_items = matrix.shape[1]
    first, second = (index.astype(np.int64) for index in np.triu_indices(n_items, 1))
    differences = matrix[:, first] - matrix[:, second]
    difference, margin, p_value, n_shared = _test_paired_t(differences, level)
    if binary:
        p_value = np.where(n_shared >= 2, _test_mcnemar(differences), np.nan)
    barred = np.isin(first, exclude) | np.isin(second, exclude)
    margin[barred], p_value[barred] = np.nan, np.nan
    return PairwiseComparisons(
        first,
        second,
        difference,
        difference - margin,
        difference + margin,
        p_value,
        adjust_holm(p_value),
        n_shared,
        level,
        "mcnemar_exact" if binary else "paired_t",
        n_items,
        tuple(sorted(exclude)),
    )


def rank_intervals(comparisons: PairwiseComparisons, n_items: int) -> tuple[FloatArray, FloatArray]:
    """Give each generator the ranks it may have, for all generators at once.

    Parameters
    ----------
    comparisons : PairwiseComparisons
        Its ``level`` is the chance that all the intervals hold together.
    n_items : int
        Number of generators that were compared.

    Returns
    -------
    low_rank, high_rank : (n_items,) float
        1 + the number of significantly better generators, and the number of tested generators minus the
        number of significantly worse ones; rank 1 is the highest mean. NaN for excluded generators.

    Notes
    -----
    Mogstad, Romano, Shaikh & Wilhelm (2024), Review of Economic Studies 91, 476-518: ranks from simultaneous
    tests of all pairs, with Holm's step-down in place of their bootstrap. Each pair speaks of the prompts it
    shares: generators that share few prompts get wide intervals.
    """
    if n_items != comparisons.n_items:
        raise ValueError(f"n_items is {n_items}, but {comparisons.n_items} generators were compared")
    better = _find_better(comparisons, comparisons.level)
    tested = np.isin(np.arange(n_items), comparisons.excluded, invert=True)
    low_rank = np.where(tested, 1.0 + better.sum(axis=0), np.nan)
    high_rank = np.where(tested, float(tested.sum()) - better.sum(axis=1), np.nan)
    return low_rank, high_rank


def rank_groups(
    comparisons: PairwiseComparisons, order: ArrayLike, *, level: float | None = None
) -> list[str]:
    """Give letters to generators so that two share one exactly when they do not differ significantly.

    Parameters
    ----------
    comparisons : PairwiseComparisons
    order : (n_items,) int
        Column numbers from best to worst; the best group gets "a".
    level : float, optional
        Simultaneous confidence level; that of ``comparisons`` by default.

    Returns
    -------
    list of str
        Letters of generator 0, 1, 2, ... (not in ``order``); "" for excluded generators. Pairs with a NaN
        p-value count as not different.

    Notes
    -----
    Insert-and-absorb: Piepho (2004), Journal of Computational and Graphical Statistics 13, 456-466.
    """
    position = np.argsort(np.asarray(order))
    if not np.array_equal(np.sort(np.asarray(order)), np.arange(comparisons.n_items)):
        raise ValueError(f"order must hold each number from 0 to {comparisons.n_items - 1} once")
    better = _find_better(comparisons, comparisons.level if level is None else level)
    tested = frozenset(range(comparisons.n_items)) - frozenset(comparisons.excluded)
    columns = [tested] if tested else []
    for one, other in np.argwhere(better):
        columns = _separate(columns, int(one), int(other))
    columns.sort(key=lambda column: sorted(position[item] for item in column))
    if len(columns) > len(string.ascii_letters):
        raise ValueError(f"{len(columns)} groups need more than the 52 letters; show rank_intervals instead")
    letters = list(zip(string.ascii_letters, columns, strict=False))
    return ["".join(a for a, column in letters if i in column) for i in range(comparisons.n_items)]


def _check_matrix(matrix: FloatArray, binary: bool, exclude: tuple[int, ...]) -> None:
    """Raise unless the arguments of :func:`compare_pairs` fit together."""
    if matrix.ndim != 2:
        raise ValueError(f"values have {matrix.ndim} axes; give a matrix of prompts × generators")
    if binary and not np.isin(matrix[~np.isnan(matrix)], (0, 1)).all():
        raise ValueError("binary values must be 0, 1 or NaN; give binary=False for scores")
    if not set(exclude) <= set(range(matrix.shape[1])):
        raise ValueError(f"exclude is {exclude}; the columns are 0 to {matrix.shape[1] - 1}")


def _test_paired_t(
    differences: FloatArray, level: float
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Compute mean, margin, p-value and number of the differences in each column, NaN left out."""
    shared = ~np.isnan(differences)
    n_shared = shared.sum(axis=0, dtype=np.int64)
    n = np.where(n_shared > 0, n_shared, np.nan)
    mean = np.where(shared, differences, 0).sum(axis=0) / n
    deviations = np.where(shared, differences - mean, 0)
    freedom = np.where(n_shared > 1, n - 1, np.nan)
    error = np.sqrt((deviations**2).sum(axis=0) / freedom / n)
    # Equal differences of decimal fractions differ in the last bit; that is no variance.
    error[error <= 1e-12 * np.abs(mean)] = np.nan
    margin = scipy_stats.t.ppf((1 + level) / 2, freedom) * error
    p_value = 2 * scipy_stats.t.sf(np.abs(mean) / error, freedom)
    return mean, margin, np.where((mean == 0) & np.isnan(error) & (n_shared > 1), 1.0, p_value), n_shared


def _test_mcnemar(differences: FloatArray) -> FloatArray:
    """Compute the exact two-sided McNemar p-value of each column of differences of 0/1 values."""
    ups, downs = (differences == 1).sum(axis=0), (differences == -1).sum(axis=0)
    tail = scipy_stats.binom.cdf(np.minimum(ups, downs), ups + downs, 0.5)
    return np.asarray(np.minimum(1.0, 2 * tail), dtype=np.float64)


def adjust_holm(p_value: FloatArray) -> FloatArray:
    """Adjust the p-values that are there by Holm's method; NaN stays NaN and does not count.

    By hand because statsmodels' multipletests collects garbage on every call, which takes 50 ms.
    """
    n_tested = int((~np.isnan(p_value)).sum())
    ascending = np.argsort(p_value)[:n_tested]
    factors = n_tested - np.arange(n_tested)
    adjusted = np.full(p_value.shape, np.nan)
    adjusted[ascending] = np.minimum(1.0, np.maximum.accumulate(factors * p_value[ascending]))
    return adjusted


def _find_better(comparisons: PairwiseComparisons, level: float) -> BoolArray:
    """Mark in a square matrix where the row's generator is significantly better than the column's."""
    check_level(level)
    # 1 - .95 is a hair above .05 in floating point, so a p-value of exactly .05 counts as significant.
    significant = comparisons.p_holm <= 1 - level
    better = np.zeros((comparisons.n_items, comparisons.n_items), dtype=np.bool_)
    better[comparisons.first, comparisons.second] = significant & (comparisons.difference > 0)
    better[comparisons.second, comparisons.first] = significant & (comparisons.difference < 0)
    return better


def _separate(columns: list[frozenset[int]], one: int, other: int) -> list[frozenset[int]]:
    """Split every group that holds both items, and drop groups that lie within another."""
    split: list[frozenset[int]] = []
    for column in columns:
        split += [column - {one}, column - {other}] if {one, other} <= column else [column]
    distinct = list(dict.fromkeys(split))
    return [column for column in distinct if not any(column < larger for larger in distinct)]
