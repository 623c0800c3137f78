"""Things that are one: tied in pairs, by whatever chain."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

Thing = TypeVar("Thing", bound=Hashable)


class Groups(Generic[Thing]):
    """Sets that have nothing in common, made by tying things together; each thing begins as its own."""

    def __init__(self) -> None:
        self._above: dict[Thing, Thing] = {}

    def find(self, item: Thing) -> Thing:
        """Give what speaks for the group of a thing: of two that were tied, the first one's speaker."""
        top = item
        while (above := self._above.get(top, top)) != top:
            top = above
        while (above := self._above.get(item, item)) != top:
            self._above[item], item = top, above
        return top

    def tie(self, first: Thing, second: Thing) -> None:
        """Make one group of those of two things."""
        self._above[self.find(second)] = self.find(first)
