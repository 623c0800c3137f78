"""VideoScore: five scores of a video and its caption, by regression."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from videophy_lab.devices import DTYPES, choose_device
from videophy_lab.extras import import_extra
from videophy_lab.judges.base import Answer, Card, Question, failed, unscored
from videophy_lab.judges.base_network import NetworkScorer
from videophy_lab.video import FrameView
from videophy_lab.weights import Layout

if TYPE_CHECKING:
    import numpy as np
    import torch

    from videophy_lab.video import Clip

EXTRA = "judges"
MODULES = ("torch", "transformers", "accelerate", "safetensors", "tokenizers")
LAYOUT = Layout(("config.json", "preprocessor_config.json", "tokenizer.json"), ("*.json",))
# the network's five numbers, in its order
HEADS = ("visual_quality", "temporal_consistency", "dynamics", "sa", "pc")
# an image that the processor splits becomes its quarters and itself
SPLIT_PARTS = 5

# TIGER-AI-Lab/VideoScore@8e44973 (MIT), examples/run_videoscore.py. The network was trained on these
# characters, the first line break and the stray space before a line's end included.
BEFORE_CAPTION = """
Suppose you are an expert in judging and evaluating the quality of AI-generated videos,
please watch the following frames of a given video and see the text prompt for generating the video,
then give scores from 5 different dimensions:
(1) visual quality: the quality of the video in terms of clearness, resolution, brightness, and color
(2) temporal consistency, both the consistency of objects or humans and the smoothness of motion or movements
(3) dynamic degree, the degree of dynamic changes
(4) text-to-video alignment, the alignment between the text prompt and the video content
(5) factual consistency, the consistency of the video content with the common-sense and factual knowledge

for each dimension, output a float number from 1.0 to 4.0,
the higher the number is, the better the video performs in that sub-score,\x20
the lowest 1.0 means Bad, the highest 4.0 means Perfect/Real (the video is like a real video)
Here is an output example:
visual quality: 3.2
temporal consistency: 2.7
dynamic degree: 4.0
text-to-video alignment: 2.3
factual consistency: 1.8

For this video, the text prompt is \""""
AFTER_CAPTION = '",\nall the frames of video are as follows:\n'


@dataclass(kw_only=True)
class VideoScore(NetworkScorer):
    """Score a video and its caption on five scales by one pass of a regression network.

    ``sa`` is VideoScore's text-to-video alignment and ``pc`` its factual consistency, the two that the paper
    of VideoPhy-2 holds against its ratings. ``dynamics`` is VideoScore's dynamic degree: how much changes in
    the opinion of people who rated, not the metric ``dynamic_degree``, which measures flow.

    A score is the network's number, neither rounded nor clipped. The raters' scale was 1 to 4, so it lies
    about there and is not on the benchmark's 1 to 5: correlate it; an exact agreement with ratings has no
    meaning. The joint decision, ``sa`` and ``pc`` at least 4, takes values inside 1–5 as on that scale, where
    4 is the top of this one: hardly any video passes. Choose a threshold of its own before deciding by it.

    The caption is read as nothing but text; the authors' code takes ``<image>`` in it for a frame. bf16, the
    choice on CUDA, is theirs too.

    It has the options of :class:`NetworkScorer`, and these.

    Parameters
    ----------
    frames : int
        Most frames of a video: 48 for v1.1; TIGER-Lab/VideoScore, the first version, reads 16.
    batch_size : int
        Most videos in one pass; 48 frames are about 3200 tokens of an 8 B network.

    References
    ----------
    He et al. 2024, VideoScore, arXiv:2406.15252; TIGER-AI-Lab/VideoScore@8e44973, examples/run_videoscore.py.
    """

    frames: int = 48
    batch_size: int = 2
    _network: Any = field(default=None, init=False, repr=False, compare=False)
    _tokenizer: Any = field(default=None, init=False, repr=False, compare=False)
    _processor: Any = field(default=None, init=False, repr=False, compare=False)

    layout: ClassVar[Layout] = LAYOUT
    card: ClassVar[Card] = Card(
        name="videoscore",
        summary="VideoScore v1.1, five scores by regression (Mantis-Idefics2, 8 B)",
        tasks=("sa", "pc", "visual_quality", "temporal_consistency", "dynamics"),
        scale="about 1–4, continuous",
        weights="TIGER-Lab/VideoScore-v1.1",
        size="16.8 GB",
        licence="MIT (the page of the first version says Apache-2.0); the base, Idefics2, is Apache-2.0",
        needs=EXTRA,
        captioned=("sa", "pc", "visual_quality", "temporal_consistency", "dynamics"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_least(frames=1, batch_size=1)

    @property
    def view(self) -> FrameView:
        """Ask for the authors' frames, at their stored size."""
        return FrameView("videoscore", self.frames)

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a score; weights that are not here are fetched for it, not loaded."""
        for module in MODULES:
            import_extra(module, EXTRA)
        return {
            "scorer": self.card.name,
            "weights": self.fingerprint_weights(),
            "template": [BEFORE_CAPTION, AFTER_CAPTION],
            "frames": asdict(self.view),
            "dtype": self.choose_dtype(),
        }

    def prepare(self) -> None:
        """Load the network, the tokenizer and the settings of the image processor, once.

        Raises
        ------
        ValueError
            Weights that cannot be found, fetched or used, or a device that is not there.
        ImportError
            The extra ``judges`` is not installed.
        """
        if self._network is not None:
            return
        for module in MODULES:
            import_extra(module, EXTRA)
        import torch

        from videophy_lab.judges.networks.frame_tokens import FrameTokenizer
        from videophy_lab.judges.networks.idefics2 import load_network, load_processor

        device, dtype = choose_device(self.device), getattr(torch, DTYPES[self.choose_dtype()])
        folder = self.find_folder()
        tokenizer, self._processor = FrameTokenizer.from_folder(folder), load_processor(folder)
        network = load_network(folder, dtype=dtype, device=device)
        if tokenizer.image != network.config.image_token_id:
            raise ValueError(
                f"<image> is {tokenizer.image} in tokenizer.json of {folder} and "
                f"{network.config.image_token_id} in its config.json. Remedy: give a folder in which both "
                "belong together."
            )
        self._network, self._tokenizer = network, tokenizer

    def score(self, clips: Sequence[Clip], questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
        """Answer, for each clip, its questions; one pass answers all that share a caption.

        A question that cannot be asked is ``failed`` with the reason, and takes no other with it.
        """
        self.prepare()
        answers: dict[tuple[int, int], Answer] = {}
        prompts: dict[tuple[int, str], list[int]] = {}
        for video, about in enumerate(questions):
            for number, question in enumerate(about):
                try:
                    frames = len(clips[video].frames[self.view])
                    prompts[video, question.text] = self.write_prompt(question, frames)
                except ValueError as error:
                    answers[video, number] = failed(str(error))
        found = self.score_prompts(clips, prompts)
        return [
            [
                answers.get((video, number)) or read_score(question.task, found[video, question.text])
                for number, question in enumerate(about)
            ]
            for video, about in enumerate(questions)
        ]

    def score_prompts(
        self, clips: Sequence[Clip], prompts: Mapping[tuple[int, str], list[int]]
    ) -> dict[tuple[int, str], list[float]]:
        """Give the network's five numbers for each prompt, by the clip's place and the caption."""
        import torch

        asked = list(prompts)
        found: dict[tuple[int, str], list[float]] = {}
        with torch.inference_mode():
            watched = dict.fromkeys(video for video, _ in asked)
            images = {video: self.encode_frames(clips[video].frames[self.view]) for video in watched}
            for start in range(0, len(asked), self.batch_size):
                some = asked[start : start + self.batch_size]
                ids, mask = fill_up([prompts[each] for each in some])
                shown = torch.cat([images[video] for video, _ in some])
                found |= zip(some, self._network(ids, mask, shown).tolist(), strict=True)
        return found

    @property
    def parts(self) -> int:
        """Give how many pictures the image processor makes of a frame."""
        return SPLIT_PARTS if self._processor.do_image_splitting else 1

    def encode_frames(self, frames: np.ndarray) -> torch.Tensor:
        """Turn frames of shape (frames, height, width, 3) into embeddings, one after the other."""
        made = self._processor([list(frames)], input_data_format="channels_last", return_tensors="pt")
        images: torch.Tensor = self._network.encode_images(
            made["pixel_values"][0], made["pixel_attention_mask"][0]
        )
        return images

    def write_prompt(self, question: Question, frames: int) -> list[int]:
        """Turn a question about a video of so many frames into token ids.

        Raises
        ------
        ValueError
            The judge has no such question, its caption is missing, or it does not fit into the context.
        """
        if question.task not in HEADS:
            known = ", ".join(self.card.tasks)
            raise ValueError(f"{self.card.name} asks nothing about {question.task!r}. Allowed: {known}.")
        if not question.text.strip():
            raise ValueError("no caption. Remedy: give the video one; VideoScore reads it for every score.")
        ids: list[int] = self._tokenizer.encode(
            f"{BEFORE_CAPTION}{question.text}{AFTER_CAPTION}",
            images=frames,
            parts=self.parts,
            latents=self._network.latents,
        )
        most = self._network.config.text_config.max_position_embeddings
        if len(ids) > most:
            raise ValueError(
                f"the question has {len(ids)} tokens with its {frames} frames, and {self.card.name} reads at "
                f"most {most}. Remedy: shorten its caption of {len(question.text)} characters."
            )
        return ids


def read_score(task: str, numbers: Sequence[float]) -> Answer:
    """Take the answer to a task's question out of the network's numbers."""
    score = numbers[HEADS.index(task)]
    if not math.isfinite(score):
        return unscored(f"the network gave {score} for {task}. Remedy: take dtype bf16 or fp32.")
    return Answer(score=score)


def fill_up(prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Fill prompts up on the right to the same length; give ids and the mask of what is theirs."""
    import torch

    length = max(map(len, prompts))
    ids = torch.tensor([[*prompt, *[0] * (length - len(prompt))] for prompt in prompts])
    mask = torch.tensor([[1] * len(prompt) + [0] * (length - len(prompt)) for prompt in prompts])
    return ids, mask
