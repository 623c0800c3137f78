"""Sentences from numbers: signs, undefined values, plurals, close matches."""

from __future__ import annotations

import pytest

from videophy_lab import study

NAN = float("nan")


def make_row(estimate: float, low: float = NAN, high: float = NAN) -> dict[str, float]:
    return {"estimate": estimate, "low": low, "high": high}


def test_numbers_carry_a_true_minus_and_none_before_zero() -> None:
    assert study.say_number(make_row(-0.126, -0.5, 0.001)) == "−0.13 (−0.50 to 0.00)"
    assert study.say_number(make_row(-0.001, -0.002, 0.1)) == "0.00 (0.00 to 0.10)"
    assert study.say_range(make_row(0, -0.04, 0.33), percent=False) == "−0.04 to 0.33"


def test_what_is_undefined_is_said_so() -> None:
    assert study.say_rate(make_row(NAN)) == "undefined"
    assert study.say_rate(make_row(0.5)) == "50.0 %"
    assert study.say_number(make_row(NAN)) == study.say_range(make_row(1)) == "undefined"


def test_counts_and_lists() -> None:
    assert study.say_count(1, "video") == "1 video"
    assert study.say_count(3397, "video") == "3,397 videos"
    assert study.join_words(["a", "b", "c"]) == "a, b and c"
    assert study.join_words([]) == ""


def test_a_wrong_name_gets_the_close_ones() -> None:
    with pytest.raises(ValueError, match="no scorer 'autoval'; did you mean autoeval"):
        study.choose_name("autoval", ["autoeval", "other"], what="scorer")
