"""Figures of what agreement costs: time and money, and the videos left unscored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from videophy_lab.figures.base import (
    BLUE,
    GREY,
    PAGE,
    Labels,
    cycle_colours,
    label_method,
    label_scorer,
    use_paper_style,
)
from videophy_lab.figures.judges import TASK_TITLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ABSTENTION_STYLES = {"predicted disagreement": "-", "chance": "--", "disagreement itself": ":"}
COST_LABELS = {"median_seconds": "median seconds a question", "dollars": "US dollars a question"}


@use_paper_style
def plot_costs(costs: pd.DataFrame, *, task: str, method: str, labels: Labels | None = None) -> Figure:
    """Plot agreement against what a question takes, one panel for seconds and one for dollars.

    Parameters
    ----------
    costs : DataFrame
        Rows of ``weigh_costs``. Judges that no other beats on both are filled and joined by a line; those
        without the cost, or that cost nothing, have no point in its panel.
    task : {"sa", "pc"}
    method : str
        ``"pearson"``, ``"spearman"`` or ``"kendall"``.
    """
    import matplotlib.pyplot as plt

    rows = costs[costs["task"].eq(task)].dropna(subset=["estimate"])
    kinds = [cost for cost in COST_LABELS if rows[cost].gt(0).any()]
    most = max(int(rows[cost].gt(0).sum()) for cost in kinds)
    height = max(1.9, 0.5 + 0.19 * most)
    fig, axes = plt.subplots(len(kinds), 1, figsize=(PAGE * 0.86, height * len(kinds)), squeeze=False)
    for ax, cost in zip(axes[:, 0], kinds, strict=True):
        shown = rows[rows[cost].gt(0)].sort_values("estimate")
        unbeaten = shown[f"unbeaten_{cost.removeprefix('median_')}"].fillna(False).astype(bool)
        span_decades(ax, shown[cost])
        front = shown[unbeaten].sort_values(cost)
        ax.plot(front[cost], front["estimate"], color=BLUE, linewidth=0.8, linestyle=":", zorder=1)
        for part, is_open in ((shown[unbeaten], False), (shown[~unbeaten], True)):
            error = np.clip([part["estimate"] - part["low"], part["high"] - part["estimate"]], 0, None)
            ax.errorbar(
                part[cost], part["estimate"], yerr=error, fmt="o", color=GREY if is_open else BLUE,
                markerfacecolor="white" if is_open else BLUE, elinewidth=1,
            )  # fmt: skip
        name_points(
            ax, shown[cost], shown["estimate"], [label_scorer(labels, name) for name in shown["scorer"]]
        )
        ax.set_xlabel(COST_LABELS[cost])
        ax.set_ylabel(f"{label_method(method)},\nhuman {task.upper()}")
    return fig


def span_decades(ax: Axes, values: pd.Series) -> None:
    """Let a logarithmic axis span whole powers of ten, and write these as plain numbers."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    ax.set_xscale("log")
    ax.set_xlim(10 ** np.floor(np.log10(0.8 * values.min())), 10 ** np.ceil(np.log10(1.25 * values.max())))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())


def name_points(ax: Axes, x: pd.Series, y: pd.Series, names: Sequence[str]) -> None:
    """Name points right of the axes, evenly spaced in the order of their heights, with a line to each."""
    ends = np.linspace(0, 1, len(names) + 2)[1:-1]
    for left, height, end, name in zip(x, y, ends, names, strict=True):
        ax.annotate(
            name, (left, height), xytext=(1.03, end), textcoords="axes fraction",
            va="center", ha="left", fontsize=6.5, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": "#C8C8C8", "linewidth": 0.5, "relpos": (0, 0.5)},
        )  # fmt: skip


@use_paper_style
def plot_abstention(abstention: pd.DataFrame, *, labels: Labels | None = None) -> Figure:
    """Plot how far from humans the scores are on the videos that are kept, one panel a task.

    Parameters
    ----------
    abstention : DataFrame
        Rows ``mean_absolute_disagreement`` of ``tabulate_abstention``: ``scorer, task, abstain_by,
        coverage``. Solid: the videos kept by predicted disagreement; dashed: chance; dotted: by the
        disagreement itself, which no prediction can beat.
    """
    import matplotlib.pyplot as plt

    rows = abstention[abstention["quantity"].eq("mean_absolute_disagreement")]
    tasks = [task for task in TASK_TITLES if task in set(rows["task"])]
    scorers = list(dict.fromkeys(rows["scorer"]))
    fig, axes = plt.subplots(
        1, len(tasks), figsize=(PAGE * 0.45 * len(tasks) + 0.3, 2.5), sharey=True, squeeze=False
    )
    for ax, task in zip(axes[0], tasks, strict=True):
        for scorer, colour in zip(scorers, cycle_colours(len(scorers)), strict=True):
            for way, style in ABSTENTION_STYLES.items():
                chosen = rows["scorer"].eq(scorer) & rows["task"].eq(task) & rows["abstain_by"].eq(way)
                shown = rows[chosen].sort_values("coverage")
                known = label_scorer(labels, scorer) if style == "-" else None
                ax.plot(100 * shown["coverage"], shown["estimate"], style, color=colour, label=known)
                if style == "-":
                    ax.fill_between(
                        100 * shown["coverage"],
                        shown["low"],
                        shown["high"],
                        color=colour,
                        alpha=0.15,
                        linewidth=0,
                    )
        ax.set_title(TASK_TITLES[task])
        ax.set_xlabel("videos kept (%)")
    # last, because an axis whose one end is set no longer grows with what is drawn
    axes[0, 0].set_ylim(bottom=0)
    axes[0, 0].set_ylabel("mean |human − predicted rating|")
    for way, style in ABSTENTION_STYLES.items():
        axes[0, 0].plot([], [], style, color=GREY, label=f"kept by {way}")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig
