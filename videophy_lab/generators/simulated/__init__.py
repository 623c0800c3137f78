"""A small 3D world that renders on any laptop, with physics right or wrong on purpose."""

from __future__ import annotations

from videophy_lab.generators.simulated.catalog import list_violations, make_prompts
from videophy_lab.generators.simulated.family import Simulated

__all__ = ["Simulated", "list_violations", "make_prompts"]
