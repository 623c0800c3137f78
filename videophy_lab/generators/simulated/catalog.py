"""The world's tables: its prompts, and what can be done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from videophy_lab.generators.simulated.cards import CARDS
from videophy_lab.generators.simulated.violations import (
    CONTROL,
    IRREVERSIBLE,
    SCENES,
    VIOLATION,
    VIOLATIONS,
)

if TYPE_CHECKING:
    import pandas as pd


def find_scene(prompt_id: str, caption: str, named: str = "") -> str:
    """Find the scene of a prompt by what it is called, its name or its caption; empty where it is none."""
    if named in CARDS:
        return named
    for scene, card in CARDS.items():
        if prompt_id == card.prompt_id or caption.strip() == card.caption:
            return scene
    return ""


def make_prompts() -> pd.DataFrame:
    """Make the prompts of the world, one a scene.

    Returns
    -------
    DataFrame
        ``prompt_id``, ``caption``, ``upsampled_caption``, ``action``, ``category``, ``scene``,
        ``reversibility``.
    """
    import pandas as pd

    rows = [
        {
            "prompt_id": card.prompt_id,
            "caption": card.caption,
            "upsampled_caption": card.upsampled,
            "action": card.action,
            "category": card.category,
            "scene": scene,
            "reversibility": card.reversibility,
        }
        for scene, card in CARDS.items()
    ]
    return pd.DataFrame(rows)


def list_violations() -> pd.DataFrame:
    """List what can be done to the world.

    A reversal stands there twice: as a violation with the scenes that cannot run backwards, and as a control
    with the others.

    Returns
    -------
    DataFrame
        ``name``, ``law`` (blank for controls), ``kind`` (``violation`` or ``control``), ``summary``,
        ``severities`` (``graded``, or ``one`` where there is only 1), ``scenes`` (parted by blanks).
    """
    import pandas as pd

    rows = []
    for violation in VIOLATIONS.values():
        kinds = {violation.kind: violation.scenes}
        if violation.name == "reversal":
            kinds = {VIOLATION: IRREVERSIBLE, CONTROL: tuple(s for s in SCENES if s not in IRREVERSIBLE)}
        for kind, scenes in kinds.items():
            rows.append(
                {
                    "name": violation.name,
                    "law": violation.law if kind == VIOLATION else None,
                    "kind": kind,
                    "summary": violation.summary,
                    "severities": "graded" if violation.graded else "one",
                    "scenes": " ".join(scenes),
                }
            )
    return pd.DataFrame(rows)
