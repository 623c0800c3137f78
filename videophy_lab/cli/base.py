"""What the commands share: exit codes, how options are split, how a command ends."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

FAILED, WRONG, INTERRUPTED = 1, 2, 130
Retry = Annotated[
    bool, typer.Option("--retry", help="Ask again what got no answer of the asked form in an earlier run.")
]


def collect_options(pairs: list[str] | None, **named: str | None) -> dict[str, str]:
    """Gather the options given by ``-o`` and those that have a flag of their own."""
    options = split_parameters(pairs or [], flag="--option")
    return options | {name: value for name, value in named.items() if value is not None}


def explain_trouble(error: OSError, out: Path) -> str:
    """Say what kept a run from going on, and where."""
    return f"{error.strerror}: {error.filename or out}" if error.strerror else str(error)


def split_words(words: str | None) -> list[str] | None:
    """Split ``a,b`` at its commas; None stays None."""
    return None if words is None else [word.strip() for word in words.split(",") if word.strip()]


def split_parameters(pairs: list[str], *, flag: str = "-p") -> dict[str, str]:
    """Split every ``name=value`` at its first ``=``."""
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(f"{pair!r} must have the form name=value", param_hint=flag)
        if name.strip() in values:
            raise typer.BadParameter(f"{name.strip()!r} is given twice", param_hint=flag)
        values[name.strip()] = value
    return values


def tell_unasked(models: Iterable[Any]) -> None:
    """Say what was not asked, or not written, again since it came to nothing before."""
    models = list(models)
    n_unasked = sum(model.client.n_unasked for model in models if hasattr(model, "client"))
    n_cut = sum(getattr(model, "n_cut", 0) for model in models)
    if n_unasked:
        typer.echo(
            f"note: {n_unasked} questions got no answer of the asked form in an earlier run, and were not "
            "asked again; --retry asks them",
            err=True,
        )
    if n_cut:
        typer.echo(
            f"note: {n_cut} texts were cut off in an earlier run, and were not written again; more tokens "
            "let them end: -o upsampler.max_new_tokens=NUMBER (--retry alone draws the same text)",
            err=True,
        )


def stop_interrupted(folder: Path, files: str, *, done: str) -> NoReturn:
    """Leave after Ctrl-C, saying what there is to go on from.

    Parameters
    ----------
    folder : Path
    files : str
        Pattern of the files that are in it as soon as something was done.
    done : str
        What was done: ``made``, ``scored``.
    """
    if any(folder.glob(files)):
        there = f"what was {done} is in {folder}, and the same command goes on from there"
        stop(f"interrupted; {there}", INTERRUPTED)
    stop(f"interrupted before anything was {done}; the same command begins anew", INTERRUPTED)


def stop(message: str, code: int) -> NoReturn:
    """Print a message on stderr and leave with an exit code."""
    typer.echo(f"Error: {message}", err=True)
    raise typer.Exit(code)
