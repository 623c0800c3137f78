"""Steps do not depend on the number of processes; rare answers count more, tasks as their numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videophy_lab.training import Settings
from videophy_lab.training.batches import choose_examples, share_examples, weigh_examples

TASKS = pd.Series(["sa"] * 6 + ["rule"] * 4)
ANSWERS = pd.Series([5, 5, 5, 5, 1, 1, 1, 1, 1, 0])


def test_weights_are_those_computed_by_hand():
    assert weigh_examples(TASKS, ANSWERS, "none").tolist() == [1] * 10
    # sa: frequencies 4/6 and 2/6; the inverse is 1.5 and 3, their mean over the task 2
    full = weigh_examples(TASKS, ANSWERS, "full")
    np.testing.assert_allclose(full, [0.75] * 4 + [1.5] * 2 + [2 / 3] * 3 + [2], rtol=1e-12)
    root = weigh_examples(TASKS, ANSWERS, "sqrt")
    np.testing.assert_allclose(root[4] / root[0], np.sqrt(2), rtol=1e-12)
    for weights in (full, root):
        np.testing.assert_allclose([weights[:6].mean(), weights[6:].mean()], 1, rtol=1e-12)


@given(st.integers(1, 40), st.integers(1, 16), st.floats(0.3, 3), st.integers(0, 5))
def test_each_epoch_sees_each_example_once(n_examples, batch_size, epochs, seed):
    settings = Settings(batch_size=batch_size, epochs=epochs, seed=seed)
    n_steps = settings.count_steps(n_examples)
    steps = [choose_examples(step, n_examples, settings) for step in range(n_steps)]
    assert min(map(len, steps)) >= 1
    assert {len(step) for step in steps[:-1]} <= {batch_size}
    seen = np.concatenate(steps)
    assert len(seen) == settings.count_seen(n_examples) == max(1, round(n_examples * epochs))
    for first in range(0, len(seen) - n_examples + 1, n_examples):
        assert sorted(seen[first : first + n_examples]) == list(range(n_examples))


@pytest.mark.parametrize(
    ("n_examples", "epochs", "batch_size", "n_steps"),
    [(24, 0.334, 8, 1), (386, 0.25, 32, 3), (491, 1.5, 32, 23), (1, 0.1, 8, 1), (16, 1.0, 8, 2)],
)
def test_no_step_is_empty_where_epochs_are_no_whole_number(n_examples, epochs, batch_size, n_steps):
    settings = Settings(epochs=epochs, batch_size=batch_size)
    assert settings.count_steps(n_examples) == n_steps
    assert len(choose_examples(n_steps - 1, n_examples, settings)) >= 1
    with pytest.raises(ValueError, match=rf"step {n_steps} is beyond the last, {n_steps - 1}"):
        choose_examples(n_steps, n_examples, settings)


def test_fewer_steps_see_fewer_examples():
    settings = Settings(epochs=2, batch_size=8, max_steps=3)
    assert (settings.count_steps(24), settings.count_seen(24)) == (3, 24)
    assert settings.count_seen(10) == 20


@given(st.integers(1, 20), st.integers(1, 5), st.integers(1, 7))
def test_the_shares_of_all_processes_are_one_step(n_places, world, micro):
    places = np.arange(100, 100 + n_places)
    weights = np.linspace(1, 2, 200)
    shares = [share_examples(places, weights, rank=rank, world=world) for rank in range(world)]
    assert len({len(share.places) for share in shares}) == 1
    counted = [(p, w) for share in shares for p, w in zip(share.places, share.weights, strict=True) if w > 0]
    assert [place for place, _ in counted] == places.tolist()
    np.testing.assert_allclose(sum(weight for _, weight in counted), 1)
    np.testing.assert_allclose([w for _, w in counted], weights[places] / weights[places].sum())
    parts = shares[0].split(micro)
    assert [place for part in parts for place in part.places] == list(shares[0].places)
    assert max(len(part.places) for part in parts) <= micro


def test_the_learning_rate_rises_and_falls():
    settings = Settings(learning_rate=1.0, warmup_steps=4)
    rates = [settings.find_rate(step, 100) for step in range(100)]
    np.testing.assert_allclose(rates[:5], [0.2, 0.4, 0.6, 0.8, 1.0])
    assert np.all(np.diff(rates[4:]) < 0)
    assert 0 < rates[-1] < 1e-3
    assert settings.find_rate(0, 5) == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rank": 0}, "rank is 0: it must be 1 or more"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"balance": "square"}, "balance is 'square': allowed: none, sqrt, full"),
        ({"held_out_prompts": 0.6, "stop_prompts": 0.5}, "it makes 1.1; leave some below 1"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_settings_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Settings(**options)
