"""Random adapters in the forms in which the official training of VideoCon and PEFT save them."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.judges.owl.official import load_official

ATTENTION = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj")
MLP = ("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")


def list_targets(parts: tuple[str, ...] = ATTENTION + MLP) -> list[str]:
    layers = load_official().config.text.num_hidden_layers
    return [f"language_model.model.layers.{layer}.{part}" for layer in range(layers) for part in parts]


def make_factors(
    targets: list[str], rank: int = 32, size: float = 0.1
) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Draw A and B for each target, none of them zero."""
    generator = torch.Generator().manual_seed(3)
    found = {}
    for target in targets:
        outputs, inputs = load_official().get_submodule(target).weight.shape
        down = torch.randn(rank, inputs, generator=generator) * size
        up = torch.randn(outputs, rank, generator=generator) * size
        found[target] = (down, up)
    return found


def name_officially(
    factors: dict[str, tuple[torch.Tensor, torch.Tensor]], *, base_layer: bool = False
) -> dict[str, torch.Tensor]:
    """Name all of the network and the factors as a PeftModel's state dict does.

    Before 0.7, PEFT kept a changed weight under its own name; since then under ``base_layer``.
    """
    tensors = {}
    for name, weight in load_official().state_dict().items():
        module = name.removesuffix(".weight")
        place = f"{module}.base_layer.weight" if base_layer and module in factors else name
        tensors[f"base_model.model.{place}"] = weight.clone()
    for layer in range(load_official().config.text.num_hidden_layers):
        name = f"base_model.model.language_model.model.layers.{layer}.self_attn.rotary_emb.inv_freq"
        tensors[name] = torch.ones(8)
    return tensors | name_factors(factors, ".default")


def name_factors(factors: dict[str, tuple[torch.Tensor, torch.Tensor]], adapter: str = "") -> dict:
    tensors = {}
    for target, (down, up) in factors.items():
        tensors[f"base_model.model.{target}.lora_A{adapter}.weight"] = down
        tensors[f"base_model.model.{target}.lora_B{adapter}.weight"] = up
    return tensors


def save_official(folder: Path, tensors: dict[str, torch.Tensor]) -> Path:
    """Save as the official training does."""
    folder.mkdir(exist_ok=True)
    torch.save(tensors, folder / "pytorch_model.bin")
    return folder


def save_peft(folder: Path, factors: dict, **settings: object) -> Path:
    """Save as PEFT does."""
    folder.mkdir(exist_ok=True)
    save_file(name_factors(factors), folder / "adapter_model.safetensors")
    rank = next(iter(factors.values()))[0].shape[0]
    stated = {"peft_type": "LORA", "r": rank, "lora_alpha": 32, "bias": "none"} | settings
    (folder / "adapter_config.json").write_text(json.dumps(stated), "utf-8")
    return folder


def merge_by_hand(factors: dict, scale: float) -> dict[str, torch.Tensor]:
    """Compute W + scale · B A for each target, all else as it was."""
    weights = dict(load_official().state_dict())
    for target, (down, up) in factors.items():
        weights[f"{target}.weight"] = weights[f"{target}.weight"] + scale * (up @ down)
    return weights
