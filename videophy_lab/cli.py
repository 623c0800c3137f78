"""The command line: arguments only. Exit code 0 done, 1 something failed, 2 the command was wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

FAILED, WRONG, INTERRUPTED = 1, 2, 130

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
list_app = typer.Typer(
    help="List what the project knows by name.",
    epilog="Example: videophy-lab list datasets",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(list_app, name="list")


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


@list_app.command("datasets", epilog="Example: videophy-lab list datasets")
def list_datasets() -> None:
    """List the tables that can be loaded by name."""
    from videophy_lab import datasets

    typer.echo(datasets.list_datasets().to_string(index=False, na_rep=""))


@app.command(epilog="Example: videophy-lab doctor")
def doctor() -> None:
    """Say what works on this machine and how to mend the rest."""
    from videophy_lab.doctor import examine_machine, format_checks

    checks = examine_machine()
    typer.echo(format_checks(checks))
    if any(check.needed and not check.works for check in checks):
        raise typer.Exit(FAILED)


def split_parameters(pairs: list[str]) -> dict[str, str]:
    """Split every ``name=value`` at its first ``=``."""
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(f"{pair!r} must have the form name=value", param_hint="-p")
        if name.strip() in values:
            raise typer.BadParameter(f"{name.strip()!r} is given twice", param_hint="-p")
        values[name.strip()] = value
    return values


def stop(message: str, code: int) -> NoReturn:
    """Print a message on stderr and leave with an exit code."""
    typer.echo(f"Error: {message}", err=True)
    raise typer.Exit(code)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
