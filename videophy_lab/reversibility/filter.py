"""Mark the clips whose reversal would break physics, for whoever augments training data by reversing."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.prompts.folder import write_rows
from videophy_lab.reversibility.decision import COLUMNS, TASKS, decide, is_labelled
from videophy_lab.reversibility.labels import load_labels
from videophy_lab.reversibility.rows import label_reversibility, require_match
from videophy_lab.schema import TableError
from videophy_lab.schema.overwriting import check_overwrite

if TYPE_CHECKING:
    import pandas as pd

SCORER = "arrow_of_time"
THRESHOLD = 1.0
MEASURE = ("unlabelled", "all", "none")


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Attributes
    ----------
    rows : DataFrame
    file : Path
    measured : int
        Videos that were looked at now.
    left_out : int
        Rows of the table that are probes of videos, and so no clips to train on.
    seconds : float
    """

    rows: pd.DataFrame
    file: Path
    measured: int
    left_out: int
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
    mechanics alone: what it lets pass may still be impossible backwards (a burning match). Measured on the
    simulated world, on 136 clips of its 17 scenes with other seeds than those that the thresholds were set
    on: 79 of the 81 clips that it called irreversible were so, and it found 79 of 80; one it could not judge.
    On filmed clips, and on those of other generators, it has not been measured.

    Where motion was measured and plainly has a direction, a model's label to the contrary that nobody has
    confirmed does not count: such a clip is ``unknown``.

    Parameters
    ----------
    videos : path or DataFrame
        A videos table, its path, or a folder of video files. Actions stand in its column ``action``, or in
        that of `prompts`. Rows with a ``probe`` are left out.
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
        `rows` has ``video_id, path, reversibility, reversibility_origin, reason, may_reverse`` (``yes``,
        ``no``, ``unknown``), ``caption_holds`` (of a clip that may be reversed, whether its caption is
        still true then: ``yes``, ``no``; blank where not known), ``forward, backward`` (1 to 5, blank where
        not measured), ``status, error``.

    Raises
    ------
    ValueError
        An option or table that is wrong, with the remedy; `out` is one of the inputs, or a file of something
        else.
    OSError
        The file cannot be written.
    """
    from videophy_lab.scoring.inputs import find_videos

    check_options(threshold, measure, limit)
    file, started = Path(out), time.perf_counter()
    if file.is_dir() or file.suffix.lower() != ".csv":
        raise ValueError(f"out is {file}; it must be the name of a file that ends in .csv.")
    check_overwrite(file, COLUMNS, inputs={"VIDEOS": videos, "--labels": labels, "--prompts": prompts})
    given = read_labels(labels)
    found = find_videos(videos)
    whole = check_labelled(name_actions(keep_originals(found), prompts), given)
    table = label_reversibility(whole.iloc[:limit], given)
    wanted = table[~is_labelled(table)] if measure == "unlabelled" else table
    scores, measured = None, 0
    if measure != "none" and len(wanted):
        scores, measured = measure_videos(wanted, file, workers=workers, progress=progress)
    rows = decide(table, scores, threshold)
    write_rows(rows, file.parent, file.name)
    return Outcome(rows, file, measured, len(found) - len(whole), time.perf_counter() - started)


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


def read_labels(labels: str | Path | pd.DataFrame | Iterable[pd.DataFrame]) -> list[pd.DataFrame]:
    """Read labels, or take those that are tables already.

    Raises
    ------
    TableError
        The file says nothing.
    """
    import pandas as pd

    if isinstance(labels, str | Path):
        table = load_labels(labels)
        if not len(table):
            raise TableError(
                f"{labels}: no row has a label. Remedy: fill in its column confirmed, or leave out --labels."
            )
        return [table]
    return [labels] if isinstance(labels, pd.DataFrame) else list(labels)


def check_labelled(videos: pd.DataFrame, labels: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Give the videos back if one of them shows an action that has a label, or nothing is labelled.

    Raises
    ------
    TableError
        The labels would say nothing.
    """
    # a table that is none of labels is refused where they are merged
    parts = [part for part in labels if {"action", "label"} <= set(part.columns)]
    given = [part.dropna(subset=["label"]) for part in parts]
    if any(map(len, given)) and ("action" not in videos.columns or videos["action"].isna().all()):
        raise TableError(
            "the labels are of actions, and no action of the videos is known. Remedy: give --prompts "
            "PROMPTS, a table with the action of each prompt_id, or videos with the column action."
        )
    return require_match(videos, given)


def keep_originals(videos: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows that are no probes.

    Raises
    ------
    TableError
        All are.
    """
    kept = videos[videos["probe"].eq("")]
    if not len(kept):
        raise TableError(
            f"all {len(videos)} rows of the videos are probes, and a probe is no clip to train on. Remedy: "
            "give the videos that were probed: rows whose probe is blank."
        )
    return kept


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
