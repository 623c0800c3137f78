"""Mark the clips whose reversal would break physics, for whoever augments training data by reversing."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.reversibility.labels import IRREVERSIBLE, MOTION, label_reversibility, load_labels
from videophy_lab.reversibility.proposal import write_whole
from videophy_lab.schema import TableError

if TYPE_CHECKING:
    import pandas as pd

SCORER = "arrow_of_time"
TASKS = ("pc", "backwards")
THRESHOLD = 1.0
REVERSIBLE = "reversible"  # what motion says: equivariant or invariant, which it cannot tell apart
TRUE, FALSE, UNKNOWN = "true", "false", "unknown"
MEASURE = ("unlabelled", "all", "none")
COLUMNS = (
    "video_id", "path", "reversibility", "origin", "reason", "may_reverse", "forward", "backward", "status",
    "error",
)  # fmt: skip
LOSES = {1: "runs forwards only", -1: "seems to run backwards already"}


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Attributes
    ----------
    rows : DataFrame
    file : Path
    measured : int
        Videos that were looked at now.
    seconds : float
    """

    rows: pd.DataFrame
    file: Path
    measured: int
    seconds: float


def mark_reversals(
    videos: str | Path | pd.DataFrame,
    *,
    out: str | Path,
    labels: str | Path | pd.DataFrame | Iterable[pd.DataFrame] = (),
    prompts: str | Path | pd.DataFrame | None = None,
    limit: int | None = None,
    threshold: float = THRESHOLD,
    measure: str = "unlabelled",
    workers: int | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Mark which videos may be reversed; see :func:`mark_videos`, which tells more of what it did."""
    return mark_videos(
        videos, out=out, labels=labels, prompts=prompts, limit=limit, threshold=threshold, measure=measure,
        workers=workers, progress=progress,
    ).rows  # fmt: skip


def mark_videos(
    videos: str | Path | pd.DataFrame,
    *,
    out: str | Path,
    labels: str | Path | pd.DataFrame | Iterable[pd.DataFrame] = (),
    prompts: str | Path | pd.DataFrame | None = None,
    limit: int | None = None,
    threshold: float = THRESHOLD,
    measure: str = "unlabelled",
    workers: int | None = None,
    progress: bool = True,
) -> Outcome:
    """Mark which videos may be reversed.

    A video whose action has a label is marked by it; another one by its motion: the judge ``arrow_of_time``
    scores it as it is and backwards, from the same decoded frames, so that no encoder comes between. It sees
    mechanics alone: what it lets pass may still be impossible backwards (a burning match).

    Parameters
    ----------
    videos : path or DataFrame
        A videos table, its path, or a folder of video files. Actions stand in its column ``action``, or in
        that of `prompts`.
    out : path
        CSV file. What was measured is kept in the folder ``FILE.measured`` beside it, twice a second, so that
        a run that was stopped goes on from there.
    labels : path or DataFrames
        Labels of actions, see :func:`videophy_lab.reversibility.load_labels`.
    prompts : path or DataFrame, optional
        Actions by ``prompt_id``.
    limit : int, optional
        Take so many videos from the top.
    threshold : float
        Points between both scores from which on a video is irreversible, above 0 and up to 4.
    measure : {"unlabelled", "all", "none"}
        Whose motion is looked at; a label counts all the same.
    workers : int, optional
        Decoding threads.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    Outcome
        `rows` has ``video_id, path, reversibility, origin, reason, may_reverse`` (``true``, ``false``,
        ``unknown``), ``forward, backward`` (1 to 5, blank where not measured), ``status, error``.

    Raises
    ------
    ValueError
        An option or table that is wrong, with the remedy.
    OSError
        The file cannot be written.
    """
    from videophy_lab.scoring.inputs import find_videos

    check_options(threshold, measure, limit)
    file, started = Path(out), time.perf_counter()
    if file.is_dir() or file.suffix.lower() != ".csv":
        raise ValueError(f"out is {file}; it must be the name of a file that ends in .csv.")
    given = load_labels(labels) if isinstance(labels, str | Path) else labels
    table = find_videos(videos).iloc[:limit]
    table = label_reversibility(name_actions(table, prompts), given)
    wanted = table[table["origin"].isna()] if measure == "unlabelled" else table
    scores, measured = None, 0
    if measure != "none" and len(wanted):
        scores, measured = measure_videos(wanted, file, workers=workers, progress=progress)
    rows = decide(table, scores, threshold)
    write_whole(rows, file)
    return Outcome(rows, file, measured, time.perf_counter() - started)


def check_options(threshold: float, measure: str, limit: int | None) -> None:
    """Raise ValueError unless the options are allowed."""
    if not 0 < threshold <= 4:
        raise ValueError(
            f"threshold is {threshold}; allowed: above 0 and up to 4, points between the scores forwards and "
            "backwards on the scale from 1 to 5."
        )
    if measure not in MEASURE:
        raise ValueError(f"measure is {measure!r}. Allowed: {', '.join(MEASURE)}.")
    if limit is not None and limit < 1:
        raise ValueError(f"limit is {limit}; it must be at least 1.")


def name_actions(videos: pd.DataFrame, prompts: str | Path | pd.DataFrame | None) -> pd.DataFrame:
    """Give the actions of their prompts to the videos that have none.

    Raises
    ------
    TableError
        The prompts have no actions.
    """
    if prompts is None:
        return videos
    from videophy_lab.datasets import load_prompts

    table = load_prompts(prompts) if isinstance(prompts, str | Path) else prompts
    if "action" not in table.columns:
        source = prompts if isinstance(prompts, str | Path) else "prompts"
        raise TableError(
            f"{source}: there is no column action. Remedy: give prompts with actions, such as the official "
            "file of VideoPhy-2; the bundled numbers have none."
        )
    known = videos["prompt_id"].map(table.drop_duplicates("prompt_id").set_index("prompt_id")["action"])
    own = videos["action"] if "action" in videos.columns else known
    return videos.assign(action=own.fillna(known))


def measure_videos(
    videos: pd.DataFrame, file: Path, *, workers: int | None, progress: bool
) -> tuple[pd.DataFrame, int]:
    """Score videos forwards and backwards; what failed before is tried again."""
    from videophy_lab.scoring.run import score_videos

    folder = file.with_name(f"{file.name}.measured")
    outcome = score_videos(
        videos, [SCORER], out=folder, tasks=TASKS, retry=("failed",), workers=workers, progress=progress
    )
    return outcome.rows, outcome.plan.missing["video_id"].nunique()


def decide(videos: pd.DataFrame, scores: pd.DataFrame | None, threshold: float) -> pd.DataFrame:
    """Decide for each video, from its label or else from its scores."""
    import pandas as pd

    answers: dict[tuple[str, str], dict[str, Any]] = {}
    for score in [] if scores is None else scores.to_dict("records"):
        answers[score["video_id"], score["task"]] = {str(name): cell for name, cell in score.items()}
    rows: list[dict[str, Any]] = []
    for video in videos.to_dict("records"):
        row: dict[str, Any] = {"video_id": video["video_id"], "path": video["path"]}
        row.update(read_scores([answers.get((video["video_id"], task)) for task in TASKS]))
        if isinstance(video["origin"], str):
            row.update({name: str(video[name]) for name in ("reversibility", "origin", "reason")})
            row["may_reverse"] = FALSE if video["reversibility"] == IRREVERSIBLE else TRUE
        else:
            row.update(judge_motion(row["forward"], row["backward"], row["error"], threshold))
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


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
        return {"reversibility": None, "origin": None, "reason": error or None, "may_reverse": UNKNOWN}
    if abs(apart) >= threshold:
        way = LOSES[1 if apart > 0 else -1]
        reason = f"{way}: {forward:.1f} as it is, {backward:.1f} backwards"
        return {"reversibility": IRREVERSIBLE, "origin": MOTION, "reason": reason, "may_reverse": FALSE}
    reason = f"its motion is as possible backwards: {forward:.1f} as it is, {backward:.1f} backwards"
    return {"reversibility": REVERSIBLE, "origin": MOTION, "reason": reason, "may_reverse": TRUE}
