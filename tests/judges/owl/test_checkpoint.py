"""Checkpoints in every layout, and every way in which one can be wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.judges.owl.official import CHECKPOINT, assert_same_weights, load_official
from videophy_lab.judges.owl.checkpoint import (
    fingerprint_checkpoint,
    load_network,
    save_network,
)

INDEX = "pytorch_model.bin.index.json"
FIRST = "pytorch_model-00001-of-00002.bin"


@pytest.fixture
def folder(tmp_path) -> Path:
    """Give a copy of the fixture's checkpoint, to spoil."""
    return Path(shutil.copytree(CHECKPOINT, tmp_path / "checkpoint"))


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("form", ["bin", "safetensors"])
def test_every_layout_gives_the_same_network(tmp_path, form, shards):
    shutil.copy(CHECKPOINT / "config.json", tmp_path)
    save_network(load_official(), tmp_path, shards=shards, form=form)
    assert len([path for path in tmp_path.iterdir() if path.suffix == f".{form}"]) == shards
    assert_same_weights(load_network(tmp_path))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_weights_come_in_the_asked_precision(dtype):
    network = load_network(CHECKPOINT, dtype=dtype)
    assert {weight.dtype for weight in network.parameters()} == {dtype}
    assert network.language_model.model.rotary_emb.inv_freq.dtype == torch.float32
    assert not any(each.is_meta for each in (*network.parameters(), *network.buffers()))
    if dtype == torch.bfloat16:
        assert_same_weights(network)


def test_safetensors_win_over_pickles(folder):
    save_network(load_official(), folder)
    (folder / FIRST).write_bytes(b"")
    assert_same_weights(load_network(folder))


def spoil_weights(folder: Path, change) -> None:
    tensors = {name: tensor.clone() for name, tensor in load_official().state_dict().items()}
    change(tensors)
    save_file(tensors, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors: tensors.pop("query_tokens"), r"of 119 tensors 1 missing \(query_tokens\)\."),
        (
            lambda tensors: [tensors.pop(name) for name in sorted(tensors)[:5]],
            r"5 missing \(abstractor\..*, abstractor\..*, abstractor\..*, …\)",
        ),
        (lambda tensors: tensors.update(head=torch.ones(2)), r"1 unexpected \(head\)"),
        (
            lambda tensors: tensors.update(query_tokens=torch.ones(1, 32, 64)),
            r"1 of another shape \(query_tokens \(1, 32, 64\) instead of \(1, 64, 64\)\)",
        ),
    ],
    ids=["missing", "many missing", "unexpected", "shape"],
)
def test_tensors_must_fit_exactly(folder, change, message):
    spoil_weights(folder, change)
    with pytest.raises(ValueError, match=rf"do not fit its config.json.*{message}.*Remedy"):
        load_network(folder)


def test_a_text_models_weights_are_refused(folder):
    def keep_text(tensors):
        for name in [name for name in tensors if not name.startswith("language_model.")]:
            del tensors[name]

    spoil_weights(folder, keep_text)
    with pytest.raises(ValueError, match=r"\d+ missing"):
        load_network(folder)


def test_a_missing_shard_is_named(folder):
    (folder / FIRST).unlink()
    with pytest.raises(ValueError, match=rf"lacks 1 of 2 files.*{FIRST}.*Remedy"):
        load_network(folder)


@pytest.mark.parametrize("name", ["../outside.bin", "sub/inside.bin", "/etc/passwd", ".."])
def test_an_index_names_files_of_its_folder_only(folder, name):
    index = json.loads((folder / INDEX).read_text())
    index["weight_map"]["query_tokens"] = name
    (folder / INDEX).write_text(json.dumps(index))
    with pytest.raises(ValueError, match="which is not in its folder"):
        load_network(folder)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"weight_map": []}', '{"weight_map": {"a": 1}}'])
def test_a_bad_index_is_named(folder, text):
    (folder / INDEX).write_text(text)
    with pytest.raises(ValueError, match="cannot be read as an index"):
        load_network(folder)


@pytest.mark.parametrize("keep", [0, 100, 300_000])
def test_a_cut_pickle_is_named(folder, keep):
    (folder / FIRST).write_bytes((folder / FIRST).read_bytes()[:keep])
    with pytest.raises(ValueError, match=rf"{FIRST} cannot be read as weights.*fetch the file again"):
        load_network(folder)


def test_cut_safetensors_are_named(folder):
    save_network(load_official(), folder)
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        ValueError, match=r"model.safetensors cannot be read as weights.*fetch the file again"
    ):
        load_network(folder)


class Payload:
    """What a hostile pickle would run."""

    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.parametrize("content", [{"query_tokens": Payload()}, [torch.ones(2)], {"step": 3}])
def test_nothing_but_tensors_is_unpickled(folder, content, capsys):
    torch.save(content, folder / FIRST)
    with pytest.raises(ValueError, match=rf"{FIRST} (cannot be read as weights|holds something else)"):
        load_network(folder)
    assert "run" not in capsys.readouterr().out


def test_a_folder_without_weights_is_named(folder):
    for path in folder.glob("pytorch_model*"):
        path.unlink()
    with pytest.raises(ValueError, match=r"has no weights; looked for model.safetensors.*Remedy"):
        load_network(folder)
    (folder / "adapter_model.safetensors").touch()
    with pytest.raises(ValueError, match="merge it into its base model first"):
        load_network(folder)


def test_fingerprints_follow_content_not_place(folder, tmp_path):
    first = fingerprint_checkpoint(CHECKPOINT)
    assert fingerprint_checkpoint(folder) == first
    assert len(first) == 64
    linked = tmp_path / "snapshot"
    linked.mkdir()
    for path in CHECKPOINT.iterdir():
        (linked / path.name).symlink_to(path)
    assert fingerprint_checkpoint(linked) == first
    (folder / "README.md").write_text("notes decide nothing")
    assert fingerprint_checkpoint(folder) == first


@pytest.mark.parametrize("name", ["config.json", "tokenizer.model", FIRST])
def test_fingerprints_see_a_changed_file(folder, name):
    before = fingerprint_checkpoint(folder)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content + b" ")
    assert fingerprint_checkpoint(folder) != before
    (folder / name).write_bytes(content)
    assert fingerprint_checkpoint(folder) == before


def test_shards_hold_each_tensor_once(tmp_path):
    save_network(load_official(), tmp_path, shards=2)
    parts = [load_file(path) for path in sorted(tmp_path.glob("*.safetensors"))]
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())["weight_map"]
    assert sorted(index) == sorted([*parts[0], *parts[1]])
