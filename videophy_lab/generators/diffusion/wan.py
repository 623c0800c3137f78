"""Wan 2.1, the leader of the paper's table, and Wan 2.2, that of its later one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from videophy_lab.generators.base import Specs
from videophy_lab.generators.diffusion.base import DiffusionGenerator, Text
from videophy_lab.generators.diffusion.shapes import Network
from videophy_lab.generators.diffusion.texts import Count, count_tokens, describe_counts

SMALL_LINES, SMALL_SHIFT, LARGE_SHIFT = 480, 3.0, 5.0


def clean_text(text: str) -> str:
    """Clean a text as the pipeline does before it reads it."""
    from diffusers.pipelines.wan import pipeline_wan

    own: Any = pipeline_wan
    return str(own.prompt_clean(text))


@dataclass(kw_only=True)
class Wan21(DiffusionGenerator):
    """Wan2.1-T2V-14B.

    The authors' own program leads away from a list of faults, in Chinese (``sample_neg_prompt`` in
    Wan-Video/Wan2.1, wan/configs/shared_config.py); give it as `negative_prompt` to do the same. Without one,
    as in diffusers, the guidance leads away from the empty text.

    Parameters
    ----------
    flow_shift : float
        Of the sampler; 0 takes 3 up to 480 lines and 5 above, as diffusers' documentation does.
    """

    height: int = 480
    width: int = 832
    frames: int = 81
    fps: float = 16.0
    steps: int = 50
    guidance: float = 5.0
    flow_shift: float = 0.0

    specs: ClassVar[Specs] = Specs(
        name="wan2_1_14b",
        summary="Wan2.1-T2V-14B, the paper's leader",
        source="diffusers WanPipeline",
        weights="Wan-AI/Wan2.1-T2V-14B-Diffusers",
        size="80.4 GB",
        licence="Apache-2.0",
        needs="diffusion",
        dtype="bf16, decoder fp32",
        height=480,
        width=832,
        frames=81,
        fps=16.0,
        steps=50,
        guidance=5.0,
        text_limit=512,
        captions="upsampled",
        memory="about 48 GB; 40 GB with offload=model",
    )
    pipeline: ClassVar[str] = "WanPipeline"
    precisions: ClassVar[dict[str, str]] = {"default": "bf16", "vae": "fp32"}
    network: ClassVar[Network] = Network(
        14.29e9, layers=40, hidden=5120, frames_step=4, side_step=16, token=(4, 16, 16)
    )
    room: ClassVar[float] = 8e9

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.flow_shift < float("inf"):
            raise ValueError(f"flow_shift is {self.flow_shift}; it must be above 0, or 0 for the usual one.")

    @property
    def shift(self) -> float:
        """Give the shift of the sampler that is used."""
        return self.flow_shift or (SMALL_SHIFT if self.height <= SMALL_LINES else LARGE_SHIFT)

    def describe_more(self) -> dict[str, Any]:
        """Give the shift of the sampler."""
        return {"flow_shift": self.shift}

    def adjust_pipeline(self, pipe: Any) -> None:
        """Take the authors' sampler with the shift for this size."""
        import diffusers

        sampler: Any = diffusers.UniPCMultistepScheduler
        pipe.scheduler = sampler.from_config(
            pipe.scheduler.config,
            prediction_type="flow_prediction",
            use_flow_sigmas=True,
            flow_shift=self.shift,
        )

    def count_text(self, text: str) -> dict[str, Count]:
        """Count the tokens of the cleaned text for UMT5, which cuts off in silence."""
        return {"umt5": count_tokens(self._pipe.tokenizer, clean_text(text), self.specs.text_limit or 0)}

    def describe_video(self, text: Text) -> dict[str, Any]:
        """Give the cleaned text where it is another."""
        cleaned = clean_text(text.text)
        return {} if cleaned == text.text else {"cleaned_text": cleaned, **describe_counts(text.counts)}


@dataclass(kw_only=True)
class Wan22(Wan21):
    """Wan2.2-T2V-A14B: one network for the noisy steps, another for the rest.

    Steps, guidance and shift are those of Wan-Video/Wan2.2, wan/configs/wan_t2v_A14B.py.

    Parameters
    ----------
    guidance_low : float
        Scale of the guidance of the second network, at low noise.
    """

    height: int = 720
    width: int = 1280
    steps: int = 40
    guidance: float = 4.0
    guidance_low: float = 3.0
    flow_shift: float = 12.0

    specs: ClassVar[Specs] = Specs(
        name="wan2_2_a14b",
        summary="Wan2.2-T2V-A14B, the leader of the paper's later table",
        source="diffusers WanPipeline, two transformers",
        weights="Wan-AI/Wan2.2-T2V-A14B-Diffusers",
        size="126 GB",
        licence="Apache-2.0",
        needs="diffusion",
        dtype="bf16, decoder fp32",
        height=720,
        width=1280,
        frames=81,
        fps=16.0,
        steps=40,
        guidance=4.0,
        text_limit=512,
        captions="upsampled",
        memory="about 90 GB; 50 GB with offload=model",
    )
    room: ClassVar[float] = 20e9

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.guidance_low < float("inf"):
            raise ValueError(f"guidance_low is {self.guidance_low}; it must be above 0.")

    def describe_more(self) -> dict[str, Any]:
        """Give the shift of the sampler and the second guidance."""
        return super().describe_more() | {"guidance_low": self.guidance_low}

    def adjust_pipeline(self, pipe: Any) -> None:
        """Check that there are two networks, and take the authors' sampler."""
        if pipe.config.boundary_ratio is None or getattr(pipe, "transformer_2", None) is None:
            raise ValueError(
                f"{self.source} has one transformer, and {self.specs.name} runs two. Remedy: take the "
                "generator wan2_1_14b for it, or give a checkpoint of Wan2.2-T2V-A14B."
            )
        super().adjust_pipeline(pipe)

    def write_call(self, texts: Sequence[str], generators: Sequence[Any]) -> dict[str, Any]:
        """Write the call of the pipeline."""
        return super().write_call(texts, generators) | {"guidance_scale_2": self.guidance_low}
