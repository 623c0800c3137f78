"""Correlations at the levels of centring: published values, other programs, and repeated sampling."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from tests.conftest import GOLDEN, ROOT
from tests.stats.made_videos import make_videos, simulate_normal
from videophy_lab.stats.correlation import (
    CENTRINGS,
    METHODS,
    centred_correlation,
    centred_correlation_interval,
    correlation,
    group_mean,
    leave_one_out_mean,
)

REFERENCE = pd.read_csv(GOLDEN / "correlation_reference.csv")
WITHIN = CENTRINGS[:4]


def load_videos(name, request):
    """Give one row a video with the columns prompt, generator and the values."""
    if name == "videophy2":
        videos = pd.read_csv(ROOT / "data" / "videophy2" / "ratings.csv")
        return videos.rename(columns={"prompt_id": "prompt"}).dropna(subset=["autoeval_sa", "autoeval_pc"])
    folder = request.getfixturevalue("shared") / "data" / "fetv"
    ratings = pd.read_csv(folder / "ratings.csv").groupby(["prompt", "gen"])[["static", "temporal", "align"]]
    videos = pd.read_csv(folder / "metrics.csv").join(ratings.mean(), on=["prompt", "gen"])
    videos = videos.rename(columns={"gen": "generator"})
    return videos[videos.generator != "ground-truth"] if name == "fetv_generated" else videos


# Reference values


@pytest.mark.parametrize(
    "row", REFERENCE.itertuples(), ids=lambda r: f"{r.data}-{r.y}-{r.centred_by}-{r.method}"
)
def test_reference_values(row, request):
    videos = load_videos(row.data, request)
    value = centred_correlation(
        videos[row.x],
        videos[row.y],
        videos.prompt,
        videos.generator,
        centred_by=row.centred_by,
        method=row.method,
    )
    assert round(value, row.decimals) == row.value


def test_the_prompt_sentinel_beats_the_metrics_of_fetv(request):
    videos = load_videos("fetv_generated", request)
    sentinel = leave_one_out_mean(videos["align"], videos.prompt)
    # Project notes on FETV: .550, above the best metric's .463.
    assert round(correlation(sentinel, videos["align"], method="spearman"), 3) == 0.550
    assert round(correlation(videos.BLIPScore, videos["align"], method="spearman"), 3) == 0.463


def test_centred_by_prompt_is_the_repeated_measures_correlation():
    # Bland & Altman's data (1995): −.50677 in Bakdash & Marusich 2017, Front. Psychol. 8:456; pingouin too.
    pingouin = pytest.importorskip("pingouin")
    table = pingouin.read_dataset("rm_corr")
    value = centred_correlation(
        table.pH, table.PacO2, table.Subject, np.zeros(len(table)), centred_by="prompt", method="pearson"
    )
    assert_allclose(value, -0.50677, atol=5e-6)


def test_centred_by_both_is_pingouins_partial_correlation(rng):
    pingouin = pytest.importorskip("pingouin")
    x, y, prompts, generators = make_videos(rng, n_prompts=9, n_generators=4)
    table = pd.DataFrame({"x": x, "y": y})
    covariates = pd.concat(
        [
            pd.get_dummies(g, drop_first=True, prefix=n, dtype=float)
            for n, g in (("p", prompts), ("g", generators))
        ],
        axis=1,
    )
    expected = pingouin.partial_corr(table.join(covariates), "x", "y", list(covariates)).r.iloc[0]
    value = centred_correlation(x, y, prompts, generators, centred_by="both", method="pearson")
    assert_allclose(value, expected, atol=1e-10)


@pytest.mark.parametrize(
    ("method", "oracle"), zip(METHODS, (stats.pearsonr, stats.spearmanr, stats.kendalltau), strict=True)
)
def test_plain_correlation_is_scipys(method, oracle, rng):
    x, y, _, _ = make_videos(rng)
    assert_allclose(correlation(x, y, method=method), oracle(x, y).statistic, atol=1e-12)
    assert correlation(x, -x, method=method) == pytest.approx(-1, abs=1e-12)
    assert np.isnan(correlation(x, np.full(len(x), 0.1), method=method))
    assert np.isnan(correlation([1.0], [2.0], method=method))
    assert np.isnan(correlation([], [], method=method))


def test_the_bootstrap_is_seeded_and_needs_a_generator(rng):
    x, y, prompts, generators = make_videos(rng, n_prompts=40)
    options = {"centred_by": "generator", "method": "spearman", "interval": "bootstrap", "n_resamples": 400}
    first, second = (
        centred_correlation_interval(x, y, prompts, generators, rng=np.random.default_rng(5), **options)
        for _ in range(2)
    )
    assert first == second
    assert first.method == "cluster_bootstrap"
    assert first.low < first.estimate < first.high
    with pytest.raises(ValueError, match=r"give rng=numpy\.random\.default_rng"):
        centred_correlation_interval(x, y, prompts, generators, **options)


@pytest.mark.parametrize("centred_by", WITHIN)
@pytest.mark.parametrize("method", METHODS)
def test_what_the_groups_explain_completely_is_undefined(centred_by, method, rng):
    _, y, prompts, generators = make_videos(rng)
    constant, by_generator = np.full(len(y), 0.1), group_mean(y, generators)
    x = {"none": constant, "generator": by_generator, "prompt": 0.1 * prompts, "both": 0.1 * prompts}[
        centred_by
    ]
    estimate = centred_correlation_interval(x, y, prompts, generators, centred_by=centred_by, method=method)
    assert np.isnan([estimate.estimate, estimate.low, estimate.high]).all()


def test_no_rows_one_row_and_one_prompt():
    for n in (0, 1, 6):
        x = np.arange(n, dtype=float)
        for interval in ("jackknife", "bootstrap"):
            estimate = centred_correlation_interval(
                x, x**2, np.zeros(n), x % 3, centred_by="none", method="spearman",
                interval=interval, n_resamples=20, rng=np.random.default_rng(1),
            )  # fmt: skip
            assert np.isnan(estimate.estimate) == (n < 2)
            assert (estimate.n, estimate.n_clusters) == (n, min(n, 1))
            assert np.isnan(estimate.low) == (n < 2 or interval == "jackknife")


def test_bad_input_is_named(rng):
    x, y, prompts, generators = make_videos(rng)
    options = {"centred_by": "prompt", "method": "pearson"}
    holes = np.where(np.arange(len(y)) < 4, np.nan, y)
    with pytest.raises(ValueError, match="column 1 has 4 missing or infinite values in 52 rows"):
        centred_correlation(x, holes, prompts, generators, **options)
    with pytest.raises(ValueError, match="give two columns of equal length"):
        centred_correlation(x, y[1:], prompts, generators, **options)
    with pytest.raises(ValueError, match="52 values but 51 prompts"):
        centred_correlation(x, y, prompts[1:], generators[1:], **options)
    with pytest.raises(ValueError, match="centred_by='item' is unknown: choose one of none, generator"):
        centred_correlation(x, y, prompts, generators, centred_by="item", method="pearson")
    with pytest.raises(ValueError, match="method='tau' is unknown"):
        correlation(x, y, method="tau")
    with pytest.raises(ValueError, match="interval='iid' is unknown"):
        centred_correlation_interval(x, y, prompts, generators, interval="iid", **options)


# Between generators


def make_generator_means(r, n_generators, rng):
    """Make generators whose mean scores correlate r exactly, three prompts each."""
    basis = np.linalg.qr(np.column_stack([np.ones(n_generators), rng.normal(size=(n_generators, 2))]))[0]
    means = np.column_stack([basis[:, 1], r * basis[:, 1] + np.sqrt(1 - r * r) * basis[:, 2]])
    noise = np.array([-1.0, 0.0, 1.0])
    rows = means[:, None, :] + noise[None, :, None]
    return (
        *rows.reshape(-1, 2).T,
        np.tile(np.arange(3), n_generators),
        np.repeat(np.arange(n_generators), 3),
    )


def test_between_generators_uses_fishers_z(rng):
    # Seven generators and r = .5: [−.41, .91] in the project's notes.
    videos = make_generator_means(0.5, 7, rng)
    estimate = centred_correlation_interval(*videos, centred_by="generator_means", method="pearson")
    assert_allclose([estimate.estimate, estimate.low, estimate.high], [0.5, -0.41, 0.91], atol=0.005)
    expected = stats.pearsonr(*(group_mean(v, videos[3])[::3] for v in videos[:2])).confidence_interval(0.95)
    assert_allclose([estimate.low, estimate.high], expected, atol=1e-12)
    assert (estimate.method, estimate.n, estimate.n_clusters) == ("fisher_z_generators", 7, 3)


@pytest.mark.parametrize(("method", "fewest"), [("pearson", 4), ("spearman", 4), ("kendall", 5)])
def test_between_too_few_generators_there_is_no_interval(method, fewest, rng):
    x, y, prompts, generators = make_videos(rng, n_generators=5, share=1.0)
    x = x + np.array([0.0, 3.0, 1.0, 4.0, 2.0])[np.unique(generators, return_inverse=True)[1]] * 10
    for n_generators in (3, 4, 5):
        keep = generators < "abcdef"[n_generators]
        estimate = centred_correlation_interval(
            x[keep], y[keep], prompts[keep], generators[keep], centred_by="generator_means", method=method
        )
        assert np.isfinite(estimate.estimate)
        assert np.isnan(estimate.low) == (n_generators < fewest or abs(estimate.estimate) == 1)


# Repeated sampling


@pytest.mark.parametrize("centred_by", WITHIN)
def test_the_jackknife_interval_covers(centred_by):
    # Pooled by Spearman against its value for a bivariate normal, centred by Pearson; pooled r is .4,
    # within generators too, within prompts .2.
    rng = np.random.default_rng(2026)
    n_replications = 800
    method = "spearman" if centred_by == "none" else "pearson"
    pooled = 6 / np.pi * np.arcsin(0.4 / 2)
    true = {"none": pooled, "generator": 0.4, "prompt": 0.2, "both": 0.2}[centred_by]
    covered = np.empty(n_replications, dtype=bool)
    for replication in range(n_replications):
        values, prompts, generators = simulate_normal(rng, between=0.6, within=0.2)
        if centred_by in ("generator", "both"):
            values = values + np.array([[0.0, 1.0], [2.0, -1.0], [0.5, 0.0], [1.0, 3.0]])[generators]
        estimate = centred_correlation_interval(
            *values.T, prompts, generators, centred_by=centred_by, method=method
        )
        covered[replication] = estimate.low <= true <= estimate.high
    assert abs(covered.mean() - 0.95) < 3 * np.sqrt(0.95 * 0.05 / n_replications)
