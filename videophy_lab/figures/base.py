"""The style, sizes, colours and small marks that every figure shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN, PAGE = 3.4, 7.0
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#7A7A7A"
Labels = Mapping[str, str]


def use_paper_style(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw in the style of ``paper.mplstyle`` without changing the caller's settings."""

    @wraps(draw)
    def styled(*args: Any, **options: Any) -> Figure:
        import matplotlib.pyplot as plt

        with plt.style.context(Path(__file__).parents[1] / "paper.mplstyle"):
            return draw(*args, **options)

    return styled


def draw_intervals(
    ax: Axes,
    y: np.ndarray,
    rows: pd.DataFrame,
    *,
    color: str,
    label: str | None = None,
    scale: float = 1,
    marker: str = "o",
    open_: bool = False,
) -> None:
    """Draw the estimates of ``rows`` with their intervals, one a height ``y``."""
    estimate = scale * rows["estimate"].to_numpy(dtype=float)
    low, high = (scale * rows[name].to_numpy(dtype=float) for name in ("low", "high"))
    error = np.clip(np.vstack([estimate - low, high - estimate]), 0, None)
    face = "white" if open_ else color
    ax.errorbar(
        estimate, y, xerr=error, fmt=marker, color=color, markerfacecolor=face, label=label, elinewidth=1.2,
        clip_on=False,
    )  # fmt: skip


def write_values(
    ax: Axes, y: np.ndarray, rows: pd.DataFrame, form: str, *, color: str = "black", scale: float = 1
) -> None:
    """Write every estimate to the right of its interval."""
    estimates = scale * rows["estimate"].to_numpy(dtype=float)
    ends = np.fmax(scale * rows["high"].to_numpy(dtype=float), estimates)
    for position, estimate, end in zip(y, estimates, ends, strict=True):
        if np.isfinite(estimate):
            ax.annotate(
                write_number(estimate, form), (end, position), xytext=(3, 0),
                textcoords="offset points", va="center", fontsize=6.5, color=color,
            )  # fmt: skip


def write_number(value: float, form: str) -> str:
    """Write a number with a true minus sign, and no sign before zero."""
    text = form.format(value)
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", "−")


def name_rows(ax: Axes, y: np.ndarray, names: Sequence[str], *, from_zero: bool = False) -> None:
    """Name the rows from top to bottom, and leave room for the values to the right of the intervals."""
    ax.set_yticks(y, list(names))
    ax.set_ylim(y.max() + 0.6, y.min() - 0.6)
    ax.grid(axis="y", visible=False)
    left, right = ax.get_xlim()
    left = 0 if from_zero else left
    ax.set_xlim(left, right + 0.1 * (right - left))


def cycle_colours(n: int) -> list[str]:
    """Give n colours of the style, in order, from the start again when they run out."""
    from matplotlib import rcParams

    colours = rcParams["axes.prop_cycle"].by_key()["color"]
    return [f"#{c}" if not c.startswith("#") else c for c in (colours * (n // len(colours) + 1))[:n]]


def say_level(rows: pd.DataFrame) -> str:
    """Say the confidence level of the rows, for example ``95 % interval``."""
    return f"{100 * rows['level'].iloc[0]:g} % interval" if len(rows) else "interval"


def label_method(method: str) -> str:
    """Give a correlation's name as readers know it."""
    return {"pearson": "Pearson r", "spearman": "Spearman ρ", "kendall": "Kendall τ-b"}.get(method, method)


def label(labels: Labels | None, name: Any) -> str:
    """Give the name that readers know, or the table's own; a dollar sign begins no formula."""
    return str((labels or {}).get(name, name)).replace("$", r"\$")


def label_scorer(labels: Labels | None, name: str) -> str:
    """Give a scorer's name for readers, or its own with blanks for underscores."""
    return label(labels, name if name in (labels or {}) else name.replace("_", " "))
