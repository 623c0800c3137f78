"""Intraclass correlations against published examples, another package and simulated coverage."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from tests.stats.made_ratings import SHROUT_FLEISS, draw_in_prompts, draw_ratings
from videophy_lab.stats.annotators import intraclass_correlation
from videophy_lab.stats.reliability import retest_icc

_ = np.nan


def test_icc_published():
    """Shrout & Fleiss (1979), table 4, with the digits of R's psych::ICC."""
    icc = intraclass_correlation(SHROUT_FLEISS)
    single = [round(icc[f"ICC({model},1)"].estimate, 4) for model in (1, 2, 3)]
    average = [round(icc[f"ICC({model},k)"].estimate, 2) for model in (1, 2, 3)]
    assert single == [0.1657, 0.2898, 0.7148]
    assert average == [0.44, 0.62, 0.91]


def _pingouin_icc(ratings):
    """Give pingouin's table of the six ICCs, in our order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pingouin

        long = pd.DataFrame(ratings).melt(ignore_index=False, var_name="annotator").reset_index(names="item")
        return pingouin.intraclass_corr(long, "item", "annotator", "value", nan_policy="omit")


@pytest.mark.parametrize("shape", [(6, 4), (25, 3), (9, 2)])
def test_icc_equals_pingouin(rng, shape):
    ratings = draw_ratings(rng, *shape) + 0.5 * rng.normal(size=shape[1])
    if shape == (6, 4):
        ratings = SHROUT_FLEISS
    icc = intraclass_correlation(ratings)
    expected = _pingouin_icc(ratings)
    np.testing.assert_allclose([e.estimate for e in icc.values()], expected["ICC"], rtol=1e-10)
    bounds = np.array([[e.low, e.high] for e in icc.values()])
    # pingouin rounds its intervals to two digits.
    np.testing.assert_allclose(bounds, np.vstack(expected.filter(like="CI95").iloc[:, 0]), atol=0.00501)


def test_icc_drops_incomplete_items(rng):
    ratings = draw_ratings(rng, 12, 3)
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
        for name, estimate in intraclass_correlation(draw_ratings(rng, n_items, n_annotators)).items():
            covered[name] += estimate.low <= truth[name[-2]] <= estimate.high
    for count in covered.values():
        assert abs(count / n_draws - 0.95) < 3 * np.sqrt(0.95 * 0.05 / n_draws)


def test_items_of_prompts_of_their_own_keep_the_intervals_of_f(rng):
    ratings = draw_ratings(rng, 12, 3)
    assert intraclass_correlation(ratings, clusters=rng.permutation(12)) == intraclass_correlation(ratings)
    assert {estimate.method for estimate in intraclass_correlation(ratings).values()} == {"anova_f"}


def test_items_of_few_prompts_have_intervals_that_leave_out_prompts(rng):
    """ICC(2,1) as the retest of a judge; the ICCs of means are those of one rating, stepped up."""
    ratings, prompts = draw_in_prompts(rng, 12, 4)
    ratings[5, 1] = np.nan
    found = intraclass_correlation(ratings, level=0.9, clusters=prompts)
    assert {(e.n, e.n_clusters, e.method) for e in found.values()} == {(47, 12, "cluster_jackknife_fisher_z")}
    retest = retest_icc(ratings, prompts, level=0.9)
    single = found["ICC(2,1)"]
    np.testing.assert_allclose(
        [single.estimate, single.low, single.high], [retest.estimate, retest.low, retest.high]
    )
    for model in (1, 2, 3):
        one, mean = found[f"ICC({model},1)"], found[f"ICC({model},k)"]
        ends = np.array([one.estimate, one.low, one.high])
        np.testing.assert_allclose([mean.estimate, mean.low, mean.high], 3 * ends / (1 + 2 * ends))
    independent = intraclass_correlation(ratings)
    assert [e.estimate for e in independent.values()] == pytest.approx([e.estimate for e in found.values()])


def test_what_has_no_interval_by_prompts_says_so():
    agreed = np.repeat([[0.1, 0.1, 0.1], [0.2, 0.2, 0.2], [0.7, 0.7, 0.7]], 2, axis=0)
    agreed[:2] = 0.4
    for estimate in intraclass_correlation(agreed, clusters=np.repeat(np.arange(3), 2)).values():
        assert estimate.estimate == pytest.approx(1)
        assert np.isnan([estimate.low, estimate.high]).all()
    of_one = intraclass_correlation(SHROUT_FLEISS, clusters=np.zeros(6))["ICC(2,1)"]
    assert of_one.estimate == pytest.approx(0.28976, abs=1e-5)
    assert np.isnan([of_one.low, of_one.high]).all()
    # every prompt has equal means: how prompts differ is not known
    alike = intraclass_correlation([[1, 2, 3], [2, 3, 1]] * 4, clusters=np.arange(8) // 2)["ICC(1,1)"]
    assert alike.estimate == pytest.approx(-1 / 2)
    assert np.isnan([alike.low, alike.high]).all()


def test_the_mean_of_annotators_has_no_end_below_the_least_of_one():
    """The interval of ICC(1,1) reaches below −1/(k − 1), where the reliability of a mean has no value."""
    ratings = [[1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 3, 3], [2, 1, 3], [3, 2, 2]]
    found = intraclass_correlation(ratings, clusters=np.arange(6) // 2)
    assert found["ICC(1,1)"].low < -1 / 2
    assert np.isfinite(found["ICC(1,k)"].estimate)
    assert np.isnan([found["ICC(1,k)"].low, found["ICC(1,k)"].high]).all()


def test_intervals_by_prompts_cover(rng):
    """Seven videos a prompt, alike by .7: those of F cover .83."""
    n_draws, n_of_f = 250, 0
    covered = dict.fromkeys(intraclass_correlation(SHROUT_FLEISS), 0)
    truth = {"1": 0.5, "k": 0.75}
    for _draw in range(n_draws):
        ratings, prompts = draw_in_prompts(rng, 40, 7)
        for name, estimate in intraclass_correlation(ratings, clusters=prompts).items():
            covered[name] += estimate.low <= truth[name[-2]] <= estimate.high
        of_f = intraclass_correlation(ratings)["ICC(2,1)"]
        n_of_f += of_f.low <= 0.5 <= of_f.high
    for count in covered.values():
        assert abs(count / n_draws - 0.95) < 3 * np.sqrt(0.95 * 0.05 / n_draws)
    assert n_of_f / n_draws < 0.9
