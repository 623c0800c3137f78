"""Make scorers and generators of their names and options."""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from videophy_lab.generators.base import Generator
from videophy_lab.judges.base import Scorer
from videophy_lab.registry import SCORERS, find_class

# an option that can be meant for one only
SINGLE = ("checkpoint",)


@dataclasses.dataclass(frozen=True)
class Shelf:
    """Where named things of one sort come from, and how messages speak of them.

    Attributes
    ----------
    what : str
        ``"scorer"`` or ``"generator"``.
    kinds : tuple of str
        Of the registry.
    example : str
        A name for messages.
    face : str
        The attribute that says what a thing is called.
    """

    what: str
    kinds: tuple[str, ...]
    example: str
    face: str

    def name_itself(self, item: Any) -> str:
        """Give the name on a thing's own card."""
        name: str = getattr(item, self.face).name
        return name


SCORER_SHELF = Shelf("scorer", SCORERS, "kinematics", "card")
GENERATOR_SHELF = Shelf("generator", ("generators",), "simulated", "specs")


def build_scorers(
    scorers: Sequence[str | Scorer] | Mapping[str, str | Scorer], options: Mapping[str, Any] | None = None
) -> dict[str, Scorer]:
    """Make scorers, by the name that stands in the column ``scorer``; see :func:`build_named`."""
    return build_named(scorers, options, SCORER_SHELF)


def build_generators(
    generators: str | Generator | Sequence[str | Generator] | Mapping[str, str | Generator],
    options: Mapping[str, Any] | None = None,
) -> dict[str, Generator]:
    """Make generators, by the name that stands in the column ``generator``; see :func:`build_named`."""
    return build_named(generators, options, GENERATOR_SHELF)


def build_named(items: Any, options: Mapping[str, Any] | None, shelf: Shelf) -> dict[str, Any]:
    """Make what is named, by the name that it goes by.

    Parameters
    ----------
    items : name or thing, sequence of those, or mapping of name to those
        ``"mine=autoeval"`` in a sequence is ``{"mine": "autoeval"}``.
    options : mapping, optional
        ``device`` for every one that has it, ``autoeval.mode`` for one. Text is turned into the option's
        kind.
    shelf : Shelf

    Raises
    ------
    ValueError
        An unknown name, one that is named twice, an option that none has or that is not of its kind.
    """
    named = name_items(items, shelf)
    classes = {name: find_class(item, *shelf.kinds) for name, item in named.items() if isinstance(item, str)}
    given = sort_options(options or {}, classes, shelf)
    return {
        name: build_item(name, classes[name], given[name]) if isinstance(item, str) else item
        for name, item in named.items()
    }


def name_items(items: Any, shelf: Shelf) -> dict[str, Any]:
    """Give each thing the name it goes by; two of one name are an error."""
    if isinstance(items, Mapping):
        pairs = list(items.items())
    else:
        several = items if isinstance(items, list | tuple) else [items]
        pairs = [name_item(item, shelf) for item in several]
    what = shelf.what
    if not pairs:
        lists = " and ".join(f"list {kind}" for kind in shelf.kinds)
        raise ValueError(f"no {what} is named; videophy-lab {lists} show them")
    named: dict[str, Any] = {}
    for own, item in pairs:
        if own != own.strip():
            raise ValueError(f"the name {own!r} begins or ends with a blank; write {own.strip()!r}")
        if not own:
            raise ValueError(
                f"a {what} has no name before =; write, for example, mine={item or shelf.example}"
            )
        if own in named:
            raise ValueError(f"the {what} {own!r} is named twice; name each, for example mine={own}")
        named[own] = item
    return named


def name_item(item: Any, shelf: Shelf) -> tuple[str, Any]:
    """Split ``own=name``; what is no text goes by the name on its card."""
    if not isinstance(item, str):
        return shelf.name_itself(item), item
    own, equals, name = (part.strip() for part in item.partition("="))
    return own, name if equals else own


def list_fields(kind: type) -> list[str]:
    """List the options of a scorer or a generator."""
    return [field.name for field in dataclasses.fields(kind) if field.init]


def sort_options(
    options: Mapping[str, Any], classes: Mapping[str, type], shelf: Shelf
) -> dict[str, dict[str, Any]]:
    """Give each the options meant for it; one for it by name wins over one for all."""
    given: dict[str, dict[str, Any]] = {name: {} for name in classes}
    for option in sorted(options, key=lambda option: "." in option):
        owner, _, field = option.rpartition(".")
        takers = [name for name in classes if field in list_fields(classes[name]) and owner in ("", name)]
        if not takers:
            raise ValueError(describe_unknown(option, classes, shelf.what))
        if field in SINGLE and not owner and len(takers) > 1:
            choices = " or ".join(f"{name}.{field}=…" for name in takers)
            raise ValueError(f"{field} is an option of {', '.join(takers)}; say whose: --option {choices}")
        for name in takers:
            given[name][field] = options[option]
    return given


def describe_unknown(option: str, classes: Mapping[str, type], what: str) -> str:
    """Say which options there are, and which is closest to the one given."""
    known = {field: None for kind in classes.values() for field in list_fields(kind)}
    known |= {f"{name}.{field}": None for name in classes for field in list_fields(classes[name])}
    close = difflib.get_close_matches(option, known, n=2, cutoff=0.6)
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    if not classes:
        return f"the option {option!r} is for a {what} by name; set it where you make the {what} yourself."
    listed = "; ".join(f"{name}: {', '.join(list_fields(classes[name])) or 'none'}" for name in classes)
    return f"no {what} named here has the option {option!r}. {hint}Allowed: {listed}."


def build_item(name: str, kind: type, options: Mapping[str, Any]) -> Any:
    """Make one; each option becomes of the kind that its field declares."""
    kinds = get_type_hints(kind)
    fitted = {}
    for field, option in options.items():
        value = os.fspath(option) if isinstance(option, os.PathLike) else option
        try:
            fitted[field] = TypeAdapter(kinds[field]).validate_python(value)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise ValueError(f"option {name}.{field} is {value!r}: {reason}") from None
    return kind(**fitted)


def check_words(what: str, given: Collection[str], allowed: Collection[str]) -> None:
    """Check that every word is an allowed one; name the close ones of a word that is not."""
    if isinstance(given, str):
        raise ValueError(f"{what} is the text {given!r}; give a list, such as [{given!r}]")
    wrong = [word for word in given if word not in allowed]
    if wrong:
        close = difflib.get_close_matches(str(wrong[0]), allowed, n=2, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        raise ValueError(f"{what}: there is no {wrong[0]!r}; {hint}allowed: {', '.join(allowed)}")
