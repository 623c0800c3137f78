"""The ratings and metrics of FETV as tables of ours; from ../shared, for tests only."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.conftest import SHARED

METRICS = ["BLIPScore", "CLIPScore", "UMTScore"]


def read_fetv(prompts: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the ratings of three annotators (alignment as SA, temporal quality as PC) and three metrics.

    Parameters
    ----------
    prompts : int
        How many prompts, from the first.
    """
    tables = [pd.read_csv(SHARED / "data" / "fetv" / f"{name}.csv") for name in ("ratings", "metrics")]
    votes, measured = (table.query(f"prompt < {prompts}").copy() for table in tables)
    for table in (votes, measured):
        table["prompt_id"], table["generator"] = "p" + table["prompt"].astype(str), table["gen"]
        table["video_id"] = table["generator"] + "/" + table["prompt_id"] + "/0"
    names = ["video_id", "prompt_id", "generator"]
    ratings = pd.concat(
        votes[names].assign(annotator="r" + votes["rater"].astype(str), task=task, rating=votes[column])
        for task, column in (("sa", "align"), ("pc", "temporal"))
    )
    scores = measured.melt("video_id", METRICS, "scorer", "score").assign(spec="s", status="ok")
    return ratings.dropna(), scores


def read_alignment() -> np.ndarray:
    """Give three annotators' alignment ratings of the generated videos, (videos, annotators)."""
    votes = pd.read_csv(SHARED / "data" / "fetv" / "ratings.csv").query("gen != 'ground-truth'")
    return votes.pivot(index=["prompt", "gen"], columns="rater", values="align").to_numpy(dtype=float)
