"""No prompt, caption or file of a held-out split is trained on, and seeds alone decide."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videophy_lab.training import Settings
from videophy_lab.training.splits import (
    HELD_OUT,
    SAME_FILE,
    SPLITS,
    STOP,
    STOP_GENERATORS,
    TRAIN,
    choose_splits,
)

NAMES = st.integers(0, 12)
ROWS = st.lists(st.tuples(NAMES, st.integers(0, 4), NAMES, st.integers(0, 30)), min_size=1, max_size=60)


def make_rows(rows: list[tuple[int, int, int, int]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"prompt_id": f"p{prompt}", "generator": f"g{generator}", "caption": f"Scene {caption}",
             "sha256": f"{file:064}"}
            for prompt, generator, caption, file in rows
        ]
    )  # fmt: skip


def make_grid(prompts: int, generators: int) -> pd.DataFrame:
    return make_rows([(p, g, p, 100 * p + g) for p in range(prompts) for g in range(generators)])


@given(ROWS, st.integers(0, 50))
def test_nothing_of_a_held_out_split_is_trained_on(rows, seed):
    table = make_rows(rows)
    splits = choose_splits(table, Settings(seed=seed))
    assert set(splits) <= {*SPLITS, SAME_FILE}
    table = table.assign(split=splits)
    seen = table[table["split"].isin((TRAIN, STOP))]
    new_prompts = table[table["split"].isin(("val_prompts", "val_both"))]
    new_generators = table[table["split"].isin(("val_generators", "val_both"))]
    for name in ("prompt_id", "caption", "sha256"):
        assert not set(seen[name]) & set(new_prompts[name])
    assert not set(seen["generator"]) & set(new_generators["generator"])
    assert not set(seen["sha256"]) & set(table.loc[table["split"].isin(HELD_OUT), "sha256"])
    train, stop = (table[table["split"].eq(split)] for split in (TRAIN, STOP))
    assert not set(train["prompt_id"]) & set(stop["prompt_id"])
    held_out = table[table["split"].isin(HELD_OUT)]
    for name in ("prompt_id", "caption", "sha256"):
        assert not set(held_out[name]) & set(stop[name])


@given(ROWS, st.integers(0, 50), st.randoms())
def test_order_and_repetition_of_rows_change_nothing(rows, seed, chance):
    table = make_rows(rows).drop_duplicates()
    first = choose_splits(table, Settings(seed=seed))
    shuffled = table.sample(frac=1, random_state=chance.randrange(1000))
    again = choose_splits(shuffled, Settings(seed=seed))
    assert again.loc[table.index].equals(first)


@given(st.integers(0, 200))
def test_a_prompt_that_is_held_out_stays_so_when_others_come(seed):
    settings = Settings(seed=seed, held_out_prompts=0.3, held_out_generators=())
    small, large = make_grid(20, 1), make_grid(60, 1)
    before = choose_splits(small, settings).eq("val_prompts")
    after = choose_splits(large, settings).iloc[: len(small)].eq("val_prompts")
    # but for the one that is taken where chance took none
    assert (after[before].all()) or before.sum() == 1


def test_shares_are_about_what_is_asked_and_seeds_differ():
    table = make_grid(400, 4)
    settings = Settings(held_out_prompts=0.2, stop_prompts=0.1)
    splits = choose_splits(table, settings)
    by_prompt = splits.groupby(table["prompt_id"]).agg(set)
    assert 50 <= sum("val_prompts" in found for found in by_prompt) <= 110
    assert 20 <= sum(STOP in found for found in by_prompt) <= 60
    assert table.loc[splits.eq("val_generators"), "generator"].nunique() == 1
    assert not splits.equals(choose_splits(table, replace(settings, seed=1)))


@pytest.mark.parametrize(("prompts", "held", "stop"), [(1, 0, 0), (2, 1, 0), (3, 1, 1)])
def test_few_prompts_leave_one_to_train_on(prompts, held, stop):
    for seed in range(20):
        splits = choose_splits(make_grid(prompts, 1), Settings(seed=seed))
        assert splits.eq("val_prompts").sum() >= held
        assert splits.eq(STOP).sum() >= stop
        assert splits.eq(TRAIN).any()


def test_two_prompts_with_one_caption_are_one():
    table = pd.DataFrame(
        {"prompt_id": ["a", "b"] * 20, "generator": "g", "caption": ["A Ball  rolls", "a ball rolls"] * 20,
         "sha256": [f"{n:064}" for n in range(40)]}
    )  # fmt: skip
    for seed in range(10):
        assert choose_splits(table, Settings(seed=seed)).nunique() == 1


def test_generators_are_held_out_by_name():
    table = make_grid(30, 3)
    splits = choose_splits(table, Settings(held_out_generators=("g1",), held_out_prompts=0.3))
    assert set(table.loc[splits.isin(("val_generators", "val_both")), "generator"]) == {"g1"}
    assert set(splits) == set(SPLITS)
    none = choose_splits(table, Settings(held_out_generators=()))
    assert not none.isin(("val_generators", "val_both")).any()


@pytest.mark.parametrize(
    ("names", "message"), [(("g9",), "there is no 'g9'"), (("g0", "g1", "g2"), "none is left to train on")]
)
def test_wrong_generators_are_refused(names, message):
    with pytest.raises(ValueError, match=rf"{message}\. Allowed, and not all: g0, g1, g2"):
        choose_splits(make_grid(3, 3), Settings(held_out_generators=names))


def test_no_stop_prompt_is_reported_whoever_made_its_video():
    table = make_grid(60, 3)
    splits = choose_splits(table, Settings(held_out_generators=("g1",), stop_prompts=0.2))
    stop = table["prompt_id"].isin(table.loc[splits.eq(STOP), "prompt_id"])
    assert stop.sum() > 3
    assert set(splits[stop & table["generator"].eq("g1")]) == {STOP_GENERATORS}
    assert set(splits[stop]) == {STOP, STOP_GENERATORS}
    assert not {STOP, STOP_GENERATORS} & set(HELD_OUT)


def test_a_file_under_two_generators_is_not_trained_on():
    table = make_grid(30, 3)
    table.loc[table["generator"].eq("g0"), "sha256"] = table.loc[table["generator"].eq("g1"), "sha256"].array
    splits = choose_splits(table, Settings(held_out_generators=("g1",)))
    copies = splits[table["generator"].eq("g0")]
    assert set(copies) == {SAME_FILE, "val_prompts"}
