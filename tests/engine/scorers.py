"""Scorers that tests plan for: one that sees frames, one that does not, one that breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from videophy_lab.judges.base import Answer, Card, Question, Scorer
from videophy_lab.video import Clip, FrameView


@dataclass
class Brightness(Scorer):
    """Mean of the first frames; keeps what it was called with."""

    card: ClassVar[Card] = Card("brightness", "mean of the frames", ("brightness",), "0–255")
    frames: int = 4
    size: tuple[int, int] | None = None
    batch_size: int = 3
    calls: list[list[str]] = field(default_factory=list)
    prepared: int = 0

    @property
    def view(self) -> FrameView | None:
        return FrameView("official", self.frames, size=self.size)

    def describe(self) -> dict[str, Any]:
        return {"scorer": "brightness", "frames": self.frames}

    def prepare(self) -> None:
        self.prepared += 1

    def score(self, clips: Sequence[Clip], questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
        self.calls.append([clip.info.path.name for clip in clips])
        means = [float(clip.frames[self.view].mean()) for clip in clips]
        return [[Answer(mean) for _ in asked] for mean, asked in zip(means, questions, strict=True)]


@dataclass
class Breaks(Brightness):
    """Raises on every video whose name holds a word."""

    card: ClassVar[Card] = Card("breaks", "raises on some videos", ("sa", "pc"), "1–5")
    word: str = "bad"

    def score(self, clips: Sequence[Clip], questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
        if any(self.word in clip.info.path.name for clip in clips):
            raise RuntimeError("out of memory on purpose")
        return super().score(clips, questions)


@dataclass
class Forgets(Brightness):
    """Answers one question too few."""

    card: ClassVar[Card] = Card("forgets", "answers too few questions", ("sa", "pc"), "1–5")

    def score(self, clips: Sequence[Clip], questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
        return [answers[1:] for answers in super().score(clips, questions)]


@dataclass
class ByTime(Brightness):
    """Looks at two frames a second, which takes a believable rate."""

    card: ClassVar[Card] = Card("by_time", "mean of frames by time", ("pc",), "0–255")

    @property
    def view(self) -> FrameView | None:
        return FrameView("fps", fps=2.0)
