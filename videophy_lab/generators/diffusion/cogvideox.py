"""CogVideoX, which the paper ran in its 5B form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from videophy_lab.generators.base import Specs
from videophy_lab.generators.diffusion.base import DiffusionGenerator
from videophy_lab.generators.diffusion.shapes import Network
from videophy_lab.generators.diffusion.texts import Count, count_tokens

# the authors' own length, and that of the paper's videos, though it passes six seconds by an eighth
PUBLISHED = (49, 8.0)


@dataclass(kw_only=True)
class CogVideoX(DiffusionGenerator):
    """CogVideoX-5B with the sampler and the growing guidance of its authors (zai-org/CogVideo, cli_demo.py).

    CogVideoX1.5-5B runs too: ``checkpoint=zai-org/CogVideoX1.5-5B``, 81 frames at 16 a second, 768×1360.

    Parameters
    ----------
    dynamic_guidance : bool
        Let the guidance grow over the steps, as the authors do with this sampler.
    """

    height: int = 480
    width: int = 720
    frames: int = 49
    fps: float = 8.0
    steps: int = 50
    guidance: float = 6.0
    tiling: bool = True
    dynamic_guidance: bool = True

    specs: ClassVar[Specs] = Specs(
        name="cogvideox_5b",
        summary="CogVideoX-5B, one of the paper's seven",
        source="diffusers CogVideoXPipeline",
        weights="zai-org/CogVideoX-5b",
        size="21.5 GB",
        licence="CogVideoX licence",
        limits="free for research; commercial use must be registered and is limited in visits",
        needs="diffusion",
        dtype="bf16",
        height=480,
        width=720,
        frames=49,
        fps=8.0,
        steps=50,
        guidance=6.0,
        text_limit=226,
        captions="upsampled",
        memory="about 26 GB; from 5 GB with offload",
    )
    pipeline: ClassVar[str] = "CogVideoXPipeline"
    network: ClassVar[Network] = Network(
        5.57e9, layers=42, hidden=3072, frames_step=8, side_step=16, token=(4, 16, 16)
    )
    room: ClassVar[float] = 8e9

    def check_seconds(self) -> None:
        """Check that a video is as short as the benchmark's, or just as its authors make it."""
        if (self.frames, self.fps) != PUBLISHED:
            super().check_seconds()

    def describe_more(self) -> dict[str, Any]:
        """Give how the guidance moves."""
        return {"dynamic_guidance": self.dynamic_guidance}

    def adjust_pipeline(self, pipe: Any) -> None:
        """Take the authors' sampler."""
        import diffusers

        sampler: Any = diffusers.CogVideoXDPMScheduler
        pipe.scheduler = sampler.from_config(pipe.scheduler.config, timestep_spacing="trailing")

    @property
    def text_limit(self) -> int:
        """Give the length of text that the transformer was trained with."""
        return int(self._pipe.transformer.config.max_text_seq_length)

    def count_text(self, text: str) -> dict[str, Count]:
        """Count a text's tokens for T5."""
        return {"t5": count_tokens(self._pipe.tokenizer, text, self.text_limit)}

    def write_call(self, texts: Sequence[str], generators: Sequence[Any]) -> dict[str, Any]:
        """Write the call of the pipeline."""
        own = {"use_dynamic_cfg": self.dynamic_guidance, "max_sequence_length": self.text_limit}
        return super().write_call(texts, generators) | own
