"""The command ``list``: what can be named."""

from __future__ import annotations

import typer

list_app = typer.Typer(
    help="List what the project knows by name.",
    epilog="Example: videophy-lab list datasets",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@list_app.command("judges", epilog="Example: videophy-lab list judges")
def list_judges() -> None:
    """List the judges: what they are asked, their scale, weights, size, licence and needs."""
    show_cards("judges")


@list_app.command("metrics", epilog="Example: videophy-lab list metrics")
def list_metrics() -> None:
    """List the metrics: what they measure, their range, and which way is better."""
    show_cards("metrics")


@list_app.command("generators", epilog="Example: videophy-lab list generators")
def list_generators() -> None:
    """List the generators: what they make, from which text, weights, size, licence, memory and needs."""
    show_cards("generators")


def show_cards(kind: str) -> None:
    """Print the cards of a kind."""
    from videophy_lab.cards import format_cards

    typer.echo(format_cards(kind))


@list_app.command("datasets", epilog="Example: videophy-lab list datasets")
def list_datasets() -> None:
    """List the tables that can be loaded by name."""
    from videophy_lab import datasets

    typer.echo(datasets.list_datasets().to_string(index=False, na_rep=""))


@list_app.command("probes", epilog="Example: videophy-lab list probes")
def list_probes() -> None:
    """List the probes: what they do to a video, and what a right judge of physics does then."""
    from videophy_lab.probes.catalog import format_probes

    typer.echo(format_probes())
