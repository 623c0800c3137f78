"""Share of pairs of videos that a judge puts in the humans' order, with calibrated ties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from videophy_lab.stats.checks import as_finite, check_level, check_same_length
from videophy_lab.stats.estimate import (
    BoolArray,
    Estimate,
    FloatArray,
    IntArray,
    encode_clusters,
    estimate_from_jackknife,
)


@dataclass(frozen=True)
class CrossfitAccuracy:
    """Pairwise accuracy on prompts that did not choose the tie threshold.

    Attributes
    ----------
    estimate : Estimate
        The accuracy; ``n`` counts the videos and ``n_clusters`` the groups that have a pair.
    thresholds : (F,) float
        The tie threshold used on each fold, chosen on the other folds.
    n_pairs : int
        Number of pairs.
    """

    estimate: Estimate
    thresholds: FloatArray
    n_pairs: int


@dataclass(frozen=True)
class _Pairs:
    """Pairs of videos of one group: the humans' and the judge's order (−1, 0, 1), the judge's distance."""

    group: IntArray
    human_sign: IntArray
    judge_sign: IntArray
    distance: FloatArray

    def select(self, chosen: BoolArray) -> _Pairs:
        """Return the chosen pairs."""
        return _Pairs(
            self.group[chosen], self.human_sign[chosen], self.judge_sign[chosen], self.distance[chosen]
        )

    def mark_correct(self, threshold: FloatArray | float) -> BoolArray:
        """Mark the pairs the judge orders as the humans do, distances up to the threshold being ties."""
        said = np.where(self.distance <= threshold, 0, self.judge_sign)
        return np.asarray(said == self.human_sign)

    def find_threshold(self) -> float:
        """Return the smallest tie threshold with the most correct pairs; NaN without pairs."""
        if self.distance.size == 0:
            return np.nan
        order = np.argsort(self.distance, kind="stable")
        distance = self.distance[order]
        tied = self.human_sign[order] == 0
        agree = (self.human_sign == self.judge_sign)[order] & ~tied
        correct = agree.sum() + np.cumsum(tied) - np.cumsum(agree)
        # Among equal distances only the last count is complete.
        complete = np.append(distance[1:] > distance[:-1], True)
        thresholds = np.append(0.0, distance[complete])
        at_zero = np.count_nonzero(self.mark_correct(0.0))
        return float(thresholds[np.argmax(np.append(at_zero, correct[complete]))])


def _list_pairs(human: FloatArray, judge: FloatArray, codes: IntArray) -> _Pairs:
    """List all pairs of videos of the same group; groups of one size are handled together."""
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    first, second = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for size in np.unique(sizes[sizes > 1]):
        i, j = np.triu_indices(size, 1)
        members = order[starts[sizes == size][:, None] + np.arange(size)]
        first.append(members[:, i].ravel())
        second.append(members[:, j].ravel())
    a, b = np.concatenate(first), np.concatenate(second)
    gap = judge[a] - judge[b]
    human_sign, judge_sign = np.sign(human[a] - human[b]).astype(np.int64), np.sign(gap).astype(np.int64)
    return _Pairs(codes[a], human_sign, judge_sign, np.abs(gap))


def _prepare_pairs(
    human: ArrayLike, judge: ArrayLike, groups: NDArray[np.generic] | None
) -> tuple[_Pairs, IntArray, int]:
    """Check the arrays and list their pairs, with the group number of each video and the number of groups."""
    truth, score = as_finite(human, "human"), as_finite(judge, "judge")
    codes, n_groups = (np.zeros(truth.size, dtype=np.int64), 1) if groups is None else encode_clusters(groups)
    check_same_length(human=truth, judge=score, groups=codes)
    return _list_pairs(truth, score, codes), codes, n_groups


def pairwise_accuracy(
    human: ArrayLike,
    judge: ArrayLike,
    groups: NDArray[np.generic] | None = None,
    *,
    tie_threshold: float = 0.0,
) -> float:
    """Return the share of pairs that the judge orders as the humans do, ties counting as an order.

    Parameters
    ----------
    human, judge : (n,) float
        Ratings and scores; only their order matters, the judge's up to the threshold.
    groups : (n,), optional
        Compare videos of the same group only (prompts, or generators), pooled over pairs; by default all
        pairs, n(n − 1)/2 of them.
    tie_threshold : float
        The judge's scores tie if they differ by no more.

    Returns
    -------
    float
        NaN without a pair.

    Notes
    -----
    Deutsch, Foster & Freitag (2023), "Ties Matter", arXiv 2305.14324.
    """
    pairs, _, _ = _prepare_pairs(human, judge, groups)
    correct = pairs.mark_correct(tie_threshold)
    return float(correct.mean()) if correct.size else np.nan


def _count_by_group(pairs: _Pairs, correct: BoolArray, n_groups: int) -> tuple[IntArray, IntArray]:
    """Count correct and all pairs of each group that has any."""
    counts = np.bincount(pairs.group, minlength=n_groups)
    right = np.bincount(pairs.group[correct], minlength=n_groups)
    return right[counts > 0], counts[counts > 0]


def calibrate_tie_threshold(
    human: ArrayLike, judge: ArrayLike, groups: NDArray[np.generic] | None = None
) -> float:
    """Return the tie threshold with the highest pairwise accuracy on these data.

    Candidates are 0 and the distances between the judge's scores; of equally good ones the smallest wins.
    The accuracy it reaches on the same data flatters the judge: report :func:`crossfit_pairwise_accuracy`.

    Parameters
    ----------
    human, judge, groups
        As in :func:`pairwise_accuracy`.

    Returns
    -------
    float
        NaN without a pair.

    Notes
    -----
    Tie calibration: Deutsch, Foster & Freitag (2023), arXiv 2305.14324.
    """
    pairs, _, _ = _prepare_pairs(human, judge, groups)
    return pairs.find_threshold()


def crossfit_pairwise_accuracy(
    human: ArrayLike,
    judge: ArrayLike,
    groups: NDArray[np.generic],
    *,
    rng: np.random.Generator,
    n_folds: int = 5,
    level: float = 0.95,
) -> CrossfitAccuracy:
    """Estimate pairwise accuracy with the tie threshold chosen on other prompts.

    Parameters
    ----------
    human, judge : (n,) float
        Ratings and scores.
    groups : (n,)
        The independent units, prompts: pairs are within them, folds and the jackknife are over them.
    rng : numpy.random.Generator
        Draws the folds.
    n_folds : int
        Number of folds; as many as there are groups with a pair, if those are fewer.
    level : float
        Confidence level.

    Returns
    -------
    CrossfitAccuracy
        NaN with fewer than two groups that have a pair.

    Notes
    -----
    A threshold tuned on the test set favours continuous judges: Perrella et al. (2024), "Guardians of the
    Machine Translation Meta-Evaluation". Interval: delete-one-group jackknife of the ratio of pair counts.
    """
    if n_folds < 2:
        raise ValueError(f"n_folds is {n_folds}; the threshold needs other prompts, so at least 2")
    check_level(level)
    pairs, codes, n_groups = _prepare_pairs(human, judge, groups)
    paired = np.unique(pairs.group)
    n_videos = int(np.isin(codes, paired).sum())
    if paired.size < 2:
        undefined = Estimate(np.nan, np.nan, np.nan, level, "cluster_jackknife", n_videos, paired.size)
        return CrossfitAccuracy(undefined, np.empty(0), pairs.group.size)
    n_used = min(n_folds, paired.size)
    fold = np.zeros(n_groups, dtype=np.int64)
    fold[rng.permutation(paired)] = np.arange(paired.size) % n_used
    pair_fold = fold[pairs.group]
    thresholds = np.array([pairs.select(pair_fold != k).find_threshold() for k in range(n_used)])
    right, counts = _count_by_group(pairs, pairs.mark_correct(thresholds[pair_fold]), n_groups)
    accuracy = float(right.sum() / counts.sum())
    replicates = (right.sum() - right) / (counts.sum() - counts)
    estimate = estimate_from_jackknife(accuracy, replicates, n=n_videos, level=level)
    return CrossfitAccuracy(estimate, thresholds, pairs.group.size)
