"""Probes: edits of videos, or of their questions, under which a right judge must move, or must not."""

from __future__ import annotations

from videophy_lab.probes.catalog import PROBES, Probe
from videophy_lab.probes.run import Outcome, probe, probe_videos

__all__ = ["PROBES", "Outcome", "Probe", "probe", "probe_videos"]
