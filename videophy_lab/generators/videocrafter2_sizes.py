"""How large the networks of VideoCrafter2 are."""

from __future__ import annotations

from dataclasses import dataclass

# numbers of one latent pixel, and what they are multiplied by before they are decoded
LATENT_CHANNELS, LATENT_SCALE = 4, 0.18215


@dataclass(frozen=True)
class Sizes:
    """Sizes of the three networks; as published unless said otherwise.

    Sources: configs/inference_t2v_512_v2.0.yaml of AILab-CVC/VideoCrafter@11bcd76, and ViT-H-14 of OpenCLIP.

    Attributes
    ----------
    channels : tuple of int
        Of the denoiser's levels, finest first; each level halves height and width.
    attended : int
        Levels with attention, counted from the finest.
    layers : int
        Residual blocks of a level on the way down; there is one more on the way up.
    head_width : int
        Of the denoiser's attention.
    context : int
        Width of the text encoder.
    vae_channels : tuple of int
        Of the autoencoder's levels, finest first.
    vae_layers : int
    text_layers : int
        Of the text encoder; the last one is not used.
    text_heads : int
    vocabulary : int
    tokens : int
        Of a text, marks of start and end included.
    """

    channels: tuple[int, ...] = (320, 640, 1280, 1280)
    attended: int = 3
    layers: int = 2
    head_width: int = 64
    context: int = 1024
    vae_channels: tuple[int, ...] = (128, 256, 512, 512)
    vae_layers: int = 2
    text_layers: int = 24
    text_heads: int = 16
    vocabulary: int = 49408
    tokens: int = 77

    @property
    def shrinking(self) -> int:
        """Give how many pixels a latent pixel is wide."""
        return 1 << (len(self.vae_channels) - 1)

    @property
    def pixel_step(self) -> int:
        """Give what height and width must be multiples of."""
        return self.shrinking << (len(self.channels) - 1)
