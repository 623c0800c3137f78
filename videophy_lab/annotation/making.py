"""Make a task of tables: videos, rules, pairs, and videos whose answers are known."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.annotation.known import ask_known, ask_pairs
from videophy_lab.annotation.rows import find_file, list_rows, load_rows
from videophy_lab.annotation.task import Clip, Item, Rule, Task, TaskError, needs_caption
from videophy_lab.schema import check_table, name_rules, read_table
from videophy_lab.schema.decisions import take_kept

if TYPE_CHECKING:
    import pandas as pd

    Table = str | Path | pd.DataFrame

TASKS = ("sa", "pc", "rule")
MOST_SHOWN = 5


def make_task(
    videos: Table,
    *,
    tasks: Sequence[str] | None = None,
    rules: Table | None = None,
    pairs: Table | None = None,
    qualification: Table | None = None,
    pass_share: float = 0.8,
    attention_every: int = 50,
    block_size: int = 20,
) -> Task:
    """Make a task.

    Parameters
    ----------
    videos : path or DataFrame
        A videos table with ``path``, or a folder of video files. SA is asked of those with a ``caption``: the
        benchmark's people always saw the original one, also where a generator got a longer text.
    tasks : sequence of {"sa", "pc", "rule"}, optional
        What is asked of every video; when not given, all that can be. None of it with ``tasks=[]``.
    rules : path or DataFrame, optional
        A rules table: of videos, else of prompts, else for all; rules without ``rule_id`` are named by their
        sentences. Of a table that was reviewed (``final``, or ``decision`` alone) those that were kept.
    pairs : path or DataFrame, optional
        ``video_id_a, video_id_b``, and ``task`` (``pc``, ``sa``) where not both are asked.
    qualification : path or DataFrame, optional
        Answers that are known: ``video_id, task, rating``, for a rule ``rule`` too. ``path`` and ``caption``
        for videos that are not in VIDEOS; ``tolerance`` (1 for SA and PC, when not given);
        ``role`` ``attention`` for those that are mixed with the work instead of standing before it. SA is not
        asked in the test of a prompt whose PC or rules are asked in the work: its caption would be known.
    pass_share, attention_every, block_size
        See :class:`~videophy_lab.annotation.task.Task`.

    Raises
    ------
    ValueError
        With the remedy.
    """
    table = load_videos(videos)
    clips = {clip.video_id: clip for clip in make_clips(table)}
    known_rules = load_rules(rules)
    wanted = choose_tasks(tasks, clips.values(), known_rules, pairs is not None)
    items = [item for clip in clips.values() for item in ask_clip(clip, wanted, known_rules)]
    items += ask_pairs(load_rows(pairs, ("video_id_a", "video_id_b"), "pairs"), clips)
    known = load_rows(qualification, ("video_id", "task", "rating"), "qualification")
    for clip, item in ask_known(known, clips):
        clips.setdefault(clip.video_id, clip)
        items.append(item)
    check_test(items, clips)
    if not any(item.role == "work" for item in items):
        raise TaskError(
            "there is nothing to ask. Remedy: give videos with captions for sa, rules for rule, or --tasks pc"
        )
    shown = {video for item in items for video in item.videos}
    return Task(
        clips=tuple(clip for clip in clips.values() if clip.video_id in shown),
        items=tuple(items),
        pass_share=pass_share,
        attention_every=attention_every,
        block_size=block_size,
    )


def check_test(items: Sequence[Item], clips: Mapping[str, Clip]) -> None:
    """Check that the test shows no caption of a prompt that the work asks about without it.

    Raises
    ------
    TaskError
        With the videos of the test.
    """
    blind = {
        clips[video].prompt_id
        for item in items
        if item.role != "qualification" and not needs_caption(item)
        for video in item.videos
    }
    told = [
        item.videos[0]
        for item in items
        if item.role == "qualification" and needs_caption(item) and clips[item.videos[0]].prompt_id in blind
    ]
    if told:
        more = f" and {len(told) - 3:,} more" if len(told) > 3 else ""
        raise TaskError(
            f"qualification: sa of {', '.join(told[:3])}{more} shows a caption whose videos are rated "
            "without it in the work. Remedy: ask sa of videos of other prompts in the test, or leave these "
            "prompts out of the videos that are rated"
        )


def load_videos(videos: Table) -> pd.DataFrame:
    """Load a videos table with paths that can be opened from here.

    Warns
    -----
    UserWarning
        Which files are not there.
    """
    from videophy_lab import datasets

    beside = Path()
    if isinstance(videos, str | Path):
        table, beside = datasets.load_videos(videos), Path(videos).parent
    else:
        table = check_table(videos, "videos")
    if not len(table):
        source = str(videos) if isinstance(videos, str | Path) else "the videos table"
        raise TaskError(
            f"{source} has no rows. Remedy: give a table with a row a video, or a folder of video files"
        )
    if "path" not in table.columns or table["path"].isna().any():
        raise TaskError(
            "every video needs a path, so that it can be shown. Remedy: give a folder of video files, or a "
            "videos table with the column path (lab.download_videos fetches official ones)"
        )
    paths = [find_file(path, beside) for path in table["path"]]
    missing = [str(path) for path in paths if not path.is_file()]
    if len(missing) == len(paths):
        raise TaskError(
            f"none of the {len(paths):,} video files is there, such as {paths[0]}. Remedy: check the paths; "
            "they are relative to where you are, or to the table"
        )
    if missing:
        warnings.warn(say_missing(missing, len(paths)), stacklevel=3)
    return table.assign(path=[str(path) for path in paths])


def say_missing(missing: Sequence[str], total: int) -> str:
    """Say which of the video files are not there."""
    shown = ", ".join(missing[:MOST_SHOWN]) + (", …" if len(missing) > MOST_SHOWN else "")
    verb, end = ("is", "it is") if len(missing) == 1 else ("are", "they are")
    return (
        f"{len(missing):,} of {total:,} video files {verb} not there: {shown}; what is asked of such videos "
        f"cannot be answered until {end}"
    )


def make_clips(table: pd.DataFrame) -> Iterable[Clip]:
    """Make the clips of a videos table."""
    captions = table["caption"].fillna("") if "caption" in table.columns else [""] * len(table)
    columns = (table[name] for name in ("video_id", "prompt_id", "generator", "path"))
    for video_id, prompt_id, generator, path, caption in zip(*columns, captions, strict=True):
        yield Clip(
            video_id=video_id, prompt_id=prompt_id, generator=generator, path=path, caption=caption.strip()
        )


def load_rules(rules: Table | None) -> list[dict[str, Any]]:
    """Load a rules table as rows without blanks; of one that was reviewed, those that were kept.

    Warns
    -----
    UserWarning
        How many were left out.
    """
    if rules is None:
        return []
    table = (
        read_table(rules, "rules")
        if isinstance(rules, str | Path)
        else check_table(name_rules(rules), "rules")
    )
    source = str(rules) if isinstance(rules, str | Path) else "rules"
    kept, left_out = take_kept(table, what="rules", source=source)
    if left_out:
        warnings.warn(left_out, stacklevel=3)
    return list_rows(kept.dropna(subset=["rule"]))


def choose_tasks(
    tasks: Sequence[str] | None, clips: Iterable[Clip], rules: Sequence[object], has_pairs: bool
) -> tuple[str, ...]:
    """Choose what is asked of every video."""
    possible = {"pc": True, "sa": any(clip.caption for clip in clips), "rule": bool(rules)}
    if tasks is None:
        # who gives pairs wants them compared, not rated too
        return () if has_pairs else tuple(task for task, can in possible.items() if can)
    unknown = [task for task in tasks if task not in TASKS]
    if unknown:
        raise TaskError(f"no task is called {unknown[0]!r}; allowed: {', '.join(TASKS)}")
    for task, remedy in (("sa", "a column caption in VIDEOS"), ("rule", "--rules FILE")):
        if task in tasks and not possible[task]:
            raise TaskError(f"{task} cannot be asked without {remedy}. Remedy: give it, or leave {task} out")
    return tuple(dict.fromkeys(tasks))


def ask_clip(clip: Clip, tasks: Sequence[str], rules: Sequence[dict[str, Any]]) -> Iterable[Item]:
    """Ask the questions of one video."""
    for task in tasks:
        own = find_rules(clip, rules) if task == "rule" else ()
        if (task == "sa" and not clip.caption) or (task == "rule" and not own):
            continue
        yield Item(item_id=f"{task}:{clip.video_id}", kind=task, videos=(clip.video_id,), rules=own)


def find_rules(clip: Clip, rules: Sequence[dict[str, Any]]) -> tuple[Rule, ...]:
    """Find a video's rules: its own, those of its prompt, and those for all."""
    own = [
        rule
        for rule in rules
        if rule.get("video_id", clip.video_id) == clip.video_id
        and rule.get("prompt_id", clip.prompt_id) == clip.prompt_id
    ]
    return tuple(
        {
            row["rule_id"]: Rule(rule_id=row["rule_id"], text=row["rule"], law=row.get("law", ""))
            for row in own
        }.values()
    )
