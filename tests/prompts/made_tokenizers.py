"""Tokenizers and a chat model, tiny and made in code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from videophy_lab.extras import import_extra

transformers: Any = import_extra("transformers", "judges")
CHAT = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}[INST]{{ message['content'] }}[/INST]"
    "{% else %}{{ message['content'] }}{{ eos_token }}{% endif %}{% endfor %}"
)


def save_clip_tokenizer(folder: Path) -> Path:
    """Save a tokenizer of CLIP's kind that knows letters, and ``ball`` as one token."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    signs = list(bytes_to_unicode().values())
    merges = [("b", "a"), ("l", "l</w>"), ("ba", "ll</w>")]
    words = [
        *signs,
        *(f"{sign}</w>" for sign in signs),
        "ba",
        "ll</w>",
        "ball</w>",
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({word: n for n, word in enumerate(words)}), "utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def make_byte_tokenizer(chat_template: str | None = CHAT) -> Any:
    """Make a tokenizer of bytes with Mistral's marks."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    special = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"]
    signs = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {token: number for number, token in enumerate([*special, *signs])}
    core = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token="<s>", eos_token="</s>", unk_token="<unk>",
        additional_special_tokens=["[INST]", "[/INST]"],
    )  # fmt: skip
    tokenizer.chat_template = chat_template
    return tokenizer


def save_mistral(folder: Path, *, seed: int = 0, chat_template: str | None = CHAT) -> Path:
    """Save a tiny Mistral with random weights and its tokenizer."""
    import torch

    tokenizer = make_byte_tokenizer(chat_template)
    torch.manual_seed(seed)
    config = transformers.MistralConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=8, max_position_embeddings=4096,
        bos_token_id=1, eos_token_id=2, pad_token_id=None, sliding_window=None,
    )  # fmt: skip
    network = transformers.MistralForCausalLM(config)
    with torch.no_grad():
        # untouched, a random network says nearly the same at every place
        network.lm_head.weight.mul_(20)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
