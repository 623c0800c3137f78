"""Figures of quality metrics beside rated physics: every metric at every level, and all at one."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
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
    label_method,
    label_scorer,
    name_rows,
    say_level,
    use_paper_style,
    write_values,
)
from videophy_lab.figures.judges import CENTRING_LABELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEVEL_LABELS = {**CENTRING_LABELS, "generator_means": "generators' means"}
# task: colour, marker, open, and how far below the row's height
TASK_MARKS = {"pc": (BLUE, "o", False, -0.17), "sa": (ORANGE, "D", True, 0.17)}
PANELS_A_ROW = 4
BAND = "#ECECEC"


def label_metric(metric: str, labels: Labels | None, better: Mapping[str, str] | None, *, width: int) -> str:
    """Give a metric's name for readers; where a higher value is not the better one, a second line says so."""
    known = textwrap.fill(label_scorer(labels, metric), width)
    said = {"lower": "\n(lower is better)", "neither": "\n(neither end is better)"}
    return known + said.get((better or {}).get(metric, ""), "")


@use_paper_style
def plot_metric_levels(
    estimates: pd.DataFrame,
    *,
    method: str,
    margin: float,
    rater: str = "human",
    order: Sequence[str] = (),
    better: Mapping[str, str] | None = None,
    labels: Labels | None = None,
) -> Figure:
    """Plot the correlation of every metric with PC and SA, one panel a metric, one row a level.

    Parameters
    ----------
    estimates : DataFrame
        Rows of ``correlate`` with ``scorer`` (the metric), ``rating_task, centred_by``. Intervals between
        generators' means are cut where the axis ends, with an arrowhead.
    method : str
        ``"pearson"``, ``"spearman"`` or ``"kendall"``.
    margin : float
        Correlations within ± margin count as none: the grey band.
    rater : str
        Whose PC and SA they are, for the axis.
    order : sequence of str
        Metrics in the order of the panels; as in the table when empty.
    better : mapping of metric to {"higher", "lower", "neither"}, optional
    """
    import matplotlib.pyplot as plt

    rows = estimates[estimates["quantity"].eq(method)]
    metrics = list(order) or list(dict.fromkeys(rows["scorer"]))
    levels = [name for name in LEVEL_LABELS if name in set(rows["centred_by"])]
    n_columns = min(PANELS_A_ROW, len(metrics))
    n_rows = -(-len(metrics) // n_columns)
    fig, axes = plt.subplots(
        n_rows, n_columns, sharex=True, sharey=True, squeeze=False,
        figsize=(max(COLUMN, PAGE * n_columns / PANELS_A_ROW), 0.7 + 1.45 * n_rows),
    )  # fmt: skip
    limit = find_limit(rows, margin)
    for ax, metric in zip(axes.flat, metrics, strict=False):
        shown = rows[rows["scorer"].eq(metric)]
        draw_levels(ax, shown, levels, limit)
        ax.axvspan(-margin, margin, color=BAND, zorder=0, linewidth=0)
        counts = dict.fromkeys(f"{n:,}" for n in shown["n_videos"])
        ax.set_title(
            f"{label_metric(metric, labels, better, width=25)}\nn = {' / '.join(counts)}", fontsize=7
        )
        ax.set_xlim(-limit, limit)
    for ax in axes.flat[len(metrics) :]:
        ax.set_visible(False)
    for ax in axes.flat[max(0, len(metrics) - n_columns) : len(metrics)]:
        ax.tick_params(labelbottom=True)
    whose = f"with the {label(None, rater)} rating"
    fig.supxlabel(f"{label_method(method)} {whose}, {say_level(rows)}", fontsize=7.5)
    marks = max((ax.get_legend_handles_labels() for ax in axes.flat), key=lambda mark: len(mark[1]))
    fig.legend(*marks, loc="outside upper right", ncols=2)
    return fig


def draw_levels(ax: Axes, rows: pd.DataFrame, levels: list[str], limit: float) -> None:
    """Draw one metric's estimates, one row a level, cut at ± limit."""
    y = np.arange(len(levels), dtype=float)
    ax.axvline(0, color="black", linewidth=0.6)
    for task, (colour, marker, is_open, offset) in TASK_MARKS.items():
        shown = rows[rows["rating_task"].eq(task)].drop_duplicates("centred_by").set_index("centred_by")
        if shown.empty:
            continue
        shown = shown.reindex(levels)
        for side, end, arrow in (
            (shown["low"].lt(-limit), -limit, "<"),
            (shown["high"].gt(limit), limit, ">"),
        ):
            if side.any():
                ax.plot(
                    np.full(side.sum(), end),
                    y[side] + offset,
                    arrow,
                    color=colour,
                    markersize=3,
                    clip_on=False,
                )
        cut = shown.assign(low=shown["low"].clip(lower=-limit), high=shown["high"].clip(upper=limit))
        draw_intervals(ax, y + offset, cut, color=colour, label=task.upper(), marker=marker, open_=is_open)
    if rows["estimate"].isna().all():
        ax.text(
            0.5, 0.5, "undefined:\ndoes not vary", transform=ax.transAxes, ha="center", va="center",
            bbox={"facecolor": BAND, "edgecolor": "none"},
        )  # fmt: skip
    ax.set_yticks(y, [LEVEL_LABELS[name] for name in levels])
    ax.set_ylim(len(levels) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)


def find_limit(rows: pd.DataFrame, margin: float) -> float:
    """Find how far the axis reaches: all intervals but those between generators' means, and all points."""
    between = rows["centred_by"].eq("generator_means")
    ends = pd.concat([rows.loc[~between, "low"], rows.loc[~between, "high"], rows["estimate"]]).abs()
    return min(1.0, 1.05 * max(margin, 0.1, 0.0 if ends.isna().all() else float(ends.max())))


@use_paper_style
def plot_metric_forest(
    judged: pd.DataFrame,
    *,
    method: str,
    printed: pd.DataFrame | None = None,
    rater: str = "human",
    better: Mapping[str, str] | None = None,
    labels: Labels | None = None,
) -> Figure:
    """Plot all metrics at one level in the order of the table, with the margin and the verdict on PC.

    Parameters
    ----------
    judged : DataFrame
        As of ``judge_metrics``: ``scorer, rating_task, centred_by, estimate, low, high, level, margin,
        verdict, p_holm, n_videos``.
    method : str
        ``"pearson"``, ``"spearman"`` or ``"kendall"``.
    printed : DataFrame, optional
        ``metric, rating_task, printed``: values printed elsewhere, drawn as crosses beside PC.
    """
    import matplotlib.pyplot as plt

    metrics = list(dict.fromkeys(judged["scorer"]))
    y = np.arange(len(metrics), dtype=float)
    fig, ax = plt.subplots(figsize=(PAGE * 0.86, 0.8 + 0.33 * len(metrics)))
    margin = float(judged["margin"].iloc[0])
    ax.axvspan(-margin, margin, color=BAND, zorder=0, linewidth=0, label=f"± {margin:g}: counts as none")
    ax.axvline(0, color="black", linewidth=0.6)
    by_task = {
        task: rows.set_index("scorer").reindex(metrics) for task, rows in judged.groupby("rating_task")
    }
    crosses = pd.Series(dtype=float) if printed is None else printed.set_index("metric")["printed"]
    for task, (colour, marker, is_open, offset) in TASK_MARKS.items():
        if task in by_task:
            rows = by_task[task]
            draw_intervals(
                ax, y + offset, rows, color=colour, label=task.upper(), marker=marker, open_=is_open
            )
            # right of the cross, too
            ends = np.fmax(rows["high"], crosses.reindex(metrics)) if task == "pc" else rows["high"]
            write_values(ax, y + offset, rows.assign(high=ends), "{:.2f}", color=colour)
    if printed is not None and len(printed):
        shown = printed[printed["metric"].isin(metrics)]
        heights = [y[metrics.index(name)] + TASK_MARKS["pc"][3] for name in shown["metric"]]
        ax.plot(shown["printed"], heights, "x", color="black", markersize=5, zorder=5, label="PC as printed")
    main = by_task.get("pc", next(iter(by_task.values())))
    counts = judged.groupby("scorer")["n_videos"].max()
    names = [f"{label_metric(name, labels, better, width=36)}  (n = {counts[name]:,})" for name in metrics]
    name_rows(ax, y, names)
    right = ax.secondary_yaxis("right")
    right.set_yticks(y, [say_verdict(row) for _, row in main.iterrows()])
    right.tick_params(length=0, labelcolor=GREY)
    right.spines["right"].set_visible(False)
    where = LEVEL_LABELS.get(judged["centred_by"].iloc[0], "")
    whose = f"with the {label(None, rater)} rating"
    ax.set_xlabel(f"{label_method(method)} {whose}, {where}, {say_level(judged)}")
    fig.legend(loc="outside upper right", ncols=4)
    return fig


def say_verdict(row: pd.Series) -> str:
    """Say the verdict of equivalence, with a star where the correlation differs from 0 after Holm."""
    if pd.isna(row["estimate"]):
        return "undefined: does not vary"
    return str(row["verdict"]) + (" *" if row["p_holm"] < 1 - row["level"] else "")
