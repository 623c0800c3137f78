"""Batches for Amazon Mechanical Turk as the tests make them: exported, filled as Amazon does, answered."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

from tests.annotation.made_tasks import make_clip, make_items, make_pair, make_test
from videophy_lab.annotation import Task, export_mturk

BASE = {
    "HITId": "H1",
    "AssignmentStatus": "Submitted",
    "WorkTimeInSeconds": "42",
    "SubmitTime": "Mon Feb 10 10:00:00 PST 2025",
}


class Tags(HTMLParser):
    """Collect the tags of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def make_task() -> Task:
    one, other = make_clip("wan", 1), make_clip("sora", 1)
    items = (*make_items([one, other]), make_pair(one, other), make_test(one, 2, tolerance=1))
    return Task(clips=(one, other), items=items)


def write_batches(folder: Path) -> Path:
    """Export a small task; give the folder."""
    task = make_task()
    urls = {clip.video_id: f"https://x.example/{clip.key}.mp4?a=1&b=2" for clip in task.clips}
    export_mturk(task, folder, urls=urls)
    return folder


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fill_page(folder: Path, kind: str, row: dict[str, str]) -> str:
    """Fill a page as Amazon does: every placeholder by its cell, as HTML."""
    page = (folder / f"{kind}.html").read_text(encoding="utf-8")
    return re.sub(r"\$\{(\w+)\}", lambda match: row[match[1]], page)


def write_results(path: Path, batch: Path, answer: object, workers: tuple[str, ...] = ("W1", "W2")) -> Path:
    """Write the results that workers leave, in the columns that the answers have."""
    rows = []
    for worker in workers:
        for number, row in enumerate(read_rows(batch)):
            inputs = {f"Input.{name}": cell for name, cell in row.items()}
            facts = {"AssignmentId": f"A-{worker}-{number}", "WorkerId": worker}
            rows.append(BASE | facts | inputs | answer(worker, row))
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        # Amazon names the last two columns and leaves their cells out
        writer.writerow([*columns, "Approve", "Reject"])
        writer.writerows([row.get(name, "") for name in columns] for row in rows)
    return path
