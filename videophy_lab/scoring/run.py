"""Score videos: plan a run, carry out what is missing, and give the rows of all that was wanted."""

from __future__ import annotations

import time
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.building import build_scorers, check_words
from videophy_lab.engine.plan import find_missing
from videophy_lab.engine.processes import count_cores
from videophy_lab.judges.base import REPEAT, Scorer
from videophy_lab.schema.overwriting import check_folder
from videophy_lab.scoring.inputs import find_rules, find_videos
from videophy_lab.scoring.plan import Plan, list_tasks, make_plan
from videophy_lab.store import CONTENT, KEY

if TYPE_CHECKING:
    import pandas as pd

    from videophy_lab.store import ScoreStore

STORE = "scores"
RETRY = ("failed", "unscored")
ENGINES = ("local", "ray")


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Attributes
    ----------
    plan : Plan
    rows : DataFrame
        The stored answers to what was wanted.
    asked : int
        Questions that scorers were asked now; what was copied from the same bytes under another name is not.
    seconds : float
    folder : Path
        Where the scores lie.
    """

    plan: Plan
    rows: pd.DataFrame
    asked: int
    seconds: float
    folder: Path


def score(
    videos: str | Path | pd.DataFrame,
    scorers: Sequence[str | Scorer] | Mapping[str, str | Scorer],
    *,
    out: str | Path,
    prompts: str | Path | pd.DataFrame | None = None,
    rules: str | Path | pd.DataFrame | None = None,
    tasks: Collection[str] | None = None,
    options: Mapping[str, Any] | None = None,
    retry: Collection[str] = (),
    engine: str = "local",
    workers: int | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Score videos; what the folder already holds is not scored again.

    Parameters
    ----------
    videos : path or DataFrame
        A videos table, its path, or a folder of video files.
    scorers : sequence of names or scorers, or mapping of name to those
        Judges and metrics; a mapping gives the name that stands in the column ``scorer``, so that one judge
        with two checkpoints is two scorers.
    out : path
        Folder; the scores are the Parquet parts in its sub-folder ``scores``.
    prompts : path or DataFrame, optional
        Captions for videos whose table has none, joined by ``prompt_id``.
    rules : path or DataFrame, optional
        Rules to ask, joined by ``video_id`` or ``prompt_id``.
    tasks : collection of str, optional
        Tasks to ask the judges; all that can be asked when not given. Metrics are not concerned.
    options : mapping, optional
        Options of scorers: ``{"device": "cpu"}`` for every scorer that has it, ``{"autoeval.mode":
        "official"}`` for one.
    retry : collection of {"failed", "unscored"}
        Ask those again.
    engine : {"local", "ray"}
        In this process, or by several processes that each hold the scorers.
    workers : int, optional
        Processes; with networks and servers on one machine, decoding threads.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    DataFrame
        A scores table: the answers to exactly these questions, old and new.

    Raises
    ------
    ValueError
        An unknown scorer, option or task, naming the close matches; nothing to score.
    OSError
        The folder cannot be written to, or a scorer can answer no more questions (its key is wrong, its
        server is gone). What was scored is kept, and the same call goes on from there.
    """
    outcome = score_videos(
        videos, scorers, out=out, prompts=prompts, rules=rules, tasks=tasks, options=options, retry=retry,
        engine=engine, workers=workers, progress=progress,
    )  # fmt: skip
    for note in outcome.plan.notes:
        warnings.warn(note, stacklevel=2)
    return outcome.rows


def score_videos(
    videos: str | Path | pd.DataFrame,
    scorers: Sequence[str | Scorer] | Mapping[str, str | Scorer],
    *,
    out: str | Path,
    prompts: str | Path | pd.DataFrame | None = None,
    rules: str | Path | pd.DataFrame | None = None,
    tasks: Collection[str] | None = None,
    options: Mapping[str, Any] | None = None,
    retry: Collection[str] = (),
    engine: str = "local",
    workers: int | None = None,
    progress: bool = True,
    dry_run: bool = False,
) -> Outcome:
    """Do what :func:`score` does and tell more of it; with `dry_run`, only plan it and read what is there."""
    import pandas as pd

    from videophy_lab.store import ROW, ScoreStore, read_scores

    check_words("retry", retry, RETRY)
    check_words("engine", [engine], ENGINES)
    check_folder(out)
    started = time.perf_counter()
    built = build_scorers(scorers, options)
    check_words("tasks", tasks or (), list_tasks(built))
    table, (rule_table, left_out) = find_videos(videos, prompts), find_rules(rules)
    folder = Path(out) / STORE
    stored = read_scores(folder) if folder.is_dir() else pd.DataFrame(columns=list(ROW))
    plan = make_plan(table, built, stored, rules=rule_table, tasks=tasks, retry=retry, fetch=not dry_run)
    plan = replace(plan, notes=(left_out, *plan.notes)) if left_out else plan
    asked = 0
    if len(plan.missing) and not dry_run:
        with ScoreStore(folder) as store:
            asked = carry_out(plan, store, engine=engine, workers=workers, progress=progress)
            stored = store.read()
    return Outcome(plan, pick_rows(stored, plan.wanted), asked, time.perf_counter() - started, folder)


def carry_out(plan: Plan, store: ScoreStore, *, engine: str, workers: int | None, progress: bool) -> int:
    """Answer what is missing and store it; return the number of questions that scorers were asked."""
    from videophy_lab.engine.local import run_jobs
    from videophy_lab.engine.spreading import count_processes, run_jobs_in_processes
    from videophy_lab.scoring.progress import show_progress

    for name in sorted(set(plan.missing["scorer"])):
        store.describe_spec(plan.specs[name], plan.scorers[name].describe())
    fixed = [name for name, scorer in plan.scorers.items() if scorer.card.by_content]
    again = plan.missing["probe"].str.startswith(REPEAT)
    same = store.find_same(plan.missing[plan.missing["scorer"].isin(fixed) & ~again])
    store.append([{str(name): cell for name, cell in row.items()} for row in same.to_dict("records")])
    missing = find_missing(plan.missing, same)
    jobs = replace(plan, missing=missing).group_missing()
    used = {name: scorer for name, scorer in plan.scorers.items() if name in set(missing["scorer"])}
    if engine == "ray":
        from videophy_lab.engine.ray import run_jobs as run_on_ray

        with show_progress(len(jobs), shown=progress) as report:
            run_on_ray(jobs, used, plan.specs, store.folder, workers=workers, report=report)
        return len(missing)
    processes = count_processes(jobs, used, workers or count_cores())
    if processes > 1:
        with show_progress(len(jobs), shown=progress) as report:
            run_jobs_in_processes(jobs, used, plan.specs, store.folder, workers=processes, report=report)
        return len(missing)
    for scorer in used.values():
        scorer.prepare()
    threads = workers or min(4, count_cores())
    with show_progress(len(jobs), shown=progress) as report:
        run_jobs(jobs, used, plan.specs, store, threads=threads, report=report)
    return len(missing)


def pick_rows(stored: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """Pick the rows that answer the wanted questions, about the same bytes and the same text."""
    names = [*KEY, *CONTENT]
    known = stored[names].astype(object).where(stored[names].notna(), "")
    places = known.reset_index(names="place").merge(wanted[names], on=names)["place"]
    return stored.loc[places.sort_values()].reset_index(drop=True)
