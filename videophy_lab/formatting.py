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
    "<": r"$<$",
    ">": r"$>$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "−": r"$-$",
}

Digits = int | Mapping[str, int]


def spread_digits(frame: pd.DataFrame, digits: Digits) -> dict[str, int]:
    """Give the decimals of every float column: as named, else `digits`, but no more than its values have."""
    named = digits if isinstance(digits, Mapping) else {}
    strangers = [column for column in named if column not in frame.columns]
    if strangers:
        raise ValueError(f"digits names {strangers}, which the table lacks; it has {list(frame.columns)}")
    most = digits if isinstance(digits, int) else 1
    floats = frame.select_dtypes("float").columns
    return {str(column): named.get(column, count_decimals(frame[column], most)) for column in floats}


def count_decimals(values: pd.Series[float], most: int) -> int:
    """Count the decimals that a column needs, up to a limit: 0 for counts with a gap."""
    known = values.dropna()
    return next((digits for digits in range(most) if (known.round(digits) == known).all()), most)


def format_cell(value: Any, digits: int | None, *, column: str = "") -> str:
    """Write one cell for a reader: blank for missing, floats rounded, and a small p value as ``<0.001``.

    Parameters
    ----------
    value : object
    digits : int or None
        Decimals of a number; None writes the value as it is.
    column : str
        In ``p`` and ``p_…`` a value that would be rounded to zero is written as below the last digit.
    """
    import pandas as pd

    if pd.isna(value):
        return ""
    if digits is None or isinstance(value, str):
        return str(value)
    rounded = f"{value:.{digits}f}"
    if float(rounded) != 0:
        return rounded
    is_small_p = value > 0 and (column == "p" or column.startswith("p_"))
    return f"<{10**-digits:.{digits}f}" if is_small_p else rounded.removeprefix("-")


def name_generators(frame: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Write generators by their names for readers, in the columns ``generator``, ``generator_a``, ``…_b``."""
    columns = [column for column in frame.columns if str(column).split("_")[0] == "generator"]
    return frame.assign(
        **{column: [labels.get(value, value) for value in frame[column]] for column in columns}
    )


def name_numbers(frame: pd.DataFrame) -> list[str]:
    """Name the columns that hold numbers."""
    return [str(column) for column in frame.select_dtypes("number").columns]


def format_latex(frame: pd.DataFrame, digits: Mapping[str, int]) -> str:
    """Write a booktabs ``tabular``: text escaped, floats rounded, numbers to the right."""
    cells = frame.astype(object)
    for column in cells.columns:
        cells[column] = [
            format_cell(value, digits.get(str(column)), column=str(column)) for value in frame[column]
        ]
    numbers = name_numbers(frame)
    layout = "".join("r" if str(column) in numbers else "l" for column in frame)
    text = cells.to_latex(index=False, escape=True, column_format=layout)
    for symbol, command in LATEX_SYMBOLS.items():
        text = text.replace(symbol, command)
    return text


def escape_markdown(text: str) -> str:
    """Keep Markdown from reading plain text as markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$])", r"\\\1", text)
