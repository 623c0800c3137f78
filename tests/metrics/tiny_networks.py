"""Tiny CLIP, DINO and aesthetic heads with random weights, saved as the published ones are, and clips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional
from torchvision import transforms
from transformers import CLIPConfig, CLIPModel, CLIPVisionModelWithProjection, ViTConfig, ViTModel

from videophy_lab.video.clip import Clip, FrameView, VideoInfo

WIDTH, HEADS, LAYERS, SIDE = 16, 2, 2, 224
CLIP_WIDTH = 12
ALL = FrameView("all")
CLIP_NORM = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
DINO_NORM = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def fill_weights(network: Any, rng: np.random.Generator, *, scale: float = 0.5) -> Any:
    """Fill every parameter with normal numbers, so large that unlike pictures have unlike embeddings."""
    with torch.no_grad():
        for name, values in network.named_parameters():
            centre = 1 if "norm" in name and name.endswith("weight") else 0
            noise = rng.standard_normal(values.numel()).reshape(values.shape)
            values.copy_(torch.tensor(centre + scale * noise))
    return network.eval()


def save_clip(folder: Path, rng: np.random.Generator, *, patch: int = 56, image: int = SIDE) -> CLIPModel:
    """Save all of a CLIP, text and all, with the old key that the published files still have."""
    text = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text |= {"vocab_size": 20, "max_position_embeddings": 8, "bos_token_id": 1, "eos_token_id": 2}
    vision = {"hidden_size": WIDTH, "intermediate_size": 32, "num_hidden_layers": LAYERS}
    vision |= {"num_attention_heads": HEADS, "image_size": image, "patch_size": patch}
    sizes = [part | {"projection_dim": CLIP_WIDTH} for part in (text, vision)]
    config = CLIPConfig(text_config=sizes[0], vision_config=sizes[1], projection_dim=CLIP_WIDTH)
    network = fill_weights(CLIPModel(config), rng)
    network.save_pretrained(folder)
    change_file(
        folder, {"vision_model.embeddings.position_ids": torch.arange((image // patch) ** 2 + 1)[None]}
    )
    return network


def save_clip_tower(folder: Path, rng: np.random.Generator) -> CLIPVisionModelWithProjection:
    """Save a CLIP's picture tower and projection alone."""
    whole = folder / "whole"
    save_clip(whole, rng)
    tower = CLIPVisionModelWithProjection.from_pretrained(whole)
    tower.save_pretrained(folder)
    return tower


def save_dino(folder: Path, rng: np.random.Generator) -> ViTModel:
    """Save a DINO of 7 × 7 patches, with the published settings."""
    config = ViTConfig(
        hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=32,
        image_size=SIDE, patch_size=32, layer_norm_eps=1e-12,
    )  # fmt: skip
    network = fill_weights(ViTModel(config, add_pooling_layer=False), rng)
    network.save_pretrained(folder)
    return network


def change_file(folder: Path, added: dict[str, torch.Tensor], *, removed: Sequence[str] = ()) -> None:
    """Add tensors to a checkpoint and remove some."""
    path = folder / "model.safetensors"
    tensors = {name: values for name, values in load_file(path).items() if name not in removed}
    save_file({**tensors, **added}, path, metadata={"format": "pt"})


def resize_like_torchvision(frames: np.ndarray, *, dino: bool) -> torch.Tensor:
    """Prepare frames by torchvision's transforms, as VBench does."""
    mode = transforms.InterpolationMode.BILINEAR if dino else transforms.InterpolationMode.BICUBIC
    steps = [transforms.Resize(SIDE, interpolation=mode, antialias=False)]
    steps += [] if dino else [transforms.CenterCrop(SIDE)]
    pixels = transforms.Compose(steps)(torch.tensor(frames).permute(0, 3, 1, 2).float()) / 255
    return transforms.Normalize(*(DINO_NORM if dino else CLIP_NORM))(pixels)


def embed_by_clip(network: CLIPModel, frames: np.ndarray) -> np.ndarray:
    """Embed frames by the whole CLIP of transformers, not brought to length 1; in 64 bits."""
    with torch.no_grad():
        found = network.get_image_features(resize_like_torchvision(frames, dino=False)).pooler_output
    return found.double().numpy()


def embed_by_dino(network: ViTModel, frames: np.ndarray) -> np.ndarray:
    """Embed frames by the equations of Caron et al. and Dosovitskiy et al., in 64 bits.

    The class token passes through blocks x + attention(norm(x)), x + mlp(norm(x)) and a last norm; norms add
    1e-6, and the positions are interpolated to sides that are 0.1 patches too long unless the picture is the
    square that they were learned on.
    """
    weights = {name: values.double() for name, values in network.state_dict().items()}
    pixels = resize_like_torchvision(frames, dino=True).double()

    def norm(name: str, values: torch.Tensor) -> torch.Tensor:
        centred = values - values.mean(-1, keepdim=True)
        deviation = (centred.square().mean(-1, keepdim=True) + 1e-6).sqrt()
        return centred / deviation * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(name: str, values: torch.Tensor) -> torch.Tensor:
        return values @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    patches = functional.conv2d(
        pixels,
        weights["embeddings.patch_embeddings.projection.weight"],
        weights["embeddings.patch_embeddings.projection.bias"],
        stride=32,
    )
    rows, columns = patches.shape[2:]
    positions = weights["embeddings.position_embeddings"]
    if pixels.shape[2] != pixels.shape[3]:
        grid = positions[0, 1:].T.reshape(1, WIDTH, 7, 7)
        scale = ((rows + 0.1) / 7, (columns + 0.1) / 7)
        grid = functional.interpolate(grid, scale_factor=scale, mode="bicubic")
        assert grid.shape[2:] == (rows, columns)
        positions = torch.cat([positions[:, :1], grid.reshape(1, WIDTH, -1).transpose(1, 2)], dim=1)
    start = weights["embeddings.cls_token"].expand(len(frames), -1, -1)
    tokens = torch.cat([start, patches.reshape(len(frames), WIDTH, -1).transpose(1, 2)], dim=1) + positions
    for layer in (f"layers.{number}" for number in range(LAYERS)):
        seen = norm(f"{layer}.layernorm_before", tokens)
        parts = [
            linear(f"{layer}.attention.{part}_proj", seen).unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for part in "qkv"
        ]
        shares = (parts[0] @ parts[1].transpose(2, 3) / math.sqrt(WIDTH / HEADS)).softmax(-1)
        tokens = tokens + linear(f"{layer}.attention.o_proj", (shares @ parts[2]).transpose(1, 2).flatten(2))
        inner = linear(f"{layer}.mlp.fc1", norm(f"{layer}.layernorm_after", tokens))
        inner = inner * (1 + torch.erf(inner / math.sqrt(2))) / 2
        tokens = tokens + linear(f"{layer}.mlp.fc2", inner)
    return norm("layernorm", tokens)[:, 0].numpy()


def make_pictures(rng: np.random.Generator, count: int, height: int = 90, width: int = 120) -> np.ndarray:
    """Make unlike pictures: blocks of random colours, with some noise."""
    coarse = rng.uniform(20, 235, (count, 6, 6, 3))
    rows, columns = (np.arange(side) * 6 // side for side in (height, width))
    return np.clip(coarse[:, rows][:, :, columns] + rng.normal(0, 8, (height, width, 3)), 0, 255).astype(
        np.uint8
    )


def make_clip(frames: np.ndarray) -> Clip:
    """Make a clip of frames, read-only as decoded ones are."""
    frames = frames.copy()
    frames.setflags(write=False)
    info = VideoInfo(Path("v.mp4"), "h264", "yuv420p", frames.shape[2], frames.shape[1], len(frames), 8, 1)
    return Clip(info, {ALL: frames}, {ALL: np.arange(len(frames))})
