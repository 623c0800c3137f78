"""The benchmark's questions as messages to a remote model, with the video before them."""

from __future__ import annotations

import hashlib
import math
import mimetypes
from functools import partial
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from videophy_lab.judges.base import Question
from videophy_lab.judges.questions import TEMPLATES, Template, find_scale
from videophy_lab.llm import Media
from videophy_lab.places import hash_file

if TYPE_CHECKING:
    import numpy as np

    from videophy_lab.video import VideoInfo

REASONING = "One or two short sentences on what in the video decides the score."


class Rating(BaseModel):
    """An answer on the scale of semantic adherence and physical commonsense."""

    reasoning: str = Field(description=REASONING)
    score: int = Field(ge=1, le=5, strict=True)


class Verdict(BaseModel):
    """An answer about a rule."""

    reasoning: str = Field(description=REASONING)
    score: int = Field(ge=0, le=2, strict=True)


ANSWERS: dict[str, type[Rating] | type[Verdict]] = {"sa": Rating, "pc": Rating, "rule": Verdict}


def strip_turns(template: Template) -> Template:
    """Take the turns of a conversation off a question: a remote model has its own."""
    before = template.before_text.removeprefix("\nHuman: ")
    if template.after_text is None:
        return Template("", before.removesuffix("\nAI: "))
    return Template("", before, template.after_text.removesuffix("\nAI: ").rstrip(" "))


# the sentences for open models end in a demand for a bare number, which the form of the answer contradicts
SENTENCES = {task: strip_turns(template) for task, template in TEMPLATES["autoeval"].items()}


def describe_form(task: str) -> str:
    """Say what an answer looks like; a server that ignores the schema still reads this."""
    *most, last = map(str, find_scale(task))
    return (
        'Answer with a JSON object: {"reasoning": one or two short sentences, "score": the number '
        f"{', '.join(most)} or {last}}}."
    )


def describe_questions() -> dict[str, str]:
    """Give every question word for word; ``{text}`` stands for the caption or rule."""
    texts = {task: "" if part.after_text is None else "{text}" for task, part in SENTENCES.items()}
    return {task: join_words(task, texts[task]) for task in SENTENCES}


def join_words(task: str, text: str) -> str:
    """Put a question, its text and the form of its answer together."""
    sentence = SENTENCES[task]
    return f"{sentence.before_text}{text}{sentence.after_text or ''}\n{describe_form(task)}"


def write_question(question: Question) -> str:
    """Write a question for a remote model.

    Raises
    ------
    ValueError
        It is none of the benchmark's, or lacks its caption or rule.
    """
    find_scale(question.task)
    if SENTENCES[question.task].after_text is None:
        return join_words(question.task, "")
    if not question.text.strip():
        what = "rule" if question.task == "rule" else "caption"
        raise ValueError(f"no {what}. Remedy: give the video one, or do not ask {question.task!r}.")
    return join_words(question.task, question.text)


def attach_file(info: VideoInfo, *, fps: float | None = None) -> Media:
    """Attach a video file as it is."""
    kind = mimetypes.guess_type(info.path.name)[0] or "video/mp4"
    return Media(kind, hash_file(info.path), info.path.read_bytes, fps)


def attach_frames(
    info: VideoInfo, indices: np.ndarray, frames: np.ndarray | None, *, quality: int
) -> tuple[str | Media, ...]:
    """Attach frames as JPEG pictures, each behind its time.

    Parameters
    ----------
    info : VideoInfo
    indices : array of int, shape (frames,)
        Places in the stream.
    frames : array of uint8, shape (frames, height, width, 3), optional
        RGB; not needed to find out whether the answer is known already.
    quality : int
        Of JPEG, 1–100.
    """
    # a decoder or JPEG library of another version changes a few bytes and no answer: a picture goes by the
    # file, the place and the quality that it is made of
    file = hash_file(info.path)
    length = f" of {info.seconds:.2f} s" if math.isfinite(info.seconds) else ""
    parts: list[str | Media] = [f"These are {len(indices)} frames of one video{length}, in their order."]
    for number, index in enumerate(indices.tolist()):
        when = f"{index / info.fps:.2f} s" if info.fps > 0 else f"frame {index + 1} of {info.frames}"
        name = hashlib.sha256(f"{file} frame {index} jpeg {quality}".encode()).hexdigest()
        read = partial(encode_picture, frames[number], quality) if frames is not None else refuse_reading
        parts += [f"Frame {number + 1}, at {when}:", Media("image/jpeg", name, read)]
    return tuple(parts)


def encode_picture(frame: np.ndarray, quality: int) -> bytes:
    """Encode a picture as JPEG.

    Parameters
    ----------
    frame : array of uint8, shape (height, width, 3)
        RGB.
    quality : int
    """
    import cv2

    done, data = cv2.imencode(".jpg", frame[..., ::-1].copy(), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("a frame could not be written as JPEG")
    return data.tobytes()


def refuse_reading() -> bytes:
    """Stand for the bytes of a picture that was never decoded."""
    raise RuntimeError("this picture is only there to be named, not to be sent")


def count_patches(info: VideoInfo, *, side: int, most: int) -> int:
    """Count the squares that cover a frame, up to a most."""
    return min(most, math.ceil(info.width / side) * math.ceil(info.height / side))
