"""The generator behind Google's Veo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from videophy_lab.generators.api_base import EXTRA, TERMS, ApiGenerator, explain_length
from videophy_lab.generators.api_options import check_choice
from videophy_lab.generators.api_prices import Price
from videophy_lab.generators.base import Specs

if TYPE_CHECKING:
    from videophy_lab.generators.api_service import Service

# cloud.google.com, Veo: 1,024 tokens of text; how many a text has is only estimated here
VEO_TOKENS, CHARACTERS_A_TOKEN = 1024, 4
VERTEX, GEMINI = "vertex", "gemini"
VEO_RESOLUTIONS = ("720p", "1080p", "4k")
MOST_SEED = 2**32 - 1
# with sound; ai.google.dev/gemini-api/docs/pricing as read on 2026-10-07
VEO_PRICES = {"720p": 0.40, "1080p": 0.40, "4k": 0.60}
VEO_PRICED = re.compile(r"veo-3\.1-generate-")


@dataclass(kw_only=True)
class Veo(ApiGenerator):
    """Order videos from Google's Veo on Vertex AI.

    There is no list of jobs: where a run is cut off between an order and its answer, the reason says so, and
    only ``resubmit=true`` pays again. On the Gemini API Veo is retired (2026-10-22); ``platform=gemini``
    speaks its protocol to another server.

    Parameters
    ----------
    platform : {"vertex", "gemini"}
    project, location : str
        Of Google Cloud, whose application default credentials are then used in place of a key; the library
        of Google finds them (``GOOGLE_APPLICATION_CREDENTIALS``).
    duration : int
        4 for Veo 3, 5 for Veo 2.
    resolution : {"720p", "1080p", "4k"}
    aspect_ratio : {"16:9", "9:16"}
    audio : bool
        Have sound made, too, which may cost more; of Vertex AI only.

    References
    ----------
    googleapis/python-genai 2.34.0; docs.cloud.google.com, Veo 3.1.
    """

    model: str = "veo-3.1-generate-001"
    platform: str = VERTEX
    project: str = ""
    location: str = "us-central1"
    duration: int = 4
    resolution: str = "720p"
    aspect_ratio: str = "16:9"
    audio: bool = False

    specs: ClassVar[Specs] = Specs(
        name="veo",
        summary="Google's Veo, through Vertex AI",
        source="google-genai 2.34.0, models.generate_videos",
        licence=TERMS,
        limits="each video is paid for; a seed is sent, and equal videos are not promised",
        needs=EXTRA,
        text_limit=VEO_TOKENS,
        captions="upsampled",
    )

    def __post_init__(self) -> None:
        check_choice("platform", self.platform, (VERTEX, GEMINI))
        check_choice("resolution", self.resolution, VEO_RESOLUTIONS)
        check_choice("aspect_ratio", self.aspect_ratio, ("16:9", "9:16"))
        if self.project and (self.platform != VERTEX or not self.location):
            raise ValueError("a project needs platform=vertex and a location, such as location=us-central1.")
        if self.audio and self.platform != VERTEX:
            raise ValueError("audio can be chosen on Vertex AI only. Remedy: leave it out.")
        super().__post_init__()

    @property
    def address(self) -> str:
        """Give the address that is asked."""
        if self.base_url:
            return self.base_url
        if self.platform == GEMINI:
            return "https://generativelanguage.googleapis.com"
        region = f"{self.location}-" if self.project and self.location != "global" else ""
        return f"https://{region}aiplatform.googleapis.com"

    @property
    def own_variables(self) -> tuple[str, ...]:
        """Name the variables that may hold the key of the service itself."""
        return ("GOOGLE_API_KEY",) if self.platform == VERTEX else ("GEMINI_API_KEY", "GOOGLE_API_KEY")

    @property
    def modules(self) -> tuple[str, ...]:
        """Name the library that is needed."""
        return ("google.genai",)

    @property
    def list_price(self) -> Price:
        """Give the list price of Veo 3.1 with sound; none is known for other models."""
        if self.base_url or not VEO_PRICED.match(self.model) or not (self.audio or self.platform == GEMINI):
            return Price()
        return Price(VEO_PRICES[self.resolution], source="list price with sound of 2026-10-07")

    @property
    def sends_seed(self) -> bool:
        """Say that the seed is sent."""
        return True

    def find_key(self) -> str:
        """Give the key; none where a project's own credentials are used."""
        return "" if self.project else super().find_key()

    def open_service(self, key: str) -> Service:
        """Open a line to the service."""
        from videophy_lab.generators.api_veo import VeoService

        return VeoService(
            vertex=self.platform == VERTEX,
            base_url=self.address,
            key=key,
            project=self.project,
            location=self.location if self.project else "",
            timeout=self.timeout,
        )

    def list_sent(self) -> Mapping[str, Any]:
        """Give what is sent beside text and seed."""
        sound = {"generate_audio": self.audio} if self.platform == VERTEX else {}
        return {
            "model": self.model,
            "duration_seconds": self.duration,
            "resolution": self.resolution,
            "aspect_ratio": self.aspect_ratio,
            **sound,
        }

    def check_text(self, text: str, seed: int) -> str:
        """Say why the service would refuse a text or a seed."""
        if not 0 <= seed <= MOST_SEED:
            return f"the seed is {seed}; the service takes 0 to {MOST_SEED}. Remedy: give another --seed."
        if len(text) <= VEO_TOKENS * CHARACTERS_A_TOKEN:
            return ""
        limit = f"at most {VEO_TOKENS} tokens, estimated as {VEO_TOKENS * CHARACTERS_A_TOKEN} characters"
        return explain_length(len(text), limit)
