"""From logs to tables: ratings, comparisons, violations that were added, checks, and times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.annotation.log import list_logs, read_lines
from videophy_lab.annotation.questions import MORE, PAIRS, PROBLEM
from videophy_lab.annotation.session import latest_answers
from videophy_lab.schema import TableError, check_table, write_table

if TYPE_CHECKING:
    import pandas as pd

WHO = ("video_id", "prompt_id", "generator", "annotator")
WHEN = ("seconds", "given_at")
COLUMNS = {
    "ratings": (*WHO, "task", "rule_id", "rating", "rule", "law", *WHEN),
    "pairs": (
        "video_id_a",
        "video_id_b",
        "generator_a",
        "generator_b",
        "prompt_id",
        "annotator",
        "task",
        "preferred",
        "left",
        *WHEN,
    ),
    "violations": (*WHO, "violation", *WHEN),
    "problems": (*WHO, "kind", "problem", *WHEN),
    "checks": (*WHO, "role", "task", "rule_id", "answer", "expected", "right", *WHEN),
    "times": ("annotator", "kind", "role", "item_id", "question", "seconds", "given_at"),
}


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What annotators have answered; of several answers to one question the last one counts.

    Attributes
    ----------
    ratings : DataFrame
        A ratings table with ``annotator``, ``seconds`` and ``given_at``.
    pairs : DataFrame
        ``preferred`` is ``a``, ``b`` or ``tie``; ``left`` says which stood left.
    violations : DataFrame
        What annotators added in their own words.
    problems : DataFrame
        Videos that could not be judged.
    checks : DataFrame
        Answers that are known: ``role`` is ``qualification`` or ``attention``, ``right`` 0 or 1.
    times : DataFrame
        Seconds of every answer that counts.
    n_answers, n_changed, n_unread : int
        Lines of the logs that are answers; that were replaced by a later one; that are no answers.
    """

    ratings: pd.DataFrame
    pairs: pd.DataFrame
    violations: pd.DataFrame
    problems: pd.DataFrame
    checks: pd.DataFrame
    times: pd.DataFrame
    n_answers: int
    n_changed: int
    n_unread: int


def collect(folder: str | Path) -> Collected:
    """Collect the answers of all annotators from a folder of logs.

    Raises
    ------
    TableError
        The folder has no logs.
    """
    paths = list_logs(folder)
    if not paths:
        raise TableError(
            f"{folder}: there is no log of answers (*.jsonl). Remedy: give the folder beside the ratings, "
            "such as ratings.answers, or the path of a ratings table"
        )
    return collect_answers(*[read_lines(path.read_bytes()) for path in paths])


def collect_answers(*logs: tuple[list[dict[str, Any]], int]) -> Collected:
    """Collect answers; each log is one annotator's, with its number of lines that are none."""
    import pandas as pd

    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in COLUMNS}
    n_answers = n_kept = 0
    for answers, _ in logs:
        latest = latest_answers(answers)
        n_answers, n_kept = n_answers + len(answers), n_kept + len(latest)
        for answer in latest.values():
            for name, row in sort_answer(answer, latest):
                rows[name].append(row)
    tables = {
        name: pd.DataFrame(rows[name], columns=list(columns)).sort_values(
            [column for column in ("annotator", "given_at") if column in columns], kind="stable"
        )
        for name, columns in COLUMNS.items()
    }
    tables = {name: table.reset_index(drop=True) for name, table in tables.items()}
    tables["ratings"] = check_table(tables["ratings"].astype({"rating": float}), "ratings", source="the logs")
    return Collected(
        **tables,
        n_answers=n_answers,
        n_changed=n_answers - n_kept,
        n_unread=sum(unread for _, unread in logs),
    )


def sort_answer(
    answer: Mapping[str, Any], latest: Mapping[tuple[str, str], Mapping[str, Any]]
) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield the rows that an answer becomes, each with its table."""
    video_id, prompt_id, generator = answer["videos"][0]
    kind, question, value = answer["kind"], answer["question"], answer["value"]
    when = {"seconds": answer.get("seconds"), "given_at": answer["given_at"]}
    who = {"annotator": answer["annotator"], "video_id": video_id, "prompt_id": prompt_id}
    who |= {"generator": generator}
    if question == PROBLEM:
        if value:
            yield "problems", who | when | {"kind": kind, "problem": value}
        return
    if question == MORE:
        if value:
            yield "violations", who | when | {"violation": value}
        return
    asked = {"task": kind, "rule_id": question if kind == "rule" else None}
    yield "times", when | dict(answer)
    if answer["role"] != "work":
        known = {"role": answer["role"], "answer": value, "expected": answer["expected"]}
        yield "checks", who | when | asked | known | {"right": int(answer["right"])}
    elif latest.get((answer["item_id"], PROBLEM), {}).get("value"):
        # a video that could not be judged has no rating, whatever was pressed before
        return
    elif kind in PAIRS:
        other = answer["videos"][1]
        names = {"video_id_a": video_id, "video_id_b": other[0]}
        names |= {"generator_a": generator, "generator_b": other[2]}
        yield "pairs", who | when | names | {
            "task": kind.removeprefix("pair_"), "preferred": value, "left": answer["sides"][0],
        }  # fmt: skip
    else:
        texts = {"rating": value, "rule": answer.get("rule"), "law": answer.get("law") or None}
        yield "ratings", who | when | asked | texts


def write_collected(collected: Collected, out: str | Path) -> list[Path]:
    """Write the ratings, and beside them every other table that has rows.

    Parameters
    ----------
    out : path
        Of the ratings, ``.csv`` or ``.parquet``; the others are called like it, ``ratings_checks.csv``.
        Ratings of rules only have the columns of rules.

    Returns
    -------
    list of Path
    """
    out = Path(out)
    ratings = collected.ratings.dropna(axis="columns", how="all")
    ratings = ratings.reindex(columns=[name for name in collected.ratings if name in ratings or name in KEPT])
    written = [write_table(ratings, out, "ratings")]
    for name in ("pairs", "violations", "problems", "checks"):
        table = getattr(collected, name)
        path = out.with_name(f"{out.stem}_{name}.csv")
        if not len(table):
            continue
        draft = path.with_name(f".{path.name}.draft")
        table.to_csv(draft, index=False, encoding="utf-8", lineterminator="\n")
        draft.replace(path)
        written.append(path)
    return written


KEPT = (*WHO, "task", "rating")
