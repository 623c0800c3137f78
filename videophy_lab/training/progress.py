"""A bar on stderr with an ETA, and the table of steps."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STEP_COLUMNS = (
    "step", "split", "task", "loss", "exact", "n_examples", "learning_rate", "gradient_norm", "seconds",
)  # fmt: skip


@contextmanager
def show_progress(
    total: int, *, unit: str, shown: bool = True, done: int = 0
) -> Iterator[Callable[[int, str], None]]:
    """Show a bar on stderr with an ETA.

    Yields
    ------
    callable
        To be told how many more are done, and what to say beside the bar.
    """
    from tqdm import tqdm

    hidden = not (shown and total > done)
    with tqdm(
        total=total, initial=done, unit=unit, disable=hidden, file=sys.stderr, dynamic_ncols=True
    ) as bar:

        def report(more: int, words: str) -> None:
            if words:
                bar.set_postfix_str(words, refresh=False)
            bar.update(more)

        yield report


class StepLog:
    """The table ``steps.csv``, written row by row.

    ``step`` counts the steps that are done. Rows of ``split`` ``train`` are of the step before that count;
    those of ``stop`` of all stop prompts, over all tasks (``all``) and each.

    Parameters
    ----------
    path : Path
    step : int
        Rows of later steps, of a run that was cut off, are taken away.
    """

    def __init__(self, path: Path, *, step: int) -> None:
        self.path = path
        kept = [row for row in read_steps(path) if int(row["step"]) <= step] if step else []
        draft = path.with_name(f".{path.name}.draft")
        with draft.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, STEP_COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)
        draft.replace(path)

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows; columns that they lack stay blank."""
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, STEP_COLUMNS, lineterminator="\n").writerows(rows)


def read_steps(path: Path) -> list[dict[str, str]]:
    """Read the table as far as it is whole: the last row of a killed run may be cut off."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["step"].isdecimal() and row["seconds"]]
