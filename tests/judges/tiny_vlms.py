"""Vision-language models of the published architectures, tiny, with random weights and taught answers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from videophy_lab.extras import import_extra
from videophy_lab.video import Clip, FrameView, VideoInfo

transformers: Any = import_extra("transformers", "judges")

HIDDEN = 64
# at their first values the attention's outputs hardly count beside the embeddings
ATTENTION = 20.0
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
           "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>"]  # fmt: skip
# what answers are made of beside single characters
PHRASES = [
    "<think>", "</think>", "<answer>", "</answer>", "visual quality: ", "; text-to-video alignment: ",
    ", physical/common-sense consistency: ", " – naturalness: ", "It is good", " or ", "10", "four",
]  # fmt: skip
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'video' %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PIXELS = {"shortest_edge": 28 * 28, "longest_edge": 28 * 28 * 64}
TEXT = {
    "hidden_size": HIDDEN, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 16384, "tie_word_embeddings": False,
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Keep torch to one thread: more only stand in each other's way in networks this small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def make_byte_tokenizer() -> Any:
    """Make a tokenizer of bytes with the special tokens of Qwen and the phrases."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    vocab = {character: number for number, character in enumerate(bytes_to_unicode().values())}
    tokenizer = transformers.Qwen2Tokenizer(
        vocab=vocab, merges=[], eos_token="<|im_end|>", pad_token="<|endoftext|>", unk_token="<|endoftext|>"
    )
    tokenizer.add_special_tokens({"additional_special_tokens": SPECIAL})
    tokenizer.add_tokens(PHRASES)
    return tokenizer


def make_llama_tokenizer() -> Any:
    """Make a tokenizer of characters in the manner of LLaMA, ``▁4`` and ``4`` both tokens."""
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁"]
    pieces += [chr(code) for code in range(33, 127)] + [f"▁{digit}" for digit in range(6)]
    vocab = {piece: number for number, piece in enumerate(pieces)}
    merges = [("▁", str(digit)) for digit in range(6)]
    tokenizer = transformers.LlamaTokenizer(vocab=vocab, merges=merges)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>", "<video>", "<pad>"]})
    tokenizer.pad_token = "<pad>"
    return tokenizer


def name_tokens(tokenizer: Any) -> dict[str, int]:
    """Give the ids that Qwen's settings ask for."""
    names = {
        "image": "image_pad",
        "video": "video_pad",
        "vision_start": "vision_start",
        "vision_end": "vision_end",
    }
    return {
        f"{name}_token_id": tokenizer.convert_tokens_to_ids(f"<|{mark}|>") for name, mark in names.items()
    }


def make_qwen2_5_vl(tokenizer: Any) -> tuple[Any, Any]:
    """Make a Qwen2.5-VL and its processor."""
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1e4}
    config = transformers.Qwen2_5_VLConfig(
        text_config={**TEXT, "vocab_size": len(tokenizer), "rope_parameters": rope},
        vision_config={
            "depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 48, "patch_size": 14,
            "out_hidden_size": HIDDEN, "fullatt_block_indexes": [1], "window_size": 56,
        },
        **name_tokens(tokenizer),
    )  # fmt: skip
    processor = transformers.Qwen2_5_VLProcessor(
        image_processor=transformers.Qwen2VLImageProcessor(size=PIXELS),
        tokenizer=tokenizer,
        video_processor=transformers.Qwen2VLVideoProcessor(size=PIXELS),
        chat_template=CHAT,
    )
    return transformers.Qwen2_5_VLForConditionalGeneration(config), processor


def make_qwen3_vl(tokenizer: Any) -> tuple[Any, Any]:
    """Make a Qwen3-VL and its processor."""
    rope = {"rope_type": "default", "mrope_section": [4, 2, 2], "rope_theta": 1e4}
    config = transformers.Qwen3VLConfig(
        text_config={**TEXT, "vocab_size": len(tokenizer), "head_dim": 16, "rope_parameters": rope},
        vision_config={
            "depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 48, "patch_size": 16,
            "out_hidden_size": HIDDEN, "deepstack_visual_indexes": [0], "num_position_embeddings": 16,
        },
        **name_tokens(tokenizer),
    )  # fmt: skip
    processor = transformers.Qwen3VLProcessor(
        image_processor=transformers.Qwen2VLImageProcessor(size=PIXELS, patch_size=16),
        tokenizer=tokenizer,
        video_processor=transformers.Qwen3VLVideoProcessor(
            size={"shortest_edge": 32 * 32, "longest_edge": 32 * 32 * 1024}
        ),
        chat_template=CHAT,
    )
    return transformers.Qwen3VLForConditionalGeneration(config), processor


def make_video_llava(tokenizer: Any) -> tuple[Any, Any]:
    """Make a Video-LLaVA and its processor, without a chat template, as its repository had none at first."""
    config = transformers.VideoLlavaConfig(
        vision_config=transformers.CLIPVisionConfig(
            hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=2,
            image_size=28, patch_size=14, projection_dim=16,
        ),
        text_config=transformers.LlamaConfig(**{**TEXT, "num_key_value_heads": 4}, vocab_size=len(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        video_token_index=tokenizer.convert_tokens_to_ids("<video>"),
    )  # fmt: skip
    sizes = {"size": {"shortest_edge": 28}, "crop_size": {"height": 28, "width": 28}}
    processor = transformers.VideoLlavaProcessor(
        image_processor=transformers.VideoLlavaImageProcessor(**sizes),
        video_processor=transformers.VideoLlavaVideoProcessor(**sizes),
        tokenizer=tokenizer,
        patch_size=14,
    )
    return transformers.VideoLlavaForConditionalGeneration(config), processor


MAKERS = {
    "qwen2_5_vl": (make_byte_tokenizer, make_qwen2_5_vl),
    "qwen3_vl": (make_byte_tokenizer, make_qwen3_vl),
    "video_llava": (make_llama_tokenizer, make_video_llava),
}


def find_token(tokenizer: Any, text: str) -> int:
    """Give the id of the one token that writes a text."""
    vocab = tokenizer.get_vocab()
    ids = [vocab[text]] if text in vocab else tokenizer.encode(text, add_special_tokens=False)
    assert len(ids) == 1, (text, ids)
    return ids[0]


def teach(model: Any, tokenizer: Any, follows: dict[str, dict[str, float]], *, seed: int = 0) -> None:
    """Set embeddings and head so that a token is followed by others with about the given logits.

    Embeddings are nearly orthogonal, so the head can read the last token off the last state. What attention
    adds to that state, the video among it, moves the logits a little.
    """
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        embeddings = model.get_input_embeddings().weight
        embeddings.copy_(torch.randn(embeddings.shape, generator=rng))
        head = model.get_output_embeddings().weight
        head.copy_(0.02 * torch.randn(head.shape, generator=rng))
        for token, nexts in follows.items():
            state = embeddings[find_token(tokenizer, token)]
            for after, logit in nexts.items():
                head[find_token(tokenizer, after)] += logit * state / (state @ state)


def follow(*tokens: str, last: dict[str, float] | None = None) -> dict[str, dict[str, float]]:
    """Make a chain of tokens, each following the one before; `last` may follow the last."""
    chain: dict[str, dict[str, float]] = {one: {other: 20.0} for one, other in pairwise(tokens)}
    return chain | ({tokens[-1]: last} if last else {})


def save_tiny(folder: Path, family: str) -> Path:
    """Save a tiny model with random weights, and its processor, as a checkpoint; give its folder."""
    make_tokenizer, make_model = MAKERS[family]
    tokenizer = make_tokenizer()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model, processor = make_model(tokenizer)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "language_model" in name and name.endswith("o_proj.weight"):
                weight.mul_(ATTENTION)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def load_processor_and_model(folder: Path) -> tuple[Any, Any]:
    """Load what was saved."""
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder)
    return transformers.AutoProcessor.from_pretrained(folder), model


def make_frames(seed: int, *, frames: int = 6, height: int = 56, width: int = 84) -> np.ndarray:
    """Make smooth random frames of a moving pattern, uint8, shape (frames, height, width, 3)."""
    rng = np.random.default_rng(seed)
    phase, speed = rng.uniform(0, 6, 3), rng.uniform(0.2, 1.5)
    y, x = np.mgrid[:height, :width] / 12.0
    moved = [np.sin(x[..., None] + y[..., None] * 0.7 + phase + speed * t) for t in range(frames)]
    return np.uint8(np.round(127.5 + 127.5 * np.stack(moved)))


def make_clip(view: FrameView, *, seed: int = 0, fps: float = 8.0, **sizes: int) -> Clip:
    """Make a clip whose frames are all seen, read-only as decoded ones are."""
    frames = make_frames(seed, **sizes)
    frames.setflags(write=False)
    count, height, width = frames.shape[:3]
    info = VideoInfo(Path("made.mp4"), "h264", "yuv420p", width, height, count, fps, count / fps)
    return Clip(info, {view: frames}, {view: np.arange(count)})
