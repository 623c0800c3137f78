"""All scenes in words."""

from __future__ import annotations

from videophy_lab.generators.simulated.card import Card
from videophy_lab.generators.simulated.cards_hanging import HANGING
from videophy_lab.generators.simulated.cards_moving import MOVING
from videophy_lab.generators.simulated.violations import SCENES

CARDS: dict[str, Card] = {scene: (MOVING | HANGING)[scene] for scene in SCENES}
