"""What becomes of a video backwards: labels of actions by origin, and which clips may be reversed."""

from __future__ import annotations

from videophy_lab.reversibility.answers import confirm_labels, make_questions
from videophy_lab.reversibility.filter import mark_reversals
from videophy_lab.reversibility.labels import load_labels, merge_labels
from videophy_lab.reversibility.proposal import build_chat, describe_proposal, propose_labels
from videophy_lab.reversibility.rows import label_reversibility, require_match

__all__ = [
    "build_chat",
    "confirm_labels",
    "describe_proposal",
    "label_reversibility",
    "load_labels",
    "make_questions",
    "mark_reversals",
    "merge_labels",
    "propose_labels",
    "require_match",
]
