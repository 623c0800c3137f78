"""Whether scores fall as a violation grows, and from which severity on it is seen.

No psychometric curve is fitted. Three or four severities of one violation cannot tell a slope from a lapse
rate, severities of two violations are on no common scale, and a threshold read off such a curve would be the
curve's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats as scipy_stats

from videophy_lab.stats.checks import as_finite, check_level, check_same_length
from videophy_lab.stats.estimate import BoolArray, Estimate, FloatArray, divide_or_nan, encode_clusters
from videophy_lab.stats.paired import bounded_mean_estimate


@dataclass(frozen=True)
class Trend:
    """The mean Kendall τ of series of drops against severity.

    Attributes
    ----------
    estimate : Estimate
        Mean τ; ``n`` counts series.
    n_left_out : int
        Series with fewer than two severities, which have no τ.
    """

    estimate: Estimate
    n_left_out: int


def series_taus(severity: ArrayLike, drop: ArrayLike, series: NDArray[np.generic]) -> FloatArray:
    """Compute Kendall's τ of drop against severity in every series.

    Parameters
    ----------
    severity, drop : (n,) float
    series : (n,)
        Which series each value belongs to: one prompt, seed and violation.

    Returns
    -------
    (S,) float
        One a series, in sorted order: concordant minus discordant pairs of severities, divided by all pairs
        of different severities. A tie of the drop counts as neither, so a scorer that sees nothing gets 0
        (τ-b would be undefined). NaN with fewer than two severities.
    """
    dose, fall = as_finite(severity, "severity"), as_finite(drop, "drop")
    codes, n_series = encode_clusters(series)
    check_same_length(severity=dose, drop=fall, series=codes)
    order, pairs = np.zeros(n_series), np.zeros(n_series)
    for number in range(n_series):
        own = codes == number
        steps = np.sign(dose[own][:, None] - dose[own])
        order[number] = np.sum(steps * np.sign(fall[own][:, None] - fall[own]))
        pairs[number] = np.count_nonzero(steps)
    return divide_or_nan(order, pairs)


def severity_trend(
    severity: ArrayLike,
    drop: ArrayLike,
    series: NDArray[np.generic],
    clusters: NDArray[np.generic],
    *,
    level: float = 0.95,
) -> Trend:
    """Average Kendall's τ of drop against severity over series, with clusters as the independent units.

    Parameters
    ----------
    severity, drop : (n,) float
        How strong the violation is, and by how much the score fell.
    series : (n,)
        One prompt, seed and violation at several severities.
    clusters : (n,)
        Prompt; a series lies in one.
    level : float
        Confidence level.

    Returns
    -------
    Trend

    Raises
    ------
    ValueError
        If a value is missing, lengths differ, or a series lies in two clusters.

    Notes
    -----
    The interval is that of :func:`videophy_lab.stats.paired.bounded_mean_estimate` for (τ + 1)/2.
    """
    check_level(level)
    labels = np.asarray(clusters)
    codes, n_series = encode_clusters(series)
    check_same_length(series=codes, clusters=labels)
    taus = series_taus(severity, drop, codes)
    _, first = np.unique(codes, return_index=True)
    if n_series and (labels[first][codes] != labels).any():
        raise ValueError("a series lies in two clusters; give every prompt's series its own name")
    known = ~np.isnan(taus)
    # an interval of the halves from 0 to 1 and back
    halves = bounded_mean_estimate((taus[known] + 1) / 2, labels[first][known], level=level)
    doubled = {name: 2 * getattr(halves, name) - 1 for name in ("estimate", "low", "high")}
    return Trend(replace(halves, **doubled), int(n_series - known.sum()))


def find_complete_series(severity: ArrayLike, series: NDArray[np.generic]) -> BoolArray:
    """Find the values of series that have every severity which any series has.

    Parameters
    ----------
    severity : (n,) float
    series : (n,)

    Returns
    -------
    (n,) bool
    """
    dose = as_finite(severity, "severity")
    rows, n_series = encode_clusters(series)
    columns, n_severities = encode_clusters(dose)
    check_same_length(severity=dose, series=rows)
    there = np.zeros((n_series, n_severities), dtype=bool)
    there[rows, columns] = True
    complete: BoolArray = np.all(there, axis=1)
    return complete[rows]


def page_p_value(
    severity: ArrayLike, drop: ArrayLike, series: NDArray[np.generic], clusters: NDArray[np.generic]
) -> float:
    """Test that drops do not grow with severity by Page's L, one row of mean drops a cluster.

    Parameters
    ----------
    severity, drop : (n,) float
    series : (n,)
        One prompt, seed and violation at several severities; those that lack one of them do not enter.
    clusters : (n,)
        Prompt; a series lies in one.

    Returns
    -------
    float
        One-sided p; NaN unless two clusters have a complete series of three severities or more.

    Notes
    -----
    Page (1963), JASA 58, 216–230, as ``scipy.stats.page_trend_test``.

    A mean over whatever is scored would be of other videos at every severity. Where videos of large drops
    are unscored at the smallest one, that alone makes a trend: drops that are the same at all severities but
    for a noise of .05 of their spread over videos, 80 % of the large ones unscored at one of three
    severities, in 12 prompts of five videos, give p < .05 in 91 % of draws; of complete series, in 4 %
    (2,000 draws). Complete series mislead too where a score is missing for its own value and not for its
    video's: there a noise of .3 of the spread gives 8 %, one as large as the spread 20 %.
    """
    dose, fall = as_finite(severity, "severity"), as_finite(drop, "drop")
    labels, names = np.asarray(clusters), np.asarray(series)
    check_same_length(severity=dose, drop=fall, series=names, clusters=labels)
    complete = find_complete_series(dose, names)
    rows, n_clusters = encode_clusters(labels[complete])
    columns, n_severities = encode_clusters(dose[complete])
    if n_clusters < 2 or n_severities < 3:
        return float("nan")
    sums, counts = np.zeros((n_clusters, n_severities)), np.zeros((n_clusters, n_severities))
    np.add.at(sums, (rows, columns), fall[complete])
    np.add.at(counts, (rows, columns), 1)
    return float(scipy_stats.page_trend_test(sums / counts).pvalue)


def find_detection_threshold(severity: ArrayLike, low: ArrayLike, *, chance: float = 0.5) -> float:
    """Find the smallest severity from which on, up to the greatest, every lower limit exceeds chance.

    Parameters
    ----------
    severity, low : (k,) float
        Distinct severities and the lower limit of the paired area at each; NaN where there is none.
    chance : float

    Returns
    -------
    float
        NaN where not even the greatest severity is seen, or has no interval: it is not known then whether a
        smaller one would have been seen.

    Notes
    -----
    Severities are tested from the greatest downwards and the first that fails ends it, so the chance that
    any of the named ones is a mistake stays that of one interval, without a correction: the smallest
    effective dose of Tukey, Ciminera & Heyse (1985), Biometrics 41, 295–301; Maurer, Hothorn & Lehmacher
    (1995). A lucky small severity below one that is not seen does not count.
    """
    dose, limit = as_finite(severity, "severity"), np.asarray(low, dtype=np.float64)
    check_same_length(severity=dose, low=limit)
    if np.unique(dose).size < dose.size:
        raise ValueError("a severity comes twice; give each one lower limit")
    threshold = np.nan
    for place in np.argsort(-dose):
        if not limit[place] > chance:
            break
        threshold = float(dose[place])
    return float(threshold)
