"""Agreement among annotators against published examples, other packages and simulated coverage."""

from __future__ import annotations

import csv
import warnings

import krippendorff
import numpy as np
import pandas as pd
import pytest

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
# Shrout & Fleiss (1979), table 2: six targets, four judges.
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
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
def test_alpha_undefined(rng, metric, ratings):
    assert np.isnan(krippendorff_alpha(ratings, metric=metric))
    estimate = krippendorff_alpha_interval(ratings, metric=metric, rng=rng, n_resamples=20)
    assert np.isnan([estimate.estimate, estimate.low, estimate.high]).all()


def test_alpha_of_perfect_agreement_is_one():
    assert krippendorff_alpha([[1, 1, _], [2, _, 2], [5, 5, 5], [4, _, _]], metric="ordinal") == 1


def test_alpha_interval_equals_loop():
    """The weighted coincidences are α of the resampled rows."""
    ratings, n_resamples = np.repeat(FOUR_OBSERVERS.T, 2, axis=0), 40
    estimate = krippendorff_alpha_interval(
        ratings, metric="ordinal", n_resamples=n_resamples, rng=np.random.default_rng(5), level=0.9
    )
    paired = ratings[(~np.isnan(ratings)).sum(axis=1) >= 2]
    weights = np.random.default_rng(5).multinomial(22, np.full(22, 1 / 22), size=n_resamples)
    draws = [krippendorff_alpha(np.repeat(paired, weight, axis=0), metric="ordinal") for weight in weights]
    np.testing.assert_allclose([estimate.low, estimate.high], np.quantile(draws, [0.05, 0.95]))
    assert (estimate.n, estimate.n_clusters, estimate.method) == (22, 22, "cluster_bootstrap")


def test_alpha_interval_resamples_prompts(fetv):
    """Videos of one prompt are alike, so resampling prompts gives the longer interval."""
    ratings, prompts = fetv
    lengths = {}
    for name, clusters in {"videos": None, "prompts": prompts}.items():
        rng = np.random.default_rng(8)
        estimate = krippendorff_alpha_interval(ratings, metric="interval", rng=rng, clusters=clusters)
        lengths[name] = estimate.high - estimate.low
        assert estimate.low < 0.6052 < estimate.high
        assert estimate.n_clusters == {"videos": 2476, "prompts": 619}[name]
    assert lengths["prompts"] > lengths["videos"]


def _draw_ratings(rng, n_items, n_annotators, reliability=0.5):
    noise = rng.normal(size=(n_items, n_annotators))
    return np.sqrt(reliability) * rng.normal(size=(n_items, 1)) + np.sqrt(1 - reliability) * noise


def test_alpha_interval_covers(rng):
    """Interval α of five-step ratings; its true value from a million items."""
    truth = krippendorff_alpha(np.clip(np.rint(_draw_ratings(rng, 10**6, 3)), -2, 2), metric="interval")
    n_draws, covered = 400, 0
    for _draw in range(n_draws):
        ratings = np.clip(np.rint(_draw_ratings(rng, 150, 3)), -2, 2)
        estimate = krippendorff_alpha_interval(ratings, metric="interval", n_resamples=400, rng=rng)
        covered += estimate.low <= truth <= estimate.high
    assert abs(covered / n_draws - 0.95) < 3 * np.sqrt(0.95 * 0.05 / n_draws)


def test_icc_published():
    """Shrout & Fleiss (1979), table 4, with the digits of R's psych::ICC."""
    icc = intraclass_correlation(SHROUT_FLEISS)
    single = [round(icc[f"ICC({model},1)"].estimate, 4) for model in (1, 2, 3)]
    average = [round(icc[f"ICC({model},k)"].estimate, 2) for model in (1, 2, 3)]
    assert single == [0.1657, 0.2898, 0.7148]
    assert average == [0.44, 0.62, 0.91]


def test_icc_of_fetv(fetv):
    icc = intraclass_correlation(fetv[0])
    assert round(icc["ICC(2,1)"].estimate, 4) == 0.6098
    assert round(icc["ICC(2,k)"].estimate, 4) == 0.8242


def _pingouin_icc(ratings):
    """Give pingouin's table of the six ICCs, in our order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pingouin

        long = pd.DataFrame(ratings).melt(ignore_index=False, var_name="annotator").reset_index(names="item")
        return pingouin.intraclass_corr(long, "item", "annotator", "value", nan_policy="omit")


@pytest.mark.parametrize("shape", [(6, 4), (25, 3), (9, 2)])
def test_icc_equals_pingouin(rng, shape):
    ratings = _draw_ratings(rng, *shape) + 0.5 * rng.normal(size=shape[1])
    if shape == (6, 4):
        ratings = SHROUT_FLEISS
    icc = intraclass_correlation(ratings)
    expected = _pingouin_icc(ratings)
    np.testing.assert_allclose([e.estimate for e in icc.values()], expected["ICC"], rtol=1e-10)
    bounds = np.array([[e.low, e.high] for e in icc.values()])
    # pingouin rounds its intervals to two digits.
    np.testing.assert_allclose(bounds, np.vstack(expected.filter(like="CI95").iloc[:, 0]), atol=0.00501)


def test_icc_drops_incomplete_items(rng):
    ratings = _draw_ratings(rng, 12, 3)
    ratings[[2, 7], [0, 2]] = np.nan
    complete = np.delete(ratings, [2, 7], axis=0)
    assert intraclass_correlation(ratings) == intraclass_correlation(complete)
    assert {estimate.n for estimate in intraclass_correlation(ratings).values()} == {10}


@pytest.mark.parametrize("ratings", [[[1, 2, 4]], [[1], [2], [4]], np.full((4, 3), 2.5), np.full((4, 3), _)])
def test_icc_undefined(ratings):
    for estimate in intraclass_correlation(ratings).values():
        assert np.isnan([estimate.estimate, estimate.low, estimate.high]).all()


def test_icc_of_perfect_agreement_and_consistency():
    agreed = intraclass_correlation([[0.1, 0.1], [0.2, 0.2], [0.7, 0.7]])
    assert [estimate.estimate for estimate in agreed.values()] == pytest.approx([1] * 6)
    assert all(np.isnan(estimate.low) for estimate in agreed.values())
    shifted = intraclass_correlation([[1, 2], [2, 3], [3, 4]])
    assert shifted["ICC(3,1)"].estimate == 1
    # Mean squares: items 2, annotators 1.5, residual 0: 2/(2 + 2·1.5/3) = 2/3.
    assert shifted["ICC(2,1)"].estimate == pytest.approx(2 / 3)


def test_icc_without_differences_between_items():
    """Item means are all equal: a single rating has its lowest reliability, the mean has none to speak of."""
    icc = intraclass_correlation([[1, 2], [2, 1], [1, 2], [2, 1], [1, 2]])
    assert icc["ICC(1,1)"].estimate == -1
    assert np.isnan(icc["ICC(1,k)"].estimate)


def test_icc_intervals_cover(rng):
    """Exact under normality: ICC(1,·) and ICC(3,·) cover .95; ICC(2,·) uses an approximation of F."""
    n_draws, n_items, n_annotators = 700, 30, 4
    covered = dict.fromkeys(intraclass_correlation(SHROUT_FLEISS), 0)
    truth = {"1": 0.5, "k": 0.8}
    for _draw in range(n_draws):
        for name, estimate in intraclass_correlation(_draw_ratings(rng, n_items, n_annotators)).items():
            covered[name] += estimate.low <= truth[name[-2]] <= estimate.high
    for count in covered.values():
        assert abs(count / n_draws - 0.95) < 3 * np.sqrt(0.95 * 0.05 / n_draws)


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


def test_wrong_input_is_refused(rng):
    with pytest.raises(ValueError, match="items as rows"):
        krippendorff_alpha([1, 2, 3], metric="nominal")
    with pytest.raises(ValueError, match="'nominal', 'ordinal' or 'interval'"):
        krippendorff_alpha(SHROUT_FLEISS, metric="ratio")
    with pytest.raises(ValueError, match="'items' or 'pairs'"):
        exact_agreement(SHROUT_FLEISS, unit="raters")
    with pytest.raises(ValueError, match="each of 6 items"):
        krippendorff_alpha_interval(SHROUT_FLEISS, metric="nominal", rng=rng, clusters=np.arange(4))
