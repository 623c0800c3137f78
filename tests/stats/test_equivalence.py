"""Verdicts of "no correlation" and correction for attenuation: by hand and in repeated sampling."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.stats.made_videos import make_videos, simulate_normal
from videophy_lab.stats.attenuation import correct_attenuation
from videophy_lab.stats.correlation import (
    centred_correlation_interval,
    equivalence_verdict,
    estimate_at_levels,
)
from videophy_lab.stats.equivalence import judge_equivalence
from videophy_lab.stats.estimate import Estimate


@pytest.mark.parametrize(
    ("ends90", "ends95", "verdict"),
    [
        ((-0.2, 0.25), (-0.24, 0.29), "equivalent"),
        ((0.05, 0.25), (0.02, 0.31), "equivalent"),
        ((0.1, 0.3), (0.05, 0.35), "non-zero"),
        ((-0.5, -0.1), (-0.6, -0.05), "non-zero"),
        ((0.01, 0.4), (-0.02, 0.45), "inconclusive"),
        ((np.nan, np.nan), (np.nan, np.nan), "inconclusive"),
    ],
)
def test_verdicts(ends90, ends95, verdict):
    at_90, at_95 = (Estimate(0.1, *e, lv, "any", 9, 3) for e, lv in ((ends90, 0.9), (ends95, 0.95)))
    judged = judge_equivalence(at_90, at_95, margin=0.3)
    assert judged.verdict == verdict
    assert_array_equal((judged.low90, judged.high90, judged.low95, judged.high95), (*ends90, *ends95))


def test_verdict_of_data_and_bad_margins(rng):
    x, y, prompts, generators = make_videos(rng, n_prompts=40)
    options = {"centred_by": "prompt", "method": "spearman"}
    judged = equivalence_verdict(x, y, prompts, generators, margin=0.9, **options)
    at_95 = centred_correlation_interval(x, y, prompts, generators, **options)
    assert (judged.estimate, judged.low95, judged.high95) == (at_95.estimate, at_95.low, at_95.high)
    assert judged.low95 < judged.low90 < judged.estimate < judged.high90 < judged.high95
    assert (judged.verdict, judged.margin) == ("equivalent", 0.9)
    with pytest.raises(ValueError, match="margin=1 is not a correlation above 0 and below 1"):
        equivalence_verdict(x, y, prompts, generators, margin=1, **options)
    with pytest.raises(ValueError, match=r"give \.90 first, then \.95"):
        judge_equivalence(at_95, at_95, margin=0.3)


def test_attenuation_is_corrected_and_never_clipped():
    observed = Estimate(0.36, 0.18, 0.54, 0.95, "cluster_jackknife_fisher_z", 100, 20)
    # Spearman 1904: r/√(r_xx r_yy), .36/√(.36·.25) = 1.2.
    corrected = correct_attenuation(observed, reliability_x=0.36, reliability_y=0.25)
    assert_allclose([corrected.estimate, corrected.low, corrected.high], [1.2, 0.6, 1.8], atol=1e-12)
    assert corrected.method == "cluster_jackknife_fisher_z_disattenuated"
    assert (corrected.level, corrected.n, corrected.n_clusters) == (0.95, 100, 20)
    # FETV alignment: ICC(2, k) .8242 puts the ceiling at .908.
    ceiling = correct_attenuation(Estimate(0.908, 0.9, 0.91, 0.95, "any", 1, 1), reliability_x=0.8242)
    assert_allclose(ceiling.estimate, 1, atol=5e-4)


@pytest.mark.parametrize("reliability", [0, -0.1, 1.01, np.nan])
def test_impossible_reliabilities_are_refused(reliability):
    observed = Estimate(0.36, 0.18, 0.54, 0.95, "any", 100, 20)
    with pytest.raises(ValueError, match=r"reliability_y=.* is outside \(0, 1\]"):
        correct_attenuation(observed, reliability_x=0.5, reliability_y=reliability)


def test_equivalence_is_claimed_wrongly_in_five_percent_and_correction_covers():
    rng = np.random.default_rng(11)
    n_replications = 800
    verdicts, corrected = [], []
    for _ in range(n_replications):
        # r = .3 at the margin between error-free values; noise of variance .25 makes reliabilities of .8.
        values, prompts, generators = simulate_normal(rng, between=0.3, within=0.3, n_prompts=70)
        at_90, at_95 = estimate_at_levels(
            *values.T, prompts, generators, centred_by="none", method="pearson", levels=(0.90, 0.95)
        )
        verdicts.append(judge_equivalence(at_90, at_95, margin=0.3).verdict)
        noisy = values + rng.normal(size=values.shape) * 0.5
        observed = centred_correlation_interval(
            *noisy.T, prompts, generators, centred_by="none", method="pearson"
        )
        estimate = correct_attenuation(observed, reliability_x=0.8, reliability_y=0.8)
        corrected.append(estimate.low <= 0.3 <= estimate.high)
    claimed = np.mean([verdict == "equivalent" for verdict in verdicts])
    assert abs(claimed - 0.05) < 3 * np.sqrt(0.05 * 0.95 / n_replications)
    assert abs(np.mean(corrected) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / n_replications)
