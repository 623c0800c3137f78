"""Say in a few lines what a run did, or would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from videophy_lab.reasons import write_reasons

if TYPE_CHECKING:
    import pandas as pd

    from videophy_lab.scoring.plan import Plan
    from videophy_lab.scoring.run import Outcome

STATUSES = ("ok", "unscored", "failed")
VIDEO = ["video_id", "probe"]


def describe_plan(plan: Plan) -> str:
    """Say, scorer by scorer, how many questions a run would ask and how many are answered already."""
    lines = [f"note: {note}" for note in plan.notes]
    for name, wanted in plan.wanted.groupby("scorer", sort=False):
        left = int(plan.missing["scorer"].eq(name).sum())
        by_task = ", ".join(f"{count} {task}" for task, count in wanted["task"].value_counts().items())
        lines.append(
            f"{name}: {len(wanted)} questions ({by_task}), {len(wanted) - left} answered, {left} to ask"
        )
    jobs = plan.group_missing()
    for name, scorer in plan.scorers.items():
        asked = [(job.path, job.questions[name]) for job in jobs if name in job.questions]
        cost = scorer.describe_cost(asked) if asked else ""
        lines += [f"{name}: {cost}"] if cost else []
    lines.append(
        f"dry run: {len(plan.missing)} questions about {count_videos(plan.missing)} videos to ask; nothing "
        "was scored"
    )
    return "\n".join(lines)


def describe_outcome(outcome: Outcome) -> str:
    """Say, scorer by scorer, what was answered and why the rest was not; the last line sums up."""
    rows, new = outcome.rows, outcome.asked
    lines = [f"{name}: {count_statuses(part)}" for name, part in rows.groupby("scorer", sort=False)]
    lines += list_reasons(rows, outcome.plan.videos)
    videos = len(outcome.plan.missing[VIDEO].drop_duplicates())
    rate = (
        f" ({videos / outcome.seconds:.1f} videos/s, {new / outcome.seconds:.1f} questions/s)" if new else ""
    )
    lines.append(
        f"done: {len(rows)} questions about {count_videos(rows)} videos: {count_statuses(rows)}; "
        f"{new} asked now, {len(rows) - new} known before; {outcome.seconds:.1f} s{rate}"
    )
    lines.append(f"scores: {outcome.folder}")
    return "\n".join(lines)


def count_videos(rows: pd.DataFrame) -> str:
    """Count videos; where some are probed, their probes too."""
    videos, probed = rows["video_id"].nunique(), len(rows[VIDEO].fillna("").drop_duplicates())
    return str(videos) if probed == videos else f"{probed} probes of {videos}"


def count_statuses(rows: pd.DataFrame) -> str:
    """Count ok, unscored and failed."""
    return ", ".join(f"{int(rows['status'].eq(status).sum())} {status}" for status in STATUSES)


def list_reasons(rows: pd.DataFrame, videos: pd.DataFrame) -> list[str]:
    """List the commonest reasons of unscored and failed rows, each with its number and one example.

    Parameters
    ----------
    rows : DataFrame
        A scores table.
    videos : DataFrame
        Those that were scored, with ``path``: an example is named by its file.
    """
    named = zip(videos["video_id"], videos["probe"], strict=True)
    paths = dict(zip(named, videos["path"], strict=True))

    def write(alike: pd.DataFrame, reason: str) -> str:
        first = alike.fillna({"probe": ""}).iloc[0]
        path = paths.get((first["video_id"], first["probe"]), "")
        example = f"{first['probe']} of {first['video_id']}" if first["probe"] else first["video_id"]
        where = f"{example}: {path}" if path else example
        return f"{first['status']}, {first['scorer']}, {len(alike)} ×: {reason} ({where})"

    lines = []
    for status in STATUSES[1:]:
        lines += write_reasons(rows[rows["status"].eq(status)], write, label=status, by=["scorer"])
    return lines
