"""Things that are tied by any chain are one, and the first of a pair speaks for both."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from videophy_lab.schema.groups import Groups

NAMES = st.integers(0, 15)


def test_the_first_speaks_for_all_that_are_tied_to_it():
    groups = Groups()
    assert groups.find("a") == "a"
    groups.tie("a", "b")
    groups.tie("c", "d")
    groups.tie("b", "d")
    assert [groups.find(name) for name in "abcde"] == ["a", "a", "a", "a", "e"]


def test_a_long_chain_is_followed():
    groups = Groups()
    for number in range(5000):
        groups.tie(number + 1, number)
    assert {groups.find(number) for number in range(5001)} == {5000}


@given(st.lists(st.tuples(NAMES, NAMES), max_size=25))
def test_groups_are_those_of_a_search_through_all_pairs(pairs):
    groups = Groups()
    for first, second in pairs:
        groups.tie(first, second)
    for start in range(16):
        reached, more = {start}, True
        while more:
            found = {other for pair in pairs for other in pair if set(pair) & reached}
            more = not found <= reached
            reached |= found
        assert {name for name in range(16) if groups.find(name) == groups.find(start)} == reached
