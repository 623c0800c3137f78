"""What the judges on the mPLUG-Owl-video network share: weights, frames, and the order of work."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from videophy_lab.devices import DTYPES, choose_device
from videophy_lab.extras import import_extra
from videophy_lab.judges.base import Answer, Question, failed
from videophy_lab.judges.base_network import NetworkScorer
from videophy_lab.judges.questions import TEMPLATES, Template
from videophy_lab.video import FrameView
from videophy_lab.weights import Layout

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from videophy_lab.judges.owl.network import OwlNetwork
    from videophy_lab.judges.owl.passes import Prompt
    from videophy_lab.video import Clip

EXTRA = "judges"
MODULES = ("torch", "transformers", "accelerate", "safetensors", "sentencepiece")
MODES = ("strict", "official")
LICENCE = (
    "code MIT; weights derive from LLaMA-1, whose terms allow non-commercial research only: read them "
    "before any other use"
)
LAYOUT = Layout(
    ("config.json", "tokenizer.model"),
    ("*config.json", "tokenizer.model"),
)
# the lead and the digit that are read after a prompt
LOOKED_AHEAD = 2


@dataclass(kw_only=True)
class OwlJudge(NetworkScorer):
    """A judge on the mPLUG-Owl-video network; bf16, the choice on CUDA, is that of the official code.

    It has the options of :class:`NetworkScorer`, and these.

    Parameters
    ----------
    device_map : str
        ``auto`` spreads the network over all GPUs; otherwise empty.
    mode : {"strict", "official"}
        ``strict`` reads a caption as nothing but a caption and leaves what it cannot read unscored;
        ``official`` repeats the official code, faults included, for matching old tables.
    frames : int
        Frames of a video, at least 2; the judges were trained on 32.
    batch_size : int
        Most videos that are looked at in one pass.
    max_tokens : int
        Most tokens in one pass of the language model; bounds its memory (0.5 MB a token at the published size
        in bf16).
    compile : bool
        Compile the parts that look at the video by ``torch.compile``: minutes once, faster after.
    """

    device_map: str = ""
    mode: str = "strict"
    frames: int = 32
    batch_size: int = 8
    max_tokens: int = 8192
    compile: bool = False
    _network: Any = field(default=None, init=False, repr=False, compare=False)
    _tokenizer: Any = field(default=None, init=False, repr=False, compare=False)

    layout: ClassVar[Layout] = LAYOUT

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_allowed(mode=MODES, device_map=("", "auto"))
        self.check_least(frames=2, batch_size=1, max_tokens=1)

    @property
    def view(self) -> FrameView:
        """Ask for the official frames."""
        return FrameView("official", self.frames, size=(224, 224))

    @property
    def templates(self) -> Mapping[str, Template]:
        """Give the words of each task's question."""
        return TEMPLATES[self.card.name]

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a score; weights that are not here are fetched for it, not loaded."""
        for module in MODULES:
            import_extra(module, EXTRA)
        return {
            "scorer": self.card.name,
            "weights": self.fingerprint_weights(),
            "templates": {task: asdict(template) for task, template in self.templates.items()},
            "frames": asdict(self.view),
            "dtype": self.choose_dtype(),
            "mode": self.mode,
        }

    def fingerprint_weights(self) -> Any:
        """Name the content of all weights."""
        from videophy_lab.judges.owl.checkpoint import fingerprint_checkpoint

        return fingerprint_checkpoint(self.find_folder())

    def load_weights(self, folder: Path, dtype: torch.dtype, device: str) -> OwlNetwork:
        """Load the network of the folder that :meth:`find_folder` gave."""
        from videophy_lab.judges.owl.checkpoint import load_network

        return load_network(folder, dtype=dtype, device=device, device_map=self.device_map or None)

    def prepare(self) -> None:
        """Load the network and the tokenizer, once.

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

        from videophy_lab.judges.owl.config import OwlConfig
        from videophy_lab.judges.owl.tokenizer import OwlTokenizer

        device, dtype = choose_device(self.device), getattr(torch, DTYPES[self.choose_dtype()])
        folder = self.find_folder()
        config, tokenizer = OwlConfig.from_folder(folder), OwlTokenizer.from_folder(folder)
        pieces, known = tokenizer.processor.get_piece_size(), config.text.vocab_size
        if pieces > known:
            raise ValueError(
                f"tokenizer.model in {folder} has {pieces} pieces and the network {known}. Remedy: give a "
                "folder in which both belong together."
            )
        network = self.load_weights(folder, dtype, device)
        if self.compile:
            network.compile()
        self._network, self._tokenizer = network, tokenizer

    def score(self, clips: Sequence[Clip], questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
        """Answer, for each clip, its questions; each clip is looked at once, however many there are.

        A question that cannot be asked is ``failed`` with the reason, and takes no other with it.
        """
        self.prepare()
        found: dict[tuple[int, int], Answer] = {}
        asked: dict[tuple[int, int], list[int]] = {}
        for video, about in enumerate(questions):
            for number, question in enumerate(about):
                try:
                    asked[video, number] = self.write_prompt(question)
                except ValueError as error:
                    found[video, number] = failed(str(error))
        if asked:
            found |= self.answer_prompts(clips, questions, asked)
        return [
            [found[video, number] for number in range(len(about))] for video, about in enumerate(questions)
        ]

    def answer_prompts(
        self,
        clips: Sequence[Clip],
        questions: Sequence[Sequence[Question]],
        asked: Mapping[tuple[int, int], list[int]],
    ) -> dict[tuple[int, int], Answer]:
        """Answer what can be asked, by the places of clip and question."""
        from videophy_lab.judges.owl.passes import Prompt

        watched = sorted({video for video, _ in asked})
        media = self.encode_clips([clips[video] for video in watched])
        those = [questions[video][number] for video, number in asked]
        prompts = [
            Prompt(tuple(ids), watched.index(video), self.find_allowed(question))
            for (video, _), ids, question in zip(asked, asked.values(), those, strict=True)
        ]
        answer = self.answer_officially if self.mode == "official" else self.answer_strictly
        return dict(zip(asked, answer(media, prompts, those), strict=True))

    def encode_clips(self, clips: Sequence[Clip]) -> torch.Tensor:
        """Turn clips into the embeddings that stand for them in a prompt, shape (clips, 65, width)."""
        import numpy as np
        import torch

        from videophy_lab.judges.owl.pixels import make_table

        with torch.inference_mode():
            frames = torch.from_numpy(np.stack([clip.frames[self.view] for clip in clips]))
            # bytes are a quarter of what their normalised values weigh on the way to a GPU
            frames = frames.to(self._network.device, non_blocking=True)
            table = torch.from_numpy(make_table()).to(frames.device)
            pixels = [values[frames[..., channel].int()] for channel, values in enumerate(table)]
            media: torch.Tensor = self._network.encode_videos(torch.stack(pixels, dim=1))
            return media

    def write_prompt(self, question: Question) -> list[int]:
        """Turn a question into token ids.

        Raises
        ------
        ValueError
            The judge has no such question, its text is missing, or it does not fit into the context.
        """
        if question.task not in self.templates:
            known = ", ".join(self.templates)
            raise ValueError(f"{self.card.name} asks nothing about {question.task!r}. Allowed: {known}.")
        template = self.templates[question.task]
        text = question.text if template.after_text is not None else ""
        if template.after_text is not None and not text.strip():
            what = "rule" if question.task == "rule" else "caption"
            raise ValueError(f"no {what}. Remedy: give the video one, or do not ask {question.task!r}.")
        if self.mode == "official":
            return self.encode_officially(template, text)
        ids = self.encode_strictly(template, text)
        most = self._network.config.text.max_position_embeddings - LOOKED_AHEAD
        if len(ids) > most:
            raise ValueError(
                f"the question has {len(ids)} tokens, 65 of them the video, and {self.card.name} reads at "
                f"most {most}. Remedy: shorten its text of {len(text)} characters."
            )
        return ids

    @abstractmethod
    def find_allowed(self, question: Question) -> tuple[int, ...]:
        """Give the ids of the allowed answers, in ascending order of their values."""

    @abstractmethod
    def encode_strictly(self, template: Template, text: str) -> list[int]:
        """Turn a template and its text into ids, the text being nothing but text."""

    @abstractmethod
    def encode_officially(self, template: Template, text: str) -> list[int]:
        """Turn a template and its text into ids as the official code does."""

    @abstractmethod
    def answer_strictly(
        self, media: torch.Tensor, prompts: Sequence[Prompt], questions: Sequence[Question]
    ) -> list[Answer]:
        """Answer prompts."""

    @abstractmethod
    def answer_officially(
        self, media: torch.Tensor, prompts: Sequence[Prompt], questions: Sequence[Question]
    ) -> list[Answer]:
        """Answer prompts as the official code does."""
