"""Agreement among annotators against published examples, other packages and simulated coverage."""

from __future__ import annotations

import csv

import krippendorff
import numpy as np
import pytest
from scipy import stats as scipy_stats

from tests.stats.made_ratings import SHROUT_FLEISS, draw_in_prompts, draw_ratings
from videophy_lab.stats.annotators import (
    count_values,
    exact_agreement,
    intraclass_correlation,
    krippendorff_alpha,
    krippendorff_alpha_interval,
)

METRICS = ("nominal", "ordinal", "interval")
_ = np.nan
# The example of Wikipedia's page on Krippendorff's α and of the package krippendorff; one row a coder.
THREE_CODERS = np.array(
    [
        [_, _, _, _, _, 3, 4, 1, 2, 1, 1, 3, 3, _, 3],
        [1, _, 2, 1, 3, 3, 4, 3, _, _, _, _, _, _, _],
        [_, _, 2, 1, 3, 4, 4, _, 2, 1, 1, 3, 3, _, 4],
    ]
)
# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability; one row an observer.
FOUR_OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
)


@pytest.fixture
def fetv(shared):
    """Give FETV's alignment ratings of generated videos (2,476 × 3) and the prompt of each video."""
    with open(shared / "data/fetv/ratings.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["gen"] != "ground-truth"]
    videos = sorted({(int(row["prompt"]), row["gen"]) for row in rows})
    number = {video: i for i, video in enumerate(videos)}
    ratings = np.full((len(videos), 3), np.nan)
    for row in rows:
        ratings[number[int(row["prompt"]), row["gen"]], int(row["rater"])] = int(row["align"])
    return ratings, np.array([prompt for prompt, _generator in videos])


@pytest.mark.parametrize(("metric", "expected"), zip(METRICS, (0.6914, 0.8067, 0.8108), strict=True))
def test_alpha_of_three_coders(metric, expected):
    assert round(krippendorff_alpha(THREE_CODERS.T, metric=metric), 4) == expected


@pytest.mark.parametrize(("metric", "expected"), zip(METRICS, (0.743, 0.815, 0.849), strict=True))
def test_alpha_of_four_observers(metric, expected):
    assert round(krippendorff_alpha(FOUR_OBSERVERS.T, metric=metric), 3) == expected


@pytest.mark.parametrize(("metric", "expected"), zip(METRICS, (0.2319, 0.6142, 0.6052), strict=True))
def test_alpha_of_fetv(fetv, metric, expected):
    """Reference values measured with the package krippendorff 0.9.0."""
    assert round(krippendorff_alpha(fetv[0], metric=metric), 4) == expected


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("scale", [1.0, 0.37])
def test_alpha_equals_package(rng, metric, scale):
    ratings = scale * (rng.integers(1, 8, size=(50, 1)) + rng.integers(-1, 2, size=(50, 6)))
    ratings[rng.random((50, 6)) < 0.5] = np.nan
    expected = krippendorff.alpha(ratings.T, level_of_measurement=metric)
    assert krippendorff_alpha(ratings, metric=metric) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    "ratings",
    [np.empty((0, 3)), np.full((4, 3), 2.0), [[1, _], [_, 2], [_, _]], [[1], [2], [3]]],
    ids=["empty", "constant", "no-pair", "one-annotator"],
)
def test_alpha_undefined(metric, ratings):
    assert np.isnan(krippendorff_alpha(ratings, metric=metric))
    estimate = krippendorff_alpha_interval(ratings, metric=metric)
    assert np.isnan([estimate.estimate, estimate.low, estimate.high]).all()


def test_alpha_of_perfect_agreement_is_one():
    assert krippendorff_alpha([[1, 1, _], [2, _, 2], [5, 5, 5], [4, _, _]], metric="ordinal") == 1


@pytest.mark.parametrize("metric", METRICS)
def test_alpha_interval_equals_loop(metric):
    """The sums less those of a prompt are α of the rows that are left."""
    ratings = np.vstack([FOUR_OBSERVERS.T, FOUR_OBSERVERS.T[::-1] + 1])
    prompts = np.arange(24) // 3
    estimate = krippendorff_alpha_interval(ratings, metric=metric, level=0.9, clusters=prompts)
    without = [krippendorff_alpha(ratings[prompts != prompt], metric=metric) for prompt in range(8)]
    full, turned = np.arctanh(krippendorff_alpha(ratings, metric=metric)), np.arctanh(without)
    margin = scipy_stats.t.ppf(0.95, 7) * np.sqrt(7 / 8 * np.sum((turned - turned.mean()) ** 2))
    np.testing.assert_allclose(
        [estimate.estimate, estimate.low, estimate.high], np.tanh([full, full - margin, full + margin])
    )
    # of the 24 items one in each half has one rating
    assert (estimate.n, estimate.n_clusters) == (22, 8)
    assert estimate.method == "cluster_jackknife_fisher_z"


def test_alpha_interval_leaves_out_prompts(fetv):
    """Videos of one prompt are alike, so leaving out prompts gives the longer interval."""
    ratings, prompts = fetv
    lengths = {}
    for name, clusters in {"videos": None, "prompts": prompts}.items():
        estimate = krippendorff_alpha_interval(ratings, metric="interval", clusters=clusters)
        lengths[name] = estimate.high - estimate.low
        assert estimate.low < 0.6052 < estimate.high
        assert estimate.n_clusters == {"videos": 2476, "prompts": 619}[name]
    assert lengths["prompts"] > lengths["videos"]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("ratings", "prompts"),
    [
        ([[1, 1], [2, 2], [3, 3], [1, 1], [5, 5]], "abcde"),
        ([[0.1, 0.1, 0.1], [0.2, 0.2, 0.2], [0.7, 0.7, 0.7], [0.3, 0.3, _]], "abcd"),
        ([[1, 1], [2, 2], [3, 4], [1, 1], [5, 5]], "abcde"),
        ([[1, 1], [2, 2], [3, 4], [1, 2], [5, 5]], "aaaaa"),
        ([[1, 2], [1, 2], [1, 2], [1, 2], [1, 2]], "abcde"),
    ],
    ids=["perfect", "perfect-to-rounding", "one-prompt-disagrees", "one-prompt", "prompts-all-alike"],
)
def test_alpha_without_an_interval_says_so(metric, ratings, prompts):
    """Five items on which all agree do not show that others would be: NaN, and not 1 to 1."""
    estimate = krippendorff_alpha_interval(ratings, metric=metric, clusters=np.array(list(prompts)))
    assert np.isfinite(estimate.estimate)
    assert np.isnan([estimate.low, estimate.high]).all()


@pytest.mark.parametrize(("n_prompts", "n_videos"), [(10, 3), (10, 7), (30, 3)])
def test_alpha_interval_covers_with_few_prompts(rng, n_prompts, n_videos):
    """Ordinal α of answers from 1 to 5; resampling prompts covers .88, .88 and .90 here."""
    n_draws, covered = 300, 0

    def draw(n_prompts):
        ratings, prompts = draw_in_prompts(rng, n_prompts, n_videos, reliability=0.6, alike=0.5)
        return np.clip(np.rint(ratings), -2, 2), prompts

    truth = krippendorff_alpha(draw(100_000 // n_videos)[0], metric="ordinal")
    for _draw in range(n_draws):
        ratings, prompts = draw(n_prompts)
        estimate = krippendorff_alpha_interval(ratings, metric="ordinal", clusters=prompts)
        covered += estimate.low <= truth <= estimate.high
    assert abs(covered / n_draws - 0.95) < 3 * np.sqrt(0.95 * 0.05 / n_draws)


def test_alpha_interval_covers(rng):
    """Interval α of five-step ratings; its true value from a million items."""
    truth = krippendorff_alpha(np.clip(np.rint(draw_ratings(rng, 10**6, 3)), -2, 2), metric="interval")
    n_draws, covered = 400, 0
    for _draw in range(n_draws):
        ratings = np.clip(np.rint(draw_ratings(rng, 150, 3)), -2, 2)
        estimate = krippendorff_alpha_interval(ratings, metric="interval")
        covered += estimate.low <= truth <= estimate.high
    assert abs(covered / n_draws - 0.95) < 3 * np.sqrt(0.95 * 0.05 / n_draws)


def test_icc_of_fetv(fetv):
    icc = intraclass_correlation(fetv[0])
    assert round(icc["ICC(2,1)"].estimate, 4) == 0.6098
    assert round(icc["ICC(2,k)"].estimate, 4) == 0.8242


def test_exact_agreement_counts():
    ratings = [[3, 3, 3], [3, 3, 1], [1, 2, 3], [4, 4, _], [4, 5, _], [2, _, _], [_, _, _]]
    assert exact_agreement(ratings) == pytest.approx(2 / 5)
    assert exact_agreement(ratings, unit="pairs") == pytest.approx((1 + 1 / 3 + 0 + 1 + 0) / 5)


def test_exact_agreement_of_fetv(fetv):
    """The published .411 is the agreement of pairs; all three annotators agree on half as many videos."""
    assert round(exact_agreement(fetv[0], unit="pairs"), 3) == 0.411
    assert exact_agreement(fetv[0]) == np.mean(np.ptp(fetv[0], axis=1) == 0)


def test_exact_agreement_undefined():
    assert np.isnan(exact_agreement([[1, _], [_, 2]]))


def test_count_values():
    counts, values = count_values([[5, 5, 2], [_, 2, _], [_, _, _], [3, 2, 5]])
    assert values.tolist() == [2, 3, 5]
    assert counts.tolist() == [[1, 0, 2], [1, 0, 0], [0, 0, 0], [1, 1, 1]]


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="items as rows"):
        krippendorff_alpha([1, 2, 3], metric="nominal")
    with pytest.raises(ValueError, match="'nominal', 'ordinal' or 'interval'"):
        krippendorff_alpha(SHROUT_FLEISS, metric="ratio")
    with pytest.raises(ValueError, match="'items' or 'pairs'"):
        exact_agreement(SHROUT_FLEISS, unit="raters")
    with pytest.raises(ValueError, match="each of 6 items"):
        krippendorff_alpha_interval(SHROUT_FLEISS, metric="nominal", clusters=np.arange(4))
    with pytest.raises(ValueError, match="each of 6 items"):
        intraclass_correlation(SHROUT_FLEISS, clusters=np.arange(4))
