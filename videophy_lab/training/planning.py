"""What a training would take: a dry run, which writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.training.costs import estimate_cost, measure_sizes
from videophy_lab.training.examples import Examples
from videophy_lab.training.media import find_free
from videophy_lab.training.outcome import Outcome
from videophy_lab.training.settings import Settings
from videophy_lab.training.splits import STOP, TRAIN
from videophy_lab.training.students import Student
from videophy_lab.video import VideoError, decode_clip

if TYPE_CHECKING:
    import pandas as pd


def plan(examples: Examples, student: Student, settings: Settings, out: Path) -> Outcome:
    """Estimate what a training would take."""
    absent = student.judge.find_absent()
    if absent:
        return Outcome(examples, settings, out, student.judge.card.name, absent=absent)
    table = examples.table
    learnt = table[table["split"].isin((TRAIN, STOP))].drop_duplicates("sha256")
    cost = estimate_cost(
        measure_sizes(student.judge, settings),
        settings,
        n_train=int(table["split"].eq(TRAIN).sum()),
        n_stop=int(table["split"].eq(STOP).sum()),
        n_videos=len(learnt),
        clip_bytes=measure_first_clip(learnt["path"], student),
        free_bytes=find_free(out),
        dtype=student.judge.choose_dtype(),
        device=student.judge.device,
    )
    return Outcome(examples, settings, out, student.judge.card.name, cost=cost)


def measure_first_clip(paths: pd.Series, student: Student) -> int | None:
    """Measure how many bytes are kept of the first video that can be read; None where none can."""
    for path in paths:
        try:
            return student.measure_clip(decode_clip(path, [student.judge.view]))
        except VideoError:
            continue
    return None
