"""Published vision-language models as judges: their cards, and the defaults that their authors name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from videophy_lab.judges.base import Card
from videophy_lab.judges.vlm import LEAST_PIXELS, VisionLanguageJudge

NVIDIA = "code Apache-2.0; weights NVIDIA Open Model License"

# nvidia-cosmos/cosmos-reason1@0cb4b6a (Apache-2.0), README.md: what the model was trained to be told
THINK_AND_ANSWER = (
    "You are a helpful assistant. Answer the question in the following format: <think>\nyour reasoning\n"
    "</think>\n\n<answer>\nyour answer\n</answer>."
)
# nvidia-cosmos/cosmos-reason2@3f163ce (Apache-2.0), cosmos_reason2_utils/text.py
ASSISTANT = "You are a helpful assistant."
THINK_FIRST = (
    "Answer the question using the following format:\n\n<think>\nYour reasoning.\n</think>\n\n"
    "Write your final answer immediately after the </think> tag."
)


@dataclass(kw_only=True)
class Qwen25VL(VisionLanguageJudge):
    """Ask Qwen2.5-VL; options as for ``vlm``.

    References
    ----------
    Bai et al. 2025, Qwen2.5-VL Technical Report, arXiv:2502.13923.
    """

    min_pixels: int = LEAST_PIXELS

    card: ClassVar[Card] = replace(
        VisionLanguageJudge.card,
        name="qwen2_5_vl",
        summary="Qwen2.5-VL (7 B) asked the benchmark's questions",
        weights="Qwen/Qwen2.5-VL-7B-Instruct",
        size="16.6 GB",
        licence="Apache-2.0",
    )


@dataclass(kw_only=True)
class Qwen3VL(VisionLanguageJudge):
    """Ask Qwen3-VL; options as for ``vlm``. It reads the time of each pair of frames.

    References
    ----------
    Bai et al. 2025, Qwen3-VL Technical Report, arXiv:2511.21631.
    """

    min_pixels: int = LEAST_PIXELS

    card: ClassVar[Card] = replace(
        VisionLanguageJudge.card,
        name="qwen3_vl",
        summary="Qwen3-VL (8 B) asked the benchmark's questions",
        weights="Qwen/Qwen3-VL-8B-Instruct",
        size="17.5 GB",
        licence="Apache-2.0",
    )


@dataclass(kw_only=True)
class CosmosReason1(VisionLanguageJudge):
    """Ask Cosmos-Reason1, which thinks before it answers; options as for ``vlm``.

    References
    ----------
    Azzolini et al. 2025, Cosmos-Reason1, arXiv:2503.15558; github.com/nvidia-cosmos/cosmos-reason1@0cb4b6a.
    """

    min_pixels: int = LEAST_PIXELS
    system: str = THINK_AND_ANSWER
    max_new_tokens: int = 4096

    card: ClassVar[Card] = replace(
        VisionLanguageJudge.card,
        name="cosmos_reason1",
        summary="Cosmos-Reason1 (7 B, on Qwen2.5-VL), which thinks about physics before it answers",
        weights="nvidia/Cosmos-Reason1-7B",
        size="16.6 GB",
        licence=NVIDIA,
    )


@dataclass(kw_only=True)
class CosmosReason2(VisionLanguageJudge):
    """Ask Cosmos-Reason2, which thinks before it answers; options as for ``vlm``.

    References
    ----------
    github.com/nvidia-cosmos/cosmos-reason2@3f163ce.
    """

    min_pixels: int = LEAST_PIXELS
    system: str = ASSISTANT
    instruction: str = THINK_FIRST
    max_new_tokens: int = 4096

    card: ClassVar[Card] = replace(
        VisionLanguageJudge.card,
        name="cosmos_reason2",
        summary="Cosmos-Reason2 (8 B, on Qwen3-VL), which thinks about physics before it answers",
        weights="nvidia/Cosmos-Reason2-8B",
        size="17.5 GB",
        licence=NVIDIA,
    )


@dataclass(kw_only=True)
class VideoLlava(VisionLanguageJudge):
    """Ask Video-LLaVA, the VideoLLaVA of the table in the VideoPhy-2 paper; options as for ``vlm``.

    It was trained on 8 frames a video.

    References
    ----------
    Lin et al. 2023, Video-LLaVA, arXiv:2311.10122; github.com/PKU-YuanGroup/Video-LLaVA@0062587.
    """

    frames: int = 8

    card: ClassVar[Card] = replace(
        VisionLanguageJudge.card,
        name="videollava",
        summary="Video-LLaVA (7 B), the paper's VideoLLaVA, asked the benchmark's questions",
        weights="LanguageBind/Video-LLaVA-7B-hf",
        size="14.7 GB",
        licence=(
            "code Apache-2.0; its authors offer it as a research preview for non-commercial use, under the "
            "terms of LLaMA, from which the weights derive"
        ),
    )
