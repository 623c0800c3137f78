"""Where a training stands: written whole or not at all, so that it goes on exactly from there.

The order of examples, the learning rate and what chance draws are functions of the seed and the step. So a
state is the step, the adapter, the optimiser's moments, and what was found on the stop prompts. The best
weights lie beside the states, which name them by their step.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

KEPT = 2
WEIGHTS, OPTIMISER, STATE = "adapter.safetensors", "optimizer.pt", "state.json"


@dataclass
class State:
    """Where a training stands.

    Attributes
    ----------
    step : int
        Steps done.
    best_step : int
        After which the loss on the stop prompts was lowest.
    best_loss : float
    worse : int
        Looks since then.
    seconds : float
        Spent so far.
    """

    step: int = 0
    best_step: int = 0
    best_loss: float = float("inf")
    worse: int = 0
    seconds: float = 0.0


def list_trained(trainee: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Give the weights that are trained, by their names."""
    return {name: weight for name, weight in trainee.named_parameters() if weight.requires_grad}


def save_weights(trainee: torch.nn.Module, path: Path) -> None:
    """Write the weights that are trained, whole or not at all."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    save_file({name: weight.detach().contiguous() for name, weight in list_trained(trainee).items()}, draft)
    flush(draft)
    os.replace(draft, path)


def flush(path: Path) -> None:
    """Wait until a file is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def load_weights(trainee: torch.nn.Module, path: Path) -> None:
    """Put the trained weights of a file into the network."""
    import torch
    from safetensors.torch import load_file

    found, own = load_file(path), list_trained(trainee)
    if found.keys() != own.keys():
        raise ValueError(f"{path} holds other weights than are trained. Remedy: give another --out.")
    with torch.no_grad():
        for name, weight in own.items():
            weight.copy_(found[name])


def save_state(
    folder: Path, state: State, trainee: torch.nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Write a checkpoint ``step-…`` into a folder; those before the last two go, with their best weights."""
    import torch

    target = folder / f"step-{state.step:07}"
    draft = folder / f".step-{state.step:07}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    save_weights(trainee, draft / WEIGHTS)
    torch.save(optimizer.state_dict(), draft / OPTIMISER)
    (draft / STATE).write_text(json.dumps(asdict(state)), "utf-8")
    for path in draft.iterdir():
        flush(path)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)
    for old in list_states(folder)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    drop_best(folder, state.best_step)


def find_best(folder: Path, step: int) -> Path:
    """Say where the weights lie that were best after a step."""
    return folder / f"best-{step:07}.safetensors"


def save_best(folder: Path, step: int, trainee: torch.nn.Module) -> None:
    """Write the weights after a step as the best ones; those that a checkpoint names stay beside them."""
    save_weights(trainee, find_best(folder, step))
    drop_best(folder, step)


def drop_best(folder: Path, step: int) -> None:
    """Remove best weights that neither are those of a step nor are named by a checkpoint."""
    named = {find_best(folder, read_state(path).best_step) for path in list_states(folder)}
    for path in set(folder.glob("best-*.safetensors")) - named - {find_best(folder, step)}:
        path.unlink(missing_ok=True)


def list_states(folder: Path) -> list[Path]:
    """List the checkpoints of a folder, the oldest first."""
    return sorted(path for path in folder.glob("step-*") if (path / STATE).is_file())


def read_state(checkpoint: Path) -> State:
    """Read where the training stood at a checkpoint."""
    return State(**json.loads((checkpoint / STATE).read_text("utf-8")))


def load_state(folder: Path, trainee: torch.nn.Module, optimizer: torch.optim.Optimizer) -> State:
    """Put the last checkpoint of a folder into network and optimiser; a new state where there is none."""
    import torch

    found = list_states(folder)
    if not found:
        return State()
    load_weights(trainee, found[-1] / WEIGHTS)
    moments: dict[str, Any] = torch.load(found[-1] / OPTIMISER, weights_only=True, map_location="cpu")
    optimizer.load_state_dict(moments)
    return read_state(found[-1])
