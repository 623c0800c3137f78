"""Cosmos-1.0, NVIDIA's world model, with the guardrail that its licence demands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

from videophy_lab.extras import import_extra
from videophy_lab.generators.base import Specs
from videophy_lab.generators.diffusion.base import DiffusionGenerator
from videophy_lab.generators.diffusion.shapes import Network

GUARDRAIL, GUARDRAIL_WEIGHTS = "cosmos_guardrail", "nvidia/Cosmos-1.0-Guardrail"


@dataclass(kw_only=True)
class Cosmos1(DiffusionGenerator):
    """Cosmos-1.0-Diffusion-7B-Text2World; it never runs without NVIDIA's guardrail.

    The guardrail refuses some texts, which are then videos that failed with that reason, and blurs faces.
    With no `negative_prompt` the guidance leads away from NVIDIA's own list of faults, which diffusers has.
    """

    height: int = 704
    width: int = 1280
    frames: int = 121
    fps: float = 30.0
    steps: int = 36
    guidance: float = 7.0

    specs: ClassVar[Specs] = Specs(
        name="cosmos1_7b",
        summary="Cosmos-1.0-Diffusion-7B, one of the paper's seven",
        source="diffusers CosmosTextToWorldPipeline",
        weights="nvidia/Cosmos-1.0-Diffusion-7B-Text2World",
        size="about 24 GB",
        licence="NVIDIA Open Model Licence",
        limits="ends for whoever switches its guardrail off: the package cosmos_guardrail, its weights gated",
        needs="diffusion, vision",
        dtype="bf16",
        height=704,
        width=1280,
        frames=121,
        fps=30.0,
        steps=36,
        guidance=7.0,
        text_limit=512,
        captions="upsampled",
        memory="57 GB; 24 GB with offload",
    )
    pipeline: ClassVar[str] = "CosmosTextToWorldPipeline"
    network: ClassVar[Network] = Network(
        7.24e9, layers=28, hidden=4096, frames_step=8, side_step=16, token=(8, 16, 16)
    )
    room: ClassVar[float] = 20e9

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fps != int(self.fps):
            raise ValueError(f"fps is {self.fps}; this network is told whole frames a second, such as 30.")

    def find_absent(self) -> str:
        """Say which weights a run would have to fetch first; the guardrail fetches its own."""
        absent = super().find_absent()
        also = f"; the guardrail then fetches {GUARDRAIL_WEIGHTS} and its classifiers itself"
        return f"{absent}{also}" if absent else ""

    def make_parts(self) -> dict[str, Any]:
        """Make the guardrail.

        Raises
        ------
        ImportError
            The package of the guardrail, or torchvision, is not installed.
        ValueError
            Its weights cannot be fetched.
        """
        import_extra("torchvision", "vision")
        try:
            guardrail: Any = import_module(GUARDRAIL)
        except ImportError as error:
            raise ImportError(
                f"{self.specs.name} needs NVIDIA's guardrail, which its licence demands, and {GUARDRAIL} "
                f"cannot be imported ({error}). Remedy: pip install -c constraints.txt {GUARDRAIL}"
            ) from error
        try:
            return {"safety_checker": guardrail.CosmosSafetyChecker()}
        except OSError as error:  # what the hub's client raises is one too
            raise ValueError(
                f"the guardrail of {self.specs.name} has no weights ({error}). Remedy: accept the terms of "
                f"https://huggingface.co/{GUARDRAIL_WEIGHTS}, type hf auth login, and try again."
            ) from error

    def write_call(self, texts: Sequence[str], generators: Sequence[Any]) -> dict[str, Any]:
        """Write the call of the pipeline, which is told the frames a second."""
        own = {"fps": int(self.fps), "max_sequence_length": self.specs.text_limit}
        return super().write_call(texts, generators) | own
