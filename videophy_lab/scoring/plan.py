"""Plan a run: what is asked, what of it is answered already, and what the user should know of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.engine.plan import Job, ask_questions, choose_tasks, find_missing, group_jobs
from videophy_lab.judges.base import QUESTION_TASKS, Scorer, make_spec
from videophy_lab.scoring.inputs import describe_same_files
from videophy_lab.store import KEY

if TYPE_CHECKING:
    import pandas as pd


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

    def group_missing(self) -> list[Job]:
        """Gather what has to be answered by video."""
        names = list(zip(self.videos["video_id"], self.videos["probe"], strict=True))
        faults = {}
        if "error" in self.videos.columns:
            # of a probe that could not be made
            said = self.videos["error"].where(self.videos["path"].eq("")).fillna("")
            faults = dict(zip(names, said, strict=True))
        paths = dict(zip(names, map(Path, self.videos["path"]), strict=True))
        return group_jobs(self.missing, paths, faults)


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
            captioned = scorer.card.captioned
            parts.append(
                ask_questions(videos, rules, scorer=name, spec=specs[name], tasks=asked, captioned=captioned)
            )
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
    lacks = {**dict.fromkeys(scorer.card.captioned, "no video has a caption"), "rule": "no rules are given"}
    unasked = [task for task in scorer.card.default_tasks or tasks if task in lacks and task not in asked]
    return [f"{name} is not asked {task}: {lacks[task]}" for task in unasked]
