"""What a vision-language model is given: a clip's frames and a question, as its processor writes them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

    from videophy_lab.video import Clip

# how models without a chat template were asked: Video-LLaVA, as LLaVA-1.5
PLAIN_PROMPT = "USER: {video}\n{text} ASSISTANT:"
TEXT_KEYS = ("input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids")
SOME_TEXT = "?"


@dataclass(frozen=True)
class Row:
    """A question about a clip, ready for the model.

    Attributes
    ----------
    ids : list of int
        Tokens of the prompt, the video's among them.
    types : list of int, optional
        Kind of each token, for models that tell them apart.
    media : mapping of str to tensor
        What stands for the video beside its tokens; one video.
    repeat : int
        Which asking again it is; its answer, where answers are drawn, is drawn anew.
    """

    ids: list[int]
    types: list[int] | None
    media: Mapping[str, torch.Tensor]
    repeat: int = 0


@dataclass(frozen=True)
class EncodedClip:
    """A clip as the processor gives it, once for all questions.

    Attributes
    ----------
    ids, types : list of int
        What stands in a prompt in place of the mark of the video.
    media : mapping of str to tensor
    """

    ids: list[int]
    types: list[int] | None
    media: Mapping[str, torch.Tensor]


def list_marks(processor: Any) -> tuple[str, ...]:
    """List the texts that its tokenizer takes for more than text, the longest first, else in order."""
    marks = {
        processor.video_token,
        getattr(processor, "image_token", None),
        *processor.tokenizer.get_added_vocab(),
    }
    texts = [mark for mark in marks if mark and len(mark.strip()) > 1]
    return tuple(sorted(texts, key=lambda mark: (-len(mark), mark)))


def neutralise_marks(text: str, marks: Sequence[str]) -> str:
    """Put a space into each mark that a caption or a rule holds, so that it stays text."""
    for mark in marks:
        text = text.replace(mark, f"{mark[0]} {mark[1:]}")
    return text


def render_prompt(processor: Any, text: str, *, system: str = "") -> str:
    """Write a question in the model's own frame of a conversation, the video before the text.

    Parameters
    ----------
    processor : transformers.ProcessorMixin
    text : str
    system : str
        What is said to the model before; its template's own words when empty.
    """
    if not getattr(processor, "chat_template", None):
        lead = f"{system} " if system else ""
        return lead + PLAIN_PROMPT.format(video=processor.video_token, text=text)
    said = [{"role": "system", "content": [{"type": "text", "text": system}]}] if system else []
    asked = {"role": "user", "content": [{"type": "video"}, {"type": "text", "text": text}]}
    prompt: str = processor.apply_chat_template([*said, asked], tokenize=False, add_generation_prompt=True)
    return prompt


def pad_frames(frames: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the frame of a video of one frame twice: video towers take frames by pairs."""
    return (frames.repeat(2, axis=0), indices.repeat(2)) if len(frames) == 1 else (frames, indices)


def fit_pixels(frames: np.ndarray, least: int, most: int) -> np.ndarray:
    """Resize frames so that each has between `least` and `most` pixels, keeping the aspect ratio.

    Parameters
    ----------
    frames : array of uint8, shape (frames, height, width, 3)
    least, most : int

    Notes
    -----
    Frames shrink by the mean over areas and grow by bicubic interpolation.
    """
    import cv2

    height, width = frames.shape[1:3]
    within = min(max(height * width, least), most)
    if within == height * width:
        return frames
    scale, round_to = math.sqrt(within / (height * width)), math.floor if within == most else math.ceil
    size = (max(1, round_to(width * scale)), max(1, round_to(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.stack([cv2.resize(frame, size, interpolation=how) for frame in frames])


def date_frames(clip: Clip, indices: np.ndarray, fallback_fps: float) -> dict[str, Any]:
    """Say when the frames were taken, in the words of transformers' video processors.

    Parameters
    ----------
    clip : Clip
    indices : array of int, shape (frames,)
    fallback_fps : float
        Frames a second where the file claims none that can be believed.
    """
    fps = clip.info.fps if math.isfinite(clip.info.fps) and clip.info.fps > 0 else fallback_fps
    return {
        "total_num_frames": clip.info.frames,
        "fps": fps,
        "frames_indices": [int(place) for place in indices],
    }


def encode_clip(processor: Any, frames: np.ndarray, dates: Mapping[str, Any]) -> EncodedClip:
    """Turn frames into what the model sees and the tokens that stand for it.

    Parameters
    ----------
    processor : transformers.ProcessorMixin
    frames : array of uint8, shape (frames, height, width, 3)
        At least two: video towers take frames by pairs.
    dates : mapping
        As :func:`date_frames` gives them.

    Raises
    ------
    ValueError
        The processor refuses the frames.
    """
    import torch

    prompt = render_prompt(processor, SOME_TEXT)
    plain = tokenize(processor, prompt)
    encoded = processor(
        text=[prompt],
        videos=[np.array(frames)],  # torch warns of arrays that are read-only
        video_metadata=[dict(dates)],
        do_sample_frames=False,
        return_tensors="pt",
        add_special_tokens=adds_special(processor, prompt),
    )
    place = find_video(processor, plain)
    span = slice(place, encoded["input_ids"].shape[1] - (len(plain) - place - 1))
    types = encoded.get("mm_token_type_ids")
    media = {name: torch.as_tensor(value) for name, value in encoded.items() if name not in TEXT_KEYS}
    return EncodedClip(
        encoded["input_ids"][0, span].tolist(), None if types is None else types[0, span].tolist(), media
    )


def write_row(processor: Any, prompt: str, clip: EncodedClip) -> Row:
    """Put a clip's tokens into a prompt, in place of the mark of the video.

    Notes
    -----
    transformers 5.12 and later leave the chat template's pair of marks around the frames of Qwen3-VL, which
    have pairs of their own; the model was published with a processor that takes the outer pair away, and vLLM
    does so too (vllm-project/vllm#46817). It is taken away here.
    """
    ids = tokenize(processor, prompt)
    place = find_video(processor, ids)
    before, after = ids[:place], ids[place + 1 :]
    if before and after and before[-1] in clip.ids and after[0] == clip.ids[-1]:
        before, after = before[:-1], after[1:]
    types = None if clip.types is None else [0] * len(before) + clip.types + [0] * len(after)
    return Row([*before, *clip.ids, *after], types, clip.media)


def tokenize(processor: Any, prompt: str) -> list[int]:
    """Turn a prompt into ids, the mark of the video being one of them."""
    ids: list[int] = processor.tokenizer(prompt, add_special_tokens=adds_special(processor, prompt))[
        "input_ids"
    ]
    return ids


def adds_special(processor: Any, prompt: str) -> bool:
    """Tell whether the tokenizer has to add what opens a text: not where the template wrote it."""
    opening = processor.tokenizer.bos_token
    return not (opening and prompt.startswith(opening))


def find_video(processor: Any, ids: Sequence[int]) -> int:
    """Find the mark of the video in a prompt's ids."""
    return list(ids).index(processor.tokenizer.convert_tokens_to_ids(processor.video_token))


def join_rows(rows: Sequence[Row], pad: int) -> dict[str, torch.Tensor]:
    """Make a batch of rows, the shorter ones filled up on the left."""
    import torch

    width = max(len(row.ids) for row in rows)
    gaps = [width - len(row.ids) for row in rows]
    pairs = list(zip(gaps, rows, strict=True))
    batch = {
        "input_ids": torch.tensor([[pad] * gap + row.ids for gap, row in pairs]),
        "attention_mask": torch.tensor([[0] * gap + [1] * len(row.ids) for gap, row in pairs]),
    }
    if rows[0].types is not None:
        batch["mm_token_type_ids"] = torch.tensor([[0] * gap + (row.types or []) for gap, row in pairs])
    return batch | {name: torch.cat([row.media[name] for row in rows]) for name in rows[0].media}
