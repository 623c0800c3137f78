"""Any vision-language model of transformers, asked the benchmark's questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from videophy_lab.devices import choose_device
from videophy_lab.judges.base import Answer, Card, Question, failed
from videophy_lab.judges.base_network import NetworkScorer
from videophy_lab.judges.questions import SCALE, TEMPLATES, Template
from videophy_lab.judges.vlm_answers import (
    Decoding,
    Said,
    generate_answers,
    read_number,
    spell_digits,
    weigh_digits,
)
from videophy_lab.judges.vlm_inputs import (
    EncodedClip,
    Row,
    date_frames,
    encode_clip,
    fit_pixels,
    list_marks,
    neutralise_marks,
    pad_frames,
    render_prompt,
    write_row,
)
from videophy_lab.judges.vlm_loading import EXTRA, VISION, import_modules, load_model, load_processor
from videophy_lab.video import FrameView

if TYPE_CHECKING:
    import numpy as np

    from videophy_lab.video import Clip

# bounds of a frame in the reference preprocessing of Qwen2.5-VL: QwenLM/Qwen3-VL@004d5e0, vision_process.py
LEAST_PIXELS, MOST_PIXELS = 128 * 28 * 28, 768 * 28 * 28
COUNTS = ("frames", "min_pixels", "max_pixels", "max_new_tokens", "batch_size", "max_tokens")
GIVEN = "given by --checkpoint"
# place of a clip, words of a question, which asking again it is
RowKey = tuple[int, str, int]


@dataclass(kw_only=True)
class VisionLanguageJudge(NetworkScorer):
    """Ask any image-text-to-text model of transformers that takes videos, by its own chat template.

    The answer is generated greedily and read strictly: one allowed value and nothing else, after the thought
    of a model that thinks first; anything else is ``unscored``, with the text kept. ``probabilities`` are
    those of the digits at the place of the one that was read, renormalised over the scale; they are there
    where the answer is a digit of its own.

    A clip is decoded and preprocessed once for all its questions. Marks of the conversation in a caption or a
    rule (``<|im_end|>``) are parted by a space, so that they stay text.

    It has the options of :class:`NetworkScorer`, and these.

    Parameters
    ----------
    device_map : str
        ``auto`` spreads the network over all GPUs; otherwise empty.
    frames : int
        Most frames of a video, evenly from the first to the last.
    fallback_fps : float
        Frames a second that the model is told where the file claims none that can be believed.
    min_pixels, max_pixels : int
        Bounds of a frame's size; the processor rounds within its own.
    system : str
        What is said to the model before the question; its template's own words when empty.
    instruction : str
        What is added to each question, for models that are told how to think.
    max_new_tokens : int
        Most tokens of an answer.
    batch_size : int
        Most clips of one call.
    max_tokens : int
        Most tokens in one pass, prompts and answers together; bounds the memory.
    """

    device_map: str = ""
    frames: int = 16
    fallback_fps: float = 24.0
    min_pixels: int = 1
    max_pixels: int = MOST_PIXELS
    system: str = ""
    instruction: str = ""
    max_new_tokens: int = 16
    batch_size: int = 4
    max_tokens: int = 32768
    _model: Any = field(default=None, init=False, repr=False, compare=False)
    _processor: Any = field(default=None, init=False, repr=False, compare=False)
    _digits: Mapping[int, Sequence[int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    card: ClassVar[Card] = Card(
        name="vlm",
        summary="any vision-language model of transformers that takes videos, given as --checkpoint",
        tasks=("sa", "pc", "rule"),
        scale="1–5 (rule: 0 violated, 1 followed, 2 cannot be determined)",
        weights=GIVEN,
        licence="code MIT; the weights have the licence of their checkpoint",
        needs=f"{EXTRA}, {VISION}",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_allowed(device_map=("", "auto"))
        self.check_least(**dict.fromkeys(COUNTS, 1))
        if self.min_pixels > self.max_pixels:
            raise ValueError(f"min_pixels is {self.min_pixels}, above max_pixels, {self.max_pixels}.")
        if not 0 < self.fallback_fps < float("inf"):
            raise ValueError(f"fallback_fps is {self.fallback_fps}; it must be above 0.")

    @property
    def view(self) -> FrameView:
        """Ask for frames spread evenly over the video."""
        return FrameView("uniform", self.frames)

    @property
    def templates(self) -> Mapping[str, Template]:
        """Give the words of each task's question."""
        return TEMPLATES["vlm"]

    @property
    def decoding(self) -> Decoding:
        """Say how answers are generated."""
        return Decoding(self.max_new_tokens, self.max_tokens)

    def check_source(self) -> None:
        """Check that weights are named."""
        if self.source == GIVEN:
            raise ValueError(
                f"{self.card.name} has no weights. Remedy: type -o {self.card.name}.checkpoint=FOLDER, "
                "or name a repository: --checkpoint Qwen/Qwen3-VL-8B-Instruct."
            )

    def find_absent(self) -> str:
        """Say which weights a run would have to fetch first, and how large they are."""
        self.check_source()
        return super().find_absent()

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a score; weights that are not here are fetched for it, not loaded."""
        self.check_source()
        import_modules()
        return {
            "scorer": self.card.name,
            "weights": self.fingerprint_weights(),
            "templates": {task: asdict(template) for task, template in self.templates.items()},
            "frames": asdict(self.view),
            "fallback_fps": self.fallback_fps,
            "pixels": [self.min_pixels, self.max_pixels],
            "dtype": self.choose_dtype(),
            "system": self.system,
            "instruction": self.instruction,
            "max_new_tokens": self.max_new_tokens,
        }

    def prepare(self) -> None:
        """Load the network and its processor, once.

        Raises
        ------
        ValueError
            Weights that cannot be found, fetched or used, or a device that is not there.
        ImportError
            The extra ``judges`` or ``vision`` is not installed.
        """
        if self._model is not None:
            return
        self.check_source()
        import_modules()
        device, folder = choose_device(self.device), self.find_folder()
        processor = load_processor(folder)
        self._model = load_model(folder, device, self.choose_dtype(), self.device_map)
        self._processor, self._digits = processor, spell_digits(processor.tokenizer)

    def score(self, clips: Sequence[Clip], questions: Sequence[Sequence[Question]]) -> list[list[Answer]]:
        """Answer, for each clip, its questions; questions with the same words share one answer, but repeats.

        A question that cannot be asked is ``failed`` with the reason, and takes no other with it.
        """
        self.prepare()
        found: dict[tuple[int, int], Answer] = {}
        rows: dict[RowKey, Row] = {}
        asked: dict[tuple[int, int], RowKey] = {}
        encoded: dict[int, EncodedClip] = {}
        for video, about in enumerate(questions):
            for number, question in enumerate(about):
                try:
                    text = self.write_question(question)
                    if video not in encoded:
                        encoded[video] = self.encode_clip(clips[video])
                    key = video, text, question.repeat
                    if key not in rows:
                        rows[key] = replace(self.write_row(text, encoded[video]), repeat=question.repeat)
                    asked[video, number] = key
                except ValueError as error:
                    found[video, number] = failed(str(error))
        said = self.generate(rows)
        for (video, number), key in asked.items():
            found[video, number] = self.read_answer(said[key], questions[video][number])
        return [
            [found[video, number] for number in range(len(about))] for video, about in enumerate(questions)
        ]

    def write_question(self, question: Question) -> str:
        """Write a question in the benchmark's words; raise ValueError where it cannot be asked."""
        if question.task not in self.templates:
            known = ", ".join(self.templates)
            raise ValueError(f"{self.card.name} asks nothing about {question.task!r}. Allowed: {known}.")
        template = self.templates[question.task]
        text = ""
        if template.after_text is not None:
            what = "rule" if question.task == "rule" else "caption"
            text = self.clean_text(question, what) + template.after_text
        written = f"{template.before_media}{template.before_text}{text}"
        return f"{written}\n\n{self.instruction}" if self.instruction else written

    def clean_text(self, question: Question, what: str) -> str:
        """Give the text of a question with its marks parted; raise ValueError where there is none."""
        if not question.text.strip():
            raise ValueError(f"no {what}. Remedy: give the video one, or do not ask {question.task!r}.")
        return neutralise_marks(question.text, list_marks(self._processor))

    def encode_clip(self, clip: Clip) -> EncodedClip:
        """Turn a clip's frames into what the model sees."""
        frames, indices = pad_frames(clip.frames[self.view], clip.indices[self.view])
        frames = fit_pixels(frames, self.min_pixels, self.max_pixels)
        return encode_clip(self._processor, frames, self.date_frames(clip, indices))

    def date_frames(self, clip: Clip, indices: np.ndarray) -> dict[str, Any]:
        """Say when the frames were taken."""
        return date_frames(clip, indices, self.fallback_fps)

    def write_row(self, text: str, clip: EncodedClip) -> Row:
        """Put a question and a clip into one prompt; raise ValueError where it does not fit."""
        row = write_row(self._processor, render_prompt(self._processor, text, system=self.system), clip)
        most = self._model.config.get_text_config().max_position_embeddings - self.max_new_tokens
        if len(row.ids) > most:
            raise ValueError(
                f"the question has {len(row.ids)} tokens, {len(clip.ids)} of them the video, and "
                f"{self.card.name} reads at most {most} before its answer. Remedy: fewer frames, fewer "
                f"pixels, or a shorter text; this one has {len(text)} characters."
            )
        return row

    def generate(self, rows: Mapping[RowKey, Row]) -> dict[RowKey, Said]:
        """Generate an answer to each row."""
        tokenizer = self._processor.tokenizer
        made = generate_answers(self._model, tokenizer, list(rows.values()), self._digits, self.decoding)
        return dict(zip(rows, made, strict=True))

    def read_answer(self, said: Said, question: Question) -> Answer:
        """Read what was said to a question."""
        scale = SCALE[question.task]
        return read_number(said, scale, lambda digit, end: self.weigh(said, (digit, end), scale))

    def weigh(self, said: Said, place: tuple[int, int], scale: Sequence[int]) -> tuple[float, ...]:
        """Give the probabilities of the digits of a scale at a place of the answer."""
        return weigh_digits(said, place, scale, self._digits, self._processor.tokenizer)
