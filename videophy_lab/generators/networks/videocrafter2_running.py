"""Run VideoCrafter2: texts to embeddings, noise to latents, latents to frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from videophy_lab.generators.networks.videocrafter2 import Networks
from videophy_lab.generators.videocrafter2_sampler import Step
from videophy_lab.generators.videocrafter2_sizes import LATENT_CHANNELS, LATENT_SCALE


def encode_texts(networks: Networks, ids: Sequence[Sequence[int]]) -> torch.Tensor:
    """Turn tokens into embeddings, shape (texts, tokens, width): the last layer but one, normalised.

    No token is masked: the denoiser sees those that fill a text up, too.
    """
    given = torch.tensor(ids, device=networks.text.device)
    embedded: torch.Tensor = networks.text(input_ids=given).last_hidden_state
    return embedded


def draw_noise(
    generators: Sequence[torch.Generator], shape: Sequence[int], device: torch.device
) -> torch.Tensor:
    """Draw noise for each video from its own generator, so that none depends on the others of its batch."""
    return torch.stack([torch.randn(shape, generator=generator) for generator in generators]).to(device)


def sample_latents(
    networks: Networks,
    text: torch.Tensor,
    empty: torch.Tensor,
    seeds: Sequence[int],
    *,
    steps: Sequence[Step],
    size: tuple[int, int, int],
    guidance: float,
    fps: float,
) -> torch.Tensor:
    """Make latents of noise, step by step.

    Parameters
    ----------
    networks : Networks
    text : tensor, shape (videos, tokens, width)
    empty : tensor, shape (1, tokens, width)
        Embedding of the empty text, from which guidance leads away.
    seeds : sequence of int
        One a video; numbers are drawn on the CPU, so that they are the same on every device.
    steps : sequence of Step
    size : tuple of int
        Frames, height and width of the latents.
    guidance : float
        1 is none, and takes half the time.
    fps : float
        What the network is told of the frames a second.

    Returns
    -------
    tensor, shape (videos, channels, frames, height, width)
    """
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    shape = (LATENT_CHANNELS, *size)
    nothing = empty.expand_as(text)
    latents = draw_noise(generators, shape, text.device)
    for step in steps:
        predicted = networks.unet.predict_noise(latents, step.level, text, fps)
        if guidance != 1:
            unguided = networks.unet.predict_noise(latents, step.level, nothing, fps)
            predicted = unguided + guidance * (predicted - unguided)
        latents = step.take(latents, predicted, draw_noise(generators, shape, text.device))
    return latents


def decode_latents(networks: Networks, latents: torch.Tensor) -> np.ndarray:
    """Turn one video's latents, shape (channels, frames, height, width), into frames.

    Frame by frame, as the authors do; brightness is cut down to whole numbers, not rounded.

    Returns
    -------
    array of uint8, shape (frames, height, width, 3)
    """
    frames = []
    for latent in latents.unbind(1):
        picture = networks.vae.decode(latent[None] / LATENT_SCALE, return_dict=False)[0][0]
        bright = (picture.clamp(-1, 1) + 1) / 2 * 255
        frames.append(bright.to(torch.uint8).permute(1, 2, 0).cpu().numpy())
    return np.stack(frames)
