"""What a training did, or would do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from videophy_lab.training.checkpoints import State
    from videophy_lab.training.costs import Cost
    from videophy_lab.training.examples import Examples
    from videophy_lab.training.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """What a training did, or would do.

    Attributes
    ----------
    examples : Examples
        Its table has the column ``split``.
    settings : Settings
    folder : Path
    judge : str
        Its name.
    state : State or None
        At the end; None after a dry run.
    interrupted : bool
        Whether it was ended by Ctrl-C or a SIGTERM; the same call goes on from there.
    is_main : bool
        Whether this process is the one that speaks.
    cost : Cost or None
        Of a dry run; None where the base is not on this machine.
    absent : str
        What a run would have to fetch first.
    """

    examples: Examples
    settings: Settings
    folder: Path
    judge: str
    state: State | None = None
    interrupted: bool = False
    is_main: bool = True
    cost: Cost | None = None
    absent: str = ""
