"""How a judge is trained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

BALANCES = {"none": 0.0, "sqrt": 0.5, "full": 1.0}
EXPORT_DTYPES = ("fp32", "bf16")
# what changes neither the examples nor the steps: a run may go on with other values
FREE = ("micro_batch", "save_every", "gradient_checkpointing", "export_dtype")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a judge is trained; the defaults are the published ones where there are any.

    Parameters
    ----------
    rank, alpha : int
        Of the adapter (LoRA).
    dropout : float
        Of what goes into the adapter.
    learning_rate, weight_decay : float
        Of AdamW with β = (0.9, 0.999).
    warmup_steps : int
        Steps in which the learning rate rises; at most a tenth of all. Then it falls along a cosine to 0.
    clip : float
        Largest norm of the gradient.
    epochs : float
        How often each example is seen.
    max_steps : int, optional
        Ends the training earlier; the learning rate then reaches 0 there.
    batch_size : int
        Examples of one step, over all processes.
    micro_batch : int
        Examples that a process takes through the network at once; changes the memory and, but for rounding
        and for what dropout draws, not the result.
    gradient_checkpointing : bool
        Compute what lies between the layers twice, rather than keep it.
    balance : {"none", "sqrt", "full"}
        Weight of an example in the loss: 1, or the inverse of the frequency of its answer within its task, or
        the root of that; the mean weight of each task is 1.
    held_out_prompts, stop_prompts : float
        Shares of the prompts from which no training example comes: those that the card reports, and those
        that only decide when training stops, which it leaves out.
    held_out_generators : tuple of str, optional
        Generators from which no training example comes; when None a quarter of them, by their hash, if there
        are three or more.
    evaluate_every, save_every : int
        Steps between two looks at the stop prompts, and between two checkpoints.
    patience : int
        Looks without a lower loss after which training stops; 0 never stops, and keeps the last weights.
    export_dtype : {"fp32", "bf16"}
        Precision of the merged checkpoint. In fp32 it answers as base and adapter do; bf16 halves the file
        and rounds each weight once.
    seed : int

    References
    ----------
    github.com/Hritikbansal/videophy@37e3df8, videocon/training/scripts/train_it.sh: VideoCon-Physics was
    trained with rank 32 on all seven projections, learning rate 1e-4, 50 steps of warm-up, weight decay 1e-4,
    norm 1, batches of 4, one epoch; alpha 32 and dropout .05 are the defaults of
    github.com/Hritikbansal/videocon@884c041, training/pipeline_video/train.py. AutoEval's own numbers are not
    published; epochs, batch size, cosine and balance are choices of ours.
    """

    rank: int = 32
    alpha: int = 32
    dropout: float = 0.05
    learning_rate: float = 1e-4
    weight_decay: float = 1e-4
    warmup_steps: int = 50
    clip: float = 1.0
    epochs: float = 3.0
    max_steps: int | None = None
    batch_size: int = 32
    micro_batch: int = 4
    gradient_checkpointing: bool = False
    balance: str = "sqrt"
    held_out_prompts: float = 0.1
    stop_prompts: float = 0.05
    held_out_generators: tuple[str, ...] | None = None
    evaluate_every: int = 50
    save_every: int = 100
    patience: int = 5
    export_dtype: str = "fp32"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("rank", "alpha", "batch_size", "micro_batch", "evaluate_every", "save_every"):
            self.check(name, getattr(self, name) >= 1, "it must be 1 or more")
        for name in ("weight_decay", "warmup_steps", "patience", "seed"):
            self.check(name, getattr(self, name) >= 0, "it must be 0 or more")
        for name in ("learning_rate", "clip", "epochs"):
            self.check(name, 0 < getattr(self, name) < math.inf, "it must be above 0")
        for name in ("dropout", "held_out_prompts", "stop_prompts"):
            self.check(name, 0 <= getattr(self, name) < 1, "it must be 0 or more, and below 1")
        self.check("max_steps", self.max_steps is None or self.max_steps >= 1, "it must be 1 or more")
        shares = self.held_out_prompts + self.stop_prompts
        self.check(
            "stop_prompts", shares < 1, f"with held_out_prompts it makes {shares:g}; leave some below 1"
        )
        for name, allowed in (("balance", tuple(BALANCES)), ("export_dtype", EXPORT_DTYPES)):
            self.check(name, getattr(self, name) in allowed, f"allowed: {', '.join(allowed)}")

    def check(self, name: str, fits: bool, rule: str) -> None:
        """Raise ValueError for an option that does not fit."""
        if not fits:
            raise ValueError(f"{name} is {getattr(self, name)!r}: {rule}.")

    def count_seen(self, n_examples: int) -> int:
        """Count the examples of all steps together, each as often as it is seen."""
        seen = max(1, round(n_examples * self.epochs))
        return seen if self.max_steps is None else min(seen, self.max_steps * self.batch_size)

    def count_steps(self, n_examples: int) -> int:
        """Count the steps of a training; each has one example at least."""
        return -(-self.count_seen(n_examples) // self.batch_size)

    def find_rate(self, step: int, n_steps: int) -> float:
        """Give the learning rate of a step: a linear warm-up, then a cosine that reaches 0 after the last."""
        warm = min(self.warmup_steps, n_steps // 10)
        if step < warm:
            return self.learning_rate * (step + 1) / (warm + 1)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, n_steps - warm)))

    def describe(self) -> Mapping[str, Any]:
        """Give what decides the trained weights."""
        return {name: value for name, value in asdict(self).items() if name not in FREE}
