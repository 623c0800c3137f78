"""How many actions and videos a study of reversal needs, and what those at hand can show."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from videophy_lab.stats.paired_power import contrast_power, paired_power, required_clusters
from videophy_lab.study.probe_controls import CLASSES, OK


def plan_reversal(
    pairs: pd.DataFrame,
    *,
    areas: Sequence[float] = (0.55, 0.6, 0.67, 0.75, 0.9),
    ties: float = 0.4,
    power: float = 0.8,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Tabulate, for wished areas, the actions needed, and the power of the videos at hand.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_with_null`; the reversals of the scorer that scored most count.
    areas : sequence of float
        True shares of irreversible videos preferred forwards; reversible ones have .5.
    ties : float
        Share of pairs with equal scores, cut where an area leaves room for fewer: .4 is that of whole
        answers on 1–5.
    power, confidence : float

    Returns
    -------
    DataFrame
        ``auc, ties, videos_an_action`` (the mean here, rounded), ``actions`` (needed to tell the area from
        .5), ``actions_a_class`` (needed in each class to tell it from that of reversible ones; NA above a
        million), ``actions_here, power_here`` and ``power_contrast_here`` (with the smaller class), NaN where
        there are not two actions. Videos of one action are taken as independent, so these are lower limits.
    """
    usable = pairs[pairs["probe"].eq("reverse") & pairs["pair_status"].eq(OK)]
    counts = [_count_units(usable[usable["class"].eq(name)]) for name in CLASSES[:2]]
    here, fewest = counts[0][0], min(number for number, _ in counts)
    n_pairs = max(1, round(counts[0][1]))
    rows = []
    for area in areas:
        tied = min(ties, 2 * min(area, 1 - area) * 0.9)
        needed, of_class = (
            required_clusters(
                area, against=against, n_pairs=n_pairs, ties=tied, power=power, level=confidence
            )
            for against in (None, 0.5)
        )
        own, contrast = math.nan, math.nan
        if here > 1:
            own = paired_power(area, here, n_pairs=n_pairs, ties=tied, level=confidence)
        if fewest > 1:
            contrast = contrast_power(area, 0.5, fewest, n_pairs=n_pairs, ties=tied, level=confidence)
        rows.append(
            {"auc": area, "ties": tied, "videos_an_action": n_pairs, "actions": needed}
            | {"actions_a_class": of_class, "actions_here": here}
            | {"power_here": own, "power_contrast_here": contrast}
        )
    table = pd.DataFrame(rows)
    whole = ["actions", "actions_a_class"]
    table[whole] = table[whole].replace(math.inf, math.nan).astype("Int64")
    return table


def _count_units(part: pd.DataFrame) -> tuple[int, float]:
    """Count the actions of the scorer that scored most, and its mean number of videos of one."""
    if part.empty:
        return 0, 1.0
    counts = part.groupby("scorer")["cluster"].agg(["nunique", "size"]).sort_values(["nunique", "size"])
    number, size = counts.iloc[-1]
    return int(number), float(size / number)
