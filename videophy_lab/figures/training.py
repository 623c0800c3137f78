"""Figures of a training: how it went, and how the judge agrees with ratings that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from videophy_lab.figures.base import (
    GREY,
    PAGE,
    Labels,
    cycle_colours,
    draw_intervals,
    label,
    name_rows,
    say_level,
    use_paper_style,
    write_values,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLES = {"sa": "Semantic adherence", "pc": "Physical commonsense", "rule": "Rules"}
SPLITS = {
    "val_prompts": "unseen prompts",
    "val_generators": "unseen generators",
    "val_both": "both unseen",
}
MEASURES = {
    "exact_agreement": "exact agreement",
    "mean_absolute_error": "mean absolute error",
    "pearson": "Pearson r",
    "spearman": "Spearman ρ",
    "quadratic_weighted_kappa": "quadratic weighted κ",
}


@use_paper_style
def plot_learning(steps: pd.DataFrame, *, chosen_step: int, labels: Labels | None = None) -> Figure:
    """Plot the loss of every step and what the stop prompts said: loss, and share of right answers by task.

    Parameters
    ----------
    steps : DataFrame
        ``step, split, task, loss, exact`` of a training's ``steps.csv``.
    chosen_step : int
        Whose weights were kept; a dotted line.
    """
    import matplotlib.pyplot as plt

    train, stop = (steps[steps["split"].eq(split)] for split in ("train", "stop"))
    fig, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.4))
    left.plot(train["step"], train["loss"], color=GREY, linewidth=0.8, label="training batch")
    tasks = [task for task in TITLES if task in set(stop["task"])]
    for task, colour in zip(tasks, cycle_colours(len(tasks)), strict=True):
        rows = stop[stop["task"].eq(task)]
        named = label(labels, TITLES[task])
        left.plot(
            rows["step"], rows["loss"], "o-", color=colour, markersize=3, label=f"{named}, stop prompts"
        )
        right.plot(rows["step"], rows["exact"], "o-", color=colour, markersize=3)
    right.set_ylim(-0.02, 1.02)
    left.set_ylabel("loss of an answer's token")
    right.set_ylabel("likeliest digit is right")
    # log, for what is learnt at first would hide the rest
    if (steps["loss"] > 0).all():
        left.set_yscale("log")
    for ax in (left, right):
        ax.axvline(chosen_step, color="black", linewidth=0.7, linestyle=":")
        ax.set_xlabel("step")
    fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return fig


@use_paper_style
def plot_held_out(
    estimates: pd.DataFrame, *, quantity: str, order: Sequence[str] = (), labels: Labels | None = None
) -> Figure:
    """Plot the agreement of judges with held-out ratings, one block a split, one panel a task.

    Parameters
    ----------
    estimates : DataFrame
        Rows of ``agree_on_splits``: ``quantity, split, scorer, task``.
    quantity : str
        Which of them.
    order : sequence of str
        Judges from top to bottom; as in the table when empty.
    """
    import matplotlib.pyplot as plt

    rows = estimates[estimates["quantity"].eq(quantity)].dropna(subset=["estimate"])
    scorers = [name for name in order or dict.fromkeys(rows["scorer"]) if name in set(rows["scorer"])]
    tasks = [task for task in TITLES if task in set(rows["task"])]
    splits = [split for split in SPLITS if split in set(rows["split"])]
    block = len(scorers) + 1.0
    fig, axes = plt.subplots(
        1, len(tasks), figsize=(PAGE, 0.9 + 0.17 * len(splits) * block), sharey=True, squeeze=False
    )
    centres = np.arange(len(splits)) * block + (len(scorers) - 1) / 2
    for ax, task in zip(axes[0], tasks, strict=True):
        for index, (scorer, colour) in enumerate(zip(scorers, cycle_colours(len(scorers)), strict=True)):
            chosen = rows[rows["scorer"].eq(scorer) & rows["task"].eq(task)]
            shown = chosen.set_index("split").reindex(splits)
            y = np.arange(len(splits)) * block + index
            draw_intervals(ax, y, shown, color=colour, label=label(labels, scorer))
            write_values(ax, y, shown, "{:.2f}", color=colour)
        name_rows(ax, centres, [label(labels, SPLITS[split]) for split in splits])
        ax.set_ylim(len(splits) * block - 1, -1)
        for edge in np.arange(1, len(splits)) * block - 1:
            ax.axhline(edge, color="#E3E3E3", linewidth=0.5)
        ax.set_title(TITLES[task])
        ax.set_xlabel(f"{MEASURES.get(quantity, quantity)}, {say_level(rows)}")
    fig.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=min(4, len(scorers))
    )
    return fig
