"""Likeness of a video's frames to the frame before and to the first, by two networks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from videophy_lab.judges.base import Card
from videophy_lab.metrics.base import check_frames
from videophy_lab.metrics.embedding import ClipMetric, DinoMetric, EmbeddingMetric


@dataclass(kw_only=True)
class ConsistencyMetric(EmbeddingMetric):
    """A metric of the likeness of frames' embeddings; undefined for fewer than two frames."""

    least_frames: ClassVar[int] = 2

    def measure(self, frames: np.ndarray) -> float:
        """Measure frames, uint8 RGB of shape (frames, height, width, 3); NaN for fewer than two."""
        check_frames(frames)
        if len(frames) < self.least_frames:
            return math.nan
        return consistency(self.embed_frames(frames))


@dataclass(kw_only=True)
class SubjectConsistency(ConsistencyMetric, DinoMetric):
    """Subject consistency as VBench defines it: likeness of frames in the eyes of DINO.

    Each frame is resized to a shorter side of 224 pixels (bilinear, no filter against aliases, not cropped)
    and embedded by DINO ViT-B/16's class token; see :func:`consistency` for the number. Any motion of the
    subject lowers it, and so does a cut.

    DINO is computed as its own code does, from the weights that are converted for transformers; see
    :func:`videophy_lab.metrics.embedding.load_dino`. VBench decodes with decord, and its total over videos is
    the mean over frames on one GPU and over videos on several; here a video has its own number.

    References
    ----------
    Huang et al. (2024), VBench, CVPR; github.com/Vchitect/VBench@45e79ec, vbench/subject_consistency.py.
    Caron et al. (2021), Emerging properties in self-supervised vision transformers, ICCV.
    """

    card: ClassVar[Card] = Card(
        name="subject_consistency",
        summary="Likeness of frames to the one before and the first by DINO (VBench's definition)",
        tasks=("subject_consistency",),
        scale="0–1, 1 for a still picture",
        weights="facebook/dino-vitb16",
        size="0.3 GB",
        licence="Apache-2.0",
        needs="judges",
    )


@dataclass(kw_only=True)
class BackgroundConsistency(ConsistencyMetric, ClipMetric):
    """Background consistency as VBench defines it: likeness of whole frames in the eyes of CLIP.

    Each frame is resized to a shorter side of 224 pixels (bicubic, no filter against aliases), cropped to the
    central square and embedded by CLIP ViT-B/32; see :func:`consistency` for the number. Nothing is cut out:
    the name says what the embedding is held to be sensitive to.

    VBench computes CLIP in 16 bits on a GPU, here it is in 32 unless `dtype` says otherwise.

    References
    ----------
    Huang et al. (2024), VBench, CVPR; github.com/Vchitect/VBench@45e79ec, vbench/background_consistency.py.
    Radford et al. (2021), Learning transferable visual models from natural language supervision, ICML.
    """

    card: ClassVar[Card] = Card(
        name="background_consistency",
        summary="Likeness of frames to the one before and the first by CLIP (VBench's definition)",
        tasks=("background_consistency",),
        scale="0–1, 1 for a still picture",
        weights="openai/clip-vit-base-patch32",
        size="0.6 GB",
        licence="MIT (CLIP's repository; its model card asks for research use)",
        needs="judges",
    )


def consistency(embeddings: np.ndarray) -> float:
    """Average the likeness of each frame but the first to the frame before it and to the first.

    ``s_t = (max(0, cos(f_t−1, f_t)) + max(0, cos(f_0, f_t))) / 2`` for t ≥ 1; the result is their mean.

    Parameters
    ----------
    embeddings : array, shape (frames, width)
        At least two rows.

    Returns
    -------
    float
        0–1; NaN where an embedding is not finite.
    """
    rows = embeddings.astype(np.float64)
    # 32 bits leave rows of length 1 a little too long or too short; none is divided by 0
    rows /= np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12)
    before = np.einsum("ij,ij->i", rows[:-1], rows[1:])
    first = rows[1:] @ rows[0]
    # numpy's maximum keeps NaN, which Python's max may hide
    return float(np.mean(np.maximum(before, 0) + np.maximum(first, 0)) / 2)
