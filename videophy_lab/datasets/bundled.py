"""The tables that ship: numbers of VideoPhy-2 and VideoPhy-1, and the papers' printed tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.places import find_data_folder
from videophy_lab.schema import make_video_id, read_rows

if TYPE_CHECKING:
    import pandas as pd

BUNDLED = ("videophy2", "videophy1")
SCORER, SPEC = "autoeval", "videoscore2_run"
COLLIDED = "the same file was scored for four generators"
HUMAN = {"sa": ("human_sa", "sa"), "pc": ("human_pc", "pc")}


def list_published() -> list[str]:
    """List the printed tables that ship."""
    return sorted(path.stem for path in (find_data_folder() / "published").glob("*.csv"))


def load_published(name: str) -> pd.DataFrame:
    """Load a printed table.

    Parameters
    ----------
    name : str
        For example ``"videophy2_leaderboard"``; all names: :func:`list_published`.

    Returns
    -------
    DataFrame
        Key columns, ``printed`` (text, with the digits that were printed) and ``source``; counts are
        ``Int64``.
    """
    if name not in list_published():
        raise ValueError(f"no printed table is called {name!r}; allowed: {', '.join(list_published())}")
    table = read_rows(find_data_folder() / "published" / f"{name}.csv")
    for column in [column for column in table.columns if column.startswith("n_")]:
        table[column] = table[column].astype("Int64")
    for column in [column for column in table.columns if column in ("low", "high")]:
        table[column] = table[column].astype("float64")
    return table


def load_generator_labels(dataset: str = "videophy2") -> dict[str, str]:
    """Load the name to print for each generator of a dataset, keyed by its official name."""
    table = load_published("generators")
    table = table[table["dataset"] == dataset]
    return dict(zip(table["generator"], table["label"], strict=True))


def read_numbers(path: Path) -> pd.DataFrame:
    """Read the numeric form, one row a video, and add ``video_id`` and ``seed``."""
    rows = read_rows(path)
    pairs = zip(rows["generator"], rows["prompt_id"], strict=True)
    if "video_id" not in rows.columns:
        rows.insert(0, "video_id", [make_video_id(generator, prompt) for generator, prompt in pairs])
    if "complexity" in rows.columns:
        rows["complexity"] = rows["complexity"].astype("Int64")
    return rows.assign(seed=0)


def make_ratings(path: Path, tasks: tuple[str, ...]) -> pd.DataFrame:
    """Make the ratings from the numeric form; rule labels lie in ``rule_labels.csv`` beside it."""
    import pandas as pd

    rows = read_numbers(path)
    measured = {name for names in HUMAN.values() for name in names} | {"autoeval_sa", "autoeval_pc", "seed"}
    keys = rows[[name for name in rows.columns if name not in measured]]
    parts = [keys.iloc[:0].assign(task="", rating="")]
    for task in [task for task in HUMAN if task in tasks]:
        column = next(name for name in HUMAN[task] if name in rows.columns)
        parts.append(keys.assign(task=task, rating=rows[column]))
    labels = path.with_name("rule_labels.csv")
    if "rule" in tasks and labels.is_file():
        rules = read_rows(labels)[["video_id", "rule_id", "label"]].rename(columns={"label": "rating"})
        rules = rules.merge(keys, on="video_id", how="left", validate="many_to_one")
        parts.append(rules.assign(task="rule"))
    return pd.concat(parts[1:] or parts, ignore_index=True)


def make_prompts(path: Path) -> pd.DataFrame:
    """Make the prompts without captions, with what belongs to the prompt (states of matter, complexity)."""
    rows = read_numbers(path)
    facts = [name for name in ("states_of_matter", "complexity") if name in rows.columns]
    prompts = rows[["prompt_id", *facts]].drop_duplicates("prompt_id").reset_index(drop=True)
    prompts.insert(1, "caption", None)
    return prompts


def make_videos(path: Path) -> pd.DataFrame:
    """Make the videos: names, seed 0, and ``is_hard`` where the form has it."""
    rows = read_numbers(path)
    return rows[[n for n in ("video_id", "prompt_id", "generator", "seed", "is_hard") if n in rows.columns]]


def make_rules(path: Path) -> pd.DataFrame:
    """Make the rules without their sentences: ``video_id, prompt_id, rule_id, rule, law, origin``."""
    rows = read_rows(path.with_name("rule_labels.csv"))
    prompts = rows["video_id"].str.rsplit("/", n=2).str[1]
    columns = ["video_id", "prompt_id", "rule_id", "rule", "law", "origin"]
    return rows.assign(prompt_id=prompts, rule=None)[columns]


def make_scores(path: Path) -> pd.DataFrame:
    """Make the scores of AutoEval; a blank number becomes a failed row, so that nothing goes missing."""
    import pandas as pd

    rows = read_numbers(path)
    parts = []
    for task in ("sa", "pc"):
        score = rows[f"autoeval_{task}"].astype("float64")
        part = rows[["video_id", "prompt_id", "generator"]]
        part = part.assign(scorer=SCORER, spec=SPEC, task=task, score=score)
        part["status"] = score.notna().map({True: "ok", False: "failed"})
        parts.append(part.assign(error=part["status"].map({"failed": COLLIDED})))
    return pd.concat(parts, ignore_index=True)
