"""Plan a run, carry out what is missing, and say what came of it."""

from __future__ import annotations

import difflib
import os
import time
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.engine.plan import ask_questions, choose_tasks, find_missing, group_jobs
from videophy_lab.judges.base import QUESTION_TASKS, Scorer, make_spec
from videophy_lab.scoring.build import build_scorers
from videophy_lab.scoring.inputs import describe_same_files, find_rules, find_videos
from videophy_lab.store import CONTENT, KEY

if TYPE_CHECKING:
    import pandas as pd

    from videophy_lab.store import ScoreStore

STORE = "scores"
RETRY = ("failed", "unscored")
ENGINES = ("local", "ray")


@dataclass(frozen=True)
class Plan:
    """What a run is to do.

    Attributes
    ----------
    videos : DataFrame
    scorers : mapping of name to Scorer
    specs : mapping of name to spec; None where the weights are not here and nothing may be fetched
    wanted : DataFrame
        Every question, one row each; see :func:`videophy_lab.engine.plan.ask_questions`.
    missing : DataFrame
        Those of them that have to be answered.
    notes : tuple of str
        What the user should know: what is not asked and why, what has to be fetched.
    """

    videos: pd.DataFrame
    scorers: Mapping[str, Scorer]
    specs: Mapping[str, str]
    wanted: pd.DataFrame
    missing: pd.DataFrame
    notes: tuple[str, ...]


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
        Decoding threads (local) or processes (ray).
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
    started = time.perf_counter()
    built = build_scorers(scorers, options)
    check_words("tasks", tasks or (), list_tasks(built))
    table, rule_table = find_videos(videos, prompts), find_rules(rules)
    folder = Path(out) / STORE
    stored = read_scores(folder) if folder.is_dir() else pd.DataFrame(columns=list(ROW))
    plan = make_plan(table, built, stored, rules=rule_table, tasks=tasks, retry=retry, fetch=not dry_run)
    asked = 0
    if len(plan.missing) and not dry_run:
        with ScoreStore(folder) as store:
            asked = carry_out(plan, store, engine=engine, workers=workers, progress=progress)
            stored = store.read()
    return Outcome(plan, pick_rows(stored, plan.wanted), asked, time.perf_counter() - started, folder)


def check_words(what: str, given: Collection[str], allowed: Collection[str]) -> None:
    """Check that every word is an allowed one; name the close ones of a word that is not."""
    if isinstance(given, str):
        raise ValueError(f"{what} is the text {given!r}; give a list, such as [{given!r}]")
    wrong = [word for word in given if word not in allowed]
    if wrong:
        close = difflib.get_close_matches(str(wrong[0]), allowed, n=2, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        raise ValueError(f"{what}: there is no {wrong[0]!r}; {hint}allowed: {', '.join(allowed)}")


def list_tasks(scorers: Mapping[str, Scorer]) -> list[str]:
    """List the tasks that the benchmark asks or that any of the scorers answers."""
    answered = [task for scorer in scorers.values() for task in scorer.card.tasks]
    return list(dict.fromkeys([*QUESTION_TASKS, *answered]))


def make_plan(
    videos: pd.DataFrame,
    scorers: Mapping[str, Scorer],
    stored: pd.DataFrame,
    *,
    rules: pd.DataFrame | None,
    tasks: Collection[str] | None,
    retry: Collection[str],
    fetch: bool,
) -> Plan:
    """Plan a run: what is asked, what of it is answered already, what is left.

    Parameters
    ----------
    fetch : bool
        Whether weights that are not here may be fetched, which their spec needs; without it their questions
        all count as missing.
    """
    import pandas as pd

    notes, specs, parts = [], {}, []
    shared = describe_same_files(videos)
    if shared:
        notes.append(shared)
    captions = bool(videos["caption"].ne("").any())
    check_askable(tasks or (), captions=captions, rules=rules is not None)
    for name, scorer in scorers.items():
        absent = "" if fetch else scorer.find_absent()
        specs[name] = "" if absent else make_spec(scorer.describe())
        asked = choose_tasks(scorer.card, tasks, captions=captions, rules=rules is not None)
        notes += [absent] if absent else []
        notes += describe_unasked(name, scorer, asked, tasks)
        if asked:
            parts.append(ask_questions(videos, rules, scorer=name, spec=specs[name], tasks=asked))
    if not parts:
        raise ValueError(f"nothing is asked: {'; '.join(notes)}. Remedy: name other --tasks or scorers.")
    wanted = pd.concat(parts, ignore_index=True)
    replaced = count_replaced(wanted, stored)
    if replaced:
        notes.append(
            f"{replaced} stored scores are of other files under the same video_id and give way; where both "
            "are wanted, take another --out, or a table that names the generators"
        )
    return Plan(videos, scorers, specs, wanted, find_missing(wanted, stored, retry=retry), tuple(notes))


def count_replaced(wanted: pd.DataFrame, stored: pd.DataFrame) -> int:
    """Count the usable scores that a run replaces because their video has other bytes now."""
    key = list(KEY)
    usable = stored.loc[stored["status"].eq("ok"), [*key, "sha256"]].fillna("").astype(object)
    there = wanted.loc[wanted["sha256"].ne(""), [*key, "sha256"]]
    both = there.merge(usable, on=key, suffixes=("", "_stored"))
    return int(both["sha256"].ne(both["sha256_stored"]).sum())


def check_askable(tasks: Collection[str], *, captions: bool, rules: bool) -> None:
    """Check that there is something to ask the tasks that are named with."""
    if "sa" in tasks and not captions:
        raise ValueError("the task sa asks about captions and no video has one; give captions, or --prompts")
    if "rule" in tasks and not rules:
        raise ValueError("the task rule asks about rules and none are given; give them by --rules")


def describe_unasked(
    name: str, scorer: Scorer, asked: Sequence[str], named: Collection[str] | None
) -> list[str]:
    """Say which of the benchmark's questions a scorer is not asked, and why."""
    tasks = scorer.card.tasks
    if named is not None:
        answers = f"{name} answers {', '.join(tasks)}"
        return [] if asked else [f"{answers}: none of {', '.join(sorted(named))}"]
    lacks = {"sa": "no video has a caption", "rule": "no rules are given"}
    able = scorer.card.default_tasks or tasks
    unasked = [task for task in QUESTION_TASKS if task in able and task not in asked]
    return [f"{name} is not asked {task}: {lacks[task]}" for task in unasked]


def carry_out(plan: Plan, store: ScoreStore, *, engine: str, workers: int | None, progress: bool) -> int:
    """Answer what is missing and store it; return the number of questions that scorers were asked."""
    from videophy_lab.engine.local import run_jobs
    from videophy_lab.scoring.progress import show_progress

    for name in sorted(set(plan.missing["scorer"])):
        store.describe_spec(plan.specs[name], plan.scorers[name].describe())
    fixed = [name for name, scorer in plan.scorers.items() if scorer.card.by_content]
    same = store.find_same(plan.missing[plan.missing["scorer"].isin(fixed)])
    store.append([{str(name): cell for name, cell in row.items()} for row in same.to_dict("records")])
    missing = find_missing(plan.missing, same)
    jobs = group_jobs(
        missing, dict(zip(plan.videos["video_id"], map(Path, plan.videos["path"]), strict=True))
    )
    used = {name: scorer for name, scorer in plan.scorers.items() if name in set(missing["scorer"])}
    if engine == "ray":
        from videophy_lab.engine.ray import run_jobs as run_on_ray

        with show_progress(len(jobs), shown=progress) as report:
            run_on_ray(jobs, used, plan.specs, store.folder, workers=workers, report=report)
        return len(missing)
    for scorer in used.values():
        scorer.prepare()
    threads = workers or min(4, os.cpu_count() or 1)
    with show_progress(len(jobs), shown=progress) as report:
        run_jobs(jobs, used, plan.specs, store, threads=threads, report=report)
    return len(missing)


def pick_rows(stored: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """Pick the rows that answer the wanted questions, about the same bytes and the same text."""
    names = [*KEY, *CONTENT]
    known = stored[names].astype(object).where(stored[names].notna(), "")
    places = known.reset_index(names="place").merge(wanted[names], on=names)["place"]
    return stored.loc[places.sort_values()].reset_index(drop=True)
