"""Figures of probes: what each edit does to a judge's score, reversal by class, and severity."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from videophy_lab.figures.base import (
    BLUE,
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
BAND = "#ECECEC"
PANELS_A_ROW = 3
# verdict: colour, mark and ink, so that the map is read without colours too
VERDICTS = {
    "fault": (ORANGE, "✗", "white"),
    "open": ("#F3F3F3", "?", "black"),
    "refused": ("#D9D9D9", "–", "black"),
    "passed": ("#CFE3F1", "✓", "black"),
}
EXPECTED = {"stays": "must not matter", "falls": "must lower the score", "free": "free"}
CLASS_MARKS = {
    "irreversible": (BLUE, "o", -0.2),
    "reversible": (ORANGE, "D", 0.0),
    "not known": (GREY, "s", 0.2),
}


def find_widest_shift(rows: pd.DataFrame, margin: float) -> float:
    """Find half the width of an axis that holds every shift, and the intervals of five prompts or more."""
    told = rows[rows["n_prompts"].ge(5)]
    ends = pd.concat([rows["estimate"], told["low"], told["high"]]).astype(float)
    return 1.05 * max(2 * margin, float(ends.abs().max()))


@use_paper_style
def plot_shifts(
    estimates: pd.DataFrame,
    *,
    expect: Mapping[str, str],
    margin: float,
    order: Sequence[str] = (),
    labels: Labels | None = None,
) -> Figure:
    """Plot by how much each probe moves each judge's score, what must not matter above what must.

    Parameters
    ----------
    estimates : DataFrame
        Rows ``shift_units`` of ``estimate_shifts`` with ``scorer, probe``.
    expect : mapping of probe to {"falls", "stays", "free"}
        Decides the panel, and the order in it; a probe that it leaves out is free.
    margin : float
        Half the width of the grey band: shifts that count as none.
    order : sequence of str
        Scorers, as in the table when empty.

    Notes
    -----
    Intervals of fewer than five prompts, which may be wider than the scale, are cut off at the edge.
    """
    import matplotlib.pyplot as plt

    rows = estimates.dropna(subset=["estimate"])
    widest = find_widest_shift(rows, margin)
    rows = rows.assign(low=rows["low"].clip(-widest), high=rows["high"].clip(upper=widest))
    scorers = list(order) or list(dict.fromkeys(rows["scorer"]))
    there = set(rows["probe"])
    names = [*(name for name in expect if name in there), *sorted(there - set(expect))]
    groups = {
        said: [name for name in names if expect.get(name, "free") == word] for word, said in EXPECTED.items()
    }
    groups = {said: chosen for said, chosen in groups.items() if chosen}
    step = max(0.14, 0.7 / len(scorers)) if len(scorers) > 1 else 0.0
    height = max(1.0, step * len(scorers) + 0.25)
    n_lines = -(-len(scorers) // 4)
    rows_high = sum(map(len, groups.values())) * height
    fig, axes = plt.subplots(
        len(groups), 1, sharex=True, squeeze=False, height_ratios=[len(chosen) for chosen in groups.values()],
        figsize=(PAGE, 0.9 + 0.24 * rows_high + 0.3 * len(groups) + 0.17 * n_lines),
    )  # fmt: skip
    for ax, (said, chosen) in zip(axes[:, 0], groups.items(), strict=True):
        y = height * np.arange(len(chosen), dtype=float)
        ax.axvspan(-margin, margin, color=BAND, zorder=0)
        ax.axvline(0, color="black", linewidth=0.6)
        for number, (scorer, colour) in enumerate(zip(scorers, cycle_colours(len(scorers)), strict=True)):
            own = rows[rows["scorer"].eq(scorer)].set_index("probe").reindex(chosen)
            draw_intervals(
                ax, y + (number - (len(scorers) - 1) / 2) * step, own, color=colour,
                marker=MARKERS[number % len(MARKERS)], label=label_scorer(labels, scorer),
                open_=number >= len(MARKERS),
            )  # fmt: skip
        for edge in (y[:-1] + y[1:]) / 2:
            ax.axhline(edge, color=BAND, linewidth=0.6, zorder=0)
        ax.set_yticks(y, [name_probe(name, labels) for name in chosen])
        ax.set_ylim(y.max() + height / 2, y.min() - height / 2)
        ax.grid(axis="y", visible=False)
        ax.set_title(said, fontsize=7, loc="left")
    axes[-1, 0].set_xlim(-widest, widest)
    units = "points on 1–5, or a quarter of another scale; SD of a metric"
    axes[-1, 0].set_xlabel(f"shift against the re-encoded video ({units}), {say_level(rows)}")
    marks = max((ax.get_legend_handles_labels() for ax in axes[:, 0]), key=lambda mark: len(mark[1]))
    fig.legend(*marks, loc="outside lower center", ncols=min(4, len(scorers)))
    return fig


def name_probe(probe: str, labels: Labels | None) -> str:
    """Give a probe its name for readers: ``blur-050`` is ``blur, 0.5``."""
    base, _, grade = probe.rpartition("-")
    if base and grade.isdecimal() and probe not in (labels or {}):
        return f"{label_scorer(labels, base)}, {int(grade) / 100:g}"
    return label_scorer(labels, probe)


@use_paper_style
def plot_reversal(
    estimates: pd.DataFrame, *, order: Sequence[str] = (), labels: Labels | None = None
) -> Figure:
    """Plot how often each judge prefers the forward video, irreversible and reversible actions apart.

    Parameters
    ----------
    estimates : DataFrame
        Rows of ``estimate_reversal`` with ``scorer, class, n_pairs``.
    order : sequence of str
        Scorers from top to bottom; as in the table when empty.
    """
    import matplotlib.pyplot as plt

    shown = estimates[estimates["quantity"].eq("paired_auc")].dropna(subset=["estimate"])
    scorers = list(order) or list(dict.fromkeys(shown["scorer"]))
    y = np.arange(len(scorers), dtype=float)
    fig, ax = plt.subplots(figsize=(PAGE * 0.75, 0.9 + 0.42 * len(scorers)))
    ax.axvline(0.5, color="black", linewidth=0.6)
    ax.set_xlim(0, 1)
    for name, (colour, marker, offset) in CLASS_MARKS.items():
        own = shown[shown["class"].eq(name)]
        if own.empty:
            continue
        counts = "–".join(dict.fromkeys(f"{n}" for n in (own["n_pairs"].min(), own["n_pairs"].max())))
        wide = own.set_index("scorer").reindex(scorers)
        said = f"{name} (n = {counts} videos)"
        draw_intervals(ax, y + offset, wide, color=colour, marker=marker, label=said)
        write_values(ax, y + offset, wide, "{:.2f}", color=colour)
    name_rows(ax, y, [textwrap.fill(label_scorer(labels, name), 30) for name in scorers])
    ax.set_xticks(
        [0, 0.25, 0.5, 0.75, 1],
        ["0\nreversed\npreferred", "0.25", "0.5\nchance", "0.75", "1\nforward\npreferred"],
    )
    ax.set_xlabel(f"forward video preferred (share of pairs, ties count half), {say_level(shown)}")
    fig.legend(loc="outside upper right", ncols=3)
    return fig


@use_paper_style
def plot_probe_severity(
    estimates: pd.DataFrame, *, order: Sequence[str] = (), labels: Labels | None = None
) -> Figure:
    """Plot each judge's shift against the severity of an edit, one panel an edit.

    Parameters
    ----------
    estimates : DataFrame
        Rows ``shift_units`` of ``estimate_shifts`` by ``edit`` and ``severity``.
    order : sequence of str
        Scorers, as in the table when empty.
    """
    import matplotlib.pyplot as plt

    rows = estimates.dropna(subset=["estimate"])
    scorers = list(order) or list(dict.fromkeys(rows["scorer"]))
    panels = list(dict.fromkeys(rows["edit"]))
    n_columns = min(PANELS_A_ROW, len(panels))
    n_rows = -(-len(panels) // n_columns)
    n_lines = -(-len(scorers) // 4)
    fig, axes = plt.subplots(
        n_rows, n_columns, sharey=True, squeeze=False,
        figsize=(PAGE * max(0.6, n_columns / PANELS_A_ROW), 0.5 + 1.8 * n_rows + 0.17 * n_lines),
    )  # fmt: skip
    for ax, panel in zip(axes.flat, panels, strict=False):
        draw_severity(ax, rows[rows["edit"].eq(panel)], scorers, labels)
        ax.set_title(label_scorer(labels, panel), fontsize=7)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    for ax in axes.flat[max(0, len(panels) - n_columns) : len(panels)]:
        ax.set_xlabel("severity")
    for row in axes:
        row[0].set_ylabel(f"shift (points, or SD),\n{say_level(rows)}")
    marks = max((ax.get_legend_handles_labels() for ax in axes.flat), key=lambda mark: len(mark[1]))
    fig.legend(*marks, loc="outside lower center", ncols=min(4, len(scorers)))
    return fig


def draw_severity(ax: Axes, rows: pd.DataFrame, scorers: Sequence[str], labels: Labels | None) -> None:
    """Draw one panel: a line a scorer, the scorers beside each other at every severity."""
    severities = np.unique(rows["severity"].astype(float))
    gap = float(np.diff(severities).min()) if len(severities) > 1 else 1.0
    step = 0.35 * gap / max(len(scorers), 1)
    ax.axhline(0, color="black", linewidth=0.6)
    for number, (scorer, colour) in enumerate(zip(scorers, cycle_colours(len(scorers)), strict=True)):
        own = rows[rows["scorer"].eq(scorer)].sort_values("severity")
        if own.empty:
            continue
        x = own["severity"].to_numpy(dtype=float) + (number - (len(scorers) - 1) / 2) * step
        middle, low, high = (own[name].to_numpy(dtype=float) for name in ("estimate", "low", "high"))
        ax.errorbar(
            x, middle, yerr=np.clip(np.vstack([middle - low, high - middle]), 0, None),
            fmt=MARKERS[number % len(MARKERS)], color=colour, linewidth=0.8, elinewidth=0.8, markersize=3.5,
            linestyle="--" if number >= len(MARKERS) else "-", label=label_scorer(labels, scorer),
        )  # fmt: skip
    ax.set_xticks(severities, [f"{value:g}" for value in severities])
    ax.set_xlim(severities.min() - 0.7 * gap, severities.max() + 0.7 * gap)
    ax.grid(axis="x", visible=False)


@use_paper_style
def plot_checks(faults: pd.DataFrame, *, order: Sequence[str] = (), labels: Labels | None = None) -> Figure:
    """Plot the verdict of every check as a map, one row a check, one column a judge.

    Parameters
    ----------
    faults : DataFrame
        Rows of ``name_faults`` with ``scorer, check, verdict, estimate``.
    order : sequence of str
        Judges from left to right; as in the table when empty.
    """
    import matplotlib.pyplot as plt
    from matplotlib.patches import Rectangle

    there = set(faults["scorer"])
    judges = [name for name in order if name in there] or list(dict.fromkeys(faults["scorer"]))
    checks = list(dict.fromkeys(faults["check"]))
    cells = faults.drop_duplicates(["scorer", "check"]).set_index(["check", "scorer"])
    width = min(PAGE, 2.0 + 0.75 * len(judges))
    fig, ax = plt.subplots(figsize=(width, 1.0 + 0.23 * len(checks)))
    for i, check in enumerate(checks):
        for j, judge in enumerate(judges):
            if (check, judge) not in cells.index:
                continue
            row = cells.loc[(check, judge)]
            colour, mark, ink = VERDICTS[row["verdict"]]
            ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=colour, edgecolor="white"))
            number = "" if pd.isna(row["estimate"]) else write_number(row["estimate"], "{:.2f}")
            ax.text(j, i, f"{mark} {number}", ha="center", va="center", fontsize=6.5, color=ink)
    ax.set_xlim(-0.5, len(judges) - 0.5)
    ax.set_ylim(len(checks) - 0.5, -0.5)
    ax.set_xticks(range(len(judges)), [textwrap.fill(label_scorer(labels, name), 12) for name in judges])
    ax.set_yticks(range(len(checks)), checks)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    handles = [
        Rectangle((0, 0), 1, 1, facecolor=colour, edgecolor=GREY, linewidth=0.4)
        for colour, _, _ in VERDICTS.values()
    ]
    said = [f"{mark} {verdict}" for verdict, (_, mark, _) in VERDICTS.items()]
    fig.legend(handles, said, loc="outside lower center", ncols=len(VERDICTS))
    return fig
