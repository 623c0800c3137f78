"""Sentences from numbers, so that no finding is typed by hand."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

Row = Mapping[str, Any]


def _write(value: float, digits: int) -> str:
    """Write a number with a true minus sign, and none before zero."""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def say_rate(row: Row, *, digits: int = 1) -> str:
    """Say a share as per cent with its interval, for example ``32.7 % (29.0 to 36.5)``."""
    estimate, low, high = (100 * float(row[name]) for name in ("estimate", "low", "high"))
    if np.isnan(low):
        return "undefined" if np.isnan(estimate) else f"{_write(estimate, digits)} %"
    return f"{_write(estimate, digits)} % ({_write(low, digits)} to {_write(high, digits)})"


def say_number(row: Row, *, digits: int = 2) -> str:
    """Say a number with its interval, for example ``0.42 (0.38 to 0.45)``; ``undefined`` where it is NaN."""
    estimate, low, high = (float(row[name]) for name in ("estimate", "low", "high"))
    if np.isnan(estimate):
        return "undefined"
    if np.isnan(low):
        return _write(estimate, digits)
    return f"{_write(estimate, digits)} ({_write(low, digits)} to {_write(high, digits)})"


def say_with_n(row: Row, *, digits: int = 2) -> str:
    """Say a number with its interval and its videos, for example ``0.42 (0.38 to 0.45), n = 591``."""
    said = say_number(row, digits=digits)
    return said if said == "undefined" else f"{said}, n = {int(row['n_videos']):,}"


def say_inside(row: Row, *, digits: int = 2) -> str:
    """Say the same for brackets, for example ``0.42, 0.38 to 0.45, n = 591``."""
    return say_with_n(row, digits=digits).replace(" (", ", ").replace(")", "")


def say_range(row: Row, *, percent: bool = True) -> str:
    """Say an interval, for example ``29.0 to 36.5`` per cent or ``0.38 to 0.45``."""
    factor, digits = (100, 1) if percent else (1, 2)
    low, high = (factor * float(row[name]) for name in ("low", "high"))
    return "undefined" if np.isnan(low) else f"{_write(low, digits)} to {_write(high, digits)}"


def choose_name(name: str, known: Sequence[str], *, what: str) -> str:
    """Give the name if it is known; else raise and name the close matches."""
    if name not in known:
        close = difflib.get_close_matches(name, known)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        raise ValueError(f"no {what} {name!r}; {hint}there are {', '.join(known)}")
    return name


def hint_close(name: str, known: Iterable[str]) -> str:
    """Say which known name is close to a wrong one, for the end of a sentence; empty where none is."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]}?)" if close else ""


def say_count(count: int, singular: str, plural: str | None = None) -> str:
    """Say how many of something, for example ``1 video`` or ``3,397 videos``."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def join_words(words: Iterable[str]) -> str:
    """Join words as a sentence does: ``a, b and c``."""
    *first, last = list(words) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def say_sources(table: pd.DataFrame) -> str:
    """Name the sources of printed numbers, each once."""
    return "; ".join(dict.fromkeys(table["source"].dropna()))


def say_probe(probe: str) -> str:
    """Say a probe, for example ``drop frames at severity 0.25``."""
    edit, _, grade = probe.rpartition("-")
    named = f"{edit} at severity {int(grade) / 100:g}" if edit and grade.isdecimal() else probe
    return named.replace("_", " ")
