"""Quality metrics against ratings: names, p values and Holm by hand, printed numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.study.conftest import make_ratings, make_scores
from videophy_lab import study
from videophy_lab.study.quality import find_p_value

PRINTED = pd.DataFrame(
    {"metric": ["aesthetic score"], "rating_task": ["pc"], "printed": ["0.09"], "source": ["a paper"]}
)


@pytest.fixture
def ratings(rng: np.random.Generator) -> pd.DataFrame:
    values = rng.integers(1, 6, size=(3, 30, 2)).astype(float)
    return make_ratings(
        {f"g{k}": {f"p{i:02d}": tuple(pair) for i, pair in enumerate(rows)} for k, rows in enumerate(values)}
    )


def make_metric(ratings: pd.DataFrame, task: str, values: np.ndarray, scorer: str = "") -> pd.DataFrame:
    videos = ratings[ratings["task"].eq("pc")].assign(task=task)
    return make_scores(videos, values, scorer or task)


def make_metrics(ratings: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    pc = ratings.loc[ratings["task"].eq("pc"), "rating"].to_numpy()
    noise = rng.normal(size=(3, len(pc)))
    values = {"strong": pc + noise[0], "weak": 0.2 * pc + noise[1], "none": noise[2], "still": 0 * pc}
    return pd.concat([make_metric(ratings, *pair) for pair in values.items()], ignore_index=True)


def test_only_metrics_are_kept_and_named_by_their_task(ratings: pd.DataFrame) -> None:
    n = ratings["video_id"].nunique()
    judge = make_scores(ratings, np.ones(len(ratings)), "judge")
    rules = make_metric(ratings, "rule", np.ones(n), "judge").assign(rule_id="r1")
    probed = make_metric(ratings, "sharpness", np.ones(n)).assign(probe="freeze")
    own = make_metric(ratings, "dynamic_magnitude", np.ones(n), "dynamic_degree")
    same = [make_metric(ratings, "sharpness", np.ones(n), name) for name in ("ours", "theirs")]
    scores = pd.concat([judge, rules, probed, own, *same], ignore_index=True)
    kept = study.keep_metrics(scores)
    assert list(dict.fromkeys(kept["scorer"])) == [
        "dynamic_magnitude",
        "sharpness by ours",
        "sharpness by theirs",
    ]
    assert kept["task"].eq(kept["scorer"]).all()
    assert set(kept["measured_by"]) == {"dynamic_degree", "ours", "theirs"}
    assert set(study.keep_metrics(scores, ["dynamic_magnitude"])["scorer"]) == {"dynamic_magnitude"}
    with pytest.raises(ValueError, match="no metric 'sharpnes'; did you mean"):
        study.keep_metrics(scores, ["sharpnes"])
    with pytest.raises(ValueError, match=r"hold no metric.*tasks: pc, rule, sa"):
        study.keep_metrics(pd.concat([judge, rules]))


def test_a_judge_becomes_the_rater(ratings: pd.DataFrame) -> None:
    values = np.linspace(0, 1, len(ratings))
    values[0] = np.nan
    scores = make_scores(ratings, values, "judge")
    taken = study.take_judge_as_ratings(scores, "judge")
    assert list(taken.columns) == ["video_id", "prompt_id", "generator", "task", "rating"]
    assert taken["rating"].tolist() == values[1:].tolist()
    with pytest.raises(ValueError, match="no judge 'jugde'; did you mean judge"):
        study.take_judge_as_ratings(scores, "jugde")
    with pytest.raises(ValueError, match="nothing tells the generator and the prompt of video 'g0/p00/0'"):
        study.take_judge_as_ratings(scores.assign(prompt_id=None), "judge")


def test_what_is_missing_is_described(ratings: pd.DataFrame, rng: np.random.Generator) -> None:
    values = rng.normal(size=ratings["video_id"].nunique())
    values[:4] = np.nan
    metrics = study.keep_metrics(make_metric(ratings, "blur", values).iloc[:-3])
    (row,) = study.describe_metrics(ratings, metrics, {"blur": "lower"}).to_dict("records")
    assert row["better"] == "lower"
    counts = [row[name] for name in ("n_videos", "n_ok", "n_unscored", "n_failed", "n_without_row")]
    assert counts == [90, 83, 4, 0, 3]
    assert row["lowest"] == pytest.approx(np.nanmin(values[:-3]))
    assert row["highest"] == pytest.approx(np.nanmax(values[:-3]))
    assert study.describe_metrics(ratings, metrics, {})["better"].tolist() == ["not told"]


def test_p_is_the_intervals_own(rng: np.random.Generator) -> None:
    """p is below 1 − level exactly where the interval leaves out 0, and t on Fisher's z by hand."""
    for _ in range(50):
        z, error, n = rng.normal(0, 0.3), 0.12, int(rng.integers(3, 60))
        level = float(rng.choice([0.9, 0.95, 0.99]))
        half = stats.t.ppf((1 + level) / 2, n - 1) * error
        row = {"estimate": np.tanh(z), "low": np.tanh(z - half), "high": np.tanh(z + half), "level": level}
        row |= {"method": "cluster_jackknife_fisher_z", "n_prompts": n}
        p = find_p_value(row)
        assert p == pytest.approx(2 * stats.t.sf(abs(z) / error, n - 1))
        assert (p < 1 - level) == (row["low"] > 0 or row["high"] < 0)
    assert np.isnan(find_p_value(row | {"low": np.nan, "high": np.nan}))
    assert np.isnan(find_p_value(row | {"method": "cluster_bootstrap"}))
    assert np.isnan(find_p_value(row | {"low": row["estimate"], "high": row["estimate"]}))


def test_holm_is_over_the_metrics_of_one_task(ratings: pd.DataFrame, rng: np.random.Generator) -> None:
    metrics = study.keep_metrics(make_metrics(ratings, rng))
    correlations = study.correlate(ratings, metrics, methods="spearman")
    verdicts = study.assess_equivalence(ratings, metrics, margin=0.3)
    judged = study.judge_metrics(correlations, verdicts, level="both")
    assert judged["centred_by"].eq("both").all()
    pc = judged[judged["rating_task"].eq("pc")]
    # strongest first, undefined last
    assert pc["scorer"].iloc[0] == "strong"
    assert pc["scorer"].iloc[-1] == "still"
    assert pc["estimate"].dropna().is_monotonic_decreasing
    p = np.sort(pc["p_value"].dropna().to_numpy())
    # Holm (1979): the k-th smallest of m times m − k + 1, never falling, at most 1
    expected = np.minimum(np.maximum.accumulate(p * np.arange(len(p), 0, -1)), 1)
    np.testing.assert_allclose(np.sort(pc["p_holm"].dropna()), expected)
    assert len(p) == 3
    assert pc.set_index("scorer")["verdict"].to_dict()["strong"] == "non-zero"
    assert pc.set_index("scorer")["verdict"].to_dict()["still"] == "undefined"


def test_between_tests_of_nothing_few_metrics_pass(rng: np.random.Generator) -> None:
    """Metrics of pure noise: the share with p < .1 is near .1."""
    values = rng.integers(1, 6, size=(3, 40, 2)).astype(float)
    ratings = make_ratings(
        {f"g{k}": {f"p{i:02d}": tuple(pair) for i, pair in enumerate(rows)} for k, rows in enumerate(values)}
    )
    noise = [make_metric(ratings, f"m{k}", rng.normal(size=120)) for k in range(100)]
    correlations = study.correlate(ratings, pd.concat(noise), level="none", methods="pearson")
    p = np.array([find_p_value(dict(row)) for _, row in correlations.iterrows()])
    assert len(p) == 200
    # four standard errors of a share of .1 in 200
    assert abs(np.mean(p < 0.1) - 0.1) < 4 * np.sqrt(0.1 * 0.9 / 200)


def test_printed_numbers_stand_beside_their_counterparts(
    ratings: pd.DataFrame, rng: np.random.Generator
) -> None:
    metrics = study.keep_metrics(make_metrics(ratings, rng))
    pooled = study.correlate(ratings, metrics, level="none", methods="pearson")
    counterparts = dict.fromkeys(("strong", "none", "still", "absent"), "aesthetic score")
    found = study.compare_quality(pooled, PRINTED, counterparts).set_index("metric")
    assert set(found.index) == {"strong", "none", "still"}
    assert found["printed"].eq(0.09).all()
    assert found["rating_task"].eq("pc").all()
    assert not found.loc["strong", "holds_printed"]
    assert found.loc["none", "holds_printed"]
    assert pd.isna(found.loc["still", "holds_printed"])
    with pytest.raises(ValueError, match="no printed metric 'beauty'"):
        study.compare_quality(pooled, PRINTED, {"strong": "beauty"})
