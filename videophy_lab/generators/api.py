"""Generators behind paid services: Luma Ray2, whatever speaks OpenAI's Videos protocol, Google's Veo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from videophy_lab.generators.api_base import EXTRA, TERMS, ApiGenerator, explain_length
from videophy_lab.generators.api_google import Veo
from videophy_lab.generators.api_options import check_choice, check_duration
from videophy_lab.generators.api_prices import Price
from videophy_lab.generators.base import Specs

if TYPE_CHECKING:
    from videophy_lab.generators.api_service import Service

__all__ = ["OpenAIVideos", "Ray2", "Veo"]

LUMA = "https://api.lumalabs.ai/dream-machine/v1"
LUMA_RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21")
LUMA_RESOLUTIONS = ("540p", "720p", "1080p", "4k")
# characters of a prompt, as the services' API descriptions had them; they refuse others without payment
LUMA_SHORTEST, LUMA_LONGEST, OPENAI_LONGEST = 3, 5000, 32_000


@dataclass(kw_only=True)
class Ray2(ApiGenerator):
    """Order videos from Luma's Ray2.

    The service takes no seed: an order's seed only numbers its videos, which cannot be made again.

    Parameters
    ----------
    model : {"ray-2", "ray-flash-2"}
    duration : int
        5; the service's other length, 9 s, is longer than the benchmark's videos.
    resolution : {"540p", "720p", "1080p", "4k"}
    aspect_ratio : str
        For example ``16:9``.

    References
    ----------
    lumalabs/lumaai-python 1.21.0.
    """

    model: str = "ray-2"
    resolution: str = "720p"
    aspect_ratio: str = "16:9"

    specs: ClassVar[Specs] = Specs(
        name="ray2",
        summary="Luma's Ray2, through its API",
        source="lumaai 1.21.0, generations.create",
        licence=TERMS,
        limits="each video is paid for; no seed, so that none can be made again",
        needs=EXTRA,
        captions="upsampled",
    )

    def __post_init__(self) -> None:
        check_duration(self.duration, (5,))
        check_choice("resolution", self.resolution, LUMA_RESOLUTIONS)
        check_choice("aspect_ratio", self.aspect_ratio, LUMA_RATIOS)
        super().__post_init__()

    @property
    def address(self) -> str:
        """Give the address that is asked."""
        return self.base_url or LUMA

    @property
    def own_variables(self) -> tuple[str, ...]:
        """Name the variable that may hold the key of the service itself."""
        return ("LUMAAI_API_KEY",)

    @property
    def modules(self) -> tuple[str, ...]:
        """Name the library that is needed."""
        return ("lumaai",)

    @property
    def list_price(self) -> Price:
        """Give no price: those that are public contradict each other."""
        return Price()

    @property
    def sends_seed(self) -> bool:
        """Say that the service takes no seed."""
        return False

    def open_service(self, key: str) -> Service:
        """Open a line to the service."""
        from videophy_lab.generators.api_luma import Luma

        return Luma(self.address, key, self.timeout)

    def list_sent(self) -> Mapping[str, Any]:
        """Give what is sent beside the text."""
        return {
            "model": self.model,
            "duration": f"{self.duration}s",
            "resolution": self.resolution,
            "aspect_ratio": self.aspect_ratio,
        }

    def check_text(self, text: str, seed: int) -> str:
        """Say why the service would refuse a text."""
        if LUMA_SHORTEST <= len(text) <= LUMA_LONGEST:
            return ""
        return explain_length(len(text), f"{LUMA_SHORTEST} to {LUMA_LONGEST} characters")


@dataclass(kw_only=True)
class OpenAIVideos(ApiGenerator):
    """Order videos from a server that speaks OpenAI's Videos protocol, such as vLLM-Omni.

    OpenAI's own service, Sora, was shut down on 2026-09-24: `base_url` names another.

    Parameters
    ----------
    size : str
        Width and height in pixels, such as ``1280x720``.
    send_seed : bool
        Send the order's seed as a further field, which OpenAI's protocol does not have and vLLM-Omni takes.

    References
    ----------
    openai/openai-python 3.54.0; docs.vllm.ai, projects/vllm-omni, Videos API.
    """

    duration: int = 4
    size: str = "1280x720"
    send_seed: bool = False

    specs: ClassVar[Specs] = Specs(
        name="openai_videos",
        summary="any server behind OpenAI's Videos protocol (Sora's own is shut down): -o base_url=…",
        source="openai 3.54.0, videos.create",
        licence=TERMS,
        limits="each video is paid for, where the server is; no seed in the protocol",
        needs=EXTRA,
        captions="upsampled",
    )

    def __post_init__(self) -> None:
        if not self.base_url:
            raise ValueError(
                "openai_videos needs the address of a server: OpenAI shut Sora and its Videos API down on "
                "2026-09-24. Remedy: -o base_url=http://localhost:8000/v1 for a server that speaks the "
                "protocol; videos that Sora made before are read by the generator imported."
            )
        if not self.model.strip():
            raise ValueError("openai_videos needs a model. Remedy: -o model=NAME, one that the server has.")
        if not re.fullmatch(r"[1-9]\d{1,4}x[1-9]\d{1,4}", self.size):
            raise ValueError(f"size is {self.size!r}. Remedy: width and height, such as size=1280x720.")
        super().__post_init__()

    @property
    def address(self) -> str:
        """Give the address that is asked."""
        return self.base_url

    @property
    def own_variables(self) -> tuple[str, ...]:
        """Name no variable: OpenAI's own key goes to no other server unless it is named."""
        return ()

    @property
    def modules(self) -> tuple[str, ...]:
        """Name the library that is needed."""
        return ("openai",)

    @property
    def list_price(self) -> Price:
        """Give no price: it is the server's."""
        return Price()

    @property
    def sends_seed(self) -> bool:
        """Say whether the seed is sent."""
        return self.send_seed

    def open_service(self, key: str) -> Service:
        """Open a line to the server."""
        from videophy_lab.generators.api_openai import OpenAIVideoService

        return OpenAIVideoService(self.address, key, self.timeout)

    def list_sent(self) -> Mapping[str, Any]:
        """Give what is sent beside the text."""
        return {"model": self.model, "seconds": str(self.duration), "size": self.size}

    def check_text(self, text: str, seed: int) -> str:
        """Say why the server would refuse a text."""
        if len(text) <= OPENAI_LONGEST:
            return ""
        return explain_length(len(text), f"at most {OPENAI_LONGEST} characters")
