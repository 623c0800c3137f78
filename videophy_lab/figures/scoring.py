"""Figures of a scoring run: how the scores lie, and what the videos at the ends look like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from videophy_lab.figures.base import BLUE, PAGE, Labels, cycle_colours, label, use_paper_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# a score that takes no more values than this is drawn as bars, one a value
MAX_VALUES = 7
N_BINS = 20
PANELS_A_ROW = 3


@use_paper_style
def plot_distributions(scores: pd.DataFrame, *, labels: Labels | None = None) -> Figure:
    """Plot how the usable scores lie, one panel a scorer and task, one line a generator.

    Parameters
    ----------
    scores : DataFrame
        ``scorer, task, generator, score``; rows without a score are left out, their number stands above.
    """
    import matplotlib.pyplot as plt

    panels = list(scores.groupby(["scorer", "task"], sort=True))
    n_rows = -(-len(panels) // PANELS_A_ROW)
    n_columns = min(PANELS_A_ROW, len(panels))
    fig, axes = plt.subplots(
        n_rows, n_columns, figsize=(PAGE * n_columns / PANELS_A_ROW, 1.9 * n_rows + 0.3), squeeze=False
    )
    generators = sorted(scores["generator"].unique())
    colours = dict(zip(generators, cycle_colours(len(generators)), strict=True))
    for ax, ((scorer, task), rows) in zip(axes.flat, panels, strict=False):
        usable = rows.dropna(subset=["score"])
        edges = find_edges(usable["score"].to_numpy(dtype=float))
        for generator, part in usable.groupby("generator", sort=True):
            shares = np.histogram(part["score"], edges)[0] / len(part)
            name = label(labels, generator)
            ax.stairs(100 * shares, edges, color=colours[generator], label=name, linewidth=1.2)
        what = label(labels, scorer) if task == scorer else f"{label(labels, scorer)}, {str(task).upper()}"
        missing = len(rows) - len(usable)
        ax.set_title(f"{what}\nn = {len(usable)}" + (f", {missing} without" if missing else ""))
        ax.set_xlabel("score")
        ax.set_ylim(bottom=0)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    for row in axes:
        row[0].set_ylabel("videos (%)")
    if len(generators) > 1:
        handles, names = axes.flat[0].get_legend_handles_labels()
        fig.legend(handles, names, loc="outside lower center", ncols=min(4, len(names)), frameon=False)
    return fig


def find_edges(values: np.ndarray) -> np.ndarray:
    """Give the edges of bins: one bin a value where there are few whole ones, else 20 over the range."""
    distinct = np.unique(values)
    if len(distinct) and len(distinct) <= MAX_VALUES and np.equal(distinct, np.round(distinct)).all():
        return np.arange(distinct.min() - 0.5, distinct.max() + 1)
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    return np.linspace(low, high if high > low else low + 1, N_BINS + 1)


@use_paper_style
def plot_expected(expected: pd.DataFrame, *, labels: Labels | None = None) -> Figure:
    """Plot the expected answer against the answer given, one panel a scorer and task.

    Parameters
    ----------
    expected : DataFrame
        ``scorer, task, score, n_questions, mean_expected, sd_expected``; bars are one standard deviation.
    """
    import matplotlib.pyplot as plt

    panels = list(expected.groupby(["scorer", "task"], sort=True))
    fig, axes = plt.subplots(1, len(panels), figsize=(2.3 * len(panels), 2.2), squeeze=False)
    for ax, ((scorer, task), rows) in zip(axes[0], panels, strict=True):
        ax.plot(rows["score"], rows["score"], color="black", linewidth=0.6, linestyle=":")
        ax.errorbar(
            rows["score"], rows["mean_expected"], yerr=rows["sd_expected"].fillna(0), fmt="o", color=BLUE
        )
        ax.set_xticks(rows["score"], [f"{row.score:g}\nn = {row.n_questions}" for row in rows.itertuples()])
        ax.set_title(f"{label(labels, scorer)}, {str(task).upper()}")
        ax.set_xlabel("answer given")
        ax.margins(x=0.15)
    axes[0, 0].set_ylabel("expected answer")
    return fig


@use_paper_style
def plot_contact_sheet(strips: Sequence[np.ndarray], titles: Sequence[str]) -> Figure:
    """Plot a few frames of each video, one row a video.

    Parameters
    ----------
    strips : sequence of array of uint8, shape (frames, height, width, 3)
        Frames in their order, equally many of every video.
    titles : sequence of str
        One a video, written above its row.
    """
    import matplotlib.pyplot as plt

    n_frames = max(len(strip) for strip in strips)
    width = PAGE / n_frames
    heights = [width * strip.shape[1] / strip.shape[2] + 0.25 for strip in strips]
    fig = plt.figure(figsize=(PAGE, sum(heights)))
    # a part for each row, because a long title would push the pictures of its row apart
    parts = fig.subfigures(len(strips), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, strip, title in zip(parts, strips, titles, strict=True):
        part.suptitle(title, x=0.005, ha="left", fontsize=7)
        axes = part.subplots(1, n_frames, squeeze=False, gridspec_kw={"wspace": 0.02})[0]
        for ax in axes:
            ax.set_axis_off()
        for ax, frame in zip(axes, strip, strict=False):
            ax.imshow(frame)
    return fig
