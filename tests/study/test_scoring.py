"""What a scoring run gave, against numbers counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from videophy_lab import study

VIDEOS = pd.DataFrame(
    {
        "video_id": [f"{g}/p{i}/0" for g in ("wan", "sora") for i in range(4)],
        "prompt_id": [f"p{i}" for i in range(4)] * 2,
        "generator": ["wan"] * 4 + ["sora"] * 4,
    }
)


def make_row(video: int, task: str = "pc", score: float = 4.0, **more: object) -> dict[str, object]:
    row = {
        "video_id": VIDEOS["video_id"][video],
        "scorer": "judge",
        "spec": "s",
        "task": task,
        "score": score,
    }
    return row | {"status": "ok", "seconds": 2.0, "expected": np.nan, "probabilities": None} | more


def join(*rows: dict[str, object]) -> pd.DataFrame:
    return study.join_videos(pd.DataFrame(rows), VIDEOS)


def test_every_question_is_counted_rules_and_failures_too() -> None:
    joined = join(
        make_row(0),
        make_row(1, score=np.nan, status="failed", error="gone"),
        make_row(0, "rule", 1.0, rule_id="r1"),
        make_row(0, "rule", np.nan, rule_id="r2", status="unscored", error="odd"),
        make_row(4),
        make_row(5, probe="reverse"),
        make_row(0) | {"video_id": "stranger/p0/0"},
    )
    counts = study.count_scores(joined, VIDEOS).set_index(["task", "generator"])
    columns = ["n_videos", "n_questions", "n_ok", "n_unscored", "n_failed", "n_videos_without_row"]
    assert counts.loc[("pc", "wan"), columns].tolist() == [4, 2, 1, 0, 1, 2]
    assert counts.loc[("pc", "sora"), columns].tolist() == [4, 1, 1, 0, 0, 3]
    assert counts.loc[("rule", "wan"), columns].tolist() == [4, 2, 1, 1, 0, 3]
    reasons = study.tabulate_reasons(joined)
    assert reasons[["status", "error", "n_questions"]].to_numpy().tolist() == [
        ["failed", "gone", 1],
        ["unscored", "odd", 1],
    ]


def test_settings_of_one_scorer_are_not_one_sample() -> None:
    joined = join(make_row(0, score=1.0), make_row(0, score=5.0, spec="t"), make_row(1, scorer="other"))
    assert sorted(set(joined["scorer"])) == ["judge s", "judge t", "other"]
    means = study.estimate_scores(joined).set_index("scorer")["estimate"].to_dict()
    assert means == {"judge s": 1.0, "judge t": 5.0, "other": 4.0}


def test_means_leave_out_rules_and_take_prompts_as_units() -> None:
    values = [1.0, 2.0, 4.0, 5.0]
    rows = [make_row(i, score=value) for i, value in enumerate(values)]
    rows.append(make_row(4, score=np.nan, status="failed"))
    means = study.estimate_scores(join(*rows, make_row(0, "rule", 0.0))).set_index("generator")
    assert set(means["task"]) == {"pc"}
    wan = means.loc["wan"]
    # with one video a prompt the jackknife is the usual standard error of a mean
    half = stats.t.ppf(0.975, 3) * stats.sem(values)
    assert wan["estimate"] == pytest.approx(3.0)
    assert (wan["low"], wan["high"]) == (pytest.approx(3.0 - half), pytest.approx(3.0 + half))
    assert (wan["n_videos"], wan["n_prompts"], wan["n_missing"]) == (4, 4, 0)
    assert means.loc["sora", ["n_videos", "n_missing"]].tolist() == [0, 1]
    assert np.isnan(means.loc["sora", "estimate"])


def test_costs_are_of_what_a_scorer_worked_on() -> None:
    joined = join(
        make_row(0, seconds=1.0),
        make_row(0, "sa", seconds=2.0),
        make_row(1, seconds=6.0),
        make_row(2, seconds=0.0, status="failed", score=np.nan),
        make_row(3, seconds=3.0, status="unscored", score=np.nan),
    )
    costs = study.tabulate_costs(joined).iloc[0]
    assert costs[["n_questions", "n_videos", "median_seconds", "total_seconds"]].tolist() == [4, 3, 2.5, 12.0]


def test_expected_answers_are_set_beside_the_answers_given() -> None:
    sure, torn = [0.0, 0.0, 0.1, 0.8, 0.1], [0.0, 0.0, 0.3, 0.4, 0.3]
    joined = join(
        make_row(0, score=4.0, expected=4.0, probabilities=sure),
        make_row(1, score=4.0, expected=3.5, probabilities=torn),
        make_row(2, score=2.0, expected=2.5, probabilities=[0.0, 0.5, 0.5, 0.0, 0.0]),
        make_row(3, score=4.0),
        make_row(0, "sa", score=0.3, expected=0.3, probabilities=[0.7, 0.3]),
    )
    table = study.compare_expected(joined)
    assert set(table["task"]) == {"pc"}
    four = table[table["score"].eq(4.0)].iloc[0]
    assert four["n_questions"] == 2
    assert four["mean_expected"] == pytest.approx(3.75)
    assert four["sd_expected"] == pytest.approx(np.std([4.0, 3.5], ddof=1))
    assert four["mean_probability"] == pytest.approx(0.6)


def test_the_extremes_are_the_ends_of_the_order() -> None:
    scores, expected = [3.0, 1.0, 5.0, 5.0, 1.0], [3.0, 1.2, 4.4, 4.8, 1.1]
    joined = join(
        *(make_row(i, score=s, expected=e) for i, (s, e) in enumerate(zip(scores, expected, strict=True)))
    )
    table = study.list_extremes(joined, scorer="judge", task="pc", n_videos=2)
    assert table.to_numpy().tolist() == [
        ["lowest", "sora/p0/0", 1.0],
        ["lowest", "wan/p1/0", 1.0],
        ["highest", "wan/p3/0", 5.0],
        ["highest", "wan/p2/0", 5.0],
    ]
    assert len(study.list_extremes(joined, scorer="judge", task="pc", n_videos=9)) == 4


def test_nothing_scored_gives_empty_tables() -> None:
    nothing = join(make_row(0)).iloc[:0]
    assert study.count_scores(nothing, VIDEOS).empty
    assert study.tabulate_reasons(nothing).empty
    assert study.tabulate_costs(nothing).empty
    assert study.compare_expected(nothing).empty
    assert study.estimate_scores(nothing).empty
