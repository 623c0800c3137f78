"""Ensembles beside their members, and the swaps that it takes to tell them apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from tests.study.conftest import make_ratings, make_scores
from videophy_lab import study


@pytest.fixture
def ratings(rng: np.random.Generator) -> pd.DataFrame:
    values = rng.integers(1, 6, size=(3, 20, 2)).astype(float)
    return make_ratings(
        {f"g{k}": {f"p{i:02d}": tuple(pair) for i, pair in enumerate(rows)} for k, rows in enumerate(values)}
    )


def make_judge(ratings: pd.DataFrame, name: str, **columns: object) -> pd.DataFrame:
    return make_scores(ratings, ratings["rating"].to_numpy(dtype=float), name).assign(**columns)


def test_an_ensemble_meets_its_members_only(ratings: pd.DataFrame, rng: np.random.Generator) -> None:
    parts = []
    for name, noise in (("one", 1.0), ("two", 2.0), ("other", 3.0), ("both", 0.8)):
        judge = make_judge(ratings, name)
        parts.append(judge.assign(score=judge["score"] + noise * rng.normal(size=len(judge))))
    scores = pd.concat(parts, ignore_index=True)
    found = study.compare_with_members(ratings, scores, ["both"], ["one", "two", "sharpness"])
    assert found[["scorer_a", "scorer_b"]].drop_duplicates().to_numpy().tolist() == [
        ["both", "one"],
        ["both", "two"],
    ]
    np.testing.assert_allclose(found["p_holm"], multipletests(found["p_value"], method="holm")[1])
    alone = study.compare_judges(ratings, scores, ["both", "two"]).set_index("task")["estimate"]
    again = found[found["scorer_b"].eq("two")].set_index("task")["estimate"]
    pd.testing.assert_series_equal(again, alone)
    empty = study.compare_with_members(ratings, scores, [], ["one"])
    assert empty.empty
    assert {"scorer_a", "scorer_b", "task", "p_holm"} <= set(empty.columns)


def test_shared_tasks_are_those_of_every_judge(ratings: pd.DataFrame) -> None:
    pc = ratings["task"].eq("pc")
    metric = make_judge(ratings[pc].assign(task="sharpness"), "sharpness")
    scores = pd.concat([make_judge(ratings, "one"), make_judge(ratings[pc], "two"), metric])
    assert study.list_shared_tasks(scores, ["one", "sharpness"]) == ["sa", "pc"]
    assert study.list_shared_tasks(scores, ["one", "two"]) == ["pc"]
    assert study.list_shared_tasks(scores, ["one", "two:pc"]) == ["sa", "pc"]


def test_members_that_make_no_ensemble_say_what_to_do(ratings: pd.DataFrame) -> None:
    pc = ratings["task"].eq("pc")
    scores = pd.concat([make_judge(ratings[~pc], "one"), make_judge(ratings[pc], "two")])
    with pytest.raises(ValueError, match=r"two members or more; given one.*leave the ensemble empty"):
        study.list_shared_tasks(scores, ["one"])
    with pytest.raises(ValueError, match="no scorer 'onee'; did you mean one"):
        study.list_shared_tasks(scores, ["onee", "two"])
    with pytest.raises(ValueError, match="neither SA nor PC in common"):
        study.list_shared_tasks(scores, ["one", "two"])


def test_swaps_are_enough_for_holms_correction() -> None:
    for n_tests in (1, 12, 56, 250):
        swaps = study.count_swaps(n_tests)
        assert n_tests / (swaps + 1) < 0.05
    assert study.count_swaps(1) == 2000
    assert study.count_swaps(100) == 8000
    assert study.count_swaps(100, confidence=0.99) == 20_000
    assert study.count_swaps(1560) == 20_000
