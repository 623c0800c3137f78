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
    cycle_colours,
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
    """Plot every annotator's agreement with the others, and how much higher they rate, a colour a task.

    Parameters
    ----------
    annotators : DataFrame
        Rows of ``describe_annotators``; those without a shared video have no mark.
    threshold : float, optional
        Lowest correlation with the others of an annotator who is kept; below it marks are open.
    """
    import matplotlib.pyplot as plt

    mean = annotators.groupby("annotator")["rater_rest_correlation"].mean()
    names = list(mean.sort_values(ascending=False, kind="stable", na_position="last").index)
    tasks = [task for task in TASK_TITLES if task in set(annotators["task"])]
    size = (PAGE, 1.1 + 0.24 * len(names))
    fig, (left, right) = plt.subplots(1, 2, figsize=size, sharey=True)
    for place, (task, colour) in enumerate(zip(tasks, cycle_colours(len(tasks)), strict=True)):
        rows = annotators[annotators["task"].eq(task)]
        y = rows["annotator"].map(names.index).to_numpy(float) + 0.24 * (place - (len(tasks) - 1) / 2)
        low = (rows["rater_rest_correlation"] < (-np.inf if threshold is None else threshold)).to_numpy()
        for ax, column in ((left, "rater_rest_correlation"), (right, "shift")):
            x = rows[column].to_numpy(float)
            ax.plot(x[~low], y[~low], "o", color=colour, label=TASK_TITLES[task])
            ax.plot(x[low], y[low], "o", color=colour, markerfacecolor="white")
    if threshold is not None:
        left.axvline(threshold, color=GREY, linewidth=0.7, linestyle="--")
    right.axvline(0, color=GREY, linewidth=0.7)
    widest = max(0.5, 1.1 * float(annotators["shift"].abs().max())) if len(annotators) else 0.5
    right.set_xlim(-widest, widest)
    name_rows(left, np.arange(len(names), dtype=float), [label(labels, name) for name in names])
    right.grid(axis="y", visible=False)
    left.set_xlabel("correlation with the others")
    right.set_xlabel("rates higher than the others by")
    fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
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
