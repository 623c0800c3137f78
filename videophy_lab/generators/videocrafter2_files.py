"""Where the files of VideoCrafter2 are: the checkpoint, what it may lack, and the tokenizer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from videophy_lab.weights import Layout, WeightsError, fingerprint_files, resolve_checkpoint
from videophy_lab.weights.hub import find_local_checkpoint

PUBLISHED = "VideoCrafter/VideoCrafter2"
PORT = "adamdad/videocrafterv2_diffusers"
TOKENIZER = "openai/clip-vit-large-patch14"
# GB that follow from the numbers in them, in single precision
SIZES = {PUBLISHED: "7.4 GB", PORT: "5.7 GB", TOKENIZER: "1.4 MB"}
UNET_STEM = "diffusion_pytorch_model"


@dataclass(frozen=True)
class ChoiceLayout(Layout):
    """Files of which one choice is enough.

    Attributes
    ----------
    choices : tuple of tuple of str
        Sets of files; the first one of which all are there is taken.
    """

    choices: tuple[tuple[str, ...], ...] = ()

    def choose_files(self, names: set[str]) -> tuple[str, ...]:
        """Take the first choice that is among names; empty where there is none."""
        return next((choice for choice in self.choices if names.issuperset(choice)), ())

    def list_names(self) -> set[str]:
        """List the files of all choices."""
        return {name for choice in self.choices for name in choice}

    def find_weights(self, folder: Path) -> list[Path]:
        """Find the files of the first choice that is whole; raise WeightsError where none is."""
        chosen = self.choose_files({name for name in self.list_names() if (folder / name).is_file()})
        if not chosen:
            raise WeightsError(f"{folder} lacks {self.describe()}. Remedy: fetch them, or give their folder.")
        return [folder / name for name in chosen]

    def find_settings(self, folder: Path) -> list[Path]:
        """Find nothing: all files stand in the choices."""
        return []

    def list_missing(self, folder: Path) -> list[str]:
        """Say what a folder lacks."""
        there = {name for name in self.list_names() if (folder / name).is_file()}
        return [] if self.choose_files(there) else [self.describe()]

    def choose_patterns(self, files: list[str]) -> list[str]:
        """Choose the files to fetch; where no choice is whole, those that there are."""
        return list(self.choose_files(set(files)) or self.list_names())

    def describe(self) -> str:
        """Name all choices."""
        return ", or ".join(" with ".join(choice) for choice in self.choices)


def make_layout(*choices: tuple[str, ...]) -> ChoiceLayout:
    """Make a layout of choices."""
    names = sorted({name for choice in choices for name in choice})
    return ChoiceLayout(required=choices[0], settings=tuple(names), choices=choices)


CHECKPOINT = make_layout(
    ("model.ckpt",),
    ("model.safetensors",),
    *((f"{folder}{UNET_STEM}.{ending}",) for ending in ("safetensors", "bin") for folder in ("", "unet/")),
)
PARTS = make_layout(
    *(
        ("vae/config.json", f"vae/{UNET_STEM}.{vae}", "text_encoder/config.json", f"text_encoder/{text}")
        for vae in ("safetensors", "bin")
        for text in ("model.safetensors", "pytorch_model.bin")
    )
)
WORDS = make_layout(("vocab.json", "merges.txt"), ("tokenizer/vocab.json", "tokenizer/merges.txt"))


@dataclass(frozen=True)
class Wanted:
    """Where the user wants the files to come from; folders or repositories of the hub, empty for our choice.

    Attributes
    ----------
    checkpoint : str
        It may be a file.
    revision : str
        Of the checkpoint's repository.
    parts : str
        With ``vae`` and ``text_encoder``, for a checkpoint that has the denoiser only.
    tokenizer : str
        With vocab.json and merges.txt.
    """

    checkpoint: str = ""
    revision: str = ""
    parts: str = ""
    tokenizer: str = ""


@dataclass(frozen=True)
class Found:
    """The files on this machine.

    Attributes
    ----------
    network : Path
        The file of the denoiser, with or without the rest.
    parts : Path, optional
        Folder of ``vae`` and ``text_encoder`` in the layout of diffusers; None where the file has them too.
    tokenizer : Path
        Folder.
    """

    network: Path
    parts: Path | None
    tokenizer: Path

    def fingerprint(self) -> dict[str, str]:
        """Name the content of all files, by what they are for."""
        found = {"network": [self.network], "tokenizer": WORDS.find_weights(self.tokenizer)}
        found |= {} if self.parts is None else {"parts": PARTS.find_weights(self.parts)}
        return {what: fingerprint_files(paths) for what, paths in found.items()}


def find_files(wanted: Wanted) -> Found:
    """Find all files; what is not here is fetched.

    Raises
    ------
    WeightsError
        Something cannot be found or fetched.
    """
    network = find_network(wanted)
    parts = None
    if network.name.startswith(UNET_STEM):
        parts = find_parts(network, wanted.parts)
    beside = [*list_folders(network), *([parts] if parts else [])]
    return Found(network, parts, find_tokenizer(beside, wanted.tokenizer))


def find_network(wanted: Wanted) -> Path:
    """Find the file of the checkpoint."""
    given = Path(wanted.checkpoint).expanduser()
    if wanted.checkpoint and given.is_file():
        return given
    name = wanted.checkpoint or PUBLISHED
    layout = replace(CHECKPOINT, by_hand=("model.ckpt",)) if name == PUBLISHED else CHECKPOINT
    folder = resolve_checkpoint(name, wanted.revision, layout=layout)
    return CHECKPOINT.find_weights(folder)[0]


def list_folders(network: Path) -> Iterator[Path]:
    """Give the folders in which a checkpoint's other files may lie."""
    yield network.parent
    if network.parent.name == "unet":
        yield network.parent.parent


def find_parts(network: Path, given: str) -> Path:
    """Find the folder with the autoencoder and the text encoder."""
    if given:
        folder = resolve_checkpoint(given, layout=PARTS)
        PARTS.find_weights(folder)
        return folder
    for folder in list_folders(network):
        if not PARTS.list_missing(folder):
            return folder
    raise WeightsError(
        f"{network} has the denoiser only: the autoencoder and the text encoder are not with it. Remedy: "
        f"take the authors' checkpoint, {PUBLISHED}, which has all; or name a pipeline of diffusers that has "
        "Stable Diffusion's autoencoder and OpenCLIP's ViT-H as vae and text_encoder: "
        "-o parts=FOLDER_OR_REPOSITORY, such as cerspense/zeroscope_v2_576w (licence CC BY-NC 4.0)"
    )


def find_tokenizer(beside: list[Path], given: str) -> Path:
    """Find the folder of the tokenizer: the one given, or beside the weights, or from the hub."""
    if not given:
        for folder in beside:
            if not WORDS.list_missing(folder):
                return WORDS.find_weights(folder)[0].parent
    try:
        folder = resolve_checkpoint(given or TOKENIZER, layout=WORDS)
        return WORDS.find_weights(folder)[0].parent
    except WeightsError as error:
        # its remedy is about weights
        reason = str(error).split(" Remedy: ")[0].removesuffix(".")
        raise WeightsError(
            f"VideoCrafter2 has no tokenizer: {reason}. Remedy: CLIP's vocab.json and merges.txt are needed, "
            "beside the checkpoint or as -o tokenizer=FOLDER; where there is a network, type\n"
            f"  hf download {TOKENIZER} vocab.json merges.txt --local-dir FOLDER"
        ) from error


def describe_absent_files(wanted: Wanted) -> str:
    """Say what a run would have to fetch first, and how large it is; empty when all is here."""
    given = Path(wanted.checkpoint).expanduser()
    beside: list[Path] = []
    absent = []
    if wanted.checkpoint and given.is_file():
        beside += list_folders(given)
    else:
        name = wanted.checkpoint or PUBLISHED
        folder = find_local_checkpoint(name, wanted.revision, layout=CHECKPOINT)
        beside += [] if folder is None else list_folders(CHECKPOINT.find_weights(folder)[0])
        absent += [] if folder is not None else [describe_source("weights", name)]
    if wanted.parts:
        folder = find_local_checkpoint(wanted.parts, layout=PARTS)
        beside += [] if folder is None else [folder]
        absent += [] if folder is not None else [describe_source("weights", wanted.parts)]
    if wanted.tokenizer or all(WORDS.list_missing(folder) for folder in beside):
        name = wanted.tokenizer or TOKENIZER
        if find_local_checkpoint(name, layout=WORDS) is None:
            absent.append(describe_source("tokenizer", name))
    return ", and ".join(absent)


def describe_source(what: str, name: str) -> str:
    """Say what is fetched, from where, and how large it is."""
    return f"the {what} {name}, {SIZES.get(name, 'size not known')}, from the hub"
