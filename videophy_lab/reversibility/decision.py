"""Decide whether a clip may be reversed, from its label or else from what its motion shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from videophy_lab.reversibility.labels import LLM, MOTION
from videophy_lab.reversibility.rows import REVERSIBLE
from videophy_lab.schema.reversibility import EQUIVARIANT, INVARIANT, IRREVERSIBLE

if TYPE_CHECKING:
    import pandas as pd

TASKS = ("pc", "backwards")
# words that no reader of tables takes for booleans: a column that is text in one folder is so in all
YES, NO, UNKNOWN = "yes", "no", "unknown"
COLUMNS = (
    "video_id", "path", "reversibility", "reversibility_origin", "reason", "may_reverse", "caption_holds",
    "forward", "backward", "status", "error",
)  # fmt: skip
CAPTION_HOLDS = {EQUIVARIANT: NO, INVARIANT: YES}
LOSES = {1: "runs forwards only", -1: "seems to run backwards already"}


def is_labelled(videos: pd.DataFrame) -> pd.Series:
    """Tell which videos have a label that comes not from an earlier look at their motion."""
    origins = videos["reversibility_origin"]
    return origins.notna() & origins.ne(MOTION)


def decide(videos: pd.DataFrame, scores: pd.DataFrame | None, threshold: float) -> pd.DataFrame:
    """Decide for each video, from its label or else from its scores."""
    import pandas as pd

    answers: dict[tuple[str, str], dict[str, Any]] = {}
    for score in [] if scores is None else scores.to_dict("records"):
        answers[score["video_id"], score["task"]] = {str(name): cell for name, cell in score.items()}
    rows: list[dict[str, Any]] = []
    for labelled, video in zip(is_labelled(videos), videos.to_dict("records"), strict=True):
        row: dict[str, Any] = {"video_id": video["video_id"], "path": video["path"]}
        row.update(read_scores([answers.get((video["video_id"], task)) for task in TASKS]))
        motion = judge_motion(row["forward"], row["backward"], row["error"], threshold)
        row.update(judge_label(video, motion) if labelled else motion)
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def judge_label(video: Mapping[Any, Any], motion: Mapping[str, Any]) -> dict[str, Any]:
    """Decide by a label, and say where what was measured speaks against it."""
    label, origin = str(video["reversibility"]), str(video["reversibility_origin"])
    reason = video["reason"] if isinstance(video["reason"], str) else ""
    found = {"reversibility": label, "reversibility_origin": origin, "reason": reason}
    if label == IRREVERSIBLE:
        return found | {"may_reverse": NO, "caption_holds": None}
    if motion["reversibility"] != IRREVERSIBLE:
        return found | {"may_reverse": YES, "caption_holds": CAPTION_HOLDS[label]}
    against = f"{origin} says {label}, but by its motion it {motion['reason']}"
    if origin == LLM:
        reason = f"{against}; nobody has confirmed the label"
        return found | {"reason": reason, "may_reverse": UNKNOWN, "caption_holds": None}
    return found | {"reason": against, "may_reverse": YES, "caption_holds": CAPTION_HOLDS[label]}


def read_scores(pair: list[dict[str, Any] | None]) -> dict[str, Any]:
    """Read the scores forwards and backwards, and what went wrong."""
    first, second = pair
    if first is None or second is None:
        return {"forward": math.nan, "backward": math.nan, "status": "not measured", "error": ""}
    worst = max(first, second, key=lambda row: ("ok", "unscored", "failed").index(row["status"]))
    error = worst["error"] if worst["status"] != "ok" else ""
    values = {"forward": first["score"], "backward": second["score"]}
    return values | {"status": worst["status"], "error": error}


def judge_motion(forward: float, backward: float, error: str, threshold: float) -> dict[str, Any]:
    """Decide by both scores."""
    apart = forward - backward
    if math.isnan(apart):
        return describe_mark(None, error or None, UNKNOWN)
    scores = f"{forward:.1f} as it is, {backward:.1f} backwards"
    if abs(apart) >= threshold:
        return describe_mark(IRREVERSIBLE, f"{LOSES[1 if apart > 0 else -1]}: {scores}", NO)
    return describe_mark(REVERSIBLE, f"its motion is as possible backwards: {scores}", YES)


def describe_mark(reversibility: str | None, reason: str | None, may_reverse: str) -> dict[str, Any]:
    """Give the cells that motion decides; what becomes of the caption it cannot tell."""
    origin = MOTION if reversibility else None
    return {
        "reversibility": reversibility, "reversibility_origin": origin, "reason": reason,
        "may_reverse": may_reverse, "caption_holds": None,
    }  # fmt: skip
