"""Reliability against pingouin, closed forms, naive loops and simulation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pingouin
import pytest

from videophy_lab.stats.reliability import retest_agreement, retest_icc, split_noise


def draw_repeats(rng, *, n_clusters, n_videos, n_repeats, icc, whole=True):
    """Draw repeated answers with a given reliability before rounding; videos of a prompt correlate by .5."""
    clusters = np.repeat(np.arange(n_clusters), n_videos)
    level = np.sqrt(0.5) * (rng.normal(size=n_clusters)[clusters] + rng.normal(size=clusters.size))
    noise = rng.normal(size=(clusters.size, n_repeats))
    answers = 3 + 1.2 * (np.sqrt(icc) * level[:, None] + np.sqrt(1 - icc) * noise)
    return (np.clip(np.rint(answers), 1, 5) if whole else answers), clusters


def draw_worded(rng, *, n_clusters, n_videos, wording, sampling, shift=0.0):
    """Draw three answers to a first wording and one to each of two others, with given variances."""
    clusters = np.repeat(np.arange(n_clusters), n_videos)
    n = clusters.size
    level = np.sqrt(0.5) * (rng.normal(size=n_clusters)[clusters] + rng.normal(size=n))
    cells = level[:, None] + np.sqrt(wording) * rng.normal(size=(n, 3)) + shift * np.array([0, 1, -1])
    full = cells[:, :, None] + np.sqrt(sampling) * rng.normal(size=(n, 3, 3))
    full[:, 1:, 1:] = np.nan
    return full, clusters


@pytest.mark.parametrize("n_repeats", [2, 4])
def test_the_icc_is_pingouins(rng, n_repeats):
    answers, clusters = draw_repeats(rng, n_clusters=15, n_videos=2, n_repeats=n_repeats, icc=0.6)
    long = pd.DataFrame(answers).stack().rename_axis(["video", "repeat"]).rename("answer").reset_index()
    table = pingouin.intraclass_corr(long, targets="video", raters="repeat", ratings="answer")
    expected = table.set_index("Type").loc["ICC(A,1)", "ICC"]
    found = retest_icc(answers, clusters)
    assert found.estimate == pytest.approx(expected, abs=1e-9)
    assert found.low < found.estimate < found.high
    assert (found.n, found.n_clusters) == (30, 15)


def test_a_judge_that_repeats_itself_is_perfect_and_one_that_is_constant_has_no_icc():
    answers = np.tile(np.array([[1.0], [3.0], [4.0], [4.0]]), 3)
    perfect = retest_icc(answers, np.arange(4))
    assert perfect.estimate == 1
    assert np.isnan([perfect.low, perfect.high]).all()
    assert np.isnan(retest_icc(np.full((4, 3), 4.0), np.arange(4)).estimate)
    same = retest_agreement(answers, np.arange(4))
    # up to 1 - .025^(1/4) of other videos may not repeat
    assert (same.estimate, same.low, same.high) == pytest.approx((1, 0.025 ** (1 / 4), 1))


def test_agreement_equals_a_naive_loop_and_leaves_out_single_answers(rng):
    answers = rng.integers(1, 4, size=(20, 4)).astype(float)
    answers[0, 1:] = np.nan
    answers[1, 3] = np.nan
    shares = []
    for row in answers[1:]:
        pairs = list(combinations(row[~np.isnan(row)], 2))
        shares.append(sum(a == b for a, b in pairs) / len(pairs))
    found = retest_agreement(answers, np.arange(20))
    assert found.estimate == pytest.approx(np.mean(shares), abs=1e-12)
    assert found.n == 19


def test_a_missing_answer_leaves_its_video_out_of_the_icc(rng):
    answers, clusters = draw_repeats(rng, n_clusters=10, n_videos=1, n_repeats=3, icc=0.7)
    holes = answers.copy()
    holes[4, 1] = np.nan
    kept = np.delete(np.arange(10), 4)
    assert retest_icc(holes, clusters) == retest_icc(answers[kept], clusters[kept])


@pytest.mark.parametrize("icc", [0.4, 0.9])
def test_coverage_of_the_icc(rng, icc):
    """Twelve prompts of three videos, answers rounded to 1-5."""
    large, _ = draw_repeats(np.random.default_rng(0), n_clusters=40_000, n_videos=1, n_repeats=2, icc=icc)
    truth = np.corrcoef(large.T)[0, 1]
    n_draws, hits = 250, 0
    for _ in range(n_draws):
        found = retest_icc(*draw_repeats(rng, n_clusters=12, n_videos=3, n_repeats=2, icc=icc))
        hits += found.low <= truth <= found.high
    assert hits / n_draws > 0.95 - 3 * np.sqrt(0.95 * 0.05 / n_draws)


def test_balanced_components_are_those_of_the_classical_table(rng):
    """Against mean squares written out for a balanced two-way layout with repeats."""
    cube = rng.normal(size=(9, 3, 2)) + rng.normal(size=(9, 1, 1)) + 0.5 * rng.normal(size=(9, 3, 1))
    means, overall = cube.mean(axis=2), cube.mean()
    n_videos, n_wordings, n_repeats = cube.shape
    within = sum((cube[v, w] - means[v, w]) @ (cube[v, w] - means[v, w]) for v in range(9) for w in range(3))
    within /= n_videos * n_wordings * (n_repeats - 1)
    of_v, of_w = means.mean(axis=1), means.mean(axis=0)
    ms_v = n_wordings * n_repeats * np.sum((of_v - overall) ** 2) / (n_videos - 1)
    ms_w = n_videos * n_repeats * np.sum((of_w - overall) ** 2) / (n_wordings - 1)
    ms_vw = n_repeats * np.sum((means - of_v[:, None] - of_w + overall) ** 2) / 16
    found = split_noise(cube, np.arange(9))
    assert found.sampling.estimate == pytest.approx(within)
    assert found.video.estimate == pytest.approx((ms_v - ms_vw) / (n_wordings * n_repeats))
    shift = (ms_w - ms_vw) / (n_videos * n_repeats)
    assert found.wording.estimate == pytest.approx(shift + (ms_vw - within) / n_repeats)
    assert found.together.estimate == pytest.approx(found.wording.estimate + within)


def test_without_repeats_video_and_noise_together_make_pingouins_icc(rng):
    answers, clusters = draw_repeats(rng, n_clusters=20, n_videos=1, n_repeats=3, icc=0.5)
    found = split_noise(answers[:, :, None], clusters)
    assert np.isnan([found.sampling.estimate, found.wording.estimate]).all()
    expected = retest_icc(answers, clusters).estimate
    share = found.video.estimate / (found.video.estimate + found.together.estimate)
    assert share == pytest.approx(expected)


def test_repeats_alone_know_nothing_of_wording(rng):
    answers, clusters = draw_repeats(rng, n_clusters=20, n_videos=1, n_repeats=3, icc=0.5)
    found = split_noise(answers[:, None, :], clusters)
    assert found.sampling.estimate == pytest.approx(np.mean(answers.var(axis=1, ddof=1)))
    assert np.isnan(found.wording.estimate)
    assert found.shares["video"] + found.shares["sampling"] == pytest.approx(1)
    assert np.isnan(found.shares["wording"])


def test_paraphrase_noise_is_told_from_sampling_noise(rng):
    loud, clusters = draw_worded(rng, n_clusters=60, n_videos=2, wording=0.6, sampling=0.1)
    found = split_noise(loud, clusters)
    assert found.wording.low > found.sampling.high
    dice, clusters = draw_worded(rng, n_clusters=60, n_videos=2, wording=0.0, sampling=0.7)
    found = split_noise(dice, clusters)
    assert found.sampling.low > found.wording.high
    assert found.wording.low <= 0 <= found.wording.high


def test_a_shift_of_all_videos_by_a_wording_is_paraphrase_noise(rng):
    worded, clusters = draw_worded(rng, n_clusters=40, n_videos=1, wording=0.0, sampling=0.05, shift=0.8)
    # the variance of 0, .8 and -.8
    assert split_noise(worded, clusters).wording.estimate == pytest.approx(0.64, abs=0.1)


def test_a_negative_component_is_shown_and_its_share_held_at_0():
    """Each video's two wordings differ less than repeats of the first say they would."""
    cube = np.full((4, 2, 2), np.nan)
    cube[:, 0] = [[1, 3], [2, 4], [3, 5], [5, 7]]
    cube[:, 1, 0] = [2, 3, 4, 6]
    found = split_noise(cube, np.arange(4))
    assert found.wording.estimate < 0
    assert found.shares["wording"] == 0
    assert sum(found.shares.values()) == pytest.approx(1)


def test_the_components_are_unbiased(rng):
    """Also with a third of the cells repeated: their means over draws are the truth."""
    found = np.array(
        [
            [getattr(noise, name).estimate for name in ("video", "wording", "sampling", "together")]
            for noise in (
                split_noise(*draw_worded(rng, n_clusters=6, n_videos=2, wording=0.2, sampling=0.3))
                for _ in range(300)
            )
        ]
    )
    errors = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - [1, 0.2, 0.3, 0.5]) < 3.5 * errors).all()


def test_a_video_without_an_answer_to_a_wording_is_left_out_and_counted(rng):
    cube, clusters = draw_worded(rng, n_clusters=8, n_videos=1, wording=0.2, sampling=0.3)
    holes = cube.copy()
    holes[2, 1] = np.nan
    found = split_noise(holes, clusters)
    kept = np.delete(np.arange(8), 2)
    assert found.n_left_out == 1
    assert found.video == split_noise(cube[kept], clusters[kept]).video


def test_another_shape_and_nothing():
    with pytest.raises(ValueError, match="give \\(videos, wordings, repeats\\)"):
        split_noise(np.ones((3, 2)), np.arange(3))
    with pytest.raises(ValueError, match="differ in length"):
        retest_icc(np.ones((3, 2)), np.arange(2))
    nothing = split_noise(np.ones((0, 2, 2)), np.array([]))
    assert np.isnan(nothing.video.estimate)
