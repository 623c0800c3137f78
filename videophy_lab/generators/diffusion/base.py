"""What all generators on diffusers share: loading, texts, seeds, frames and failures."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.devices import choose_device
from videophy_lab.generators.base import GeneratorStoppedError, Made, Order, choose_text
from videophy_lab.generators.diffusion.frames import is_out_of_memory, shorten_reason, to_pixels
from videophy_lab.generators.diffusion.loading import import_modules, load_pipeline, quiet_diffusers
from videophy_lab.generators.diffusion.options import DiffusionOptions
from videophy_lab.generators.diffusion.placing import (
    choose_way,
    measure_free,
    place_pipeline,
    store_in_fp8,
    weigh_networks,
)
from videophy_lab.generators.diffusion.texts import Count, count_tokens, describe_counts, find_worst
from videophy_lab.weights.pipelines import count_numbers

if TYPE_CHECKING:
    import numpy as np

MEMORY_REMEDY = (
    "-o offload=model, group or sequential keeps less of it on the GPU, -o fp8=true halves the transformer, "
    "-o tiling=true decodes in parts; fewer frames or a smaller height and width take less of everything"
)


@dataclass(frozen=True)
class Text:
    """An order with its text, and how its encoders see that."""

    order: Order
    text: str
    counts: Mapping[str, Count]


@dataclass(kw_only=True)
class DiffusionGenerator(DiffusionOptions):
    """A text-to-video pipeline of diffusers; its defaults are the settings of its authors."""

    _pipe: Any = field(default=None, init=False, repr=False, compare=False)
    _made: int = field(default=0, init=False, repr=False, compare=False)

    def prepare(self) -> None:
        """Load the pipeline and put it on its device, once.

        Raises
        ------
        ValueError
            Weights that cannot be found, fetched or used; a device that is not there or too small.
        ImportError
            The extra ``diffusion`` is not installed.
        """
        if self._pipe is not None:
            return
        import_modules()
        device, dtypes = choose_device(self.device), self.choose_dtypes()
        if device == "cpu" and self.offload not in ("auto", "none"):
            raise ValueError(
                f"offload is {self.offload!r}, and there is nothing to offload from on a CPU. Remedy: leave "
                "it at auto, or run on a machine with a GPU."
            )
        given = self.make_parts()
        folder = self.find_folder()
        pipe = load_pipeline(folder, self.pipeline, dtypes, **given)
        with quiet_diffusers():
            self.adjust_pipeline(pipe)
        if self.tiling:
            pipe.vae.enable_tiling()
        if self.batch_size > 1:
            pipe.vae.enable_slicing()
        if self.fp8:
            store_in_fp8(pipe, dtypes)
        try:
            place_pipeline(pipe, device, self.choose_offload(folder, device))
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise ValueError(
                f"{self.specs.name} does not fit on {device} ({shorten_reason(error)}). "
                f"Remedy: {MEMORY_REMEDY}."
            ) from error
        self._pipe = pipe

    def choose_offload(self, folder: Path, device: str) -> str:
        """Choose how much of the pipeline lies on the GPU at a time."""
        if device == "cpu":
            return "none"
        if self.offload != "auto":
            return self.offload
        sizes = weigh_networks(count_numbers(folder), self.choose_dtypes(), fp8=self.fp8)
        default = self.network.count_tokens(*(getattr(self.specs, n) for n in ("frames", "height", "width")))
        scale = self.network.count_tokens(self.frames, self.height, self.width) / default * self.batch_size
        return choose_way(measure_free(device), sizes, self.room * scale)

    def make_parts(self) -> dict[str, Any]:
        """Make the parts of the pipeline that its folder does not have."""
        return {}

    def adjust_pipeline(self, pipe: Any) -> None:
        """Set what the authors set after loading, such as the sampler."""

    def count_text(self, text: str) -> dict[str, Count]:
        """Count a text's tokens for each encoder; T5 is the only one of most."""
        limit = self.specs.text_limit or 0
        return {"t5": count_tokens(self._pipe.tokenizer, text, limit)}

    def write_call(self, texts: Sequence[str], generators: Sequence[Any]) -> dict[str, Any]:
        """Write the call of the pipeline."""
        return {
            "prompt": list(texts),
            "negative_prompt": [self.negative_prompt] * len(texts) if self.negative_prompt else None,
            "height": self.height,
            "width": self.width,
            "num_frames": self.frames,
            "num_inference_steps": self.steps,
            "guidance_scale": self.guidance,
            "generator": list(generators),
            "output_type": "np",
        }

    def make(self, orders: Sequence[Order], *, folder: Path) -> Iterable[tuple[Order, Made]]:
        """Make the videos of at most `batch_size` orders.

        Where they cannot be made together they are made one by one, so that one takes no other with it.

        Raises
        ------
        GeneratorStoppedError
            The memory is too small for a single video, and none was made before.
        """
        self.prepare()
        texts = []
        for order in orders:
            try:
                text = choose_text(order, self.captions, preferred=self.specs.captions)
            except ValueError as error:
                yield order, Made(error=str(error))
            else:
                texts.append(Text(order, text, self.count_text(text)))
        yield from self.make_together(texts)

    def make_together(self, texts: Sequence[Text]) -> Iterator[tuple[Order, Made]]:
        """Make several videos in one call, or one by one where that fails."""
        if not texts:
            return
        started = time.perf_counter()
        reason: Exception
        try:
            frames = self.run(texts)
        except Exception as error:  # networks and their safety checkers raise anything
            reason = error
        else:
            seconds = (time.perf_counter() - started) / len(texts)
            for text, own in zip(texts, frames, strict=True):
                yield text.order, self.write_made(text, own, seconds)
            return
        if len(texts) > 1:
            for text in texts:
                yield from self.make_together([text])
        else:
            yield texts[0].order, self.write_failure(texts[0], reason)

    def run(self, texts: Sequence[Text]) -> np.ndarray:
        """Run the pipeline; every video has a random generator of its own, on the CPU as on any device."""
        import torch

        generators = [torch.Generator("cpu").manual_seed(text.order.seed) for text in texts]
        with quiet_diffusers():
            made = self._pipe(**self.write_call([text.text for text in texts], generators))
        frames: np.ndarray = made.frames
        return frames

    def write_made(self, text: Text, frames: np.ndarray, seconds: float) -> Made:
        """Write down one video."""
        try:
            pixels = to_pixels(frames)
        except ValueError as error:
            return Made(text=text.text, error=str(error), seconds=seconds)
        self._made += 1
        worst = find_worst(text.counts)
        return Made(
            frames=pixels,
            fps=self.fps,
            text=text.text,
            tokens=worst.tokens,
            truncated=worst.truncated,
            settings=self.describe_video(text),
            seconds=seconds,
        )

    def describe_video(self, text: Text) -> dict[str, Any]:
        """Give what decided one video beside the description."""
        return describe_counts(text.counts) if len(text.counts) > 1 else {}

    def write_failure(self, text: Text, error: Exception) -> Made:
        """Write down why there is no video; raise GeneratorStoppedError where there will be none."""
        reason = shorten_reason(error)
        if not is_out_of_memory(error):
            return Made(text=text.text, error=reason)
        self.free_memory()
        said = f"the memory is too small for one video ({reason}). Remedy: {MEMORY_REMEDY}."
        if not self._made:
            raise GeneratorStoppedError(said) from error
        return Made(text=text.text, error=said)

    def free_memory(self) -> None:
        """Give back what a failed video took of the GPU."""
        import torch

        if torch.cuda.is_available():
            torch.cuda.empty_cache()
