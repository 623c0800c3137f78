"""The commands by name: generate, score, report and doctor here, the others beside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from videophy_lab.cli.annotate import EXAMPLE as ANNOTATE_EXAMPLE
from videophy_lab.cli.annotate import annotate_videos
from videophy_lab.cli.base import (
    FAILED,
    INTERRUPTED,
    WRONG,
    collect_options,
    explain_trouble,
    split_parameters,
    split_words,
    stop,
    stop_interrupted,
)
from videophy_lab.cli.lists import list_app
from videophy_lab.cli.probe import EXAMPLE as PROBE_EXAMPLE
from videophy_lab.cli.probe import probe_command
from videophy_lab.cli.prompts_more import prompts_app
from videophy_lab.cli.reversal import EXAMPLE as REVERSAL_EXAMPLE
from videophy_lab.cli.reversal import LABELS_EXAMPLE, mark_command, propose_command
from videophy_lab.cli.train import EPILOG as TRAIN_EXAMPLE
from videophy_lab.cli.train import train_judge

# of a video, below its generator; and of scores
SIDECARS, SCORES = "*/*/*.json", "scores/**/*.parquet"

app = typer.Typer(
    name="videophy-lab",
    help="Does generated video obey physics, and can the judges that say so be trusted?",
    epilog="Example: videophy-lab report reports/videophy2 --open",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(list_app, name="list")
app.add_typer(prompts_app, name="prompts")
app.command("probe", epilog=PROBE_EXAMPLE)(probe_command)
app.command("reversal", epilog=REVERSAL_EXAMPLE)(mark_command)
app.command("reversal-labels", epilog=LABELS_EXAMPLE)(propose_command)
app.command("annotate", epilog=ANNOTATE_EXAMPLE)(annotate_videos)
app.command("train-judge", epilog=TRAIN_EXAMPLE)(train_judge)


def print_version(wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
        from importlib.metadata import version

        typer.echo(version("videophy-lab"))
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


@app.command(epilog="Example: videophy-lab report reports/videophy2 -p ratings=my/ratings.csv --open")
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with a params.yaml.")],
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "-p", "--parameter", metavar="NAME=VALUE", help="Wins over params.yaml; may be repeated."
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Run a report's notebooks and write its page, tables and figures."""
    overrides = split_parameters(parameter or [])
    from videophy_lab.params import ParamsError
    from videophy_lab.report import ReportError, run_report

    try:
        page = run_report(folder, overrides=overrides)
    except ParamsError as error:
        stop(str(error), WRONG)
    except ReportError as error:
        stop(str(error), FAILED)
    except OSError as error:
        what = f"{error.strerror or error}: {error.filename or folder}"
        stop(f"{what}. The report is as it was; mend that, and type the same again", FAILED)
    except KeyboardInterrupt:
        stop("interrupted; the previous report is as it was", INTERRUPTED)
    typer.echo(f"done: {page}")
    if show:
        typer.launch(str(page))


@app.command(
    "generate",
    epilog="Example: videophy-lab generate simulated --generator simulated --out runs/simulated",
)
def generate_videos(
    prompts: Annotated[
        str, typer.Argument(metavar="PROMPTS", help="A prompts table, or a name such as simulated.")
    ],
    generator: Annotated[
        list[str],
        typer.Option(metavar="NAME", help="May be repeated; own=NAME gives it a name of your own."),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for videos, side-cars and videos.csv.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Take so many prompts from the top.")] = None,
    seed: Annotated[list[int] | None, typer.Option(min=0, help="May be repeated; 0 when not given.")] = None,
    checkpoint: Annotated[
        str | None, typer.Option(metavar="PATH", help="Folder of weights, or a hub repository.")
    ] = None,
    command: Annotated[
        str | None, typer.Option(metavar="TEXT", help="For --generator command: what to run for a video.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="auto|cpu|cuda", help="Where networks run; auto takes a GPU.")
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(metavar="bf16|fp16|fp32", help="Precision of networks.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "-o", "--option", metavar="NAME=VALUE", help="A generator's option, such as simulated.fast=true."
        ),
    ] = None,
    engine: Annotated[str, typer.Option(metavar="local|ray", help="This machine, or a cluster.")] = "local",
    workers: Annotated[int | None, typer.Option(min=1, help="Processes.")] = None,
    retry: Annotated[str | None, typer.Option(metavar="failed", help="Make those again.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be made and what it costs; make nothing.")
    ] = False,
) -> None:
    """Make videos of prompts; what DIR already holds is not made again."""
    options = collect_options(option, checkpoint=checkpoint, command=command, device=device, dtype=dtype)
    try:
        from videophy_lab import generation
        from videophy_lab.generation import summary

        outcome = generation.generate_videos(
            generator, prompts, out=out, seeds=seed or [0], limit=limit, options=options,
            retry=split_words(retry) or (), engine=engine, workers=workers, dry_run=dry_run,
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
        typer.echo(summary.describe_plan(outcome.plan))
        return
    for note in (*outcome.plan.notes, *outcome.notes):
        typer.echo(f"note: {note}", err=True)
    typer.echo(summary.describe_outcome(outcome))
    if outcome.rows["status"].eq("failed").any():
        raise typer.Exit(FAILED)


@app.command(
    "score",
    epilog="Example: videophy-lab score videos/ --scorer kinematics --scorer sharpness --out runs/mine",
)
def score_videos(
    videos: Annotated[
        Path, typer.Argument(metavar="VIDEOS", help="A videos table, or a folder of video files.")
    ],
    scorer: Annotated[
        list[str],
        typer.Option(
            metavar="NAME", help="A judge or metric; may be repeated; own=NAME gives it a name of your own."
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder; the scores lie in DIR/scores.")],
    prompts: Annotated[str | None, typer.Option(metavar="PROMPTS", help="Captions by prompt_id.")] = None,
    rules: Annotated[str | None, typer.Option(metavar="RULES", help="Rules to ask.")] = None,
    tasks: Annotated[str | None, typer.Option(metavar="sa,pc,rule", help="What to ask the judges.")] = None,
    checkpoint: Annotated[
        str | None, typer.Option(metavar="PATH", help="Folder of weights, or a hub repository.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="auto|cpu|cuda", help="Where networks run; auto takes a GPU.")
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(metavar="bf16|fp16|fp32", help="Precision of networks.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "-o", "--option", metavar="NAME=VALUE", help="A scorer's option, such as autoeval.mode=official."
        ),
    ] = None,
    engine: Annotated[str, typer.Option(metavar="local|ray", help="This process, or several.")] = "local",
    workers: Annotated[int | None, typer.Option(min=1, help="Decoding threads, or processes.")] = None,
    retry: Annotated[str | None, typer.Option(metavar="failed,unscored", help="Ask those again.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be asked; score nothing.")
    ] = False,
) -> None:
    """Score videos with judges and metrics; what DIR already holds is not scored again."""
    options = collect_options(option, checkpoint=checkpoint, device=device, dtype=dtype)
    try:
        from videophy_lab import scoring
        from videophy_lab.scoring import summary

        outcome = scoring.score_videos(
            videos, scorer, out=out, prompts=prompts, rules=rules, tasks=split_words(tasks), options=options,
            retry=split_words(retry) or (), engine=engine, workers=workers, dry_run=dry_run,
        )  # fmt: skip
    except (ValueError, ImportError) as error:
        stop(str(error), WRONG)
    except OSError as error:
        stop(
            f"{explain_trouble(error, out)}. What was scored is kept; mend that, and type the same again",
            FAILED,
        )
    except KeyboardInterrupt:
        stop_interrupted(out, SCORES, done="scored")
    if dry_run:
        typer.echo(summary.describe_plan(outcome.plan))
        return
    for note in outcome.plan.notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(summary.describe_outcome(outcome))
    if outcome.rows["status"].eq("failed").any():
        raise typer.Exit(FAILED)


@app.command(epilog="Example: videophy-lab doctor")
def doctor() -> None:
    """Say what works on this machine and how to mend the rest."""
    from videophy_lab.doctor import examine_machine, format_checks

    checks = examine_machine()
    typer.echo(format_checks(checks))
    if any(check.needed and not check.works for check in checks):
        raise typer.Exit(FAILED)


def main() -> None:
    """Run the command line."""
    app()
