"""The three networks of VideoCrafter2: the denoiser, the autoencoder, the text encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.embeddings import TimestepEmbedding
from diffusers.models.unets.unet_3d_condition import UNet3DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from videophy_lab.generators.videocrafter2_sizes import LATENT_CHANNELS, Sizes


class FpsUNet(UNet3DConditionModel):
    """The denoiser: diffusers' UNet in space and time, which is also told the frames a second.

    What is said of the frames a second is embedded like the time and added to it. Source:
    lvdm/modules/networks/openaimodel3d.py of AILab-CVC/VideoCrafter@11bcd76.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        width = self.conv_in.out_channels
        self.fps_embedding = TimestepEmbedding(width, 4 * width)

    def predict_noise(
        self, latents: torch.Tensor, level: int, text: torch.Tensor, fps: float
    ) -> torch.Tensor:
        """Predict the noise in latents.

        Parameters
        ----------
        latents : tensor, shape (videos, channels, frames, height, width)
        level : int
            Noise level.
        text : tensor, shape (videos, tokens, width)
        fps : float
            Frames a second.

        Returns
        -------
        tensor
            Of the shape and precision of the latents; the network runs in its own precision.
        """
        rate = self.time_proj(torch.full((len(latents),), fps, device=latents.device)).to(self.dtype)
        told = self.fps_embedding(rate)
        with self.time_embedding.register_forward_hook(lambda _module, _inputs, time: time + told):
            found = self(latents.to(self.dtype), level, text.to(self.dtype), return_dict=False)[0]
        return found.to(latents.dtype)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Networks:
    """Everything that runs.

    Attributes
    ----------
    unet : FpsUNet
    vae : AutoencoderKL
    text : CLIPTextModel
        Without its last layer.
    alphas, scales : array, shape (1000,)
        Of the sampler; see :mod:`videophy_lab.generators.videocrafter2_sampler`.
    """

    unet: FpsUNet
    vae: AutoencoderKL
    text: CLIPTextModel
    alphas: np.ndarray
    scales: np.ndarray


def build_unet(sizes: Sizes) -> FpsUNet:
    """Build the denoiser, with random weights."""
    plain = len(sizes.channels) - sizes.attended
    return FpsUNet(
        down_block_types=("CrossAttnDownBlock3D",) * sizes.attended + ("DownBlock3D",) * plain,
        up_block_types=("UpBlock3D",) * plain + ("CrossAttnUpBlock3D",) * sizes.attended,
        block_out_channels=sizes.channels,
        layers_per_block=sizes.layers,
        cross_attention_dim=sizes.context,
        attention_head_dim=sizes.head_width,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
    ).eval()


def build_vae(sizes: Sizes) -> AutoencoderKL:
    """Build the autoencoder, which is that of Stable Diffusion, with random weights."""
    levels = len(sizes.vae_channels)
    vae: AutoencoderKL = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=sizes.vae_channels,
        layers_per_block=sizes.vae_layers,
        latent_channels=LATENT_CHANNELS,
    )
    return vae.eval()


def build_text_encoder(sizes: Sizes) -> CLIPTextModel:
    """Build the text encoder of OpenCLIP's ViT-H without its last layer, with random weights."""
    config = CLIPTextConfig(
        vocab_size=sizes.vocabulary,
        hidden_size=sizes.context,
        intermediate_size=4 * sizes.context,
        projection_dim=sizes.context,
        num_hidden_layers=sizes.text_layers - 1,
        num_attention_heads=sizes.text_heads,
        max_position_embeddings=sizes.tokens,
        hidden_act="gelu",
        bos_token_id=sizes.vocabulary - 2,
        eos_token_id=sizes.vocabulary - 1,
    )
    encoder: CLIPTextModel = CLIPTextModel(config).eval()  # type: ignore[no-untyped-call]
    return encoder
