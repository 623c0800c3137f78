"""One label of a rule from those of several annotators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# what a rule's rating says: see the ratings table
VIOLATED, FOLLOWED, UNDETERMINED = 0, 1, 2
# where a rule comes from that people wrote because a video breaks it: see the rules table
HUMAN_ADDED = "human_added"


def settle_labels(ratings: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    """Give the commonest label of each rule; labels are names, so their mean would say nothing.

    Parameters
    ----------
    ratings : DataFrame
        ``rating`` (0 violated, 1 followed, 2 cannot be determined) and the keys.
    keys : sequence of str
        What names a rule of a video, such as ``video_id`` and ``rule_id``.

    Returns
    -------
    Series
        ``rating`` (float) by the keys, in their order; 2 where two labels are as common.
    """
    levels = list(keys)
    counts = ratings.groupby([*levels, "rating"]).size()
    most = counts[counts.eq(counts.groupby(level=levels).transform("max"))]
    modes = most.reset_index("rating")["rating"].groupby(level=levels)
    return modes.first().where(modes.size().eq(1), UNDETERMINED).astype(float)
