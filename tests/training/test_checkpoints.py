"""Best weights and checkpoint belong together, whenever a run is killed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from tests.judges.owl_cases import CHECKPOINT
from tests.training.planted import FAST, FRAMES
from videophy_lab.training import TrainingStoppedError, loop, train_judge
from videophy_lab.training.checkpoints import State, find_best, list_states, save_best, save_state

LOOKING = replace(FAST, evaluate_every=4, save_every=4, patience=9)


def go_on(trained, out):
    return train_judge(
        trained.ratings, trained.videos, base=CHECKPOINT, out=out, rules=trained.rules, settings=LOOKING,
        options=FRAMES, device="cpu", progress=False,
    )  # fmt: skip


def kill_before_checkpoint(monkeypatch, step: int) -> None:
    """End a run after its look at the stop prompts, when it begins to write the checkpoint of a step."""
    save = loop.save_state

    def die(folder, state, *rest):
        if state.step == step:
            raise SystemExit("killed")
        save(folder, state, *rest)

    monkeypatch.setattr(loop, "save_state", die)


@pytest.fixture
def killed(trained, tmp_path, monkeypatch):
    """A run with best weights of step 8, killed before its checkpoint, so that step 4 is the last."""
    kill_before_checkpoint(monkeypatch, 8)
    with pytest.raises(SystemExit):
        go_on(trained, tmp_path)
    monkeypatch.undo()
    assert find_best(tmp_path / "checkpoints", 8).is_file()
    (last,) = list_states(tmp_path / "checkpoints")
    assert last.name == "step-0000004"
    return tmp_path, last


def test_the_checkpoint_of_a_killed_run_finds_the_best_weights_it_names(killed):
    folder, last = killed
    state = json.loads((last / "state.json").read_text("utf-8"))
    assert state["best_step"] == 4
    best, own = load_file(find_best(folder / "checkpoints", 4)), load_file(last / "adapter.safetensors")
    assert best.keys() == own.keys()
    assert all(torch.equal(weight, own[name]) for name, weight in best.items())


def test_a_run_that_gets_no_better_after_a_kill_keeps_its_best(trained, killed):
    folder, last = killed
    wanted = load_file(last / "adapter.safetensors")
    state = json.loads((last / "state.json").read_text("utf-8"))
    (last / "state.json").write_text(json.dumps(state | {"best_loss": -1.0}), "utf-8")
    told = go_on(trained, folder)
    assert told.state.step == trained.outcome.state.step
    assert json.loads((folder / "training.json").read_text("utf-8"))["chosen_step"] == 4
    kept = load_file(folder / "adapter" / "adapter_model.safetensors")
    norms = [sorted(float(weight.norm()) for weight in found.values()) for found in (kept, wanted)]
    assert norms[0] == norms[1]
    assert [path.name for path in (folder / "checkpoints").glob("best-*")] == ["best-0000004.safetensors"]


def test_best_weights_that_are_gone_are_told(trained, killed):
    folder, last = killed
    state = json.loads((last / "state.json").read_text("utf-8"))
    (last / "state.json").write_text(json.dumps(state | {"best_loss": -1.0}), "utf-8")
    find_best(folder / "checkpoints", 4).unlink()
    with pytest.raises(TrainingStoppedError, match=r"best-0000004\.safetensors is gone.* Remedy: delete"):
        go_on(trained, folder)
    assert not (folder / "merged").exists()


def test_best_weights_stay_as_long_as_a_checkpoint_names_them(tmp_path):
    trainee = torch.nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(trainee.parameters())

    def kept() -> list[int]:
        return sorted(int(path.stem.removeprefix("best-")) for path in tmp_path.glob("best-*.safetensors"))

    for step in (0, 1, 2):
        save_best(tmp_path, step, trainee)
        assert kept() == [step]
    save_state(tmp_path, State(step=2, best_step=2), trainee, optimizer)
    for step in (3, 4):
        save_best(tmp_path, step, trainee)
        assert kept() == [2, step]
    save_state(tmp_path, State(step=4, best_step=4), trainee, optimizer)
    assert kept() == [2, 4]
    save_state(tmp_path, State(step=6, best_step=4), trainee, optimizer)
    assert kept() == [4]
    assert [path.name for path in list_states(tmp_path)] == ["step-0000004", "step-0000006"]
