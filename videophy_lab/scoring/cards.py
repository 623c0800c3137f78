"""The judges, metrics and generators that can be named, as text."""

from __future__ import annotations

import re
import textwrap

from videophy_lab.judges.base import Card
from videophy_lab.registry import find_class, list_names, name_group

WIDTH = 100


def list_cards(kind: str) -> list[Card | str]:
    """List the cards of a kind by name; a plug-in that cannot be imported gives the reason instead."""
    cards: list[Card | str] = []
    for name in list_names(kind):
        try:
            cards.append(find_class(name, kind).card)
        except Exception as error:  # somebody else's plug-in must not hide the others
            cards.append(f"{name}: cannot be imported ({type(error).__name__}: {error})")
    return cards


def format_cards(kind: str) -> str:
    """Write a paragraph a card."""
    cards = list_cards(kind)
    if not cards:
        return f"no {kind} yet; an installed package brings some by entry points in {name_group(kind)}"
    return "\n\n".join(card if isinstance(card, str) else format_card(card) for card in cards)


def format_card(card: Card) -> str:
    """Write a card: its name and summary, then what one needs to know before using it."""
    facts = {
        "tasks": ", ".join(card.tasks),
        "scale": card.scale and f"{card.scale}; better: {card.better}",
        "weights": card.weights if card.size == "none" else f"{card.weights}, {card.size}",
        "licence": card.licence,
        "needs": format_needs(card.needs),
    }
    lines = textwrap.wrap(f"{card.name}: {card.summary}", WIDTH, subsequent_indent="  ")
    for name, fact in facts.items():
        if not fact:
            continue
        lines += textwrap.wrap(f"  {name:<8} {fact}", WIDTH, subsequent_indent=" " * 11)
    return "\n".join(lines)


def format_needs(needs: str) -> str:
    """Write what has to be installed: nothing, an extra, several, or what the card says in a sentence."""
    if needs == "nothing" or not re.fullmatch(r"\w+(, \w+)*", needs):
        return needs
    return f"the extras {needs}" if "," in needs else f"the extra {needs}"
