"""A progress bar over videos, with the rates that matter."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def show_progress(
    total: int, *, shown: bool = True
) -> Iterator[Callable[[int, Sequence[Mapping[str, Any]]], None]]:
    """Show a bar on stderr with an ETA, videos and questions a second, and what could not be scored.

    Yields
    ------
    callable
        To be told the number of videos done and the rows they gave.
    """
    from tqdm import tqdm

    started, counts = time.perf_counter(), {"rows": 0, "unscored": 0, "failed": 0}
    with tqdm(
        total=total, unit=" videos", disable=not (shown and total), file=sys.stderr, dynamic_ncols=True
    ) as bar:

        def report(videos: int, rows: Sequence[Mapping[str, Any]]) -> None:
            counts["rows"] += len(rows)
            for status in ("unscored", "failed"):
                counts[status] += sum(row["status"] == status for row in rows)
            rate = counts["rows"] / max(time.perf_counter() - started, 1e-9)
            words = [f"{rate:.1f} questions/s"]
            words += [f"{counts[status]} {status}" for status in ("unscored", "failed") if counts[status]]
            bar.set_postfix_str(", ".join(words), refresh=False)
            bar.update(videos)

        yield report
