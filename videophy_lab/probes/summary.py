"""Say in a few lines what a run made, or would make."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from videophy_lab.probes.catalog import PARAPHRASE

if TYPE_CHECKING:
    import pandas as pd

    from videophy_lab.probes.run import Outcome

REASONS_SHOWN = 5
REASON_LENGTH = 300


def describe_plan(outcome: Outcome) -> str:
    """Say how many probes a run would make, how many are there, and what paraphrases cost."""
    plan, words = outcome.plan, outcome.words
    lines = [f"note: {note}" for note in plan.notes]
    missing = Counter(part.name for job in plan.jobs for part in job.parts)
    for part in plan.parts:
        there = len(plan.videos) - missing[part.name]
        made = f"{there} there, {missing[part.name]} to make" if part in plan.edits else "no file of its own"
        lines.append(f"{part.name}: {len(plan.videos)} videos, {made}")
    if words.model is not None and any(part.probe == PARAPHRASE for part in plan.parts):
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
    failed = int(probed["status"].eq("failed").sum())
    rate = f" ({outcome.made / outcome.seconds:.1f} probes/s)" if outcome.made else ""
    lines = list_reasons(probed)
    lines.append(
        f"done: {len(probed)} probes of {len(plan.videos)} videos: {len(probed) - failed} there, {failed} "
        f"failed; {outcome.made} files made now, {plan.n_wanted - outcome.made} known before; "
        f"{outcome.seconds:.1f} s{rate}"
    )
    lines.append(f"videos: {outcome.folder / 'videos.csv'}")
    return "\n".join(lines)


def list_reasons(rows: pd.DataFrame) -> list[str]:
    """List the commonest reasons of probes that failed, each with its number and one example."""
    wrong = rows[rows["status"].eq("failed")]
    # without their numbers, like reasons are counted together
    alike = [re.sub(r"\d+(\.\d+)?", "#", str(error)) for error in wrong["error"]]
    counts = Counter(alike).most_common()
    lines = []
    for reason, count in counts[:REASONS_SHOWN]:
        example = wrong.iloc[alike.index(reason)]
        said = str(example["error"])
        text = said if len(said) <= REASON_LENGTH else f"{said[:REASON_LENGTH]}…"
        lines.append(f"failed, {count} ×: {text} ({example['probe']} of {example['video_id']})")
    if len(counts) > REASONS_SHOWN:
        lines.append(f"failed: {len(counts) - REASONS_SHOWN} more reasons in the column error")
    return lines
