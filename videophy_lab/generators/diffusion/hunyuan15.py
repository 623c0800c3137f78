"""HunyuanVideo-1.5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from videophy_lab.generators.base import Specs
from videophy_lab.generators.diffusion.base import DiffusionGenerator
from videophy_lab.generators.diffusion.hunyuan import TENCENT_LIMITS
from videophy_lab.generators.diffusion.shapes import Network
from videophy_lab.generators.diffusion.texts import Count, count_tokens


@dataclass(kw_only=True)
class HunyuanVideo15(DiffusionGenerator):
    """HunyuanVideo-1.5 at 480p; words in quotes go to an encoder of letters (ByT5) besides."""

    height: int = 480
    width: int = 848
    frames: int = 121
    fps: float = 24.0
    steps: int = 50
    guidance: float = 6.0
    tiling: bool = True

    specs: ClassVar[Specs] = Specs(
        name="hunyuan_1_5",
        summary="HunyuanVideo-1.5 (8.3B) at 480p, newer than the paper",
        source="diffusers HunyuanVideo15Pipeline",
        weights="hunyuanvideo-community/HunyuanVideo-1.5-Diffusers-480p_t2v",
        size="about 34 GB",
        licence="Tencent Hunyuan Community",
        limits=TENCENT_LIMITS,
        needs="diffusion",
        dtype="bf16",
        height=480,
        width=848,
        frames=121,
        fps=24.0,
        steps=50,
        guidance=6.0,
        text_limit=1000,
        captions="upsampled",
        memory="about 45 GB; 14 GB with offload",
    )
    pipeline: ClassVar[str] = "HunyuanVideo15Pipeline"
    network: ClassVar[Network] = Network(
        8.33e9, layers=54, hidden=2048, frames_step=4, side_step=16, token=(4, 16, 16)
    )

    def adjust_pipeline(self, pipe: Any) -> None:
        """Set the scale of the guidance, which this pipeline keeps in a part of its own."""
        pipe.guider = pipe.guider.new(guidance_scale=self.guidance)

    def count_text(self, text: str) -> dict[str, Count]:
        """Count a text's tokens for Qwen, inside its template, and of what is quoted for ByT5."""
        from diffusers.pipelines.hunyuan_video1_5 import pipeline_hunyuan_video1_5 as own

        pipe = self._pipe
        talk: Any = own.format_text_input([text], pipe.system_message)
        asked = pipe.tokenizer.apply_chat_template(talk[0], add_generation_prompt=True, tokenize=False)
        start, limit = pipe.prompt_template_encode_start_idx, pipe.tokenizer_max_length
        counts = {"qwen": count_tokens(pipe.tokenizer, asked, limit, skipped=start, marks=False)}
        quoted: Any = own.extract_glyph_texts(text)
        if quoted:
            counts["byt5"] = count_tokens(pipe.tokenizer_2, quoted, pipe.tokenizer_2_max_length)
        return counts

    def write_call(self, texts: Sequence[str], generators: Sequence[Any]) -> dict[str, Any]:
        """Write the call of the pipeline, which takes no scale."""
        call = super().write_call(texts, generators)
        del call["guidance_scale"]
        return call
