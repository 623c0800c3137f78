"""What a training leaves: the adapter as PEFT writes it, and base and adapter merged into one checkpoint."""

from __future__ import annotations

import math
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.devices import DTYPES
from videophy_lab.extras import import_extra
from videophy_lab.judges.vlm_loading import load_model, load_processor

if TYPE_CHECKING:
    from videophy_lab.judges.base_network import NetworkScorer

ADAPTER, MERGED = "adapter", "merged"
SHARD_BYTES = 5e9


@contextmanager
def write_folder(folder: Path) -> Iterator[Path]:
    """Write a folder whole or not at all."""
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    yield draft
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def save_adapter(adapted: Any, folder: Path) -> None:
    """Write an adapter in PEFT's own form, which names no path of this machine.

    Parameters
    ----------
    adapted : peft.PeftModel
    folder : Path
    """
    from safetensors.torch import save_file

    peft = import_extra("peft", "training")
    tensors = {
        name: tensor.detach().float().cpu().contiguous()
        for name, tensor in peft.get_peft_model_state_dict(adapted, save_embedding_layers=False).items()
    }
    with write_folder(folder) as draft:
        save_file(tensors, draft / "adapter_model.safetensors")
        config = adapted.peft_config["default"]
        config.base_model_name_or_path = None
        config.save_pretrained(draft)


def merge_owl(base: Path, adapter: Path, folder: Path, dtype: str) -> None:
    """Merge an adapter into the base of AutoEval: in float32, rounded once."""
    import torch

    from videophy_lab.judges.mplug_owl import LAYOUT
    from videophy_lab.judges.owl.adapter import load_adapted
    from videophy_lab.judges.owl.checkpoint import save_network

    network = load_adapted(base, adapter, dtype=getattr(torch, DTYPES[dtype]))
    size = sum(weight.nbytes for weight in network.state_dict().values())
    with write_folder(folder) as draft:
        save_network(network, draft, shards=max(1, math.ceil(size / SHARD_BYTES)))
        for path in LAYOUT.find_settings(base):
            shutil.copyfile(path, draft / path.name)


def merge_vlm(base: Path, adapter: Path, folder: Path, dtype: str) -> None:
    """Merge an adapter into a vision-language model: in float32, rounded once."""
    import torch

    peft = import_extra("peft", "training")
    model = load_model(base, "cpu", "fp32", "")
    with warnings.catch_warnings():
        # PEFT 0.21 asks transformers by a name that 5.23 calls old
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        merged = peft.PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    with write_folder(folder) as draft:
        merged.to(getattr(torch, DTYPES[dtype])).save_pretrained(draft)
        load_processor(base).save_pretrained(draft)


def merge(judge: NetworkScorer, adapter: Path, folder: Path, dtype: str) -> None:
    """Merge an adapter into the judge's base, as a checkpoint that the judge loads."""
    from videophy_lab.judges.autoeval import AutoEval

    write = merge_owl if isinstance(judge, AutoEval) else merge_vlm
    write(judge.find_folder(), adapter, folder, dtype)
