"""Where networks run, and in which precision."""

from __future__ import annotations

import re

DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}


def choose_device(device: str) -> str:
    """Give the device that is used; ``auto`` takes CUDA where there is one.

    Raises
    ------
    ValueError
        Another word, or a device that is not there.
    """
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not re.fullmatch(r"cpu|cuda(:\d+)?", device):
        raise ValueError(f"device is {device!r}. Allowed: auto, cpu, cuda, cuda:0, cuda:1, …")
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(
            f"the device {device!r} cannot be used ({reason}). Allowed: auto, cpu, cuda, cuda:0, … "
            "Remedy: take auto, or install a torch with CUDA and its driver."
        ) from error
    return device


def choose_dtype(dtype: str, device: str) -> str:
    """Give the precision that is used; ``auto`` is bf16 on CUDA and fp32 on a CPU."""
    if dtype != "auto":
        return dtype
    import torch

    on_gpu = torch.cuda.is_available() if device == "auto" else device.startswith("cuda")
    return "bf16" if on_gpu else "fp32"
