"""What videos cost: by the user's price, or by a list price that is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

SECOND, VIDEO = "s", "video"


@dataclass(frozen=True)
class Price:
    """US dollars a second or a video.

    Attributes
    ----------
    dollars : float
        NaN where it is not known.
    unit : {"s", "video"}
    source : str
        Where it comes from.
    """

    dollars: float = math.nan
    unit: str = SECOND
    source: str = ""

    def price_video(self, seconds: float) -> float:
        """Give the dollars of one video; NaN where the price is not known."""
        return self.dollars * seconds if self.unit == SECOND else self.dollars


def parse_price(price: str) -> Price | None:
    """Read ``"0.40/s"`` or ``"0.71/video"``; a number alone is of a second; None when empty.

    Raises
    ------
    ValueError
        It is neither.
    """
    if not price:
        return None
    number, _, unit = price.replace(" ", "").partition("/")
    try:
        dollars = float(number)
    except ValueError:
        dollars = math.nan
    if not (math.isfinite(dollars) and dollars >= 0) or unit not in ("", SECOND, VIDEO):
        raise ValueError(
            f"price is {price!r}; it must be US dollars a second or a video, such as 0.40/s or 0.71/video."
        )
    return Price(dollars, unit or SECOND, "option price")


def describe_orders(name: str, count: int, known: int, seconds: float, price: Price) -> str:
    """Write what videos would cost on a line.

    Parameters
    ----------
    name : str
        Of the model.
    count : int
        Videos to be made.
    known : int
        Those that cannot be ordered.
    seconds : float
        Of one video.
    price : Price
    """
    head = f"{count} videos of {seconds:g} s by {name}"
    notes = f"; {known} cannot be ordered" if known else ""
    dollars = price.price_video(seconds) * count
    if not math.isfinite(dollars):
        return f"{head}: price not known, give -o price=…/s or -o price=…/video in US dollars{notes}"
    assumed = f"${price.dollars:g} a {unit_word(price)}, {price.source}"
    return f"{head}: about ${dollars:.2f}{notes} (assumed: {assumed})"


def unit_word(price: Price) -> str:
    """Name the unit of a price."""
    return "second" if price.unit == SECOND else "video"
