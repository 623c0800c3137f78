"""Figures of annotators: how each rates beside the others, and which known answers they gave right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from videophy_lab.figures.base import (
    BLUE,
    COLUMN,
    GREY,
    ORANGE,
    PAGE,
    Labels,
    draw_intervals,
    label,
    name_rows,
    say_level,
    use_paper_style,
)
from videophy_lab.figures.judges import TASK_TITLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@use_paper_style
def plot_annotators(
    annotators: pd.DataFrame, *, threshold: float | None = None, labels: Labels | None = None
) -> Figure:
    """Plot every annotator's agreement with the others against how much higher they rate, one panel a task.

    Parameters
    ----------
    annotators : DataFrame
        Rows of ``describe_annotators``; those without a shared video have no point.
    threshold : float, optional
        Lowest correlation with the others of an annotator who is kept.
    """
    import matplotlib.pyplot as plt

    tasks = [task for task in TASK_TITLES if task in set(annotators["task"])]
    size = (max(COLUMN, PAGE * 0.45 * len(tasks)), 2.6)
    fig, axes = plt.subplots(1, len(tasks), figsize=size, sharey=True, squeeze=False)
    for ax, task in zip(axes[0], tasks, strict=True):
        rows = annotators[annotators["task"].eq(task)].dropna(subset=["shift", "rater_rest_correlation"])
        low = rows["rater_rest_correlation"] < (-np.inf if threshold is None else threshold)
        for part, colour in ((rows[~low], BLUE), (rows[low], ORANGE)):
            ax.plot(part["shift"], part["rater_rest_correlation"], "o", color=colour)
        for row in rows.itertuples():
            ax.annotate(
                label(labels, row.annotator), (row.shift, row.rater_rest_correlation), xytext=(4, 2),
                textcoords="offset points", fontsize=6.5, color=GREY,
            )  # fmt: skip
        ax.axvline(0, color=GREY, linewidth=0.7)
        if threshold is not None:
            ax.axhline(threshold, color=ORANGE, linewidth=0.7, linestyle="--")
        widest = max(0.5, 1.25 * float(rows["shift"].abs().max()) if len(rows) else 0)
        ax.set_xlim(-widest, widest)
        ax.set_title(TASK_TITLES[task])
        ax.set_xlabel("rates higher than the others by")
    axes[0, 0].set_ylabel("correlation with the others")
    return fig


@use_paper_style
def plot_qualification(qualification: pd.DataFrame, *, needed: float, labels: Labels | None = None) -> Figure:
    """Plot the share of known answers that every annotator gave right.

    Parameters
    ----------
    qualification : DataFrame
        Rows of ``qualify_annotators``; who is not qualified has an open mark.
    needed : float
        Share that must be right.
    """
    import matplotlib.pyplot as plt

    rows = qualification.sort_values("estimate", ascending=False, kind="stable").reset_index(drop=True)
    fig, ax = plt.subplots(figsize=(COLUMN, 0.7 + 0.2 * len(rows)))
    y = np.arange(len(rows), dtype=float)
    for qualified, colour in ((True, BLUE), (False, ORANGE)):
        chosen = rows["qualified"].eq(qualified).to_numpy()
        if chosen.any():
            draw_intervals(ax, y[chosen], rows[chosen], color=colour, scale=100, open_=not qualified)
    ax.axvline(100 * needed, color=GREY, linewidth=0.7, linestyle="--")
    ax.set_xlim(0, 100)
    name_rows(ax, y, [label(labels, name) for name in rows["annotator"]], from_zero=True)
    ax.set_xlabel(f"known answers given right (%), {say_level(rows)}")
    return fig
