"""Idefics2 with a head of five numbers, the network of VideoScore."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import Idefics2Config, Idefics2Model, Idefics2PreTrainedModel
from transformers.models.idefics2.image_processing_pil_idefics2 import Idefics2ImageProcessorPil
from transformers.models.idefics2.modeling_idefics2 import Idefics2VisionEmbeddings

from videophy_lab.weights import explain_loading, find_weights, load_whole

SCORES = 5
# the base has a head of its own, which decides nothing here, should a checkpoint have kept it
UNUSED = r"lm_head\.weight$"
# bounds the memory of the vision tower; the numbers do not depend on it
FRAMES_AT_ONCE = 8
WHAT = "the network of VideoScore"
REMEDY = "Remedy: give a folder with the files of TIGER-Lab/VideoScore-v1.1 or TIGER-Lab/VideoScore."


class PublishedEmbeddings(Idefics2VisionEmbeddings):
    """Patches with their positions on a square grid, rounded as where VideoScore was trained.

    A patch's place, a fraction of the frame's side, falls into one of the grid's bins. Where it falls on the
    border of two, rounding decides. In transformers 5 the fractions are rounded otherwise: of sides of 1 to
    70 patches on the published grid of 70, two places of 49 and one of 58 change their bin.

    SOURCE: TIGER-AI-Lab/Mantis@f3a3192, mantis/models/idefics2/modeling_idefics2.py.
    """

    def forward(self, pixel_values: torch.Tensor, patch_attention_mask: torch.Tensor) -> torch.Tensor:
        """Embed pixels of shape (images, 3, height, width) as (images, patches, width)."""
        patches = self.patch_embedding(pixel_values).flatten(2).transpose(1, 2)
        places = torch.stack([self.find_places(mask) for mask in patch_attention_mask.cpu()])
        embedded: torch.Tensor = patches + self.position_embedding(places.to(patches.device))
        return embedded

    def find_places(self, mask: torch.Tensor) -> torch.Tensor:
        """Give the place on the grid of each patch of an image, whose mask has shape (rows, columns)."""
        side = self.num_patches_per_side
        rows, columns = find_bins(int(mask[:, 0].sum()), side), find_bins(int(mask[0].sum()), side)
        places = torch.zeros(mask.numel(), dtype=torch.long)
        places[mask.flatten()] = (rows[:, None] * side + columns).flatten()
        return places


def find_bins(patches: int, side: int) -> torch.Tensor:
    """Give the bin, of `side`, of each of so many patches in a row."""
    # the step is rounded to float32 before the multiples are made
    fractions = torch.arange(0, 1 - 1e-6, (1 / torch.tensor(patches)).item())
    return torch.bucketize(fractions, torch.arange(1 / side, 1.0, 1 / side), right=True)


class VideoScoreNetwork(Idefics2PreTrainedModel):  # type: ignore[no-untyped-call]
    """Idefics2 whose last token is turned into five numbers; its state dict has the published keys.

    References
    ----------
    He et al. 2024, VideoScore, arXiv:2406.15252; TIGER-AI-Lab/Mantis@f3a3192, mantis/models/idefics2,
    ``Idefics2ForSequenceClassification``; Laurençon et al. 2024, Idefics2, arXiv:2405.02246.
    """

    # the library's types leave open what the parts of a configuration are
    config: Any

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.model = Idefics2Model(config)
        self.model.vision_model.embeddings = PublishedEmbeddings(config.vision_config)
        self.score = nn.Linear(config.text_config.hidden_size, config.num_labels)
        self.post_init()  # type: ignore[no-untyped-call]

    @property
    def latents(self) -> int:
        """Embeddings that stand for one image."""
        return int(self.config.perceiver_config.resampler_n_latents)

    def encode_images(self, pixels: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Encode images as embeddings of the language model.

        Parameters
        ----------
        pixels : tensor, shape (images, 3, height, width)
            As the image processor makes them.
        mask : tensor of int, shape (images, height, width)
            0 where an image was filled up to the size of the largest.

        Returns
        -------
        tensor, shape (images · latents, width)
        """
        size = self.config.vision_config.patch_size
        parts = []
        chunks = zip(torch.split(pixels, FRAMES_AT_ONCE), torch.split(mask, FRAMES_AT_ONCE), strict=True)
        for some, seen in chunks:
            # a patch counts where any of its pixels does, as in training; newer libraries want all of them
            patches = seen.bool().unfold(1, size, size).unfold(2, size, size).any(-1).any(-1)
            patches = patches.to(self.device)
            hidden = self.model.vision_model(
                pixel_values=some.to(self.device, self.dtype), patch_attention_mask=patches
            ).last_hidden_state
            parts.append(self.model.connector(hidden, attention_mask=patches.flatten(1)).flatten(0, 1))
        return torch.cat(parts)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        """Score prompts.

        Parameters
        ----------
        ids : tensor of int, shape (prompts, length)
            Filled up on the right.
        mask : tensor of int, shape (prompts, length)
            1 for a prompt's tokens, 0 for what fills it up.
        images : tensor, shape (image tokens of all prompts, width)
            From :meth:`encode_images`, in the order of the prompts.

        Returns
        -------
        tensor of float32, shape (prompts, 5)
        """
        ids, mask = ids.to(self.device), mask.to(self.device)
        embeddings = self.model.text_model.embed_tokens(ids)
        slots = ids == self.config.image_token_id
        embeddings = embeddings.masked_scatter(slots[..., None], images.to(embeddings))
        hidden = self.model.text_model(
            inputs_embeds=embeddings, attention_mask=mask, use_cache=False
        ).last_hidden_state
        last = hidden[torch.arange(len(ids), device=ids.device), mask.sum(1) - 1]
        scores: torch.Tensor = self.score(last).float()
        return scores


def read_config(folder: Path) -> Any:
    """Read a checkpoint's config.json.

    Raises
    ------
    ValueError
        No config.json, one that is not JSON, another kind of network, or another number of scores.
    """
    path = folder / "config.json"
    try:
        stated: Any = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as settings ({error}). {REMEDY}") from error
    kind = stated.get("model_type") if isinstance(stated, dict) else None
    if kind != Idefics2Config.model_type:
        raise ValueError(f"{folder} holds a model {kind!r}, not {Idefics2Config.model_type!r}. {REMEDY}")
    with explain_loading(folder, what=WHAT, remedy=REMEDY):
        config: Any = Idefics2Config(**stated)
    if config.num_labels != SCORES:
        raise ValueError(
            f"{folder} holds an Idefics2 with {config.num_labels} scores, not {SCORES}. {REMEDY}"
        )
    # VideoScore's code takes both from the language model; transformers 5 has other defaults for the second
    config.perceiver_config.hidden_size = config.text_config.hidden_size
    config.perceiver_config.rms_norm_eps = config.text_config.rms_norm_eps
    return config


def load_network(folder: Path, *, dtype: torch.dtype, device: str) -> VideoScoreNetwork:
    """Load a network with the published keys, no more and no fewer.

    Raises
    ------
    ValueError
        Another network, damaged files, tensors that are missing, unexpected or of another shape.
    """
    find_weights(folder)
    ready: VideoScoreNetwork = load_whole(
        VideoScoreNetwork,
        folder,
        what=WHAT,
        remedy=REMEDY,
        unused=UNUSED,
        strict=True,
        config=read_config(folder),
        dtype=dtype,
        device_map={"": device},
    )
    return ready


def load_processor(folder: Path) -> Idefics2ImageProcessorPil:
    """Load the image processor by its stored settings; it resizes by Pillow, as the one of the authors' code.

    Raises
    ------
    ValueError
        No settings, or such as cannot be read.
    """
    with explain_loading(folder, what="an image processor (preprocessor_config.json)", remedy=REMEDY):
        processor: Idefics2ImageProcessorPil = Idefics2ImageProcessorPil.from_pretrained(
            folder, local_files_only=True
        )
    return processor
