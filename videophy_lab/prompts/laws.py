"""The laws that rules are about: a list to choose from, and anything else in its own words."""

from __future__ import annotations

from pydantic import BaseModel, Field

from videophy_lab.datasets.laws import normalize_law

OTHER = "Other"
# what the labels of VideoPhy-2 name most often, in our spelling, and a few that its rarer ones come to
LAWS = (
    "Gravity",
    "Inertia",
    "Friction",
    "Elasticity",
    "Hardness",
    "Conservation of Mass",
    "Conservation of Momentum",
    "Conservation of Angular Momentum",
    "Conservation of Energy",
    "Newton's Second Law",
    "Newton's Third Law",
    "Projectile Motion",
    "Tension",
    "Contact Force",
    "Buoyancy",
    "Surface Tension",
    "Fluid Dynamics",
    "Heat Transfer",
    "Reflection",
    "Refraction",
)
_SPELLINGS = {law.casefold(): law for law in LAWS}


class LawName(BaseModel):
    """A law, as a model names it; what is not on the list is not lost."""

    law: str = Field(description="A law of the list, or Other.", json_schema_extra={"enum": [*LAWS, OTHER]})
    other_law: str = Field("", description="The law's name where law is Other, else empty.")


def settle_law(told: LawName) -> tuple[str | None, bool]:
    """Give a law's one spelling, and whether it is on the list; None where none was named."""
    for text in (told.law, told.other_law):
        named = normalize_law(text) if len(text) <= 80 else None
        if named is not None:
            listed = _SPELLINGS.get(named.casefold())
            return listed or named, listed is not None
    return None, False
