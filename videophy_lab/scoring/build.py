"""Make scorers of their names and options."""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Mapping, Sequence
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from videophy_lab.judges.base import Scorer
from videophy_lab.registry import SCORERS, find_class

# an option that can be meant for one scorer only
SINGLE = ("checkpoint",)


def build_scorers(
    scorers: Sequence[str | Scorer] | Mapping[str, str | Scorer], options: Mapping[str, Any] | None = None
) -> dict[str, Scorer]:
    """Make scorers, by the name that stands in the column ``scorer``.

    Parameters
    ----------
    scorers : sequence of names or scorers, or mapping of name to those
        ``"mine=autoeval"`` in a sequence is ``{"mine": "autoeval"}``.
    options : mapping, optional
        ``device`` for every scorer that has it, ``autoeval.mode`` for one. Text is turned into the option's
        kind.

    Raises
    ------
    ValueError
        An unknown scorer, one that is named twice, an option that no scorer has or that is not of its kind.
    """
    named = name_scorers(scorers)
    classes = {name: find_class(item, *SCORERS) for name, item in named.items() if isinstance(item, str)}
    given = sort_options(options or {}, classes)
    return {
        name: build_scorer(name, classes[name], given[name]) if isinstance(item, str) else item
        for name, item in named.items()
    }


def name_scorers(
    scorers: Sequence[str | Scorer] | Mapping[str, str | Scorer],
) -> dict[str, str | Scorer]:
    """Give each scorer the name it goes by; two of one name are an error."""
    if isinstance(scorers, Mapping):
        pairs = list(scorers.items())
    else:
        pairs = [name_scorer(item) for item in ([scorers] if isinstance(scorers, str) else scorers)]
    if not pairs:
        raise ValueError("no scorer is named; videophy-lab list judges and list metrics show them")
    named: dict[str, str | Scorer] = {}
    for own, item in pairs:
        if own != own.strip():
            raise ValueError(f"the name {own!r} begins or ends with a blank; write {own.strip()!r}")
        if not own:
            raise ValueError(
                f"a scorer has no name before =; write, for example, mine={item or 'kinematics'}"
            )
        if own in named:
            raise ValueError(f"the scorer {own!r} is named twice; name each, for example mine={own}")
        named[own] = item
    return named


def name_scorer(item: str | Scorer) -> tuple[str, str | Scorer]:
    """Split ``own=name``; a scorer that is no text goes by the name on its card."""
    if not isinstance(item, str):
        return item.card.name, item
    own, equals, name = (part.strip() for part in item.partition("="))
    return own, name if equals else own


def list_fields(scorer: type) -> list[str]:
    """List the options of a scorer."""
    return [field.name for field in dataclasses.fields(scorer) if field.init]


def sort_options(options: Mapping[str, Any], classes: Mapping[str, type]) -> dict[str, dict[str, Any]]:
    """Give each scorer the options meant for it; one for a scorer by name wins over one for all."""
    given: dict[str, dict[str, Any]] = {name: {} for name in classes}
    for option in sorted(options, key=lambda option: "." in option):
        owner, _, field = option.rpartition(".")
        takers = [name for name in classes if field in list_fields(classes[name]) and owner in ("", name)]
        if not takers:
            raise ValueError(describe_unknown(option, classes))
        if field in SINGLE and not owner and len(takers) > 1:
            choices = " or ".join(f"{name}.{field}=…" for name in takers)
            raise ValueError(f"{field} is an option of {', '.join(takers)}; say whose: --option {choices}")
        for name in takers:
            given[name][field] = options[option]
    return given


def describe_unknown(option: str, classes: Mapping[str, type]) -> str:
    """Say which options there are, and which is closest to the one given."""
    known = {field: None for scorer in classes.values() for field in list_fields(scorer)}
    known |= {f"{name}.{field}": None for name in classes for field in list_fields(classes[name])}
    close = difflib.get_close_matches(option, known, n=2, cutoff=0.6)
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    if not classes:
        return f"the option {option!r} is for a scorer by name; set it where you make the scorer yourself."
    listed = "; ".join(f"{name}: {', '.join(list_fields(classes[name])) or 'none'}" for name in classes)
    return f"no scorer named here has the option {option!r}. {hint}Allowed: {listed}."


def build_scorer(name: str, scorer: type, options: Mapping[str, Any]) -> Scorer:
    """Make one scorer; each option becomes of the kind that its field declares."""
    kinds = get_type_hints(scorer)
    fitted = {}
    for field, option in options.items():
        value = os.fspath(option) if isinstance(option, os.PathLike) else option
        try:
            fitted[field] = TypeAdapter(kinds[field]).validate_python(value)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise ValueError(f"option {name}.{field} is {value!r}: {reason}") from None
    built: Scorer = scorer(**fitted)
    return built
