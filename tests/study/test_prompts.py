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
    actions = pd.DataFrame(
        {"action": ["a"], "n_videos": [20], "n_prompts": [20], "n_joint": [0], "is_hard": [True]}
    )
    row = study.estimate_hard(actions).iloc[0]
    # Wilson's upper end without a success is z² / (n + z²)
    assert row["high"] == pytest.approx(1.959964**2 / (20 + 1.959964**2), rel=1e-5)
    assert (row["estimate"], row["low"], row["is_hard"]) == (0, 0, True)
