"""Tiny pipelines, saved once, and loaded once by our generators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.generators.diffusion.tiny_pipelines import BUILDERS
from videophy_lab.extras import import_extra
from videophy_lab.generators import diffusion

# a package with the interface of the real one (0.3.2), which refuses one word
GUARDRAIL = """
import torch

class CosmosSafetyChecker(torch.nn.Module):
    dtype, device = torch.float32, torch.device("cpu")

    def check_text_safety(self, prompt):
        return "forbidden" not in prompt

    def check_video_safety(self, frames):
        assert frames.dtype == "uint8"
        return frames
"""
SIZES = {"LTXVideo": {"height": 32, "width": 64}}
FRAMES = {"Mochi": 7}


@pytest.fixture(scope="session")
def guardrail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Install the guardrail, and give its class."""
    folder = tmp_path_factory.mktemp("guardrail")
    (folder / "cosmos_guardrail.py").write_text(GUARDRAIL)
    with pytest.MonkeyPatch.context() as patch:
        import_extra("diffusers", "diffusion")
        patch.syspath_prepend(str(folder))
        import cosmos_guardrail  # type: ignore[import-not-found]

        yield cosmos_guardrail.CosmosSafetyChecker


@pytest.fixture(scope="session")
def find_folder(tmp_path_factory: pytest.TempPathFactory, guardrail: Any) -> Callable[[str], Path]:
    """Give the folder of a tiny pipeline, which is made when it is first asked for."""
    import torch

    root = tmp_path_factory.mktemp("pipelines")

    def find(name: str) -> Path:
        folder = root / name
        if not folder.exists():
            with torch.random.fork_rng():
                torch.manual_seed(0)
                pipe = BUILDERS[name](guardrail()) if name == "Cosmos1" else BUILDERS[name]()
            pipe.save_pretrained(folder)
        return folder

    return find


@pytest.fixture(scope="session")
def create(find_folder: Callable[[str], Path]) -> Callable[..., Any]:
    """Create one of our generators on a tiny pipeline, with a few frames and two steps."""

    def make(name: str, **options: Any) -> Any:
        size = SIZES.get(name, {"height": 32, "width": 48})
        usual = {"frames": FRAMES.get(name, 9), "steps": 2, "device": "cpu", **size}
        return getattr(diffusion, name)(**{"checkpoint": str(find_folder(name)), **usual, **options})

    return make


@pytest.fixture(scope="session")
def loaded(create: Callable[..., Any]) -> Callable[[str], Any]:
    """Give a generator that is loaded once for all tests."""
    kept: dict[str, Any] = {}

    def load(name: str) -> Any:
        if name not in kept:
            kept[name] = create(name)
            kept[name].prepare()
        return kept[name]

    return load
