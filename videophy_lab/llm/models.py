"""Which of Google's models are there, and which are no more; and the variables that hold keys."""

from __future__ import annotations

import warnings
from datetime import date

GEMINI_KEYS, OPENAI_KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY"), ("OPENAI_API_KEY",)
# ai.google.dev/gemini-api/docs/deprecations, November 2026
CURRENT = (
    "gemini-3.8-flash",
    "gemini-3.7-flash",
    "gemini-3.6-flash",
    "gemini-3.5-flash",
    "gemini-3.5-flash-lite",
    "gemini-3.1-pro-preview",
)
# the days by which models whose names begin so are gone
SHUT_DOWN = {
    "gemini-1.": date(2026, 3, 31),
    "gemini-pro": date(2026, 3, 31),
    "gemini-2.0": date(2026, 3, 31),
    "gemini-2.5": date(2026, 12, 1),
}


def check_gemini(model: str, today: date) -> None:
    """Refuse a model that is no more, and warn of one that soon is not.

    Raises
    ------
    ValueError
        It was shut down; the current ones are named.
    """
    name = model.removeprefix("models/")
    end = next((day for start, day in SHUT_DOWN.items() if name.startswith(start)), None)
    remedy = f"Current: {', '.join(CURRENT)}."
    if end is None:
        return
    if today >= end:
        raise ValueError(
            f"{name} is retired: it was shut down by {end} (the paper's gemini-2.0-flash-exp is, too), and "
            f"it cannot be asked again. Remedy: name another model. {remedy}"
        )
    warnings.warn(f"{name} is shut down on {end}; it cannot be asked again then. {remedy}", stacklevel=4)
