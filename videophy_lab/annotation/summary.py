"""What a task holds, how far its annotators are, and their work as tables, wherever it lies."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.annotation.collect import (
    BESIDE,
    COLUMNS,
    NUMBERS,
    Collected,
    collect,
    name_beside,
    pool_answers,
    read_logs,
)
from videophy_lab.annotation.project import Project, find_folder
from videophy_lab.annotation.questions import KINDS
from videophy_lab.annotation.session import is_done, latest_answers
from videophy_lab.annotation.task import Task
from videophy_lab.schema import TableError, read_rows, read_table

if TYPE_CHECKING:
    import pandas as pd


def count_items(task: Task) -> pd.DataFrame:
    """Count what a task asks.

    Returns
    -------
    DataFrame
        ``role, kind, n_items, n_questions, n_videos``.
    """
    import pandas as pd

    rows = [
        {"role": item.role, "kind": item.kind, "questions": len(item.questions), "videos": item.videos}
        for item in task.items
    ]
    groups = pd.DataFrame(rows).groupby(["role", "kind"], sort=False)
    return pd.DataFrame(
        {
            "n_items": groups.size(),
            "n_questions": groups["questions"].sum(),
            "n_videos": groups["videos"].agg(lambda videos: len({name for pair in videos for name in pair})),
        }
    ).reset_index()


def count_progress(project: Project) -> pd.DataFrame:
    """Count how far every annotator is.

    Returns
    -------
    DataFrame
        ``annotator, n_done, n_items, qualified`` (blank without a test), ``n_answers, last_answer``.
    """
    import pandas as pd

    rows = []
    for annotator, answers in pool_answers(read_logs(project.folder)[0]).items():
        session = project.open_session(annotator)
        latest = latest_answers(answers)
        # somebody else may have answered since the project was opened
        session.log.refresh()
        gate = session.grade()
        rows.append(
            {
                "annotator": session.annotator,
                "n_done": sum(is_done(turn.item, latest) for turn in session.turns),
                "n_items": len(session.turns),
                "qualified": gate["passed"] if gate else None,
                "n_answers": len(answers),
                "last_answer": max(answer["given_at"] for answer in answers),
            }
        )
    columns = ["annotator", "n_done", "n_items", "qualified", "n_answers", "last_answer"]
    return pd.DataFrame(rows, columns=columns)


def count_left(project: Project, *, annotators_per_item: int = 3) -> pd.DataFrame:
    """Count what is still to be rated; tests and attention checks are not part of it.

    Parameters
    ----------
    annotators_per_item : int
        How many annotators are to rate every item.

    Returns
    -------
    DataFrame
        ``kind, n_items, n_done`` (items that annotators have finished, one for each of them) and ``n_left``
        (those that are missing until every item has its annotators).
    """
    import pandas as pd

    items = [item for item in project.task.items if item.role == "work"]
    done: Counter[str] = Counter()
    for answers in pool_answers(read_logs(project.folder)[0]).values():
        latest = latest_answers(answers)
        done.update(item.item_id for item in items if is_done(item, latest))
    rows = []
    for kind in KINDS:
        counts = [done[item.item_id] for item in items if item.kind == kind]
        left = sum(max(0, annotators_per_item - count) for count in counts)
        rows.append({"kind": kind, "n_items": len(counts), "n_done": sum(counts), "n_left": left})
    columns = ["kind", "n_items", "n_done", "n_left"]
    return pd.DataFrame([row for row in rows if row["n_items"]], columns=columns)


def load_annotation(source: str | Path) -> Collected:
    """Load what annotators did.

    Parameters
    ----------
    source : path
        A folder of logs; or a ratings table, whose logs are read where they lie beside it
        (``ratings.answers``), else the tables beside it (``ratings_checks.csv`` and so on), as far as they
        are there. Without logs and without ``ratings_times.csv`` the times are those of the ratings alone.

    Raises
    ------
    TableError
        Neither is there.
    """
    source = Path(source)
    for folder in (source, find_folder(source)):
        if folder.is_dir():
            return collect(folder)
    ratings = read_table(source, "ratings")
    if "annotator" not in ratings.columns or ratings["annotator"].isna().any():
        raise TableError(
            f"{source}: a rating names no annotator. Remedy: fill in the column annotator, one row for every "
            "annotator and video"
        )
    tables = {name: load_beside(source, name) for name in BESIDE}
    if not len(tables["times"]):
        tables["times"] = ratings.rename(columns={"task": "kind"}).assign(
            role="work",
            item_id=ratings["task"] + ":" + ratings["video_id"],
            question=ratings.get("rule_id", ratings["task"]),
        )
        tables["times"] = tables["times"].reindex(columns=list(COLUMNS["times"]))
    return Collected(
        ratings=ratings.reindex(columns=list(dict.fromkeys([*COLUMNS["ratings"], *ratings.columns]))),
        n_answers=len(ratings),
        n_changed=0,
        n_repeated=0,
        unread=(),
        **tables,
    )


def load_beside(source: Path, name: str) -> pd.DataFrame:
    """Load a table that lies beside ratings, names as text; without rows where there is none."""
    import pandas as pd

    path = name_beside(source, name)
    if not path.is_file() or not path.stat().st_size:
        return pd.DataFrame(columns=list(COLUMNS[name]))
    table = read_rows(path)
    for column in [column for column in NUMBERS if column in table.columns]:
        numbers = pd.to_numeric(table[column], errors="coerce")
        if numbers.notna().equals(table[column].notna()):
            table[column] = numbers
    return table.reindex(columns=list(dict.fromkeys([*COLUMNS[name], *table.columns])))
