"""Reasons that differ by a number alone are one; every row is counted, also one without a reason."""

from __future__ import annotations

import pandas as pd

from videophy_lab.reasons import LONGEST, SHOWN, blank_numbers, write_reasons


def write(alike: pd.DataFrame, reason: str) -> str:
    return f"{len(alike)} ×: {reason} ({alike['video_id'].iloc[0]})"


def make_wrong(*errors: str | None) -> pd.DataFrame:
    return pd.DataFrame({"video_id": [f"v{k}" for k in range(len(errors))], "error": errors, "scorer": "s"})


def test_like_reasons_are_counted_together_the_commonest_first():
    wrong = make_wrong("it is red", "frame 3 of 10.5", "frame 4 of 7", None)
    assert write_reasons(wrong, write, label="failed") == [
        "2 ×: frame 3 of 10.5 (v1)",
        "1 ×: it is red (v0)",
        "1 ×: (no reason given) (v3)",
    ]
    assert blank_numbers(wrong["error"])[1] == "frame # of #"


def test_only_blank_reasons_are_counted_too():
    assert write_reasons(make_wrong(None, None), write, label="failed") == ["2 ×: (no reason given) (v0)"]
    assert write_reasons(make_wrong(), write, label="failed") == []


def test_groups_are_kept_apart_and_the_rest_is_counted():
    wrong = make_wrong(*"abcdefg", "a")
    wrong.loc[7, "scorer"] = "t"
    lines = write_reasons(wrong, write, label="unscored", by=["scorer"])
    assert len(lines) == SHOWN + 1
    assert lines[-1] == f"unscored: {8 - SHOWN} more reasons in the column error"


def test_a_long_reason_is_cut():
    [line] = write_reasons(make_wrong("x" * 1000), write, label="failed")
    assert line == f"1 ×: {'x' * LONGEST}… (v0)"
