"""What every generator is: the specs it shows, the orders it is given, what it makes of them.

A generator is a small dataclass whose fields are its options. It makes frames, or the bytes of a whole file;
names, files, side-cars and tables are the same for all of them and made elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

# the benchmark's videos are shorter than this (VideoPhy-2, arXiv 2503.06800)
LONGEST_SECONDS = 6.0
CAPTIONS = ("auto", "original", "upsampled")


class GeneratorStoppedError(OSError):
    """A generator can make no other video either: raised by `Generator.make`, it ends the run.

    What was made is kept, and there is no row for what was not. The text is the reason with its remedy.
    """


@dataclass(frozen=True)
class Specs:
    """What ``list generators`` shows; reading it imports nothing heavy.

    Attributes
    ----------
    name : str
    summary : str
        One line.
    source : str
        What runs: the class of a library, or the service.
    weights : str
        Hub repository, or ``"none"``.
    size : str
        Of the weights, for example ``"21.5 GB"``, or ``"none"``.
    licence : str
        Of the weights; of our code where there are none; the provider's terms.
    limits : str
        What the licence forbids or demands; shown before anything is downloaded.
    needs : str
        The extra that it needs, or ``"nothing"``.
    dtype : str
        Precision in which the authors run it.
    height, width, frames : int, optional
        Of a video.
    fps : float, optional
    steps : int, optional
        Of the sampler.
    guidance : float, optional
        Scale of classifier-free guidance.
    text_limit : int, optional
        Tokens of the text; more are cut off by the text encoder.
    captions : str
        ``"original"`` or ``"upsampled"``: which caption it is given unless the option says otherwise; the
        original one where there is no upsampled one.
    memory : str
        What it takes of a GPU's memory, for example ``"24 GB"``.
    """

    name: str
    summary: str
    source: str
    weights: str = "none"
    size: str = "none"
    licence: str = "MIT"
    limits: str = ""
    needs: str = "nothing"
    dtype: str = ""
    height: int | None = None
    width: int | None = None
    frames: int | None = None
    fps: float | None = None
    steps: int | None = None
    guidance: float | None = None
    text_limit: int | None = None
    captions: str = "original"
    memory: str = ""


@dataclass(frozen=True)
class Order:
    """One video to be made.

    Attributes
    ----------
    video_id, prompt_id : str
    seed : int
    caption : str
        The prompt's own text.
    upsampled : str
        Its lengthened text; empty where there is none.
    facts : mapping
        The other columns of the prompt's row that are not blank, for example ``action``.
    """

    video_id: str
    prompt_id: str
    seed: int
    caption: str
    upsampled: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Truth:
    """A rule about one video, with the answer that is right by construction.

    Attributes
    ----------
    rule : str
        A sentence.
    law : str
        The physical law behind it.
    label : int
        0 violated, 1 followed, 2 cannot be determined.
    """

    rule: str
    law: str
    label: int


@dataclass(frozen=True)
class Made:
    """What a generator made of one order: `frames` with `fps`, or `data`, or else an `error`.

    Attributes
    ----------
    frames : array of uint8, shape (frames, height, width, 3), optional
        RGB; they are written as H.264.
    fps : float
    data : bytes
        A finished video file, kept byte for byte.
    suffix : str
        Of that file.
    text : str
        Exactly what was sent to the network or the service.
    tokens : int, optional
        Tokens of that text before any are cut off.
    truncated : int
        Tokens that were cut off.
    settings : mapping
        What decided this video beside the generator's own description, as JSON.
    facts : mapping
        Further columns of the videos table.
    rules : tuple of Truth
    ratings : mapping of task to value
        What a perfect annotator would say, for example ``{"pc": 0.0}`` on the scale 0/1.
    files : mapping of ending to bytes
        What is kept beside the video, for example ``{"tracks.csv": b"…"}``.
    cost : float
        US dollars; NaN for what is not paid by the video.
    seconds : float
        Time that making it took; NaN lets the run share its own clock out.
    error : str
        Why there is no video; then there is nothing else but `text` and what it cost.
    """

    frames: np.ndarray | None = None
    fps: float = math.nan
    data: bytes = b""
    suffix: str = ".mp4"
    text: str = ""
    tokens: int | None = None
    truncated: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[Truth, ...] = ()
    ratings: Mapping[str, float] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    cost: float = math.nan
    seconds: float = math.nan
    error: str = ""


class Generator(Protocol):
    """Something that makes videos: a dataclass that inherits from this and has options as fields.

    Attributes
    ----------
    specs : Specs
    batch_size : int
        Orders that one call of `make` is given.
    parallel : bool
        Whether several processes on one machine make videos faster than one; false for networks, which fill
        the machine alone, and for services, which are asked for several videos at once by one process.
    needs_caption : bool
        False for what only looks a video up.
    """

    specs: ClassVar[Specs]
    parallel: ClassVar[bool] = False
    needs_caption: ClassVar[bool] = True

    @property
    def batch_size(self) -> int:
        """Orders of one call."""
        return 1

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a video (weights, steps, size, sampler), as JSON.

        Two runs with different descriptions do not share a folder under one name.
        """
        ...

    def list_variants(self) -> Mapping[str, Generator]:
        """Give the generators that it stands for, by what is added to its name; ``""`` is the bare name."""
        return {"": self}

    def refuse(self, order: Order) -> str:
        """Say why an order does not concern this generator; such a video is neither made nor missing."""
        return ""

    def find_absent(self) -> str:
        """Say what a run would have to fetch first, and how large it is; empty when all is here."""
        return ""

    def describe_cost(self, orders: Sequence[Order]) -> str:
        """Say what it would cost to make these videos: GPU hours or US dollars, and on what that rests."""
        return ""

    def prepare(self) -> None:
        """Load what is needed, before the first video; raise ValueError or ImportError with a remedy."""

    def make(self, orders: Sequence[Order], *, folder: Path) -> Iterable[tuple[Order, Made]]:
        """Make the videos of at most `batch_size` orders, and give each as soon as it is there.

        Whatever it raises is the reason of those that were not given, and the run goes on; but for
        :class:`GeneratorStoppedError`.

        Parameters
        ----------
        orders : sequence of Order
        folder : Path
            For what must outlive a crash, such as the job of a service that is paid for; it may not be there
            yet, and is the same for every run with the same output folder and the same generator.
        """
        ...

    def list_notes(self) -> Sequence[str]:
        """Say what the user should know after a run, such as files that match no prompt."""
        return ()


def choose_text(order: Order, captions: str, *, preferred: str) -> str:
    """Choose the text that a generator is given.

    Parameters
    ----------
    order : Order
    captions : {"auto", "original", "upsampled"}
        The user's option.
    preferred : {"original", "upsampled"}
        What ``auto`` means for this generator (`Specs.captions`); ``upsampled`` falls back to the caption
        where there is none.

    Raises
    ------
    ValueError
        The upsampled caption was demanded and is not there.
    """
    if captions == "upsampled" and not order.upsampled:
        raise ValueError(
            f"the prompt {order.prompt_id} has no upsampled caption. Remedy: give a prompts table with the "
            "column upsampled_caption, or leave the option captions at auto."
        )
    wanted = preferred if captions == "auto" else captions
    return order.upsampled if wanted == "upsampled" and order.upsampled else order.caption


def check_length(frames: int, fps: float) -> None:
    """Check that a video stays below six seconds, as the benchmark's do.

    Raises
    ------
    ValueError
        It would be longer; the largest number of frames is named.
    """
    if not fps > 0 or frames < 1:
        raise ValueError(f"{frames} frames at {fps:g} a second make no video; both must be more than 0.")
    if frames / fps >= LONGEST_SECONDS:
        most = math.ceil(LONGEST_SECONDS * fps) - 1
        raise ValueError(
            f"{frames} frames at {fps:g} a second last {frames / fps:.1f} s, and the benchmark's videos stay "
            f"under {LONGEST_SECONDS:g} s. Remedy: at most {most} frames, or more of them a second."
        )
