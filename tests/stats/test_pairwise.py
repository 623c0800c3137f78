"""Pairwise accuracy against the published example, Kendall's τ and loops; its interval by simulation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from videophy_lab.stats.estimate import estimate_from_jackknife
from videophy_lab.stats.pairwise import (
    calibrate_tie_threshold,
    crossfit_pairwise_accuracy,
    pairwise_accuracy,
)

# The example of google-research/mt-metrics-eval (stats module).
HUMAN, JUDGE = [1, 2, 2, 3, 4], [2, 1, 1.5, 5, 3]


def count_pairs(human, judge, groups, threshold):
    """Return correct and all pairs of each group, by loops."""
    counts = {}
    for i, j in combinations(range(len(human)), 2):
        if groups[i] == groups[j]:
            gap = judge[i] - judge[j]
            said = 0 if abs(gap) <= threshold else np.sign(gap)
            right, total = counts.get(groups[i], (0, 0))
            counts[groups[i]] = (right + (said == np.sign(human[i] - human[j])), total + 1)
    return np.array([counts[group] for group in sorted(counts)])


def draw_pairs(rng, n_prompts=60, n_videos=240):
    """Draw whole human ratings and a continuous judge who ties when closer than about .7."""
    clusters = rng.integers(n_prompts, size=n_videos)
    human = rng.integers(1, 4, size=n_videos).astype(float)
    return human, human + rng.normal(scale=0.4, size=n_videos), clusters


def test_published_example():
    assert pairwise_accuracy(HUMAN, JUDGE) == pytest.approx(0.6)
    threshold = calibrate_tie_threshold(HUMAN, JUDGE)
    assert pairwise_accuracy(HUMAN, JUDGE, tie_threshold=threshold) == pytest.approx(0.7)
    assert threshold == 0.5


def test_without_ties_it_is_kendall(rng):
    human, judge = rng.random((2, 41))
    tau = scipy_stats.kendalltau(human, judge).statistic
    assert pairwise_accuracy(human, judge) == pytest.approx((tau + 1) / 2, abs=1e-15)


def test_equals_loops(rng):
    human, judge, clusters = draw_pairs(rng)
    clusters[0] = 999
    counts = count_pairs(human, judge, clusters, 0.3)
    expected = counts[:, 0].sum() / counts[:, 1].sum()
    assert pairwise_accuracy(human, judge, clusters, tie_threshold=0.3) == pytest.approx(expected, abs=1e-15)
    pooled = count_pairs(human, judge, np.zeros(240), 0)
    assert pairwise_accuracy(human, judge) == pytest.approx(pooled[0, 0] / pooled[0, 1], abs=1e-15)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 6), st.integers(0, 2)), min_size=2, max_size=11))
def test_threshold_is_the_smallest_of_the_best(rows):
    human, judge, groups = np.array(rows, dtype=float).T
    threshold = calibrate_tie_threshold(human, judge, groups)
    candidates = np.arange(7)
    accuracies = [pairwise_accuracy(human, judge, groups, tie_threshold=t) for t in candidates]
    if np.isnan(accuracies).all():
        assert np.isnan(threshold)
    else:
        assert threshold == candidates[np.argmax(accuracies)]


def test_crossfit_equals_loops(rng):
    human, judge, clusters = draw_pairs(rng)
    clusters[0] = 999
    found = crossfit_pairwise_accuracy(human, judge, clusters, rng=np.random.default_rng(5), n_folds=4)
    paired = np.flatnonzero(np.bincount(clusters) > 1)
    fold = dict(zip(np.random.default_rng(5).permutation(paired), np.arange(paired.size) % 4, strict=True))
    folds = np.array([fold.get(c, -1) for c in clusters])
    counts = np.zeros((0, 2))
    for k, threshold in enumerate(found.thresholds):
        others, own = (folds != k) & (folds >= 0), folds == k
        assert threshold == calibrate_tie_threshold(human[others], judge[others], clusters[others])
        counts = np.vstack([counts, count_pairs(human[own], judge[own], clusters[own], threshold)])
    right, total = counts.T
    replicates = (right.sum() - right) / (total.sum() - total)
    expected = estimate_from_jackknife(right.sum() / total.sum(), replicates, n=239)
    values = [(e.estimate, e.low, e.high) for e in (found.estimate, expected)]
    np.testing.assert_allclose(*values, rtol=1e-12)
    assert found.n_pairs == total.sum()
    assert (found.estimate.n, found.estimate.n_clusters) == (np.isin(clusters, paired).sum(), paired.size)


def test_crossfit_coverage(rng):
    # True accuracy: that of the best threshold, on a large sample; its own error is a twentieth of one
    # interval's. Human ratings and judge's errors both cluster by prompt.
    def draw(n_prompts):
        clusters = np.repeat(np.arange(n_prompts), 5)
        centre = rng.integers(1, 4, size=n_prompts)[clusters]
        human = centre + rng.integers(0, 2, size=clusters.size) * rng.integers(0, 2, size=n_prompts)[clusters]
        noise = rng.choice([0.15, 0.6], size=n_prompts)[clusters]
        return human.astype(float), human + noise * rng.normal(size=clusters.size), clusters

    large = draw(40_000)
    truth = pairwise_accuracy(*large, tie_threshold=calibrate_tie_threshold(*large))
    n_draws, covered, estimates = 300, 0, []
    for _ in range(n_draws):
        estimate = crossfit_pairwise_accuracy(*draw(100), rng=rng).estimate
        covered += estimate.low <= truth <= estimate.high
        estimates.append(estimate.estimate)
    assert covered / n_draws == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / n_draws))
    # Held-out accuracy may lose by a badly chosen threshold; it must not gain.
    assert np.mean(estimates) < truth + 3 * np.std(estimates) / np.sqrt(n_draws)


def test_tuning_on_the_test_set_flatters(rng):
    # A judge of pure noise: the threshold tuned on the same few pairs looks better than it is.
    gains = []
    for _ in range(200):
        human = rng.integers(1, 4, size=60).astype(float)
        judge, prompts = rng.normal(size=60), np.repeat(np.arange(15), 4)
        tuned = pairwise_accuracy(
            human, judge, prompts, tie_threshold=calibrate_tie_threshold(human, judge, prompts)
        )
        gains.append(tuned - crossfit_pairwise_accuracy(human, judge, prompts, rng=rng).estimate.estimate)
    assert np.mean(gains) > 3 * np.std(gains) / np.sqrt(200)


def test_constant_judge_gets_the_ties():
    human, prompts = [1, 1, 2, 3, 3, 3], list("aaabbb")
    assert pairwise_accuracy(human, np.zeros(6), prompts) == pytest.approx(4 / 6)


def test_no_pairs_is_nan(rng):
    alone = ([1, 2, 3], [1, 2, 3], list("abc"))
    assert np.isnan(pairwise_accuracy(*alone))
    assert np.isnan(calibrate_tie_threshold(*alone))
    assert np.isnan(pairwise_accuracy([], []))
    for groups in (list("abc"), list("aab")):
        found = crossfit_pairwise_accuracy([1, 2, 3], [1, 2, 3], groups, rng=rng)
        assert np.isnan([found.estimate.estimate, found.estimate.low]).all()
        assert found.thresholds.size == 0
    two = crossfit_pairwise_accuracy([1, 2, 3, 4], [1, 2, 4, 3], list("aabb"), rng=rng)
    assert (two.estimate.estimate, two.thresholds.size) == (0.5, 2)


def test_wrong_input_is_named(rng):
    with pytest.raises(ValueError, match="judge is missing or infinite in 1 of 2"):
        pairwise_accuracy([1, 2], [np.nan, 1])
    with pytest.raises(ValueError, match="differ in length"):
        pairwise_accuracy([1, 2], [2, 1], list("abc"))
    with pytest.raises(ValueError, match="n_folds is 1"):
        crossfit_pairwise_accuracy([1, 2], [2, 1], list("aa"), rng=rng, n_folds=1)
