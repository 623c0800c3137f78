"""The steps of making a benchmark, each as it is typed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from videophy_lab.cli import app


def run(*arguments: object) -> list[str]:
    """Run a command; give its lines."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output + result.stderr + repr(result.exception)
    return result.stdout.splitlines()


def fill_in(path: Path, decide: dict[str, str], column: str) -> None:
    """Fill in a reviewer's file."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.assign(decision=table[column].map(decide)).to_csv(path, index=False)


def review(
    source: Path, out: Path, column: str, decisions: dict[str, str], doubted: str, *, stem: str = ""
) -> str:
    """Let two people decide alone, the second one otherwise about one thing, and settle it together."""
    run("prompts", "review", source, "--out", out, "--reviewer", "ana", "--reviewer", "ben")
    fill_in(out / f"{stem}review_ana.csv", decisions, column)
    fill_in(out / f"{stem}review_ben.csv", decisions | {doubted: "drop"}, column)
    filled = [word for name in ("ana", "ben") for word in ("--filled", out / f"{stem}review_{name}.csv")]
    result = CliRunner().invoke(app, ["prompts", "review", str(source), "--out", str(out), *map(str, filled)])
    assert result.exit_code == 1, result.output
    together = out / f"{stem}adjudication.csv"
    listed = pd.read_csv(together)
    assert set(listed[column]) == {doubted}
    assert listed["said"].eq("ana: keep; ben: drop").all()
    fill_in(together, {doubted: "keep"}, column)
    return run("prompts", "review", source, "--out", out, *filled, "--settled", together)[-1]
