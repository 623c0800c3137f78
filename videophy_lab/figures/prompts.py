"""Figures of how a benchmark was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from videophy_lab.figures.base import BLUE, GREY, ORANGE, PAGE, Labels, label, use_paper_style
from videophy_lab.schema.tokens import CLIP_LIMIT, COUNTED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TEXTS = {"caption_tokens": ("captions", BLUE), "upsampled_tokens": ("upsampled captions", ORANGE)}
N_BINS = 30


@use_paper_style
def plot_token_lengths(prompts: pd.DataFrame, *, labels: Labels | None = None) -> Figure:
    """Plot how long captions and upsampled captions are in tokens of CLIP, beside its limit.

    Parameters
    ----------
    prompts : DataFrame
        ``caption_tokens`` and, where there are any, ``upsampled_tokens``; ``tokens_method``.
    """
    import matplotlib.pyplot as plt

    shown = {
        column: prompts[column].dropna().to_numpy(dtype=float)
        for column in TEXTS
        if column in prompts.columns and prompts[column].notna().any()
    }
    longest = max(float(counts.max()) for counts in shown.values())
    edges = np.linspace(0, max(longest, CLIP_LIMIT) * 1.05, N_BINS + 1)
    fig, ax = plt.subplots(figsize=(PAGE * 0.6, 2.3))
    for column, counts in shown.items():
        name, colour = TEXTS[column]
        heights, _ = np.histogram(counts, edges)
        said = f"{label(labels, name)} (n = {len(counts):,})"
        ax.stairs(heights, edges, color=colour, fill=True, alpha=0.35)
        ax.stairs(heights, edges, color=colour, linewidth=1.2, label=said)
    ax.axvline(CLIP_LIMIT, color=GREY, linestyle="--", linewidth=1)
    ax.annotate(
        f"{CLIP_LIMIT}", (CLIP_LIMIT, 1), xycoords=("data", "axes fraction"), xytext=(3, -2),
        textcoords="offset points", va="top", fontsize=7, color=GREY,
    )  # fmt: skip
    bound = " (upper bound)" if prompts["tokens_method"].iloc[0] != COUNTED else ""
    ax.set_xlabel(f"tokens of CLIP{bound}")
    ax.set_ylabel("prompts")
    ax.set_ylim(bottom=0)
    fig.legend(loc="outside lower center", ncols=2, frameon=False)
    return fig
