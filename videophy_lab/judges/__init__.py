"""Judges: what answers a question about a video; :mod:`videophy_lab.registry` lists them by name."""
