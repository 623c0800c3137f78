"""Recomputed numbers beside the printed ones, and whether they agree to the printed digit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd


def compare_published(
    estimates: pd.DataFrame, published: pd.DataFrame, *, on: Sequence[str], percent: bool = True
) -> pd.DataFrame:
    """Set recomputed estimates beside printed values.

    Parameters
    ----------
    estimates : DataFrame
        An estimates table.
    published : DataFrame
        The key columns, ``printed`` (a number as text or float, in per cent if ``percent``) and ``source``.
    on : sequence of str
        Key columns shared by both.
    percent : bool
        Printed values are per cent of the estimates' unit.

    Returns
    -------
    DataFrame
        The keys, any other columns of ``published``, ``recomputed, low, high, printed, difference, verdict,
        n_videos, source``; ``verdict`` is ``agrees`` (to the printed digit), ``rounding`` (off by at most one
        unit of the printed digit), ``differs``, ``not printed`` or ``not recomputed``.
    """
    extras = [
        name for name in published.columns if name not in {*on, *estimates.columns, "printed", "source"}
    ]
    joined = estimates.merge(published[[*on, *extras, "printed", "source"]], on=list(on), how="outer")
    factor = 100 if percent else 1
    for column in ("estimate", "low", "high"):
        joined[column] = joined[column] * factor
    joined["verdict"] = [
        decide_verdict(recomputed, printed)
        for recomputed, printed in zip(joined["estimate"], joined["printed"], strict=True)
    ]
    joined["printed"] = pd.to_numeric(joined["printed"])
    joined["difference"] = joined["estimate"] - joined["printed"]
    joined = joined.rename(columns={"estimate": "recomputed"})
    columns = ["recomputed", "low", "high", "printed", "difference", "verdict", "n_videos", "source"]
    return joined[[*on, *extras, *columns]]


def decide_verdict(recomputed: float, printed: Any) -> str:
    """Decide whether a recomputed number agrees with a printed one, to the digits that were printed."""
    if pd.isna(printed):
        return "not printed"
    if pd.isna(recomputed):
        return "not recomputed"
    target = Decimal(str(printed))
    unit = Decimal(1).scaleb(int(target.as_tuple().exponent))
    rounded = Decimal(repr(float(recomputed))).quantize(unit, rounding=ROUND_HALF_UP)
    if rounded == target:
        return "agrees"
    return "rounding" if abs(Decimal(repr(float(recomputed))) - target) <= unit else "differs"
