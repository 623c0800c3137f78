"""Studies of how a benchmark was made, against numbers counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from videophy_lab import study


def make_reviews(answers: dict[str, str]) -> pd.DataFrame:
    """Make reviews: a letter an action; k keep, d drop, m merge, - no decision."""
    words = {"k": "keep", "d": "drop", "m": "merge"}
    rows = [
        {"action": f"a{number}", "reviewer": reviewer, "decision": words[letter], "note": None}
        for reviewer, letters in answers.items()
        for number, letter in enumerate(letters)
        if letter != "-"
    ]
    return pd.DataFrame(rows, columns=["action", "reviewer", "decision", "note"])


def test_kappa_is_cohens() -> None:
    from sklearn.metrics import cohen_kappa_score

    first, second = "kkkkkkddddmmkkdk", "kkkkdkdddkmdkkdk"
    table = study.agree_reviewers(make_reviews({"ana": first + "k-", "ben": second + "-d"}))
    kappa = table.set_index("quantity").loc["kappa"]
    kept = [[letter == "k" for letter in letters] for letters in (first, second)]
    assert kappa["estimate"] == pytest.approx(cohen_kappa_score(*kept))
    assert kappa["low"] < kappa["estimate"] < kappa["high"] <= 1
    assert kappa["n_videos"] == 16
    assert table.set_index("quantity").loc["exact_agreement", "estimate"] == 14 / 16
    assert kappa[["share_kept_a", "share_kept_b"]].tolist() == [9 / 16, 9 / 16]


def test_every_two_reviewers_are_compared() -> None:
    table = study.agree_reviewers(make_reviews({"ana": "kkdd", "ben": "kkdd", "eve": "kk--", "zoe": "----"}))
    pairs = table[table["quantity"].eq("kappa")].set_index(["reviewer_a", "reviewer_b"])["estimate"]
    assert pairs.loc[("ana", "ben")] == 1.0
    assert np.isnan(pairs.loc[("ana", "eve")])
    assert len(pairs) == 3
    assert len(study.agree_reviewers(make_reviews({}))) == 0
    assert len(study.agree_reviewers(make_reviews({"ana": "kd"}))) == 0
    with pytest.raises(ValueError, match="reviews need the column action"):
        study.agree_reviewers(make_reviews({"ana": "k"}).drop(columns="action"))


def test_rules_are_reviewed_by_video() -> None:
    reviews = make_reviews({"ana": "kkdd", "ben": "kddd"})
    by_rule = reviews.assign(video_id=reviews["action"], rule_id="r").drop(columns="action")
    assert study.agree_reviewers(by_rule)["n_videos"].tolist() == [4, 4]


def make_rule_reviews(rng: np.random.Generator, n_videos: int, n_rules: int = 6) -> pd.DataFrame:
    """Make reviews of rules by two people who differ on all rules of a video or on none of them."""
    kept = rng.random((n_videos, n_rules)) < 0.5
    differ = rng.random(n_videos) < 0.3
    said = {"ana": kept, "ben": kept ^ differ[:, None]}
    rows = [
        (f"gen/p{video}/0", f"r{rule}", who, "keep" if words[video, rule] else "drop")
        for who, words in said.items()
        for video in range(n_videos)
        for rule in range(n_rules)
    ]
    return pd.DataFrame(rows, columns=["video_id", "rule_id", "reviewer", "decision"])


def test_rules_of_one_prompt_are_one_unit() -> None:
    from videophy_lab.stats.agreement import ordinal_agreement

    reviews = make_rule_reviews(np.random.default_rng(0), 40)
    table = study.agree_reviewers(reviews).set_index("quantity")
    assert table["n_videos"].tolist() == [240, 240]
    assert table["n_prompts"].tolist() == [40, 40]
    wide = reviews.pivot(index=["video_id", "rule_id"], columns="reviewer", values="decision").eq("keep")
    prompts = wide.index.get_level_values("video_id")
    expected = ordinal_agreement(wide["ana"], wide["ben"], prompts.to_numpy(), categories=[0, 1])
    kappa = expected["quadratic_weighted_kappa"]
    assert table.loc["kappa", ["low", "high"]].tolist() == pytest.approx([kappa.low, kappa.high])
    # two seeds of one prompt, and a prompt that the table tells, are one unit as well
    seeds = pd.concat([reviews, reviews.assign(video_id=reviews["video_id"].str[:-1] + "1")])
    assert study.agree_reviewers(seeds)["n_prompts"].tolist() == [40, 40]
    told = seeds.assign(prompt_id=seeds["video_id"].str[:5])
    assert (study.agree_reviewers(told)["n_prompts"] < 40).all()
    flat = seeds.assign(video_id=seeds["video_id"].str.replace("/", "_"))
    assert study.agree_reviewers(flat)["n_prompts"].tolist() == [80, 80]


def test_the_interval_of_rules_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    covered = {"by prompt": 0, "by rule": 0}
    n_trials, n_videos, n_rules = 200, 25, 6
    for _ in range(n_trials):
        reviews = make_rule_reviews(rng, n_videos, n_rules)
        alone = reviews.assign(prompt_id=reviews["video_id"] + reviews["rule_id"])
        for unit, table in (("by prompt", reviews), ("by rule", alone)):
            row = study.agree_reviewers(table).set_index("quantity").loc["exact_agreement"]
            covered[unit] += row["low"] <= 0.7 <= row["high"]
    assert covered["by prompt"] / n_trials > 0.91
    # what each rule by itself would say: far too sure
    assert covered["by rule"] / n_trials < 0.75


def test_steps_are_counted() -> None:
    actions = pd.DataFrame({"action": ["a", "b", "c"], "decision": ["keep", "keep", "drop"]})
    prompts = pd.DataFrame(
        {
            "prompt_id": ["1", "2", "3"],
            "action": ["a", "a", "b"],
            "upsampled_caption": ["x", None, "z"],
            "is_hard": [True, True, None],
        }
    )
    tables = {"actions": actions, "decisions": actions, "captions": prompts, "prompts": prompts}
    counts = study.count_steps(tables | {"hard_prompts": prompts, "other": actions}).set_index("step")
    assert counts["n_actions"].tolist() == [3, 2, 2, 2, 1]
    assert counts["n_prompts"].isna().tolist() == [True, True, False, False, False]
    assert counts["n_prompts"].dropna().tolist() == [3, 2, 2]
    assert len(study.count_steps({})) == 0


def test_refusals_are_counted_by_step_and_check() -> None:
    captions = pd.DataFrame(
        {"check": ["talk", "length", "length"], "reason": list("abc"), "caption": list("xyz")}
    )
    rules = pd.DataFrame({"check": ["no video"], "reason": ["d"]})
    table = study.tabulate_refusals({"captions": captions, "rules": rules, "none": captions.iloc[:0]})
    assert table[["step", "check", "n_refused"]].to_numpy().tolist() == [
        ["captions", "length", 2], ["captions", "talk", 1], ["rules", "no video", 1],
    ]  # fmt: skip
    assert len(study.tabulate_refusals({})) == 0


def test_decisions_and_lengths_and_the_hard_actions() -> None:
    decided = pd.DataFrame(
        {"action": list("abc"), "decision": ["keep", "keep", "undecided"], "criterion": ["x", "x", None]}
    )
    table = study.tabulate_decisions(decided)
    assert table["n_actions"].tolist() == [2, 1]
    prompts = pd.DataFrame(
        {"caption_tokens": [10, 78], "upsampled_tokens": [None, 100], "tokens_method": "clip"}
    )
    lengths = study.describe_lengths(prompts).set_index("text")
    assert lengths.loc["caption", ["mean_tokens", "n_above_77"]].tolist() == [44, 1]
    assert lengths.loc["upsampled caption", "n_prompts"] == 1
    assert len(study.describe_lengths(pd.DataFrame())) == 0
    # what was bounded, or not checked, is no length
    bounded = prompts.assign(tokens_method=["clip", "upper bound"])
    assert study.describe_lengths(bounded)[["n_prompts", "most_tokens"]].to_numpy().tolist() == [[1, 10]]
    assert len(study.describe_lengths(prompts.assign(tokens_method="not checked"))) == 0
    actions = pd.DataFrame(
        {"action": ["a"], "n_videos": [20], "n_prompts": [20], "n_joint": [0], "is_hard": [True]}
    )
    row = study.estimate_hard(actions).iloc[0]
    # Wilson's upper end without a success is z² / (n + z²)
    assert row["high"] == pytest.approx(1.959964**2 / (20 + 1.959964**2), rel=1e-5)
    assert (row["estimate"], row["low"], row["is_hard"]) == (0, 0, True)
