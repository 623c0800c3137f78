"""VideoCrafter2: text to 1.6 seconds of video, by the authors' own sampler."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from videophy_lab.devices import DTYPES, choose_device
from videophy_lab.extras import import_extra
from videophy_lab.generators.base import (
    CAPTIONS,
    Generator,
    GeneratorStoppedError,
    Made,
    Order,
    Specs,
    check_length,
    choose_text,
)
from videophy_lab.generators.videocrafter2_costs import describe_hours
from videophy_lab.generators.videocrafter2_files import (
    PUBLISHED,
    Found,
    Wanted,
    describe_absent_files,
    find_files,
)
from videophy_lab.generators.videocrafter2_sampler import check_steps, plan_steps
from videophy_lab.generators.videocrafter2_sizes import Sizes
from videophy_lab.generators.videocrafter2_tokens import EXTRA, fill_up, load_tokenizer, tokenise

if TYPE_CHECKING:
    import numpy as np

MODULES = ("torch", "transformers", "diffusers", "ftfy")
AUTHORS_DTYPE = "fp32"
NOT_FINITE = "the network gave numbers that are not finite. Remedy: -o dtype=fp32."


@dataclass(kw_only=True)
class VideoCrafter2(Generator):
    """Make videos with VideoCrafter2 as its authors' script does: DDIM with a scaled picture, guidance 12.

    The networks are those of diffusers and transformers, filled from the authors' checkpoint. Noise is drawn
    on the CPU, a generator a video, so a seed gives the same video alone or in a batch, up to rounding.

    Parameters
    ----------
    checkpoint : str
        The authors' file, a folder, or a repository of the hub, ``VideoCrafter/VideoCrafter2`` when empty; or
        the port of the denoiser, ``adamdad/videocrafterv2_diffusers``, which needs `parts`.
    revision : str
        Commit, branch or tag of that repository.
    parts : str
        Folder or repository with ``vae`` and ``text_encoder``, where the checkpoint has the denoiser only.
    tokenizer : str
        Folder or repository with CLIP's vocab.json and merges.txt; when empty they are looked for beside the
        checkpoint, and then on the hub.
    device : str
        ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:1``.
    dtype : {"auto", "bf16", "fp16", "fp32"}
        Precision of the denoiser; ``auto`` is the authors', fp32. The rest is small and always runs in fp32.
    height, width : int
        Multiples of 64.
    frames : int
    fps : float
        At which videos are written.
    conditional_fps : int
        What the network is told of the frames a second.
    steps : int
        A divisor of 1000.
    eta : float
        From 0, no noise in a step, to 1.
    guidance : float
        Scale of classifier-free guidance; 1 is none.
    captions : {"auto", "original", "upsampled"}
        ``auto`` is the original one: 77 tokens are read.
    batch_size : int
        Videos of one pass.
    tflops : float
        Tera operations a second that a GPU is assumed to do, for the estimate of hours only; 0 is our guess.
    """

    checkpoint: str = ""
    revision: str = ""
    parts: str = ""
    tokenizer: str = ""
    device: str = "auto"
    dtype: str = "auto"
    height: int = 320
    width: int = 512
    frames: int = 16
    fps: float = 10.0
    conditional_fps: int = 28
    steps: int = 50
    eta: float = 1.0
    guidance: float = 12.0
    captions: str = "auto"
    batch_size: int = 1
    tflops: float = 0.0
    _networks: Any = field(default=None, init=False, repr=False, compare=False)
    _words: Any = field(default=None, init=False, repr=False, compare=False)

    sizes: ClassVar[Sizes] = Sizes()
    specs: ClassVar[Specs] = Specs(
        name="videocrafter2",
        summary="VideoCrafter2 (2024): latent diffusion, 16 frames",
        source="diffusers UNet3DConditionModel with the frames a second, and the authors' DDIM",
        weights=PUBLISHED,
        size="7.4 GB",
        licence="Apache-2.0",
        limits="the authors' README allows personal, research and non-commercial use only",
        needs=EXTRA,
        dtype=AUTHORS_DTYPE,
        height=320,
        width=512,
        frames=16,
        fps=10.0,
        steps=50,
        guidance=12.0,
        text_limit=77,
        captions="original",
        memory="12 GB",
    )

    def __post_init__(self) -> None:
        words = {"dtype": ("auto", *DTYPES), "captions": CAPTIONS}
        for name, allowed in words.items():
            if getattr(self, name) not in allowed:
                said = ", ".join(map(repr, allowed))
                raise ValueError(f"{name} is {getattr(self, name)!r}. Allowed: {said}.")
        for name in ("batch_size", "conditional_fps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1.")
        step = self.sizes.pixel_step
        for name in ("height", "width"):
            if getattr(self, name) < step or getattr(self, name) % step:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be a multiple of {step}.")
        if not 0 <= self.eta <= 1:
            raise ValueError(f"eta is {self.eta}; it must be from 0 to 1.")
        if not 1 <= self.guidance < math.inf:
            raise ValueError(f"guidance is {self.guidance}; it must be at least 1.")
        if not 0 <= self.tflops < math.inf:
            raise ValueError(f"tflops is {self.tflops}; it must be above 0, or 0 for our guess.")
        check_steps(self.steps)
        check_length(self.frames, self.fps)

    @property
    def wanted(self) -> Wanted:
        """Give where the files are to come from."""
        return Wanted(self.checkpoint, self.revision, self.parts, self.tokenizer)

    @property
    def precision(self) -> str:
        """Give the precision of the denoiser."""
        return AUTHORS_DTYPE if self.dtype == "auto" else self.dtype

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a video; weights that are not here are fetched for it, not loaded."""
        for module in MODULES:
            import_extra(module, EXTRA)
        return {
            "generator": self.specs.name,
            "weights": self.find_files().fingerprint(),
            "sampler": "DDIM, scaled picture",
            "steps": self.steps,
            "eta": self.eta,
            "guidance": self.guidance,
            "size": [self.frames, self.height, self.width],
            "fps": self.fps,
            "conditional_fps": self.conditional_fps,
            "dtype": self.precision,
            "captions": self.specs.captions if self.captions == "auto" else self.captions,
        }

    def find_absent(self) -> str:
        """Say which files a run would have to fetch first, how large they are, and on what terms."""
        absent = describe_absent_files(self.wanted)
        if not absent.startswith("the weights"):
            return absent
        return f"{absent}; licence {self.specs.licence}: {self.specs.limits}"

    def find_files(self) -> Found:
        """Find all files; they are fetched if need be, once it has been said what, and on which terms."""
        absent = self.find_absent()
        if absent:
            sys.stderr.write(f"{self.specs.name} lacks {absent}\n")
        return find_files(self.wanted)

    def describe_cost(self, orders: Sequence[Order]) -> str:
        """Estimate GPU hours from the operations of the networks."""
        latent = self.frames * (self.height // self.sizes.shrinking) * (self.width // self.sizes.shrinking)
        passes = self.steps * (1 if self.guidance == 1 else 2)
        return describe_hours(len(orders), latent, passes, dtype=self.precision, tflops=self.tflops)

    def prepare(self) -> None:
        """Load the networks and the tokenizer, once.

        Raises
        ------
        ValueError
            Files that cannot be found, fetched or used, or a device that is not there.
        ImportError
            The extra ``diffusion`` is not installed.
        """
        if self._networks is not None:
            return
        for module in MODULES:
            import_extra(module, EXTRA)
        import torch

        from videophy_lab.generators.networks.videocrafter2_loading import load_networks

        device = choose_device(self.device)
        found = self.find_files()
        words = load_tokenizer(found.tokenizer, self.sizes.vocabulary)
        dtype = getattr(torch, DTYPES[self.precision])
        self._networks = load_networks(found, self.sizes, device=device, dtype=dtype)
        self._words = words

    def make(self, orders: Sequence[Order], *, folder: Path) -> Iterator[tuple[Order, Made]]:
        """Make the videos of a batch; an order without the caption that is demanded keeps no other back.

        Raises
        ------
        GeneratorStoppedError
            The memory of the device is too small.
        """
        self.prepare()
        texts: dict[int, str] = {}
        for number, order in enumerate(orders):
            try:
                texts[number] = choose_text(order, self.captions, preferred=self.specs.captions)
            except ValueError as error:
                yield order, Made(error=str(error))
        if not texts:
            return
        ids = {number: tokenise(self._words, text) for number, text in texts.items()}
        videos = self.sample([orders[number].seed for number in ids], list(ids.values()))
        for number, video in zip(ids, videos, strict=True):
            said = Made(
                text=texts[number],
                tokens=len(ids[number]),
                truncated=max(0, len(ids[number]) - self.sizes.tokens),
            )
            if video is None:
                yield orders[number], replace(said, error=NOT_FINITE)
            else:
                yield orders[number], replace(said, frames=video, fps=self.fps)

    def sample(self, seeds: Sequence[int], ids: Sequence[Sequence[int]]) -> list[np.ndarray | None]:
        """Make one video for each text; None where its numbers are not finite."""
        import torch

        from videophy_lab.generators.networks.videocrafter2_running import (
            decode_latents,
            encode_texts,
            sample_latents,
        )

        networks, shrinking = self._networks, self.sizes.shrinking
        filled = [fill_up(each, self.sizes.tokens) for each in [*ids, tokenise(self._words, "")]]
        try:
            with torch.inference_mode():
                embedded = encode_texts(networks, filled)
                latents = sample_latents(
                    networks,
                    embedded[:-1],
                    embedded[-1:],
                    seeds,
                    steps=plan_steps(self.steps, self.eta, networks.alphas, networks.scales),
                    size=(self.frames, self.height // shrinking, self.width // shrinking),
                    guidance=self.guidance,
                    fps=self.conditional_fps,
                )
                whole = latents.isfinite().flatten(1).all(1).tolist()
                return [
                    decode_latents(networks, each) if finite else None
                    for each, finite in zip(latents, whole, strict=True)
                ]
        except torch.OutOfMemoryError as error:
            raise GeneratorStoppedError(
                f"the memory of the device is too small for {len(seeds)} videos of {self.frames} frames of "
                f"{self.width}x{self.height} in {self.precision} ({error}). Remedy: -o batch_size=1, "
                "-o dtype=fp16, or a smaller size."
            ) from error
