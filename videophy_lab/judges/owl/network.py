"""The mPLUG-Owl-video network: a video becomes 65 embeddings in the prompt of a LLaMA language model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from videophy_lab.judges.owl.abstractor import Abstractor
from videophy_lab.judges.owl.config import OwlConfig, TextConfig
from videophy_lab.judges.owl.vision import VisionTower

MEDIA_TOKEN = -2
MEDIA_LENGTH = 65
BOS = 1
EOS = 2


class ExactRotaryEmbedding(LlamaRotaryEmbedding):
    """Rotary positions whose frequencies stay exact when the network is cast to another precision.

    Frequencies rounded to bfloat16 turn far positions by radians: the official code under newer libraries
    loses a logit's first decimal to it.
    """

    def _apply(
        self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True
    ) -> ExactRotaryEmbedding:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        with torch.device("cpu"):
            exact, _ = self.compute_default_rope_parameters(self.config)
        # copies on every device start from the same bits, computed on the CPU
        self.inv_freq = nn.Buffer(exact.to(self.inv_freq.device), persistent=False)
        self.original_inv_freq = nn.Buffer(self.inv_freq.clone(), persistent=False)
        return self


def make_language_model(config: TextConfig) -> LlamaForCausalLM:
    """Build the language model, its weights not yet set."""
    model = LlamaForCausalLM(
        LlamaConfig(
            hidden_size=config.hidden_size,
            intermediate_size=config.intermediate_size,
            num_hidden_layers=config.num_hidden_layers,
            num_attention_heads=config.num_attention_heads,
            vocab_size=config.vocab_size,
            max_position_embeddings=config.max_position_embeddings,
            rms_norm_eps=config.rms_norm_eps,
            bos_token_id=BOS,
            eos_token_id=EOS,
            tie_word_embeddings=False,
        )
    )
    model.set_attn_implementation("sdpa")
    model.model.rotary_emb = ExactRotaryEmbedding(model.config)
    return model


class OwlNetwork(nn.Module):
    """The network of VideoPhy-2-AutoEval and VideoCon-Physics; its state dict has the published keys.

    Parameters
    ----------
    config : OwlConfig

    Attributes
    ----------
    config : OwlConfig
    vision_model : VisionTower
    abstractor : Abstractor
    language_model : transformers.LlamaForCausalLM

    References
    ----------
    github.com/Hritikbansal/videophy@01d366c, VIDEOPHY2/mplug_owl_video; Ye et al. 2023, arXiv:2304.14178.
    """

    def __init__(self, config: OwlConfig) -> None:
        super().__init__()
        self.config = config
        queries = (1, config.num_query_tokens, config.abstractor.hidden_size)
        self.query_tokens = nn.Parameter(torch.zeros(queries))
        self.temporal_query_tokens = nn.Parameter(torch.zeros(queries))
        self.vision_model = VisionTower(config.vision)
        self.abstractor = Abstractor(config.abstractor, config.text.hidden_size)
        self.language_model = make_language_model(config.text)

    @property
    def device(self) -> torch.device:
        """Where videos and token ids are expected."""
        return self.query_tokens.device

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the weights."""
        return self.query_tokens.dtype

    def compile(self, *args: Any, **options: Any) -> None:
        """Compile what reads the video by ``torch.compile``, with its options; keys stay as they are."""
        self.vision_model.compile(*args, **options)
        self.abstractor.compile(*args, **options)

    def encode_videos(self, pixels: torch.Tensor) -> torch.Tensor:
        """Encode videos as embeddings of the language model.

        Parameters
        ----------
        pixels : tensor, shape (videos, 3, frames, height, width)
            Normalised by :func:`videophy_lab.judges.owl.pixels.make_pixels`, on any device, of any precision.

        Returns
        -------
        tensor, shape (videos, queries + 1, text width)
            65 embeddings a video in the published judges.

        Raises
        ------
        ValueError
            Pixels of another shape or size than the network reads.
        """
        size = self.config.vision.image_size
        if pixels.ndim != 5 or pixels.shape[1] != 3 or tuple(pixels.shape[3:]) != (size, size):
            raise ValueError(
                f"pixels have shape {tuple(pixels.shape)}; this network reads (videos, 3, frames, {size}, "
                f"{size}). Remedy: decode with size=({size}, {size}) and normalise with make_pixels."
            )
        video: torch.Tensor = self.vision_model(pixels.to(self.device, self.dtype))
        queries, temporal = (
            tokens.to(video.device) for tokens in (self.query_tokens, self.temporal_query_tokens)
        )
        media: torch.Tensor = self.abstractor(queries, temporal, video)
        return media.to(self.device)

    def embed(self, ids: torch.Tensor, media: torch.Tensor | None = None) -> torch.Tensor:
        """Embed prompts, each with its video in place of the placeholders.

        Every run of placeholders begins with the same video, as in the official code. Placeholders left over
        in a run (two videos side by side, or fewer than 64 queries) are embedded like id 0.

        Parameters
        ----------
        ids : tensor of int, shape (prompts, length)
            -2 is the placeholder.
        media : tensor, shape (prompts, queries + 1, text width), optional
            From :meth:`encode_videos`, one row a prompt.

        Returns
        -------
        tensor, shape (prompts, length, text width)

        Raises
        ------
        ValueError
            Placeholders and no media, or another number of media than of prompts.
        """
        table = self.language_model.model.embed_tokens
        ids = ids.to(table.weight.device)
        holes = ids == MEDIA_TOKEN
        embeddings: torch.Tensor = table(ids.masked_fill(holes, 0))
        if media is None:
            if bool(holes.any()):
                raise ValueError("the prompts have placeholders of a video and no media were given.")
            return embeddings
        if len(media) != len(ids):
            raise ValueError(f"{len(media)} media were given for {len(ids)} prompts; give one row a prompt.")
        place = count_run(holes)
        filled = holes & (place < media.shape[1])
        rows = torch.arange(len(ids), device=ids.device)[:, None].expand_as(ids)
        chosen = media.to(embeddings)[rows[filled], place[filled]]
        return embeddings.masked_scatter(filled[..., None], chosen)


def count_run(holes: torch.Tensor) -> torch.Tensor:
    """Give each element's place, from 0, since the last False of its row."""
    steps = torch.arange(holes.shape[1], device=holes.device).expand(holes.shape)
    last_gap = torch.where(holes, -1, steps).cummax(1).values
    return steps - last_gap - 1


def make_random_network(
    config: OwlConfig,
    *,
    seed: int,
    dtype: torch.dtype = torch.float32,
    device: str | torch.device = "cpu",
) -> OwlNetwork:
    """Make a network with random weights, directly on its device and in its precision.

    Matrices and tokens are normal with deviation .02, layer norms 1, biases 0: right for timing and tests of
    shapes; the answers mean nothing.
    """
    with torch.device("meta"):
        network = OwlNetwork(config).to(dtype)
    network.to_empty(device=device)
    generator = torch.Generator(device).manual_seed(seed)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.ndim > 1:
                weight.normal_(0, 0.02, generator=generator)
            else:
                weight.fill_(1.0 if name.endswith("weight") else 0.0)
    return network.eval()
