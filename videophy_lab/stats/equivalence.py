"""Judge whether a correlation, or a shift in units, is absent, present, or undecided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from videophy_lab.stats.estimate import Estimate


@dataclass(frozen=True)
class Equivalence:
    """A correlation or a shift, its two intervals, and what they say about a margin.

    Attributes
    ----------
    estimate, low90, high90, low95, high95 : float
    margin : float
        The largest absolute correlation (shift) that counts as none.
    verdict : {"equivalent", "non-zero", "inconclusive"}
    """

    estimate: float
    low90: float
    high90: float
    low95: float
    high95: float
    margin: float
    verdict: Literal["equivalent", "non-zero", "inconclusive"]


def judge_equivalence(estimate90: Estimate, estimate95: Estimate, *, margin: float) -> Equivalence:
    """Judge a correlation or a shift against a margin that was declared before looking.

    Parameters
    ----------
    estimate90, estimate95 : Estimate
        The same correlation or shift with its 90 % and its 95 % interval.
    margin : float
        Above 0 and below 1.

    Returns
    -------
    Equivalence
        "equivalent" if the 90 % interval lies inside (−margin, margin), even if it excludes 0; else
        "non-zero" if the 95 % interval excludes 0; else, also where an interval is undefined, "inconclusive".

    Raises
    ------
    ValueError
        If the levels are not .90 and .95, or the margin is outside (0, 1).

    Notes
    -----
    A 90 % interval inside the margins is two one-sided tests at 5 % (Schuirmann 1987, *J. Pharmacokinet.
    Biopharm.* 15, 657–680).
    """
    if (estimate90.level, estimate95.level) != (0.90, 0.95):
        raise ValueError(
            f"the intervals have levels {estimate90.level} and {estimate95.level}: give .90 first, then .95"
        )
    if not 0 < margin < 1:
        raise ValueError(
            f"margin={margin} is not a correlation above 0 and below 1, nor such a shift: try .3"
        )
    verdict: Literal["equivalent", "non-zero", "inconclusive"] = "inconclusive"
    if -margin < estimate90.low and estimate90.high < margin:
        verdict = "equivalent"
    elif estimate95.low > 0 or estimate95.high < 0:
        verdict = "non-zero"
    return Equivalence(
        estimate90.estimate,
        estimate90.low,
        estimate90.high,
        estimate95.low,
        estimate95.high,
        margin,
        verdict,
    )
