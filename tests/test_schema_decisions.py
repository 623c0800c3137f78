"""What a review dropped, merged or left open is left out of the next step, and said."""

from __future__ import annotations

import pandas as pd
import pytest

from videophy_lab.schema import TableError
from videophy_lab.schema.decisions import take_kept

WORDS = ["keep", "drop", "open", "drop", "merge", None, "Keep "]


def test_the_kept_rows_are_taken_and_the_others_counted() -> None:
    table = pd.DataFrame({"action": list("abcdefg"), "final": WORDS, "decision": "keep"})
    kept, note = take_kept(table, what="actions", source="d.csv")
    assert kept["action"].tolist() == ["a", "g"]
    assert note == "5 of 7 actions left out: 2 dropped, 1 merged into others, 1 open, 1 not decided"
    kept, note = take_kept(table, what="actions", source="d.csv", open_too=True)
    assert kept["action"].tolist() == ["a", "c", "f", "g"]
    assert note == "3 of 7 actions left out: 2 dropped, 1 merged into others"


def test_a_models_proposal_counts_where_nobody_decided() -> None:
    table = pd.DataFrame({"action": list("abc"), "decision": ["keep", "undecided", "drop"]})
    kept, note = take_kept(table, what="actions", source="d.csv")
    assert kept["action"].tolist() == ["a"]
    assert (
        note
        == "2 of 3 actions left out: 1 dropped, 1 undecided (by the column decision: nobody reviewed them)"
    )


def test_a_table_without_decisions_or_with_keep_alone_is_taken_whole() -> None:
    for table in (pd.DataFrame({"rule": ["r"]}), pd.DataFrame({"rule": ["r"], "final": ["keep"]})):
        assert take_kept(table, what="rules", source="r.csv") == (table, "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["drop", "open"],
            r"r\.csv: none of its 2 rules is kept: 1 dropped, 1 open \(column final\)\. Remedy: review",
        ),
        (["keep", "yes"], r"row 2, column 'final': 'yes' is no decision; allowed: keep, drop, merge, open"),
    ],
)
def test_nothing_kept_and_other_words_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(TableError, match=message):
        take_kept(pd.DataFrame({"rule": ["a", "b"], "final": words}), what="rules", source="r.csv")
