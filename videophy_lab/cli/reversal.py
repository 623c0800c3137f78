"""The commands ``reversal`` and ``reversal-labels``: which clips may be reversed, and which actions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from videophy_lab.cli.base import (
    FAILED,
    INTERRUPTED,
    WRONG,
    Retry,
    collect_options,
    explain_trouble,
    stop,
    stop_interrupted,
    tell_unasked,
)

if TYPE_CHECKING:
    from videophy_lab.reversibility.filter import Outcome

EXAMPLE = "Example: videophy-lab reversal videos/ --out may_reverse.csv"
UNDECIDED = {"tie": "two answers are as common", "cannot_tell": "most cannot tell"}
LABELS_EXAMPLE = "Example: videophy-lab reversal-labels hub:videophy2 --out labels.csv --dry-run"


def mark_command(
    videos: Annotated[
        Path, typer.Argument(metavar="VIDEOS", help="A videos table, or a folder of video files.")
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="CSV; what is measured is kept in FILE.measured.")
    ],
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Labels of actions: what reversal-labels wrote, or a CSV file action,label."
        ),
    ] = None,
    prompts: Annotated[
        str | None, typer.Option(metavar="PROMPTS", help="Prompts table with the action of each prompt_id.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Take so many videos from the top.")] = None,
    threshold: Annotated[
        float, typer.Option(help="Points between forwards and backwards that make a clip irreversible.")
    ] = 1.0,
    measure: Annotated[
        str,
        typer.Option(
            metavar="unlabelled|all|none",
            help="Whose motion to look at; all also holds it against a model's labels that nobody confirmed.",
        ),
    ] = "unlabelled",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; one for each core when not given.")
    ] = None,
) -> None:
    """Mark the clips whose reversal would break physics; what was measured is not measured again.

    The column may_reverse of FILE says yes, no or unknown.

    A clip without a label is judged by its motion, which shows mechanics alone: a burning match is let
    through. On the simulated world, with seeds that the judge was not made on, 79 of the 81 clips that it
    called irreversible were so, and it found 79 of 80 (n = 136 clips of 17 scenes); on real clips this was
    not measured. Where caption_holds is no, a reversed clip needs another caption: opening becomes
    closing.
    """
    try:
        from videophy_lab.reversibility.filter import mark_videos

        outcome = mark_videos(
            videos, out=out, labels=labels or (), prompts=prompts, limit=limit, threshold=threshold,
            measure=measure, workers=workers,
        )  # fmt: skip
    except (ValueError, ImportError) as error:
        stop(str(error), WRONG)
    except OSError as error:
        stop(f"{explain_trouble(error, out)}. Mend that, and type the same again", FAILED)
    except KeyboardInterrupt:
        folder = out.with_name(f"{out.name}.measured")
        stop_interrupted(folder, "scores/**/*.parquet", done="measured")
    typer.echo(describe_outcome(outcome))
    if outcome.rows["status"].eq("failed").any():
        raise typer.Exit(FAILED)


def describe_outcome(outcome: Outcome) -> str:
    """Say how many videos may be reversed, by whose word, and what failed."""
    from videophy_lab.reversibility.decision import NO, UNKNOWN, YES

    rows = outcome.rows
    may = rows["may_reverse"]
    origins = rows["reversibility_origin"].dropna().value_counts()
    lines = [f"by {origin}: {count}" for origin, count in origins.items()]
    if outcome.left_out:
        lines.append(f"left out: {outcome.left_out} rows that are probes of videos")
    changed = int(rows["caption_holds"].eq(NO).sum())
    if changed:
        lines.append(f"need another caption when they are reversed: {changed} (caption_holds is no)")
    failed = rows[rows["status"].eq("failed")]
    lines += [f"failed: {row.video_id}: {row.error}" for row in failed.head(5).itertuples()]
    counts = [int(may.eq(word).sum()) for word in (YES, NO, UNKNOWN)]
    lines.append(
        f"done: {len(rows)} videos: {counts[0]} may be reversed, {counts[1]} may not, {counts[2]} unknown; "
        f"{len(failed)} failed; "
        f"{outcome.measured} measured now; {outcome.seconds:.1f} s; {outcome.file}"
    )
    return "\n".join(lines)


def propose_command(
    prompts: Annotated[str, typer.Argument(metavar="PROMPTS", help="A prompts table with actions.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV of labels: what is proposed, and what people confirm."),
    ] = None,
    questions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write what to ask people, a rules table for videophy-lab annotate. No model is asked.",
        ),
    ] = None,
    ratings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Confirm labels by what people answered to that. No model is asked."
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("-o", "--option", metavar="NAME=VALUE", help="Such as provider=openai or model=NAME."),
    ] = None,
    retry: Retry = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would cost; ask nothing.")] = False,
) -> None:
    """Label actions by what becomes of them backwards: a language model proposes, people confirm.

    With --out alone a model is asked about each action. With --questions, what to ask people is written; let
    them answer with videophy-lab annotate VIDEOS --tasks rule --rules FILE --out ratings.csv. With --ratings
    the commonest of their answers is written into the column confirmed of --out, which counts before the
    column proposed.
    """
    options = collect_options(option, retry="true" if retry else None)
    from videophy_lab.schema.overwriting import check_inputs

    try:
        if questions is not None and (out or ratings):
            raise ValueError("--questions is a step of its own: leave out --out and --ratings.")
        if dry_run and (questions or ratings):
            raise ValueError("--dry-run is for what a model would cost; here none is asked: leave it out.")
        if retry and (questions or ratings):
            raise ValueError("--retry is for what a model was asked; here none is asked: leave it out.")
        if questions is not None:
            say_questions(prompts, questions)
        elif out is None:
            raise ValueError("--out is missing. Remedy: give --out labels.csv, or --questions questions.csv.")
        elif ratings is not None:
            check_inputs(out, {"PROMPTS": prompts, "--ratings": ratings})
            say_confirmed(prompts, ratings, out)
        else:
            check_inputs(out, {"PROMPTS": prompts})
            say_proposed(prompts, out, options, dry_run=dry_run)
    except (ValueError, ImportError) as error:
        stop(str(error), WRONG)
    except OSError as error:
        place = questions or out or Path(prompts)
        stop(f"{explain_trouble(error, place)}. Answers are kept; mend that, and type the same again", FAILED)
    except KeyboardInterrupt:
        stop("interrupted; answers are kept, and the same command goes on from there", INTERRUPTED)


def say_questions(prompts: str, questions: Path) -> None:
    """Write the questions for people, and say how to have them answered."""
    from videophy_lab import reversibility
    from videophy_lab.datasets import load_prompts
    from videophy_lab.reversibility.answers import check_questions
    from videophy_lab.schema import write_table

    rules = reversibility.make_questions(load_prompts(prompts))
    check_questions(questions, rules, inputs={"PROMPTS": prompts})
    write_table(rules, questions, "rules")
    typer.echo(
        f"done: {rules['rule_id'].nunique()} statements about the videos of each of "
        f"{rules['prompt_id'].nunique()} prompts: {questions}; next: videophy-lab annotate VIDEOS "
        f"--tasks rule --rules {questions} --out ratings.csv"
    )


def say_confirmed(prompts: str, ratings: Path, out: Path) -> None:
    """Confirm labels by people's answers, and say what they left open and how often they overruled."""
    from videophy_lab import reversibility
    from videophy_lab.datasets import load_prompts, load_ratings

    found = reversibility.confirm_labels(
        load_prompts(prompts), load_ratings(ratings, tasks=("rule",)), out=out
    )
    for action, why in found.undecided.items():
        typer.echo(f"not confirmed: {action}: {UNDECIDED[why]}")
    for action, answer in found.by_hand.items():
        typer.echo(f"confirmed by hand, and left so: {action}: people's answer is {answer}")
    if found.n_half or found.n_strange:
        typer.echo(
            f"answers left out: {found.n_half} to only one of the statements, {found.n_strange} about "
            "prompts without an action"
        )
    shown = f"{found.n_overruled} of n = {found.n_both}" if found.n_both else "none, n = 0"
    typer.echo(
        f"done: n = {found.n_answers} answers about {found.n_actions} actions, {len(found.undecided)} not "
        f"confirmed; labels that people overruled, of those both proposed and confirmed: {shown}; {out}"
    )


def say_proposed(prompts: str, out: Path, options: dict[str, str], *, dry_run: bool) -> None:
    """Let a model propose labels, or say what that costs."""
    from videophy_lab import reversibility
    from videophy_lab.datasets import load_prompts
    from videophy_lab.reversibility.labels import list_actions

    chat = reversibility.build_chat(options)
    table = load_prompts(prompts)
    if dry_run:
        typer.echo(reversibility.describe_proposal(table, chat))
        return
    asked = reversibility.propose_labels(table, chat, out=out).iloc[: len(list_actions(table))]
    tell_unasked([chat])
    missing = int(asked["proposed"].isna().sum())
    typer.echo(
        f"done: {len(asked)} actions: {len(asked) - missing} labelled, {missing} not: {out}; let people "
        "confirm them: --questions FILE, then --ratings FILE, or by hand in its column confirmed"
    )
    if missing:
        raise typer.Exit(FAILED)
