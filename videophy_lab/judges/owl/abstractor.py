"""The visual abstractor: a fixed number of queries that read all tokens of a video."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from videophy_lab.judges.owl.config import AbstractorConfig
from videophy_lab.judges.owl.vision import WideLayerNorm

QUERY_EPS = 1e-5


class AbstractorMlp(nn.Module):
    """A gated MLP with a normalised middle."""

    def __init__(self, config: AbstractorConfig) -> None:
        super().__init__()
        self.w1 = nn.Linear(config.hidden_size, config.mlp_size)
        self.w2 = nn.Linear(config.mlp_size, config.hidden_size)
        self.w3 = nn.Linear(config.hidden_size, config.mlp_size)
        self.ffn_ln = WideLayerNorm(config.mlp_size, eps=config.layer_norm_eps)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Transform each query."""
        out: torch.Tensor = self.w2(self.ffn_ln(functional.silu(self.w1(hidden)) * self.w3(hidden)))
        return out


class AbstractorAttention(nn.Module):
    """Attention of the queries to themselves and to the video."""

    def __init__(self, config: AbstractorConfig) -> None:
        super().__init__()
        self.heads = config.num_attention_heads
        self.query = nn.Linear(config.hidden_size, config.hidden_size)
        self.key = nn.Linear(config.encoder_hidden_size, config.hidden_size)
        self.value = nn.Linear(config.encoder_hidden_size, config.hidden_size)

    def forward(self, queries: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Read tokens of shape (videos, tokens, width) for queries of shape (videos, queries, width)."""
        query, key, value = (
            linear(hidden).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for linear, hidden in ((self.query, queries), (self.key, tokens), (self.value, tokens))
        )
        return functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)


class AbstractorOutput(nn.Module):
    """What follows the attention."""

    def __init__(self, config: AbstractorConfig) -> None:
        super().__init__()
        self.out_proj = nn.Linear(config.hidden_size, config.hidden_size)
        self.norm2 = WideLayerNorm(config.hidden_size, eps=QUERY_EPS)
        self.mlp = AbstractorMlp(config)

    def forward(self, read: torch.Tensor, queries: torch.Tensor) -> torch.Tensor:
        """Add what was read to the queries, and transform them."""
        queries = queries + self.out_proj(read)
        out: torch.Tensor = queries + self.mlp(self.norm2(queries))
        return out


class CrossAttention(nn.Module):
    """Normalisation, attention and what follows it; the residual starts from the normalised queries."""

    def __init__(self, config: AbstractorConfig) -> None:
        super().__init__()
        self.attention = AbstractorAttention(config)
        self.output = AbstractorOutput(config)
        self.norm1 = WideLayerNorm(config.hidden_size, eps=QUERY_EPS)
        self.normk = WideLayerNorm(config.hidden_size, eps=QUERY_EPS)

    def forward(self, queries: torch.Tensor, video: torch.Tensor) -> torch.Tensor:
        """Let the queries read the video."""
        queries = self.norm1(queries)
        tokens = torch.cat([queries, self.normk(video)], dim=1)
        out: torch.Tensor = self.output(self.attention(queries, tokens), queries)
        return out


class AbstractorLayer(nn.Module):
    """One layer of the abstractor."""

    def __init__(self, config: AbstractorConfig) -> None:
        super().__init__()
        self.crossattention = CrossAttention(config)

    def forward(self, queries: torch.Tensor, video: torch.Tensor) -> torch.Tensor:
        """Let the queries read the video."""
        out: torch.Tensor = self.crossattention(queries, video)
        return out


class AbstractorEncoder(nn.Module):
    """The layers of the abstractor, one after the other."""

    def __init__(self, config: AbstractorConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(AbstractorLayer(config) for _ in range(config.num_hidden_layers))

    def forward(self, queries: torch.Tensor, video: torch.Tensor) -> torch.Tensor:
        """Run all layers."""
        for layer in self.layers:
            queries = layer(queries, video)
        return queries


class Abstractor(nn.Module):
    """From the tokens of a video to embeddings of the language model.

    References
    ----------
    github.com/Hritikbansal/videophy@01d366c, VIDEOPHY2/mplug_owl_video; Ye et al. 2023, arXiv:2304.14178.
    """

    def __init__(self, config: AbstractorConfig, text_width: int) -> None:
        super().__init__()
        self.encoder = AbstractorEncoder(config)
        self.visual_fc = nn.Linear(config.hidden_size, text_width)
        self.temporal_visual_fc = nn.Linear(config.hidden_size, text_width)
        self.vit_eos = nn.Parameter(torch.zeros(1, 1, text_width))

    def forward(self, queries: torch.Tensor, temporal: torch.Tensor, video: torch.Tensor) -> torch.Tensor:
        """Read videos.

        Parameters
        ----------
        queries, temporal : tensor, shape (1, queries, width)
            A lone frame is read without the temporal ones.
        video : tensor, shape (videos, frames, tokens, width)

        Returns
        -------
        tensor, shape (videos, queries + 1, text width)
        """
        videos, frames = video.shape[:2]
        count = queries.shape[1]
        asked = torch.cat([queries, temporal], dim=1) if frames > 1 else queries
        read = self.encoder(asked.expand(videos, -1, -1), video.flatten(1, 2))
        embeddings = self.visual_fc(read[:, :count])
        if frames > 1:
            embeddings = embeddings + self.temporal_visual_fc(read[:, count:])
        return torch.cat([embeddings, self.vit_eos.expand(videos, -1, -1)], dim=1)
