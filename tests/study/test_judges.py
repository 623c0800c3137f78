"""Agreement of a judge with humans, collisions, two judges compared."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score, matthews_corrcoef

from tests.study.conftest import make_ratings, make_scores
from videophy_lab import study
from videophy_lab.collisions import CollisionWarning, settle_collisions


@pytest.fixture(scope="module")
def agreement(human: pd.DataFrame, autoeval: pd.DataFrame) -> pd.DataFrame:
    return study.agreement(human, autoeval)


def pick(agreement: pd.DataFrame, quantity: str, task: str = "joint") -> pd.Series:
    return agreement[agreement["quantity"].eq(quantity) & agreement["rating_task"].eq(task)].iloc[0]


def test_accuracy_is_below_the_commoner_answer(agreement: pd.DataFrame) -> None:
    gain = pick(agreement, "joint_accuracy_over_majority")
    # by hand from the counts, and the delete-one-prompt jackknife of the difference by brute force
    assert round(100 * gain["estimate"], 1) == -3.1
    assert (round(100 * gain["low"], 1), round(100 * gain["high"], 1)) == (-5.6, -0.6)


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        ("joint_accuracy", 0.7761),
        ("joint_majority_accuracy", 0.8067),
        ("joint_f1", 0.4665),
        ("joint_phi", 0.3276),
    ],
)
def test_joint_decision(agreement: pd.DataFrame, quantity: str, value: float) -> None:
    row = pick(agreement, quantity)
    assert round(row["estimate"], 4) == value
    assert row["n_videos"] == 1635


def test_joint_decision_against_scikit_learn(
    human: pd.DataFrame, autoeval: pd.DataFrame, agreement: pd.DataFrame
) -> None:
    joint = study.join_joint(human, autoeval).dropna()
    assert pick(agreement, "joint_f1")["estimate"] == pytest.approx(
        f1_score(joint["joint"], joint["joint_score"])
    )
    assert pick(agreement, "joint_phi")["estimate"] == pytest.approx(
        matthews_corrcoef(joint["joint"], joint["joint_score"])
    )


def test_kappa_against_scikit_learn(
    human: pd.DataFrame, autoeval: pd.DataFrame, agreement: pd.DataFrame
) -> None:
    both = (
        human[human["task"].eq("pc")]
        .merge(autoeval[autoeval["task"].eq("pc")], on="video_id")
        .dropna(subset="score")
    )
    expected = cohen_kappa_score(both["rating"].astype(int), both["score"].astype(int), weights="quadratic")
    assert pick(agreement, "quadratic_weighted_kappa", "pc")["estimate"] == pytest.approx(expected)


def test_confusion_counts_every_scored_video(human: pd.DataFrame, autoeval: pd.DataFrame) -> None:
    confusion = study.tabulate_confusion(human, autoeval)
    assert confusion.groupby("task")["n_videos"].sum().to_dict() == {"pc": 1635, "sa": 1635}
    assert len(confusion) == 2 * 25
    # AutoEval never answers 1
    assert confusion.loc[confusion["score"].eq(1), "n_videos"].sum() == 0


def test_calibration_rises_with_the_score(human: pd.DataFrame, autoeval: pd.DataFrame) -> None:
    curve = study.calibration(human, autoeval)
    for _, of_task in curve.groupby("rating_task"):
        assert of_task.sort_values("score")["estimate"].is_monotonic_increasing
        assert of_task["n_videos"].sum() == 1635


def test_a_judge_between_0_and_1_is_decided_at_one_half(rng: np.random.Generator) -> None:
    ratings = make_ratings({"g": {f"p{i}": (1.0, float(i % 2)) for i in range(30)}})
    scores = make_scores(ratings, np.where(ratings["rating"].eq(1), 0.7, 0.2))
    joint = study.join_joint(ratings, scores)
    assert joint["joint"].eq(joint["joint_score"]).all()


def test_a_judge_that_always_answers_1_of_5_never_decides_success() -> None:
    ratings = make_ratings({"g": {f"p{i}": (5.0, 5.0) if i % 3 else (2.0, 3.0) for i in range(30)}})
    joint = study.join_joint(ratings, make_scores(ratings, np.ones(len(ratings))))
    assert joint["joint_score"].eq(0).all()


def test_a_judge_off_every_scale_keeps_its_correlations(human: pd.DataFrame) -> None:
    wide = make_scores(human, 20.0 * human["rating"].to_numpy(dtype=float))
    with pytest.warns(UserWarning, match="neither on the ratings' scale"):
        assert study.join_joint(human, wide).empty
    with pytest.warns(UserWarning, match="no joint decision"):
        found = study.agreement(human, wide)
    assert not found["quantity"].str.startswith("joint").any()
    assert (found.loc[found["quantity"].eq("spearman"), "estimate"].round(9) == 1).any()


@pytest.fixture
def collided(human: pd.DataFrame) -> pd.DataFrame:
    """Give scores in which four generators all carry those of the first of them, as really happened."""
    scores = make_scores(human, human["rating"].to_numpy(dtype=float), scorer="judge")
    same = scores["generator"].isin(["cogvideo", "cosmos", "hunyuan", "wan"])
    firsts = scores[same].drop_duplicates(["prompt_id", "task"]).set_index(["prompt_id", "task"])["score"]
    keys = pd.MultiIndex.from_frame(scores.loc[same, ["prompt_id", "task"]])
    scores.loc[same, "score"] = firsts.reindex(keys).to_numpy()
    return scores


def test_one_file_scored_under_four_names_is_named(human: pd.DataFrame, collided: pd.DataFrame) -> None:
    with pytest.warns(CollisionWarning, match=r"cogvideo.*cosmos.*hunyuan.*wan"):
        study.agreement(human, collided)
    with pytest.raises(ValueError, match="cogvideo, cosmos, hunyuan, wan"):
        study.agreement(human, collided, on_collision="error")


def test_drop_keeps_only_what_is_certain(human: pd.DataFrame, collided: pd.DataFrame) -> None:
    with pytest.warns(CollisionWarning):
        kept = settle_collisions(collided, on_collision="drop")
    usable = kept[kept["status"].eq("ok")]
    truth = human.set_index(["video_id", "task"])["rating"]
    keys = pd.MultiIndex.from_frame(usable[["video_id", "task"]])
    # what is left is each video's own score
    np.testing.assert_array_equal(usable["score"], truth.reindex(keys))
    assert {"ray2", "sora", "videocrafter"} <= set(usable["generator"])


def test_an_honest_judge_raises_no_alarm(human: pd.DataFrame, autoeval: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", CollisionWarning)
        settle_collisions(make_scores(human, human["rating"].to_numpy(dtype=float)))
        settle_collisions(make_scores(human, np.full(len(human), 3.0)))
        settle_collisions(autoeval)


def test_two_judges_compared(human: pd.DataFrame, rng: np.random.Generator) -> None:
    rating = human["rating"].to_numpy(dtype=float)
    good = make_scores(human, rating + rng.normal(size=len(human)), scorer="good")
    poor = make_scores(human, rating + 3 * rng.normal(size=len(human)), scorer="poor")
    scores = pd.concat([good, poor], ignore_index=True)
    found = study.compare_judges(human, scores, n_permutations=199)
    assert (found["p_value"] == 1 / 200).all()
    assert (found["p_holm"] == 2 / 200).all()
    assert found["low"].gt(0).all()
    with pytest.raises(ValueError, match="there are good, poor"):
        study.compare_judges(human, scores, ["good", "bad"])
