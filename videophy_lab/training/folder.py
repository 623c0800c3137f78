"""What lies in the folder of a training beside its weights: tables, and what the run is."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.training.batches import weigh_examples
from videophy_lab.training.examples import COLUMNS, Examples
from videophy_lab.training.export import MERGED
from videophy_lab.training.loop import TrainingStoppedError
from videophy_lab.training.settings import Settings
from videophy_lab.training.splits import HELD_OUT, SPLITS, TRAIN

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from videophy_lab.judges.base_network import NetworkScorer
    from videophy_lab.training.checkpoints import State

RUN, RESULT = "run.json", "training.json"
VIDEO_COLUMNS = ["video_id", "prompt_id", "generator", "path", "caption", "sha256", "split"]


@contextmanager
def hold_folder(folder: Path, *, wanted: bool) -> Iterator[None]:
    """Let one run at a time write into a folder."""
    from filelock import FileLock, Timeout

    if not wanted:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise TrainingStoppedError(
            f"another training writes into {folder}. Remedy: wait for it, or give another --out."
        ) from None
    try:
        yield
    finally:
        lock.release()


def name_run(examples: pd.DataFrame, judge: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Say what a run is: two that agree in it go on from each other's checkpoints."""
    files = examples[["video_id", "sha256"]].drop_duplicates().sort_values("video_id")
    return {
        "examples": hash_table(examples[[*COLUMNS, "split"]].drop(columns=["path", "sha256"])),
        "video files": hash_table(files),
        "judge": dict(judge),
        "settings": dict(settings.describe()),
    }


def hash_table(table: pd.DataFrame) -> str:
    """Hash the cells of a table, in their order."""
    return hashlib.sha256(table.to_csv(index=False).encode("utf-8", "surrogatepass")).hexdigest()


def check_identity(folder: Path, identity: Mapping[str, Any], *, wanted: bool) -> None:
    """Make sure that what a folder holds is of this run; note it in a new folder.

    Raises
    ------
    ValueError
        It is of another one; the message names what differs.
    """
    path = folder / RUN
    text = json.dumps(identity, indent=1, ensure_ascii=False)
    if path.is_file():
        stored = json.loads(path.read_text("utf-8"))
        now = json.loads(text)
        if stored != now:
            differ = [part for part in now if stored.get(part) != now[part]]
            was, given = stored.get("settings", {}), now["settings"]
            names = [f"{name} was {was.get(name)!r} and is {given[name]!r}" for name in given
                     if was.get(name) != given[name]]  # fmt: skip
            raise ValueError(
                f"{folder} holds another training: its {', '.join(differ)} differ"
                f"{' (' + '; '.join(names) + ')' if names else ''}. Remedy: give another --out, or delete it."
            )
    elif wanted:
        write_text(path, text)


def write_tables(folder: Path, examples: Examples, settings: Settings, *, wanted: bool) -> np.ndarray:
    """Write the tables of a training; return the weights of its training examples.

    ``examples.csv`` has every example with its split and weight, ``counts.csv`` counts them,
    ``left_out.csv`` says what was left out and why. ``held_out.csv`` (videos), ``held_out_rules.csv`` and
    ``held_out_ratings.csv`` are what the trained judge is to be asked, and what people said. Paths are
    absolute, so that the judge can be asked from anywhere.
    """
    table = examples.table.assign(path=examples.table["path"].map(os.path.abspath))
    learnt = table[table["split"].eq(TRAIN)]
    weights = weigh_examples(learnt["task"], learnt["answer"], settings.balance)
    if not wanted:
        return weights
    table = table.assign(weight=float("nan"))
    table.loc[learnt.index, "weight"] = weights
    held = table[table["split"].isin(HELD_OUT)]
    asked = held[held["task"].eq("rule")]
    ratings = held[
        ["video_id", "prompt_id", "generator", "task", "rule_id", "rating", "n_annotators", "split"]
    ]
    parts = {
        "examples": table,
        "counts": count_examples(table),
        "left_out": examples.left_out,
        "held_out": held.drop_duplicates("video_id")[VIDEO_COLUMNS],
        "held_out_rules": asked[["video_id", "rule_id", "text"]].rename(columns={"text": "rule"}),
        "held_out_ratings": ratings,
    }
    for name, part in parts.items():
        write_text(folder / f"{name}.csv", part.to_csv(index=False, lineterminator="\n"))
    return weights


def count_examples(table: pd.DataFrame) -> pd.DataFrame:
    """Count examples by split, task and answer.

    Returns
    -------
    DataFrame
        ``split, task, answer, n_examples, n_videos, n_prompts, n_generators, weight`` (of one in the loss).
    """
    import pandas as pd

    columns = ["split", "task", "answer", "n_examples", "n_videos", "n_prompts", "n_generators", "weight"]
    grouped = table.assign(weight=table.get("weight", float("nan"))).groupby(["split", "task", "answer"])
    counts = grouped.agg(
        n_examples=("video_id", "size"),
        n_videos=("video_id", "nunique"),
        n_prompts=("prompt_id", "nunique"),
        n_generators=("generator", "nunique"),
        weight=("weight", "first"),
    ).reset_index()
    order = counts["split"].map({split: place for place, split in enumerate(SPLITS)})
    return pd.DataFrame(counts.iloc[order.argsort(kind="stable")][columns]).reset_index(drop=True)


def read_finished(folder: Path, settings: Settings) -> State | None:
    """Give the end of a training that is finished and exported as wanted; None where there is more to do."""
    from videophy_lab.training.checkpoints import State

    path = folder / RESULT
    if not path.is_file() or not (folder / MERGED).is_dir():
        return None
    result = json.loads(path.read_text("utf-8"))
    same = result["settings"]["export_dtype"] == settings.export_dtype
    return State(**result["state"]) if same else None


def write_result(
    folder: Path, judge: NetworkScorer, settings: Settings, state: State, *, chosen_step: int
) -> None:
    """Write ``training.json``: what was trained, how, and which step was kept."""
    result = {
        "judge": judge.card.name,
        "base": judge.source,
        "weights": judge.fingerprint_weights(),
        "settings": asdict(settings),
        "state": asdict(state),
        "chosen_step": chosen_step,
    }
    write_text(folder / RESULT, json.dumps(result, indent=1, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, "utf-8")
    os.replace(draft, path)
