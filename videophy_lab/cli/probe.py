"""The command ``probe``: edit videos in ways that a right judge must notice, or must not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from videophy_lab.cli.base import (
    FAILED,
    WRONG,
    collect_options,
    explain_trouble,
    split_words,
    stop,
    stop_interrupted,
)

# of a probe, below its folder
SIDECARS = "*/*/*/*.json"
EXAMPLE = "Example: videophy-lab probe videos/ --probe reverse --probe freeze --out runs/probes"


def probe_command(
    videos: Annotated[
        Path, typer.Argument(metavar="VIDEOS", help="A videos table, or a folder of video files.")
    ],
    probe: Annotated[
        list[str],
        typer.Option(
            metavar="NAME",
            help="May be repeated: a probe, one of a severity such as blur-050, a kind such as time, or all.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for probes, side-cars and videos.csv.")],
    severity: Annotated[
        str | None,
        typer.Option(
            metavar="0.25,0.5,1", help="Severities of the probes that have any; their own when not given."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what the probes draw at random.")] = 0,
    prompts: Annotated[str | None, typer.Option(metavar="PROMPTS", help="Captions by prompt_id.")] = None,
    captions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="For caption_paraphrase: a table prompt_id,paraphrase."),
    ] = None,
    repeats: Annotated[
        int | None, typer.Option(min=1, help="How often repeat asks again; twice when not given.")
    ] = None,
    paraphrases: Annotated[int | None, typer.Option(min=1, help="Paraphrases of each caption.")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("-o", "--option", metavar="NAME=VALUE", help="Such as qp=20 or paraphraser.model=NAME."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Labels of reversibility, by video_id, path or action: what videophy-lab reversal writes.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; one for each core when not given.")
    ] = None,
    retry: Annotated[
        str | None,
        typer.Option(
            metavar="failed,changed", help="Make again what failed, or what is of videos that changed."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be made and what it costs; make nothing.")
    ] = False,
) -> None:
    """Probe videos: reverse, freeze, shuffle, blur, overlay…; what DIR already holds is not made again."""
    options = collect_options(option)
    try:
        from videophy_lab import probes
        from videophy_lab.probes import summary

        outcome = probes.probe_videos(
            videos, probe, out=out, severities=read_severities(severity), seed=seed, prompts=prompts,
            captions=captions, repeats=repeats, paraphrases=paraphrases, options=options, labels=labels,
            retry=split_words(retry) or (), workers=workers, dry_run=dry_run,
        )  # fmt: skip
    except (ValueError, ImportError) as error:
        stop(str(error), WRONG)
    except OSError as error:
        stop(
            f"{explain_trouble(error, out)}. What was made is kept; mend that, and type the same again",
            FAILED,
        )
    except KeyboardInterrupt:
        stop_interrupted(out, SIDECARS, done="made")
    if dry_run:
        typer.echo(summary.describe_plan(outcome))
        return
    for note in outcome.plan.notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(summary.describe_outcome(outcome))
    if outcome.rows["status"].eq("failed").any():
        raise typer.Exit(FAILED)


def read_severities(words: str | None) -> list[float] | None:
    """Read ``0.25,0.5``; None stays None."""
    texts = split_words(words)
    if texts is None:
        return None
    try:
        return [float(text) for text in texts]
    except ValueError:
        raise typer.BadParameter(
            f"{words!r} must be numbers with commas between, such as 0.25,0.5", param_hint="--severity"
        ) from None
