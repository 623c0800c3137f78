"""A pipeline is loaded whole and put where it fits, or there is a reason and a remedy."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.generators.diffusion.orders import make, order
from videophy_lab.generators.diffusion import base, placing
from videophy_lab.weights import WeightsError


@pytest.fixture
def copy(find_folder, tmp_path):
    """Copy a tiny pipeline, to be damaged."""

    def make_copy(name: str) -> Path:
        return Path(shutil.copytree(find_folder(name), tmp_path / name))

    return make_copy


def edit_tensors(folder: Path, change: Any) -> None:
    from safetensors.torch import load_file, save_file

    (path,) = folder.glob("*.safetensors")
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("part", "tensor"),
    [
        ("transformer", "blocks.0.attn1.to_q.weight"),
        ("vae", "decoder.conv_in.weight"),
        ("text_encoder", "encoder.final_layer_norm.weight"),
    ],
)
def test_a_missing_tensor_is_refused_and_never_random(part, tensor, create, copy):
    folder = copy("Wan21")
    edit_tensors(folder / part, lambda tensors: tensors.pop(tensor))
    with pytest.raises(WeightsError, match=rf"{part} do not fit .*1 missing \({tensor}\)\. Remedy: fetch"):
        create("Wan21", checkpoint=str(folder)).prepare()


def test_a_tensor_of_another_shape_is_refused(create, copy):
    folder = copy("Wan21")
    edit_tensors(
        folder / "transformer", lambda t: t.update({"proj_out.bias": t["proj_out.bias"][:3].clone()})
    )
    with pytest.raises(WeightsError, match=r"1 of another shape \(proj_out\.bias\)"):
        create("Wan21", checkpoint=str(folder)).prepare()


def test_words_of_t5_may_lie_under_either_of_their_names(create, copy, loaded):
    folder = copy("CogVideoX")
    edit_tensors(
        folder / "text_encoder",
        lambda tensors: tensors.update({"encoder.embed_tokens.weight": tensors.pop("shared.weight")}),
    )
    (expected,), (made,) = (
        make(loaded("CogVideoX"), order()),
        make(create("CogVideoX", checkpoint=str(folder)), order()),
    )
    assert np.array_equal(expected.frames, made.frames)


def test_a_damaged_file_is_refused(create, copy):
    folder = copy("LTXVideo")
    (path,) = (folder / "vae").glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(WeightsError, match=r"vae cannot be read as AutoencoderKLLTXVideo .*Remedy: fetch"):
        create("LTXVideo", checkpoint=str(folder)).prepare()


def test_weights_that_are_not_there_are_named(create, copy):
    folder = copy("LTXVideo")
    shutil.rmtree(folder / "transformer")
    generator = create("LTXVideo", checkpoint=str(folder))
    with pytest.raises(WeightsError, match=r"transformer has no weights; looked for diffusion_pytorch_model"):
        generator.describe()
    with pytest.raises(WeightsError, match="Remedy"):
        generator.prepare()


def test_another_pipeline_is_refused(create, find_folder):
    with pytest.raises(WeightsError, match=r"is a MochiPipeline, and this generator runs a LTXPipeline"):
        create("LTXVideo", checkpoint=str(find_folder("Mochi"))).prepare()


def test_a_folder_without_an_index_is_refused(create, tmp_path):
    with pytest.raises(
        WeightsError, match=r"has no model_index\.json\. Remedy: give the folder of a pipeline"
    ):
        create("LTXVideo", checkpoint=str(tmp_path)).prepare()


def test_a_class_that_is_not_there_is_named(create, copy):
    folder = copy("LTXVideo")
    index = json.loads((folder / "model_index.json").read_text())
    index["vae"] = ["diffusers", "AutoencoderOfTomorrow"]
    (folder / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(WeightsError, match="class AutoencoderOfTomorrow, which the installed diffusers"):
        create("LTXVideo", checkpoint=str(folder)).prepare()


def test_a_missing_extra_says_what_to_type(create, monkeypatch):
    monkeypatch.setitem(sys.modules, "ftfy", None)
    with pytest.raises(ImportError, match=r"pip install 'videophy-lab\[diffusion\]'"):
        create("Wan21").prepare()


def test_parts_have_their_own_precision(create):
    import torch

    generator = create("Wan21", dtype="bf16")
    (made,) = make(generator, order())
    assert made.frames.shape == (9, 32, 48, 3)
    assert generator._pipe.transformer.dtype == generator._pipe.text_encoder.dtype == torch.bfloat16
    assert generator._pipe.vae.dtype == torch.float32


def test_the_transformer_can_be_kept_in_fp8(create, loaded):
    import torch

    generator = create("Wan21", fp8=True)
    (made,), (full,) = make(generator, order()), make(loaded("Wan21"), order())
    assert generator._pipe.transformer.blocks[0].attn1.to_q.weight.dtype == torch.float8_e4m3fn
    assert made.frames.shape == full.frames.shape
    assert (made.frames != full.frames).any()
    assert generator.describe()["fp8"] is True


def test_the_decoder_tiles_and_slices_when_told(create):
    generator = create("CogVideoX", batch_size=2)
    generator.prepare()
    assert generator._pipe.vae.use_tiling
    assert generator._pipe.vae.use_slicing
    plain = create("CogVideoX", tiling=False)
    plain.prepare()
    assert not plain._pipe.vae.use_tiling
    assert not plain._pipe.vae.use_slicing


# --- where it runs


@pytest.mark.parametrize("offload", ["model", "group", "sequential"])
def test_nothing_is_offloaded_from_a_cpu(create, offload):
    with pytest.raises(ValueError, match=r"nothing to offload from on a CPU\. Remedy: leave it at auto"):
        create("LTXVideo", offload=offload).prepare()


class Recorder:
    """Stand in for a pipeline that is put somewhere."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **options: self.calls.append((name, {"device": str(args), **options}))


@pytest.mark.parametrize(
    ("way", "called"),
    [
        ("none", "to"),
        ("model", "enable_model_cpu_offload"),
        ("sequential", "enable_sequential_cpu_offload"),
        ("group", "enable_group_offload"),
    ],
)
def test_every_way_of_offloading_calls_the_pipeline(way, called):
    from diffusers import DiffusionPipeline

    pipe = Recorder()
    placing.place_pipeline(pipe, "cuda:1", way)
    ((name, options),) = pipe.calls
    assert name == called
    assert "cuda:1" in str(options) or "index=1" in repr(options)
    assert callable(getattr(DiffusionPipeline, called))


@pytest.mark.parametrize(("free", "way"), [(1e12, "none"), (0.0, "group")])
def test_the_free_memory_of_a_gpu_decides_what_is_offloaded(create, monkeypatch, free, way):
    placed = []
    monkeypatch.setattr(base, "choose_device", lambda device: "cuda")
    monkeypatch.setattr(base, "measure_free", lambda device: free)
    monkeypatch.setattr(base, "place_pipeline", lambda pipe, device, way: placed.append((device, way)))
    create("LTXVideo").prepare()
    create("LTXVideo", offload="model").prepare()
    assert placed == [("cuda", way), ("cuda", "model")]


def test_a_pipeline_that_does_not_fit_says_what_to_type(create, monkeypatch):
    import torch

    def fail(pipe, device, way):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr(base, "place_pipeline", fail)
    with pytest.raises(ValueError, match=r"ltx_video does not fit on cpu .*Remedy: -o offload=model"):
        create("LTXVideo").prepare()


def test_another_failure_of_a_device_is_left_as_it_is(create, monkeypatch):
    def fail(pipe, device, way):
        raise RuntimeError("the driver is gone")

    monkeypatch.setattr(base, "place_pipeline", fail)
    with pytest.raises(RuntimeError, match="driver is gone"):
        create("LTXVideo").prepare()


def test_group_offloading_gives_the_same_video(create, loaded, monkeypatch):
    # the hooks themselves, with the CPU as both places
    import torch

    generator = create("LTXVideo")
    generator.prepare()
    generator._pipe.enable_group_offload(
        onload_device=torch.device("cpu"), offload_device=torch.device("cpu"), offload_type="leaf_level"
    )
    (made,), (expected,) = make(generator, order()), make(loaded("LTXVideo"), order())
    assert np.array_equal(made.frames, expected.frames)
