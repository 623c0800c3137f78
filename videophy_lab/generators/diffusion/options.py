"""Options of the generators on diffusers, and what can be said of a run before anything is loaded."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from videophy_lab.devices import DTYPES, choose_dtype
from videophy_lab.generators.base import CAPTIONS, Generator, Order, Specs, check_length
from videophy_lab.generators.diffusion.costs import describe_hours
from videophy_lab.generators.diffusion.placing import WAYS
from videophy_lab.generators.diffusion.shapes import Network
from videophy_lab.weights import PIPELINE, describe_absent, fingerprint_folder, resolve_checkpoint
from videophy_lab.weights.hub import find_local_checkpoint


@dataclass(kw_only=True)
class DiffusionOptions(Generator):
    """A text-to-video pipeline of diffusers; its defaults are the settings of its authors.

    Parameters
    ----------
    checkpoint : str
        Folder or repository of the hub with the pipeline; that of the specs when empty.
    revision : str
        Commit, branch or tag of the repository.
    device : str
        ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:1``.
    dtype : {"auto", "bf16", "fp16", "fp32"}
        Precision; ``auto`` is the authors', part by part, on CUDA, and fp32 on a CPU. A part that the authors
        keep in fp32 stays in it.
    height, width, frames : int
        Of a video.
    fps : float
        Frames a second of the file; a network that is told of it is told.
    steps : int
        Of the sampler.
    guidance : float
        Scale of the guidance; 1 is none.
    negative_prompt : str
        What the guidance leads away from; the pipeline's own when empty.
    captions : {"auto", "original", "upsampled"}
        Which text is given; ``auto`` is the choice of the specs.
    batch_size : int
        Videos made together; they are the same as one by one but for rounding.
    offload : {"auto", "none", "model", "group", "sequential"}
        What waits in the CPU's memory while it does not run; ``auto`` looks at the free memory of the GPU.
    tiling : bool
        Decode in overlapping parts, which takes less memory and can leave traces at their borders.
    fp8 : bool
        Keep the transformer in fp8 and compute in `dtype`.
    tflops : float
        Tera operations a second that a GPU is assumed to do, for the estimate of hours only.

    Attributes
    ----------
    pipeline : str
        Class of diffusers.
    precisions : mapping of part to precision
        The authors'.
    network : Network
    room : float
        Bytes on the GPU that one video of the default size is assumed to need beside the weights; for the
        choice of `offload` only.
    """

    checkpoint: str = ""
    revision: str = ""
    device: str = "auto"
    dtype: Literal["auto", "bf16", "fp16", "fp32"] = "auto"
    height: int = 480
    width: int = 720
    frames: int = 49
    fps: float = 8.0
    steps: int = 50
    guidance: float = 6.0
    negative_prompt: str = ""
    captions: Literal["auto", "original", "upsampled"] = "auto"
    batch_size: int = 1
    offload: Literal["auto", "none", "model", "group", "sequential"] = "auto"
    tiling: bool = False
    fp8: bool = False
    tflops: float = 400.0
    _chosen: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    _told: bool = field(default=False, init=False, repr=False, compare=False)

    specs: ClassVar[Specs]
    pipeline: ClassVar[str]
    precisions: ClassVar[Mapping[str, str]] = {"default": "bf16"}
    network: ClassVar[Network]
    room: ClassVar[float] = 12e9

    def __post_init__(self) -> None:
        self.check_allowed(dtype=("auto", *DTYPES), captions=CAPTIONS, offload=WAYS)
        for name in ("steps", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1.")
        for name in ("guidance", "tflops"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0.")
        self.network.check_frames(self.frames)
        self.network.check_side("height", self.height)
        self.network.check_side("width", self.width)
        self.check_seconds()

    def check_allowed(self, **allowed: Sequence[str]) -> None:
        """Check options against the words that each may be; raise ValueError that lists them."""
        for name, words in allowed.items():
            if getattr(self, name) not in words:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}. Allowed: {', '.join(map(repr, words))}."
                )

    def check_seconds(self) -> None:
        """Check that a video is as short as the benchmark's."""
        check_length(self.frames, self.fps)

    @property
    def source(self) -> str:
        """Give the folder or the repository of the weights."""
        return self.checkpoint or self.specs.weights

    @property
    def guided(self) -> bool:
        """Say whether every step runs the network a second time, without the text."""
        return self.guidance > 1

    def choose_dtypes(self) -> dict[str, str]:
        """Give the precision of every part; once chosen it goes along to other processes and machines."""
        if not self._chosen:
            chosen = choose_dtype(self.dtype, self.device)
            if self.dtype == "auto" and chosen != "fp32":
                self._chosen = dict(self.precisions)
            else:
                pinned = {name: dtype for name, dtype in self.precisions.items() if dtype == "fp32"}
                self._chosen = {"default": chosen} | pinned
        return self._chosen

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a video; weights that are not here are fetched for it, not loaded."""
        names = ("height", "width", "frames", "fps", "steps", "guidance", "negative_prompt", "tiling", "fp8")
        return {
            "generator": self.specs.name,
            "pipeline": self.pipeline,
            "weights": fingerprint_folder(self.find_folder(), PIPELINE),
            "dtype": dict(self.choose_dtypes()),
            "captions": self.specs.captions if self.captions == "auto" else self.captions,
            **{name: getattr(self, name) for name in names},
            **self.describe_more(),
        }

    def describe_more(self) -> dict[str, Any]:
        """Give what decides a video beside the options that all have."""
        return {}

    def find_absent(self) -> str:
        """Say which weights a run would have to fetch first, and how large they are."""
        return describe_absent(self.source, self.revision, layout=PIPELINE)

    def write_terms(self) -> str:
        """Write the licence of the weights and what it forbids or demands."""
        limits = f": {self.specs.limits}" if self.specs.limits else ""
        return f"licence {self.specs.licence}{limits}"

    def find_folder(self) -> Path:
        """Find the folder of the weights; they are fetched if need be, once their terms have been shown."""
        local = find_local_checkpoint(self.source, self.revision, layout=PIPELINE)
        if local is None and not self._told:
            self._told = True
            sys.stderr.write(f"{self.specs.name}: {self.write_terms()}\n")
        return local or resolve_checkpoint(self.source, self.revision, layout=PIPELINE)

    def describe_cost(self, orders: Sequence[Order]) -> str:
        """Say how many GPU hours these videos take, and on what that rests."""
        tokens = self.network.count_tokens(self.frames, self.height, self.width)
        passes = self.steps * (2 if self.guided else 1)
        operations = self.network.count_operations(tokens) * passes
        return describe_hours(len(orders), operations, tokens=tokens, passes=passes, tflops=self.tflops)
