"""The official CSV of VideoPhy-2 (``videophy2_test.csv``, ``videophy2_training.csv``), as our tables.

Source: huggingface.co/datasets/videophysics/videophy2_test, columns caption, video_url, sa, pc, joint,
action, is_hard, four columns of rules, model_name, category, one without a name, metadata_rules,
upsampled_caption.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from videophy_lab.datasets.laws import normalize_law
from videophy_lab.datasets.literals import parse_laws, parse_rules
from videophy_lab.datasets.rows import name_prompts, name_videos, parse_rating, require_columns
from videophy_lab.schema import make_rule_id

if TYPE_CHECKING:
    import pandas as pd

GENERATOR = "model_name"
SUCCESS = 4
RULE_COLUMNS = {
    "physics_rules_followed": (1, "listed"),
    "physics_rules_unfollowed": (0, "listed"),
    "physics_rules_cannot_be_determined": (2, "listed"),
    "human_violated_rules": (0, "human_added"),
}
EXTRAS = ("is_hard", "action", "category")


def check_joint(rows: pd.DataFrame, source: str) -> None:
    """Warn where the stored joint label is not what SA and PC say; ours is always derived."""
    derived = ((rows["sa"] >= SUCCESS) & (rows["pc"] >= SUCCESS)).astype(float)
    stored = rows["joint"].astype(float)
    wrong = (stored.notna() & (stored != derived)).to_numpy()
    if wrong.any():
        warnings.warn(
            f"{source}: joint disagrees with sa ≥ 4 and pc ≥ 4 in {int(wrong.sum())} rows, the first is row "
            f"{int(wrong.argmax()) + 1}; joint is derived from sa and pc, the column is not used",
            stacklevel=4,
        )


def make_ratings(rows: pd.DataFrame, tasks: tuple[str, ...], source: str) -> pd.DataFrame:
    """Make the ratings: SA and PC on 1–5, rule labels 0 violated, 1 followed, 2 cannot be determined.

    Returns
    -------
    DataFrame
        ``video_id, prompt_id, generator, task, rating``, ``rule_id`` when rules are asked for, and
        ``is_hard, action, category`` of the video where the file has them.
    """
    import pandas as pd

    named = name_videos(rows, GENERATOR, source)
    wanted = [task for task in ("sa", "pc") if task in tasks]
    require_columns(rows, wanted, source)
    for task in wanted:
        named[task] = parse_rating(named[task], low=1, high=5, source=source)
    if {"sa", "pc", "joint"} <= set(named.columns) and len(wanted) == 2:
        check_joint(named, source)
    keys = ["video_id", "prompt_id", "generator", *[name for name in EXTRAS if name in named.columns]]
    parts = [named[keys].assign(task=task, rating=named[task]) for task in wanted]
    if "rule" in tasks:
        labels = list_rules(rows, source)[["video_id", "rule_id", "label"]].rename(
            columns={"label": "rating"}
        )
        parts.append(named[keys].merge(labels, on="video_id").assign(task="rule"))
    return pd.concat(parts, ignore_index=True)


def list_rules(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """List every rule with its label: ``video_id, prompt_id, rule_id, rule, law, label, origin``.

    A rule that one video lists under two labels contradicts itself: all its rows are left out and warned of.
    """
    import pandas as pd

    named = name_videos(rows, GENERATOR, source)
    require_columns(rows, tuple(RULE_COLUMNS), source)
    found = []
    for row, record in enumerate(named.to_dict("records")):
        laws = parse_laws(record.get("metadata_rules"), source=source, row=row, column="metadata_rules")
        for column, (label, origin) in RULE_COLUMNS.items():
            for rule in parse_rules(record[column], source=source, row=row, column=column):
                law = normalize_law(laws.get(rule))
                name = (record["video_id"], record["prompt_id"], make_rule_id(rule))
                found.append((*name, rule, law, label, origin))
    columns = ["video_id", "prompt_id", "rule_id", "rule", "law", "label", "origin"]
    return drop_contradictions(pd.DataFrame(found, columns=columns), source)


def drop_contradictions(rules: pd.DataFrame, source: str) -> pd.DataFrame:
    """Keep one row of a rule listed twice under one label, and none of a rule listed under two."""
    distinct = rules.drop_duplicates(["video_id", "rule_id", "label"])
    twice = distinct.duplicated(["video_id", "rule_id"], keep=False)
    if twice.any():
        warnings.warn(
            f"{source}: {int(twice.sum())} rule labels are left out because one video lists the rule under "
            f"two labels, the first is of video {distinct.loc[twice, 'video_id'].iloc[0]}",
            stacklevel=4,
        )
    return distinct[~twice].reset_index(drop=True)


def make_prompts(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Make the prompts; ``is_hard`` is blank where the prompt's videos disagree on it."""
    named = name_prompts(rows, source)
    columns = ["prompt_id", "caption", "upsampled_caption", *EXTRAS]
    columns = [name for name in columns if name in named.columns]
    prompts = named[columns].groupby("prompt_id", sort=False).first().reset_index()
    if "is_hard" in prompts.columns:
        values = named.groupby("prompt_id", sort=False)["is_hard"].nunique()
        prompts.loc[prompts["prompt_id"].map(values) > 1, "is_hard"] = None
    return prompts[columns]


def fill_upsampled(prompts: pd.DataFrame, upsampled: pd.DataFrame) -> pd.DataFrame:
    """Fill blank upsampled captions from the official file of upsampled prompts."""
    known = upsampled.drop_duplicates("prompt_id").set_index("prompt_id")["upsampled_caption"]
    found = prompts["prompt_id"].map(known)
    if "upsampled_caption" in prompts.columns:
        found = prompts["upsampled_caption"].fillna(found)
    return prompts.assign(upsampled_caption=found)


def make_videos(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Make the videos: ``video_id, prompt_id, generator, seed, caption, url`` and ``is_hard``."""
    named = name_videos(rows, GENERATOR, source).rename(columns={"video_url": "url"})
    columns = ["video_id", "prompt_id", "generator", "seed", "caption", "url", "is_hard"]
    return named[[name for name in columns if name in named.columns]]
