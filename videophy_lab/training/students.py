"""What a judge brings to its training: how it reads videos and questions, and what it is to answer."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from videophy_lab.devices import DTYPES
from videophy_lab.extras import import_extra
from videophy_lab.judges.autoeval import AutoEval
from videophy_lab.judges.base import Question, Scorer
from videophy_lab.judges.base_network import NetworkScorer
from videophy_lab.judges.questions import SCALE
from videophy_lab.judges.vlm import VisionLanguageJudge
from videophy_lab.judges.vlm_answers import THOUGHT, list_ends
from videophy_lab.judges.vlm_inputs import EncodedClip, render_prompt
from videophy_lab.training.settings import Settings

if TYPE_CHECKING:
    import torch

    from videophy_lab.training.networks.lessons import Lesson
    from videophy_lab.video import Clip

EXTRA = "training"
Tensors = dict[str, "torch.Tensor"]


@dataclass(frozen=True)
class Task:
    """One example as a network reads it.

    Attributes
    ----------
    question : list of int, or Row
    lesson : Lesson
    media : mapping of str to tensor
        What stands for the video.
    """

    question: Any
    lesson: Lesson
    media: Mapping[str, torch.Tensor]


class Student(ABC):
    """A judge that is trained.

    Its questions, frames and precision are those of the judge, so that what it is trained on is what it will
    be asked.

    Parameters
    ----------
    judge : NetworkScorer
        Its checkpoint is the base.

    Attributes
    ----------
    needs : tuple of str
        Which tensors of a video a question is written from.
    """

    needs: tuple[str, ...] = ()

    def __init__(self, judge: NetworkScorer) -> None:
        self.judge: Any = judge
        self.adapted: Any = None

    def forget(self) -> None:
        """Let go of the network, so that the merged one has room."""
        self.adapted = None
        for name in ("_network", "_model"):
            if hasattr(self.judge, name):
                setattr(self.judge, name, None)

    def prepare(self) -> None:
        """Load the base."""
        for module in ("torch", "accelerate", "peft"):
            import_extra(module, EXTRA)
        self.judge.prepare()

    @abstractmethod
    def encode(self, clip: Clip) -> Tensors:
        """Turn a clip into what is kept of it: no step changes it."""

    @abstractmethod
    def measure_clip(self, clip: Clip) -> int:
        """Measure how many bytes are kept of a clip; the network is not loaded for it."""

    @abstractmethod
    def write(self, question: Question, answer: int, media: Mapping[str, torch.Tensor]) -> Task:
        """Write a question and its answer; raise ValueError where it cannot be asked."""

    @abstractmethod
    def make_trainee(self, settings: Settings) -> Any:
        """Put an adapter into the network, all else frozen, and wrap it for training."""

    @abstractmethod
    def collate(self, tasks: Sequence[Task]) -> dict[str, Any]:
        """Gather what the trainee's forward pass takes."""

    def adapt(self, network: Any, targets: str, settings: Settings) -> Any:
        """Put a new adapter of low rank into a network; its numbers are drawn from the seed."""
        import torch

        peft = import_extra("peft", EXTRA)
        config = peft.LoraConfig(
            r=settings.rank,
            lora_alpha=settings.alpha,
            lora_dropout=settings.dropout,
            target_modules=targets,
            bias="none",
        )
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            # PEFT 0.21 asks transformers by a name that 5.23 calls old
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
            torch.manual_seed(settings.seed)
            return peft.get_peft_model(network, config)


class OwlStudent(Student):
    """AutoEval: its videos are encoded once, for the vision tower does not learn."""

    judge: AutoEval

    def encode(self, clip: Clip) -> Tensors:
        """Give the 65 embeddings that stand for a clip."""
        return {"media": self.judge.encode_clips([clip])[0].cpu().clone()}

    def measure_clip(self, clip: Clip) -> int:
        """Measure how many bytes the embeddings take."""
        import torch

        from videophy_lab.judges.owl.config import OwlConfig

        config = OwlConfig.from_folder(self.judge.find_folder())
        dtype = getattr(torch, DTYPES[self.judge.choose_dtype()])
        return int((config.num_query_tokens + 1) * config.text.hidden_size * dtype.itemsize)

    def write(self, question: Question, answer: int, media: Mapping[str, torch.Tensor]) -> Task:
        """Write a question; the answer is the lead, the digit and the end of text."""
        from videophy_lab.judges.owl.network import EOS
        from videophy_lab.judges.owl.tokenizer import LONE_SPACE
        from videophy_lab.training.networks.lessons import Lesson

        ids = self.judge.write_prompt(question)
        digits = self.judge.find_allowed(question)
        digit = digits[SCALE[question.task].index(answer)]
        lead = self.judge._tokenizer.piece_id(LONE_SPACE)
        return Task(ids, Lesson((lead, digit, EOS), 1, digits), media)

    def make_trainee(self, settings: Settings) -> Any:
        """Adapt the seven projections of each layer of the language model, as the official recipe does."""
        from videophy_lab.training.networks.owl import TARGETS, OwlTrainee

        self.adapted = self.adapt(self.judge._network, TARGETS, settings)
        return OwlTrainee(self.judge._network)

    def collate(self, tasks: Sequence[Task]) -> dict[str, Any]:
        """Stack the videos."""
        import torch

        return {
            "questions": [task.question for task in tasks],
            "lessons": [task.lesson for task in tasks],
            "media": torch.stack([task.media["media"] for task in tasks]),
        }


class VlmStudent(Student):
    """A vision-language model: frames are preprocessed once, its vision tower reads them each time."""

    judge: VisionLanguageJudge
    needs = ("ids", "types")

    def measure_clip(self, clip: Clip) -> int:
        """Measure how many bytes tokens and pixels take."""
        from videophy_lab.judges.vlm_loading import import_modules, load_processor

        import_modules()
        if self.judge._processor is None:
            self.judge._processor = load_processor(self.judge.find_folder())
        return sum(tensor.nbytes for tensor in self.encode(clip).values())

    def encode(self, clip: Clip) -> Tensors:
        """Give the tokens and the pixels that stand for a clip, pixels in the model's precision."""
        import torch

        encoded = self.judge.encode_clip(clip)
        dtype = getattr(torch, DTYPES[self.judge.choose_dtype()])
        kept = {
            f"media.{name}": value.to(dtype) if name.startswith("pixel_values") else value
            for name, value in encoded.media.items()
        }
        kept["ids"] = torch.tensor(encoded.ids)
        return kept | ({} if encoded.types is None else {"types": torch.tensor(encoded.types)})

    def write(self, question: Question, answer: int, media: Mapping[str, torch.Tensor]) -> Task:
        """Write a question; the answer is the digit and what ends an answer of this model."""
        from videophy_lab.training.networks.lessons import Lesson

        types = media["types"].tolist() if "types" in media else None
        pixels = {
            name.removeprefix("media."): value for name, value in media.items() if name.startswith("media.")
        }
        clip = EncodedClip(media["ids"].tolist(), types, pixels)
        text = self.judge.write_question(question)
        row = self.judge.write_row(text, clip)
        spelt = {value: self.spell_answer(text, value) for value in SCALE[question.task]}
        ids = spelt[answer]
        spot = next(i for i, token in enumerate(ids) if len({other[i] for other in spelt.values()}) > 1)
        return Task(row, Lesson(ids, spot, tuple(other[spot] for other in spelt.values())), {})

    def spell_answer(self, text: str, value: int) -> tuple[int, ...]:
        """Give the tokens of an answer as the chat template writes it, up to what ends it."""
        processor: Any = self.judge._processor
        tokenizer = processor.tokenizer
        tail = find_tail(processor, text, str(value), system=self.judge.system)
        ids = tokenizer(tail, add_special_tokens=False)["input_ids"]
        ends = list_ends(self.judge._model, tokenizer)
        length = next((place for place, token in enumerate(ids) if token in ends), len(ids))
        end = ids[length] if length < len(ids) else tokenizer.eos_token_id
        return (*ids[:length], end)

    def make_trainee(self, settings: Settings) -> Any:
        """Adapt the linear layers of the language model."""
        from videophy_lab.training.networks.vlm import VlmTrainee, find_targets

        model, tokenizer = self.judge._model, self.judge._processor.tokenizer
        self.adapted = self.adapt(model, find_targets(model), settings)
        return VlmTrainee(model, tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0)

    def collate(self, tasks: Sequence[Task]) -> dict[str, Any]:
        """Gather the rows."""
        return {"rows": [task.question for task in tasks], "lessons": [task.lesson for task in tasks]}


def find_tail(processor: Any, text: str, said: str, *, system: str) -> str:
    """Give what a chat template writes of an answer after the question; the answer itself without one."""
    if not getattr(processor, "chat_template", None):
        return said
    prompt = render_prompt(processor, text, system=system)
    before = [{"role": "system", "content": [{"type": "text", "text": system}]}] if system else []
    asked = {"role": "user", "content": [{"type": "video"}, {"type": "text", "text": text}]}
    answered = {"role": "assistant", "content": [{"type": "text", "text": said}]}
    whole: str = processor.apply_chat_template([*before, asked, answered], tokenize=False)
    # a template that opens an answer by a thought of its own ends the question in other words
    return whole.removeprefix(prompt) if whole.startswith(prompt) else said


def make_student(judge: Scorer) -> Student:
    """Choose how a judge is trained.

    Raises
    ------
    ValueError
        A judge of another kind.
    """
    if isinstance(judge, AutoEval):
        return OwlStudent(judge)
    name = judge.card.name
    if isinstance(judge, VisionLanguageJudge) and THOUGHT in judge.system + judge.instruction:
        raise ValueError(
            f"{name} is told to think before it answers, and ratings hold no thoughts. Remedy: train its "
            "checkpoint as --judge vlm, which is asked for a number only."
        )
    if isinstance(judge, VisionLanguageJudge) and "rule" in judge.card.tasks:
        return VlmStudent(judge)
    raise ValueError(
        f"{name} cannot be trained on ratings. Allowed: autoeval, and vision-language models of transformers "
        "(vlm, qwen2_5_vl, qwen3_vl, …). Remedy: --judge autoeval, or --judge vlm with its folder as --base."
    )
