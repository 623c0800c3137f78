"""Figures of judges side by side: agreement, other measures, pairwise differences."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from videophy_lab.figures.base import (
    BLUE,
    GREY,
    ORANGE,
    PAGE,
    Labels,
    draw_intervals,
    label_method,
    label_scorer,
    name_rows,
    say_level,
    use_paper_style,
    write_number,
    write_values,
)
from videophy_lab.figures.judges import CENTRING_LABELS, TASK_TITLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# level: marker, open, how far below the row's height
LEVEL_MARKS = {"none": ("o", False, -0.17), "prompt": ("D", True, 0.17)}
MEASURES = {
    ("pairwise_accuracy", "sa"): "pairs right,\nSA",
    ("pairwise_accuracy", "pc"): "pairs right,\nPC",
    ("joint_accuracy", "joint"): "joint\naccuracy",
    ("joint_f1", "joint"): "joint\nF1",
    ("joint_phi", "joint"): "joint\nφ",
}
NAME_WIDTH = 30
# more judges than this, and the matrices of two tasks stand below each other; than that, numbers do not fit
BESIDE, WRITTEN = 6, 16


def name_judges(judges: Sequence[str], labels: Labels | None) -> list[str]:
    """Give judges their names for readers, long ones on several lines."""
    return [textwrap.fill(label_scorer(labels, judge), NAME_WIDTH) for judge in judges]


@use_paper_style
def plot_judges(
    estimates: pd.DataFrame,
    *,
    method: str,
    sentinels: pd.DataFrame | None = None,
    order: Sequence[str] = (),
    labels: Labels | None = None,
) -> Figure:
    """Plot the agreement of every judge with humans, pooled and within prompts, one panel a task.

    Parameters
    ----------
    estimates : DataFrame
        Rows of ``correlate`` of judges, with ``scorer, rating_task, centred_by``.
    method : str
        ``"pearson"``, ``"spearman"`` or ``"kendall"``.
    sentinels : DataFrame, optional
        The same of scorers that see no pixel, drawn in grey below the judges.
    order : sequence of str
        Judges from top to bottom; as in the table when empty.
    """
    import matplotlib.pyplot as plt

    rows = estimates[estimates["quantity"].eq(method)]
    judges = list(order) or list(dict.fromkeys(rows["scorer"]))
    below = (
        sentinels[sentinels["quantity"].eq(method)].dropna(subset=["estimate"])
        if sentinels is not None
        else rows[:0]
    )
    rivals = list(dict.fromkeys(below["scorer"]))
    tasks = [task for task in TASK_TITLES if task in set(rows["rating_task"])]
    y = np.arange(len(judges) + len(rivals), dtype=float)
    fig, axes = plt.subplots(
        1,
        len(tasks),
        figsize=(PAGE * (0.3 + 0.35 * len(tasks)), 0.9 + 0.36 * len(y)),
        sharey=True,
        squeeze=False,
    )
    for ax, task in zip(axes[0], tasks, strict=True):
        ax.axvline(0, color="black", linewidth=0.6)
        for level, (marker, is_open, offset) in LEVEL_MARKS.items():
            colour = ORANGE if is_open else BLUE
            for names, table, at, tint in (
                (judges, rows, y[: len(judges)], colour),
                (rivals, below, y[len(judges) :], GREY),
            ):
                of = table[table["rating_task"].eq(task) & table["centred_by"].eq(level)]
                shown = of.drop_duplicates("scorer").set_index("scorer").reindex(names)
                known = CENTRING_LABELS[level] if tint is colour else None
                draw_intervals(ax, at + offset, shown, color=tint, label=known, marker=marker, open_=is_open)
                write_values(ax, at + offset, shown, "{:.2f}", color=tint)
        name_rows(ax, y, name_judges([*judges, *rivals], labels))
        if rivals:
            ax.axhline(len(judges) - 0.5, color=GREY, linewidth=0.5, linestyle=":")
        ax.set_title(TASK_TITLES[task])
    fig.supxlabel(f"{label_method(method)} with the human rating, {say_level(rows)}", fontsize=7.5)
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return fig


@use_paper_style
def plot_measures(
    estimates: pd.DataFrame, *, order: Sequence[str] = (), labels: Labels | None = None
) -> Figure:
    """Plot pairwise accuracy and the joint decision of every judge, one panel a measure.

    Parameters
    ----------
    estimates : DataFrame
        Rows of ``agreement``: ``quantity, scorer, rating_task``; measures that no judge has have no panel.
        ``joint_majority_accuracy``, the accuracy of the commoner answer, is drawn as a dashed line.
    order : sequence of str
        Judges from top to bottom; as in the table when empty.
    """
    import matplotlib.pyplot as plt

    keys = pd.MultiIndex.from_frame(estimates[["quantity", "rating_task"]])
    defined = keys[estimates["estimate"].notna()]
    panels = {key: title for key, title in MEASURES.items() if key in defined}
    judges = list(order) or list(dict.fromkeys(estimates["scorer"]))
    y = np.arange(len(judges), dtype=float)
    fig, axes = plt.subplots(
        1, len(panels), figsize=(PAGE * min(1, 0.25 + 0.2 * len(panels)), 0.8 + 0.3 * len(judges)),
        sharey=True, squeeze=False,
    )  # fmt: skip
    commoner = estimates.loc[estimates["quantity"].eq("joint_majority_accuracy"), "estimate"]
    for ax, (key, title) in zip(axes[0], panels.items(), strict=True):
        shown = estimates[keys == key].drop_duplicates("scorer").set_index("scorer").reindex(judges)
        draw_intervals(ax, y, shown, color=BLUE)
        write_values(ax, y, shown, "{:.2f}", color=BLUE)
        if key[0] == "joint_phi":
            ax.axvline(0, color="black", linewidth=0.6)
        if key[0] == "joint_accuracy" and len(commoner):
            ax.axvline(commoner.max(), color=GREY, linewidth=1, linestyle="--")
        name_rows(ax, y, name_judges(judges, labels))
        ax.set_title(title, fontsize=7, fontweight="normal")
    dashed = "; dashed: always giving the commoner answer" if ("joint_accuracy", "joint") in panels else ""
    fig.supxlabel(say_level(estimates) + dashed, fontsize=7.5)
    return fig


@use_paper_style
def plot_differences(
    compared: pd.DataFrame, *, alpha: float = 0.05, order: Sequence[str] = (), labels: Labels | None = None
) -> Figure:
    """Plot how much better every judge agrees than every other, one matrix a task.

    Parameters
    ----------
    compared : DataFrame
        Rows of ``compare_judges``: ``scorer_a, scorer_b, task, estimate, p_holm``. A cell is the judge of its
        row minus the judge of its column; a star where ``p_holm`` is below ``alpha``. Of many judges the
        cells have colours and stars only.
    order : sequence of str
        Judges from top to bottom; as in the table when empty.
    """
    import matplotlib.pyplot as plt

    tasks = [task for task in TASK_TITLES if task in set(compared["task"])]
    judges = list(order) or list(dict.fromkeys([*compared["scorer_a"], *compared["scorer_b"]]))
    n_columns = len(tasks) if len(judges) <= BESIDE else 1
    n_rows = -(-len(tasks) // n_columns)
    height = (0.8 + 0.3 * len(judges)) * n_rows + 0.6
    fig, axes = plt.subplots(
        n_rows, n_columns, figsize=(PAGE, height), sharex=True, sharey=True, squeeze=False
    )
    limit = max(0.05, float(compared["estimate"].abs().max()))
    for ax, task in zip(axes.flat, tasks, strict=True):
        differences, stars = fill_matrix(compared[compared["task"].eq(task)], judges, alpha)
        image = ax.imshow(differences, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
        for (i, j), value in np.ndenumerate(differences):
            if np.isfinite(value):
                text = write_number(value, "{:+.2f}") if len(judges) <= WRITTEN else ""
                text += "*" if stars[i, j] else ""
                dark = abs(value) > 0.65 * limit
                ax.text(j, i, text, ha="center", va="center", fontsize=6, color="white" if dark else "black")
        names = name_judges(judges, labels)
        ax.set_yticks(range(len(judges)), names)
        ax.set_xticks(range(len(judges)), names, rotation=40, ha="right", rotation_mode="anchor")
        ax.tick_params(length=0)
        ax.grid(visible=False)
        ax.set_title(TASK_TITLES[task])
    if len(judges) > WRITTEN:
        fig.colorbar(image, ax=axes, label="difference in correlation", shrink=0.4, pad=0.02)
    return fig


def fill_matrix(compared: pd.DataFrame, judges: Sequence[str], alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Fill the matrix of differences, row minus column, and that of stars; NaN where not compared."""
    at = {judge: index for index, judge in enumerate(judges)}
    differences = np.full((len(judges), len(judges)), np.nan)
    stars = np.zeros(differences.shape, dtype=bool)
    columns = ("scorer_a", "scorer_b", "estimate", "p_holm")
    for first, second, estimate, p_holm in zip(*(compared[name] for name in columns), strict=True):
        i, j = at[first], at[second]
        differences[i, j], differences[j, i] = estimate, -estimate
        stars[i, j] = stars[j, i] = p_holm < alpha
    return differences, stars
