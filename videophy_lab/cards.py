"""The judges, metrics and generators that can be named, as text."""

from __future__ import annotations

import re
import textwrap

from videophy_lab.generators.base import Specs
from videophy_lab.judges.base import Card
from videophy_lab.registry import find_class, list_names, name_group

WIDTH = 100


def list_cards(kind: str) -> list[Card | Specs | str]:
    """List the cards of a kind by name; a plug-in that cannot be imported gives the reason instead."""
    face = "specs" if kind == "generators" else "card"
    cards: list[Card | Specs | str] = []
    for name in list_names(kind):
        try:
            cards.append(getattr(find_class(name, kind), face))
        except Exception as error:  # somebody else's plug-in must not hide the others
            cards.append(f"{name}: cannot be imported ({type(error).__name__}: {error})")
    return cards


def format_cards(kind: str) -> str:
    """Write a paragraph a card."""
    cards = list_cards(kind)
    if not cards:
        return f"no {kind} yet; an installed package brings some by entry points in {name_group(kind)}"
    return "\n\n".join(card if isinstance(card, str) else format_card(card) for card in cards)


def format_card(card: Card | Specs) -> str:
    """Write a card: its name and summary, then what one needs to know before using it."""
    facts = list_specs(card) if isinstance(card, Specs) else list_facts(card)
    width = max(map(len, facts)) + 1
    lines = textwrap.wrap(f"{card.name}: {card.summary}", WIDTH, subsequent_indent="  ")
    for name, fact in facts.items():
        if not fact:
            continue
        lines += textwrap.wrap(f"  {name:<{width}} {fact}", WIDTH, subsequent_indent=" " * (width + 3))
    return "\n".join(lines)


def list_facts(card: Card) -> dict[str, str]:
    """List what one needs to know of a scorer."""
    return {
        "tasks": ", ".join(card.tasks),
        "scale": card.scale and f"{card.scale}; better: {card.better}",
        "weights": card.weights if card.size == "none" else f"{card.weights}, {card.size}",
        "licence": card.licence,
        "needs": format_needs(card.needs),
    }


def list_specs(specs: Specs) -> dict[str, str]:
    """List what one needs to know of a generator."""
    sampler = [
        f"{specs.steps} steps" if specs.steps else "",
        "" if specs.guidance is None else f"guidance {specs.guidance:g}",
        specs.dtype,
    ]
    limit = f", at most {specs.text_limit} tokens" if specs.text_limit else ""
    return {
        "runs": specs.source,
        "video": format_video(specs),
        "sampler": ", ".join(word for word in sampler if word),
        "text": f"the {specs.captions} caption{limit}",
        "weights": specs.weights if specs.size == "none" else f"{specs.weights}, {specs.size}",
        "memory": specs.memory,
        "licence": f"{specs.licence}. {specs.limits}" if specs.limits else specs.licence,
        "needs": format_needs(specs.needs),
    }


def format_video(specs: Specs) -> str:
    """Write the size, the frames and the duration of what a generator makes, as far as they are fixed."""
    size = f"{specs.width} × {specs.height}" if specs.width and specs.height else ""
    frames = f"{specs.frames} frames" if specs.frames else ""
    rate = f"{specs.fps:g} a second" if specs.fps else ""
    length = f"{specs.frames / specs.fps:.1f} s" if specs.frames and specs.fps else ""
    return ", ".join(word for word in (size, frames, rate, length) if word)


def format_needs(needs: str) -> str:
    """Write what has to be installed: nothing, an extra, several, or what the card says in a sentence."""
    if needs == "nothing" or not re.fullmatch(r"\w+(, \w+)*", needs):
        return needs
    return f"the extras {needs}" if "," in needs else f"the extra {needs}"
