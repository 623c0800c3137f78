"""Figures of judges: the four levels, confusion, calibration, what labels buy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from videophy_lab.figures.base import (
    BLUE,
    GREEN,
    PAGE,
    Labels,
    cycle_colours,
    draw_intervals,
    label,
    label_method,
    name_rows,
    say_level,
    use_paper_style,
    write_values,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TASK_TITLES = {"sa": "Semantic adherence", "pc": "Physical commonsense"}
CENTRING_LABELS = {
    "none": "pooled",
    "generator": "within generators",
    "prompt": "within prompts",
    "both": "within both",
}


@use_paper_style
def plot_levels(
    estimates: pd.DataFrame,
    *,
    method: str,
    titles: Mapping[str, str] = TASK_TITLES,
    labels: Labels | None = None,
    xlabel: str = "with the human rating",
) -> Figure:
    """Plot correlations of scorers with human ratings, one block a level, one panel a rating task.

    Parameters
    ----------
    estimates : DataFrame
        Rows of ``correlate`` with ``scorer, rating_task, centred_by``; rows without an estimate are left out.
    method : str
        ``"pearson"``, ``"spearman"`` or ``"kendall"``.
    titles : mapping of rating task to panel title
    """
    import matplotlib.pyplot as plt

    rows = estimates[estimates["quantity"].eq(method)].dropna(subset=["estimate"])
    scorers = list(dict.fromkeys(rows["scorer"]))
    levels = [name for name in CENTRING_LABELS if name in set(rows["centred_by"])]
    block = len(scorers) + 1.0
    fig, axes = plt.subplots(
        1, len(titles), figsize=(PAGE, 0.8 + 0.16 * len(levels) * block), sharey=True, squeeze=False
    )
    centres = np.arange(len(levels)) * block + (len(scorers) - 1) / 2
    for ax, (task, title) in zip(axes[0], titles.items(), strict=True):
        ax.axvline(0, color="black", linewidth=0.6)
        for index, (scorer, colour) in enumerate(zip(scorers, cycle_colours(len(scorers)), strict=True)):
            chosen = rows["scorer"].eq(scorer) & rows["rating_task"].eq(task)
            shown = rows[chosen].drop_duplicates("centred_by").set_index("centred_by").reindex(levels)
            y = np.arange(len(levels)) * block + index
            draw_intervals(ax, y, shown, color=colour, label=label(labels, scorer))
            write_values(ax, y, shown, "{:.2f}", color=colour)
        name_rows(ax, centres, [CENTRING_LABELS[name] for name in levels])
        ax.set_ylim(len(levels) * block - 1, -1)
        for edge in np.arange(1, len(levels)) * block - 1:
            ax.axhline(edge, color="#E3E3E3", linewidth=0.5)
        ax.set_title(title)
        ax.set_xlabel(f"{label_method(method)} {xlabel}, {say_level(rows)}")
    if len(scorers) > 1:
        handles = axes[0, 0].get_legend_handles_labels()
        fig.legend(*handles, loc="outside lower center", ncols=min(4, len(scorers)))
    return fig


@use_paper_style
def plot_confusion(confusion: pd.DataFrame, *, labels: Labels | None = None) -> Figure:
    """Plot how often humans gave one value and the judge another, one panel a scorer and task.

    Parameters
    ----------
    confusion : DataFrame
        ``scorer, task, rating, score, n_videos``.
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    panels = list(confusion.groupby(["scorer", "task"], sort=False))
    fig, axes = plt.subplots(1, len(panels), figsize=(2.6 * len(panels), 2.5), squeeze=False)
    for ax, ((scorer, task), rows) in zip(axes[0], panels, strict=True):
        counts = rows.pivot(index="rating", columns="score", values="n_videos").sort_index(ascending=False)
        counts.index, counts.columns = counts.index.map("{:g}".format), counts.columns.map("{:g}".format)
        sns.heatmap(
            counts, annot=True, fmt="d", cmap="Blues", cbar=False, square=True, linewidths=0.5, ax=ax,
            annot_kws={"size": 7},
        )  # fmt: skip
        ax.set_title(f"{label(labels, scorer)}, {str(task).upper()}")
        ax.set_xlabel("judge's score")
        ax.set_ylabel("human rating")
        ax.tick_params(length=0, rotation=0)
    return fig


@use_paper_style
def plot_calibration(curve: pd.DataFrame, *, labels: Labels | None = None, success: float = 4) -> Figure:
    """Plot how often humans rated a success, for every score the judge gave.

    Parameters
    ----------
    curve : DataFrame
        Estimates ``success_rate`` with ``scorer, rating_task, score``.
    """
    import matplotlib.pyplot as plt

    panels = list(curve.groupby(["scorer", "rating_task"], sort=False))
    fig, axes = plt.subplots(1, len(panels), figsize=(2.6 * len(panels), 2.3), sharey=True, squeeze=False)
    for ax, ((scorer, task), rows) in zip(axes[0], panels, strict=True):
        rows = rows.sort_values("score")
        error = [100 * (rows["estimate"] - rows["low"]), 100 * (rows["high"] - rows["estimate"])]
        ax.errorbar(rows["score"], 100 * rows["estimate"], yerr=error, fmt="o-", color=BLUE)
        if len(rows) <= 7:
            ax.set_xticks(rows["score"], [f"{row.score:g}\nn = {row.n_videos}" for row in rows.itertuples()])
        ax.set_ylim(0, 100)
        ax.margins(x=0.15)
        ax.set_title(f"{label(labels, scorer)}, {str(task).upper()}")
        ax.set_xlabel("judge's score")
    axes[0, 0].set_ylabel(f"videos that humans rated ≥ {success:g} (%)")
    return fig


@use_paper_style
def plot_joint_decision(decision: pd.DataFrame, *, labels: Labels | None = None) -> Figure:
    """Plot the accuracy of the joint decision beside the majority class's, and F1 and φ.

    Parameters
    ----------
    decision : DataFrame
        Rows ``joint_accuracy``, ``joint_majority_accuracy``, ``joint_balanced_accuracy``, ``joint_f1`` and
        ``joint_phi`` with ``scorer``.
    """
    import matplotlib.pyplot as plt

    shown = {
        "joint_accuracy": "accuracy",
        "joint_majority_accuracy": "accuracy of the\ncommoner answer",
        "joint_balanced_accuracy": "balanced accuracy",
        "joint_f1": "F1",
        "joint_phi": "φ",
    }
    scorers = list(dict.fromkeys(decision["scorer"]))
    fig, ax = plt.subplots(figsize=(PAGE * 0.6, 0.7 + 0.26 * len(shown) * max(1, 0.7 * len(scorers))))
    step = 0.8 / len(scorers)
    for index, (scorer, colour) in enumerate(zip(scorers, cycle_colours(len(scorers)), strict=True)):
        rows = (
            decision[decision["scorer"].eq(scorer)].set_index("quantity").reindex(list(shown)).reset_index()
        )
        y = np.arange(len(rows)) + step * (index - (len(scorers) - 1) / 2)
        draw_intervals(ax, y, rows, color=colour, label=label(labels, scorer))
        write_values(ax, y, rows, "{:.2f}", color=colour)
    name_rows(ax, np.arange(len(shown)), list(shown.values()))
    ax.set_xlim(0, 1)
    ax.set_xlabel(f"joint decision against the human one, {say_level(decision)}")
    if len(scorers) > 1:
        ax.legend(loc="lower right")
    return fig


@use_paper_style
def plot_labelling(
    simulation: pd.DataFrame, ranking: pd.DataFrame, *, labels: Labels | None = None
) -> Figure:
    """Plot what more human labels buy: interval width and coverage, and the order of the generators.

    Parameters
    ----------
    simulation : DataFrame
        ``size, method, width, coverage``.
    ranking : DataFrame
        ``size, pairs_right``.
    """
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(1, 3, figsize=(PAGE, 2.3))
    for column, ax in zip(("width", "coverage"), axes, strict=False):
        for marker, (method, rows) in zip("osD^", simulation.groupby("method", sort=False), strict=False):
            ax.plot(rows["size"], 100 * rows[column], marker=marker, label=label(labels, str(method)))
    axes[2].plot(ranking["size"], 100 * ranking["pairs_right"], marker="o", color=GREEN)
    titles = ("mean interval width (points)", "intervals that cover (%)", "generator pairs ordered right (%)")
    for ax, title in zip(axes, titles, strict=True):
        ax.set_xscale("log")
        ax.set_xticks(sorted(ranking["size"]), sorted(ranking["size"]))
        ax.minorticks_off()
        ax.set_title(title, fontsize=7.5, fontweight="normal")
        ax.set_xlabel("human labels a generator")
    axes[0].set_ylim(bottom=0)
    axes[1].set_ylim(80, 100)
    axes[2].set_ylim(50, 100)
    axes[0].legend(loc="upper right")
    return fig
