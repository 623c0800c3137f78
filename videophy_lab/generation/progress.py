"""A progress bar over videos that are made."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from videophy_lab.engine.making import Report
from videophy_lab.video_store import FAILED


@contextmanager
def show_progress(total: int, *, shown: bool = True) -> Iterator[Report]:
    """Show a bar on stderr with an ETA, how many failed, and what was paid.

    Yields
    ------
    callable
        To be told the number of videos done and what their side-cars say.
    """
    from tqdm import tqdm

    failed, paid = 0, 0.0
    with tqdm(
        total=total, unit=" videos", disable=not (shown and total), file=sys.stderr, dynamic_ncols=True
    ) as bar:

        def report(videos: int, records: Sequence[Mapping[str, Any]]) -> None:
            nonlocal failed, paid
            failed += sum(record["status"] == FAILED for record in records)
            paid += sum(record["cost"] or 0.0 for record in records)
            words = [f"{failed} failed"] if failed else []
            words += [f"{paid:.2f} $"] if paid else []
            bar.set_postfix_str(", ".join(words), refresh=False)
            bar.update(videos)

        yield report
