"""LTX-Video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from videophy_lab.generators.base import Specs
from videophy_lab.generators.diffusion.base import DiffusionGenerator
from videophy_lab.generators.diffusion.shapes import Network


@dataclass(kw_only=True)
class LTXVideo(DiffusionGenerator):
    """LTX-Video; 145 frames, as the pipeline's own default of 161 passes six seconds.

    Parameters
    ----------
    decode_timestep, decode_noise : float
        Noise that the decoder of the versions from 0.9.1 on is told of and given, as diffusers' documentation
        sets them; the first version takes none.
    """

    height: int = 512
    width: int = 704
    frames: int = 145
    fps: float = 25.0
    steps: int = 50
    guidance: float = 3.0
    decode_timestep: float = 0.05
    decode_noise: float = 0.025

    specs: ClassVar[Specs] = Specs(
        name="ltx_video",
        summary="LTX-Video (2B), small and fast, which the paper did not run",
        source="diffusers LTXPipeline",
        weights="Lightricks/LTX-Video",
        size="about 28 GB",
        licence="LTX-Video licence of its repository",
        limits="its terms differ by version and limit some uses: read the licence file of the repository",
        needs="diffusion",
        dtype="bf16",
        height=512,
        width=704,
        frames=145,
        fps=25.0,
        steps=50,
        guidance=3.0,
        text_limit=128,
        captions="upsampled",
        memory="about 20 GB (by its parameters)",
    )
    pipeline: ClassVar[str] = "LTXPipeline"
    network: ClassVar[Network] = Network(
        1.92e9, layers=28, hidden=2048, frames_step=8, side_step=32, token=(8, 32, 32)
    )
    room: ClassVar[float] = 6e9

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("decode_timestep", "decode_noise"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must lie between 0 and 1.")

    def describe_more(self) -> dict[str, Any]:
        """Give the noise of the decoder."""
        return {"decode_timestep": self.decode_timestep, "decode_noise": self.decode_noise}

    def write_call(self, texts: Sequence[str], generators: Sequence[Any]) -> dict[str, Any]:
        """Write the call of the pipeline, which is told the frames a second."""
        own = {
            "frame_rate": self.fps,
            "decode_timestep": self.decode_timestep,
            "decode_noise_scale": self.decode_noise,
            "max_sequence_length": self.specs.text_limit,
        }
        return super().write_call(texts, generators) | own
