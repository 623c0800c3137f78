"""Spread a network over several devices."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch

from videophy_lab.judges.owl.network import OwlNetwork

WHOLE_MODULES = ["VisionTower", "Abstractor", "LlamaDecoderLayer"]

Devices = Mapping[str, str | int | torch.device]


def place_modules(network: OwlNetwork, device_map: str | Devices, dtype: torch.dtype) -> dict[str, Any]:
    """Decide on which device each module lies.

    Raises
    ------
    ValueError
        Another word than ``"auto"``, or a map that sends modules to disk.
    """
    if isinstance(device_map, str):
        if device_map != "auto":
            raise ValueError(
                f"device_map is {device_map!r}; allowed are 'auto' and a dict of modules to devices."
            )
        from accelerate import infer_auto_device_map
        from accelerate.utils import get_balanced_memory

        options: dict[str, Any] = {"no_split_module_classes": WHOLE_MODULES, "dtype": dtype}
        memory = get_balanced_memory(network, **options)
        return place_modules(network, infer_auto_device_map(network, max_memory=memory, **options), dtype)
    if "disk" in map(str, device_map.values()):
        raise ValueError(
            "the devices have too little memory for the weights, and the judge does not run from disk. "
            "Remedy: use more devices, --dtype bf16, or --device cpu."
        )
    return dict(device_map)


def join_devices(network: OwlNetwork) -> None:
    """Let each block fetch its inputs to the device of its weights.

    Raises
    ------
    ValueError
        A block whose weights lie on several devices.
    """
    from accelerate.utils import send_to_device

    text = network.language_model
    blocks: list[torch.nn.Module] = [network.vision_model, network.abstractor, text.lm_head]
    blocks += [text.model.embed_tokens, *text.model.layers, text.model.norm]
    for block in blocks:
        devices = {weight.device for weight in block.parameters()}
        if len(devices) > 1:
            raise ValueError(
                f"device_map puts parts of one {type(block).__name__} on {len(devices)} devices. Remedy: map "
                "vision_model, abstractor and each language_model.model.layers.N as a whole."
            )
        move = partial(send_to_device, device=devices.pop(), skip_keys="past_key_values")
        block.register_forward_pre_hook(
            lambda _, args, options, move=move: (move(args), move(options)), with_kwargs=True
        )


def find_device(name: str, devices: Devices) -> str | int | torch.device:
    """Find where a tensor lies: at the longest name in the map that it begins with.

    Raises
    ------
    ValueError
        The map says nothing of it.
    """
    path = name.split(".")
    for end in range(len(path), -1, -1):
        owner = ".".join(path[:end])
        if owner in devices:
            return devices[owner]
    raise ValueError(f"device_map has no device for {name}. Remedy: add an entry '' for all the rest.")
