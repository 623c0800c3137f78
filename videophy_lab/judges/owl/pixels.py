"""From decoded frames to the numbers that the vision tower reads."""

from __future__ import annotations

import numpy as np
import torch

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


def make_table() -> np.ndarray:
    """Normalise each of the 256 values of each channel, shape (3, 256), float32.

    The steps and their precisions are the official ones: times 1/255 in float64, rounded to float32, minus
    the channel's mean and by its deviation in float32. A table gives the same bits as the steps.
    """
    scaled = (np.arange(256, dtype=np.uint8) * (1 / 255)).astype(np.float32)
    mean, std = np.array([CLIP_MEAN, CLIP_STD], np.float32)[..., None]
    table: np.ndarray = (scaled - mean) / std
    return table


def make_pixels(frames: np.ndarray) -> torch.Tensor:
    """Normalise the frames of a clip, to the bit as the official code does.

    Parameters
    ----------
    frames : array of uint8, shape (frames, height, width, 3)
        RGB, already resized to what the network reads (224 by 224 for the published judges).

    Returns
    -------
    tensor of float32, shape (3, frames, height, width)

    Raises
    ------
    ValueError
        Another dtype or shape, or no frame.

    References
    ----------
    transformers 4.28.1, CLIPImageProcessor (resize and crop do nothing at 224), as called by
    github.com/Hritikbansal/videophy@01d366c, VIDEOPHY2/mplug_owl_video/processing_mplug_owl.py.
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or not frames.size:
        raise ValueError(
            f"frames have dtype {frames.dtype} and shape {frames.shape}; they must be uint8 of shape "
            "(frames, height, width, 3), at least one. Remedy: decode with videophy_lab.video.decode_clip."
        )
    pixels = np.empty((3, *frames.shape[:3]), np.float32)
    for channel, values in enumerate(make_table()):
        np.take(values, frames[..., channel], out=pixels[channel])
    return torch.from_numpy(pixels)
