"""Real ratings, and small tables with a known answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import videophy_lab as lab


@pytest.fixture(scope="session")
def human() -> pd.DataFrame:
    """Give the 3,397 human ratings of VideoPhy-2 (SA and PC)."""
    return lab.load_ratings("videophy2")


@pytest.fixture(scope="session")
def autoeval() -> pd.DataFrame:
    """Give the 1,635 scores of AutoEval that are certain, and rows for those that are not."""
    return lab.load_scores("videophy2")


def make_ratings(values: dict[str, dict[str, tuple[float, float]]]) -> pd.DataFrame:
    """Make ratings from ``{generator: {prompt: (sa, pc)}}``; NaN makes no row."""
    rows = [
        {"video_id": f"{g}/{p}/0", "prompt_id": p, "generator": g, "task": task, "rating": value}
        for g, prompts in values.items()
        for p, pair in prompts.items()
        for task, value in zip(("sa", "pc"), pair, strict=True)
        if not np.isnan(value)
    ]
    return pd.DataFrame(rows)


def make_scores(ratings: pd.DataFrame, values: np.ndarray, scorer: str = "fake") -> pd.DataFrame:
    """Make scores for the rows of a ratings table; NaN becomes ``unscored``."""
    scores = ratings[["video_id", "prompt_id", "generator", "task"]].assign(score=values)
    status = np.where(np.isnan(scores["score"]), "unscored", "ok")
    return scores.assign(scorer=scorer, spec="test", status=status)


@pytest.fixture
def binary() -> pd.DataFrame:
    """Give 0/1 ratings of 3 generators on 40 prompts, with planted joint rates 24/40, 12/40 and 8/30."""
    rates = {"alpha": (40, 24), "beta": (40, 12), "gamma": (30, 8)}
    return make_ratings(
        {
            name: {f"prompt{i:02d}": (1.0, float(i < successes)) for i in range(n)}
            for name, (n, successes) in rates.items()
        }
    )
