"""The commands as a stranger types them, and a language model of the tests behind them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from tests.bad_server import BadServer
from tests.prompts.scribe import QUICK, VARIABLE
from videophy_lab.cli import app


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["prompts", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def list_options(server: BadServer, folder: Path, **more: object) -> list[str]:
    given = {
        "base_url": server.address,
        "key_variable": VARIABLE,
        "cache": folder / "answers",
        **QUICK,
        **more,
    }
    return [word for name, value in given.items() for word in ("-o", f"{name}={value}")]


def fill_in(path: Path, keep: set[str], **other: str) -> None:
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    words = ["keep" if action in keep else "drop" for action in table["action"]]
    table.assign(
        decision=[other.get(a.replace(" ", "_"), w) for a, w in zip(table["action"], words, strict=True)]
    ).to_csv(path, index=False)
