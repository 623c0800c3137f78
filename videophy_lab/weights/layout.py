"""Which files make a checkpoint, and where a folder has them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

# safetensors before pickles, wherever a folder or a repository has both
SINGLE_FILES = ("model.safetensors", "pytorch_model.bin")
WEIGHT_PATTERNS = ("model*.safetensors", "pytorch_model*.bin")
INDICES = "*.index.json"
FETCH_AGAIN = "Remedy: fetch the file again; an interrupted download leaves such files."


class WeightsError(ValueError):
    """Weights cannot be found or fetched; the message names them, the reason and the remedy."""


@dataclass(frozen=True)
class Layout:
    """The files of a checkpoint beside its weights.

    Attributes
    ----------
    required : tuple of str
        Files without which it is none.
    settings : tuple of str
        Patterns of the files that are fetched with the weights, the required ones included.
    by_hand : tuple of str
        Patterns that suffice for who fetches it by hand; all of the repository where there are none.
    """

    required: tuple[str, ...]
    settings: tuple[str, ...]
    by_hand: tuple[str, ...] = ()

    def find_weights(self, folder: Path) -> list[Path]:
        """Find the files that hold the weights; raise WeightsError where some are not there."""
        return find_weights(folder)

    def find_settings(self, folder: Path) -> list[Path]:
        """Find the other files that decide what the checkpoint is."""
        return sorted({path for pattern in self.settings for path in folder.glob(pattern)})

    def list_missing(self, folder: Path) -> list[str]:
        """Name the files that a folder lacks."""
        return list_missing(folder, self)

    def list_local_patterns(self) -> list[str]:
        """List patterns of files that were fetched if anything was; the weights are looked at later."""
        return list_setting_patterns(self)

    def choose_patterns(self, files: list[str]) -> list[str]:
        """Choose what of a repository's files to fetch."""
        return choose_patterns(files, self)


TRANSFORMERS = Layout(("config.json",), ("*.json", "*.model", "*.jinja", "merges.txt", "vocab.txt"))


def find_weights(folder: Path) -> list[Path]:
    """Find the files that hold a checkpoint's weights, safetensors before pickles.

    Raises
    ------
    WeightsError
        No weights, a shard that the index names and the folder lacks, an index that names a file elsewhere.
    """
    for name in SINGLE_FILES:
        index = folder / f"{name}.index.json"
        if index.is_file():
            return find_shards(index)
        if (folder / name).is_file():
            return [folder / name]
    adapter = "The folder has an adapter: merge it into its base model first. "
    hint = adapter if any(folder.glob("adapter_model.*")) else ""
    names = ", ".join(f"{name} or {name}.index.json" for name in SINGLE_FILES)
    raise WeightsError(
        f"{folder} has no weights; looked for {names}. {hint}Remedy: give the checkpoint's folder."
    )


def find_shards(index: Path) -> list[Path]:
    """Find the files that an index names, beside it."""
    files = read_index(index)
    outside = [str(path) for path in files if path.parent != Path() or path.name in ("", "..")]
    if outside:
        raise WeightsError(
            f"{index} names the file {outside[0]!r}, which is not in its folder; weights are read from there "
            "only. Remedy: fetch the checkpoint from a source you trust."
        )
    missing = [path.name for path in files if not (index.parent / path).is_file()]
    if missing:
        raise WeightsError(
            f"{index.parent} lacks {len(missing)} of {len(files)} files that {index.name} names: "
            f"{', '.join(missing[:3])}. Remedy: fetch the rest of the checkpoint."
        )
    return [index.parent / path for path in files]


def read_index(index: Path) -> list[Path]:
    """Read the names of the files that an index puts tensors into."""
    try:
        return sorted({Path(name) for name in json.loads(index.read_text("utf-8"))["weight_map"].values()})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{index} cannot be read as an index ({error!r}). {FETCH_AGAIN}") from error


def list_missing(folder: Path, layout: Layout = TRANSFORMERS) -> list[str]:
    """Name the files that a checkpoint lacks; an interrupted download lacks some."""
    missing = [name for name in layout.required if not (folder / name).is_file()]
    for name in SINGLE_FILES:
        if (folder / name).is_file():
            return missing
        index = folder / f"{name}{INDICES.removeprefix('*')}"
        if index.is_file():
            return missing + [str(shard) for shard in read_index(index) if not (folder / shard).is_file()]
    return [*missing, " or ".join(SINGLE_FILES)]


def list_setting_patterns(layout: Layout) -> list[str]:
    """List the patterns of all files but the weights."""
    return [*layout.settings, INDICES]


def choose_patterns(files: list[str], layout: Layout) -> list[str]:
    """Choose what of a repository's files to fetch: the settings, and one form of the weights."""
    forms = [form for form in WEIGHT_PATTERNS if any(fnmatch(name, form) for name in files)]
    return [*list_setting_patterns(layout), *forms[:1]]
