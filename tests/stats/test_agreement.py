"""Agreement of a judge with humans against scikit-learn, real ratings and simulated coverage."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from videophy_lab.stats.agreement import (
    binary_agreement,
    calibration_curve,
    confusion_matrix,
    ordinal_agreement,
)
from videophy_lab.stats.estimate import estimate_from_jackknife

SCALE = [1, 2, 3, 4, 5]
N_DRAWS = 600
THREE_SE = 3 * np.sqrt(0.95 * 0.05 / N_DRAWS)
BINARY_ORACLES = {
    "accuracy": metrics.accuracy_score,
    "majority_accuracy": lambda human, _: max(np.mean(human), 1 - np.mean(human)),
    "accuracy_over_majority": lambda human, judge: (
        metrics.accuracy_score(human, judge) - max(np.mean(human), 1 - np.mean(human))
    ),
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "f1": metrics.f1_score,
    "phi": metrics.matthews_corrcoef,
    "positive_rate_human": lambda human, _: np.mean(human),
    "positive_rate_judge": lambda _, judge: np.mean(judge),
}
ORDINAL_ORACLES = {
    "exact": metrics.accuracy_score,
    "within_one": lambda human, judge: np.mean(np.abs(human - judge) <= 1),
    "mean_difference": lambda human, judge: np.mean(judge - human),
    "quadratic_weighted_kappa": lambda human, judge: metrics.cohen_kappa_score(
        human, judge, weights="quadratic", labels=SCALE
    ),
}


@pytest.fixture
def rated(shared):
    ratings = pd.read_csv(shared / "data" / "videophy2" / "ratings.csv")
    return ratings.dropna(subset=["autoeval_sa", "autoeval_pc"])


def draw_scores(rng, n_prompts=23, n_videos=87):
    clusters = np.array([f"p{k}" for k in rng.integers(n_prompts, size=n_videos)])
    human = rng.integers(1, 6, size=n_videos)
    return human, np.clip(human + rng.integers(-2, 3, size=n_videos), 1, 5), clusters


def leave_out(statistic, human, judge, clusters):
    kept = [clusters != cluster for cluster in np.unique(clusters)]
    return np.array([statistic(human[keep], judge[keep]) for keep in kept])


def test_binary_equals_sklearn(rng):
    human, judge, clusters = draw_scores(rng)
    human, judge = human >= 4, judge >= 4
    found = binary_agreement(human, judge, clusters, level=0.9)
    assert found.keys() == BINARY_ORACLES.keys()
    for name, oracle in BINARY_ORACLES.items():
        replicates = leave_out(oracle, human, judge, clusters)
        expected = estimate_from_jackknife(
            oracle(human, judge), replicates, n=87, level=0.9, fisher=name == "phi"
        )
        values = [(e.estimate, e.low, e.high) for e in (found[name], expected)]
        np.testing.assert_allclose(*values, rtol=1e-10, err_msg=name)
        assert (found[name].n, found[name].n_clusters) == (87, np.unique(clusters).size)


def test_ordinal_equals_sklearn(rng):
    human, judge, clusters = draw_scores(rng)
    found = ordinal_agreement(human, judge, clusters, categories=SCALE)
    assert found.keys() == ORDINAL_ORACLES.keys()
    for name, oracle in ORDINAL_ORACLES.items():
        replicates = leave_out(oracle, human, judge, clusters)
        expected = estimate_from_jackknife(oracle(human, judge), replicates, n=87)
        values = [(e.estimate, e.low, e.high) for e in (found[name], expected)]
        np.testing.assert_allclose(*values, rtol=1e-10, err_msg=name)


def test_confusion_matrix_equals_sklearn(rng):
    human, judge, _ = draw_scores(rng)
    judge[judge == 1] = 2
    expected = metrics.confusion_matrix(human, judge, labels=SCALE)
    np.testing.assert_array_equal(confusion_matrix(human, judge, categories=SCALE), expected)


def test_kappa_uses_distances_of_the_values():
    human, judge, clusters = [0, 0, 50, 100, 100], [0, 50, 50, 0, 100], [0, 1, 2, 3, 4]
    found = ordinal_agreement(human, judge, clusters, categories=[0, 50, 100])
    expected = metrics.cohen_kappa_score(human, judge, weights="quadratic")
    assert found["quadratic_weighted_kappa"].estimate == pytest.approx(expected)
    assert found["within_one"].estimate == found["exact"].estimate == 3 / 5


def test_autoeval_on_real_ratings(rated):
    human = (rated["human_sa"] >= 4) & (rated["human_pc"] >= 4)
    judge = (rated["autoeval_sa"] >= 4) & (rated["autoeval_pc"] >= 4)
    found = binary_agreement(human, judge, rated["prompt_id"].to_numpy(dtype=str))
    rounded = {name: round(estimate.estimate, 4) for name, estimate in found.items()}
    assert rounded["accuracy"] == 0.7761
    assert rounded["majority_accuracy"] == 0.8067
    assert rounded["f1"] == 0.4665
    assert rounded["phi"] == 0.3276
    assert (found["phi"].n, found["phi"].n_clusters) == (1635, 591)


def draw_population(rng, n_prompts=90, n_each=4):
    """Draw prompts of two kinds, hard and easy for both sides; return verdicts and clusters."""
    easy = rng.random(n_prompts) < 0.4
    clusters = np.repeat(np.arange(n_prompts), n_each)
    human = rng.random(clusters.size) < np.where(easy, 0.7, 0.1)[clusters]
    right = rng.random(clusters.size) < np.where(easy, 0.65, 0.9)[clusters]
    return human, human == right, clusters


def test_binary_coverage(rng):
    # The population's cells: easy prompts (.4) with rate .7 and accuracy .65, hard ones with .1 and .9.
    tp, fn = 0.4 * 0.7 * 0.65 + 0.6 * 0.1 * 0.9, 0.4 * 0.7 * 0.35 + 0.6 * 0.1 * 0.1
    tn, fp = 0.4 * 0.3 * 0.65 + 0.6 * 0.9 * 0.9, 0.4 * 0.3 * 0.35 + 0.6 * 0.9 * 0.1
    truth = {
        "accuracy": tp + tn,
        "f1": 2 * tp / (2 * tp + fp + fn),
        "phi": (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)),
        "positive_rate_human": tp + fn,
    }
    draws = [binary_agreement(*draw_population(rng)) for _ in range(N_DRAWS)]
    for name, value in truth.items():
        covered = np.mean([draw[name].low <= value <= draw[name].high for draw in draws])
        assert covered == pytest.approx(0.95, abs=THREE_SE), name


def test_ordinal_coverage(rng):
    # Judge = human plus −1, 0 or 1; the prompt decides the chances, so that errors come in clusters.
    chances = np.array([[0.1, 0.8, 0.1], [0.1, 0.3, 0.6]])
    cells = np.zeros((5, 5))
    for human in (2, 3, 4):
        cells[human - 1, human - 2 : human + 1] = chances.mean(axis=0) / 3
    levels = np.arange(1, 6)
    squares = (levels[:, None] - levels) ** 2
    expected = np.outer(cells.sum(axis=1), cells.sum(axis=0))
    truth = {
        "exact": np.trace(cells),
        "mean_difference": chances.mean(axis=0) @ [-1, 0, 1],
        "quadratic_weighted_kappa": 1 - np.sum(cells * squares) / np.sum(expected * squares),
    }
    covered = dict.fromkeys(truth, 0)
    clusters = np.repeat(np.arange(80), 3)
    for _ in range(N_DRAWS):
        human = rng.integers(2, 5, size=240)
        thresholds = chances.cumsum(axis=1)[rng.integers(2, size=80)][clusters]
        judge = human - 1 + (rng.random((240, 1)) > thresholds).sum(axis=1)
        found = ordinal_agreement(human, judge, clusters, categories=SCALE)
        for name, value in truth.items():
            covered[name] += found[name].low <= value <= found[name].high
    for name, count in covered.items():
        assert count / N_DRAWS == pytest.approx(0.95, abs=THREE_SE), name


def test_without_positives_nothing_is_zero():
    found = binary_agreement([0, 0, 0, 0, 0], [0, 1, 0, 0, 0], list("aabbc"))
    for name in ("recall", "f1", "phi", "balanced_accuracy"):
        assert np.isnan([found[name].estimate, found[name].low, found[name].high]).all(), name
    assert found["precision"].estimate == 0
    assert found["accuracy"].estimate == 0.8
    silent = binary_agreement([1, 0, 1, 0], [0, 0, 0, 0], list("abcd"))
    assert np.isnan(silent["precision"].estimate)
    assert (silent["f1"].estimate, silent["recall"].estimate) == (0, 0)


def test_no_interval_without_variation():
    perfect = binary_agreement([1, 0, 1, 0, 1, 0], [1, 0, 1, 0, 1, 0], list("aabbcc"))
    assert perfect["accuracy"].estimate == 1
    assert np.isnan([perfect["accuracy"].low, perfect["phi"].low, perfect["f1"].high]).all()
    one_prompt = ordinal_agreement([1, 2, 3], [1, 2, 2], ["a"] * 3, categories=SCALE)
    assert one_prompt["exact"].estimate == pytest.approx(2 / 3)
    assert np.isnan([one_prompt["exact"].low, one_prompt["exact"].high]).all()
    same = ordinal_agreement([3, 3, 3], [3, 3, 3], list("abc"), categories=SCALE)
    assert np.isnan(same["quadratic_weighted_kappa"].estimate)


def test_intervals_stay_in_range():
    found = binary_agreement([1, 1, 1, 1, 0, 1, 0], [1, 1, 1, 1, 0, 1, 1], list("abcdefg"))
    for name in ("accuracy", "recall", "precision", "f1"):
        assert not found[name].high > 1, name
    assert found["accuracy"].high == 1


def test_empty_is_nan():
    empty = np.empty(0)
    assert all(np.isnan(e.estimate) for e in binary_agreement(empty, empty, empty).values())
    assert all(
        np.isnan(e.estimate) for e in ordinal_agreement(empty, empty, empty, categories=SCALE).values()
    )
    assert confusion_matrix(empty, empty, categories=SCALE).sum() == 0
    with pytest.raises(ValueError, match="no scores"):
        calibration_curve(empty, empty, empty)


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="judge is missing or infinite in 1 of 3"):
        binary_agreement([1, 0, 1], [1, np.nan, 0], list("abc"))
    with pytest.raises(ValueError, match="human holds 5; only 0 and 1"):
        binary_agreement([1, 5, 1], [1, 1, 0], list("abc"))
    with pytest.raises(ValueError, match=r"judge holds 2\.5; allowed are"):
        ordinal_agreement([1, 2], [1, 2.5], list("ab"), categories=SCALE)
    with pytest.raises(ValueError, match="differ in length"):
        ordinal_agreement([1, 2], [1, 2], list("abc"), categories=SCALE)
    with pytest.raises(ValueError, match="level is 95"):
        binary_agreement([1, 0], [1, 1], list("ab"), level=95)
    with pytest.raises(ValueError, match="one-dimensional"):
        confusion_matrix(np.ones((2, 3)), np.ones((2, 3)), categories=SCALE)


def test_calibration_curve_of_whole_scores(rng):
    human, judge, clusters = draw_scores(rng)
    curve = calibration_curve(judge, human >= 4, clusters)
    values = np.unique(judge)
    np.testing.assert_array_equal(curve.score, values)
    assert [e.estimate for e in curve.outcome] == [np.mean(human[judge == v] >= 4) for v in values]
    assert [e.n for e in curve.outcome] == [np.sum(judge == v) for v in values]
    assert all(0 <= e.low <= e.estimate <= e.high <= 1 for e in curve.outcome)
    assert np.isnan(curve.expected_calibration_error)
    rated = calibration_curve(judge, human, clusters)
    gaps = [np.sum(judge == v) * abs(np.mean(human[judge == v]) - v) for v in values]
    assert rated.expected_calibration_error == pytest.approx(np.sum(gaps) / 87)


def test_calibration_curve_of_probabilities(rng):
    from sklearn.calibration import calibration_curve as sklearn_curve

    scores = rng.random(311)
    outcomes = rng.random(311) < scores**2
    curve = calibration_curve(scores, outcomes, np.arange(311), n_bins=7)
    shares, means = sklearn_curve(outcomes, scores, n_bins=7, strategy="quantile")
    np.testing.assert_allclose(curve.score, means)
    np.testing.assert_allclose([e.estimate for e in curve.outcome], shares)
    sizes = [e.n for e in curve.outcome]
    assert curve.expected_calibration_error == pytest.approx(
        np.average(np.abs(shares - means), weights=sizes)
    )


def test_calibration_curve_with_edges():
    curve = calibration_curve([0.1, 0.2, 0.5, 1.0], [0, 1, 1, 1], list("abcd"), edges=[0, 0.5, 0.75, 1])
    assert [e.n for e in curve.outcome] == [2, 1, 1]
    assert [e.estimate for e in curve.outcome] == [0.5, 1, 1]
    gap = calibration_curve([0.1, 0.2, 0.9], [0, 1, 1], list("abc"), edges=[0, 0.4, 0.6, 1])
    assert gap.outcome[1].n == 0
    assert np.isnan([gap.score[1], gap.outcome[1].estimate]).all()
    with pytest.raises(ValueError, match="enclose every score"):
        calibration_curve([0.1, 1.2], [0, 1], list("ab"), edges=[0, 0.5, 1])
    constant = calibration_curve([0.4] * 5, [0, 1, 1, 0, 0], list("abcde"))
    assert (constant.score.size, constant.outcome[0].n) == (1, 5)
