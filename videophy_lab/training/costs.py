"""What a training would take: weights, memory, disk and hours, with what these numbers assume."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from videophy_lab.extras import import_extra
from videophy_lab.judges.autoeval import AutoEval
from videophy_lab.training.checkpoints import KEPT

if TYPE_CHECKING:
    from videophy_lab.judges.base_network import NetworkScorer
    from videophy_lab.training.settings import Settings

# of a machine's rate in large products of matrices, what trainings usually reach
UTILISATION = 0.4
OWL_TOKENS, OWL_FRAME_TOKENS = 165, 257
# a video of 480 by 720 pixels, one token a 28 by 28 square of two frames, and the words of a question
VIDEO_PIXELS, SQUARE, WORDS = 480 * 720, 28 * 28, 100
TRAINED_BYTES = 16
# an adapter's number in float32, and its two moments beside it in a checkpoint
ADAPTER_BYTES, STATE_BYTES = 4, 12


@dataclass(frozen=True)
class Sizes:
    """How large a network is.

    Attributes
    ----------
    n_frozen, n_trained, n_vision : int
        Numbers: of the base, of the adapter, of what looks at the video.
    layers, hidden, intermediate : int
        Of the language model.
    tokens, vision_tokens : int
        Of a question with its video, and of a video in the vision tower.
    encoded_once : bool
        Whether the vision tower sees a video once, or in every step.
    """

    n_frozen: int
    n_trained: int
    n_vision: int
    layers: int
    hidden: int
    intermediate: int
    tokens: int
    vision_tokens: int
    encoded_once: bool


@dataclass(frozen=True)
class Cost:
    """What a training would take on this machine, one process.

    Attributes
    ----------
    sizes : Sizes
    memory_gb : float
    n_videos : int
    clip_mb : float
        What is kept of a video; NaN where that is not known.
    written_gb : float
        Of checkpoints, adapter and the merged judge; what is kept of the videos comes on top.
    free_gb : float
        On the disk.
    hours : float
    device : str
    teraflops : float
        Measured on this device.
    """

    sizes: Sizes
    memory_gb: float
    n_videos: int
    clip_mb: float
    written_gb: float
    free_gb: float
    hours: float
    device: str
    teraflops: float


def measure_sizes(judge: NetworkScorer, settings: Settings) -> Sizes:
    """Measure a judge's network by its configuration; no weights are read."""
    import torch

    with torch.device("meta"):
        return measure_owl(judge, settings) if isinstance(judge, AutoEval) else measure_vlm(judge, settings)


def measure_owl(judge: Any, settings: Settings) -> Sizes:
    """Measure the network of AutoEval."""
    from videophy_lab.judges.owl.config import OwlConfig
    from videophy_lab.judges.owl.network import OwlNetwork
    from videophy_lab.training.networks.owl import TARGETS

    config = OwlConfig.from_folder(judge.find_folder())
    network = OwlNetwork(config)
    text = config.text
    vision = count_numbers(network.vision_model) + count_numbers(network.abstractor)
    return Sizes(
        count_numbers(network), count_adapter(network, TARGETS, settings.rank), vision,
        text.num_hidden_layers, text.hidden_size, text.intermediate_size, OWL_TOKENS,
        judge.frames * OWL_FRAME_TOKENS, True,
    )  # fmt: skip


def measure_vlm(judge: Any, settings: Settings) -> Sizes:
    """Measure a vision-language model."""
    from videophy_lab.training.networks.vlm import find_language_model, find_targets

    transformers: Any = import_extra("transformers", "judges")
    config = transformers.AutoConfig.from_pretrained(judge.find_folder(), local_files_only=True)
    model = transformers.AutoModelForImageTextToText.from_config(config)
    text = model.config.get_text_config()
    vision = count_numbers(model) - count_numbers(find_language_model(model)[1])
    pixels = min(max(VIDEO_PIXELS, judge.min_pixels), judge.max_pixels)
    tokens = max(1, judge.frames // 2) * pixels // SQUARE
    return Sizes(
        count_numbers(model), count_adapter(model, find_targets(model), settings.rank), vision,
        text.num_hidden_layers, text.hidden_size, text.intermediate_size, tokens + WORDS, 4 * tokens, False,
    )  # fmt: skip


def count_numbers(module: Any) -> int:
    """Count the weights of a module."""
    return sum(weight.numel() for weight in module.parameters())


def count_adapter(network: Any, targets: str, rank: int) -> int:
    """Count the numbers of an adapter."""
    import re

    return sum(
        rank * sum(module.weight.shape)
        for name, module in network.named_modules()
        if re.fullmatch(targets, name)
    )


def estimate_cost(
    sizes: Sizes,
    settings: Settings,
    *,
    n_train: int,
    n_stop: int,
    n_videos: int,
    clip_bytes: int | None,
    free_bytes: int,
    dtype: str,
    device: str,
) -> Cost:
    """Estimate memory, disk and time on this machine.

    A step takes 4 operations a weight of the language model and token (forward, and backward through what is
    frozen), 6 with checkpointing; a look at stop examples and the vision tower take 2.
    """
    rate = measure_rate(dtype, device)
    per_weight = 6 if settings.gradient_checkpointing else 4
    n_steps = settings.count_steps(n_train)
    n_seen = settings.count_seen(n_train)
    n_looked = n_stop * (1 + n_steps // settings.evaluate_every)
    language = sizes.n_frozen - sizes.n_vision
    n_watched = n_videos if sizes.encoded_once else n_seen + n_looked
    work = language * sizes.tokens * (per_weight * n_seen + 2 * n_looked)
    work += 2 * sizes.n_vision * sizes.vision_tokens * n_watched
    width = 2 if dtype == "bf16" else 4
    # inputs of the adapter's seven places in float32, and what the frozen layers keep
    kept = 4 * (6 * sizes.hidden + sizes.intermediate) + width * (8 * sizes.hidden + 3 * sizes.intermediate)
    layers = 1 if settings.gradient_checkpointing else sizes.layers
    between = width * sizes.hidden * sizes.layers if settings.gradient_checkpointing else 0
    activations = settings.micro_batch * sizes.tokens * (layers * kept + between)
    memory = width * sizes.n_frozen + TRAINED_BYTES * sizes.n_trained + activations
    return Cost(
        sizes=sizes,
        memory_gb=memory / 1e9,
        n_videos=n_videos,
        clip_mb=math.nan if clip_bytes is None else clip_bytes / 1e6,
        written_gb=estimate_written(sizes, settings) / 1e9,
        free_gb=free_bytes / 1e9,
        hours=work / (rate * UTILISATION) / 3600,
        device=device,
        teraflops=rate / 1e12,
    )


def estimate_written(sizes: Sizes, settings: Settings) -> int:
    """Estimate the bytes of checkpoints with the best weights that they name, of adapter and merged judge."""
    checkpoints = KEPT * STATE_BYTES + (KEPT + 1) * ADAPTER_BYTES
    merged = sizes.n_frozen * (2 if settings.export_dtype == "bf16" else 4)
    return sizes.n_trained * (checkpoints + ADAPTER_BYTES) + merged


def measure_rate(dtype: str, device: str) -> float:
    """Measure how many operations a second a device does in a large product of matrices."""
    import torch

    from videophy_lab.devices import DTYPES

    size = 1024 if device == "cpu" else 8192
    matrix = torch.ones(size, size, dtype=getattr(torch, DTYPES[dtype]), device=device)
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        float((matrix @ matrix)[0, 0])
        times.append(time.perf_counter() - begun)
    return 2 * size**3 / min(times)
