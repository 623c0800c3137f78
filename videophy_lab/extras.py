"""Import what belongs to an extra, or say how to install it."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from videophy_lab.torchvision_guard import guard_torchvision

# they import torchvision where there is one
GUARDED = ("torchvision", "transformers", "diffusers", "peft")


def import_extra(module: str, extra: str) -> ModuleType:
    """Import a module of an optional dependency.

    Parameters
    ----------
    module : str
        Full name, for example ``"torch.nn"``.
    extra : str
        The extra of pyproject.toml that installs it, for example ``"judges"``.

    Raises
    ------
    ImportError
        Naming the line to type.
    """
    try:
        if module.partition(".")[0] in GUARDED:
            guard_torchvision()
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{module} cannot be imported ({error}). Remedy: pip install 'videophy-lab[{extra}]' "
            f"(in a checkout: .venv/bin/python -m pip install -c constraints.txt -e '.[{extra}]')"
        ) from error
