"""The vision tower: a transformer over each frame's patches, with a convolution over time in each layer."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from videophy_lab.judges.owl.config import VisionConfig

# on a CPU the MLP takes so many tokens at a time that what lies between its two layers stays in the cache
CPU_TOKENS = 1024
TEMPORAL_EPS = 1e-5


class WideLayerNorm(nn.LayerNorm):
    """Normalise a layer in float32 whatever the precision of its input, and return its weights' precision."""

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Normalise the last dimension; inputs of the weights' precision are widened inside the kernel."""
        if hidden.dtype == self.weight.dtype:
            return super().forward(hidden)
        weight, bias = self.weight.to(hidden.dtype), self.bias.to(hidden.dtype)
        normed = functional.layer_norm(hidden, self.normalized_shape, weight, bias, self.eps)
        return normed.to(self.weight.dtype)


def apply_quick_gelu(hidden: torch.Tensor) -> torch.Tensor:
    """Apply x · sigmoid(1.702 x)."""
    return hidden * torch.sigmoid(1.702 * hidden)


class VisionEmbeddings(nn.Module):
    """Patches of each frame and a class token, with their positions."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.position_embedding = nn.Parameter(torch.zeros(1, config.tokens, width))
        self.patch_embed = nn.Conv2d(3, width, config.patch_size, stride=config.patch_size, bias=False)
        self.pre_layernorm = WideLayerNorm(width, eps=config.layer_norm_eps)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed pixels of shape (videos, 3, frames, height, width) as (videos, frames, tokens, width)."""
        videos = len(pixels)
        patches = self.patch_embed(pixels.transpose(1, 2).flatten(0, 1)).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls_token.expand(len(patches), -1, -1), patches], dim=1)
        normed: torch.Tensor = self.pre_layernorm(tokens + self.position_embedding)
        return normed.view(videos, -1, *normed.shape[1:])


class TemporalBlock(nn.Module):
    """A bottleneck with a depthwise convolution over three frames.

    The weights are stored as those of 3-D convolutions. Convolutions that see one pixel are linear layers,
    and the one over time is three products; this runs in every precision on every device.
    """

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        width, narrow = config.hidden_size, config.hidden_size // 2
        self.ln = WideLayerNorm(width, eps=TEMPORAL_EPS)
        self.down_proj = nn.Conv3d(width, narrow, 1)
        self.conv = nn.Conv3d(narrow, narrow, (3, 1, 1), padding=(1, 0, 0), groups=narrow)
        self.up_proj = nn.Conv3d(narrow, width, 1)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Mix each patch with the same patch one frame earlier and later.

        The class token is returned as it came. Added to the layer's input it doubles the class token in every
        layer; the published weights were trained with that.
        """
        patches = self.ln(hidden[:, :, 1:])
        narrow = functional.linear(patches, self.down_proj.weight.flatten(1), self.down_proj.bias)
        mixed = apply_quick_gelu(self.convolve_time(narrow))
        wide = functional.linear(mixed, self.up_proj.weight.flatten(1), self.up_proj.bias)
        return torch.cat([hidden[:, :, :1], wide.to(hidden.dtype)], dim=2)

    def convolve_time(self, hidden: torch.Tensor) -> torch.Tensor:
        """Convolve each channel over the frames, zeros before the first and after the last."""
        before, now, after = self.conv.weight.flatten(1).unbind(1)
        mixed = torch.addcmul(self.conv.bias, hidden, now)  # type: ignore[arg-type]
        mixed[:, 1:].addcmul_(hidden[:, :-1], before)
        mixed[:, :-1].addcmul_(hidden[:, 1:], after)
        return mixed


class VisionAttention(nn.Module):
    """Attention among the tokens of a frame."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.heads = config.num_attention_heads
        self.query_key_value = nn.Linear(config.hidden_size, 3 * config.hidden_size)
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Attend within frames of shape (frames, tokens, width)."""
        # the rows of the joint weight are query, key and value of the first head, then of the second …
        joint = self.query_key_value(hidden).unflatten(-1, (self.heads, 3, -1))
        query, key, value = joint.permute(3, 0, 2, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        out: torch.Tensor = self.dense(mixed.transpose(1, 2).flatten(2))
        return out


class VisionMlp(nn.Module):
    """Two linear layers with a quick GELU between them."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.hidden_size, config.intermediate_size)
        self.fc2 = nn.Linear(config.intermediate_size, config.hidden_size)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Transform each token."""
        if hidden.device.type != "cpu":
            return self.transform_tokens(hidden)
        tokens = torch.split(hidden.flatten(0, 1), CPU_TOKENS)
        return torch.cat([self.transform_tokens(some) for some in tokens]).view_as(hidden)

    def transform_tokens(self, tokens: torch.Tensor) -> torch.Tensor:
        """Transform tokens all at once."""
        out: torch.Tensor = self.fc2(apply_quick_gelu(self.fc1(tokens)))
        return out


class VisionLayer(nn.Module):
    """One layer of the tower."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.temporal = TemporalBlock(config)
        self.self_attn = VisionAttention(config)
        self.input_layernorm = WideLayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.mlp = VisionMlp(config)
        self.post_attention_layernorm = WideLayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Transform tokens of shape (videos, frames, tokens, width); a lone frame is not mixed over time."""
        if hidden.shape[1] > 1:
            hidden = hidden + self.temporal(hidden)
        frames: torch.Tensor = hidden.flatten(0, 1)
        frames = frames + self.self_attn(self.input_layernorm(frames))
        frames = frames + self.mlp(self.post_attention_layernorm(frames))
        return frames.view_as(hidden)


class VisionEncoder(nn.Module):
    """The layers of the tower, one after the other."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(VisionLayer(config) for _ in range(config.num_hidden_layers))

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Run all layers."""
        for layer in self.layers:
            hidden = layer(hidden)
        return hidden


class VisionTower(nn.Module):
    """From pixels to tokens.

    References
    ----------
    github.com/Hritikbansal/videophy@01d366c, VIDEOPHY2/mplug_owl_video; Ye et al. 2023, arXiv:2304.14178.
    """

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.embeddings = VisionEmbeddings(config)
        self.encoder = VisionEncoder(config)
        self.post_layernorm = WideLayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Encode pixels of shape (videos, 3, frames, height, width) as (videos, frames, tokens, width)."""
        hidden: torch.Tensor = self.embeddings(pixels)
        if hidden.dtype == torch.float16:
            # doubled in each of 24 layers, the class token leaves the range of float16
            hidden = hidden.float()
        hidden = self.post_layernorm(self.encoder(hidden))
        return hidden
