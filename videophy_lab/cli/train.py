"""The command that trains a judge: arguments only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from videophy_lab.cli.base import FAILED, INTERRUPTED, WRONG, explain_trouble, split_parameters, stop

if TYPE_CHECKING:
    from videophy_lab.training import Outcome

EPILOG = (
    "Example: videophy-lab train-judge ratings.csv videos/ --base videophysics/videocon_physics --out "
    "runs/judge\n\nSeveral GPUs: accelerate launch --num_processes 4 -m videophy_lab.cli train-judge …"
)


def train_judge(
    ratings: Annotated[str, typer.Argument(metavar="RATINGS", help="A ratings table, or a bundled name.")],
    videos: Annotated[
        str, typer.Argument(metavar="VIDEOS", help="A videos table with paths, or a folder of video files.")
    ],
    base: Annotated[
        str, typer.Option(metavar="PATH", help="Folder of the weights to begin with, or a hub repository.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for checkpoints, tables and the judge.")],
    judge: Annotated[
        str, typer.Option(metavar="NAME", help="autoeval, or a vision-language model: vlm, qwen3_vl, …")
    ] = "autoeval",
    prompts: Annotated[str | None, typer.Option(metavar="PROMPTS", help="Captions by prompt_id.")] = None,
    rules: Annotated[str | None, typer.Option(metavar="RULES", help="Sentences of the rated rules.")] = None,
    epochs: Annotated[float | None, typer.Option(help="How often each example is seen; 3.")] = None,
    max_steps: Annotated[int | None, typer.Option(help="End after so many steps.")] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Examples of a step, over all processes; 32.")
    ] = None,
    micro_batch: Annotated[
        int | None, typer.Option(help="Examples that a process takes at once; 4. Fewer need less memory.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Highest one; 1e-4.")] = None,
    rank: Annotated[int | None, typer.Option(help="Of the adapter; 32.")] = None,
    alpha: Annotated[int | None, typer.Option(help="Of the adapter; 32.")] = None,
    dropout: Annotated[float | None, typer.Option(help="Of the adapter's inputs; 0.05.")] = None,
    warmup_steps: Annotated[int | None, typer.Option(help="At most a tenth of all; 50.")] = None,
    balance: Annotated[
        str | None, typer.Option(metavar="none|sqrt|full", help="Weight of rare answers in the loss; sqrt.")
    ] = None,
    hold_out_generators: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Generators kept unseen; none for none. A quarter when not given."),
    ] = None,
    hold_out_prompts: Annotated[float | None, typer.Option(help="Share of prompts kept unseen; 0.1.")] = None,
    stop_prompts: Annotated[
        float | None, typer.Option(help="Share of prompts that only decide when to stop; 0.05.")
    ] = None,
    patience: Annotated[
        int | None, typer.Option(help="Looks at the stop prompts without a lower loss; 5. 0: never stop.")
    ] = None,
    evaluate_every: Annotated[int | None, typer.Option(help="Steps between two looks; 50.")] = None,
    save_every: Annotated[int | None, typer.Option(help="Steps between two checkpoints; 100.")] = None,
    gradient_checkpointing: Annotated[
        bool | None, typer.Option("--gradient-checkpointing", help="Less memory, a third more time.")
    ] = None,
    export_dtype: Annotated[
        str | None, typer.Option(metavar="fp32|bf16", help="Precision of the merged checkpoint; fp32.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of splits, order and chance; 0.")] = None,
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda", help="auto takes a GPU.")] = "auto",
    dtype: Annotated[
        str, typer.Option(metavar="auto|bf16|fp32", help="Precision of the base while training.")
    ] = "auto",
    option: Annotated[
        list[str] | None,
        typer.Option("-o", "--option", metavar="NAME=VALUE", help="A judge's option, such as frames=16."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count the examples, estimate memory and time; train nothing.")
    ] = False,
) -> None:
    """Train a judge on ratings, and merge it into a checkpoint; a run that was cut off goes on."""
    given: dict[str, Any] = {
        "epochs": epochs, "max_steps": max_steps, "batch_size": batch_size, "micro_batch": micro_batch,
        "learning_rate": learning_rate, "rank": rank, "alpha": alpha, "balance": balance,
        "dropout": dropout, "warmup_steps": warmup_steps,
        "held_out_generators": split_names(hold_out_generators), "held_out_prompts": hold_out_prompts,
        "stop_prompts": stop_prompts, "patience": patience, "evaluate_every": evaluate_every,
        "save_every": save_every, "gradient_checkpointing": gradient_checkpointing,
        "export_dtype": export_dtype, "seed": seed,
    }  # fmt: skip
    chosen = {name: value for name, value in given.items() if value is not None}
    with explain_end(out):
        from videophy_lab.training import Settings
        from videophy_lab.training import train_judge as train

        options = split_parameters(option or [], flag="--option")
        outcome = train(
            ratings, videos, base=base, out=out, rules=rules, prompts=prompts, judge=judge,
            options=options, device=device, dtype=dtype,
            dry_run=dry_run, settings=Settings(**chosen),
        )  # fmt: skip
    say_end(outcome, options, dry_run=dry_run)


@contextmanager
def explain_end(out: Path) -> Iterator[None]:
    """Turn what ends a training into a message and an exit code."""
    try:
        yield
    except (ValueError, ImportError) as error:
        stop(str(error), WRONG)
    except OSError as error:
        stop(explain_trouble(error, out), FAILED)
    except KeyboardInterrupt:
        stop(
            f"interrupted; checkpoints are in {out}, and the same command goes on from the last", INTERRUPTED
        )


def say_end(outcome: Outcome, options: Mapping[str, Any], *, dry_run: bool) -> None:
    """Say what a training did; the first of its processes speaks for all."""
    from videophy_lab.training import summary

    if outcome.interrupted and not outcome.is_main:
        raise typer.Exit(INTERRUPTED)
    if outcome.interrupted:
        step = outcome.state.step if outcome.state else 0
        kept = f"interrupted after step {step}, which is kept in {outcome.folder}"
        stop(f"{kept}; the same command goes on from there", INTERRUPTED)
    if outcome.is_main:
        typer.echo(summary.describe_plan(outcome) if dry_run else summary.describe_outcome(outcome, options))


def split_names(names: str | None) -> tuple[str, ...] | None:
    """Split names at their commas; ``none`` is an empty list."""
    if names is None:
        return None
    return tuple(name.strip() for name in names.split(",") if name.strip() and name.strip() != "none")
