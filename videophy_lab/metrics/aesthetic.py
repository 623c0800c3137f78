"""How much people would like a video's frames as pictures, by LAION's heads on CLIP."""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from videophy_lab.extras import import_extra
from videophy_lab.judges.base import Card
from videophy_lab.metrics.base import check_frames
from videophy_lab.metrics.embedding import OWN_CLIP, ClipMetric, Preprocessing
from videophy_lab.metrics.network import EXTRA
from videophy_lab.places import hash_file
from videophy_lab.weights import (
    WeightFile,
    WeightsError,
    describe_absent_file,
    resolve_file,
)

if TYPE_CHECKING:
    import torch

Layers = list[tuple[np.ndarray, np.ndarray]]

CLIP_LICENCE = "CLIP MIT (its model card asks for research use)"
# the publishers give no checksums; these are of the files as the repositories hold them at these commits
HEAD_V1 = WeightFile(
    name="sa_0_4_vit_l_14_linear.pth",
    url="https://raw.githubusercontent.com/LAION-AI/aesthetic-predictor/"
    "6d122adad522ab246644d9dc1c6d7a3810ee255f/sa_0_4_vit_l_14_linear.pth",
    sha256="2cd4e60f4f24ae3bcd57b847b13c1f3ba27edc28cc1a7f9ce74ee9f421243cba",
    size=4071,
    option="aesthetic_quality.head",
)
HEAD_V2 = WeightFile(
    name="sac+logos+ava1-l14-linearMSE.pth",
    url="https://raw.githubusercontent.com/christophschuhmann/improved-aesthetic-predictor/"
    "6934dd81792f086e613a121dbce43082cb8be85e/sac%2Blogos%2Bava1-l14-linearMSE.pth",
    sha256="21dd590f3ccdc646f0d53120778b296013b096a035a2718c9cb0d511bff0f1e0",
    size=3714759,
    option="aesthetic_v2.head",
)


@dataclass(kw_only=True)
class AestheticMetric(ClipMetric):
    """A metric that puts a linear head on CLIP's embedding of each frame.

    Parameters
    ----------
    head : str
        File with the head's tensors; the published ones, fetched once, when empty.
    """

    head: str = ""
    _layers: Any = field(default=None, init=False, repr=False, compare=False)

    published: ClassVar[WeightFile]
    keys: ClassVar[tuple[str, ...]]
    unit: ClassVar[float]

    def find_absent(self) -> str:
        """Say which weights a run would have to fetch first, and how large they are."""
        parts = (super().find_absent(), describe_absent_file(self.published, self.head))
        return "; ".join(part for part in parts if part)

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a score; weights that are not here are fetched for it, not loaded."""
        head = hash_file(resolve_file(self.published, self.head))
        return {**super().describe(), "head": head}

    def prepare(self) -> None:
        """Load the head and the network, once.

        Raises
        ------
        ValueError
            Weights that cannot be found, fetched or used, that do not belong together, or a device that is
            not there.
        ImportError
            The extra ``judges`` is not installed.
        """
        if self._network is not None:
            return
        self._layers = read_head(resolve_file(self.published, self.head), self.keys)
        super().prepare()

    def load_network(self, folder: Path) -> torch.nn.Module:
        """Load CLIP's picture tower and projection; raise WeightsError where the head fits another one."""
        network: Any = super().load_network(folder)
        given, wanted = network.config.projection_dim, self._layers[0][0].shape[1]
        if given != wanted:
            raise WeightsError(
                f"the CLIP in {self.source} embeds into {given} numbers, and the head takes {wanted}. "
                f"Remedy: give the CLIP for which the head was fitted, {self.card.weights}."
            )
        loaded: torch.nn.Module = network
        return loaded

    def measure(self, frames: np.ndarray) -> float:
        """Measure frames, uint8 RGB of shape (frames, height, width, 3); NaN for none."""
        check_frames(frames)
        if not len(frames):
            return math.nan
        embeddings = self.embed_frames(frames)
        return float(apply_head(embeddings, self._layers).mean() * self.unit)


@dataclass(kw_only=True)
class AestheticQuality(AestheticMetric):
    """Aesthetic quality as VBench defines it: LAION's first head on CLIP, divided by 10.

    Each frame is resized to a shorter side of 224 pixels (bicubic on floats, no filter against aliases,
    overshoots kept), cropped to the central square, and embedded by CLIP ViT-L/14; the embedding is brought
    to length 1 and goes through one linear layer. The number is the mean over all frames, divided by 10, as
    the head was fitted to ratings up to 10; nothing bounds it.

    VBench decodes with decord and computes CLIP in 16 bits on a GPU; here it is in 32 unless `dtype` says
    otherwise. What other tools call LAION's aesthetic score is often the second head, :class:`AestheticV2`.

    References
    ----------
    Huang et al. (2024), VBench, CVPR; github.com/Vchitect/VBench@45e79ec, vbench/aesthetic_quality.py.
    github.com/LAION-AI/aesthetic-predictor@6d122ad.
    """

    card: ClassVar[Card] = Card(
        name="aesthetic_quality",
        summary="LAION's first aesthetic head on CLIP ViT-L/14, mean over frames (VBench's definition)",
        tasks=("aesthetic_quality",),
        scale="about 0–1 (raters' 0–10 divided by 10), not bounded",
        weights="openai/clip-vit-large-patch14",
        size="1.7 GB, and a head of 4 kB from LAION-AI/aesthetic-predictor",
        licence=f"{CLIP_LICENCE}; head MIT",
        needs="judges",
    )
    published: ClassVar[WeightFile] = HEAD_V1
    keys: ClassVar[tuple[str, ...]] = ("",)
    unit: ClassVar[float] = 0.1


@dataclass(kw_only=True)
class AestheticV2(AestheticMetric):
    """LAION's second aesthetic head (``sac+logos+ava1-l14-linearMSE``) on CLIP; not VBench's.

    As the predictor's own code, it sees each frame as CLIP resizes pictures: a shorter side of 224 pixels by
    bicubic interpolation with a filter against aliases, rounded to bytes, the central square. The embedding
    by CLIP ViT-L/14 is brought to length 1 and goes through five linear layers with nothing between them. The
    number is the mean over all frames of the raw score, which was fitted to ratings up to 10; nothing bounds
    it.

    References
    ----------
    github.com/christophschuhmann/improved-aesthetic-predictor@6934dd8, simple_inference.py.
    """

    card: ClassVar[Card] = Card(
        name="aesthetic_v2",
        summary="LAION's second aesthetic head (SAC, logos, AVA) on CLIP ViT-L/14, mean over frames",
        tasks=("aesthetic_v2",),
        scale="about 1–10, not bounded",
        weights="openai/clip-vit-large-patch14",
        size="1.7 GB, and a head of 3.7 MB from christophschuhmann/improved-aesthetic-predictor",
        licence=f"{CLIP_LICENCE}; head Apache-2.0",
        needs="judges",
    )
    preprocessing: ClassVar[Preprocessing] = OWN_CLIP
    published: ClassVar[WeightFile] = HEAD_V2
    keys: ClassVar[tuple[str, ...]] = tuple(f"layers.{number}." for number in (0, 2, 4, 6, 7))
    unit: ClassVar[float] = 1.0


def read_head(path: Path, keys: Sequence[str]) -> Layers:
    """Read the linear layers of a head; nothing but tensors is unpickled.

    Parameters
    ----------
    path : Path
    keys : sequence of str
        What stands before ``weight`` and ``bias`` of each layer, in order.

    Returns
    -------
    list of (array of shape (out, in), array of shape (out,))
        In 64 bits.

    Raises
    ------
    WeightsError
        The file is damaged, or holds something else.
    """
    torch = import_extra("torch", EXTRA)
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise WeightsError(f"{path} cannot be read as a head ({reason}). Remedy: fetch it again.") from error
    wanted = {f"{key}{part}" for key in keys for part in ("weight", "bias")}
    if not isinstance(found, dict) or set(found) != wanted:
        raise WeightsError(
            f"{path} is another head than this metric's: its tensors are not {', '.join(sorted(wanted))}. "
            "Remedy: give a file of the published form, or leave the option head out."
        )
    layers = [tuple(found[f"{key}{part}"].double().numpy() for part in ("weight", "bias")) for key in keys]
    check_layers(layers, path)
    return layers


def check_layers(layers: Sequence[tuple[np.ndarray, ...]], path: Path) -> None:
    """Check that layers fit each other and end in one number."""
    shapes = [(weight.shape, bias.shape) for weight, bias in layers]
    outs = [bias[0] for _, bias in shapes if len(bias) == 1]
    ins = [weight[1] for weight, _ in shapes if len(weight) == 2]
    fitting = len(outs) == len(ins) == len(layers) and ins[1:] == outs[:-1] and outs[-1] == 1
    if not fitting or any(weight[0] != bias[0] for weight, bias in shapes):
        raise WeightsError(
            f"{path} holds layers of the shapes {shapes}; each must take what the one before gives, and the "
            "last give one number. Remedy: give a file of the published form."
        )


def apply_head(embeddings: np.ndarray, layers: Layers) -> np.ndarray:
    """Put linear layers on embeddings, shape (n, width), in 64 bits; give shape (n,)."""
    values = embeddings.astype(np.float64)
    for weight, bias in layers:
        values = values @ weight.T + bias
    return values[:, 0]
