"""The commands ``reversal`` and ``reversal-labels``: which clips may be reversed, and which actions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from videophy_lab.cli.base import FAILED, INTERRUPTED, WRONG, collect_options, explain_trouble, stop

if TYPE_CHECKING:
    from videophy_lab.reversibility.filter import Outcome

EXAMPLE = "Example: videophy-lab reversal videos/ --out may_reverse.csv"
LABELS_EXAMPLE = "Example: videophy-lab reversal-labels hub:videophy2 --out labels.csv --dry-run"


def mark_command(
    videos: Annotated[
        Path, typer.Argument(metavar="VIDEOS", help="A videos table, or a folder of video files.")
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="CSV; what is measured is kept in FILE.measured.")
    ],
    labels: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Labels of actions: a CSV file action,label.")
    ] = None,
    prompts: Annotated[str | None, typer.Option(metavar="PROMPTS", help="Actions by prompt_id.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Take so many videos from the top.")] = None,
    threshold: Annotated[
        float, typer.Option(help="Points between forwards and backwards that make a clip irreversible.")
    ] = 1.0,
    measure: Annotated[
        str, typer.Option(metavar="unlabelled|all|none", help="Whose motion to look at.")
    ] = "unlabelled",
    workers: Annotated[int | None, typer.Option(min=1, help="Decoding threads.")] = None,
) -> None:
    """Mark the clips whose reversal would break physics; what was measured is not measured again."""
    from videophy_lab.reversibility.filter import mark_videos

    try:
        outcome = mark_videos(
            videos, out=out, labels=labels or (), prompts=prompts, limit=limit, threshold=threshold,
            measure=measure, workers=workers,
        )  # fmt: skip
    except (ValueError, ImportError) as error:
        stop(str(error), WRONG)
    except OSError as error:
        stop(f"{explain_trouble(error, out)}. Mend that, and type the same again", FAILED)
    except KeyboardInterrupt:
        stop("interrupted; what was measured is kept, and the same command goes on from there", INTERRUPTED)
    typer.echo(describe_outcome(outcome))
    if outcome.rows["status"].eq("failed").any():
        raise typer.Exit(FAILED)


def describe_outcome(outcome: Outcome) -> str:
    """Say how many videos may be reversed, by whose word, and what failed."""
    rows = outcome.rows
    may = rows["may_reverse"]
    origins = rows["reversibility_origin"].dropna().value_counts()
    lines = [f"by {origin}: {count}" for origin, count in origins.items()]
    if outcome.left_out:
        lines.append(f"left out: {outcome.left_out} rows that are probes of videos")
    changed = int(rows["caption_holds"].eq("false").sum())
    if changed:
        lines.append(f"need another caption when they are reversed: {changed} (caption_holds is false)")
    failed = rows[rows["status"].eq("failed")]
    lines += [f"failed: {row.video_id}: {row.error}" for row in failed.head(5).itertuples()]
    counts = [int(may.eq(word).sum()) for word in ("true", "false", "unknown")]
    lines.append(
        f"done: {len(rows)} videos: {counts[0]} may be reversed, {counts[1]} may not, {counts[2]} unknown; "
        f"{len(failed)} failed; "
        f"{outcome.measured} measured now; {outcome.seconds:.1f} s; {outcome.file}"
    )
    return "\n".join(lines)


def propose_command(
    prompts: Annotated[str, typer.Argument(metavar="PROMPTS", help="A prompts table with actions.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="CSV for a person to confirm.")],
    option: Annotated[
        list[str] | None,
        typer.Option("-o", "--option", metavar="NAME=VALUE", help="Such as provider=openai or model=NAME."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would cost; ask nothing.")] = False,
) -> None:
    """Let a language model propose what becomes of each action backwards; confirm it in the file."""
    options = collect_options(option)
    from videophy_lab import reversibility
    from videophy_lab.datasets import load_prompts

    try:
        chat = reversibility.build_chat(options)
        table = load_prompts(prompts)
        if dry_run:
            typer.echo(reversibility.describe_proposal(table, chat))
            return
        rows = reversibility.propose_labels(table, chat, out=out)
    except (ValueError, ImportError) as error:
        stop(str(error), WRONG)
    except OSError as error:
        stop(f"{explain_trouble(error, out)}. Answers are kept; mend that, and type the same again", FAILED)
    except KeyboardInterrupt:
        stop("interrupted; answers are kept, and the same command goes on from there", INTERRUPTED)
    asked = rows[rows["status"].notna()]
    missing = int(asked["label"].isna().sum())
    typer.echo(
        f"done: {len(asked)} actions: {len(asked) - missing} labelled, {missing} not; write what is right "
        f"into the column confirmed of {out}"
    )
    if missing:
        raise typer.Exit(FAILED)
