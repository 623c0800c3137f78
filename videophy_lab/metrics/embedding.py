"""Embeddings of frames by CLIP and by DINO, resized as VBench and as CLIP itself resize them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from types import MethodType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from videophy_lab.extras import import_extra
from videophy_lab.metrics.base import check_frames
from videophy_lab.metrics.network import EXTRA, NetworkMetric
from videophy_lab.weights import WeightsError, load_whole

if TYPE_CHECKING:
    import torch

SIDE = 224
# what a whole CLIP has beside its picture tower, and a ViT beside what its class token passes through
CLIP_REST = r"text_model\.|text_projection\.|logit_scale$"
VIT_REST = r"pooler\."
# of the original network; the settings published with the converted weights say 1e-12
DINO_EPSILON = 1e-6
POSITION_SHIFT = 0.1
REMEDY = "Remedy: give the folder or the repository of a whole checkpoint of this network."


@dataclass(frozen=True)
class Preprocessing:
    """How frames become what a network looks at.

    Attributes
    ----------
    mode : {"bicubic", "bilinear"}
        Interpolation that makes the shorter side 224 pixels.
    as_bytes : bool
        Filter against aliases and round to bytes, as Pillow resizes pictures. Without it, as torchvision
        resizes tensors of floats with ``antialias=False``: no filter, no rounding, and overshoots beyond
        0–255 stay.
    crop : bool
        Keep the central square.
    mean, std : tuple of float
        Of each channel on 0–1, that are taken off and divided by.
    """

    mode: str
    as_bytes: bool
    crop: bool
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __call__(self, frames: torch.Tensor) -> torch.Tensor:
        """Prepare frames, float32 of 0–255, shape (n, 3, height, width)."""
        size = find_size(*frames.shape[2:])
        if self.as_bytes:
            pixels = resize_as_bytes(frames, size, mode=self.mode)
        else:
            pixels = resize_frames(frames, size, mode=self.mode)
        if self.crop:
            pixels = crop_centre(pixels)
        mean, std = (pixels.new_tensor(values)[:, None, None] for values in (self.mean, self.std))
        return (pixels / 255 - mean) / std


CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
VBENCH_CLIP = Preprocessing("bicubic", as_bytes=False, crop=True, mean=CLIP_MEAN, std=CLIP_STD)
OWN_CLIP = Preprocessing("bicubic", as_bytes=True, crop=True, mean=CLIP_MEAN, std=CLIP_STD)
VBENCH_DINO = Preprocessing("bilinear", as_bytes=False, crop=False, mean=IMAGENET_MEAN, std=IMAGENET_STD)


@dataclass(kw_only=True)
class EmbeddingMetric(NetworkMetric):
    """A metric that is computed from an embedding of each frame."""

    preprocessing: ClassVar[Preprocessing]

    @abstractmethod
    def embed_pixels(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed prepared frames, shape (n, 3, height, width); give shape (n, width)."""

    def embed_frames(self, frames: np.ndarray) -> np.ndarray:
        """Embed frames.

        Parameters
        ----------
        frames : array of uint8, shape (frames, height, width, 3)
            RGB, at least one.

        Returns
        -------
        array of float32, shape (frames, width)
            Rows of length 1.
        """
        check_frames(frames)
        self.prepare()
        import torch

        dtype = next(self._network.parameters()).dtype
        with torch.inference_mode():
            parts = [
                self.embed_pixels(self.preprocessing(part).to(dtype)).float()
                for part in self.split_frames(frames)
            ]
            embeddings = torch.nn.functional.normalize(torch.cat(parts), dim=-1)
        found: np.ndarray = embeddings.cpu().numpy()
        return found


@dataclass(kw_only=True)
class ClipMetric(EmbeddingMetric):
    """A metric on CLIP's projected embedding of each frame."""

    preprocessing: ClassVar[Preprocessing] = VBENCH_CLIP

    def load_network(self, folder: Path) -> torch.nn.Module:
        """Load CLIP's picture tower and its projection from a folder with these or with all of CLIP."""
        network: torch.nn.Module = load_clip(folder)
        return network

    def embed_pixels(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed prepared frames, shape (n, 3, 224, 224); give shape (n, width)."""
        embeddings: torch.Tensor = self._network(pixel_values=pixels).image_embeds
        return embeddings


@dataclass(kw_only=True)
class DinoMetric(EmbeddingMetric):
    """A metric on DINO's class token after the last layer norm."""

    preprocessing: ClassVar[Preprocessing] = VBENCH_DINO

    def load_network(self, folder: Path) -> torch.nn.Module:
        """Load DINO."""
        network: torch.nn.Module = load_dino(folder)
        return network

    def embed_pixels(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed prepared frames, shape (n, 3, height, width); give shape (n, width)."""
        found = self._network(pixel_values=pixels, interpolate_pos_encoding=True)
        embeddings: torch.Tensor = found.last_hidden_state[:, 0]
        return embeddings


def find_size(height: int, width: int) -> tuple[int, int]:
    """Give the size whose shorter side is 224, the longer one cut to whole pixels, as torchvision does."""
    longer = int(SIDE * max(height, width) / min(height, width))
    return (longer, SIDE) if width <= height else (SIDE, longer)


def resize_frames(
    frames: torch.Tensor, size: tuple[int, int], *, mode: str, antialias: bool = False
) -> torch.Tensor:
    """Resize frames, float of shape (n, 3, height, width), as ``torchvision.transforms.Resize`` does."""
    import torch

    return torch.nn.functional.interpolate(
        frames, size=size, mode=mode, align_corners=False, antialias=antialias
    )


def resize_as_bytes(frames: torch.Tensor, size: tuple[int, int], *, mode: str) -> torch.Tensor:
    """Resize frames, float of shape (n, 3, height, width), as Pillow does: along, rounded, down, rounded.

    Of random bytes, one value in a thousand or fewer differed from Pillow 13's, by one grey level.
    """
    for part in ((frames.shape[2], size[1]), size):
        frames = resize_frames(frames, part, mode=mode, antialias=True).round().clamp(0, 255)
    return frames


def crop_centre(frames: torch.Tensor) -> torch.Tensor:
    """Crop the central square of 224 pixels; of two that are equally central, as torchvision chooses."""
    top, left = (round((side - SIDE) / 2) for side in frames.shape[2:])
    return frames[..., top : top + SIDE, left : left + SIDE]


def load_clip(folder: Path) -> Any:
    """Load CLIP's picture tower with its projection.

    Raises
    ------
    WeightsError
        The folder holds another network.
    """
    transformers: Any = import_extra("transformers", EXTRA)
    network = load_whole(
        transformers.CLIPVisionModelWithProjection, folder, what="CLIP", remedy=REMEDY, unused=CLIP_REST
    )
    if network.config.image_size != SIDE:
        raise WeightsError(
            f"the CLIP in {folder} looks at pictures of {network.config.image_size} pixels, and the metric "
            f"is defined on {SIDE}. Remedy: give another checkpoint, such as openai/clip-vit-large-patch14."
        )
    return network


def load_dino(folder: Path) -> Any:
    """Load DINO so that it computes what its own code computes.

    That code interpolates the positions of other than square pictures with sides that are 0.1 patches too
    long, and its layer norms add 1e-6; transformers interpolates to the exact sides, and the settings
    published with the converted weights add 1e-12.

    Raises
    ------
    WeightsError
        The folder holds another network.

    References
    ----------
    github.com/facebookresearch/dino@7c446df, vision_transformer.py.
    """
    transformers: Any = import_extra("transformers", EXTRA)
    network = load_whole(
        transformers.ViTModel,
        folder,
        what="DINO",
        remedy=REMEDY,
        unused=VIT_REST,
        add_pooling_layer=False,
        layer_norm_eps=DINO_EPSILON,
    )
    network.embeddings.interpolate_pos_encoding = MethodType(interpolate_positions, network.embeddings)
    return network


def interpolate_positions(embeddings: Any, tokens: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Interpolate the learned positions of a square of patches to another picture, as DINO does.

    It stands in for the method of transformers' ``ViTEmbeddings``: `tokens` are not looked at, `height` and
    `width` are the picture's in pixels, and the shape is (1, 1 + patches, width).
    """
    import torch

    learned: torch.Tensor = embeddings.position_embeddings
    if height == width == embeddings.image_size[0]:
        return learned
    side = round((learned.shape[1] - 1) ** 0.5)
    grid = learned[:, 1:].float().reshape(1, side, side, -1).permute(0, 3, 1, 2)
    sides = [pixels // embeddings.patch_size + POSITION_SHIFT for pixels in (height, width)]
    grid = torch.nn.functional.interpolate(grid, scale_factor=[new / side for new in sides], mode="bicubic")
    found: torch.Tensor = torch.cat(
        [learned[:, :1], grid.flatten(2).transpose(1, 2).to(learned.dtype)], dim=1
    )
    return found
