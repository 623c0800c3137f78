"""The weights of VideoCrafter2: every name and shape as published, and the original's outputs from them."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.generators.videocrafter2_cases import (
    GOLDEN,
    TINY,
    WORDS,
    make_checkpoint,
    read_shapes,
)
from videophy_lab.generators.networks.videocrafter2 import (
    Networks,
    build_text_encoder,
    build_unet,
    build_vae,
)
from videophy_lab.generators.networks.videocrafter2_loading import load_networks, split_checkpoint
from videophy_lab.generators.networks.videocrafter2_running import decode_latents, encode_texts
from videophy_lab.generators.videocrafter2_files import Found
from videophy_lab.generators.videocrafter2_sampler import compute_alphas, compute_scales
from videophy_lab.generators.videocrafter2_sizes import LATENT_SCALE, Sizes
from videophy_lab.weights import WeightsError

OUTPUTS = np.load(GOLDEN / "outputs.npz")
BUILDERS = {"unet": build_unet, "vae": build_vae, "text": build_text_encoder}


def load(path: Path, parts: Path | None = None) -> Networks:
    return load_networks(Found(path, parts, WORDS), TINY, device="cpu", dtype=torch.float32)


def give(name: str) -> torch.Tensor:
    return torch.from_numpy(OUTPUTS[name])


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Networks:
    path = tmp_path_factory.mktemp("weights") / "model.ckpt"
    torch.save({"state_dict": make_checkpoint(), "epoch": 3}, path)
    return load(path)


@pytest.mark.parametrize(("part", "count"), [("unet", 1484), ("vae", 248), ("text", 372)])
def test_every_published_tensor_has_its_place(part: str, count: int) -> None:
    shapes = read_shapes("published_shapes.json.gz")
    assert len(shapes) == 1484 + 248 + 294 + 13
    with torch.device("meta"):
        published = {name: torch.empty(shape) for name, shape in shapes.items()}
        wanted = {name: tensor.shape for name, tensor in BUILDERS[part](Sizes()).state_dict().items()}
    found = split_checkpoint(published, Sizes(), Path("model.ckpt"))[part]
    prefix = "text_model." if f"text_model.{next(iter(found))}" in wanted else ""
    assert len(found) == count
    assert {f"{prefix}{name}" for name in found} == wanted.keys()
    for name, tensor in found.items():
        shape = wanted[prefix + name]
        assert tensor.shape[: len(shape)] == shape, name
        assert math.prod(tensor.shape) == math.prod(shape), name


@pytest.mark.parametrize(("level", "fps"), [(1, 28), (441, 28), (981, 8)])
def test_the_denoiser_predicts_what_the_original_predicts(networks: Networks, level: int, fps: int) -> None:
    with torch.inference_mode():
        found = networks.unet.predict_noise(give("latents"), level, give("context"), fps)
    torch.testing.assert_close(found, give(f"noise_{level}_{fps}"), rtol=1e-4, atol=1e-5)


def test_the_frames_a_second_reach_the_denoiser(networks: Networks) -> None:
    with torch.inference_mode():
        slow, fast = (
            networks.unet.predict_noise(give("latents"), 441, give("context"), fps) for fps in (8, 28)
        )
    assert (slow - fast).abs().max() > 0.01


def test_the_text_encoder_gives_what_the_original_gives(networks: Networks) -> None:
    ids = json.loads((GOLDEN / "tokens.json").read_text("utf-8"))["ids"][:2]
    with torch.inference_mode():
        found = encode_texts(networks, ids)
    torch.testing.assert_close(found, give("embedded"), rtol=1e-4, atol=1e-5)


def test_the_decoder_gives_what_the_original_gives(networks: Networks) -> None:
    with torch.inference_mode():
        found = networks.vae.decode(give("coded")).sample
        frames = decode_latents(networks, give("coded")[0][:, None] * LATENT_SCALE)
    torch.testing.assert_close(found, give("decoded"), rtol=1e-4, atol=1e-5)
    bright = (np.clip(OUTPUTS["decoded"][0], -1, 1) + 1) / 2 * 255
    assert frames.shape == (1, 10, 12, 3)
    assert np.abs(frames[0] - bright.transpose(1, 2, 0)).max() <= 1


def test_the_tables_of_the_sampler_are_the_checkpoints_own(tmp_path: Path, networks: Networks) -> None:
    np.testing.assert_allclose(networks.alphas, compute_alphas(), rtol=1e-5)
    np.testing.assert_allclose(networks.scales, compute_scales(), rtol=1e-6)
    checkpoint = make_checkpoint()
    checkpoint["scale_arr"] = torch.full((1400,), 0.3)
    save_file(checkpoint, tmp_path / "model.safetensors")
    assert load(tmp_path / "model.safetensors").scales.tolist() == pytest.approx([0.3] * 1000)


def test_a_checkpoint_without_tables_is_sampled_by_the_formulas(tmp_path: Path) -> None:
    checkpoint = {name: tensor for name, tensor in make_checkpoint().items() if "." in name}
    torch.save(checkpoint, tmp_path / "model.ckpt")
    loaded = load(tmp_path / "model.ckpt")
    assert loaded.alphas.tolist() == compute_alphas().tolist()
    assert loaded.scales.tolist() == compute_scales().tolist()


def test_a_file_of_deepspeed_gives_the_same(tmp_path: Path, networks: Networks) -> None:
    named = {f"_forward_module.{name}": tensor for name, tensor in make_checkpoint().items()}
    torch.save({"module": named, "global_steps": 7}, tmp_path / "model.ckpt")
    ours, theirs = networks.unet.state_dict(), load(tmp_path / "model.ckpt").unet.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_the_port_and_the_rest_of_a_pipeline_give_the_same(tmp_path: Path, networks: Networks) -> None:
    write_port(tmp_path, networks)
    loaded = load(tmp_path / "unet" / "diffusion_pytorch_model.safetensors", tmp_path)
    for name in ("unet", "vae", "text"):
        ours, theirs = getattr(networks, name).state_dict(), getattr(loaded, name).state_dict()
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[tensor], theirs[tensor]) for tensor in ours)
    with torch.inference_mode():
        ids = [[1, 2, 3] + [0] * 74]
        torch.testing.assert_close(encode_texts(loaded, ids), encode_texts(networks, ids))


def write_port(folder: Path, networks: Networks) -> None:
    (folder / "unet").mkdir()
    unet = {name: tensor.contiguous() for name, tensor in networks.unet.state_dict().items()}
    save_file(unet, folder / "unet" / "diffusion_pytorch_model.safetensors")
    networks.vae.save_pretrained(folder / "vae")
    networks.text.save_pretrained(folder / "text_encoder")


@pytest.mark.parametrize(
    ("part", "sizes"),
    [("text_encoder", replace(TINY, text_layers=4)), ("vae", replace(TINY, vae_layers=2))],
)
def test_other_networks_in_the_rest_of_a_pipeline_are_refused(
    tmp_path: Path, networks: Networks, part: str, sizes: Sizes
) -> None:
    write_port(tmp_path, networks)
    other = build_vae(sizes) if part == "vae" else build_text_encoder(sizes)
    other.save_pretrained(tmp_path / part)
    with pytest.raises(WeightsError, match=rf"has another {type(other).__name__} than VideoCrafter2"):
        load(tmp_path / "unet" / "diffusion_pytorch_model.safetensors", tmp_path)


DENOISER = "model.diffusion_model."
Change = Callable[[OrderedDict[str, torch.Tensor]], Any]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda checkpoint: checkpoint.pop(f"{DENOISER}fps_embedding.2.bias"),
            r"does not fit VideoCrafter2's FpsUNet: .* 1 missing \(fps_embedding\.linear_2\.bias\)",
        ),
        (
            lambda checkpoint: checkpoint.pop("first_stage_model.decoder.conv_in.weight"),
            r"AutoencoderKL: .* 1 missing \(decoder\.conv_in\.weight\)",
        ),
        (
            lambda checkpoint: checkpoint.pop("cond_stage_model.model.ln_final.weight"),
            r"CLIPTextModel: .* 1 missing \(.*final_layer_norm\.weight\)",
        ),
        (
            lambda checkpoint: checkpoint.update({f"{DENOISER}label_emb.0.weight": torch.zeros(2, 2)}),
            r"is not VideoCrafter2's checkpoint: 1 of its \d+ tensors are unexpected "
            r"\(model\.diffusion_model\.label_emb\.0\.weight\)",
        ),
        (
            lambda checkpoint: checkpoint.update({"lora_up.weight": torch.zeros(2, 2)}),
            r"1 of its \d+ tensors are unexpected \(lora_up\.weight\)",
        ),
        (
            lambda checkpoint: checkpoint.update({f"{DENOISER}input_blocks.40.0.op.bias": torch.zeros(2)}),
            r"FpsUNet: .* 1 unexpected \(down_blocks\.13\.downsamplers\.0\.conv\.bias\)",
        ),
        (
            lambda checkpoint: checkpoint.update({f"{DENOISER}out.0.bias": torch.zeros(2)}),
            r"1 of another shape \(conv_norm_out\.bias \(2,\) instead of \(32,\)\)",
        ),
        (
            lambda checkpoint: checkpoint.update({"alphas_cumprod": torch.zeros(50)}),
            r"alphas_cumprod in .* has not the 1000 levels",
        ),
    ],
    ids=["denoiser", "decoder", "text", "no rule", "stranger", "no place", "shape", "table"],
)
def test_tensors_that_do_not_fit_are_named(tmp_path: Path, change: Change, message: str) -> None:
    checkpoint = make_checkpoint()
    change(checkpoint)
    torch.save({"state_dict": checkpoint}, tmp_path / "model.ckpt")
    with pytest.raises(WeightsError, match=message):
        load(tmp_path / "model.ckpt")


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.ckpt").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(WeightsError, match="Remedy"):
        load(tmp_path / "model.ckpt")
    (tmp_path / "model.safetensors").write_bytes(b"{}")
    with pytest.raises(WeightsError, match=r"cannot be read as weights .*Remedy: fetch the file again"):
        load(tmp_path / "model.safetensors")
    torch.save([torch.zeros(2)], tmp_path / "model.ckpt")
    with pytest.raises(WeightsError, match="holds something else than named tensors"):
        load(tmp_path / "model.ckpt")


def test_nothing_but_tensors_is_unpickled(tmp_path: Path) -> None:
    torch.save({"state_dict": {}, "hyper_parameters": TINY}, tmp_path / "model.ckpt")
    with pytest.raises(WeightsError, match=r"is not unpickled .* If you trust the file, write one without"):
        load(tmp_path / "model.ckpt")
