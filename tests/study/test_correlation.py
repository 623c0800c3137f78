"""Correlations of AutoEval with humans at the four levels, against an independent computation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.study.conftest import make_scores
from videophy_lab import study

# Computed from the same ratings by another program before this one was written; printed to four digits.
EXPECTED = {
    ("sa", "pearson", "none"): 0.4152,
    ("sa", "spearman", "none"): 0.4070,
    ("sa", "kendall", "none"): 0.3557,
    ("pc", "pearson", "none"): 0.3945,
    ("pc", "spearman", "none"): 0.3968,
    ("pc", "kendall", "none"): 0.3488,
    ("sa", "spearman", "prompt"): 0.1911,
    ("pc", "spearman", "prompt"): 0.2325,
    ("sa", "spearman", "generator"): 0.4126,
    ("pc", "spearman", "generator"): 0.3977,
    ("sa", "spearman", "both"): 0.1690,
    ("pc", "spearman", "both"): 0.2228,
    ("sa", "pearson", "prompt"): 0.2036,
    ("pc", "pearson", "prompt"): 0.2298,
}


@pytest.fixture(scope="module")
def correlations(human: pd.DataFrame, autoeval: pd.DataFrame) -> pd.DataFrame:
    return study.correlate(human, autoeval)


@pytest.mark.parametrize(("key", "value"), EXPECTED.items())
def test_autoeval_at_every_level(correlations: pd.DataFrame, key: tuple[str, str, str], value: float) -> None:
    row = correlations.set_index(["rating_task", "quantity", "centred_by"]).loc[key]
    assert round(row["estimate"], 4) == value
    assert (row["n_videos"], row["n_prompts"], row["n_missing"]) == (1635, 591, 1762)
    assert row["low"] < row["estimate"] < row["high"]
    assert row["n_generators"] == 7


def test_human_sa_and_pc_go_together_at_one_fifth(human: pd.DataFrame) -> None:
    together = study.correlate_tasks(human, methods=["pearson"]).set_index("centred_by")
    assert round(together.loc["none", "estimate"], 3) == 0.197
    assert together.loc["none", "n_videos"] == 3397


def test_bootstrap_and_jackknife_intervals_agree(human: pd.DataFrame, autoeval: pd.DataFrame) -> None:
    options = {"methods": ["spearman"], "level": "none"}
    jackknife = study.correlate(human, autoeval, **options)
    bootstrap = study.correlate(human, autoeval, **options, interval="bootstrap", n_resamples=2000, seed=1)
    # Both estimate one interval; 2,000 draws leave about .002 of Monte-Carlo error in its ends.
    np.testing.assert_allclose(jackknife[["low", "high"]], bootstrap[["low", "high"]], atol=0.01)
    assert set(bootstrap["seed"]) == {1}


def test_a_metric_meets_both_ratings_and_a_judge_its_own(
    human: pd.DataFrame, rng: np.random.Generator
) -> None:
    sa = human[human["task"].eq("sa")]
    metric = make_scores(sa, rng.normal(size=len(sa)), scorer="sharpness").assign(task="sharpness")
    found = study.correlate(human, metric, methods=["pearson"], level="none")
    assert list(found["rating_task"]) == ["sa", "pc"]
    assert (found["score_task"] == "sharpness").all()


def test_unscored_videos_are_left_out_and_counted(human: pd.DataFrame) -> None:
    values = human["rating"].to_numpy(dtype=float).copy()
    values[::4] = np.nan
    found = study.correlate(human, make_scores(human, values), methods=["pearson"], level="none")
    np.testing.assert_allclose(found["estimate"], 1)
    assert (found["n_videos"] + found["n_missing"]).eq(3397).all()
    assert found["n_missing"].gt(800).all()


def test_a_constant_judge_has_no_correlation(human: pd.DataFrame) -> None:
    found = study.correlate(human, make_scores(human, np.full(len(human), 3.0)), methods=["spearman"])
    assert found["estimate"].isna().all()
    assert found["n_videos"].gt(0).all()


def test_two_settings_of_one_scorer_are_not_mixed(human: pd.DataFrame, autoeval: pd.DataFrame) -> None:
    both = pd.concat([autoeval, autoeval.assign(spec="other")])
    with pytest.raises(ValueError, match="2 settings"):
        study.correlate(human, both)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"level": "prompts"}, "generator_means"),
        ({"methods": ["pearsons"]}, "kendall"),
        ({"interval": "bca"}, "jackknife"),
    ],
)
def test_unknown_options_name_the_allowed_ones(
    human: pd.DataFrame, autoeval: pd.DataFrame, options: dict, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        study.correlate(human, autoeval, **options)


def test_sentinels_say_nothing_where_they_are_decided_by_construction(
    human: pd.DataFrame, autoeval: pd.DataFrame
) -> None:
    found = study.correlate_sentinels(human, autoeval, methods=["spearman"])
    levels = found.groupby("scorer")["centred_by"].agg(set).to_dict()
    assert levels == {
        "leave-one-out prompt mean": {"none", "generator"},
        "generator mean": {"none", "prompt"},
        "constant": {"none"},
    }
    assert found[found["scorer"].eq("constant")]["estimate"].isna().all()
    # only videos that AutoEval scored, and that have a companion of the same prompt
    assert found["n_videos"].le(1635).all()


def test_the_generator_sentinel_never_saw_the_prompt(human: pd.DataFrame) -> None:
    scores = study.score_sentinels(human).query("scorer == 'generator mean' and task == 'pc'")
    ratings = human[human["task"].eq("pc")].set_index("video_id")
    wan = scores[scores["generator"].eq("wan")].merge(ratings["rating"], left_on="video_id", right_index=True)
    half = wan.groupby("score")["rating"].mean()
    assert len(half) == 2
    # each half carries the mean of the other
    np.testing.assert_allclose(half.index.to_numpy(), half.to_numpy()[::-1])


def test_kendall_within_generators_has_the_bootstrap(correlations: pd.DataFrame) -> None:
    by = correlations.set_index(["rating_task", "quantity", "centred_by"])["method"]
    assert by[("sa", "kendall", "generator")] == "cluster_bootstrap"
    assert by[("sa", "kendall", "both")] == "cluster_jackknife_fisher_z"


def test_tables_without_a_common_video_say_so(human: pd.DataFrame, autoeval: pd.DataFrame) -> None:
    other = autoeval.assign(video_id="x" + autoeval["video_id"])
    with pytest.raises(ValueError, match="no video_id in common"):
        study.correlate(human, other)


def test_probes_and_rules_do_not_stand_in_for_videos(human: pd.DataFrame, autoeval: pd.DataFrame) -> None:
    probed = autoeval[autoeval["status"].eq("ok")].head(40)
    extra = pd.concat(
        [
            probed.assign(probe="reverse", score=np.nan, status="failed"),
            probed.assign(rule_id="r", task="rule", score=1.0),
        ]
    )
    both = pd.concat([autoeval, extra], ignore_index=True)
    pd.testing.assert_frame_equal(study.count_videos(human, both), study.count_videos(human, autoeval))
    sentinels = study.score_sentinels(human)
    kept = study.keep_common_videos(sentinels, reference=both)
    assert kept["video_id"].nunique() == 1635


def test_equivalence_names_the_margin(human: pd.DataFrame, autoeval: pd.DataFrame) -> None:
    wide = study.assess_equivalence(human, autoeval, margin=0.3).set_index(["rating_task", "centred_by"])
    assert wide.loc[("pc", "none"), "verdict"] == "non-zero"
    assert wide.loc[("pc", "both"), "verdict"] == "equivalent"
    narrow = study.assess_equivalence(human, autoeval, margin=0.05, level=["both"])
    assert set(narrow["verdict"]) == {"non-zero"}


def test_attenuation_is_corrected_only_where_known(correlations: pd.DataFrame) -> None:
    corrected = study.correct_correlations(correlations, {"pc": 0.64})
    row = corrected.iloc[0]
    assert len(corrected) == 1
    assert row["estimate"] == pytest.approx(0.394528 / 0.8, abs=1e-6)
    assert study.correct_correlations(correlations, {}).empty
