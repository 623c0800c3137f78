"""What is learnt in which step, by which process, and how much each example counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from videophy_lab.training.settings import BALANCES, Settings

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Share:
    """What one process does in one step.

    Attributes
    ----------
    places : tuple of int
        Rows of the training table; equally many for every process.
    weights : tuple of float
        Of each in the step's loss; over all processes they sum to 1. 0 for a row that only fills up.
    """

    places: tuple[int, ...]
    weights: tuple[float, ...]

    def split(self, size: int) -> list[Share]:
        """Split it into parts that go through the network at once."""
        starts = range(0, len(self.places), size)
        return [Share(self.places[i : i + size], self.weights[i : i + size]) for i in starts]


def weigh_examples(tasks: pd.Series, answers: pd.Series, balance: str) -> np.ndarray:
    """Weigh examples so that rare answers of a task are not drowned by common ones.

    Parameters
    ----------
    tasks, answers : Series, shape (examples,)
    balance : {"none", "sqrt", "full"}

    Returns
    -------
    array of float, shape (examples,)
        ``(1 / frequency of the answer within its task) ** power``, with power 0, ½ or 1, divided by its mean
        over the task: the weight of tasks among each other stays that of their numbers.
    """
    n_task = tasks.groupby(tasks).transform("size")
    n_cell = answers.groupby([tasks, answers]).transform("size")
    raw = (n_task / n_cell) ** BALANCES[balance]
    return (raw / raw.groupby(tasks).transform("mean")).to_numpy(dtype=float)


def order_examples(n_examples: int, seed: int, epoch: int) -> np.ndarray:
    """Shuffle the examples of an epoch."""
    return np.random.default_rng([seed, epoch]).permutation(n_examples)


def choose_examples(step: int, n_examples: int, settings: Settings) -> np.ndarray:
    """Choose the examples of a step, over all processes; epochs follow each other without a gap.

    They depend on the step alone, so that a run that goes on later sees what it would have seen.

    Raises
    ------
    ValueError
        The training has no such step.
    """
    n_steps = settings.count_steps(n_examples)
    if not 0 <= step < n_steps:
        raise ValueError(f"step {step} is beyond the last, {n_steps - 1}; the first is 0.")
    first = step * settings.batch_size
    last = min(first + settings.batch_size, settings.count_seen(n_examples))
    spots = np.arange(first, last)
    epochs = {
        int(epoch): order_examples(n_examples, settings.seed, int(epoch)) for epoch in spots // n_examples
    }
    return np.array([epochs[int(spot // n_examples)][spot % n_examples] for spot in spots], dtype=int)


def share_examples(places: np.ndarray, weights: np.ndarray, *, rank: int, world: int) -> Share:
    """Give one process its share of a step.

    Parameters
    ----------
    places : array of int
        Of :func:`choose_examples`.
    weights : array of float
        Of all training examples.
    rank, world : int
        Which process this is, of how many.
    """
    own = weights[places] / weights[places].sum()
    size = -(-len(places) // world)
    gap = size * world - len(places)
    filled = np.concatenate([places, np.repeat(places[:1], gap)])
    counted = np.concatenate([own, np.zeros(gap)])
    mine = slice(rank * size, (rank + 1) * size)
    return Share(tuple(int(place) for place in filled[mine]), tuple(float(w) for w in counted[mine]))
