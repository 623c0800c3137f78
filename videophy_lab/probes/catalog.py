"""The probes by name: what each does, what a right judge does under it, and its severities."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from videophy_lab.probes import overlay, picture, time
from videophy_lab.probes.settings import Edit
from videophy_lab.schema.probes import CAPTION_PARAPHRASE, CAPTION_SWAP, NULL, REPEAT

KINDS = ("null", "time", "symmetric", "picture", "text", "question")
SEVERITIES = (0.25, 0.5, 1.0)
WIDTH = 100


@dataclass(frozen=True)
class Probe:
    """A probe.

    Attributes
    ----------
    name : str
    summary : str
        What is done.
    kind : {"null", "time", "symmetric", "picture", "text", "question"}
    expect : {"falls", "stays", "free"}
        What the score that a right judge of physics gives does; ``free`` is only reported.
    why : str
        The reason of `expect`, with its limits.
    edit : callable, optional
        See :data:`videophy_lab.probes.settings.Edit`; None for a probe of the question.
    severities : tuple of float
        Those that are made when none are named, in (0, 1]; empty for a probe that has none.
    options : tuple of str
        Of :class:`videophy_lab.probes.settings.ProbeOptions`, those that decide it beside the encoder's.
    drawn : bool
        Whether the seed decides it.
    """

    name: str
    summary: str
    kind: str
    expect: str
    why: str = ""
    edit: Edit | None = None
    severities: tuple[float, ...] = ()
    options: tuple[str, ...] = ()
    drawn: bool = False


def _list_probes() -> tuple[Probe, ...]:
    graded = "reported against severity"
    spent = f"{graded}; the codec is changed on purpose, so frames also depend on those around them"
    still = "physics is the same; only words were added"
    return (
        Probe(NULL, "decode and encode again, each frame by itself (-o qp=16), and no more", "null",
              "stays", "what every other probe is compared with", time.keep_frames),
        Probe("reverse", "the last frame first", "time", "falls",
              "where the action is irreversible; where it is reversible, the score stays",
              time.reverse_frames),
        Probe("shuffle", "the frames in random order", "time", "falls",
              "things jump from place to place", time.shuffle_frames, drawn=True),
        Probe("shuffle_blocks", "blocks of 8 frames in random order, each running forward", "time", "falls",
              "things jump where blocks meet", time.shuffle_blocks, options=("block",), drawn=True),
        Probe("freeze", "one frame all the time: the one that differs most from the frame before it", "time",
              "falls", "what was moving stands still; where it could have, the score may stay",
              time.freeze_frame, options=("frozen",)),
        Probe("loop", "the first half twice", "time", "falls", "things jump back", time.loop_half),
        Probe("half_speed", "each frame of the first half twice", "time", "free",
              "a scene of unknown size has no speed of its own", time.show_slowly),
        Probe("double_speed", "every second frame, then the last one until the end", "time", "free",
              "a scene of unknown size has no speed of its own", time.show_fast),
        Probe("drop_frames", "a share of the frames dropped, with the last one kept shown instead", "time",
              "falls", "motion is jerky; at severity 1 only the first frame is shown", time.drop_frames,
              (0.25, 0.5, 0.75), drawn=True),
        Probe("mirror", "left and right exchanged", "symmetric", "stays",
              "the laws of motion treat left and right alike", picture.mirror_frames),
        Probe("blank", "a uniform grey", "picture", "falls", "there is nothing to judge",
              picture.blank_frames),
        Probe("blur", "a Gaussian blur", "picture", "free", graded, picture.blur_frames, SEVERITIES,
              ("blur",)),
        Probe("noise", "Gaussian noise on every pixel", "picture", "free", graded, picture.add_noise,
              SEVERITIES, ("noise",), drawn=True),
        Probe("compression", "H.264 at lower and lower quality", "picture", "free", spent,
              picture.compress_frames, SEVERITIES),
        Probe("overlay_neutral", "a sentence about something else, written over the bottom", "text",
              "stays", still, overlay.lay_neutral, options=("neutral",)),
        Probe("overlay_positive", "the claim that physics is obeyed, written over the bottom", "text",
              "stays", still, overlay.lay_positive, options=("positive",)),
        Probe("overlay_negative", "the claim that physics is broken, written over the bottom", "text",
              "stays", still, overlay.lay_negative, options=("negative",)),
        Probe(CAPTION_SWAP, "the caption of another prompt", "question", "stays",
              "semantic adherence falls, physics stays", drawn=True),
        Probe(CAPTION_PARAPHRASE, "the caption in other words", "question", "stays",
              "needs --captions FILE, or a language model"),
        Probe(REPEAT, "the same video and question once more", "question", "stays",
              "test and retest: how far the judge's own randomness moves its score"),
    )  # fmt: skip


PROBES: dict[str, Probe] = {probe.name: probe for probe in _list_probes()}


def format_probes() -> str:
    """Write the catalog for readers, a paragraph a probe."""
    return "\n\n".join(format_probe(probe) for probe in PROBES.values())


def format_probe(probe: Probe) -> str:
    """Write what a probe does and what is expected."""
    told = {"falls": "the score of physics falls", "stays": "it stays", "free": "free"}[probe.expect]
    lines = textwrap.wrap(f"{probe.name}: {probe.summary}", WIDTH, subsequent_indent="  ")
    reason = f"{told}: {probe.why}" if probe.why else told
    lines += textwrap.wrap(f"  right judge  {reason}", WIDTH, subsequent_indent=" " * 15)
    grades = ", ".join(f"{grade:g}" for grade in probe.severities)
    lines.append(f"  kind         {probe.kind}" + (f"; severities {grades}" if grades else ""))
    return "\n".join(lines)
