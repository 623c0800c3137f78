"""Figures of generators: leaderboards, mean ratings, laws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from videophy_lab.figures.base import (
    BLUE,
    ORANGE,
    PAGE,
    Labels,
    draw_intervals,
    label,
    name_rows,
    say_level,
    use_paper_style,
    write_values,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@use_paper_style
def plot_leaderboard(
    ranks: pd.DataFrame, *, hard: pd.DataFrame | None = None, labels: Labels | None = None
) -> Figure:
    """Plot the joint rate of every generator with its interval, best on top.

    Parameters
    ----------
    ranks : DataFrame
        ``generator, estimate, low, high, n_videos, rank_low, rank_high, group`` as from ``rank_generators``.
    hard : DataFrame, optional
        The same for the hard subset, drawn as open diamonds.
    """
    import matplotlib.pyplot as plt

    ranks = ranks.sort_values("estimate", ascending=False).reset_index(drop=True)
    fig, ax = plt.subplots(figsize=(PAGE * 0.72, 0.5 + 0.34 * len(ranks)))
    y = np.arange(len(ranks), dtype=float)
    offset = 0.16 if hard is not None else 0.0
    draw_intervals(ax, y - offset, ranks, color=BLUE, label="all prompts", scale=100)
    write_values(ax, y - offset, ranks, "{:.1f}", color=BLUE, scale=100)
    if hard is not None:
        shown = hard.set_index("generator").reindex(ranks["generator"]).reset_index()
        draw_intervals(
            ax, y + offset, shown, color=ORANGE, label="hard subset", scale=100, marker="D", open_=True
        )
        write_values(ax, y + offset, shown, "{:.1f}", color=ORANGE, scale=100)
        ax.legend(loc="lower right", ncols=1)
    names = [f"{label(labels, row.generator)}  (n = {row.n_videos})" for row in ranks.itertuples()]
    name_rows(ax, y, names, from_zero=True)
    right = ax.secondary_yaxis("right")
    right.set_yticks(y, [_describe_rank(row) for row in ranks.itertuples()])
    right.tick_params(length=0)
    right.spines["right"].set_visible(False)
    ax.set_xlabel(f"joint score: videos with SA and PC both a success (%), {say_level(ranks)}")
    return fig


def _describe_rank(row: Any) -> str:
    if not np.isfinite(row.rank_low):
        return "rank not tested"
    low, high = int(row.rank_low), int(row.rank_high)
    return f"rank {low}" + (f"–{high}" if high > low else "") + (f"  {row.group}" if row.group else "")


@use_paper_style
def plot_means(estimates: pd.DataFrame, *, labels: Labels | None = None, order: Sequence[str]) -> Figure:
    """Plot the mean SA and mean PC of every generator side by side.

    Parameters
    ----------
    estimates : DataFrame
        Rows ``mean_sa`` and ``mean_pc`` of one slice.
    order : sequence of str
        Generators from top to bottom.
    """
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(1, 2, figsize=(PAGE, 0.5 + 0.24 * len(order)), sharey=True)
    for ax, quantity, title in zip(
        axes, ("mean_sa", "mean_pc"), ("Semantic adherence", "Physical commonsense"), strict=True
    ):
        rows = (
            estimates[estimates["quantity"].eq(quantity)]
            .set_index("generator")
            .reindex(list(order))
            .reset_index()
        )
        y = np.arange(len(rows), dtype=float)
        draw_intervals(ax, y, rows, color=BLUE)
        write_values(ax, y, rows, "{:.2f}")
        ax.set_title(title)
        ax.set_xlabel(f"mean human rating, {say_level(estimates)}")
        name_rows(ax, y, [label(labels, name) for name in order])
    return fig


@use_paper_style
def plot_laws(estimates: pd.DataFrame, *, printed: Mapping[str, float] | None = None) -> Figure:
    """Plot the violation rate of every law with its interval, beside the printed one.

    Parameters
    ----------
    estimates : DataFrame
        Rows of one quantity with ``law, estimate, low, high, n_rules``.
    printed : mapping of law to per cent, optional
    """
    import matplotlib.pyplot as plt

    rows = estimates.sort_values("estimate", ascending=False).reset_index(drop=True)
    fig, ax = plt.subplots(figsize=(PAGE * 0.72, 0.6 + 0.24 * len(rows)))
    y = np.arange(len(rows), dtype=float)
    draw_intervals(ax, y, rows, color=BLUE, label=f"recomputed, {say_level(rows)}", scale=100)
    if printed:
        values = rows["law"].map(printed).astype(float)
        ax.plot(
            values,
            y,
            linestyle="none",
            marker="x",
            color=ORANGE,
            label="printed in the paper (read off its bars)",
        )
    name_rows(ax, y, [f"{row.law}  ({row.n_rules} rules)" for row in rows.itertuples()], from_zero=True)
    ax.set_xlabel("rules violated (%)")
    fig.legend(loc="outside lower center", ncols=2)
    return fig


@use_paper_style
def plot_two_benchmarks(
    first: pd.DataFrame, second: pd.DataFrame, *, titles: tuple[str, str], labels: Labels | None = None
) -> Figure:
    """Plot two leaderboards side by side; generators that stand in both are emphasised.

    Parameters
    ----------
    first, second : DataFrame
        ``generator, estimate, low, high`` of the joint rate.
    """
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(1, 2, figsize=(PAGE, 0.6 + 0.25 * max(len(first), len(second))))
    names = [[label(labels, name) for name in table["generator"]] for table in (first, second)]
    shared = set(names[0]) & set(names[1])
    for ax, table, title in zip(axes, (first, second), titles, strict=True):
        rows = table.sort_values("estimate", ascending=False).reset_index(drop=True)
        y = np.arange(len(rows), dtype=float)
        in_both = rows["generator"].map(lambda name: label(labels, name) in shared).to_numpy()
        for chosen, colour in ((~in_both, BLUE), (in_both, ORANGE)):
            draw_intervals(ax, y[chosen], rows[chosen], color=colour, scale=100)
            write_values(ax, y[chosen], rows[chosen], "{:.1f}", color=colour, scale=100)
        name_rows(ax, y, [label(labels, name) for name in rows["generator"]], from_zero=True)
        ax.set_title(title)
        ax.set_xlabel(f"joint score (%), {say_level(table)}")
    return fig
