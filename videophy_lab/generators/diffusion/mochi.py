"""Mochi 1."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from videophy_lab.generators.base import Specs
from videophy_lab.generators.diffusion.base import DiffusionGenerator, Text
from videophy_lab.generators.diffusion.shapes import Network

if TYPE_CHECKING:
    import numpy as np


@dataclass(kw_only=True)
class Mochi(DiffusionGenerator):
    """Mochi-1-preview at its full length of 163 frames; the pipeline's own default is 19."""

    height: int = 480
    width: int = 848
    frames: int = 163
    fps: float = 30.0
    steps: int = 64
    guidance: float = 4.5
    tiling: bool = True

    specs: ClassVar[Specs] = Specs(
        name="mochi_1",
        summary="Mochi-1-preview (10B), which the paper did not run",
        source="diffusers MochiPipeline",
        weights="genmo/mochi-1-preview",
        size="51.5 GB",
        licence="Apache-2.0",
        needs="diffusion",
        dtype="bf16",
        height=480,
        width=848,
        frames=163,
        fps=30.0,
        steps=64,
        guidance=4.5,
        text_limit=256,
        captions="upsampled",
        memory="about 42 GB; 22 GB with offload=model",
    )
    pipeline: ClassVar[str] = "MochiPipeline"
    network: ClassVar[Network] = Network(
        10.03e9, layers=48, hidden=3072, frames_step=6, side_step=16, token=(6, 16, 16)
    )

    def run(self, texts: Sequence[Text]) -> np.ndarray:
        """Run the pipeline; on a CPU it asks for a precision that is there anyway, of which torch warns."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="In CPU autocast")
            return super().run(texts)
