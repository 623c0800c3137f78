"""Scorers that kill the process they run in, or cannot be prepared."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.engine.scorers import Brightness
from videophy_lab.judges.base import Answer, Question
from videophy_lab.video import Clip

PATIENCE = 60


@dataclass
class Dies(Brightness):
    """Kills its process on some videos, by their names; its answers name the process.

    Before its first answer it waits until as many processes as `company` have come to score; with no folder
    to leave marks in it does neither.
    """

    folder: str = ""
    company: int = 2

    def score(self, clips: Sequence[Clip], questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
        if self.folder:
            self.meet()
            for clip in clips:
                self.die(clip.info.path.stem)
        answers = super().score(clips, questions)
        return [[replace(answer, answer=str(os.getpid())) for answer in found] for found in answers]

    def meet(self) -> None:
        (Path(self.folder) / f"{os.getpid()}.here").touch()
        end = time.monotonic() + PATIENCE
        while len(list(Path(self.folder).glob("*.here"))) < self.company and time.monotonic() < end:
            time.sleep(0.02)

    def die(self, name: str) -> None:
        mark = Path(self.folder) / f"{name}.{os.getpid()}.dead"
        again = any(Path(self.folder).glob(f"{name}.*.dead"))
        if "always" in name or ("once" in name and not again):
            mark.touch()
            os._exit(1)


@dataclass
class Unprepared(Brightness):
    """Cannot be prepared."""

    def prepare(self) -> None:
        raise ValueError("the folder weights holds no judge. Remedy: give another")
