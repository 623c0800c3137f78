"""What a pipeline gives back: frames as bytes, or a failure in words."""

from __future__ import annotations

import numpy as np

MOST_CHARACTERS = 400


def to_pixels(frames: np.ndarray) -> np.ndarray:
    """Turn frames between 0 and 1 into uint8, rounded to the nearest.

    Raises
    ------
    ValueError
        Numbers that are none: a precision in which the network overflows.
    """
    if not np.isfinite(frames).all():
        raise ValueError(
            "the network gave numbers that are none (NaN or infinite). Remedy: another precision, such as "
            "-o dtype=bf16."
        )
    pixels: np.ndarray = np.clip(np.rint(np.asarray(frames, dtype=np.float32) * 255), 0, 255).astype(np.uint8)
    return pixels


def is_out_of_memory(error: Exception) -> bool:
    """Say whether an error is that of a full memory, on a GPU or a CPU."""
    import torch

    full = isinstance(error, torch.OutOfMemoryError | MemoryError)
    return full or (isinstance(error, RuntimeError) and "allocate memory" in str(error))


def shorten_reason(error: Exception) -> str:
    """Give the reason that an error states on one line, the beginning of a long one."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return reason if len(reason) <= MOST_CHARACTERS else f"{reason[:MOST_CHARACTERS]}…"
