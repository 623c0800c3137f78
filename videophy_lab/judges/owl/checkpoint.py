"""Read the weights of a network from a folder, strictly, shard by shard."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from videophy_lab.judges.owl.config import OwlConfig
from videophy_lab.judges.owl.devices import Devices, find_device, join_devices, place_modules
from videophy_lab.judges.owl.network import OwlNetwork
from videophy_lab.weights import find_weights, fingerprint_files
from videophy_lab.weights.layout import FETCH_AGAIN

LEGACY_KEY = ".rotary_emb.inv_freq"
SETTINGS = ("config.json", "tokenizer.model")


def read_shard(path: Path) -> dict[str, torch.Tensor]:
    """Map the tensors of one file into memory; nothing but tensors is unpickled.

    Raises
    ------
    ValueError
        The file is damaged, holds something else, or is in a format before torch 1.6.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, weights_only=True, mmap=True, map_location="cpu")
    except (RuntimeError, pickle.UnpicklingError, SafetensorError, EOFError, OSError) as error:
        reason = str(error).strip().split("\n")[0]
        raise ValueError(f"{path} cannot be read as weights ({reason}). {FETCH_AGAIN}") from error
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise ValueError(f"{path} holds something else than named tensors. Remedy: give a model's weights.")
    return found


def list_some(names: Iterable[str]) -> str:
    """Name the first few."""
    ordered = sorted(names)
    return ", ".join(ordered[:3]) + (", …" if len(ordered) > 3 else "")


def check_tensors(found: Mapping[str, torch.Tensor], network: OwlNetwork, folder: Path) -> None:
    """Make sure that the tensors are exactly the network's, in name and in shape."""
    wanted = network.state_dict()
    missing, unexpected = wanted.keys() - found.keys(), found.keys() - wanted.keys()
    bent = [
        f"{name} {tuple(found[name].shape)} instead of {tuple(wanted[name].shape)}"
        for name in wanted.keys() & found.keys()
        if found[name].shape != wanted[name].shape
    ]
    faults = [
        f"{len(names)} {what} ({list_some(names)})"
        for what, names in (("missing", missing), ("unexpected", unexpected), ("of another shape", bent))
        if names
    ]
    if faults:
        raise ValueError(
            f"the weights in {folder} do not fit its config.json: of {len(wanted)} tensors "
            f"{'; '.join(faults)}. Remedy: give a checkpoint of the whole network, merged, as published."
        )


def load_network(
    folder: str | Path,
    *,
    dtype: torch.dtype = torch.float32,
    device: str | torch.device = "cpu",
    device_map: str | Devices | None = None,
) -> OwlNetwork:
    """Load a network with the published keys, no more and no fewer.

    Tensors are mapped from their files and converted one at a time, so memory holds the network once; pages
    of the files lie beside it for a while, and the system takes them back when it needs room. The stored
    ``rotary_emb.inv_freq`` of old checkpoints are rounded and are not used.

    Parameters
    ----------
    folder : str or Path
        With config.json and ``model.safetensors`` or ``pytorch_model.bin``, whole or in shards with an index.
    dtype : torch.dtype
    device : str or torch.device
    device_map : "auto" or dict, optional
        Spread the network over several devices; a dict maps names of modules to devices, and ``""`` all the
        rest. The vision tower, the abstractor and each layer of the language model stay whole.

    Returns
    -------
    OwlNetwork
        Ready to answer (``eval``).

    Raises
    ------
    ValueError
        Another model, missing, damaged, misplaced or misshapen files, missing or unexpected tensors.
    """
    folder = Path(folder)
    config = OwlConfig.from_folder(folder)
    found = read_tensors(find_weights(folder))
    return place_tensors(config, found, folder, dtype=dtype, device=device, device_map=device_map)


def read_tensors(files: Iterable[Path]) -> dict[str, torch.Tensor]:
    """Map the tensors of all files into memory, without those that are not used."""
    found: dict[str, torch.Tensor] = {}
    for path in files:
        found |= {name: tensor for name, tensor in read_shard(path).items() if not name.endswith(LEGACY_KEY)}
    return found


def place_tensors(
    config: OwlConfig,
    found: dict[str, torch.Tensor],
    folder: Path,
    *,
    dtype: torch.dtype,
    device: str | torch.device,
    device_map: str | Devices | None,
    changes: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] | None = None,
) -> OwlNetwork:
    """Make a network of tensors, which are taken out of `found`.

    Parameters
    ----------
    config : OwlConfig
    found : dict of str to tensor
        Exactly the network's.
    folder : Path
        Where they come from, for messages.
    dtype, device, device_map
        As of :func:`load_network`.
    changes : mapping of str to callable, optional
        What to make of some of the tensors before they are converted.

    Raises
    ------
    ValueError
        Missing, unexpected or misshapen tensors, or devices that cannot be used.
    """
    changes = changes or {}
    with torch.device("meta"):
        network = OwlNetwork(config).to(dtype)
    check_tensors(found, network, folder)
    devices = place_modules(network, device_map, dtype) if device_map is not None else {"": device}
    placed: dict[str, torch.Tensor] = {}
    # taken out in the order of the files, so that a file is let go when its last tensor is converted
    for name in list(found):
        tensor = found.pop(name)
        changed = changes[name](tensor) if name in changes else tensor
        placed[name] = changed.to(find_device(name, devices), dtype)
    network.load_state_dict(placed, assign=True)
    rotary = "language_model.model.rotary_emb"
    network.get_submodule(rotary).to_empty(device=find_device(rotary, devices))
    if len(set(map(str, devices.values()))) > 1:
        join_devices(network)
    return network.eval()


def save_network(
    network: OwlNetwork, folder: str | Path, *, shards: int = 1, form: str = "safetensors"
) -> None:
    """Write a network's weights, and nothing else, as the published checkpoints are laid out.

    Parameters
    ----------
    network : OwlNetwork
    folder : str or Path
        Made if it is not there.
    shards : int
        More than 1 writes that many files and an index.
    form : {"safetensors", "bin"}
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save: Callable[..., None] = save_file if form == "safetensors" else torch.save
    stem, suffix = ("model", "safetensors") if form == "safetensors" else ("pytorch_model", "bin")
    weights = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    if shards == 1:
        return save(weights, folder / f"{stem}.{suffix}")
    names = list(weights)
    places: dict[str, str] = {}
    for shard in range(shards):
        file = f"{stem}-{shard + 1:05}-of-{shards:05}.{suffix}"
        part = names[shard::shards]
        save({name: weights[name] for name in part}, folder / file)
        places |= dict.fromkeys(part, file)
    index = json.dumps({"metadata": {}, "weight_map": places}, indent=2)
    (folder / f"{stem}.{suffix}.index.json").write_text(index, "utf-8")
    return None


def fingerprint_checkpoint(folder: str | Path) -> str:
    """Name the content of a checkpoint by a SHA-256, in seconds and wherever the folder lies.

    See :func:`videophy_lab.weights.fingerprint_files`; config.json and tokenizer.model belong to it.

    Raises
    ------
    ValueError
        The folder is not a checkpoint; see :func:`load_network`.
    """
    folder = Path(folder)
    OwlConfig.from_folder(folder)
    settings = [folder / name for name in SETTINGS if (folder / name).is_file()]
    return fingerprint_files([*find_weights(folder), *settings])
