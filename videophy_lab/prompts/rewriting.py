"""Who lengthens captions: a language model at a provider, or one of transformers on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, Field

from videophy_lab.devices import DTYPES, choose_device, choose_dtype
from videophy_lab.extras import import_extra
from videophy_lab.llm import Request
from videophy_lab.llm.cache import find_folder, read_record, write_record
from videophy_lab.llm.exchange import hash_description
from videophy_lab.prompts.asking import ask_all, describe_cost, take_answer
from videophy_lab.prompts.chat import UPSAMPLER, Writer
from videophy_lab.weights import (
    WeightsError,
    describe_absent,
    explain_loading,
    fingerprint_folder,
    load_whole,
    resolve_checkpoint,
)

EXTRA = "judges"
OUTPUT_TOKENS = 250
WHAT = "a language model"
REMEDY = "Remedy: give the folder of a chat model for causal language modelling, such as " + UPSAMPLER + "."


@dataclass(frozen=True)
class Rewrite:
    """What came of one message: a text, or the reason why there is none."""

    text: str
    error: str = ""


class Rewriter(Protocol):
    """Something that answers messages with texts; `form` says to the model what its answer looks like."""

    form: ClassVar[str]

    @property
    def name(self) -> str:
        """Give the model's name."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a text beside the message, as JSON."""
        ...

    def rewrite(self, messages: Sequence[str], *, attempt: int, progress: bool) -> list[Rewrite]:
        """Answer messages; a message's second attempt is drawn anew."""
        ...

    def describe_cost(self, messages: Sequence[str]) -> str:
        """Say what it would take to answer messages; nothing is sent or fetched."""
        ...


class Lengthened(BaseModel):
    """A paragraph."""

    caption: str = Field(description="The paragraph alone.")


@dataclass(kw_only=True)
class ChatUpsampler(Writer):
    """Lengthen captions with a language model at a provider; the options are those of :class:`Writer`."""

    form: ClassVar[str] = 'Answer with a JSON object: {"caption": the paragraph}.'

    @property
    def name(self) -> str:
        """Give the model's name."""
        return self.model

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a text beside the message."""
        return {"upsampler": "chat", **self.client.describe()}

    def rewrite(self, messages: Sequence[str], *, attempt: int, progress: bool) -> list[Rewrite]:
        """Answer messages."""
        requests = [Request((message,), Lengthened, attempt) for message in messages]
        replies = ask_all(self, requests, what="lengthening captions", progress=progress)
        answers = [take_answer(reply, Lengthened) for reply in replies]
        return [
            Rewrite("", reply.reason) if answer is None else Rewrite(answer.caption)
            for reply, answer in zip(replies, answers, strict=True)
        ]

    def describe_cost(self, messages: Sequence[str]) -> str:
        """Say what it would cost."""
        requests = [Request((message,), Lengthened) for message in messages]
        return describe_cost(self, requests, what="lengthening", output_tokens=OUTPUT_TOKENS)


@dataclass(kw_only=True)
class LocalUpsampler:
    """Lengthen captions with a chat model of transformers, by default the paper's Mistral-NeMo-12B-Instruct.

    Every text is drawn by itself, by its message and the seed: neither the size of a batch nor what else is
    in it decides which. What was written is kept beside the answers of providers, and not written again.

    Parameters
    ----------
    checkpoint : str
        Folder, or repository of the hub.
    device, dtype : str
        ``auto`` takes a GPU in bf16 where there is one, else the CPU in fp32.
    device_map : str
        ``auto`` spreads the network over several GPUs.
    batch_size : int
    temperature : float
        0 takes the likeliest token each time; Mistral recommends 0.3 for NeMo.
    seed : int
    max_new_tokens : int
    cache : str
        Folder of answers; one in the user's cache folder when empty.
    retry : bool
        Write again what was cut off in an earlier run.

    References
    ----------
    Gumbel's maximum: argmax(logits / temperature + noise) is a draw from the softmax.
    """

    form: ClassVar[str] = "Answer with the paragraph alone."
    checkpoint: str = UPSAMPLER
    device: str = "auto"
    dtype: str = "auto"
    device_map: str = ""
    batch_size: int = 8
    temperature: float = 0.3
    seed: int = 0
    max_new_tokens: int = 400
    cache: str = ""
    retry: bool = False
    _loaded: tuple[Any, Any] | None = field(default=None, init=False, repr=False, compare=False)
    _fingerprint: str = field(default="", init=False, repr=False, compare=False)
    n_cut: int = field(default=0, init=False, repr=False, compare=False)  # in an earlier run, and left so

    def __post_init__(self) -> None:
        if self.dtype not in ("auto", *DTYPES):
            raise ValueError(f"dtype is {self.dtype!r}. Allowed: auto, {', '.join(DTYPES)}.")
        for name in ("batch_size", "max_new_tokens"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1.")
        if not 0 <= self.temperature <= 2:
            raise ValueError(f"temperature is {self.temperature}; it must be between 0 and 2.")

    @property
    def name(self) -> str:
        """Give the model's name."""
        return self.checkpoint

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a text beside the message; fetches weights that are not here."""
        import_extra("torch", EXTRA)
        if not self._fingerprint:
            self._fingerprint = fingerprint_folder(resolve_checkpoint(self.checkpoint))
        return {
            "upsampler": "transformers",
            "model": self.checkpoint,
            "weights": self._fingerprint,
            "dtype": choose_dtype(self.dtype, self.device),
            **{name: getattr(self, name) for name in ("temperature", "seed", "max_new_tokens")},
        }

    def describe_cost(self, messages: Sequence[str]) -> str:
        """Say what would have to be fetched."""
        absent = describe_absent(self.checkpoint)
        fetched = f"; first fetches {absent}" if absent else ""
        where = f"{self.checkpoint} on this machine"
        return f"lengthening: {len(messages)} captions by {where}, 0 to pay{fetched}"

    def rewrite(self, messages: Sequence[str], *, attempt: int, progress: bool) -> list[Rewrite]:
        """Answer messages, a batch at a time; a batch is on the disk before the next begins.

        Raises
        ------
        WeightsError
            No weights, others, or none with a chat template.
        """
        import sys

        from tqdm import tqdm

        folder = find_folder(self.cache)
        settings = {**self.describe(), "attempt": attempt}
        names = [hash_description({**settings, "message": message}) for message in messages]
        found: dict[str, Rewrite] = {}
        for name in dict.fromkeys(names):
            record = read_record(folder, name)
            if record is None or not isinstance(record.get("text"), str):
                continue
            known = Rewrite(record["text"], str(record.get("error", "")))
            if not (self.retry and known.error):
                found[name] = known
                self.n_cut += bool(known.error)
        left = [pair for pair in dict(zip(names, messages, strict=True)).items() if pair[0] not in found]
        hidden = not progress or not left
        with tqdm(total=len(left), desc="lengthening captions", disable=hidden, file=sys.stderr) as bar:
            for start in range(0, len(left), self.batch_size):
                batch = left[start : start + self.batch_size]
                texts = self.generate([message for _, message in batch], attempt)
                for (name, message), text in zip(batch, texts, strict=True):
                    found[name] = text
                    record = {**settings, "message": message, "text": text.text, "error": text.error}
                    write_record(folder, name, record)
                bar.update(len(batch))
        return [found[name] for name in names]

    def load(self) -> tuple[Any, Any]:
        """Load tokenizer and network, once."""
        if self._loaded is None:
            torch = import_extra("torch", EXTRA)
            transformers = import_extra("transformers", EXTRA)
            folder = resolve_checkpoint(self.checkpoint)
            device = choose_device(self.device)
            with explain_loading(folder, what=WHAT, remedy=REMEDY):
                tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
            if not tokenizer.chat_template:
                raise WeightsError(f"the tokenizer in {folder} has no chat template. {REMEDY}")
            if tokenizer.pad_token_id is None:
                tokenizer.pad_token = tokenizer.eos_token
            tokenizer.padding_side = "left"
            network = load_whole(
                transformers.AutoModelForCausalLM,
                folder,
                what=WHAT,
                remedy=REMEDY,
                dtype=getattr(torch, DTYPES[choose_dtype(self.dtype, device)]),
                device_map=self.device_map or {"": device},
            )
            self._loaded = tokenizer, network
        return self._loaded

    def generate(self, messages: Sequence[str], attempt: int) -> list[Rewrite]:
        """Let the network write."""
        import torch
        import transformers

        tokenizer, network = self.load()
        chats = [[{"role": "user", "content": message}] for message in messages]
        inputs = tokenizer.apply_chat_template(
            chats, add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True
        ).to(network.device)
        ends = network.generation_config.eos_token_id
        ends = [tokenizer.eos_token_id] if ends is None else ends if isinstance(ends, list) else [ends]
        config: Any = transformers.GenerationConfig
        settings = config(
            max_new_tokens=self.max_new_tokens,
            do_sample=False,
            eos_token_id=ends,
            pad_token_id=tokenizer.pad_token_id,
        )
        seeds = [make_seed(self.seed, attempt, message) for message in messages]
        noise = [make_noise(seeds, self.temperature)] if self.temperature else []
        with torch.inference_mode():
            written = network.generate(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                generation_config=settings,
                logits_processor=transformers.LogitsProcessorList(noise),
            )
        texts = []
        for tokens in written[:, inputs["input_ids"].shape[1] :].tolist():
            ended = any(token in ends for token in tokens)
            text = tokenizer.decode(tokens, skip_special_tokens=True).strip()
            cut = f"cut off after {self.max_new_tokens} tokens (option max_new_tokens)"
            texts.append(Rewrite(text, "" if ended else cut))
        return texts


def make_seed(seed: int, attempt: int, message: str) -> int:
    """Make the seed of one text."""
    name = f"{seed}\0{attempt}\0{message}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big") >> 1


def make_noise(seeds: Sequence[int], temperature: float) -> Callable[[Any, Any], Any]:
    """Make what turns the likeliest token into a drawn one, for each text by its own seed."""
    import torch

    generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def add_noise(_: Any, scores: Any) -> Any:
        rows = [
            torch.rand(scores.shape[-1], generator=generator, dtype=torch.float64) for generator in generators
        ]
        uniform = torch.stack(rows).clamp(1e-300, 1 - 1e-16)
        noise = -torch.log(-torch.log(uniform))
        return scores.float() / temperature + noise.to(scores.device, torch.float32)

    return add_noise
