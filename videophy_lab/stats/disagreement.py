"""Where annotators part: how far apart their ratings of an item are, and which items to look at again.

As in :mod:`videophy_lab.stats.annotators`, ``ratings`` has one row an item, one column an annotator, and NaN
where the annotator did not rate the item.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from videophy_lab.stats.annotators import check_ratings
from videophy_lab.stats.estimate import FloatArray, IntArray


def rating_spread(ratings: ArrayLike) -> FloatArray:
    """Compute the mean distance between two ratings of each item.

    Parameters
    ----------
    ratings : (n_items, n_annotators) float

    Returns
    -------
    (n_items,) float
        Mean of ``|x - y|`` over all pairs of annotators; NaN with fewer than two.

    Notes
    -----
    Gini's mean difference. Of two annotators it is how far they are apart, unlike the standard deviation.
    """
    matrix = check_ratings(ratings)
    ordered = np.sort(matrix, axis=1)  # NaN last
    counts = (~np.isnan(matrix)).sum(axis=1)
    places = np.arange(matrix.shape[1])
    weights = 2 * places[np.newaxis] - counts[:, np.newaxis] + 1
    total = np.nansum(ordered * weights, axis=1)
    pairs = np.where(counts > 1, counts * (counts - 1) / 2, np.nan)
    return np.asarray(total / pairs, dtype=np.float64)


def minority_share(ratings: ArrayLike, *, threshold: float) -> FloatArray:
    """Compute the share of annotators on the smaller side of a threshold, for each item.

    Parameters
    ----------
    ratings : (n_items, n_annotators) float
    threshold : float
        Lowest rating that counts as success.

    Returns
    -------
    (n_items,) float
        From 0, all on one side, to .5; NaN with fewer than two ratings.
    """
    matrix = check_ratings(ratings)
    counts = (~np.isnan(matrix)).sum(axis=1)
    above = (matrix >= threshold).sum(axis=1)
    return np.asarray(np.minimum(above, counts - above) / np.where(counts > 1, counts, np.nan), np.float64)


def rank_disagreements(ratings: ArrayLike, *, threshold: float) -> IntArray:
    """Order items from the one that needs another look most; leave out those on which all agree.

    Parameters
    ----------
    ratings : (n_items, n_annotators) float
    threshold : float
        Of :func:`minority_share`: items whose success is disputed come before those that are only far apart.

    Returns
    -------
    (n_disputed,) int
        Rows; equal ones in the order in which they came.
    """
    spread = rating_spread(ratings)
    disputed = np.flatnonzero(spread > 0)
    share = minority_share(ratings, threshold=threshold)[disputed]
    return np.asarray(disputed[np.lexsort((-spread[disputed], -share))], dtype=np.int64)


def annotator_shift(ratings: ArrayLike) -> FloatArray:
    """Compute how much higher each annotator rates than the mean of the others, on the items they share.

    Parameters
    ----------
    ratings : (n_items, n_annotators) float

    Returns
    -------
    (n_annotators,) float
        Above 0 is lenient; NaN where no item is shared.
    """
    matrix = check_ratings(ratings)
    rated = ~np.isnan(matrix)
    filled = np.where(rated, matrix, 0.0)
    others = rated.sum(axis=1, keepdims=True) - rated
    shared = rated & (others > 0)
    rest = (filled.sum(axis=1, keepdims=True) - filled) / np.where(shared, others, 1)
    total = np.where(shared, filled - rest, 0.0).sum(axis=0)
    counts = shared.sum(axis=0)
    return np.asarray(total / np.where(counts > 0, counts, np.nan), dtype=np.float64)
