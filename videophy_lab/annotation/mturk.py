"""Ask a task on Amazon Mechanical Turk: pages of Crowd elements, and the batch files that fill them.

One HIT is one item. The page of a kind is pasted into a project of the requester's site, the CSV of that kind
is uploaded as its batch. SA is asked about the caption of the videos table, the original one: a longer text
that a generator got instead is shown to nobody. Physics is asked without any caption.
"""

from __future__ import annotations

import csv
import html
import io
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from videophy_lab.annotation.order import draw_sides
from videophy_lab.annotation.questions import KINDS, QUESTIONS
from videophy_lab.annotation.task import Item, Task, TaskError
from videophy_lab.markup import load_templates
from videophy_lab.schema.overwriting import check_overwrite

if TYPE_CHECKING:
    import pandas as pd

# what a results file gives back with each answer, as Input.NAME
COLUMNS = ("item_id", "kind", "role", "expected", "sides", "videos")
LAST_OF_BASIC_PLANE = 0xFFFF


def export_mturk(task: Task, folder: str | Path, *, urls: Mapping[str, str]) -> list[Path]:
    """Write a page and a batch file for every kind of question.

    Parameters
    ----------
    task : Task
        Qualification and attention items become HITs like all others: their known answers are in the batch
        file, which no worker sees.
    folder : path
        Gets ``pc.html``, ``pc.csv`` and so on.
    urls : mapping of video_id to address
        ``https`` addresses that everybody can open; see :func:`make_urls`.

    Returns
    -------
    list of Path

    Raises
    ------
    ValueError
        A video has no such address, or the folder holds another table of that name.
    """
    folder = Path(folder)
    check_urls(task, urls)
    for kind in {item.kind for item in task.items}:
        check_overwrite(folder, COLUMNS, option="folder", file=folder / f"{kind}.csv", others=True)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in KINDS:
        items = [item for item in task.items if item.kind == kind]
        if not items:
            continue
        n_rules = max(len(item.rules) for item in items)
        page = load_templates().get_template("annotate_mturk.html.j2")
        text = page.render(kind=kind, question=QUESTIONS[kind], numbers=range(1, n_rules + 1))
        rows = [fill_row(task, item, urls, n_rules) for item in items]
        for path, content in ((folder / f"{kind}.html", text), (folder / f"{kind}.csv", write_rows(rows))):
            path.write_text(content, encoding="utf-8", newline="")
            written.append(path)
    return written


def make_urls(videos: pd.DataFrame, base: str = "") -> dict[str, str]:
    """Name the addresses of videos.

    Parameters
    ----------
    videos : DataFrame
        A videos table with ``url``; without one, ``base`` and the column ``path`` below it.
    base : str
        Where the files were uploaded, such as ``https://my-bucket.example.org/videos``.

    Raises
    ------
    TaskError
        Neither is given.
    """
    if not base and "url" in videos.columns:
        found = videos.dropna(subset=["url"])
        return dict(zip(found["video_id"], found["url"], strict=True))
    if not base or "path" not in videos.columns:
        raise TaskError(
            "workers need an address for every video. Remedy: a column url in the videos table, or upload "
            "the files and give base='https://…'"
        )
    paths = [Path(path).as_posix().lstrip("/") for path in videos["path"]]
    return {
        video_id: f"{base.rstrip('/')}/{quote(path)}"
        for video_id, path in zip(videos["video_id"], paths, strict=True)
    }


def check_urls(task: Task, urls: Mapping[str, str]) -> None:
    """Check that every video has an address that a worker's browser opens on a page of Amazon's."""
    for clip in task.clips:
        url = urls.get(clip.video_id, "")
        if urlsplit(url).scheme != "https":
            raise TaskError(
                f"the address of {clip.video_id!r} is {url!r}; it must begin with https://, because browsers "
                "load nothing else on Amazon's pages. Remedy: upload the videos, and give their addresses"
            )


def fill_row(task: Task, item: Item, urls: Mapping[str, str], n_rules: int) -> dict[str, str]:
    """Make the row of the batch file for one item."""
    clips = dict(zip(("a", "b"), (task.by_video[video] for video in item.videos), strict=False))
    sides = draw_sides(item, random.Random(item.item_id))
    row = {
        "item_id": item.item_id,
        "kind": item.kind,
        "role": item.role,
        "expected": json.dumps(dict(item.expected) | {"tolerance": item.tolerance} if item.expected else {}),
        "sides": "".join(sides),
        "videos": json.dumps([[clip.video_id, clip.prompt_id, clip.generator] for clip in clips.values()]),
    }
    row |= {f"video_{n}": urls[clips[side].video_id] for n, side in enumerate(sides, start=1)}
    if item.kind.endswith("sa"):
        row["caption"] = clips["a"].caption
    row["note"] = item.note
    for number in range(1, n_rules + 1):
        rule = item.rules[number - 1] if number <= len(item.rules) else None
        row[f"rule_id_{number}"] = escape_name(rule.rule_id) if rule else ""
        row[f"rule_{number}"] = rule.text if rule else ""
        row[f"law_{number}"] = rule.law if rule else ""
    return {name: cell if is_name(name) else escape_cell(cell) for name, cell in row.items()}


def is_name(column: str) -> bool:
    """Say whether a column is only given back, and not shown."""
    return column in COLUMNS or column.startswith("rule_id_")


def escape_cell(text: str) -> str:
    """Write a text so that it is itself on the page, into which Amazon puts it as HTML.

    Line breaks and characters beyond the basic plane, which a batch file may not hold, become a space and a
    reference; so does what would open another placeholder.
    """
    return escape_name(" ".join(text.split()))


def escape_name(text: str) -> str:
    """Write a text as :func:`escape_cell` does, but so that each of its spaces and line breaks comes back."""
    safe = html.escape(text, quote=True).replace("$", "&#36;")
    return "".join(
        f"&#{ord(sign)};" if sign in "\r\n" or ord(sign) > LAST_OF_BASIC_PLANE else sign for sign in safe
    )


def write_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write a batch file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
