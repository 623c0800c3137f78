"""VideoScore2: visual quality, alignment and physics in one answer, after a thought."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from videophy_lab.judges.base import Answer, Card, Question, unscored
from videophy_lab.judges.questions import TEMPLATES, Template
from videophy_lab.judges.vlm import LEAST_PIXELS, VisionLanguageJudge
from videophy_lab.judges.vlm_answers import Decoding, Said, find_verdict, make_answer
from videophy_lab.judges.vlm_loading import EXTRA, VISION
from videophy_lab.video import FrameView

if TYPE_CHECKING:
    import numpy as np

    from videophy_lab.video import Clip

SCALE = (1, 2, 3, 4, 5)
DIMENSIONS = {
    "sa": "text-to-video alignment",
    "pc": "physical/common-sense consistency",
    "visual_quality": "visual quality",
}
# the model may repeat the query's description of a dimension between its name and the colon
NUMBER = r"{}[^:\d\n]*:\s*(\d+(?:\.\d+)?)(?:\s*/\s*(\d+))?"


@dataclass(kw_only=True)
class VideoScore2(VisionLanguageJudge):
    """Ask VideoScore2 for its three dimensions from 1 to 5, all three by one answer of the model.

    ``sa`` is its text-to-video alignment, ``pc`` its physical and common-sense consistency. A score is the
    number that it writes after its thought, read as its authors' expression does (``name: number``), but
    nothing off the scale, no fraction, and no dimension that is given two numbers; a dimension that cannot be
    read leaves the others as they are. `expected` is the expectation over the digits 1 to 5 at that place.
    The authors' soft score is another number: the likeliest digit times its probability among them.

    Its authors draw the answer at a temperature of 0.7; here it is greedy unless `temperature` is above 0.

    Parameters
    ----------
    fps : float
        Frames a second that it looks at; `frames` bounds their number.
    temperature : float
        0 takes the likeliest token, 0.7 is the authors' way.
    seed : int
        Of the draws.
    soft : bool
        Give the authors' soft score as the score.

    References
    ----------
    He et al. 2025, VideoScore2, arXiv:2509.22799; github.com/TIGER-AI-Lab/VideoScore2@e6abe26,
    vs2_inference.py.
    """

    frames: int = 768
    fps: float = 2.0
    min_pixels: int = LEAST_PIXELS
    max_new_tokens: int = 1024
    temperature: float = 0.0
    seed: int = 0
    soft: bool = False

    card: ClassVar[Card] = Card(
        name="videoscore2",
        summary="VideoScore2 (7 B, on Qwen2.5-VL): alignment, physics and quality after a thought",
        tasks=tuple(DIMENSIONS),
        scale="1–5",
        weights="TIGER-Lab/VideoScore2",
        size="16.6 GB",
        licence="Apache-2.0",
        needs=f"{EXTRA}, {VISION}",
        captioned=tuple(DIMENSIONS),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.fps < float("inf"):
            raise ValueError(f"fps is {self.fps}; it must be above 0.")
        if not 0 <= self.temperature < float("inf"):
            raise ValueError(f"temperature is {self.temperature}; it must be 0 (greedy) or above.")

    @property
    def view(self) -> FrameView:
        """Ask for frames at a rate, as qwen-vl-utils takes them."""
        return FrameView("fps", self.frames, self.fps)

    @property
    def templates(self) -> Mapping[str, Template]:
        """Give the authors' query, the same for each dimension."""
        return TEMPLATES["videoscore2"]

    @property
    def decoding(self) -> Decoding:
        """Say how answers are generated."""
        return Decoding(self.max_new_tokens, self.max_tokens, self.temperature, self.seed)

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a score."""
        drawn = {"temperature": self.temperature, "seed": self.seed} if self.temperature > 0 else {}
        return {**super().describe(), "soft": self.soft, **drawn}

    def date_frames(self, clip: Clip, indices: np.ndarray) -> dict[str, Any]:
        """Say that the frames follow each other at the asked rate, as the authors tell their processor."""
        return {
            "total_num_frames": len(indices),
            "fps": self.fps,
            "frames_indices": list(range(len(indices))),
        }

    def read_answer(self, said: Said, question: Question) -> Answer:
        """Read one dimension of what was said."""
        name = DIMENSIONS[question.task]
        place = find_number(said, name)
        if isinstance(place, str):
            return unscored(place, answer=said.text)
        probabilities = self.weigh(said, place, SCALE)
        if not self.soft:
            return make_answer(float(place[0]), said.text, SCALE, probabilities)
        if not probabilities:
            return unscored(f"the number of {name!r} is no token of its own", answer=said.text)
        return make_answer(soften(probabilities), said.text, SCALE, probabilities)


def find_number(said: Said, name: str) -> tuple[int, int] | str:
    """Find the number of a dimension and where it ends in the text; give the reason where there is none."""
    span = find_verdict(said.text)
    found = list(
        re.compile(NUMBER.format(re.escape(name)), re.IGNORECASE).finditer(said.text, *(span or (0, 0)))
    )
    if span is None or (not said.ended and (not found or found[-1].end() == len(said.text))):
        return f"the answer is not finished after {len(said.tokens)} tokens"
    numbers = {match[1] for match in found}
    if len(numbers) != 1:
        return f"the answer gives {'no number' if not found else 'several numbers'} for {name!r}"
    match = found[0]
    if match[1] not in map(str, SCALE) or match[2] not in (None, str(SCALE[-1])):
        number = match[0].rpartition(":")[2].strip()
        return f"the answer gives {number} for {name!r}, which is none of {', '.join(map(str, SCALE))}"
    return int(match[1]), match.end(1)


def soften(probabilities: Sequence[float]) -> float:
    """Give the authors' soft score: the likeliest value times its probability among the values."""
    best = max(probabilities)
    return SCALE[list(probabilities).index(best)] * best
