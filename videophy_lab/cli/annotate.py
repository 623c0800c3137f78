"""The command ``annotate``: people rate videos in a browser on this machine."""

from __future__ import annotations

import signal
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from videophy_lab.cli.base import FAILED, WRONG, explain_trouble, split_words, stop

if TYPE_CHECKING:
    from videophy_lab.annotation import Collected, Project

MOST_SHOWN = 5
EXAMPLE = "Example: videophy-lab annotate videos/ --out ratings.csv --annotator ada --open"


def annotate_videos(
    videos: Annotated[
        Path, typer.Argument(metavar="VIDEOS", help="A videos table, or a folder of video files.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Where the ratings go, .csv or .parquet. Every answer is kept at once in a folder beside "
            "it: ratings.answers beside ratings.csv.",
        ),
    ],
    annotator: Annotated[
        str, typer.Option(metavar="NAME", help="Who rates. When not given, the page asks for the name.")
    ] = "",
    tasks: Annotated[
        str | None,
        typer.Option(
            metavar="sa,pc,rule",
            help="Questions to ask, with commas between them: sa (does it show the caption?), pc (could it "
            "happen?), rule (does this rule hold?). When not given: pc, sa where there are captions, and "
            "rule with --rules; with --pairs, none of them.",
        ),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Table of rules: rule, and video_id or prompt_id, blank for all videos; also rule_id. When "
            "it is not given, a rule is named by its sentence.",
        ),
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Table of pairs: video_id_a, video_id_b. Asks which video is the better one."
        ),
    ] = None,
    qualification: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Table of known answers: video_id, task, rating. They are asked first, as a test, which "
            "must be passed to go on.",
        ),
    ] = None,
    pass_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the test's answers that must be right.")
    ] = 0.8,
    attention_every: Annotated[
        int,
        typer.Option(
            min=0,
            help="Ask for a certain answer after about this many items, to see who reads the question; 0 "
            "never does.",
        ),
    ] = 50,
    block_size: Annotated[int, typer.Option(min=1, help="Offer a break after about this many videos.")] = 20,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="Port of the page. When not given: the one of last time, or a free one."
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Let people rate videos on a page of this machine.

    The command prints the address of the page and runs until Ctrl-C. Started again in the same way, it goes
    on where people stopped.
    """
    from videophy_lab import annotation
    from videophy_lab.annotation.collect import check_files

    given = {"VIDEOS": videos, "--rules": rules, "--pairs": pairs, "--qualification": qualification}
    try:
        check_files(out, given)
        with warnings.catch_warnings(record=True) as notes:
            warnings.simplefilter("always")
            task = annotation.make_task(
                videos,
                tasks=split_words(tasks),
                rules=rules,
                pairs=pairs,
                qualification=qualification,
                pass_share=pass_share,
                attention_every=attention_every,
                block_size=block_size,
            )
        project = annotation.Project(task, out)
    except (ValueError, ImportError) as error:
        stop(str(error), WRONG)
    except OSError as error:
        stop(explain_trouble(error, out), FAILED)
    for note in notes:
        typer.echo(f"note: {note.message}", err=True)
    wait_for_people(project, annotator=annotator, port=port, show=show)


def wait_for_people(project: Project, *, annotator: str, port: int | None, show: bool) -> None:
    """Serve until the command is stopped, then say what there is."""
    from videophy_lab.annotation import serve

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with serve(project, port=port, annotator=annotator) as server:
            typer.echo(f"open {server.address}")
            typer.echo("for this machine only; stop with Ctrl-C, nothing is lost", err=True)
            if show:
                typer.launch(str(project.write_door(server.address)))
            try:
                threading.Event().wait()
            except KeyboardInterrupt:
                typer.echo(err=True)
        collected = project.collect()
    except OSError as error:
        where = f"port {port}" if port else str(project.out)
        stop(
            f"{error.strerror or error}: {where}. Remedy: another --port, or none, which takes a free one",
            FAILED,
        )
    except ValueError as error:
        stop(f"{error} {project.out} is not written; the answers are safe in {project.folder}", FAILED)
    say_end(collected, project.out)


def say_end(collected: Collected, out: Path) -> None:
    """Say what there is, and which lines of the logs are not in it."""
    if collected.n_unread:
        lines = "1 line" if collected.n_unread == 1 else f"{collected.n_unread:,} lines"
        verb = "is no answer" if collected.n_unread == 1 else "are no answers"
        shown = "; ".join(collected.unread[:MOST_SHOWN]) + ("; …" if collected.n_unread > MOST_SHOWN else "")
        typer.echo(f"{lines} of the logs {verb}: {shown}", err=True)
    if not collected.n_answers:
        typer.echo("done: no answer yet")
        return
    counts = (
        (len(collected.ratings), "rating"),
        (len(collected.pairs), "comparison"),
        (collected.times["annotator"].nunique(), "annotator"),
    )
    ratings, pairs, people = (f"{n:,} {noun}{'' if n == 1 else 's'}" for n, noun in counts)
    typer.echo(f"done: {ratings} and {pairs} of {people}: {out}")
