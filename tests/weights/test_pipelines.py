"""Pipelines of diffusers come from a folder or a hub: what is needed of them, and all of that."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from tests.datasets import conftest as datasets
from tests.weights.test_hub import NAME, publish
from videophy_lab.weights import (
    PIPELINE,
    WeightsError,
    describe_absent,
    fingerprint_folder,
    resolve_checkpoint,
)
from videophy_lab.weights.hub import find_local_checkpoint
from videophy_lab.weights.pipelines import count_numbers, list_networks, read_pipeline

hub = datasets.hub
INDEX = {
    "_class_name": "SomePipeline",
    "_diffusers_version": "0.42.1",
    "boundary_ratio": 0.9,
    "transformer": ["diffusers", "SomeTransformer3DModel"],
    "vae": ["diffusers", "AutoencoderKLSome"],
    "text_encoder": ["transformers", "T5EncoderModel"],
    "tokenizer": ["transformers", "T5Tokenizer"],
    "scheduler": ["diffusers", "SomeScheduler"],
    "guider": ["diffusers", "ClassifierFreeGuidance"],
    "transformer_2": [None, None],
    "safety_checker": ["some_guardrail", "SomeChecker"],
}


def write_tensors(**shapes: list[int]) -> bytes:
    """Write the head of a safetensors file, and no numbers."""
    head = {name: {"dtype": "BF16", "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()}
    text = json.dumps({"__metadata__": {"format": "pt"}} | head).encode()
    return struct.pack("<Q", len(text)) + text


SHARDS = {"weight_map": {"a": "diffusion_pytorch_model-00001-of-00002.safetensors",
                         "b": "diffusion_pytorch_model-00002-of-00002.safetensors"}}  # fmt: skip
WANTED = {
    "model_index.json": json.dumps(INDEX).encode(),
    "transformer/config.json": b"{}",
    "transformer/diffusion_pytorch_model.safetensors.index.json": json.dumps(SHARDS).encode(),
    "transformer/diffusion_pytorch_model-00001-of-00002.safetensors": write_tensors(a=[10, 10], c=[]),
    "transformer/diffusion_pytorch_model-00002-of-00002.safetensors": write_tensors(b=[3]),
    "vae/config.json": b"{}",
    "vae/diffusion_pytorch_model.safetensors": write_tensors(x=[7]),
    "text_encoder/config.json": b"{ }",
    "text_encoder/model.safetensors": write_tensors(y=[2, 4]),
    "tokenizer/tokenizer_config.json": b"{}",
    "tokenizer/spiece.model": b"pieces",
    "tokenizer/added_tokens.json": b"{}",
    "scheduler/scheduler_config.json": b"{}",
    "guider/guider_config.json": b"{}",
}
UNWANTED = {
    "README.md": b"text",
    "LICENSE": b"text",
    "config.json": b"{}",
    "authors_own.safetensors": b"large" * 100,
    "media/trailer.mp4": b"large" * 100,
    "media/list.json": b"{}",
    "text_encoder/pytorch_model.bin": b"pickled",
    "vae/diffusion_pytorch_model.fp16.safetensors": b"half",
    "vae/diffusion_pytorch_model.bin": b"pickled",
    "transformer/diffusion_pytorch_model.bf16-00001-of-00001.safetensors": b"half",
    "transformer/diffusion_pytorch_model.safetensors.index.bf16.json": b"{}",
    "transformer/parts/config.json": b"{}",
}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a whole pipeline."""
    root = tmp_path / "pipeline"
    for name, body in WANTED.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(body)
    return root


def test_only_what_is_needed_is_fetched_and_only_once(hub, tmp_path, capsys):
    publish(hub, {**WANTED, **UNWANTED})
    cache = tmp_path / "cache"
    found = resolve_checkpoint(NAME, layout=PIPELINE, endpoint=hub.url, cache=cache)
    fetched = {path.relative_to(found).as_posix() for path in found.rglob("*") if path.is_file()}
    assert fetched == set(WANTED)
    assert (found / "tokenizer" / "spiece.model").read_bytes() == b"pieces"
    assert "fetching the weights someone/judge (main), 0.0 GB" in capsys.readouterr().err
    calls = hub.calls.total()
    assert resolve_checkpoint(NAME, layout=PIPELINE, endpoint=hub.url, cache=cache) == found
    assert hub.calls.total() == calls
    assert describe_absent(NAME, layout=PIPELINE, cache=cache) == ""


def test_pickles_are_fetched_where_there_is_nothing_else(hub, tmp_path):
    files = {name: body for name, body in WANTED.items() if not name.startswith("vae/diff")}
    publish(hub, files | {"vae/diffusion_pytorch_model.bin": b"pickled"})
    found = resolve_checkpoint(NAME, layout=PIPELINE, endpoint=hub.url, cache=tmp_path)
    assert (found / "vae" / "diffusion_pytorch_model.bin").read_bytes() == b"pickled"
    assert count_numbers(found)["vae"] == 3


@pytest.mark.parametrize(
    "cut",
    ["transformer/diffusion_pytorch_model-00002-of-00002.safetensors", "text_encoder/model.safetensors"],
)
def test_a_cut_off_download_is_absent_and_goes_on(hub, tmp_path, cut):
    publish(hub, WANTED)
    path = f"/{NAME}/resolve/{datasets.COMMIT}/{cut}"
    hub.behaviour[path] = "truncated"
    command = r'hf download someone/judge --revision main --include "model_index.json" --include "\*/\*" '
    with pytest.raises(WeightsError, match=rf"(?s)was cut off.*{command}"):
        resolve_checkpoint(NAME, layout=PIPELINE, endpoint=hub.url, cache=tmp_path)
    assert find_local_checkpoint(NAME, layout=PIPELINE, cache=tmp_path) is None
    del hub.behaviour[path]
    found = resolve_checkpoint(NAME, layout=PIPELINE, endpoint=hub.url, cache=tmp_path)
    assert PIPELINE.list_missing(found) == []


def test_a_repository_of_something_else_is_no_pipeline(hub, tmp_path):
    publish(hub, {"README.md": b"text", "config.json": b"{}", "model.safetensors": b"x"})
    with pytest.raises(
        WeightsError, match=r"is no checkpoint of this network: model_index\.json is not in it"
    ):
        resolve_checkpoint(NAME, layout=PIPELINE, endpoint=hub.url, cache=tmp_path)


def test_the_parts_of_an_index_are_read(folder):
    assert set(read_pipeline(folder)) == {
        "transformer", "vae", "text_encoder", "tokenizer", "scheduler", "guider"
    }  # fmt: skip
    assert list_networks(folder) == ["transformer", "vae", "text_encoder"]
    assert count_numbers(folder) == {"transformer": 104, "vae": 7, "text_encoder": 8}
    assert PIPELINE.list_missing(folder) == []


@pytest.mark.parametrize("name", [name for name in WANTED if "index" not in name and "spiece" not in name])
def test_every_file_that_is_missing_is_named(folder, name):
    (folder / name).unlink()
    if name == "tokenizer/added_tokens.json":
        assert PIPELINE.list_missing(folder) == []
    elif name.endswith(".safetensors") and "of" not in name:
        assert PIPELINE.list_missing(folder) == [
            f"{name.split('/')[0]}/diffusion_pytorch_model.safetensors or model.safetensors or "
            "diffusion_pytorch_model.bin or pytorch_model.bin"
        ]
    else:
        assert PIPELINE.list_missing(folder) == [name]


def test_a_fingerprint_names_all_weights_and_settings(folder):
    before = fingerprint_folder(folder, PIPELINE)
    (folder / "README.md").write_text("notes decide nothing")
    (folder / "vae" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(b"half")
    assert fingerprint_folder(folder, PIPELINE) == before
    for name in ("vae/config.json", "tokenizer/spiece.model", "text_encoder/model.safetensors"):
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(kept + b" ")
        assert fingerprint_folder(folder, PIPELINE) != before
        (folder / name).write_bytes(kept)
    assert fingerprint_folder(folder, PIPELINE) == before


def test_settings_that_change_places_have_another_fingerprint(folder):
    before = fingerprint_folder(folder, PIPELINE)
    (folder / "vae" / "config.json").write_bytes(WANTED["text_encoder/config.json"])
    (folder / "text_encoder" / "config.json").write_bytes(WANTED["vae/config.json"])
    assert fingerprint_folder(folder, PIPELINE) != before


def test_a_network_without_weights_has_no_fingerprint(folder):
    (folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(WeightsError, match="vae has no weights; looked for diffusion_pytorch_model"):
        fingerprint_folder(folder, PIPELINE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read .*Remedy: fetch the file again"),
        ("[]", "is no index of a pipeline"),
        ('{"../x": ["diffusers", "SomeModel"]}', r"names the part '\.\./x', which is no folder beside it"),
        ('{"..": ["diffusers", "SomeModel"]}', r"names the part '\.\.', which is no folder beside it"),
    ],
)
def test_a_bad_index_is_refused(folder, text, message):
    (folder / "model_index.json").write_text(text)
    with pytest.raises(WeightsError, match=message):
        read_pipeline(folder)


@pytest.mark.parametrize(
    "body", [b"short", struct.pack("<Q", 4) + b"none", struct.pack("<Q", 1 << 60) + b"{"]
)
def test_a_file_that_is_none_is_refused(folder, body):
    (folder / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(body)
    with pytest.raises(WeightsError, match="is no safetensors file"):
        count_numbers(folder)
