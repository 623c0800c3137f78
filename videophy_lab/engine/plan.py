"""Which questions a run asks, which of them the store has answered, and what is left, video by video."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.judges.base import QUESTION_TASKS, Card, Question
from videophy_lab.schema.probes import has_other_caption
from videophy_lab.store import CONTENT, KEY

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Job:
    """One video, or one probe of it, and what is still to be asked about it, by scorer.

    Attributes
    ----------
    video_id, sha256 : str
        ``sha256`` is empty when the file is not there.
    path : Path
    questions : mapping of scorer to tuple of Question
    probe : str
        Empty for a video as it is.
    fault : str
        Why there is no file, where the videos table says it.
    """

    video_id: str
    sha256: str
    path: Path
    questions: Mapping[str, tuple[Question, ...]] = field(default_factory=dict)
    probe: str = ""
    fault: str = ""


def hash_text(text: str) -> str:
    """Name a question's text by the first 12 hex digits of its SHA-256; no text has no name."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12] if text else ""


def choose_tasks(card: Card, named: Collection[str] | None, *, captions: bool, rules: bool) -> list[str]:
    """Choose what to ask a scorer; nothing, when it answers none of the tasks named, or none can be asked.

    Parameters
    ----------
    card : Card
    named : collection of str or None
        Tasks the user named. A metric measures what it measures, whatever is named.
    captions, rules : bool
        Whether there are any: without them the tasks that need one are asked only when they are named.
    """
    if named is not None and set(card.tasks) & set(QUESTION_TASKS):
        return [task for task in card.tasks if task in named]
    askable = {**dict.fromkeys(card.captioned, captions), "rule": rules}
    return [task for task in card.default_tasks or card.tasks if askable.get(task, True)]


def join_rules(videos: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """Give each video its own rules, and those of its prompt that are no single video's, each rule once.

    Returns
    -------
    DataFrame
        ``video_id, probe, sha256, rule_id, rule``.

    Raises
    ------
    ValueError
        A video has two rules under one name.
    """
    import pandas as pd

    named = rules.reindex(columns=["video_id", "prompt_id", "rule_id", "rule"])
    asked = videos[["video_id", "probe", "sha256", "prompt_id"]]
    own = asked.drop(columns="prompt_id").merge(named[named["video_id"].notna()], on="video_id")
    shared = named[named["video_id"].isna()].drop(columns="video_id").dropna(subset=["prompt_id"])
    of_prompt = asked.merge(shared, on="prompt_id")
    joined = pd.concat([own, of_prompt])[["video_id", "probe", "sha256", "rule_id", "rule"]].drop_duplicates()
    twice = joined[joined.duplicated(["video_id", "probe", "rule_id"])]
    if len(twice):
        video, rule = twice["video_id"].iloc[0], twice["rule_id"].iloc[0]
        raise ValueError(f"the video {video} has two rules named {rule!r}; give each rule a name of its own")
    return joined.reset_index(drop=True)


def ask_questions(
    videos: pd.DataFrame,
    rules: pd.DataFrame | None,
    *,
    scorer: str,
    spec: str,
    tasks: Sequence[str],
    captioned: Collection[str] = ("sa",),
) -> pd.DataFrame:
    """List everything one scorer is asked about the videos.

    Parameters
    ----------
    videos : DataFrame
        ``video_id, prompt_id, sha256, caption``, and ``probe`` where some are probed; text without NaN.
    rules : DataFrame, optional
        A rules table; needed for the task ``rule``.
    captioned : collection of str
        Tasks whose question holds the caption.

    Returns
    -------
    DataFrame
        ``video_id, scorer, spec, task, rule_id, probe, sha256, question, text``; blank is the empty string.
        A video under a probe of the caption is asked about in the captioned tasks only.
    """
    import pandas as pd

    videos = videos if "probe" in videos.columns else videos.assign(probe="")
    # another caption makes another question only where the caption is asked with
    own_caption = videos[~has_other_caption(videos["probe"])]
    parts = []
    for task in tasks:
        if task == "rule" and rules is not None:
            asked = join_rules(own_caption, rules).rename(columns={"rule": "text"})
        elif task in captioned:
            asked = videos[["video_id", "probe", "sha256"]].assign(rule_id="", text=videos["caption"])
        else:
            asked = own_caption[["video_id", "probe", "sha256"]].assign(rule_id="", text="")
        parts.append(asked.assign(task=task))
    table = pd.concat(parts, ignore_index=True).assign(scorer=scorer, spec=spec)
    names = {text: hash_text(text) for text in table["text"].unique()}
    table["question"] = table["text"].map(names)
    return table[[*KEY, *CONTENT, "text"]]


def find_missing(wanted: pd.DataFrame, stored: pd.DataFrame, *, retry: Collection[str] = ()) -> pd.DataFrame:
    """Keep what the store has no answer to, or one about other bytes, another text, or of a status to retry.

    Parameters
    ----------
    wanted : DataFrame
        As from :func:`ask_questions`.
    stored : DataFrame
        The key's columns, ``sha256, question, status``; blank is NaN or the empty string.
    retry : collection of {"failed", "unscored"}
    """
    columns = [*KEY, *CONTENT]
    done = stored.loc[~stored["status"].isin(list(retry)), columns].fillna("").astype(object)
    joined = wanted.merge(done.drop_duplicates(), on=columns, how="left", indicator=True)
    return wanted[joined["_merge"].eq("left_only").to_numpy()].reset_index(drop=True)


def group_jobs(
    missing: pd.DataFrame,
    paths: Mapping[tuple[str, str], Path],
    faults: Mapping[tuple[str, str], str] | None = None,
) -> list[Job]:
    """Gather the missing questions by video and probe, in the order of `paths`; `faults` as in a job."""
    questions: dict[tuple[str, str], dict[str, list[Question]]] = {}
    hashes: dict[tuple[str, str], str] = {}
    columns = ["video_id", "scorer", "task", "text", "rule_id", "probe", "sha256"]
    for video_id, scorer, task, text, rule_id, probe, sha256 in missing[columns].to_numpy().tolist():
        asked = questions.setdefault((video_id, probe), {}).setdefault(scorer, [])
        asked.append(Question(task, text, rule_id or None, probe or None, video_id))
        hashes[video_id, probe] = sha256
    return [
        Job(
            name[0],
            hashes[name],
            path,
            {scorer: tuple(asked) for scorer, asked in questions[name].items()},
            name[1],
            (faults or {}).get(name, ""),
        )
        for name, path in paths.items()
        if name in questions
    ]
