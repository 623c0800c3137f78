"""Train a judge on ratings: AutoEval's recipe, or any vision-language model of transformers."""

from __future__ import annotations

from videophy_lab.training.run import Outcome, TrainingStoppedError, train_judge
from videophy_lab.training.settings import Settings

__all__ = ["Outcome", "Settings", "TrainingStoppedError", "train_judge"]
