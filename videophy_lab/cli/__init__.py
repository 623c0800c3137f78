"""The command line: arguments only. Exit code 0 done, 1 something failed, 2 the command was wrong."""

from __future__ import annotations

from videophy_lab.cli.commands import app, main

__all__ = ["app", "main"]
