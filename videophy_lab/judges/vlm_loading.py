"""Load a vision-language model and its processor from a checkpoint of transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from videophy_lab.devices import DTYPES
from videophy_lab.extras import import_extra
from videophy_lab.judges.vlm_inputs import SOME_TEXT, render_prompt
from videophy_lab.weights import explain_loading, load_whole

EXTRA, VISION = "judges", "vision"
MODULES = ("transformers", "accelerate", "safetensors", "sentencepiece")
WHAT = "a vision-language model"
REMEDY = (
    "Remedy: give the folder of a model for image-text-to-text that transformers knows, with its processor."
)


def import_modules() -> None:
    """Import what the judges need; torchvision early, whose absence transformers does not explain.

    Raises
    ------
    ImportError
        The extra ``judges`` or ``vision`` is not installed.
    """
    import_extra("torch", EXTRA)
    import_extra("torchvision", VISION)
    for module in MODULES:
        import_extra(module, EXTRA)


def load_processor(folder: Path) -> Any:
    """Load the processor of a checkpoint; raise ValueError where it has none that takes videos."""
    import transformers

    auto: Any = transformers.AutoProcessor
    with explain_loading(folder, what=WHAT, remedy=REMEDY):
        processor = auto.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    check_processor(processor)
    if hasattr(processor.video_processor, "cap_pixels_per_frame"):
        # left to itself its meaning changes between versions; frames come here within their bounds
        processor.video_processor.cap_pixels_per_frame = False
    return processor


def load_model(folder: Path, device: str, dtype: str, device_map: str) -> Any:
    """Load the network of a checkpoint, to one device or, by ``auto``, over all of them.

    Raises
    ------
    WeightsError
        Another kind of model, damaged files, tensors that are missing or of another shape.
    """
    import torch
    import transformers

    return load_whole(
        transformers.AutoModelForImageTextToText,
        folder,
        what=WHAT,
        remedy=REMEDY,
        dtype=getattr(torch, DTYPES[dtype]),
        device_map=device_map or {"": device},
        # otherwise a checkpoint with code of its own makes transformers ask at the terminal
        trust_remote_code=False,
    )


def check_processor(processor: Any) -> None:
    """Refuse a processor that takes no video; raise ValueError."""
    found = getattr(processor, "video_processor", None) is not None and getattr(
        processor, "video_token", None
    )
    if not found or render_prompt(processor, SOME_TEXT).count(processor.video_token) != 1:
        raise ValueError(
            f"{type(processor).__name__} puts no video into a question. Remedy: give a checkpoint whose "
            "processor takes videos and whose chat template has a place for one."
        )
