"""One spelling for each physical law."""

from __future__ import annotations

import re

# what the labels of VideoPhy-2 write → what we write. Only spellings of one name are joined: a judgement
# such as "inertia is Newton's first law" belongs to an analysis, not to a loader.
LAW_SPELLINGS = {
    "angular momentum conservation": "Conservation of Angular Momentum",
    "archimedes principle": "Archimedes' Principle",
    "capillarity": "Capillary Action",
    "contact forces": "Contact Force",
    "energy conservation": "Conservation of Energy",
    "force of impact": "Impact Force",
    "inertial": "Inertia",
    "law of reflection": "Reflection",
    "mass conservation": "Conservation of Mass",
    "momentum conservation": "Conservation of Momentum",
    "newton's first law of motion": "Newton's First Law",
    "newton's second law of motion": "Newton's Second Law",
    "newton's third law of motion": "Newton's Third Law",
    "optical refraction": "Refraction",
    "perspective (geometry)": "Perspective",
    "principle of conservation of mass": "Conservation of Mass",
    "relative motion (implied)": "Relative Motion",
    "tension in a rope": "Tension",
    "tension in strings": "Tension",
    "tension in strings and cables": "Tension",
    "tension in strings and ropes": "Tension",
    "trajectory of projectiles": "Projectile Motion",
}
# words that stand where no law was named, and sentences that say so
NO_LAW = re.compile(r"(none|nan|n/a|-|__unmapped__|other\b.*|no (specific|physical)\b.*)?", re.IGNORECASE)
SMALL_WORDS = {"of", "and", "in", "a", "as", "the", "from", "to", "with"}


def capitalize_law(law: str) -> str:
    """Write every word but the small ones with a capital, and leave the other letters as they are."""
    words = law.split(" ")
    return " ".join(w if i and w in SMALL_WORDS else w[:1].upper() + w[1:] for i, w in enumerate(words))


def normalize_law(law: str | None) -> str | None:
    """Give a law its one spelling; None where the text names no law.

    Parameters
    ----------
    law : str or None
        For example ``"Newton's First Law of Motion"``, ``"None"``, ``"No specific law needed. …"``.
    """
    text = " ".join(law.replace("’", "'").split()) if law else ""
    if NO_LAW.fullmatch(text):
        return None
    return LAW_SPELLINGS.get(text.lower(), capitalize_law(text))
