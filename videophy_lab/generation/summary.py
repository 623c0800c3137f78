"""Say in a few lines what a run made, or would make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from videophy_lab.reasons import write_reasons

if TYPE_CHECKING:
    import pandas as pd

    from videophy_lab.generation.plan import Part, Plan
    from videophy_lab.generation.run import Outcome

# generators with more variants than these are summed up
PARTS_SHOWN = 12


def describe_plan(plan: Plan) -> str:
    """Say, by generator, how many videos a run would make, how many are there, and what it costs."""
    lines = [f"note: {note}" for note in plan.notes]
    lines += [
        f"{part.name}: {len(part.wanted)} videos wanted, {len(part.wanted) - len(part.missing)} there, "
        f"{len(part.missing)} to make"
        for part in plan.parts[:PARTS_SHOWN]
    ]
    if len(plan.parts) > PARTS_SHOWN:
        lines.append(f"… and {len(plan.parts) - PARTS_SHOWN} more generators")
    lines += list_costs(plan.parts)
    lines.append(
        f"dry run: {plan.n_missing} of {plan.n_wanted} videos to make by {len(plan.parts)} generators; "
        "nothing was made"
    )
    return "\n".join(lines)


def list_costs(parts: Sequence[Part]) -> list[str]:
    """List what generators say that their videos would cost, each once."""
    costs = [(part.name, part.generator.describe_cost(part.missing)) for part in parts if part.missing]
    return [f"{name}: {cost}" for name, cost in costs if cost]


def describe_outcome(outcome: Outcome) -> str:
    """Say what was made, what not and why, and where it lies; the last line sums up."""
    rows = outcome.rows
    counts = rows["status"].value_counts()
    made, failed = int(counts.get("ok", 0)), int(counts.get("failed", 0))
    lines = list_reasons(rows)
    rate = f" ({outcome.made / outcome.seconds:.1f} videos/s)" if outcome.made else ""
    missing = outcome.plan.n_wanted - len(rows)
    lines.append(
        f"done: {outcome.plan.n_wanted} videos wanted: {made} there, {failed} failed"
        + (f", {missing} missing" if missing else "")
        + f"; {outcome.made} new, {outcome.plan.n_wanted - outcome.made} known before; "
        f"{outcome.seconds:.1f} s{rate}"
    )
    lines.append(f"videos: {outcome.folder / 'videos.csv'}")
    return "\n".join(lines)


def list_reasons(rows: pd.DataFrame) -> list[str]:
    """List the commonest reasons of videos that failed, each with its number and one example."""

    def write(alike: pd.DataFrame, reason: str) -> str:
        return f"failed, {len(alike)} ×: {reason} ({alike['video_id'].iloc[0]})"

    return write_reasons(rows[rows["status"].eq("failed")], write, label="failed")
