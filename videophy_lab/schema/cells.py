"""How one cell is read, and the error for one that cannot be."""

from __future__ import annotations

import ast
import math
import numbers
import re
from collections.abc import Callable
from typing import Any, NoReturn

NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"


class TableError(ValueError):
    """A table breaks its declaration; the message names file, row, column, value and remedy."""


def parse_text(cell: Any) -> str | None:
    """Read a name or a sentence; a float is refused because it may be an id that lost its digits."""
    if isinstance(cell, bool) or not isinstance(cell, str | numbers.Integral):
        raise ValueError("text; read ids with dtype=str, so that they keep every digit")
    return str(cell) or None


def parse_name(cell: Any) -> str | None:
    """Read a name: text without blanks at its ends."""
    text = parse_text(cell)
    return (text.strip() or None) if text is not None else None


def parse_number(cell: Any) -> float | None:
    """Read a finite number; ``nan``, ``NA`` and ``none`` are blank."""
    if isinstance(cell, str) and cell.strip().lower() in ("", "nan", "na", "n/a", "none", "null"):
        return None
    try:
        value = float(cell)
    except (TypeError, ValueError):
        value = math.inf
    if not math.isfinite(value):
        raise ValueError("a number")
    return value


def tell_number(cell: Any, parse: Callable[[Any], Any]) -> str:
    """Begin the remedy for a text with a number among other signs (``5 points``); empty for any other cell.

    Parameters
    ----------
    cell : object
    parse : callable
        Of the column's kind. A text that it refuses is lost if it is simply left out.
    """
    if not isinstance(cell, str) or parse not in (parse_number, parse_integer):
        return ""
    found = re.findall(NUMBER, cell)
    if not found or found == [cell.strip()]:
        return ""
    return f"write the number alone{f' ({found[0]})' if len(found) == 1 else ''}; only where there is none, "


def parse_integer(cell: Any) -> int | None:
    """Read a whole number."""
    value = parse_number(cell)
    if value is not None and not value.is_integer():
        raise ValueError("a whole number")
    return None if value is None else int(value)


def parse_boolean(cell: Any) -> bool | None:
    """Read 1, 0, true or false."""
    words = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
    word = cell.strip().lower() if isinstance(cell, str) else cell
    value = words[word] if isinstance(word, str) and word in words else parse_number(word)
    if value not in (None, 0, 1):
        raise ValueError("1 or 0 (true or false)")
    return None if value is None else bool(value)


def parse_list(cell: Any) -> list[float] | None:
    """Read probabilities, a list of numbers or its text in JSON or Python form, that sum to 1."""
    allowed = "a list of probabilities between 0 and 1 that sum to 1"
    if isinstance(cell, str):
        if not cell:
            return None
        try:
            cell = ast.literal_eval(cell)
        except (ValueError, SyntaxError):
            raise ValueError(allowed) from None
    try:
        values = [float(value) for value in cell]
    except (TypeError, ValueError):
        raise ValueError(allowed) from None
    # single precision and rounding to three decimals stay within this; a forgotten class does not
    if not all(0 <= value <= 1 for value in values) or abs(sum(values) - 1) > 5e-3:
        raise ValueError(allowed)
    return values


KINDS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "text": (parse_text, "str"),
    "name": (parse_name, "str"),
    "number": (parse_number, "float64"),
    "integer": (parse_integer, "Int64"),
    "boolean": (parse_boolean, "boolean"),
    "list": (parse_list, "object"),
}


def raise_cell(source: str, row: int, column: str, value: object, allowed: str, remedy: str) -> NoReturn:
    """Raise the error for one cell; ``row`` counts from 0, the message from 1."""
    shown = repr(value) if isinstance(value, str | list) else str(value)
    if shown in ("None", "nan", "<NA>"):
        shown = "a blank cell"
    raise TableError(
        f"{source}: row {row + 1}, column '{column}': {shown} is not allowed; allowed: {allowed}. "
        f"Remedy: {remedy}."
    )
