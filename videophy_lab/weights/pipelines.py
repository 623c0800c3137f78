"""Checkpoints of diffusers: ``model_index.json``, and a folder for each network, tokenizer and sampler."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

from videophy_lab.weights.layout import FETCH_AGAIN, Layout, WeightsError, find_shards, read_index

INDEX = "model_index.json"
NETWORK_SETTINGS = "config.json"
LIBRARIES = ("diffusers", "transformers")
# what is no network, by a word in the name of its class, and the file that it cannot be without
OTHER_SETTINGS = {
    "Scheduler": "scheduler_config.json",
    "Tokenizer": "tokenizer_config.json",
    "Guidance": "guider_config.json",
    "Processor": "preprocessor_config.json",
}
# diffusers' own networks and those of transformers, safetensors before pickles
SINGLE_FILES = (
    "diffusion_pytorch_model.safetensors",
    "model.safetensors",
    "diffusion_pytorch_model.bin",
    "pytorch_model.bin",
)
SHARDS = "{}-[0-9]*-of-[0-9]*.{}"
SETTINGS = ("*.json", "*.model", "*.txt", "*.jinja")
VARIANTS = ("*.index.*.json", "*fp16*", "*bf16*", "*ema*")


@dataclass(frozen=True)
class PipelineLayout(Layout):
    """The files of a pipeline: those of every folder that its index names."""

    def find_weights(self, folder: Path) -> list[Path]:
        """Find the weights of all networks, in one form each.

        Raises
        ------
        WeightsError
            A network without weights, or not all of its shards.
        """
        found = []
        for name in list_networks(folder):
            weights = find_network(folder / name)
            if not weights:
                raise WeightsError(
                    f"{folder / name} has no weights; looked for {' or '.join(SINGLE_FILES)}, or shards with "
                    "an index. Remedy: fetch the whole checkpoint, or give its folder."
                )
            found += weights
        return found

    def find_settings(self, folder: Path) -> list[Path]:
        """Find the settings of the pipeline and of the parts that its index names."""
        parts = [folder / name for name in read_pipeline(folder) if (folder / name).is_dir()]
        found = {path for part in parts for pattern in SETTINGS for path in part.glob(pattern)}
        kept = {path for path in found if not any(fnmatch(path.name, pattern) for pattern in VARIANTS)}
        return sorted({folder / INDEX} | kept)

    def list_missing(self, folder: Path) -> list[str]:
        """Name the files that a pipeline lacks; an interrupted download lacks some."""
        if not (folder / INDEX).is_file():
            return [INDEX]
        missing = []
        for name, (_, kind) in read_pipeline(folder).items():
            settings = name_settings(kind)
            if not (folder / name / settings).is_file():
                missing.append(f"{name}/{settings}")
            if settings == NETWORK_SETTINGS:
                missing += [f"{name}/{file}" for file in list_missing_weights(folder / name)]
        return missing

    def list_local_patterns(self) -> list[str]:
        """List the index alone: settings of other folders, which are not fetched, would be missed."""
        return [INDEX]

    def choose_patterns(self, files: list[str]) -> list[str]:
        """Choose what to fetch: settings, and one form of each network's weights.

        Left out are pickles beside safetensors, variants in another precision, and checkpoints in the
        authors' own form, which lie beside the folders.
        """
        chosen = [name for name in files if name == INDEX]
        for folder in sorted({name.split("/")[0] for name in files if name.count("/") == 1}):
            own = [PurePosixPath(name).name for name in files if PurePosixPath(name).parts[:-1] == (folder,)]
            wanted = [name for name in own if any(fnmatch(name, pattern) for pattern in SETTINGS)]
            wanted = [name for name in wanted if not any(fnmatch(name, pattern) for pattern in VARIANTS)]
            is_part = any(name in own for name in (NETWORK_SETTINGS, *OTHER_SETTINGS.values()))
            chosen += [f"{folder}/{name}" for name in [*wanted, *choose_weights(own)] if is_part]
        return chosen or [INDEX]


PIPELINE = PipelineLayout(required=(INDEX,), settings=(INDEX,), by_hand=(INDEX, "*/*"))


def read_pipeline(folder: Path) -> dict[str, tuple[str, str]]:
    """Read which parts of diffusers and transformers a pipeline has, each with its library and class.

    Raises
    ------
    WeightsError
        No index, or one that cannot be read.
    """
    parts = {
        name: (str(part[0]), str(part[1]))
        for name, part in read_entries(folder).items()
        if isinstance(part, list) and len(part) == 2 and part[0] in LIBRARIES and part[1]
    }
    outside = [name for name in parts if PurePosixPath(name).name != name or name in ("", "..")]
    if outside:
        raise WeightsError(
            f"{folder / INDEX} names the part {outside[0]!r}, which is no folder beside it. Remedy: fetch "
            "the checkpoint from a source you trust."
        )
    return parts


def read_entries(folder: Path) -> Mapping[str, Any]:
    """Read the index of a pipeline."""
    path = folder / INDEX
    try:
        entries = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise WeightsError(
            f"{folder} has no {INDEX}. Remedy: give the folder of a pipeline of diffusers; checkpoints in "
            "the authors' own form have another repository, often with Diffusers in its name."
        ) from error
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read ({error!r}). {FETCH_AGAIN}") from error
    if not isinstance(entries, dict):
        raise WeightsError(f"{path} is no index of a pipeline. {FETCH_AGAIN}")
    return entries


def name_settings(kind: str) -> str:
    """Name the file that a part of a class cannot be without."""
    return next((file for word, file in OTHER_SETTINGS.items() if word in kind), NETWORK_SETTINGS)


def list_networks(folder: Path) -> list[str]:
    """List the parts of a pipeline that have weights."""
    return [
        name for name, (_, kind) in read_pipeline(folder).items() if name_settings(kind) == NETWORK_SETTINGS
    ]


def find_network(folder: Path) -> list[Path]:
    """Find the files of one network's weights; empty where there are none."""
    for name in SINGLE_FILES:
        if (folder / f"{name}.index.json").is_file():
            return find_shards(folder / f"{name}.index.json")
        if (folder / name).is_file():
            return [folder / name]
    return []


def list_missing_weights(folder: Path) -> list[str]:
    """Name the files of one network's weights that are not there."""
    for name in SINGLE_FILES:
        index = folder / f"{name}.index.json"
        if index.is_file():
            return [str(shard) for shard in read_index(index) if not (folder / shard).is_file()]
        if (folder / name).is_file():
            return []
    return [" or ".join(SINGLE_FILES)]


def choose_weights(names: list[str]) -> list[str]:
    """Choose one form of a network's weights among the names of a folder's files."""
    for single in SINGLE_FILES:
        if f"{single}.index.json" in names:
            stem, _, ending = single.rpartition(".")
            return [name for name in names if fnmatch(name, SHARDS.format(stem, ending))]
        if single in names:
            return [single]
    return []


def count_numbers(folder: Path) -> dict[str, int]:
    """Count the numbers in each network's weights, from the heads of its files; a pickle's by its size."""
    return {name: sum(map(count_file, find_network(folder / name))) for name in list_networks(folder)}


def count_file(path: Path) -> int:
    """Count the numbers in a file of weights."""
    if path.suffix != ".safetensors":
        return path.stat().st_size // 2
    return sum(read_sizes(path))


def read_sizes(path: Path) -> Iterator[int]:
    """Read the number of elements of each tensor in the head of a safetensors file."""
    with path.open("rb") as file:
        try:
            (length,) = struct.unpack("<Q", file.read(8))
            head = json.loads(file.read(min(length, path.stat().st_size)))
        except (struct.error, ValueError) as error:
            raise WeightsError(f"{path} is no safetensors file ({error!r}). {FETCH_AGAIN}") from error
    for name, tensor in head.items():
        if name != "__metadata__":
            size = 1
            for side in tensor["shape"]:
                size *= side
            yield size
