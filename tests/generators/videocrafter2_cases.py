"""A tiny VideoCrafter2: sizes, weights that follow from the names of the tensors, and folders of files."""

from __future__ import annotations

import gzip
import json
import shutil
import zlib
from collections import OrderedDict
from functools import cache
from pathlib import Path

import numpy as np
import torch

from videophy_lab.generators.base import Order
from videophy_lab.generators.videocrafter2 import VideoCrafter2
from videophy_lab.generators.videocrafter2_sizes import Sizes

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "videocrafter2"
WORDS = GOLDEN / "words"
TINY = Sizes(
    channels=(32, 64, 64),
    attended=2,
    layers=2,
    head_width=8,
    context=32,
    vae_channels=(32, 64),
    vae_layers=1,
    text_layers=3,
    text_heads=4,
    vocabulary=len(json.loads((WORDS / "vocab.json").read_text("utf-8"))),
)


class TinyVideoCrafter2(VideoCrafter2):
    """The same with tiny networks."""

    sizes = TINY


def read_shapes(file: str) -> dict[str, list[int]]:
    """Read the names and shapes of the original's tensors."""
    found: dict[str, list[int]] = json.loads(gzip.decompress((GOLDEN / file).read_bytes()))
    return found


def make_tensor(name: str, shape: list[int]) -> torch.Tensor:
    """Make weights that depend on the name and the shape only."""
    numbers = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape).astype(np.float32)
    if len(shape) > 1:
        numbers = numbers / np.float32(np.sqrt(np.prod(shape[1:])))
    elif name.endswith("weight"):
        numbers = np.float32(1) + np.float32(0.1) * numbers
    else:
        numbers = np.float32(0.1) * numbers
    return torch.from_numpy(np.asarray(numbers))


def make_weights(shapes: dict[str, list[int]]) -> OrderedDict[str, torch.Tensor]:
    """Make all weights of a checkpoint, but not the tables of its sampler."""
    return OrderedDict((name, make_tensor(name, shape)) for name, shape in shapes.items() if "." in name)


def make_checkpoint() -> OrderedDict[str, torch.Tensor]:
    """Make everything that the authors' file has: the networks, and the tables of training and sampling."""
    return OrderedDict(make_tiny())


@cache
def make_tiny() -> OrderedDict[str, torch.Tensor]:
    """Make the tiny checkpoint, once."""
    shapes = read_shapes("tiny_shapes.json.gz")
    checkpoint = make_weights(shapes)
    checkpoint.update({name: torch.zeros(shape) for name, shape in shapes.items() if "." not in name})
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    checkpoint["alphas_cumprod"] = (1 - betas).cumprod(0).float()
    checkpoint["scale_arr"] = torch.cat([torch.linspace(1, 0.7, 400), torch.full((1000,), 0.7)])
    return checkpoint


def write_words(folder: Path) -> None:
    """Put the tokenizer's two files into a folder."""
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(WORDS / name, folder / name)


def write_checkpoint(folder: Path) -> Path:
    """Write a folder as it is after fetching: the authors' file with the tokenizer beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"state_dict": make_checkpoint(), "epoch": 3, "global_step": 7}, folder / "model.ckpt")
    write_words(folder)
    return folder


def make_order(caption: str = "A red ball rolls down the wooden ramp and stops.", seed: int = 11) -> Order:
    """Make an order."""
    return Order("videocrafter2/0/0", "0", seed, caption)


def make_generator(folder: Path, **options: object) -> TinyVideoCrafter2:
    """Make the tiny generator of the golden videos: 3 frames of 16x16 in 5 steps."""
    given = {"checkpoint": str(folder), "device": "cpu", "height": 16, "width": 16, "frames": 3, "steps": 5}
    return TinyVideoCrafter2(**(given | options))  # type: ignore[arg-type]
