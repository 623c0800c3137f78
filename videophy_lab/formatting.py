"""Numbers and text as a reader sees them: rounded, in LaTeX, in Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# LaTeX's usual input encoding knows none of these
LATEX_SYMBOLS = {
    "α": r"$\alpha$",
    "κ": r"$\kappa$",
    "λ": r"$\lambda$",
    "ρ": r"$\rho$",
    "τ": r"$\tau$",
    "φ": r"$\varphi$",
    "χ": r"$\chi$",
    "Δ": r"$\Delta$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "−": r"$-$",
}

Digits = int | Mapping[str, int]


def spread_digits(frame: pd.DataFrame, digits: Digits) -> dict[str, int]:
    """Give the decimals of every float column; none to counts that are floats because one is missing."""
    if isinstance(digits, Mapping):
        strangers = [column for column in digits if column not in frame.columns]
        if strangers:
            raise ValueError(f"digits names {strangers}, which the table lacks; it has {list(frame.columns)}")
    spread = {}
    for column in frame.select_dtypes("float").columns:
        known = frame[column].dropna()
        is_count = len(known) < len(frame) and bool((known % 1 == 0).all())
        fallback = 0 if is_count else 1 if isinstance(digits, Mapping) else digits
        spread[str(column)] = digits.get(column, fallback) if isinstance(digits, Mapping) else fallback
    return spread


def format_cell(value: Any, digits: int | None) -> str:
    """Write one cell for a reader: blank for missing, rounded floats, true minus signs left to the font."""
    import pandas as pd

    if pd.isna(value):
        return ""
    if digits is None or isinstance(value, str):
        return str(value)
    rounded = f"{value:.{digits}f}"
    return rounded.removeprefix("-") if float(rounded) == 0 else rounded


def name_numbers(frame: pd.DataFrame) -> list[str]:
    """Name the columns that hold numbers."""
    return [str(column) for column in frame.select_dtypes("number").columns]


def format_latex(frame: pd.DataFrame, digits: Mapping[str, int]) -> str:
    """Write a booktabs ``tabular``: text escaped, floats rounded, numbers to the right."""
    cells = frame.astype(object)
    for column in cells.columns:
        cells[column] = [format_cell(value, digits.get(str(column))) for value in frame[column]]
    numbers = name_numbers(frame)
    layout = "".join("r" if str(column) in numbers else "l" for column in frame)
    text = cells.to_latex(index=False, escape=True, column_format=layout)
    for symbol, command in LATEX_SYMBOLS.items():
        text = text.replace(symbol, command)
    return text


def escape_markdown(text: str) -> str:
    """Keep Markdown from reading plain text as markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$])", r"\\\1", text)
