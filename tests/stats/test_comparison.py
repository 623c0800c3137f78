"""Two judges compared: the linear path against plain loops, and simulated error rates under clustering."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats as scipy_stats

from videophy_lab.stats.comparison import compare_judges
from videophy_lab.stats.estimate import estimate_from_jackknife


def draw_judges(rng, *, n_prompts=100, n_videos=5, rho=(0.5, 0.5), icc=0.0, icc_error=(0.0, 0.0)):
    """Draw human values and two judges; true values and errors share parts within a prompt."""
    clusters = np.repeat(np.arange(n_prompts), n_videos)

    def draw(share):
        by_prompt, by_video = rng.normal(size=n_prompts)[clusters], rng.normal(size=clusters.size)
        return np.sqrt(share) * by_prompt + np.sqrt(1 - share) * by_video

    human = draw(icc)
    judges = (r * human + np.sqrt(1 - r**2) * draw(e) for r, e in zip(rho, icc_error, strict=True))
    return human, *judges, clusters


def simulate_rejections(rng, *, by_video=False, statistic="pearson", n_draws=1000, **options):
    rejected = 0
    for _ in range(n_draws):
        human, a, b, clusters = draw_judges(rng, **options)
        units = np.arange(clusters.size) if by_video else clusters
        found = compare_judges(human, a, b, units, rng=rng, statistic=statistic, n_permutations=199)
        rejected += found.p_value <= 0.05
    return rejected / n_draws


THREE_SE = 3 * np.sqrt(0.95 * 0.05 / 1000)


@pytest.mark.parametrize(("icc", "icc_error"), [(0, 0), (0.2, 0.3), (0.5, 0.6)])
def test_prompt_swap_holds_its_level(rng, icc, icc_error):
    rate = simulate_rejections(rng, icc=icc, icc_error=(icc_error, icc_error))
    assert rate == pytest.approx(0.05, abs=THREE_SE)


def test_prompt_swap_holds_its_level_for_unlike_judges(rng):
    # Equal correlations, but only one judge's errors stick to the prompt.
    rate = simulate_rejections(rng, icc=0.3, icc_error=(0.0, 0.6))
    assert rate == pytest.approx(0.05, abs=THREE_SE)


def test_video_swap_does_not_hold_its_level(rng):
    rate = simulate_rejections(rng, icc=0.5, icc_error=(0.6, 0.6), by_video=True, n_draws=200)
    assert rate > 0.05 + 3 * np.sqrt(0.95 * 0.05 / 200)


def test_prompt_swap_has_power(rng):
    assert simulate_rejections(rng, icc=0.3, icc_error=(0.3, 0.3), rho=(0.6, 0.4), n_draws=60) > 0.9


@pytest.mark.parametrize(("statistic", "n_draws"), [("pearson", 600), ("spearman", 150)])
def test_interval_coverage(rng, statistic, n_draws):
    # Both judges' true correlations are known: for normal values Spearman's is 6/π asin(ρ/2).
    rho = np.array([0.6, 0.4])
    true = rho if statistic == "pearson" else 6 / np.pi * np.arcsin(rho / 2)
    covered = 0
    for _ in range(n_draws):
        drawn = draw_judges(rng, n_prompts=40, icc=0.3, icc_error=(0.4, 0.4), rho=rho)
        found = compare_judges(*drawn, rng=rng, statistic=statistic, n_permutations=1)
        covered += found.low <= true[0] - true[1] <= found.high
    assert covered / n_draws == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / n_draws))


def pearson(human, judge):
    return float(scipy_stats.pearsonr(human, judge).statistic)


@pytest.mark.parametrize(
    ("name", "oracle"),
    [
        ("pearson", pearson),
        ("spearman", lambda human, judge: float(scipy_stats.spearmanr(human, judge).statistic)),
        ("kendall", lambda human, judge: float(scipy_stats.kendalltau(human, judge).statistic)),
        ("accuracy", lambda human, judge: float(np.mean(human == judge))),
    ],
)
def test_difference_and_interval_equal_scipy(rng, name, oracle):
    human, a, b, clusters = draw_judges(rng, n_prompts=13, n_videos=4, icc=0.2)
    human, a, b = (np.round(values) for values in (human, a, b))
    found = compare_judges(human, a, b, clusters, rng=rng, statistic=name, n_permutations=9, level=0.9)
    assert found.agreement_a == pytest.approx(oracle(human, a), abs=1e-14)
    assert found.agreement_b == pytest.approx(oracle(human, b), abs=1e-14)
    kept = [clusters != cluster for cluster in range(13)]
    replicates = np.array([oracle(human[k], a[k]) - oracle(human[k], b[k]) for k in kept])
    expected = estimate_from_jackknife(oracle(human, a) - oracle(human, b), replicates, n=52, level=0.9)
    np.testing.assert_allclose(
        (found.difference, found.low, found.high),
        (expected.estimate, expected.low, expected.high),
        atol=1e-12,
    )
    assert (found.n, found.n_clusters, found.n_permutations, found.level) == (52, 13, 9, 0.9)


@pytest.mark.parametrize(("name", "scale"), [("pearson", "z"), ("spearman", "rank")])
def test_linear_path_equals_plain_swaps(name, scale):
    human, a, b, clusters = draw_judges(np.random.default_rng(3), n_prompts=17, n_videos=4, rho=(0.7, 0.2))
    human, b = np.round(human), np.round(np.exp(b), 1)
    fast = compare_judges(
        human, a, b, clusters, rng=np.random.default_rng(8), statistic=name, n_permutations=300
    )
    # As a callable the same swaps go through the plain path, on the mid-ranks of human values for Spearman.
    target = scipy_stats.rankdata(human) if name == "spearman" else human
    plain = compare_judges(
        target,
        a,
        b,
        clusters,
        rng=np.random.default_rng(8),
        statistic=pearson,
        scale=scale,
        n_permutations=300,
    )
    assert fast.p_value == plain.p_value
    assert 0.005 < fast.p_value < 0.9
    assert (plain.statistic, plain.scale, fast.scale) == ("pearson", scale, scale)


def test_p_value_approaches_the_exact_one(rng):
    human, a, b, clusters = draw_judges(rng, n_prompts=8, n_videos=3, rho=(0.8, 0.2))
    z_a, z_b = scipy_stats.zscore(a), scipy_stats.zscore(b)
    observed = pearson(human, a) - pearson(human, b)
    extreme = []
    for swap in product([False, True], repeat=8):
        swapped = np.array(swap)[clusters]
        first, second = np.where(swapped, z_b, z_a), np.where(swapped, z_a, z_b)
        difference = pearson(human, first) - pearson(human, second)
        extreme.append(abs(difference) >= abs(observed) - 1e-12)
    exact = np.mean(extreme)
    found = compare_judges(human, a, b, clusters, rng=rng, statistic="pearson", n_permutations=5000)
    assert found.p_value == pytest.approx(exact, abs=3 * np.sqrt(exact * (1 - exact) / 5000) + 1 / 5001)
    assert 0.01 < exact < 0.9


def test_only_order_matters_for_ranks(rng):
    human, a, b, clusters = draw_judges(rng, n_prompts=20, n_videos=3, rho=(0.6, 0.5))
    one = compare_judges(
        human, a, b, clusters, rng=np.random.default_rng(1), statistic="kendall", n_permutations=99
    )
    other = compare_judges(
        human,
        np.exp(a),
        7 * b - 3,
        clusters,
        rng=np.random.default_rng(1),
        statistic="kendall",
        n_permutations=99,
    )
    assert other == one


def test_same_judge_twice(rng):
    human, a, _, clusters = draw_judges(rng, n_prompts=11, n_videos=3)
    found = compare_judges(human, a, a, clusters, rng=rng, n_permutations=50)
    assert (found.difference, found.p_value) == (0, 1)


def test_undefined_is_nan(rng):
    human, a, _, clusters = draw_judges(rng, n_prompts=11, n_videos=3)
    for statistic in ("pearson", "spearman", "kendall"):
        found = compare_judges(
            human, a, np.ones(33), clusters, rng=rng, statistic=statistic, n_permutations=5
        )
        assert np.isnan([found.agreement_b, found.difference, found.low, found.high, found.p_value]).all()
        assert np.isfinite(found.agreement_a)
    one_prompt = compare_judges(human, a, -a, np.zeros(33), rng=rng, n_permutations=20)
    assert np.isnan([one_prompt.low, one_prompt.high]).all()
    assert one_prompt.p_value == 1


def test_wrong_input_is_named(rng):
    with pytest.raises(ValueError, match="judge_b is missing or infinite in 1 of 3"):
        compare_judges([1, 2, 3], [1, 2, 3], [1, 2, np.nan], list("abc"), rng=rng)
    with pytest.raises(ValueError, match="differ in length"):
        compare_judges([1, 2, 3], [1, 2, 3], [1, 2], list("abc"), rng=rng)
    with pytest.raises(ValueError, match="choose pearson, spearman, kendall, accuracy"):
        compare_judges([1, 2, 3], [1, 2, 3], [1, 3, 2], list("abc"), rng=rng, statistic="tau")
    with pytest.raises(ValueError, match="choose raw, z or rank"):
        compare_judges([1, 2, 3], [1, 2, 3], [1, 3, 2], list("abc"), rng=rng, scale="log")
    with pytest.raises(ValueError, match="0 permutations"):
        compare_judges([1, 2, 3], [1, 2, 3], [1, 3, 2], list("abc"), rng=rng, n_permutations=0)
    with pytest.raises(ValueError, match="0 videos"):
        compare_judges([], [], [], [], rng=rng)
