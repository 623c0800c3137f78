"""Make videos with generators: from names and prompts to files, side-cars and a videos table."""

from __future__ import annotations

from videophy_lab.generation.run import Outcome, generate, generate_videos

__all__ = ["Outcome", "generate", "generate_videos"]
