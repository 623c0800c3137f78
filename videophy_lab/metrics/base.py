"""What a metric of frames is: the frames it wants, and the numbers that it makes of them."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from statistics import fmean
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from videophy_lab.judges.base import Answer, Question, Scorer, failed, unscored
from videophy_lab.video.clip import FrameView

if TYPE_CHECKING:
    from videophy_lab.video.clip import Clip

ALL_FRAMES = FrameView("all")


@dataclass(kw_only=True)
class FrameMetric(Scorer):
    """A metric that makes one number of a video's frames, or a few.

    A subclass gives `card`, whose tasks name its numbers and which states range and direction, and
    :meth:`measure`; it may give another `view`, and options as fields. A number that is not finite is
    unscored.

    Attributes
    ----------
    least_frames : int
        Fewest frames on which the metric is defined.
    """

    least_frames: ClassVar[int] = 1

    @property
    def view(self) -> FrameView:
        """Ask for every frame at its stored size, which metrics of frames share."""
        return ALL_FRAMES

    @property
    def batch_size(self) -> int:
        """Take one video at a time."""
        return 1

    def describe(self) -> Mapping[str, Any]:
        """Give the name, the frames and the options, which decide the number."""
        options = {field.name: getattr(self, field.name) for field in fields(self) if field.init}
        return {"scorer": self.card.name, "frames": asdict(self.view), **options}

    @abstractmethod
    def measure(self, frames: np.ndarray) -> float | Mapping[str, float]:
        """Measure frames.

        Parameters
        ----------
        frames : array of uint8, shape (frames, height, width, 3)
            RGB.

        Returns
        -------
        float, or mapping of task to float
            One number for the only task, or one for each; NaN where the metric is not defined, as for fewer
            than `least_frames` frames.
        """

    def score(self, clips: Sequence[Clip], questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
        """Measure each clip once, and give each of its questions its number."""
        return [
            self._answer(clip.frames[self.view], asked) for clip, asked in zip(clips, questions, strict=True)
        ]

    def _answer(self, frames: np.ndarray, asked: Sequence[Question]) -> list[Answer]:
        measured = self.measure(frames)
        if not isinstance(measured, Mapping):
            measured = dict.fromkeys(self.card.tasks, measured)
        return [self._make_answer(question.task, measured, len(frames)) for question in asked]

    def _make_answer(self, task: str, measured: Mapping[str, float], frames: int) -> Answer:
        if task not in measured:
            return failed(f"{self.card.name} measures nothing for {task!r}. Allowed: {', '.join(measured)}.")
        value = measured[task]
        if math.isfinite(value):
            return Answer(score=value)
        if frames < self.least_frames:
            return unscored(
                f"{self.card.name} needs {self.least_frames} or more frames; the video has {frames}"
            )
        return unscored(f"{self.card.name} is not defined on these frames: {value}")


def check_frames(frames: np.ndarray) -> None:
    """Check that frames are RGB bytes; raise ValueError that says what they are."""
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or 0 in frames.shape[1:3]:
        raise ValueError(
            f"frames have the type {frames.dtype} and the shape {frames.shape}; allowed are RGB frames of "
            "uint8, shape (frames, height, width, 3). Remedy: decode them with videophy_lab.video."
        )


def average_frames(measure: Callable[[np.ndarray], float], frames: np.ndarray) -> float:
    """Average a number of one frame over frames; NaN where there are none."""
    check_frames(frames)
    return fmean([measure(frame) for frame in frames]) if len(frames) else math.nan
