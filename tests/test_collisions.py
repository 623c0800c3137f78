"""Collisions: the real fault is found, honest scorers are left alone, and what is kept is certain."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from videophy_lab.collisions import (
    CollisionWarning,
    drop_collisions,
    find_collisions,
    warn_collisions,
)

GENERATORS = ("alpha", "beta", "gamma")


def make_scores(values: dict[str, np.ndarray], prompts: list[str], task: str = "pc", **extra) -> pd.DataFrame:
    """Make scores of one task from an array of values for each generator."""
    parts = [
        pd.DataFrame({"video_id": [f"{name}/{prompt}/0" for prompt in prompts], "score": part})
        for name, part in values.items()
    ]
    table = pd.concat(parts, ignore_index=True).assign(scorer="judge", spec="s", task=task, **extra)
    return table.assign(status=np.where(table["score"].isna(), "failed", "ok"))


def simulate_honest(rng: np.random.Generator, n_prompts: int, n_generators: int = 4) -> pd.DataFrame:
    """Simulate a judge with five skewed levels and two tasks, whose answers depend half on the prompt."""
    prompts = [f"p{i}" for i in range(n_prompts)]
    parts = []
    for task, cuts in (("sa", (-2.0, -0.8, 0.4, 1.4)), ("pc", (-2.2, -1.2, 0.2, 1.5))):
        prompt_effect = rng.normal(size=n_prompts)
        latent = np.sqrt(0.5) * prompt_effect + np.sqrt(0.5) * rng.normal(size=(n_generators, n_prompts))
        levels = 1.0 + np.digitize(latent, cuts)
        parts.append(make_scores({f"g{i}": row for i, row in enumerate(levels)}, prompts, task))
    return pd.concat(parts, ignore_index=True)


def copy_first(scores: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Give all of the named generators the first one's scores on shared prompts: the real fault."""
    parts = scores["video_id"].str.split("/", expand=True)
    source = scores[parts[0] == names[0]].set_index([parts[1][parts[0] == names[0]], "task"])["score"]
    mine = parts[0].isin(names)
    keys = pd.MultiIndex.from_arrays([parts.loc[mine, 1], scores.loc[mine, "task"]])
    faulty = scores.copy()
    faulty.loc[mine, "score"] = (
        source.reindex(keys).fillna(faulty.loc[mine, "score"].set_axis(keys)).to_numpy()
    )
    return faulty


def pairs_of(collisions: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(collisions["generator_a"], collisions["generator_b"], strict=True))


@pytest.mark.parametrize("n_prompts", [25, 60, 585])
def test_the_real_fault_is_found(rng, n_prompts):
    scores = copy_first(simulate_honest(rng, n_prompts, 7), ["g0", "g1", "g2", "g4"])
    found = find_collisions(scores)
    assert pairs_of(found) == {
        ("g0", "g1"),
        ("g0", "g2"),
        ("g0", "g4"),
        ("g1", "g2"),
        ("g1", "g4"),
        ("g2", "g4"),
    }
    assert (found["share_identical"] == 1).all()
    assert (found["n_shared"] == n_prompts).all()
    assert set(found["evidence"]) == {"scores"}


def test_nearly_all_is_enough_and_half_is_not(rng):
    scores = copy_first(simulate_honest(rng, 200, 3), ["g0", "g1"])
    changed = scores["video_id"].str.match(r"g1/p[0-7]/0") & (scores["task"] == "sa")
    scores.loc[changed, "score"] = 6 - scores.loc[changed, "score"] + 0.5
    found = find_collisions(scores)
    assert pairs_of(found) == {("g0", "g1")}
    assert found["share_identical"].iloc[0] == pytest.approx(192 / 200)
    assert find_collisions(scores, threshold=0.97).empty


@pytest.mark.parametrize("n_prompts", [10, 13, 17, 25, 60, 150, 600])
def test_honest_judges_are_left_alone(rng, n_prompts):
    # error rate .01 per scorer; with 30 judges, 4 or more false alarms have a chance below .001
    n_judges = 30 if n_prompts < 100 else 8
    false_alarms = sum(not find_collisions(simulate_honest(rng, n_prompts)).empty for _ in range(n_judges))
    assert false_alarms <= 3


@pytest.mark.parametrize("share", [1.0, 0.99, 0.97])
def test_a_constant_scorer_is_no_collision(rng, share):
    prompts = [f"p{i}" for i in range(400)]
    values = {name: np.where(rng.random(400) < share, 4.0, 3.0) for name in GENERATORS}
    assert find_collisions(make_scores(values, prompts)).empty


def test_few_continuous_scores_are_enough_and_too_few_shared_prompts_are_not(rng):
    prompts = [f"p{i}" for i in range(10)]
    first = rng.normal(size=10)
    values = {"alpha": first, "beta": first, "gamma": rng.normal(size=10)}
    assert pairs_of(find_collisions(make_scores(values, prompts))) == {("alpha", "beta")}
    assert find_collisions(make_scores(values, prompts), min_shared=11).empty


def test_unscored_rows_say_nothing(rng):
    prompts = [f"p{i}" for i in range(40)]
    blank = np.full(40, np.nan)
    assert find_collisions(make_scores({"alpha": blank, "beta": blank}, prompts)).empty
    assert find_collisions(make_scores({"alpha": blank, "beta": rng.normal(size=40)}, prompts)).empty


def test_no_scores_give_an_empty_table():
    empty = make_scores({"alpha": np.empty(0), "beta": np.empty(0)}, [])
    found = find_collisions(empty)
    assert list(found.columns)[:4] == ["scorer", "spec", "generator_a", "generator_b"]
    assert len(found) == 0


def test_each_scorer_is_looked_at_alone(rng):
    honest = simulate_honest(rng, 100, 3)
    faulty = copy_first(honest, ["g0", "g2"]).assign(scorer="other")
    found = find_collisions(pd.concat([honest, faulty], ignore_index=True))
    assert list(found["scorer"]) == ["other"]
    assert pairs_of(found) == {("g0", "g2")}


def test_one_file_under_two_names_is_found_by_its_bytes(rng):
    scores = simulate_honest(rng, 12, 3)
    videos = pd.DataFrame({"video_id": scores["video_id"].unique()})
    videos["sha256"] = [f"{i:064x}" for i in range(len(videos))]
    assert find_collisions(scores, videos).empty
    videos.loc[videos["video_id"] == "g2/p5/0", "sha256"] = videos["sha256"].iloc[0]
    found = find_collisions(scores, videos)
    assert found[["generator_a", "generator_b", "evidence"]].to_numpy().tolist() == [["g0", "g2", "sha256"]]
    kept, n_dropped = drop_collisions(scores, found, videos)
    assert n_dropped == 4
    assert not kept["video_id"].isin(["g0/p0/0", "g2/p5/0"]).any()


def test_one_warning_names_the_generators(rng):
    found = find_collisions(copy_first(simulate_honest(rng, 80, 5), ["g1", "g3", "g4"]))
    with pytest.warns(CollisionWarning, match=r"judge: the scores of g1, g3, g4 are identical"):
        warn_collisions(found)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_collisions(found.iloc[:0])


def test_dropping_keeps_only_what_is_certain(rng):
    scores = simulate_honest(rng, 90, 4)
    only_g1 = scores["video_id"].str.match(r"g[02]/p8\d/0")
    scores = copy_first(scores[~only_g1].reset_index(drop=True), ["g0", "g1", "g2"])
    kept, n_dropped = drop_collisions(scores, find_collisions(scores))
    assert n_dropped == 3 * 80 * 2
    assert len(kept) == len(scores) - n_dropped
    colliding = kept[kept["video_id"].str.match("g[012]/")]
    assert set(colliding["video_id"]) == {f"g1/p{i}/0" for i in range(80, 90)}
    assert (kept["video_id"].str.startswith("g3/")).sum() == 2 * 90
    pd.testing.assert_frame_equal(kept[scores.columns], kept)


def test_nothing_is_dropped_without_a_collision(rng):
    scores = simulate_honest(rng, 30, 3)
    kept, n_dropped = drop_collisions(scores, find_collisions(scores))
    assert n_dropped == 0
    pd.testing.assert_frame_equal(kept, scores)


def test_names_come_from_columns_where_they_are_there(rng):
    scores = copy_first(simulate_honest(rng, 50, 3), ["g0", "g1"])
    parts = scores["video_id"].str.split("/", expand=True)
    named = scores.assign(generator=parts[0], prompt_id=parts[1], video_id=parts[0] + "-" + parts[1])
    assert pairs_of(find_collisions(named)) == {("g0", "g1")}
    with pytest.raises(ValueError, match=r"'g0-p0' is not generator/prompt_id/seed; add the columns"):
        find_collisions(named.drop(columns=["generator", "prompt_id"]))
