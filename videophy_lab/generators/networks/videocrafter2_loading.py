"""Load VideoCrafter2, whole: from the authors' one file, or from the denoiser's port and a pipeline."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import CLIPTextModel

from videophy_lab.generators.networks.videocrafter2 import (
    Networks,
    build_text_encoder,
    build_unet,
    build_vae,
)
from videophy_lab.generators.videocrafter2_files import PUBLISHED, Found
from videophy_lab.generators.videocrafter2_names import (
    NOISE_TABLES,
    SAMPLER_TABLES,
    TEXT,
    UNET,
    VAE,
    is_unused_text,
    rename_text,
    rename_unet,
    rename_vae,
)
from videophy_lab.generators.videocrafter2_sampler import LEVELS, compute_alphas, compute_scales
from videophy_lab.generators.videocrafter2_sizes import Sizes
from videophy_lab.weights import WeightsError, load_whole
from videophy_lab.weights.layout import FETCH_AGAIN
from videophy_lab.weights.pretrained import list_some

Tensors = dict[str, torch.Tensor]
# before every name in a file of DeepSpeed
DEEPSPEED = "_forward_module."
REMEDY = f"Remedy: give the checkpoint of {PUBLISHED}, model.ckpt, or its port to diffusers."


def load_networks(found: Found, sizes: Sizes, *, device: str, dtype: torch.dtype) -> Networks:
    """Load all networks: the denoiser in the precision that is asked for, the small others in fp32.

    Raises
    ------
    WeightsError
        Damaged files, another network, tensors that are missing, unexpected or of another shape.
    """
    tensors = read_tensors(found.network)
    with torch.device("meta"):
        unet, vae, text = build_unet(sizes), build_vae(sizes), build_text_encoder(sizes)
    if found.parts is None:
        loose = split_checkpoint(tensors, sizes, found.network)
        fill_network(unet, loose["unet"], found.network, device, dtype)
        fill_network(vae, loose["vae"], found.network, device, torch.float32)
        fill_network(text, loose["text"], found.network, device, torch.float32)
        alphas, scales = read_tables(loose["tables"], found.network)
        positions = torch.arange(sizes.tokens, device=device)[None]
        text.get_submodule(find_prefix(text) + "embeddings").position_ids = positions
        return Networks(unet, vae, text, alphas, scales)
    fill_network(unet, tensors, found.network, device, dtype)
    vae, text = load_parts(found.parts, sizes)
    return Networks(unet, vae.to(device), text.to(device), compute_alphas(), compute_scales())


def read_tensors(path: Path) -> Tensors:
    """Map the tensors of a file into memory; nothing but tensors is unpickled."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, weights_only=True, mmap=True, map_location="cpu")
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path} holds something else than tensors, which is not unpickled ({shorten(error)}). {REMEDY} "
            "If you trust the file, write one without the rest: python -c \"import torch; torch.save({'"
            "state_dict': torch.load('model.ckpt', weights_only=False)['state_dict']}, 'tensors.ckpt')\""
        ) from error
    except (RuntimeError, SafetensorError, EOFError, OSError) as error:
        raise WeightsError(f"{path} cannot be read as weights ({shorten(error)}). {FETCH_AGAIN}") from error
    # trainers put them under a name of their own, among other things; the authors' loader knows these two
    inner = [name for name in ("state_dict", "module") if isinstance(found, dict) and name in found]
    tensors = found[inner[0]] if inner else found
    if not isinstance(tensors, dict) or not all(isinstance(each, torch.Tensor) for each in tensors.values()):
        raise WeightsError(f"{path} holds something else than named tensors. {REMEDY}")
    return {name.removeprefix(DEEPSPEED): tensor for name, tensor in tensors.items()}


def shorten(error: Exception) -> str:
    """Give the first line of what went wrong."""
    return (str(error).strip() or type(error).__name__).split("\n")[0]


def split_checkpoint(tensors: Tensors, sizes: Sizes, path: Path) -> dict[str, Tensors]:
    """Part the authors' file into networks and tables, under the names of diffusers and transformers.

    Raises
    ------
    WeightsError
        There are tensors that belong to none of them.
    """
    rules: dict[str, tuple[str, Callable[[str], Iterable[str]]]] = {
        UNET: ("unet", lambda name: filter(None, [rename_unet(name, sizes)])),
        VAE: ("vae", lambda name: [rename_vae(name, sizes)]),
        TEXT: ("text", rename_text),
    }
    parted: dict[str, Tensors] = {"unet": {}, "vae": {}, "text": {}, "tables": {}}
    strangers = []
    for name, tensor in tensors.items():
        prefix = next((prefix for prefix in rules if name.startswith(prefix)), "")
        rest = name.removeprefix(prefix)
        if not prefix and name in (*NOISE_TABLES, *SAMPLER_TABLES):
            parted["tables"][name] = tensor
            continue
        if prefix == TEXT and is_unused_text(rest, sizes):
            continue
        part, rename = rules.get(prefix, ("", lambda _name: ()))
        names = list(rename(rest))
        strangers += [] if names else [name]
        parts = tensor.chunk(len(names)) if len(names) > 1 else [tensor] * len(names)
        parted[part or "tables"] |= dict(zip(names, parts, strict=True))
    if strangers:
        raise WeightsError(
            f"{path} is not VideoCrafter2's checkpoint: {len(strangers)} of its {len(tensors)} tensors are "
            f"unexpected ({list_some(strangers)}). {REMEDY}"
        )
    return parted


def find_prefix(network: torch.nn.Module) -> str:
    """Give what stands before the names of a text encoder's tensors in this version of transformers."""
    prefix = "text_model."
    return prefix if any(name.startswith(prefix) for name in network.state_dict()) else ""


def fill_network(
    network: torch.nn.Module, tensors: Tensors, path: Path, device: str, dtype: torch.dtype
) -> None:
    """Put tensors into a network that has none yet; they are taken out one at a time.

    Raises
    ------
    WeightsError
        They are not exactly the network's, in name and in shape.
    """
    wanted = network.state_dict()
    prefix = find_prefix(network)
    found = {prefix + name: flatten(tensor, wanted.get(prefix + name)) for name, tensor in tensors.items()}
    faults = {
        "missing": wanted.keys() - found.keys(),
        "unexpected": found.keys() - wanted.keys(),
        "of another shape": {
            f"{name} {tuple(found[name].shape)} instead of {tuple(wanted[name].shape)}"
            for name in wanted.keys() & found.keys()
            if found[name].shape != wanted[name].shape
        },
    }
    said = "; ".join(f"{len(names)} {fault} ({list_some(names)})" for fault, names in faults.items() if names)
    if said:
        raise WeightsError(
            f"{path} does not fit VideoCrafter2's {type(network).__name__}: of its {len(wanted)} tensors "
            f"{said}. {REMEDY}"
        )
    tensors.clear()
    placed = {name: found.pop(name).to(device, dtype) for name in list(found)}
    network.load_state_dict(placed, assign=True)


def flatten(tensor: torch.Tensor, wanted: torch.Tensor | None) -> torch.Tensor:
    """Make a matrix of the kernel of a convolution over single places, where the network has a matrix."""
    single = math.prod(tensor.shape[2:]) == 1
    return tensor.flatten(1) if wanted is not None and wanted.ndim == 2 < tensor.ndim and single else tensor


def read_tables(tables: Tensors, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read the sampler's two tables, which the authors' sampler takes from the checkpoint; else compute them.

    Raises
    ------
    WeightsError
        They have another number of noise levels.
    """
    made = {"alphas_cumprod": compute_alphas, "scale_arr": compute_scales}
    found = []
    for name, compute in made.items():
        table = tables[name].double().numpy() if name in tables else compute()
        # the published table of scales is longer than the levels; the rest is never used
        if table.ndim != 1 or len(table) < LEVELS:
            raise WeightsError(f"{name} in {path} has not the {LEVELS} levels of VideoCrafter2. {REMEDY}")
        found.append(table[:LEVELS])
    return found[0], found[1]


def load_parts(folder: Path, sizes: Sizes) -> tuple[Any, Any]:
    """Load the autoencoder and the text encoder of a pipeline of diffusers.

    Raises
    ------
    WeightsError
        They are damaged, or others than VideoCrafter2's.
    """
    remedy = "Remedy: give -o parts a pipeline with the networks of VideoCrafter2."
    text = load_whole(
        CLIPTextModel, folder / "text_encoder", what="the text encoder", remedy=remedy, dtype=torch.float32
    )
    vae = load_whole(AutoencoderKL, folder / "vae", what="the autoencoder", remedy=remedy).float()
    for network, wanted in ((text, build_text_encoder), (vae, build_vae)):
        with torch.device("meta"):
            shapes = {name: tensor.shape for name, tensor in wanted(sizes).state_dict().items()}
        if {name: tensor.shape for name, tensor in network.state_dict().items()} != shapes:
            raise WeightsError(
                f"{folder} has another {type(network).__name__} than VideoCrafter2, whose text encoder is "
                "that of OpenCLIP's ViT-H without its last layer, and whose autoencoder is that of Stable "
                f"Diffusion. {remedy}"
            )
    return vae, text
