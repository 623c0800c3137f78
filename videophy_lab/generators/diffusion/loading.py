"""Load a pipeline of diffusers from a folder: each network whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from videophy_lab.devices import DTYPES
from videophy_lab.extras import import_extra
from videophy_lab.weights import WeightsError, explain_loading, list_networks, load_whole, read_pipeline
from videophy_lab.weights.pipelines import read_entries

EXTRA = "diffusion"
MODULES = ("torch", "transformers", "diffusers", "accelerate", "safetensors", "sentencepiece", "ftfy")
REMEDY = "Remedy: fetch the whole checkpoint again, or give the folder of another with --checkpoint."


def import_modules() -> None:
    """Import what the generators need; raise ImportError that names the extra."""
    for module in MODULES:
        import_extra(module, EXTRA)


def load_pipeline(folder: Path, kind: str, dtypes: Mapping[str, str], **given: Any) -> Any:
    """Load a pipeline with all of its tensors, ready for inference, in the CPU's memory.

    Parameters
    ----------
    folder : Path
    kind : str
        Class of the pipeline.
    dtypes : mapping of part to {"bf16", "fp16", "fp32"}
        Precision of each network; ``default`` is that of those not named.
    **given
        Parts that are not read from the folder.

    Raises
    ------
    WeightsError
        Another pipeline, damaged files, tensors that are missing or of another shape.
    """
    import diffusers
    import torch

    check_kind(folder, kind)
    found = read_pipeline(folder)
    parts = {
        name: load_network(folder / name, *found[name], getattr(torch, DTYPES[choose(dtypes, name)]))
        for name in list_networks(folder)
    }
    with quiet_diffusers(), explain_loading(folder, what=kind, remedy=REMEDY):
        pipe = getattr(diffusers, kind).from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, **parts, **given
        )
    # steps are shown on a terminal, in a line that goes when the video is there
    pipe.set_progress_bar_config(leave=False, disable=None)
    return pipe


def choose(dtypes: Mapping[str, str], name: str) -> str:
    """Give the precision of a part."""
    return dtypes.get(name, dtypes["default"])


def load_network(folder: Path, library: str, kind: str, dtype: Any) -> Any:
    """Load one network of a pipeline; raise WeightsError where it is not whole."""
    network = getattr(import_extra(library, EXTRA), kind, None)
    if network is None:
        raise WeightsError(
            f"{folder} wants the class {kind}, which the installed {library} does not have. Remedy: install "
            f"a newer {library}, or give another checkpoint."
        )
    with quiet_diffusers():
        return load_whole(network, folder, what=kind, remedy=REMEDY, dtype=dtype)


def check_kind(folder: Path, kind: str) -> None:
    """Refuse a folder of another pipeline."""
    named = read_entries(folder).get("_class_name")
    if named != kind:
        raise WeightsError(
            f"{folder} is a {named}, and this generator runs a {kind}. Remedy: give a checkpoint of that "
            "pipeline, or take another generator: videophy-lab list generators."
        )


@contextmanager
def quiet_diffusers() -> Iterator[None]:
    """Keep diffusers from printing notes; what they say about texts is counted and kept elsewhere."""
    import diffusers

    logging: Any = diffusers.utils.logging
    level = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
