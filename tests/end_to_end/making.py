"""From twelve actions to prompts, videos and rules, as it is typed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import videophy_lab as lab
from tests.end_to_end.made_benchmark import (
    ADDED,
    CRITERIA,
    DOUBTED,
    DROPPED,
    KEPT,
    RULES,
    SAME,
    SCENES,
    TURNED,
    VIOLATIONS,
)
from tests.end_to_end.steps import review, run
from videophy_lab.schema import make_prompt_id, make_rule_id, read_table

PER_ACTION = 2
N_VIDEOS = len(SCENES) * (1 + len(VIOLATIONS))


def write_prompts(model: list[str]) -> None:
    """From twelve actions to captions and upsampled captions."""
    bench = Path("bench")
    pd.DataFrame({"action": list(CRITERIA)}).to_csv("seeds.csv", index=False)
    assert run("prompts", "import", "csv=seeds.csv", "--out", bench)[-1] == "done: 12 actions of 12 of csv"
    said = run("prompts", "filter", bench / "actions.csv", "--out", bench, *model)
    assert said[-1] == "done: 12 actions: 8 keep, 3 drop, 1 merge"
    words = {name: "keep" if name in KEPT else "drop" for name in CRITERIA} | {SAME[1]: "merge"}
    said = review(bench / "decisions.csv", bench, "action", words, "chopping wood")
    assert said == "done: 12 actions: 8 kept, 0 open"
    said = run("prompts", "caption", bench / "kept.csv", "--out", bench, "--per-action", PER_ACTION, *model)
    # where CLIP's tokenizer is not on the machine, a further line says so
    assert "done: 16 captions of 8 actions; 0 refused, 0 actions have fewer than 2" in said
    upsampled = ("--upsampler", "chat", "--out", bench)
    said = run("prompts", "upsample", bench / "captions.csv", *upsampled, *model)
    assert "done: 16 of 16 captions are upsampled; 0 have none that keeps the meaning" in said

    prompts = read_table(bench / "prompts.csv", "prompts")
    assert prompts["action"].value_counts().to_dict() == dict.fromkeys(KEPT, PER_ACTION)
    assert prompts["prompt_id"].tolist() == [make_prompt_id(caption) for caption in prompts["caption"]]
    assert (prompts["upsampled_caption"].str.len() > prompts["caption"].str.len()).all()
    assert set(prompts["category"]) == {"physical_activity", "object_interaction"}


def make_videos() -> pd.DataFrame:
    """Make a right video and two wrong ones of a prompt of every action that the world has as a scene."""
    prompts = read_table("bench/prompts.csv", "prompts")
    scenes = lab.load_prompts("simulated")[["action", "scene"]]
    filmed = prompts.merge(scenes, on="action").drop_duplicates("action")
    assert dict(zip(filmed["action"], filmed["scene"], strict=True)) == SCENES
    filmed.to_csv("filmed.csv", index=False)
    options = ("fast=true", "size=64", f"violations={','.join(VIOLATIONS)}", "severities=1")
    small = [word for option in options for word in ("-o", option)]
    said = run("generate", "filmed.csv", "--generator", "simulated", "--out", "videos", *small)
    assert said[-2].startswith(f"done: {N_VIDEOS} videos wanted: {N_VIDEOS} there, 0 failed")
    assert said[-1] == "videos: videos/videos.csv"

    videos = read_table("videos/videos.csv", "videos")
    assert len(videos) == N_VIDEOS
    assert videos["status"].eq("ok").all()
    assert videos["sha256"].is_unique
    assert videos["physical"].sum() == len(SCENES)
    captions = filmed.set_index("prompt_id")["caption"]
    assert videos["caption"].tolist() == captions[videos["prompt_id"]].tolist()
    longer = filmed.set_index("prompt_id")["upsampled_caption"]
    assert set(videos["caption_used"]) <= {*captions, *longer}
    wrong = videos[videos["physical"].eq(0)]
    assert wrong["law"].tolist() == wrong["violation"].map(VIOLATIONS).tolist()
    return videos


def write_rules(model: list[str], videos: pd.DataFrame) -> None:
    """Let a model propose rules of the videos, and two people choose."""
    bench = Path("bench")
    said = run("prompts", "rules", "videos/videos.csv", "--out", bench, *model)
    assert said[-1] == f"done: {3 * N_VIDEOS} rules of {N_VIDEOS} videos; 0 videos have fewer than 3"
    words = {rule: "drop" if rule == DROPPED else "keep" for rule, _ in RULES}
    said = review(bench / "rules.csv", bench, "rule", words, DOUBTED, stem="rule_")
    assert said == f"done: {3 * N_VIDEOS} rules: {2 * N_VIDEOS} kept, 0 open"
    rules = read_table(bench / "rule_kept.csv", "rules")
    assert rules.groupby("video_id")["law"].apply(set).eq({law for _, law in RULES[:2]}).all()
    assert set(rules["video_id"]) == set(videos["video_id"])


def add_rules(model: list[str]) -> None:
    """Turn what an annotator added into a rule, let two people review it alone, and add its rating."""
    found = ("bench/rule_kept.csv", "ratings_violations.csv", "--ratings", "ratings.csv")
    said = run("prompts", "merge", *found, "--out", "merged", *model)
    assert said[-1] == "done: 1 texts: 1 new"
    merged = Path("merged")
    said = review(merged / "rules.csv", merged, "rule", {TURNED: "keep"}, TURNED, stem="rule_")
    assert said == f"done: {2 * N_VIDEOS + 1} rules: {2 * N_VIDEOS + 1} kept, 0 open"
    rules = read_table(merged / "rule_kept.csv", "rules")
    assert not rules["rule"].eq(ADDED).any()
    new = rules[rules["rule"].eq(TURNED)]
    assert new[["law", "violation", "decided_by"]].to_numpy().tolist() == [
        ["Reflection", ADDED, "adjudication"]
    ]
    added = read_table(merged / "added_ratings.csv", "ratings")
    assert added[["annotator", "rule_id", "rating"]].to_numpy().tolist() == [
        ["Ada", make_rule_id(TURNED), 0.0]
    ]
    n_given = len(read_table("ratings.csv", "ratings"))
    assert len(read_table(merged / "all_ratings.csv", "ratings")) == n_given + 1
