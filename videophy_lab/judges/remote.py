"""Judges at a provider: Gemini, and whatever speaks OpenAI's protocol (OpenAI, vLLM, SGLang)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from videophy_lab.judges.base import Card
from videophy_lab.judges.remote_judge import EXTRA, LICENCE, RemoteJudge
from videophy_lab.llm import LanguageModel, Media
from videophy_lab.llm.footage import attach_file, attach_frames, count_patches
from videophy_lab.llm.models import CURRENT, GEMINI_KEYS, OPENAI_KEYS, check_gemini
from videophy_lab.video import FrameView, sample_frames

if TYPE_CHECKING:
    from videophy_lab.video import Clip, VideoInfo

RESOLUTIONS = ("", "low", "medium", "high")
# ai.google.dev/gemini-api/docs/video-understanding
FRAME_TOKENS, MOST_FPS = 258, 24
# as Qwen3-VL and some of OpenAI's models count a picture; and the frames that vLLM takes by itself
PATCH, MOST_PATCHES, SERVER_FRAMES = 32, 1536, 32
FORMS = ("frames", "video")


@dataclass(kw_only=True)
class Gemini(RemoteJudge):
    """Ask a Gemini model to rate a video from 1 to 5, and rules as broken, followed or unclear.

    The file goes to the provider as it is; `fps` is always said, since the provider's own one frame a second
    would see 6 frames of a clip of 6 s. The paper asked gemini-2.0-flash-exp, which is retired: scores of a
    current model are not the paper's.

    Parameters
    ----------
    fps : float
        Frames a second that the model looks at, up to 24.
    media_resolution : {"", "low", "medium", "high"}
        Tokens of a frame; the model's own choice when empty.
    inline_mb : float
        Videos up to so many megabytes go inside the message (20 MB with everything is the service's older
        limit), larger ones through its file store, from which they are deleted afterwards.

    References
    ----------
    Bansal et al. 2025, VideoPhy-2, arXiv:2503.06800; ai.google.dev/gemini-api/docs/video-understanding.
    """

    model: str = CURRENT[0]
    fps: float = 8.0
    media_resolution: str = ""
    inline_mb: float = 14.0

    card: ClassVar[Card] = Card(
        name="gemini",
        summary="a Gemini model of Google's, asked with the whole video",
        tasks=("sa", "pc", "rule"),
        scale="1–5 (rule: 0 violated, 1 followed, 2 cannot be determined)",
        weights="remote",
        licence=LICENCE,
        needs=EXTRA,
    )

    def __post_init__(self) -> None:
        check_gemini(self.model, date.today())
        if not 0 < self.fps <= MOST_FPS:
            raise ValueError(f"fps is {self.fps}; it must be more than 0 and at most {MOST_FPS}.")
        if self.media_resolution not in RESOLUTIONS:
            allowed = ", ".join(map(repr, RESOLUTIONS))
            raise ValueError(f"media_resolution is {self.media_resolution!r}. Allowed: {allowed}.")
        super().__post_init__()

    @property
    def view(self) -> None:
        """Ask for the file."""
        return None

    def make_client(self) -> LanguageModel:
        """Make the client of Google's service."""
        sampling = {"media_resolution": self.media_resolution}
        return self.fill_client("google", GEMINI_KEYS, sampling=sampling, inline_mb=self.inline_mb)

    def describe_media(self) -> Mapping[str, Any]:
        """Say what the model sees of a video."""
        return {"form": "file", "fps": self.fps}

    def attach_video(self, info: VideoInfo, clip: Clip | None) -> tuple[str | Media, ...]:
        """Give the file."""
        return (attach_file(info, fps=self.fps),)

    def estimate_video(self, info: VideoInfo) -> int:
        """Estimate the tokens of a video: 258 for each frame that is looked at."""
        frames = info.seconds * self.fps if math.isfinite(info.seconds) else info.frames
        return FRAME_TOKENS * math.ceil(frames)

    @property
    def assumption(self) -> str:
        """Say how the tokens of a video are estimated."""
        return f"{FRAME_TOKENS} tokens a frame at {self.fps:g} frames a second"


@dataclass(kw_only=True)
class OpenAICompatible(RemoteJudge):
    """Ask any server that speaks OpenAI's protocol: OpenAI itself, vLLM, SGLang.

    Parameters
    ----------
    video : {"frames", "video"}
        ``frames``: pictures taken here, each with its time, which every server with eyes understands.
        ``video``: the file, as vLLM and SGLang take it; which frames are looked at is then the server's
        choice.
    frames : int
        Pictures of a video, evenly spaced, the first and the last frame among them.
    jpeg_quality : int
        Of the pictures, 1–100.

    References
    ----------
    docs.vllm.ai, multimodal inputs of the OpenAI-compatible server.
    """

    video: str = "frames"
    frames: int = 16
    jpeg_quality: int = 90

    card: ClassVar[Card] = Card(
        name="openai",
        summary="any model behind OpenAI's protocol (OpenAI, vLLM, SGLang), asked with frames or the video",
        tasks=("sa", "pc", "rule"),
        scale="1–5 (rule: 0 violated, 1 followed, 2 cannot be determined)",
        weights="remote",
        licence=LICENCE,
        needs=EXTRA,
    )

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise ValueError(
                "openai needs a model. Remedy: name one that the server has, such as "
                "--option openai.model=Qwen/Qwen3-VL-8B-Instruct; its address …/v1/models lists them."
            )
        if self.video not in FORMS:
            raise ValueError(f"video is {self.video!r}. Allowed: {', '.join(map(repr, FORMS))}.")
        if self.frames < 1:
            raise ValueError(f"frames is {self.frames}; it must be at least 1.")
        if not 1 <= self.jpeg_quality <= 100:
            raise ValueError(f"jpeg_quality is {self.jpeg_quality}; it must be between 1 and 100.")
        super().__post_init__()

    @property
    def view(self) -> FrameView | None:
        """Ask for the pictures, or for the file alone."""
        return FrameView("uniform", self.frames) if self.video == "frames" else None

    def make_client(self) -> LanguageModel:
        """Make the client of the server."""
        return self.fill_client("openai", OPENAI_KEYS)

    def describe_media(self) -> Mapping[str, Any]:
        """Say what the model sees of a video."""
        if self.video == "video":
            return {"form": "file"}
        return {
            "form": "frames",
            "rule": "uniform",
            "frames": self.frames,
            "jpeg_quality": self.jpeg_quality,
        }

    def attach_video(self, info: VideoInfo, clip: Clip | None) -> tuple[str | Media, ...]:
        """Give the pictures, or the file."""
        if self.view is None:
            return (attach_file(info),)
        indices = sample_frames(self.view, info.frames, info.fps)
        frames = None if clip is None else clip.frames[self.view]
        return attach_frames(info, indices, frames, quality=self.jpeg_quality)

    def estimate_video(self, info: VideoInfo) -> int:
        """Estimate the tokens of a video: one for each square of 32 by 32 pixels of each picture."""
        pictures = min(SERVER_FRAMES if self.video == "video" else self.frames, info.frames)
        return pictures * count_patches(info, side=PATCH, most=MOST_PATCHES)

    @property
    def assumption(self) -> str:
        """Say how the tokens of a video are estimated."""
        frames = f"{SERVER_FRAMES} frames" if self.video == "video" else f"{self.frames} frames"
        return f"{frames} of one token for each {PATCH} × {PATCH} pixels, at most {MOST_PATCHES}"
