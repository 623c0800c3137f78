"""Train a judge on ratings: AutoEval's recipe, or any vision-language model of transformers."""

from __future__ import annotations

from videophy_lab.training.loop import TrainingStoppedError
from videophy_lab.training.outcome import Outcome
from videophy_lab.training.run import train_judge
from videophy_lab.training.settings import Settings

__all__ = ["Outcome", "Settings", "TrainingStoppedError", "train_judge"]
