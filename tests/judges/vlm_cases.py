"""A judge on tiny models of three published architectures, and what their forward pass says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.judges.tiny_vlms import save_tiny, teach
from videophy_lab.judges.base import Question
from videophy_lab.judges.vlm import VisionLanguageJudge

FAMILIES = ("qwen2_5_vl", "qwen3_vl", "video_llava")
# the last token of a prompt, and what ends an answer
START = {"qwen2_5_vl": "\n", "qwen3_vl": "\n", "video_llava": ":"}
END = {"qwen2_5_vl": "<|im_end|>", "qwen3_vl": "<|im_end|>", "video_llava": "</s>"}
DIGITS = {"4": 8.8, "5": 8.6, "3": 8.0, "2": 9.4, "1": 8.4, "0": 8.2}
CAPTION = "A red ball rolls off the table."
SA = (
    'Does this video match the description: "A red ball rolls off the table."? Please rate the video on a '
    "scale from 1 to 5, where 5 indicates a perfect match and 1 indicates no relevance. Answer with one "
    "number only."
)
PC = (
    "Does this video adhere to the physical laws? Rate the video on a scale from 1 to 5, where 5 means full "
    "compliance and 1 means significant violations. Answer with one number only."
)
RULE = (
    'Does the video follow the physical rule: "The ball falls."?\nChoose 0 if not, 1 if valid, or 2 if '
    "indeterminate. Answer with one number only."
)
ASKED = {
    "sa": (Question("sa", CAPTION), SA, (1, 2, 3, 4, 5), "4"),
    "pc": (Question("pc"), PC, (1, 2, 3, 4, 5), "4"),
    "rule": (Question("rule", "The ball falls."), RULE, (0, 1, 2), "1"),
}
# as the models are published to be asked: with Qwen3-VL each pair of frames has marks, and all together none
PROMPTS = {
    "qwen2_5_vl": "<|im_start|>user\n<|vision_start|><|video_pad|><|vision_end|>{}<|im_end|>\n"
    "<|im_start|>assistant\n",
    "qwen3_vl": "<|im_start|>user\n<|video_pad|>{}<|im_end|>\n<|im_start|>assistant\n",
    "video_llava": "USER: <video>\n{} ASSISTANT:",
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    """Give a checkpoint of each family."""
    return {name: save_tiny(tmp_path_factory.mktemp(name), name) for name in FAMILIES}


def make_judge(folder: Path, family: str, digits: dict[str, float] | None = None, **options: Any):
    judge = VisionLanguageJudge(checkpoint=str(folder), device="cpu", **options)
    judge.prepare()
    spoken = digits or DIGITS
    if family == "video_llava":
        # both spellings of a digit, the one after a space the likelier
        spoken = {f"▁{digit}": logit for digit, logit in spoken.items()} | {
            digit: logit - 0.5 for digit, logit in spoken.items()
        }
    ends = {digit: {END[family]: 20.0} for digit in spoken}
    teach(judge._model, judge._processor.tokenizer, {START[family]: spoken} | ends)
    return judge


def give_logits(
    judge: Any, clip: Any, prompt: str, *, fps: float, said: tuple[int, ...] = ()
) -> torch.Tensor:
    """Give the logits after a prompt by one pass of the real model on what its real processor makes of it."""
    view = judge.view
    inputs = judge._processor(
        text=[prompt],
        videos=[clip.frames[view].copy()],
        video_metadata=[
            {"total_num_frames": clip.info.frames, "fps": fps, "frames_indices": list(clip.indices[view])}
        ],
        do_sample_frames=False,
        return_tensors="pt",
    )
    if said:
        new = torch.tensor([said])
        inputs["input_ids"] = torch.cat([inputs["input_ids"], new], dim=1)
        for name, fill in (("attention_mask", 1), ("mm_token_type_ids", 0)):
            if name in inputs:
                inputs[name] = torch.cat([inputs[name], torch.full_like(new, fill)], dim=1)
    with torch.inference_mode():
        return judge._model(**inputs).logits[0, -1].double()


def share_digits(judge: Any, logits: torch.Tensor, scale: tuple[int, ...]) -> np.ndarray:
    """Give the probabilities of digits among each other, both spellings of a digit together."""
    vocab = judge._processor.tokenizer.get_vocab()
    everything = torch.softmax(logits, dim=-1).numpy()
    mass = [everything[vocab[str(v)]] + everything[vocab.get(f"▁{v}", [])].sum() for v in scale]
    return np.array(mass) / np.sum(mass)
