"""Weights of networks: where they come from, whether they are whole, and what names their content."""

from videophy_lab.weights.fingerprint import fingerprint_files, fingerprint_folder
from videophy_lab.weights.hub import describe_absent, resolve_checkpoint
from videophy_lab.weights.layout import TRANSFORMERS, Layout, WeightsError, find_weights

__all__ = [
    "TRANSFORMERS",
    "Layout",
    "WeightsError",
    "describe_absent",
    "find_weights",
    "fingerprint_files",
    "fingerprint_folder",
    "resolve_checkpoint",
]
