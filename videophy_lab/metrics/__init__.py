"""Metrics: what measures a property of a video; :mod:`videophy_lab.registry` lists them by name."""
