"""Orders with sentences of our own, and the videos made of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from videophy_lab.generators.base import Made, Order

ORDER = Order("v/1", "p1", 1, "a red ball rolls down the ramp")


def order(seed: int = 1, caption: str = ORDER.caption, **more: Any) -> Order:
    return replace(ORDER, seed=seed, caption=caption, **more)


def make(generator: Any, *orders: Order) -> list[Made]:
    pairs = list(generator.make(list(orders), folder=Path("unused")))
    assert [given for given, _ in pairs] == list(orders)
    return [made for _, made in pairs]
