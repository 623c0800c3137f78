"""Checks of what statistics are given, with the remedy in the message."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from videophy_lab.stats.estimate import BoolArray, FloatArray


def check_level(level: float) -> None:
    """Raise unless the confidence level lies between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; it must lie between 0 and 1, for example 0.95")


def as_finite(values: ArrayLike, name: str) -> FloatArray:
    """Turn values into a one-dimensional float array, or say how many are unscored."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}; a one-dimensional array is needed")
    missing = int(np.count_nonzero(~np.isfinite(array)))
    if missing:
        raise ValueError(
            f"{name} is missing or infinite in {missing} of {array.size} places; "
            "leave these videos out of every array and report how many they were"
        )
    return array


def as_binary(values: ArrayLike, name: str) -> BoolArray:
    """Turn 0/1 or boolean values into a boolean array, or name a value that is neither."""
    array = as_finite(values, name)
    wrong = array[(array != 0) & (array != 1)]
    if wrong.size:
        raise ValueError(f"{name} holds {wrong[0]:g}; only 0 and 1 (or False and True) are allowed")
    return np.asarray(array == 1)


def check_same_length(**arrays: NDArray[np.generic]) -> None:
    """Raise ValueError with every length if the arrays differ in length."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the arrays differ in length: {lengths}; give one value per video in each")
