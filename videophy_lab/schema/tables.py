"""What the tables are: their columns, what may stand in them, and the names of rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """What may stand in a column: its kind, its range or its words, and the remedy for anything else."""

    kind: str = "text"
    low: float | None = None
    high: float | None = None
    words: tuple[str, ...] = ()
    remedy: str = "correct the value, or leave it blank"


@dataclass(frozen=True)
class Table:
    """Columns that must be there, that may, whose cells may be blank, and that together name a row."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    key: tuple[str, ...] = ()


NAME, COUNT = Column("name", remedy="fill it in, or delete the row"), Column("integer", low=0)
PROBABILITIES_REMEDY = "write a list such as [0.1, 0.9] that sums to 1, or leave it blank"
STATUS_REMEDY = "write ok beside a score, and unscored or failed where there is none"
COLUMNS = {
    **dict.fromkeys(("prompt_id", "video_id", "rule_id", "generator", "scorer", "spec", "quantity"), NAME),
    **dict.fromkeys(("caption", "upsampled_caption", "action", "category", "rule", "law", "path"), Column()),
    **dict.fromkeys(("annotator", "sha256", "caption_used", "probe", "answer", "error", "method"), Column()),
    **dict.fromkeys(("frames", "width", "height", "truncated_tokens", "n_videos", "n_prompts"), COUNT),
    **dict.fromkeys(("fps", "seconds", "cost"), Column("number", low=0)),
    **dict.fromkeys(("expected", "estimate", "low", "high"), Column("number")),
    "level": Column("number", low=0, high=1, remedy="write it as a fraction, such as 0.95"),
    "severity": Column(
        "number", low=0, high=1, remedy="write it as a fraction, such as 0.5, or leave it blank"
    ),
    "seed": Column("integer"),
    "is_hard": Column("boolean", remedy="write 1 or 0, or leave it blank"),
    "task": Column(remedy="write sa, pc, rule, or the name of the metric"),
    "rating": Column("number", remedy="delete the row: a video without a rating has no row"),
    "score": Column("number", remedy="leave the score blank and set status to unscored or failed"),
    "probabilities": Column("list", remedy=PROBABILITIES_REMEDY),
    "status": Column(words=("ok", "unscored", "failed"), remedy=STATUS_REMEDY),
}
ESTIMATE_CELLS = ("estimate", "low", "high", "level", "method", "n_videos", "n_prompts")
VIDEO_FACTS = ("seed", "path", "caption", "sha256", "fps", "frames", "width", "height", "caption_used",
               "truncated_tokens", "probe", "severity")  # fmt: skip
SCORE_FACTS = ("sha256", "rule_id", "probe", "expected", "probabilities", "answer", "error", "seconds",
               "cost")  # fmt: skip
TABLES = {
    "prompts": Table(("prompt_id", "caption"), ("upsampled_caption", "action", "category", "is_hard"),
                     blank=("caption",), key=("prompt_id",)),
    "videos": Table(("video_id", "prompt_id", "generator"), VIDEO_FACTS, key=("video_id", "probe")),
    "rules": Table(("rule_id", "rule"), ("prompt_id", "video_id", "law"),
                   blank=("rule",), key=("prompt_id", "video_id", "rule_id")),
    "ratings": Table(("video_id", "prompt_id", "generator", "task", "rating"), ("annotator", "rule_id"),
                     key=("video_id", "annotator", "task", "rule_id")),
    "scores": Table(("video_id", "scorer", "spec", "task", "score", "status"), SCORE_FACTS,
                    blank=("score",), key=("video_id", "scorer", "spec", "task", "rule_id", "probe")),
    "estimates": Table(("quantity", *ESTIMATE_CELLS), ("seed",), blank=ESTIMATE_CELLS),
}  # fmt: skip


def make_prompt_id(caption: str) -> str:
    """Make a prompt's name: the first 12 hex digits of the SHA-256 of its caption in UTF-8."""
    return hashlib.sha256(caption.encode("utf-8")).hexdigest()[:12]


def make_rule_id(rule: str) -> str:
    """Make a rule's name: the first 12 hex digits of the SHA-256 of its sentence in UTF-8."""
    return make_prompt_id(rule)


def make_video_id(generator: str, prompt_id: str, seed: int = 0) -> str:
    """Make a video's name, ``generator/prompt_id/seed``."""
    return f"{generator}/{prompt_id}/{seed}"
