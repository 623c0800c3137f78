"""Let torchvision be imported beside a torch without CUDA."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

OPERATORS = ("nms", "qnms")
SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
# torch forgets a library's operators when it is collected
_declared: list[Any] = []


def guard_torchvision() -> None:
    """Declare the compiled operators that torchvision names on import, where its build brings none.

    The wheel of torchvision on the package index is built for CUDA. Beside a torch for CPUs its operators do
    not load and its import fails, and with it those of transformers and diffusers, which look for it. With
    the two declared, all of it works that is written in Python: transforms, RAFT, the processors of
    transformers; a call of the operators themselves still fails. To be called before transformers is
    imported.
    """
    absent = importlib.util.find_spec("torchvision") is None
    if absent or _declared or "torchvision" in sys.modules:
        return
    import torch

    if torch.version.cuda is not None or torch.version.hip is not None:
        return
    make_library: Any = torch.library.Library
    library = make_library("torchvision", "FRAGMENT")
    for name in OPERATORS:
        library.define(f"{name}{SIGNATURE}")
    _declared.append(library)
