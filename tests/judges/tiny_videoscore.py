"""A tiny VideoScore with random weights, saved as the published one is."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors

from videophy_lab.judges.networks.idefics2 import PublishedEmbeddings
from videophy_lab.video import Clip, FrameView, VideoInfo

from transformers import (  # isort: skip  # the guard of torchvision comes first
    Idefics2Config,
    Idefics2ImageProcessorPil,
    Idefics2Model,
    Idefics2Processor,
    PreTrainedTokenizerFast,
)

CONTROL = ["<unk>", "<s>", "</s>"]
MARKS = ["<fake_token_around_image>", "<image>", "<end_of_utterance>"]
MERGES = [("▁", "▁"), ("▁", "t"), ("▁t", "h"), ("▁th", "e"), ("e", "r"), ("▁", "a")]
SIZES = {"shortest_edge": 28, "longest_edge": 70}


def make_tokenizer() -> Tokenizer:
    """Build a tokenizer of Idefics2's kind: sentences of ``▁``, bytes where a character is not known."""
    pieces = [*CONTROL, *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *map(chr, range(33, 127))]
    pieces += [first + second for first, second in MERGES]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(
        models.BPE(vocabulary, MERGES, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.ByteFallback()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in CONTROL])
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in MARKS])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    return tokenizer


def make_settings(tokenizer: Tokenizer, **changes: Any) -> dict[str, Any]:
    """Write a config.json as of 2024: the resampler's is without its width and its eps."""
    return {
        "architectures": ["Idefics2ForSequenceClassification"],
        "model_type": "idefics2",
        "id2label": {str(number): f"LABEL_{number}" for number in range(5)},
        "problem_type": "regression",
        "image_token_id": tokenizer.token_to_id("<image>"),
        "tie_word_embeddings": False,
        "vision_config": {
            "model_type": "idefics2",
            "hidden_size": 16,
            "intermediate_size": 24,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 70,
            "patch_size": 14,
        },
        "perceiver_config": {
            "model_type": "idefics2",
            "resampler_n_latents": 4,
            "resampler_depth": 1,
            "resampler_n_heads": 2,
            "resampler_head_dim": 8,
            "num_key_value_heads": 1,
        },
        "text_config": {
            "model_type": "mistral",
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "vocab_size": tokenizer.get_vocab_size(),
            "rms_norm_eps": 1e-5,
            "max_position_embeddings": 4096,
        },
    } | changes


def make_config(settings: dict[str, Any]) -> Any:
    config: Any = Idefics2Config(**json.loads(json.dumps(settings)))
    config.perceiver_config.rms_norm_eps = config.text_config.rms_norm_eps
    return config


@cache
def make_weights() -> dict[str, torch.Tensor]:
    """Draw weights under the published names, large enough that every part counts."""
    torch.manual_seed(11)
    model = Idefics2Model(make_config(make_settings(make_tokenizer())))
    weights = {f"model.{name}": weight.detach() for name, weight in model.state_dict().items()}
    weights |= {"score.weight": torch.empty(5, 32), "score.bias": torch.empty(5)}
    for name, weight in weights.items():
        if weight.ndim > 1 or name == "score.bias":
            weights[name] = torch.randn(weight.shape) * (0.5 if "embed" in name or "score" in name else 0.2)
    return weights


def save_tiny(
    folder: Path, *, weights: dict[str, torch.Tensor] | None = None, split: bool = False, **changes: Any
) -> Path:
    """Save config.json, weights, tokenizer.json and preprocessor_config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps(make_settings(tokenizer, **changes)), "utf-8")
    stated = {"image_processor_type": "Idefics2ImageProcessor", "do_image_splitting": split, "size": SIZES}
    (folder / "preprocessor_config.json").write_text(json.dumps(stated), "utf-8")
    save_file(make_weights() if weights is None else weights, folder / "model.safetensors")
    return folder


def load_processor(folder: Path) -> Idefics2Processor:
    """Give the library's own processor of texts and images, by the files of a folder."""
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    images = Idefics2ImageProcessorPil.from_pretrained(folder)
    return Idefics2Processor(images, tokenizer, image_seq_len=4)


def load_library_model(folder: Path) -> Idefics2Model:
    """Give the library's own network below the head, with a folder's weights."""
    model = Idefics2Model(make_config(json.loads((folder / "config.json").read_text("utf-8"))))
    weights = make_weights()
    model.load_state_dict(
        {name.removeprefix("model."): weights[name] for name in weights if "score" not in name}
    )
    assert not isinstance(model.vision_model.embeddings, PublishedEmbeddings)
    return model.eval()


def make_frames(count: int, *, height: int = 30, width: int = 40, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def make_clip(frames: np.ndarray, view: FrameView) -> Clip:
    height, width = frames.shape[1:3]
    info = VideoInfo(Path("made.mp4"), "h264", "yuv420p", width, height, len(frames), 8.0, math.nan)
    return Clip(info, frames={view: frames})
