"""What generators gave, against numbers counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from videophy_lab import study

CELLS = [
    ("wan/p0/0", "p0", "wan", "ok", None, "a", "a long a", 3, 81),
    ("wan/p1/0", "p1", "wan", "ok", None, "b", "b", 0, 81),
    ("wan/p2/0", "p2", "wan", "failed", "no room for 17 frames", "c", "c", 0, None),
    ("sora/p0/0", "p0", "sora", "ok", None, "a", None, None, 40),
    ("sora/p1/0", "p1", "sora", "failed", "no room for 3 frames", "b", None, None, None),
    ("sora/p1/1", "p1", "sora", "failed", None, "b", None, None, None),
]
COLUMNS = ["video_id", "prompt_id", "generator", "status", "error", "caption", "caption_used"]
VIDEOS = pd.DataFrame(CELLS, columns=[*COLUMNS, "truncated_tokens", "frames"]).assign(fps=16.0)


def test_what_was_made_and_what_is_missing_is_counted() -> None:
    counts = study.count_made(VIDEOS).set_index("generator")
    assert counts.loc["wan"].to_dict() == {
        "n_videos": 3, "n_ok": 2, "n_failed": 1, "n_prompts": 2, "n_prompts_without": 1, "n_truncated": 1,
        "n_rewritten": 1,
    }  # fmt: skip
    assert counts.loc["sora", ["n_ok", "n_failed", "n_prompts", "n_prompts_without"]].tolist() == [1, 2, 1, 2]


def test_a_table_without_status_counts_by_its_paths() -> None:
    bare = VIDEOS[["video_id", "prompt_id", "generator"]].assign(path=["x", None, "y", "z", None, None])
    assert study.count_made(bare).set_index("generator")["n_ok"].to_dict() == {"wan": 2, "sora": 1}


def test_like_reasons_are_counted_together() -> None:
    reasons = study.tabulate_failures(VIDEOS)
    assert reasons[["generator", "error", "n_videos"]].to_numpy().tolist() == [
        ["sora", "(no reason given)", 1],
        ["sora", "no room for # frames", 1],
        ["wan", "no room for # frames", 1],
    ]
    assert len(study.tabulate_failures(VIDEOS.head(2))) == 0


def test_files_are_described_by_kind() -> None:
    kinds = study.describe_made(VIDEOS)
    assert kinds["n_videos"].tolist() == [1, 2]
    np.testing.assert_allclose(kinds["seconds"].astype(float), [2.5, 81 / 16])


def test_costs_are_summed_and_nothing_paid_is_not_zero() -> None:
    costs = VIDEOS.assign(seconds=[1, 2, 3, 4, 5, 60], tokens=[5, 7, 9, 1, 1, 1], bytes=[1e6] * 6)
    costs["cost"] = [np.nan] * 3 + [0.5, 0.25, np.nan]
    table = study.tabulate_making(costs).set_index("generator")
    assert table.loc["sora", ["n_videos", "median_seconds", "total_seconds"]].tolist() == [3, 5.0, 69.0]
    assert table.loc["sora", "total_cost"] == 0.75
    assert np.isnan(table.loc["wan", "total_cost"])
    assert table.loc["wan", "median_tokens"] == 7
    assert table.loc["wan", "mean_megabytes"] == 1.0


def test_examples_are_of_every_group_and_of_different_prompts() -> None:
    grid = pd.DataFrame(
        [(f"{g}/p{p}/0", f"p{p}", g, "ok") for g in "abc" for p in range(4)], columns=COLUMNS[:4]
    )
    chosen = study.choose_examples(grid, n_videos=6)
    assert chosen["generator"].tolist() == ["a", "b", "c"] * 2
    assert chosen["prompt_id"].tolist() == ["p0", "p1", "p2", "p1", "p2", "p3"]
    assert len(study.choose_examples(VIDEOS, n_videos=50)) == 3
    assert len(study.choose_examples(VIDEOS.head(0))) == 0
    assert list(study.choose_examples(VIDEOS).columns) == list(VIDEOS.columns)
