"""Tokenizers of the kinds that the pipelines have, built here with a few hundred pieces."""

from __future__ import annotations

import json
import string
from typing import Any

WORDS = [
    "a",
    "red",
    "ball",
    "rolls",
    "down",
    "the",
    "wooden",
    "ramp",
    "and",
    "stops",
    "slowly",
    "water",
    "glass",
]
LETTERS = string.ascii_letters + string.digits + string.punctuation + "’“”…"
CHAT = (
    "{% for turn in messages %}<|im_start|>{{ turn['role'] }}\n{{ turn['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def build_t5() -> Any:
    """Build a tokenizer of T5 that knows some words, and letters."""
    from transformers import T5Tokenizer

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    pieces += [(f"▁{word}", -3.0) for word in dict.fromkeys(WORDS)]
    pieces += [(letter, -6.0) for letter in LETTERS]
    return T5Tokenizer(vocab=pieces, extra_ids=0)


def build_clip() -> Any:
    """Build a tokenizer of CLIP that knows letters."""
    from transformers import CLIPTokenizer

    letters = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS)]
    pieces = ["<|startoftext|>", "<|endoftext|>", *dict.fromkeys(letters)]
    return CLIPTokenizer(vocab={piece: index for index, piece in enumerate(pieces)}, merges=[])


def build_llama(text: str) -> Any:
    """Build a tokenizer of Llama that knows the words of a text."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import LlamaTokenizer

    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=240,
        special_tokens=["<unk>", "<s>", "</s>"],
        initial_alphabet=list(LETTERS),
        show_progress=False,
    )
    learner.train_from_iterator([text, " ".join(WORDS)], trainer)
    model = json.loads(learner.to_str())["model"]
    merges = [tuple(pair) for pair in model["merges"]]
    return LlamaTokenizer(vocab=model["vocab"], merges=merges, pad_token="<unk>")


def build_qwen() -> Any:
    """Build a tokenizer of Qwen that knows bytes, with a chat template."""
    from tokenizers import pre_tokenizers
    from transformers import Qwen2Tokenizer

    pieces = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Qwen2Tokenizer(vocab={piece: index for index, piece in enumerate(pieces)}, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = CHAT
    return tokenizer
