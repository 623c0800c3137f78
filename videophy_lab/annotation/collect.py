"""From logs to tables: ratings, comparisons, violations that were added, checks, and times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.annotation.log import list_logs, read_lines
from videophy_lab.annotation.questions import MORE, PAIRS, PROBLEM
from videophy_lab.annotation.session import latest_answers
from videophy_lab.schema import TableError, check_table, write_table
from videophy_lab.schema.overwriting import check_overwrite

if TYPE_CHECKING:
    import pandas as pd

WHO = ("video_id", "prompt_id", "generator", "annotator")
WHEN = ("seconds", "given_at")
COLUMNS = {
    "ratings": (*WHO, "task", "rule_id", "rating", "rule", "law", *WHEN, "after_caption"),
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
        "after_caption",
    ),
    "violations": (*WHO, "violation", *WHEN),
    "problems": (*WHO, "kind", "problem", *WHEN),
    "checks": (*WHO, "role", "task", "rule_id", "answer", "expected", "right", *WHEN),
    "times": ("annotator", "kind", "role", "item_id", "question", "seconds", "given_at"),
}
# tables that lie beside the ratings
BESIDE = ("pairs", "violations", "problems", "checks", "times")
# columns of them that are no names
NUMBERS = ("seconds", "answer", "expected", "right")


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What annotators have answered; of several answers to one question the last one counts.

    Attributes
    ----------
    ratings : DataFrame
        A ratings table with ``annotator``, ``seconds`` and ``given_at``; ``after_caption`` is 1 where the
        annotator had seen the caption before a question that is asked without it, else blank.
    pairs : DataFrame
        ``preferred`` is ``a``, ``b`` or ``tie``; ``left`` says which stood left.
    violations : DataFrame
        What annotators added in their own words.
    problems : DataFrame
        Videos that could not be judged.
    checks : DataFrame
        Answers that are known: ``role`` is ``qualification`` or ``attention``, ``right`` 0 or 1. A report
        that a video which was shown cannot be judged is a wrong answer to each of its questions, and
        ``answer`` is blank.
    times : DataFrame
        Seconds of every answer that was given, also of those that were replaced later, of texts and of
        reports that a video cannot be judged: their sum is the time that the work took.
    n_answers, n_changed, n_repeated, n_unread : int
        Different answers in the logs; those that were replaced by a later one; lines that repeat an answer,
        as the copy of a log does; lines that are no answers.
    unread : tuple of str
        File, line and fault of those that are no answers.
    """

    ratings: pd.DataFrame
    pairs: pd.DataFrame
    violations: pd.DataFrame
    problems: pd.DataFrame
    checks: pd.DataFrame
    times: pd.DataFrame
    n_answers: int
    n_changed: int
    n_repeated: int = 0
    unread: tuple[str, ...] = ()

    @property
    def n_unread(self) -> int:
        """Count the lines that are no answers."""
        return len(self.unread)


def collect(folder: str | Path) -> Collected:
    """Collect the answers of all annotators from a folder of logs.

    Raises
    ------
    TableError
        The folder has no logs.
    """
    if not list_logs(folder):
        raise TableError(
            f"{folder}: there is no log of answers (*.jsonl). Remedy: give the folder beside the ratings, "
            "such as ratings.answers, or the path of a ratings table"
        )
    answers, faults = read_logs(folder)
    return collect_answers(answers, unread=faults)


def read_logs(folder: str | Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Read all logs of a folder; give the answers, and file, line and fault of lines that are none."""
    answers: list[dict[str, Any]] = []
    faults: list[str] = []
    for path in list_logs(folder):
        own, wrong = read_lines(path.read_bytes())
        answers += own
        faults += [f"{path.name}, {fault}" for fault in wrong]
    return answers, faults


def pool_answers(answers: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Give every annotator's answers, each of them once, in whichever logs and however often they stand."""
    pooled: dict[str, dict[str, dict[str, Any]]] = {}
    for answer in answers:
        pooled.setdefault(answer["annotator"], {}).setdefault(answer["answer_id"], answer)
    return {annotator: list(own.values()) for annotator, own in pooled.items()}


def collect_answers(answers: Sequence[dict[str, Any]] = (), *, unread: Sequence[str] = ()) -> Collected:
    """Collect answers of any annotators.

    Parameters
    ----------
    answers : sequence of dict
        In which :func:`videophy_lab.annotation.record.find_fault` finds none.
    unread : sequence of str
        What is to be said of lines that are no answers.
    """
    import pandas as pd

    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in COLUMNS}
    n_kept = 0
    for own in pool_answers(answers).values():
        latest = latest_answers(own)
        n_kept += len(latest)
        rows["times"] += [{"seconds": None} | answer for answer in own]
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
    n_answers = len(rows["times"])
    return Collected(
        **tables,
        n_answers=n_answers,
        n_changed=n_answers - n_kept,
        n_repeated=len(answers) - n_answers,
        unread=tuple(unread),
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
            if answer["role"] != "work" and answer.get("shown") is not False:
                yield from (("checks", who | when | row) for row in list_failed(answer))
        return
    if question == MORE:
        if value:
            yield "violations", who | when | {"violation": value}
        return
    if latest.get((answer["item_id"], PROBLEM), {}).get("value"):
        # a video that could not be judged has no rating, whatever was pressed before
        return
    asked = {"task": kind, "rule_id": question if kind == "rule" else None}
    seen = {"after_caption": 1 if answer.get("after_caption") else None}
    if answer["role"] != "work":
        known = {"role": answer["role"], "answer": value, "expected": answer["expected"]}
        yield "checks", who | when | asked | known | {"right": int(answer["right"])}
    elif kind in PAIRS:
        other = answer["videos"][1]
        names = {"video_id_a": video_id, "video_id_b": other[0]}
        names |= {"generator_a": generator, "generator_b": other[2]}
        yield "pairs", who | when | names | seen | {
            "task": kind.removeprefix("pair_"), "preferred": value, "left": answer["sides"][0],
        }  # fmt: skip
    else:
        texts = {"rating": value, "rule": answer.get("rule"), "law": answer.get("law") or None}
        yield "ratings", who | when | asked | seen | texts


def list_failed(report: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Yield a wrong answer for every question of a test whose video was reported, though it was shown."""
    kind = report["kind"]
    failed = {"role": report["role"], "task": kind, "right": 0}
    known = report.get("known")
    # a report of an older log does not say what was asked
    for question, value in known.items() if isinstance(known, Mapping) else [(None, None)]:
        yield failed | {"rule_id": question if kind == "rule" else None, "expected": value}


def write_collected(collected: Collected, out: str | Path) -> list[Path]:
    """Write the ratings, and beside them every other table that has rows, or had some when it was written.

    Texts stand in the files letter by letter as annotators typed them, but for blanks at their ends. A
    spreadsheet takes one that begins with ``=``, ``+``, ``-`` or ``@`` for a formula: import the columns as
    text there.

    Parameters
    ----------
    out : path
        Of the ratings, ``.csv`` or ``.parquet``; the others are called like it, ``ratings_checks.csv``.
        Ratings of rules only have the columns of rules.

    Returns
    -------
    list of Path

    Raises
    ------
    ValueError
        See :func:`check_files`.
    """
    out = Path(out)
    check_files(out)
    ratings = collected.ratings.dropna(axis="columns", how="all")
    ratings = ratings.reindex(columns=[name for name in collected.ratings if name in ratings or name in KEPT])
    written = [write_table(ratings, out, "ratings")]
    for name in BESIDE:
        table = getattr(collected, name)
        path = name_beside(out, name)
        # what was taken back must not stay in a file of earlier
        if not len(table) and not path.exists():
            continue
        draft = path.with_name(f".{path.name}.draft")
        table.to_csv(draft, index=False, encoding="utf-8", lineterminator="\n")
        draft.replace(path)
        written.append(path)
    return written


def check_files(out: str | Path, inputs: Mapping[str, object] | None = None) -> None:
    """Check that the ratings and the tables beside them are written over nothing else.

    Parameters
    ----------
    out : path
        Of the ratings.
    inputs : mapping of name to path, optional
        See :func:`videophy_lab.schema.overwriting.check_inputs`.

    Raises
    ------
    ValueError
        One of them is an input, or is there already and something else.
    """
    check_overwrite(out, KEPT, inputs=inputs, others=True)
    for name in BESIDE:
        check_overwrite(out, COLUMNS[name], inputs=inputs, file=name_beside(out, name), others=True)


def name_beside(out: str | Path, name: str) -> Path:
    """Name the file of a table beside the ratings: ``ratings_checks.csv``."""
    out = Path(out)
    return out.with_name(f"{out.stem}_{name}.csv")


KEPT = (*WHO, "task", "rating")
