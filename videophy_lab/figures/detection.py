"""Figures of detection: which violations each scorer sees, from which severity on, and what explains it."""

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
    cycle_colours,
    draw_intervals,
    label_scorer,
    name_rows,
    say_level,
    use_paper_style,
    write_number,
    write_values,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = "osD^v<>"
PANELS_A_ROW = 3
BAND = "#ECECEC"
# more columns than this, and the names above the map are turned
UPRIGHT = 6
FORESTS = {"drop": ("mean drop", BLUE, False, -0.17),
           "drop_at_equal_quality": ("drop at equal quality", ORANGE, True, 0.17)}  # fmt: skip


def name_violation(labels: Labels | None, name: str) -> str:
    """Give a violation's or a law's name for readers, or its own with blanks for underscores."""
    return label_scorer(labels, name)


@use_paper_style
def plot_detection_curves(
    estimates: pd.DataFrame,
    *,
    by: str = "violation",
    order: Sequence[str] = (),
    thresholds: pd.DataFrame | None = None,
    labels: Labels | None = None,
) -> Figure:
    """Plot how often each scorer prefers the right clip against severity, one panel a violation or law.

    Parameters
    ----------
    estimates : DataFrame
        Rows of ``detect`` with ``scorer``, the column ``by`` and ``severity``.
    by : {"violation", "law"}
    order : sequence of str
        Scorers in the order of colours and legend; as in the table when empty.
    thresholds : DataFrame, optional
        ``scorer``, the column ``by`` and ``threshold``: points from there on are filled, the others open.
    """
    import matplotlib.pyplot as plt

    scorers = list(order) or list(dict.fromkeys(estimates["scorer"]))
    panels = list(dict.fromkeys(estimates[by]))
    n_columns = min(PANELS_A_ROW, len(panels))
    n_rows = -(-len(panels) // n_columns)
    names_a_line = min(len(scorers), n_columns + 1)
    n_lines = -(-len(scorers) // names_a_line)
    fig, axes = plt.subplots(
        n_rows, n_columns, sharey=True, squeeze=False,
        figsize=(max(COLUMN, PAGE * n_columns / PANELS_A_ROW), 0.4 + 1.9 * n_rows + 0.17 * n_lines),
    )  # fmt: skip
    known = {} if thresholds is None else thresholds.set_index(["scorer", by])["threshold"].to_dict()
    for ax, panel in zip(axes.flat, panels, strict=False):
        rows = estimates[estimates[by].eq(panel)]
        draw_curves(ax, rows, scorers, {scorer: known.get((scorer, panel)) for scorer in scorers}, labels)
        counts = dict.fromkeys(f"{n}" for n in (rows["n_pairs"].min(), rows["n_pairs"].max()))
        prompts = rows["n_prompts"].max()
        title = textwrap.fill(name_violation(labels, panel), 30)
        ax.set_title(f"{title}\nn = {'–'.join(counts)} pairs, {prompts} prompts", fontsize=7)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    for ax in axes.flat[max(0, len(panels) - n_columns) : len(panels)]:
        ax.set_xlabel("severity")
    for row in axes:
        row[0].set_ylabel(f"right clip preferred\n(share of pairs), {say_level(estimates)}")
    marks = max((ax.get_legend_handles_labels() for ax in axes.flat), key=lambda mark: len(mark[1]))
    fig.legend(*marks, loc="outside lower center", ncols=names_a_line)
    return fig


def draw_curves(
    ax: Axes,
    rows: pd.DataFrame,
    scorers: Sequence[str],
    thresholds: Mapping[str, float | None],
    labels: Labels | None,
) -> None:
    """Draw one panel: a line a scorer, the scorers beside each other at every severity."""
    severities = np.unique(rows["severity"].astype(float))
    gap = float(np.diff(severities).min()) if len(severities) > 1 else 1.0
    step = 0.6 * gap / max(len(scorers), 1)
    ax.axhline(0.5, color="black", linewidth=0.6)
    for number, (scorer, colour) in enumerate(zip(scorers, cycle_colours(len(scorers)), strict=True)):
        own = rows[rows["scorer"].eq(scorer)].dropna(subset=["estimate"]).sort_values("severity")
        if own.empty:
            continue
        x = own["severity"].to_numpy(dtype=float) + (number - (len(scorers) - 1) / 2) * step
        middle, low, high = (own[name].to_numpy(dtype=float) for name in ("estimate", "low", "high"))
        marker, dashed = MARKERS[number % len(MARKERS)], number >= len(MARKERS)
        ax.errorbar(
            x, middle, yerr=np.clip(np.vstack([middle - low, high - middle]), 0, None), fmt=marker,
            color=colour, linestyle="--" if dashed else "-", linewidth=0.8, elinewidth=0.8, markersize=3.5,
            markerfacecolor="white", label=label_scorer(labels, scorer), clip_on=False,
        )  # fmt: skip
        limit = thresholds.get(scorer)
        seen = own["severity"].to_numpy(dtype=float) >= (np.inf if limit is None else limit)
        if seen.any():
            ax.plot(x[seen], middle[seen], marker, color=colour, markersize=3.5, clip_on=False, zorder=5)
    ax.set_xticks(severities, [f"{value:g}" for value in severities])
    ax.set_xlim(severities.min() - 0.45 * gap, severities.max() + 0.45 * gap)
    ax.set_ylim(0, 1)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
    ax.grid(axis="x", visible=False)


@use_paper_style
def plot_detection_map(
    estimates: pd.DataFrame,
    *,
    by: str = "law",
    controls: pd.DataFrame | None = None,
    order: Sequence[str] = (),
    alpha: float = 0.05,
    labels: Labels | None = None,
) -> Figure:
    """Plot how often each scorer prefers the right clip as a map, one row a scorer, one column a law.

    Parameters
    ----------
    estimates : DataFrame
        Rows of ``detect`` with ``scorer``, the column ``by``, ``p_holm`` and ``n_pairs``. A cell has a star
        where the interval leaves out .5, and two where ``p_holm`` is below ``alpha`` as well.
    by : {"law", "violation"}
    controls : DataFrame, optional
        The same of controls with ``violation``, in columns of their own on the right.
    order : sequence of str
        Scorers from top to bottom; as in the table when empty.
    alpha : float
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap

    scorers = list(order) or list(dict.fromkeys(estimates["scorer"]))
    parts = [(estimates, by, "violations")]
    if controls is not None and len(controls):
        parts.append((controls, "violation", "controls: nothing is wrong"))
    columns = [list(dict.fromkeys(table[key])) for table, key, _ in parts]
    turned = sum(map(len, columns)) > UPRIGHT
    width = min(PAGE, 1.9 + 0.78 * sum(map(len, columns)))
    fig, axes = plt.subplots(
        1, len(parts), figsize=(width, (1.5 if turned else 1.2) + 0.3 * len(scorers)), sharey=True,
        squeeze=False, width_ratios=[len(names) for names in columns],
    )  # fmt: skip
    # orange is the wrong order, blue the right one; both ends are equally dark, so the number says which
    colours = LinearSegmentedColormap.from_list("order", [ORANGE, "white", BLUE])
    for ax, (table, key, title), names in zip(axes[0], parts, columns, strict=True):
        cells = table.drop_duplicates(["scorer", key]).set_index(["scorer", key])
        shares = cells["estimate"].astype(float).unstack().reindex(index=scorers, columns=names).to_numpy()
        image = ax.imshow(shares, cmap=colours, vmin=0, vmax=1, aspect="auto")
        for (i, j), share in np.ndenumerate(shares):
            known = (scorers[i], names[j]) in cells.index
            text = write_cell(cells.loc[(scorers[i], names[j])], alpha) if known else ""
            dark = np.isfinite(share) and abs(share - 0.5) > 0.4
            ax.text(j, i, text, ha="center", va="center", fontsize=6, color="white" if dark else "black")
        said = [textwrap.fill(name_violation(labels, name), 16) for name in names]
        aside = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if turned else {}
        ax.set_xticks(range(len(names)), said, **aside)
        ax.tick_params(length=0)
        ax.grid(visible=False)
        ax.set_title(title, fontsize=7)
    axes[0, 0].set_yticks(
        range(len(scorers)), [textwrap.fill(label_scorer(labels, name), 30) for name in scorers]
    )
    bar = fig.colorbar(image, ax=axes, shrink=0.8, pad=0.02, ticks=[0, 0.25, 0.5, 0.75, 1])
    bar.ax.set_yticklabels(["0 wrong", "0.25", "0.5 chance", "0.75", "1 right"])
    return fig


def write_cell(row: pd.Series, alpha: float) -> str:
    """Write a cell of the map: the share with its stars, and the number of pairs below."""
    if pd.isna(row["estimate"]):
        return f"–\nn = {row['n_pairs']}"
    leaves_out = row["low"] > 0.5 or row["high"] < 0.5
    stars = ("**" if row["p_holm"] < alpha else "*") if leaves_out else ""
    return f"{write_number(row['estimate'], '{:.2f}')}{stars}\nn = {row['n_pairs']}"


@use_paper_style
def plot_explained(
    estimates: pd.DataFrame, *, order: Sequence[str] = (), labels: Labels | None = None
) -> Figure:
    """Plot every judge's mean drop, and what is left of it where right and wrong clip are of equal quality.

    Parameters
    ----------
    estimates : DataFrame
        Rows of ``explain_detection``: ``drop`` and ``drop_at_equal_quality`` with ``scorer,
        r_squared_held_out, n_pairs``.
    order : sequence of str
        Judges from top to bottom; as in the table when empty.
    """
    import matplotlib.pyplot as plt

    shown = estimates[estimates["quantity"].isin(FORESTS)]
    judges = list(order) or list(dict.fromkeys(shown["scorer"]))
    y = np.arange(len(judges), dtype=float)
    fig, ax = plt.subplots(figsize=(PAGE * 0.8, 0.9 + 0.36 * len(judges)))
    ax.axvline(0, color="black", linewidth=0.6)
    for quantity, (name, colour, is_open, offset) in FORESTS.items():
        own = shown[shown["quantity"].eq(quantity)].set_index("scorer").reindex(judges)
        marker = "D" if is_open else "o"
        draw_intervals(ax, y + offset, own, color=colour, label=name, marker=marker, open_=is_open)
        write_values(ax, y + offset, own, "{:.2f}", color=colour)
    left = shown[shown["quantity"].eq("drop_at_equal_quality")].set_index("scorer").reindex(judges)
    pairs = left["n_pairs"].fillna(0).astype(int)
    name_rows(
        ax, y, [f"{textwrap.fill(label_scorer(labels, name), 30)}  (n = {pairs[name]})" for name in judges]
    )
    right = ax.secondary_yaxis("right")
    right.set_yticks(y, [say_explained(row) for _, row in left.iterrows()])
    right.tick_params(length=0, labelcolor=GREY)
    right.spines["right"].set_visible(False)
    ax.set_xlabel(f"right minus wrong clip, in standard deviations over pairs, {say_level(shown)}")
    fig.legend(loc="outside upper right", ncols=2)
    return fig


def say_explained(row: pd.Series) -> str:
    """Say what quality explains of a judge's drop, or why that cannot be told."""
    if pd.isna(row["estimate"]):
        return textwrap.fill(str(row["reason"]), 34)
    share = 100 * max(0.0, float(row["r_squared_held_out"]))
    return f"{row['verdict']}; quality explains {share:.0f} %"
