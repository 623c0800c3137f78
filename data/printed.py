"""The printed tables as tidy tables: one number a row, as it is printed, with its source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from videophy_lab.datasets.laws import normalize_law
from videophy_lab.schema import read_rows

PRINTED_NAMES = {
    "Wan2.2-27B-A14B (ICLR only)": "wan2.2",
    "Wan2.1-14B": "wan",
    "CogVideoX-5B": "cogvideo",
    "Cosmos-Diff-7B": "cosmos",
    "Hunyuan-13B": "hunyuan",
    "VideoCrafter-2": "videocrafter",
    "Ray2": "ray2",
    "Sora (60 prompts)": "sora",
}
SLICES = {"All": "all", "Hard": "hard", "PA": "physical_activity", "OI": "object_interaction"}
SPLITS = {"UP": "unseen_prompts", "UM": "unseen_generators", "unseen_prompts": "unseen_prompts"}
SPLITS["unseen_models"] = "unseen_generators"
QUANTITIES = {"SA": "pearson", "PC": "pearson", "avg": "average", "acc": "accuracy", "F1": "f1"}
SCORERS = {
    "VideoPhy-2-AutoEval": "autoeval",
    "VideoCon-Physics": "videocon_physics",
    "VideoCon": "videocon",
    "VideoLlava": "videollava",
    "VideoScore": "videoscore",
    "Gemini-2.0-Flash-Exp": "gemini",
    "Random": "random",
}
LAWS = {"Conserv. of Mass": "Conservation of Mass", "Conserv. of Momentum": "Conservation of Momentum"}
COUNTS_SOURCE = "exact counts over the 3,397 rows of huggingface.co/datasets/videophysics/videophy2_test"
FIRST_SOURCE = "github.com/Hritikbansal/videophy, leaderboard of VideoPhy-1 (human, SA = 1 and PC = 1)"
FIRST_LEADERBOARD = {
    "CogVideoX-5B": "39.6",
    "pika": "19.7",
    "vc2": "19.0",
    "CogVideoX-2B": "18.6",
    "lavie": "15.7",
    "Dream Machine (LumaAI)": "13.6",
    "zeroscope": "11.9",
    "svd": "11.9",
    "gen2": "7.6",
    "opensora": "4.9",
}
QUALITY_SOURCE = (
    "openreview.net/forum?id=HA8KSQW7SO (ICLR 2026), as noted at en.papernotes.org; "
    "which metric, level and n are not told there"
)
QUALITY_CORRELATIONS = {"aesthetic score": "0.09", "motion score": "0.002"}
LABELS = {
    "videophy2": {
        "wan": "Wan2.1-14B",
        "cogvideo": "CogVideoX-5B",
        "cosmos": "Cosmos-7B",
        "sora": "Sora",
        "ray2": "Ray2",
        "hunyuan": "HunyuanVideo-13B",
        "videocrafter": "VideoCrafter2",
        "wan2.2": "Wan2.2-27B-A14B",
    },
    "videophy1": {
        "CogVideoX-2B": "CogVideoX-2B",
        "CogVideoX-5B": "CogVideoX-5B",
        "Dream Machine (LumaAI)": "Dream Machine",
        "gen2": "Gen-2",
        "lavie": "LaVIE",
        "opensora": "OpenSora",
        "pika": "Pika",
        "svd": "SVD",
        "vc2": "VideoCrafter2",
        "zeroscope": "ZeroScope",
    },
}


def melt_rows(table: dict[str, Any], name: str, column: str) -> pd.DataFrame:
    """Turn ``{"columns": […], "rows": {name: […]}}`` into one row a number, as text."""
    cells = [
        (row, heading, repr(value), table["source"])
        for row, values in table["rows"].items()
        for heading, value in zip(table["columns"], values, strict=True)
    ]
    return pd.DataFrame(cells, columns=[name, column, "printed", "source"])


def build_agreement(correlations: dict[str, Any], decisions: dict[str, Any]) -> pd.DataFrame:
    """Judges' agreement with humans × 100: Pearson for SA and PC, accuracy and F1 for the joint decision."""
    table = pd.concat([melt_rows(part, "scorer", "heading") for part in (correlations, decisions)])
    parts = table["heading"].str.split("_", n=1, expand=True)
    is_joint = table["source"].eq(decisions["source"])
    quantity = parts[1].map(QUANTITIES)
    table["quantity"] = quantity.where(~is_joint, "joint_" + quantity)
    table["rating_task"] = parts[1].str.lower().where(parts[1].isin(["SA", "PC"]), "both")
    table.loc[is_joint, "rating_task"] = "joint"
    table["scorer"] = table["scorer"].map(SCORERS)
    table["split"] = parts[0].map(SPLITS)
    return table[["scorer", "split", "quantity", "rating_task", "printed", "source"]]


def build_leaderboard(table: dict[str, Any]) -> pd.DataFrame:
    """Human joint score by generator and slice, in per cent."""
    leaderboard = melt_rows(table, "generator", "slice")
    leaderboard["generator"] = leaderboard["generator"].map(PRINTED_NAMES)
    leaderboard["slice"] = leaderboard["slice"].map(SLICES)
    return leaderboard


def build_laws(table: dict[str, Any]) -> pd.DataFrame:
    """Violation rate by law in per cent, read off the bar chart to ± 0.5."""
    rows = [(LAWS.get(law, law), repr(value)) for law, value in table.items() if law != "source"]
    return pd.DataFrame(rows, columns=["law", "printed"]).assign(source=table["source"])


def build_attacks(table: dict[str, Any]) -> pd.DataFrame:
    """Mean change of AutoEval's PC under edits of 450 videos, with its printed 95% interval."""
    rows = [(probe, *(repr(value) for value in values)) for probe, values in table["PC"].items()]
    attacks = pd.DataFrame(rows, columns=["probe", "printed", "low", "high"])
    attacks.insert(0, "task", "pc")
    return attacks.assign(n_videos=450, source=table["source"])


def build_counts(path: Path, name: str) -> pd.DataFrame:
    """Exact numbers of videos and of those with PC ≥ 4; a blank count was not determined."""
    rows = read_rows(path)
    counts = rows[[rows.columns[0], "n_videos", "n_human_pc_ge4"]].set_axis(
        [name, "n_videos", "n_pc_ge4"], axis=1
    )
    if name == "law":
        counts = counts[counts["law"].map(normalize_law).notna()]
    return counts.assign(source=COUNTS_SOURCE)


def build_quality() -> pd.DataFrame:
    """Correlation of human PC with an aesthetic and a motion score."""
    printed = pd.DataFrame(QUALITY_CORRELATIONS.items(), columns=["metric", "printed"])
    printed.insert(1, "rating_task", "pc")
    return printed.assign(source=QUALITY_SOURCE)


def build_labels() -> pd.DataFrame:
    """List the official name of each generator, and the name to print."""
    rows = [(dataset, *pair) for dataset, labels in LABELS.items() for pair in labels.items()]
    return pd.DataFrame(rows, columns=["dataset", "generator", "label"]).assign(
        source="names in the official files; labels from the papers"
    )


def build_published(path: Path) -> dict[str, pd.DataFrame]:
    """Build every published table from the transcription and the counts beside it."""
    printed = json.loads(path.read_text(encoding="utf-8").replace("see NOTES", "see README.md"))
    first = pd.DataFrame(FIRST_LEADERBOARD.items(), columns=["generator", "printed"])
    released = melt_rows(printed["released_autoeval_leaderboard_issue9"], "generator", "column")
    rules = melt_rows(printed["autorater_rule_accuracy"], "scorer", "split")
    tables = {
        "generators": build_labels(),
        "videophy1_leaderboard": first.assign(source=FIRST_SOURCE),
        "videophy2_leaderboard": build_leaderboard(printed["leaderboard_human_joint_pct"]),
        "videophy2_judge_agreement": build_agreement(
            printed["autorater_pearson_x100"], printed["autorater_joint"]
        ),
        "videophy2_judge_rule_accuracy": rules.assign(
            scorer=rules["scorer"].map(SCORERS), split=rules["split"].map(SPLITS)
        ),
        "videophy2_quality_correlations": build_quality(),
        "videophy2_law_violations": build_laws(printed["law_violation_pct_read_from_bar_chart"]),
        "videophy2_autoeval_released": released,
        "videophy2_autoeval_attacks": build_attacks(printed["judge_attack_videophy2_autoeval_test450"]),
    }
    for name, part in (("generator", "model"), ("law", "rule_family")):
        counts = path.with_name(f"videophy2_test_exact_counts_by_{part}.csv")
        if counts.exists():
            tables[f"videophy2_pc_counts_by_{name}"] = build_counts(counts, name)
    return tables
