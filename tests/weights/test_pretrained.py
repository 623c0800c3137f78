"""Networks of transformers are loaded whole, or not at all, with a reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import ViTModel
from transformers.utils import logging

from tests.metrics import tiny_networks as tiny
from videophy_lab.weights import WeightsError, load_whole
from videophy_lab.weights.pretrained import MOST_CHARACTERS, shorten

HOW = {"what": "a ViT", "remedy": "Remedy: none.", "add_pooling_layer": False}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny.save_dino(tmp_path, np.random.default_rng(1))
    return tmp_path


class Broken:
    """A network whose loading fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def from_pretrained(self, folder, **options):
        raise self.error


def test_a_whole_one_is_loaded_ready_and_in_silence(folder, capfd):
    before = logging.get_verbosity()
    network = load_whole(ViTModel, folder, **HOW)
    assert not network.training
    assert "LOAD REPORT" not in capfd.readouterr().err
    assert logging.get_verbosity() == before


@pytest.mark.parametrize(
    ("added", "removed", "message"),
    [
        ({}, ["layernorm.weight"], r"do not fit a ViT: 1 missing \(layernorm\.weight\)\. Remedy: none"),
        ({"layernorm.weight": torch.ones(5)}, [], r"1 of another shape \(layernorm\.weight\)\. Remedy"),
        ({"more.weight": torch.ones(5)}, [], r"1 unexpected \(more\.weight\)\. Remedy"),
        (
            {"more.weight": torch.ones(5), "layernorm.weight": torch.ones(5)},
            ["layernorm.bias", "embeddings.cls_token"],
            r"2 missing \(embeddings\.cls_token, layernorm\.bias\); 1 of another shape .*; 1 unexpected",
        ),
    ],
    ids=["missing", "shape", "unexpected", "all"],
)
def test_what_does_not_fit_is_refused(folder, capfd, added, removed, message):
    tiny.change_file(folder, added, removed=removed)
    with pytest.raises(WeightsError, match=message):
        load_whole(ViTModel, folder, strict=True, **HOW)
    assert "LOAD REPORT" not in capfd.readouterr().err


def test_what_is_left_over_is_warned_of_unless_it_may_be_there(folder):
    tiny.change_file(folder, {"more.weight": torch.ones(5)})
    with pytest.warns(UserWarning, match=r"1 tensors that a ViT has no use for \(more\.weight\)"):
        load_whole(ViTModel, folder, **HOW)
    load_whole(ViTModel, folder, strict=True, unused=r"more\.", **HOW)


def test_many_names_are_cut(folder):
    biases = [name for name in load_file(folder / "model.safetensors") if name.endswith("bias")]
    tiny.change_file(folder, {}, removed=biases)
    with pytest.raises(WeightsError, match=rf"{len(biases)} missing \([^,]+, [^,]+, [^,]+, …\)"):
        load_whole(ViTModel, folder, **HOW)


@pytest.mark.parametrize(
    "error", [RuntimeError("odd\n  lines"), KeyError("odd lines"), AttributeError("odd lines")]
)
def test_whatever_the_library_raises_has_a_remedy(folder, error):
    with pytest.raises(WeightsError, match=r"cannot be read as a ViT \('?odd lines'?\)\. Remedy: none"):
        load_whole(Broken(error), folder, **HOW)
    assert logging.get_verbosity() == logging.WARNING


def test_too_small_a_memory_is_no_fault_of_the_file(folder):
    with pytest.raises(WeightsError, match=r"memory of the device is too small .*Remedy: --dtype bf16"):
        load_whole(Broken(torch.OutOfMemoryError("tried to allocate 9 GiB")), folder, **HOW)


def test_a_missing_package_is_said_as_it_is(folder):
    with pytest.raises(ImportError, match="needs num2words"):
        load_whole(Broken(ImportError("it needs num2words")), folder, **HOW)


def test_a_long_reason_is_cut():
    assert len(shorten(ValueError("x" * 999))) == MOST_CHARACTERS + 1
    assert shorten(ValueError()) == "ValueError"
