"""Weights come from a folder or from a hub, whole, with a reason and a remedy where they do not."""

from __future__ import annotations

import json
import os
import shutil
from collections import namedtuple
from functools import partial
from pathlib import Path

import pytest

from tests.datasets import conftest as datasets
from videophy_lab import weights
from videophy_lab.judges.mplug_owl import LAYOUT
from videophy_lab.registry import SCORERS, find_class, list_names
from videophy_lab.weights import hub as fetching
from videophy_lab.weights.hub import HUB_WEIGHTS
from videophy_lab.weights.layout import TRANSFORMERS, WeightsError, choose_patterns

hub = datasets.hub
resolve_checkpoint = partial(weights.resolve_checkpoint, layout=LAYOUT)
describe_absent = partial(weights.describe_absent, layout=LAYOUT)
find_local_checkpoint = partial(fetching.find_local_checkpoint, layout=LAYOUT)
list_missing = LAYOUT.list_missing
NAME = "someone/judge"
INDEX = {
    "weight_map": {"a.weight": "pytorch_model-00001-of-00002.bin", "b": "pytorch_model-00002-of-00002.bin"}
}
FILES = {
    "README.md": b"not wanted",
    "config.json": b"{}",
    "tokenizer.model": b"pieces",
    "pytorch_model.bin.index.json": json.dumps(INDEX).encode(),
    "pytorch_model-00001-of-00002.bin": b"one" * 1000,
    "pytorch_model-00002-of-00002.bin": b"two" * 1000,
}
COMMAND = r"\n  hf download someone/judge --revision main --local-dir weights\nand give that folder"


def publish(hub: datasets.Hub, files: dict[str, bytes] = FILES, name: str = NAME) -> None:
    """Put a repository of models on the hub."""
    info = {"id": name, "sha": datasets.COMMIT, "siblings": [{"rfilename": file} for file in files]}
    tree = [
        {"type": "file", "path": file, "size": len(body), "oid": f"{index:040x}"}
        for index, (file, body) in enumerate(files.items())
    ]
    hub.files[f"/api/models/{name}/revision/main"] = json.dumps(info).encode()
    hub.files[f"/api/models/{name}/tree/{datasets.COMMIT}?recursive=true&expand=false"] = json.dumps(
        tree
    ).encode()
    for file, body in files.items():
        hub.files[f"/{name}/resolve/{datasets.COMMIT}/{file}"] = body


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def test_a_repository_is_fetched_once(hub, tmp_path, capsys):
    publish(hub)
    folder = resolve_checkpoint(NAME, endpoint=hub.url, cache=tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name: body for name, body in FILES.items() if name != "README.md"
    }
    assert folder.name == datasets.COMMIT
    assert "fetching the weights someone/judge (main), 0.0 GB\n" in capsys.readouterr().err
    calls = hub.calls.total()
    assert resolve_checkpoint(NAME, endpoint=hub.url, cache=tmp_path) == folder
    assert hub.calls.total() == calls
    assert find_local_checkpoint(NAME, cache=tmp_path) == folder
    assert describe_absent(NAME, cache=tmp_path) == ""


def test_the_first_commit_is_kept_though_the_branch_moves(hub, tmp_path):
    publish(hub)
    folder = resolve_checkpoint(NAME, endpoint=hub.url, cache=tmp_path)
    hub.files[f"/api/models/{NAME}/revision/main"] = json.dumps({"id": NAME, "sha": "d" * 40}).encode()
    assert resolve_checkpoint(NAME, endpoint=hub.url, cache=tmp_path) == folder


def test_a_folder_is_taken_as_it_is(tmp_path, monkeypatch):
    assert resolve_checkpoint(str(tmp_path)) == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    assert resolve_checkpoint(f"~/{tmp_path.name}") == tmp_path
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some" / "folder").mkdir(parents=True)
    assert resolve_checkpoint("some/folder") == Path("some/folder")


@pytest.mark.parametrize("name", ["/no/such/folder", "./weights", "weights", "~/w", "a/b/c"])
def test_a_folder_that_is_not_there_is_said_to_be(name):
    with pytest.raises(WeightsError, match=r"does not exist\. Allowed: a folder with config\.json"):
        resolve_checkpoint(name)


def test_a_file_is_no_checkpoint(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(WeightsError, match="is a file"):
        resolve_checkpoint(str(tmp_path / "pytorch_model.bin"))


def test_a_cut_off_download_goes_on_with_the_files_that_are_left(hub, tmp_path):
    publish(hub)
    first, second = (f"/{NAME}/resolve/{datasets.COMMIT}/pytorch_model-0000{n}-of-00002.bin" for n in (1, 2))
    hub.behaviour[second] = "truncated"
    with pytest.raises(WeightsError, match="was cut off.*complete files are kept.*" + COMMAND):
        resolve_checkpoint(NAME, endpoint=hub.url, cache=tmp_path)
    assert find_local_checkpoint(NAME, cache=tmp_path) is None
    assert describe_absent(NAME, cache=tmp_path) == f"the weights {NAME} (main), size not known, from the hub"
    del hub.behaviour[second]
    folder = resolve_checkpoint(NAME, endpoint=hub.url, cache=tmp_path)
    assert list_missing(folder) == []
    assert hub.calls[first] == 1


def test_an_unknown_repository(hub, tmp_path):
    with pytest.raises(
        WeightsError, match="no such repository, and there is no such folder here.*" + COMMAND
    ):
        resolve_checkpoint(NAME, endpoint=hub.url, cache=tmp_path)


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (401, {}, "gives no access.*hf auth login"),
        (401, {"X-Error-Code": "RepoNotFound"}, "gives no access.*hf auth login"),
        (403, {"X-Error-Code": "GatedRepo"}, "gives no access.*accept its terms on .*someone/judge"),
        (404, {"X-Error-Code": "RepoNotFound"}, "no such repository"),
        (404, {"X-Error-Code": "RevisionNotFound"}, "it has no revision 'main'"),
        (500, {}, "could not be reached"),
    ],
)
def test_a_refusal_says_what_to_do(hub, tmp_path, status, headers, message):
    class Refusing(datasets.Handler):
        def answer(self, *, with_body: bool) -> None:
            self.send(status, b"{}", with_body, headers)

    hub.RequestHandlerClass = Refusing
    with pytest.raises(WeightsError, match=f"(?s){message}.*{COMMAND}"):
        resolve_checkpoint(NAME, endpoint=hub.url, cache=tmp_path)


def test_no_network(tmp_path):
    with pytest.raises(WeightsError, match="(?s)could not be reached.*" + COMMAND):
        resolve_checkpoint(NAME, endpoint="http://127.0.0.1:9", cache=tmp_path)


def test_offline(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsError, match="Remedy: unset HF_HUB_OFFLINE"):
        resolve_checkpoint(NAME, cache=tmp_path)


def test_a_full_disk_is_seen_before_the_download(hub, tmp_path, monkeypatch):
    publish(hub)
    usage = namedtuple("usage", "total used free")(10**9, 10**9 - 1000, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(WeightsError, match=r"has 0\.0 GB left\. Remedy: make room.*set HF_HOME"):
        resolve_checkpoint(NAME, endpoint=hub.url, cache=tmp_path)
    assert not any(path.endswith(".bin") for path in hub.calls)


def test_a_disk_that_fills_meanwhile(hub, tmp_path, monkeypatch):
    publish(hub)

    def fill(*args, **kwargs):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(fetching, "fetch_snapshot", lambda *a, **k: [] if k.get("dry_run") else fill())
    monkeypatch.setattr(fetching, "find_local_checkpoint", lambda *a, **k: None)
    with pytest.raises(WeightsError, match=r"the disk is full.*make room"):
        resolve_checkpoint(NAME, endpoint=hub.url, cache=tmp_path)


def test_a_repository_of_something_else(hub, tmp_path):
    publish(hub, {"README.md": b"text", "config.json": b"{}"})
    with pytest.raises(
        WeightsError, match=r"is no checkpoint of this network: tokenizer\.model, model\.safetensors"
    ):
        resolve_checkpoint(NAME, endpoint=hub.url, cache=tmp_path)


def test_what_is_absent_is_described_with_its_size(tmp_path):
    assert describe_absent("videophysics/videophy_2_auto", cache=tmp_path) == (
        "the weights videophysics/videophy_2_auto (main), 14.3 GB, from the hub"
    )
    assert describe_absent(str(tmp_path)) == ""


def test_one_file_of_weights_is_enough(tmp_path):
    for name in ("config.json", "tokenizer.model"):
        (tmp_path / name).write_bytes(b"{}")
    assert list_missing(tmp_path) == ["model.safetensors or pytorch_model.bin"]
    (tmp_path / "model.safetensors").write_bytes(b"x")
    assert list_missing(tmp_path) == []


def test_one_form_of_the_weights_is_fetched(hub, tmp_path):
    index = json.dumps({"weight_map": {"a": "pytorch_model-00001-of-00001.bin"}}).encode()
    files = {
        "config.json": b"{}",
        "merges.txt": b"a b",
        "model.safetensors": b"safe",
        "pytorch_model.bin.index.json": index,
        "pytorch_model-00001-of-00001.bin": b"pickled",
        "tf_model.h5": b"not wanted",
    }
    publish(hub, files)
    folder = weights.resolve_checkpoint(NAME, endpoint=hub.url, cache=tmp_path)
    fetched = {"config.json", "merges.txt", "model.safetensors", "pytorch_model.bin.index.json"}
    assert {path.name for path in folder.iterdir()} == fetched
    assert fetching.find_local_checkpoint(NAME, cache=tmp_path) == folder
    assert weights.find_weights(folder) == [folder / "model.safetensors"]


def test_weights_are_looked_for_in_one_form():
    assert choose_patterns(["pytorch_model.bin"], TRANSFORMERS)[-1] == "pytorch_model*.bin"
    assert choose_patterns(["README.md"], TRANSFORMERS)[-1] == "*.index.json"


def test_every_network_of_ours_has_its_size_written_down():
    cards = [find_class(name, *SCORERS).card for name in list_names(*SCORERS)]
    hubs = {card.weights for card in cards if "/" in card.weights}
    assert hubs <= set(HUB_WEIGHTS)
