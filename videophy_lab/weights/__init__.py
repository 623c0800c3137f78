"""Weights of networks: where they come from, whether they are whole, and what names their content."""

from videophy_lab.weights.files import WeightFile, describe_absent_file, resolve_file
from videophy_lab.weights.fingerprint import fingerprint_files, fingerprint_folder
from videophy_lab.weights.hub import describe_absent, resolve_checkpoint
from videophy_lab.weights.layout import TRANSFORMERS, Layout, WeightsError, find_weights
from videophy_lab.weights.pipelines import PIPELINE, list_networks, read_pipeline
from videophy_lab.weights.pretrained import explain_loading, load_whole

__all__ = [
    "PIPELINE",
    "TRANSFORMERS",
    "Layout",
    "WeightFile",
    "WeightsError",
    "describe_absent",
    "describe_absent_file",
    "explain_loading",
    "find_weights",
    "fingerprint_files",
    "fingerprint_folder",
    "list_networks",
    "load_whole",
    "read_pipeline",
    "resolve_checkpoint",
    "resolve_file",
]
