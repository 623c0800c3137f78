"""HunyuanVideo, which the paper ran on the original captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from videophy_lab.generators.base import Specs
from videophy_lab.generators.diffusion.base import DiffusionGenerator
from videophy_lab.generators.diffusion.shapes import Network
from videophy_lab.generators.diffusion.texts import Count, count_tokens

LLAMA_LIMIT, CLIP_LIMIT = 256, 77
TENCENT_LIMITS = (
    "not licensed in the European Union, the United Kingdom and South Korea; more than 100 million monthly "
    "users need a licence of their own; outputs may not train other models"
)


@dataclass(kw_only=True)
class HunyuanVideo(DiffusionGenerator):
    """HunyuanVideo-13B, whose `guidance` is told to the network and takes no second pass.

    Llama reads 256 tokens of the text, and CLIP, which sets the tone of the whole video, 77: the paper gave
    it the original captions for that reason.

    Parameters
    ----------
    true_guidance : float
        Scale of a guidance with a second pass, away from `negative_prompt`; 1 is none.
    """

    height: int = 720
    width: int = 1280
    frames: int = 129
    fps: float = 24.0
    steps: int = 50
    guidance: float = 6.0
    tiling: bool = True
    true_guidance: float = 1.0

    specs: ClassVar[Specs] = Specs(
        name="hunyuan_13b",
        summary="HunyuanVideo-13B, one of the paper's seven",
        source="diffusers HunyuanVideoPipeline",
        weights="hunyuanvideo-community/HunyuanVideo",
        size="41.9 GB",
        licence="Tencent Hunyuan Community",
        limits=TENCENT_LIMITS,
        needs="diffusion",
        dtype="transformer bf16, the rest fp16",
        height=720,
        width=1280,
        frames=129,
        fps=24.0,
        steps=50,
        guidance=6.0,
        text_limit=CLIP_LIMIT,
        captions="original",
        memory="60 GB",
    )
    pipeline: ClassVar[str] = "HunyuanVideoPipeline"
    precisions: ClassVar[dict[str, str]] = {"default": "fp16", "transformer": "bf16"}
    network: ClassVar[Network] = Network(
        12.82e9, layers=60, hidden=3072, frames_step=4, side_step=16, token=(4, 16, 16)
    )
    room: ClassVar[float] = 20e9

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.true_guidance < float("inf"):
            raise ValueError(f"true_guidance is {self.true_guidance}; it must be at least 1, which is none.")
        if self.negative_prompt and not self.guided:
            raise ValueError(
                "negative_prompt has no effect on this network by itself. Remedy: give true_guidance above 1 "
                "too, which takes a second pass for every step."
            )

    @property
    def guided(self) -> bool:
        """Say whether every step runs the network a second time."""
        return self.true_guidance > 1

    def describe_more(self) -> dict[str, Any]:
        """Give the guidance with a second pass."""
        return {"true_guidance": self.true_guidance}

    def count_text(self, text: str) -> dict[str, Count]:
        """Count a text's tokens for CLIP and, inside its template, for Llama."""
        from diffusers.pipelines.hunyuan_video import pipeline_hunyuan_video as own

        words: Any = own.DEFAULT_PROMPT_TEMPLATE
        asked = words["template"].format(text)
        return {
            "clip": count_tokens(self._pipe.tokenizer_2, text, CLIP_LIMIT),
            "llama": count_tokens(self._pipe.tokenizer, asked, LLAMA_LIMIT, skipped=words["crop_start"]),
        }

    def write_call(self, texts: Sequence[str], generators: Sequence[Any]) -> dict[str, Any]:
        """Write the call of the pipeline."""
        call = super().write_call(texts, generators) | {"true_cfg_scale": self.true_guidance}
        if self.guided:
            call["negative_prompt"] = [self.negative_prompt] * len(texts)
        return call
