"""Read a low-rank adapter (LoRA) of the language model and merge it into the weights of its base."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from videophy_lab.judges.owl.checkpoint import list_some, place_tensors, read_shard, read_tensors
from videophy_lab.judges.owl.config import OwlConfig
from videophy_lab.judges.owl.devices import Devices
from videophy_lab.judges.owl.network import OwlNetwork
from videophy_lab.weights import find_weights, fingerprint_files
from videophy_lab.weights.layout import FETCH_AGAIN

PREFIX = "base_model.model."
ADAPTER_FILES = ("adapter_model.safetensors", "adapter_model.bin")
SETTINGS = "adapter_config.json"
# the official runs of VideoCon give --lora_r and alpha by these numbers
OFFICIAL_RANK, OFFICIAL_ALPHA = 32, 32
FACTOR = re.compile(r"(?P<module>.+)\.lora_(?P<side>[AB])(?:\.default)?\.weight")
TARGET = re.compile(
    r"language_model\.model\.layers\.(?P<layer>\d+)\."
    r"(?P<part>self_attn\.[qkvo]_proj|mlp\.(?:gate|down|up)_proj)"
)
# settings of PEFT under which the weights are changed in another way, and the values that mean they are not
PLAIN = {
    "use_rslora": (None, False),
    "use_dora": (None, False),
    "fan_in_fan_out": (None, False),
    "rank_pattern": (None, {}),
    "alpha_pattern": (None, {}),
    "modules_to_save": (None, []),
    "bias": (None, "none"),
}


@dataclass(frozen=True)
class LowRank:
    """A change of low rank of one weight.

    Attributes
    ----------
    down : tensor, shape (rank, inputs)
        A, as PEFT calls it.
    up : tensor, shape (outputs, rank)
        B.
    scale : float
    """

    down: torch.Tensor
    up: torch.Tensor
    scale: float

    def __call__(self, weight: torch.Tensor) -> torch.Tensor:
        """Compute ``weight + scale · up @ down``, in float32."""
        return weight.float().addmm(self.up.float(), self.down.float(), alpha=self.scale)


@dataclass(frozen=True)
class Adapter:
    """What a file of an adapter holds, by the network's own names.

    Attributes
    ----------
    weights : dict of str to tensor
        The network's weights themselves, where the file has them.
    changes : dict of str to LowRank
    """

    weights: dict[str, torch.Tensor]
    changes: dict[str, LowRank]


def find_adapter(folder: Path) -> list[Path]:
    """Find the files of an adapter: PEFT's own name before those of whole networks.

    Raises
    ------
    WeightsError
        The folder has no weights of any name.
    """
    own = [folder / name for name in ADAPTER_FILES if (folder / name).is_file()]
    return own[:1] or find_weights(folder)


def is_adapter(folder: Path) -> bool:
    """Tell an adapter from a whole, merged network by the names of its tensors."""
    return any(name.startswith(PREFIX) for name in read_shard(find_adapter(folder)[0]))


def fingerprint_adapter(folder: Path) -> str:
    """Name the content of an adapter by a SHA-256; see :func:`videophy_lab.weights.fingerprint_files`."""
    settings = [folder / SETTINGS] if (folder / SETTINGS).is_file() else []
    return fingerprint_files([*find_adapter(folder), *settings])


def load_adapted(
    base: Path,
    folder: Path,
    *,
    dtype: torch.dtype = torch.float32,
    device: str | torch.device = "cpu",
    device_map: str | Devices | None = None,
) -> OwlNetwork:
    """Load a network whose language model was trained by an adapter, merged: ``W + alpha / r · B @ A``.

    The official code keeps W and the two factors apart, each in bfloat16; merged in float32 and rounded once,
    the weights are those of the published merged judges. One weight at a time is merged.

    Parameters
    ----------
    base : Path
        Folder with config.json, and with the weights where the adapter's file has only its own. The official
        file holds the weights of the base too; then the base's own are not read.
    folder : Path
        With ``adapter_model.*``, ``model.safetensors`` or ``pytorch_model.bin``, the names as PEFT gives them
        (``base_model.model.…``, ``lora_A``, ``lora_B``). Rank and alpha are those of adapter_config.json,
        the official 32 and 32 where there is none.
    dtype, device, device_map
        As of :func:`videophy_lab.judges.owl.checkpoint.load_network`.

    Raises
    ------
    ValueError
        Files that are damaged or of something else, an adapter of another rank, network or kind.

    References
    ----------
    Hu et al. 2021, arXiv:2106.09685, section 4.1; github.com/Hritikbansal/videocon@9a69520,
    training/pipeline_video/entailment_inference.py.
    """
    config = OwlConfig.from_folder(base)
    adapter = read_adapter(folder)
    found = adapter.weights or read_tensors(find_weights(base))
    check_changes(adapter.changes, found, config, folder)
    return place_tensors(
        config,
        found,
        folder if adapter.weights else base,
        dtype=dtype,
        device=device,
        device_map=device_map,
        changes=adapter.changes,
    )


def read_adapter(folder: Path) -> Adapter:
    """Read an adapter's tensors and give them the network's own names.

    Raises
    ------
    ValueError
        Damaged files, tensors that are not PEFT's, half a change, another rank than stated.
    """
    tensors = read_tensors(find_adapter(folder))
    strangers = [name for name in tensors if not name.startswith(PREFIX)]
    if strangers:
        raise ValueError(
            f"{folder} holds tensors that are no adapter's ({list_some(strangers)}). Allowed: names that "
            f"begin with {PREFIX!r}. Remedy: give the adapter's file as published, alone in its folder."
        )
    weights: dict[str, torch.Tensor] = {}
    factors: dict[str, dict[str, torch.Tensor]] = defaultdict(dict)
    for name, tensor in tensors.items():
        factor = FACTOR.fullmatch(name)
        if factor is None:
            weights[name.removeprefix(PREFIX).replace(".base_layer.", ".")] = tensor
        else:
            factors[factor["module"].removeprefix(PREFIX)][factor["side"]] = tensor
    rank, alpha = read_settings(folder)
    check_factors(factors, rank, folder)
    changes = {
        f"{module}.weight": LowRank(sides["A"], sides["B"], alpha / rank) for module, sides in factors.items()
    }
    return Adapter(weights, changes)


def read_settings(folder: Path) -> tuple[int, float]:
    """Read rank and alpha, and refuse an adapter that changes weights in any other way.

    Raises
    ------
    ValueError
        adapter_config.json is no settings, or asks for more than ``W + alpha / r · B @ A``.
    """
    path = folder / SETTINGS
    if not path.is_file():
        return OFFICIAL_RANK, OFFICIAL_ALPHA
    try:
        stated: Any = json.loads(path.read_text("utf-8"))
        rank, alpha = int(stated["r"]), float(stated["lora_alpha"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} cannot be read as an adapter's settings ({error!r}). {FETCH_AGAIN}"
        ) from error
    odd = [f"{name}={stated[name]!r}" for name, plain in PLAIN.items() if stated.get(name) not in plain]
    if stated.get("peft_type", "LORA") != "LORA":
        odd.append(f"peft_type={stated['peft_type']!r}")
    if odd or rank < 1:
        raise ValueError(
            f"{path} states {', '.join(odd) or f'r={rank}'}; allowed is plain LoRA of rank 1 or more. "
            "Remedy: merge the adapter into its base with PEFT and give the merged checkpoint."
        )
    return rank, alpha


def check_factors(factors: Mapping[str, Mapping[str, torch.Tensor]], rank: int, folder: Path) -> None:
    """Make sure that every change has both factors, of the stated rank."""
    halves = [module for module, sides in factors.items() if len(sides) < 2]
    if halves or not factors:
        what = f"half a change ({list_some(halves)})" if halves else "no change (lora_A and lora_B)"
        raise ValueError(f"the adapter in {folder} has {what}. {FETCH_AGAIN}")
    bent = [
        f"{module} A {tuple(sides['A'].shape)}, B {tuple(sides['B'].shape)}"
        for module, sides in factors.items()
        if sides["A"].ndim != 2
        or sides["B"].ndim != 2
        or (sides["A"].shape[0], sides["B"].shape[1]) != (rank,) * 2
    ]
    if bent:
        raise ValueError(
            f"{len(bent)} of {len(factors)} changes in {folder} are not of rank {rank} ({list_some(bent)}). "
            f"Remedy: put the {SETTINGS} that belongs to the adapter, with its r and lora_alpha, beside it; "
            f"without one they are {OFFICIAL_RANK} and {OFFICIAL_ALPHA}."
        )


def check_changes(
    changes: Mapping[str, LowRank], found: Mapping[str, torch.Tensor], config: OwlConfig, folder: Path
) -> None:
    """Make sure that an adapter belongs to a network: its places, their shapes, and every layer alike."""
    layers: dict[str, set[int]] = defaultdict(set)
    faults = []
    for name, change in changes.items():
        target = TARGET.fullmatch(name.removesuffix(".weight"))
        shape = (change.up.shape[0], change.down.shape[1])
        if target is None or name not in found:
            faults.append(f"{name} is no place for it")
        elif shape != tuple(found[name].shape):
            faults.append(f"{name} is {tuple(found[name].shape)} and its change {shape}")
        else:
            layers[target["part"]].add(int(target["layer"]))
    every = set(range(config.text.num_hidden_layers))
    faults += [
        f"{part} is changed in {len(some)} of {len(every)} layers"
        for part, some in layers.items()
        if some != every
    ]
    if faults:
        raise ValueError(
            f"the adapter in {folder} does not fit its base: {list_some(faults)}. Allowed: the projections "
            "of attention and MLP in every layer of the language model. Remedy: give the base that it was "
            "trained on as base=…, or fetch the adapter's file again."
        )
