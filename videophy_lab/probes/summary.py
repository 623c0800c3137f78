"""Say in a few lines what a run made, or would make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from videophy_lab.reasons import write_reasons
from videophy_lab.schema.probes import CAPTION_PARAPHRASE

if TYPE_CHECKING:
    import pandas as pd

    from videophy_lab.probes.run import Outcome

FILES_SHOWN = 3


def describe_plan(outcome: Outcome) -> str:
    """Say how many probes a run would make, how many are there, and what paraphrases cost."""
    plan, words = outcome.plan, outcome.words
    lines = [f"note: {note}" for note in plan.notes]
    missing = Counter(part.name for job in plan.jobs for part in job.parts)
    for part in plan.parts:
        there = len(plan.videos) - missing[part.name]
        made = f"{there} there, {missing[part.name]} to make" if part in plan.edits else "no file of its own"
        lines.append(f"{part.name}: {len(plan.videos)} videos, {made}")
    if words.model is not None and any(part.probe == CAPTION_PARAPHRASE for part in plan.parts):
        cost = words.model.describe_cost(words.list_unknown(plan.videos), count=words.count)
        lines.append(f"paraphrases: {cost}")
    lines.append(
        f"dry run: {plan.n_missing} of {plan.n_wanted} probes of {len(plan.videos)} videos to make; nothing "
        "was made"
    )
    return "\n".join(lines)


def describe_outcome(outcome: Outcome) -> str:
    """Say what was made, what not and why, and where it lies; the last lines sum up."""
    rows, plan = outcome.rows, outcome.plan
    probed = rows[rows["probe"].notna()]
    wrong = probed[probed["status"].eq("failed")]
    failed, affected = len(wrong), count_things(wrong["video_id"].nunique(), "video")
    rate = f" ({outcome.made / outcome.seconds:.1f} probes/s)" if outcome.made else ""
    lines = list_reasons(wrong, dict(zip(plan.videos["video_id"], plan.videos["path"], strict=True)))
    lines.append(
        f"done: {len(probed)} probes of {len(plan.videos)} videos: {len(probed) - failed} there, {failed} "
        f"failed{f' (of {affected})' if failed else ''}; {outcome.made} files made now, "
        f"{plan.n_wanted - outcome.made} known before; "
        f"{outcome.seconds:.1f} s{rate}"
    )
    lines.append(f"videos: {outcome.folder / 'videos.csv'}")
    return "\n".join(lines)


def count_things(count: int, what: str) -> str:
    """Write a number with its word."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def list_reasons(wrong: pd.DataFrame, paths: Mapping[str, str]) -> list[str]:
    """List the commonest reasons of probes that failed, each with its number of videos and their files.

    Parameters
    ----------
    wrong : DataFrame
        The rows of probes that failed.
    paths : mapping of video_id to path
        Of the originals.
    """

    def write(alike: pd.DataFrame, reason: str) -> str:
        videos = alike["video_id"].unique().tolist()
        files = [paths.get(video_id) or video_id for video_id in videos]
        more = f" and {len(files) - FILES_SHOWN} more" if len(files) > FILES_SHOWN else ""
        return (
            f"failed, {count_things(len(videos), 'video')} ({count_things(len(alike), 'probe')}): {reason} "
            f"(first {alike['probe'].iloc[0]} of {videos[0]}; {', '.join(files[:FILES_SHOWN])}{more})"
        )

    return write_reasons(wrong, write, label="failed")
