"""The folder of a benchmark in the making: which file holds which step's table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.prompts.actions import check_actions
from videophy_lab.schema import check_table, read_rows
from videophy_lab.schema.overwriting import check_overwrite

if TYPE_CHECKING:
    import pandas as pd

# step → file → what it is
FILES = {
    "actions": "actions.csv",
    "decisions": "decisions.csv",
    "reviews": "reviews.csv",
    "adjudication": "adjudication.csv",
    "decided": "decided.csv",
    "kept": "kept.csv",
    "captions": "captions.csv",
    "caption_failures": "caption_failures.csv",
    "prompts": "prompts.csv",
    "upsampling_failures": "upsampling_failures.csv",
    "hard_actions": "hard_actions.csv",
    "hard_prompts": "hard_prompts.csv",
    "rules": "rules.csv",
    "video_captions": "video_captions.csv",
    "rule_failures": "rule_failures.csv",
    "rule_reviews": "rule_reviews.csv",
    "rule_adjudication": "rule_adjudication.csv",
    "rule_decided": "rule_decided.csv",
    "rule_kept": "rule_kept.csv",
    "merged": "merged.csv",
    "added_ratings": "added_ratings.csv",
    "all_ratings": "all_ratings.csv",
}
# columns that the steps always write, by which their own tables are known; lists of what was refused are
# joined with those of before, see refusals
MARKS = {
    "actions": ("action", "origin", "names"),
    "decisions": ("action", "decision", "criterion"),
    "reviews": ("reviewer", "decision", "note"),
    "adjudication": ("said", "reviewer", "decision"),
    "decided": ("final", "decided_by"),
    "kept": ("final", "decided_by"),
    "captions": ("prompt_id", "caption", "prompt_hash", "tokens_method"),
    "prompts": ("prompt_id", "caption", "upsampled_caption", "upsampled_by"),
    "hard_actions": ("action", "n_joint", "is_hard", "tied"),
    "hard_prompts": ("prompt_id", "is_hard", "hard_reference"),
    "rules": ("video_id", "rule_id", "rule"),
    "video_captions": ("video_id", "video_caption"),
    "merged": ("video_id", "violation", "became"),
    "added_ratings": ("video_id", "annotator", "task", "rule_id", "rating"),
    "all_ratings": ("video_id", "annotator", "task", "rule_id", "rating"),
}
PROMPT_TABLES = ("captions", "prompts", "hard_prompts")


def check_places(out: str | Path, names: Iterable[str], inputs: Mapping[str, object]) -> None:
    """Check that a step writes its tables over none of its inputs, and over nothing else.

    Parameters
    ----------
    out : path
        Folder.
    names : iterable of str
        Of :data:`FILES`.
    inputs : mapping of name to path
        See :func:`videophy_lab.schema.overwriting.check_inputs`.

    Raises
    ------
    ValueError
        A table would be lost.
    """
    for name in names:
        file = Path(out) / FILES[name]
        # reviews of rules are tables like those of actions
        marks = MARKS.get(name) or MARKS[name.removeprefix("rule_")]
        check_overwrite(out, marks, inputs=inputs, file=file, others=True)


class FolderError(OSError):
    """A folder for a step's tables cannot be made."""


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; raise FolderError where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"the folder {folder} cannot be made ({error.strerror})") from error


def write_rows(table: pd.DataFrame, folder: str | Path, file: str) -> Path:
    """Write a table as CSV, whole or not at all; folders are made."""
    path = Path(folder) / file
    make_folder(path.parent)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(table.to_csv(index=False, lineterminator="\n").encode("utf-8", "replace"))
    draft.replace(path)
    return path


def write_settings(settings: Mapping[str, Any], folder: str | Path, file: str) -> Path:
    """Write settings as JSON."""
    path = Path(folder) / file
    make_folder(path.parent)
    path.write_text(json.dumps(settings, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    return path


def read_actions(path: str | Path) -> pd.DataFrame:
    """Read a table of actions.

    Raises
    ------
    ValueError
        As :func:`videophy_lab.prompts.actions.check_actions`.
    """
    return check_actions(read_rows(path), source=str(path))


def check_captions(source: str | Path) -> None:
    """Refuse a file of actions where captions are wanted.

    Raises
    ------
    ValueError
        The step that writes captions was forgotten.
    """
    path = Path(source)
    if path.suffix.lower() != ".csv" or not path.is_file():
        return
    columns = set(read_rows(path).columns)
    if "action" in columns and columns.isdisjoint(("caption", "prompt_id")):
        raise ValueError(
            f"{path} holds actions, and no captions of them. Remedy: first type: "
            f"videophy-lab prompts caption {path} --out {path.parent}, and give its captions.csv."
        )


def read_folder(folder: str | Path) -> dict[str, pd.DataFrame]:
    """Read what a folder holds of the steps' tables, by their names in :data:`FILES`.

    Raises
    ------
    ValueError
        It holds none.
    """
    tables = {}
    for name, file in FILES.items():
        path = Path(folder) / file
        if path.is_file():
            rows = read_rows(path)
            tables[name] = check_table(rows, "prompts", source=str(path)) if name in PROMPT_TABLES else rows
    if not tables:
        raise ValueError(
            f"{folder} holds no table of a benchmark in the making, such as {FILES['actions']}. Remedy: "
            "begin with: videophy-lab prompts import csv=FILE --out DIR"
        )
    return tables
