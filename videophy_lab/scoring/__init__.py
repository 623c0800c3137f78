"""Score videos with judges and metrics: from names and tables to rows in a folder."""

from __future__ import annotations

from videophy_lab.scoring.run import Outcome, score, score_videos

__all__ = ["Outcome", "score", "score_videos"]
