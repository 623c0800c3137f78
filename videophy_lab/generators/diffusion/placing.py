"""Put a pipeline on a device, whole or in parts, as its memory allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from videophy_lab.devices import DTYPES

WAYS = ("auto", "none", "model", "group", "sequential")
BYTES = {"bf16": 2, "fp16": 2, "fp32": 4, "fp8": 1}


def weigh_networks(numbers: Mapping[str, int], dtypes: Mapping[str, str], *, fp8: bool) -> dict[str, float]:
    """Compute the bytes that each network takes in its precision; transformers may be kept in fp8."""
    kept = {
        name: "fp8" if fp8 and name.startswith("transformer") else dtypes.get(name, dtypes["default"])
        for name in numbers
    }
    return {name: number * BYTES[kept[name]] for name, number in numbers.items()}


def choose_way(free: float, sizes: Mapping[str, float], room: float) -> str:
    """Choose how much of a pipeline lies on a GPU at a time.

    Parameters
    ----------
    free : float
        Bytes of its memory that are free.
    sizes : mapping of network to bytes
    room : float
        Bytes that one video needs beside the weights.

    Returns
    -------
    {"none", "model", "group"}
        All of it; the network that runs; the layers that run.
    """
    if sum(sizes.values()) + room <= free:
        return "none"
    return "model" if max(sizes.values()) + room <= free else "group"


def place_pipeline(pipe: Any, device: str, way: str) -> None:
    """Put a pipeline on a device.

    Parameters
    ----------
    pipe : a pipeline of diffusers
    device : str
    way : {"none", "model", "group", "sequential"}
        What waits in the CPU's memory for its turn: nothing; the networks that do not run; the layers that do
        not run, fetched ahead; the same, one by one, with the least memory and the most time.
    """
    import torch

    if way == "model":
        pipe.enable_model_cpu_offload(device=device)
    elif way == "sequential":
        pipe.enable_sequential_cpu_offload(device=device)
    elif way == "group":
        pipe.enable_group_offload(
            onload_device=torch.device(device),
            offload_type="leaf_level",
            use_stream=True,
            # a guardrail moves itself
            exclude_modules=["safety_checker"],
        )
    else:
        pipe.to(device)


def measure_free(device: str) -> float:
    """Measure the free bytes of a GPU."""
    import torch

    return float(torch.cuda.mem_get_info(torch.device(device))[0])


def store_in_fp8(pipe: Any, dtypes: Mapping[str, str]) -> None:
    """Keep the numbers of the transformers in fp8, and compute in their own precision."""
    import torch

    for name in ("transformer", "transformer_2"):
        network = getattr(pipe, name, None)
        if network is not None:
            compute = getattr(torch, DTYPES[dtypes.get(name, dtypes["default"])])
            network.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=compute)
