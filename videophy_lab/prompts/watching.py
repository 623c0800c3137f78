"""Language models that look at videos."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from videophy_lab.llm import Media, Request
from videophy_lab.llm.footage import attach_file, attach_frames, count_patches
from videophy_lab.prompts.chat import ChatModel
from videophy_lab.video import FrameView, decode_clip, probe_video, sample_frames

if TYPE_CHECKING:
    from videophy_lab.video import VideoInfo

FORMS = ("auto", "video", "frames")
MOST_FPS, FRAME_TOKENS = 24, 258
# as Qwen3-VL and some of OpenAI's models count a picture; and the frames that vLLM takes by itself
PATCH, MOST_PATCHES, SERVER_FRAMES = 32, 1536, 32


@dataclass(kw_only=True)
class WatchingModel(ChatModel):
    """A language model that is shown videos: options as :class:`ChatModel`, and these.

    Parameters
    ----------
    form : {"auto", "video", "frames"}
        The file as it is, or pictures taken from it, each with its time. ``auto`` sends the file to Google,
        and pictures to servers of OpenAI's protocol, of which only some take videos.
    fps : float
        Frames a second that Google looks at.
    frames : int
        Pictures of a video, evenly spaced.
    jpeg_quality : int
        Of the pictures, 1–100.
    """

    form: str = "auto"
    fps: float = 8.0
    frames: int = 16
    jpeg_quality: int = 90

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"form is {self.form!r}. Allowed: {', '.join(FORMS)}.")
        if not 0 < self.fps <= MOST_FPS:
            raise ValueError(f"fps is {self.fps}; it must be more than 0 and at most {MOST_FPS}.")
        if self.frames < 1 or not 1 <= self.jpeg_quality <= 100:
            raise ValueError(
                f"frames is {self.frames} and jpeg_quality {self.jpeg_quality}; frames must be at least 1, "
                "and the quality between 1 and 100."
            )
        super().__post_init__()

    @property
    def view(self) -> FrameView | None:
        """Give the pictures that are taken; None where the file goes as it is."""
        form = self.form if self.form != "auto" else ("video" if self.provider == "google" else "frames")
        return FrameView("uniform", self.frames) if form == "frames" else None

    def attach(self, info: VideoInfo, *, read: bool) -> tuple[str | Media, ...]:
        """Attach a video; without reading it, only to be named."""
        if self.view is None:
            return (attach_file(info, fps=self.fps if self.provider == "google" else None),)
        indices = sample_frames(self.view, info.frames, info.fps)
        frames = decode_clip(info.path, [self.view]).frames[self.view] if read else None
        return attach_frames(info, indices, frames, quality=self.jpeg_quality)

    def name_video(self, path: Path) -> tuple[str | Media, ...]:
        """Name a video as it would be shown; raise VideoError where it cannot be read."""
        return self.attach(probe_video(path), read=False)

    @property
    def assumption(self) -> str:
        """Say how the tokens of a video are estimated."""
        if self.view is None and self.provider == "google":
            return f"{FRAME_TOKENS} tokens a frame at {self.fps:g} frames a second"
        pictures = self.frames if self.view else SERVER_FRAMES
        return f"{pictures} frames of one token for each {PATCH} × {PATCH} pixels, at most {MOST_PATCHES}"

    def make_request(self, path: Path, text: str, answer: type[BaseModel], repeat: int) -> Request:
        """Put a question behind a video; its pictures are taken only where the answer is not known.

        Raises
        ------
        VideoError
            The file cannot be read.
        """
        info = probe_video(path)
        named = Request((*self.attach(info, read=False), text), answer, repeat)
        if self.view is None or self.client.find_known(named) is not None:
            return named
        return Request((*self.attach(info, read=True), text), answer, repeat)

    def estimate(self, path: Path) -> int:
        """Estimate the tokens of a video."""
        info = probe_video(path)
        if self.view is None and self.provider == "google":
            frames = info.seconds * self.fps if math.isfinite(info.seconds) else info.frames
            return FRAME_TOKENS * math.ceil(frames)
        pictures = min(self.frames if self.view else SERVER_FRAMES, info.frames)
        return pictures * count_patches(info, side=PATCH, most=MOST_PATCHES)
