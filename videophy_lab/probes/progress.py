"""A progress bar over probes that are made."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from videophy_lab.probes.making import Record, Report
from videophy_lab.video_store import FAILED


@contextmanager
def show_progress(total: int, *, shown: bool = True) -> Iterator[Report]:
    """Show a bar on stderr with an ETA and how many failed.

    Yields
    ------
    callable
        To be told the number of probes done and what their side-cars say.
    """
    from tqdm import tqdm

    failed = 0
    with tqdm(
        total=total, unit=" probes", disable=not (shown and total), file=sys.stderr, dynamic_ncols=True
    ) as bar:

        def report(probes: int, records: Sequence[Record]) -> None:
            nonlocal failed
            failed += sum(record["status"] == FAILED for record in records)
            bar.set_postfix_str(f"{failed} failed" if failed else "", refresh=False)
            bar.update(probes)

        yield report
