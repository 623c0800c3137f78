"""Run the command line by ``python -m videophy_lab.cli``."""

from __future__ import annotations

from videophy_lab.cli import main

main()
