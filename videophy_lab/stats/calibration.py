"""A new generator's human rate from few human labels and many judge scores.

The labelled videos must be a random sample of the generator's own videos: where a judge errs otherwise,
labels borrowed from another generator give a wrong estimate, and more of them only make it look surer.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats

from videophy_lab.stats.checks import as_binary, as_finite, check_level, check_same_length
from videophy_lab.stats.estimate import BoolArray, Estimate, FloatArray, IntArray
from videophy_lab.stats.means import wilson_interval


def estimate_from_labels(labels: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Estimate the rate from the human labels alone, with Wilson's interval.

    Parameters
    ----------
    labels : (m,) bool or 0/1
        One human verdict a video, one video a prompt.

    Returns
    -------
    Estimate
        Method ``"human_only_wilson"``; NaN without labels.

    Notes
    -----
    At a rate of .10 and m = 100 Wilson's exact coverage is .936: it swings about the nominal level
    (Brown, Cai & DasGupta 2001, Statistical Science 16, 101–133).
    """
    verdicts = as_binary(labels, "labels")
    n = verdicts.size
    rate = float(verdicts.mean()) if n else np.nan
    low, high = wilson_interval(verdicts.sum(), n, level=level)
    return Estimate(rate, float(low), float(high), level, "human_only_wilson", n, n)


def bound_post_stratified(
    successes: FloatArray | IntArray,
    labelled: FloatArray | IntArray,
    sizes: FloatArray | IntArray,
    *,
    level: float,
    finite_population: bool = False,
) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the post-stratified interval from counts, with any leading batch axes.

    Parameters
    ----------
    successes, labelled, sizes : (..., H)
        Positive labels k, labels n and videos N of each stratum.
    level, finite_population
        As in :func:`post_stratify`.

    Returns
    -------
    low, high : (...)

    Notes
    -----
    With W = N_h/N, c = 2/H and p̃ = (k + c)/(n + 2c), the interval is Σ W p̃ ± z √V,
    V = Σ W² p̃(1 − p̃)/(n + 2c) + Σ W (p̃ − Σ W p̃)²/N. For two strata this adds one success and one failure
    to each. Smoothing: Price & Bonett (2004), Comput. Stat. Data Anal. 45, 449–456 (H = 2: Agresti & Caffo
    2000; H = 1: Agresti & Coull 1998). Second term, the strata sizes being a sample too: double sampling for
    stratification, Cochran (1977), Sampling Techniques, ch. 12. For the finite population the labelled videos
    are known: p̃ becomes f k/n + (1 − f) p̃ with f = n/N_h in the centre, the first term is multiplied by
    1 − f and the second falls away: Särndal, Swensson & Wretman (1992), ch. 7.
    """
    n_labelled, videos = np.asarray(labelled, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    pseudo = 2 / videos.shape[-1]
    weights = videos / videos.sum(-1, keepdims=True)
    rates = (successes + pseudo) / (n_labelled + 2 * pseudo)
    within = weights**2 * rates * (1 - rates) / (n_labelled + 2 * pseudo)
    if finite_population:
        seen = n_labelled / videos
        centre = np.sum(weights * (successes / videos + (1 - seen) * rates), -1)
        variance = np.sum(within * (1 - seen), -1)
    else:
        centre = np.sum(weights * rates, -1)
        between = np.sum(weights * (rates - centre[..., None]) ** 2, -1)
        variance = within.sum(-1) + between / videos.sum(-1)
    margin = scipy_stats.norm.ppf((1 + level) / 2) * np.sqrt(variance)
    return np.maximum(centre - margin, 0), np.minimum(centre + margin, 1)


def _count_strata(labels: BoolArray, labelled: FloatArray, everything: FloatArray) -> tuple[IntArray, ...]:
    """Count positives, labels and videos of each labelled stratum, the unlabelled ones merged into them."""
    known = np.unique(labelled)
    home = known[np.abs(everything[:, None] - known).argmin(axis=1)]
    sizes = np.count_nonzero(home[:, None] == known, axis=0)
    members = labelled[:, None] == known
    counts, successes = members.sum(axis=0), (members & labels[:, None]).sum(axis=0)
    if (counts > sizes).any():
        worst = int(np.argmax(counts - sizes))
        raise ValueError(
            f"stratum {known[worst]:g} has {counts[worst]} labelled videos but {sizes[worst]} videos in all; "
            "strata_all must hold every video of the generator, the labelled ones too"
        )
    return successes, counts, sizes


def post_stratify(
    labels: ArrayLike,
    strata_labelled: ArrayLike,
    strata_all: ArrayLike,
    *,
    level: float = 0.95,
    finite_population: bool = False,
) -> Estimate:
    """Estimate the rate by weighting the rate within each judge score with the share of that score.

    Parameters
    ----------
    labels : (m,) bool or 0/1
        Human verdicts of a random sample of the generator's videos, one video a prompt.
    strata_labelled : (m,) int
        The judge's score of the labelled videos. Unscored videos are a stratum with a number of its own.
    strata_all : (N,) int
        The judge's score of all videos of this generator, the labelled ones included.
    finite_population : bool
        Give the interval for the rate of just these N videos, not for the generator.

    Returns
    -------
    Estimate
        Σ W k/n, unsmoothed; the interval of :func:`bound_post_stratified`. A stratum without a label joins
        the labelled one next to it in score (the lower of two equally near). ``n`` counts the labels;
        method ``"post_stratified"`` or ``"post_stratified_finite_population"``; NaN without labels.

    Raises
    ------
    ValueError
        If lengths differ, a label is not 0 or 1, a stratum is not whole or has more labels than videos.
    """
    check_level(level)
    verdicts = as_binary(labels, "labels")
    labelled, everything = as_finite(strata_labelled, "strata_labelled"), as_finite(strata_all, "strata_all")
    check_same_length(labels=verdicts, strata_labelled=labelled)
    if (labelled % 1).any() or (everything % 1).any():
        raise ValueError("strata must be whole numbers; bin a continuous score first")
    method = "post_stratified_finite_population" if finite_population else "post_stratified"
    n = verdicts.size
    if n == 0:
        return Estimate(np.nan, np.nan, np.nan, level, method, 0, 0)
    positives, counts, sizes = _count_strata(verdicts, labelled, everything)
    rate = float(np.sum(sizes / sizes.sum() * positives / counts))
    low, high = bound_post_stratified(
        positives, counts, sizes, level=level, finite_population=finite_population
    )
    return Estimate(rate, float(low), float(high), level, method, n, n)


def tune_ppi_weight(
    labels: FloatArray, predictions_labelled: FloatArray, predictions_unlabelled: FloatArray
) -> FloatArray:
    """Return the weight λ̂ in [0, 1] that PPI++ gives the predictions, with any leading batch axes.

    λ̂ = cov(Y, f)/((1 + n/N) var f), the covariance over the n labelled videos, the variance over all n + N;
    0 where the predictions are constant. Angelopoulos, Duchi & Zrnic (2023), arXiv 2311.01453, power tuning.
    """
    n, n_unlabelled = predictions_labelled.shape[-1], predictions_unlabelled.shape[-1]
    centred = predictions_labelled - predictions_labelled.mean(-1, keepdims=True)
    covariance = np.sum(centred * (labels - labels.mean(-1, keepdims=True)), -1) / (n - 1)
    variance = np.concatenate([predictions_labelled, predictions_unlabelled], axis=-1).var(-1, ddof=1)
    denominator = (1 + n / n_unlabelled) * variance
    weight = np.divide(covariance, denominator, out=np.zeros_like(denominator), where=denominator > 0)
    return np.asarray(np.clip(weight, 0, 1))


def bound_ppi(
    labels: FloatArray,
    predictions_labelled: FloatArray,
    predictions_unlabelled: FloatArray,
    weight: FloatArray | float,
    *,
    level: float,
) -> tuple[FloatArray, FloatArray]:
    """Return PPI++'s estimate and half its interval's width, with any leading batch axes.

    θ̂ = λ mean f̃ + mean(Y − λ f); variance λ² var f̃/N + var(Y − λ f)/n with one degree of freedom taken
    off each, Student's t on n − 1 degrees of freedom.
    """
    n, n_unlabelled = labels.shape[-1], predictions_unlabelled.shape[-1]
    weight = np.asarray(weight, dtype=np.float64)
    rectified = labels - weight[..., None] * predictions_labelled
    estimate = weight * predictions_unlabelled.mean(-1) + rectified.mean(-1)
    imputed = weight**2 * predictions_unlabelled.var(-1, ddof=1) / n_unlabelled
    variance = imputed + rectified.var(-1, ddof=1) / n
    return estimate, scipy_stats.t.ppf((1 + level) / 2, n - 1) * np.sqrt(variance)


def ppi_plus_plus(
    labels: ArrayLike,
    predictions_labelled: ArrayLike,
    predictions_unlabelled: ArrayLike,
    *,
    level: float = 0.95,
    weight: float | None = None,
) -> Estimate:
    """Estimate the rate by prediction-powered inference with a tuned weight (PPI++).

    Parameters
    ----------
    labels : (n,) bool or 0/1
        Human verdicts of a random sample of the generator's videos, one video a prompt.
    predictions_labelled : (n,) float
        The judge's prediction of the label: a probability, or its own verdict as 0/1.
    predictions_unlabelled : (N,) float
        The same for the generator's other videos.
    weight : float, optional
        Fix λ instead of tuning it; 0 ignores the judge, 1 is PPI without tuning.

    Returns
    -------
    Estimate
        ``n`` counts the labels; method ``"ppi_plus_plus"``; all cut to [0, 1]. The interval is NaN when the
        labels do not vary, everything with fewer than two labels or two unlabelled videos.

    Notes
    -----
    Source: :func:`tune_ppi_weight`. At a rate of .10 with 100 labels the interval covers about .92 instead of
    .95; :func:`post_stratify` holds its level there.
    """
    verdicts = as_binary(labels, "labels").astype(np.float64)
    seen = as_finite(predictions_labelled, "predictions_labelled")
    unseen = as_finite(predictions_unlabelled, "predictions_unlabelled")
    check_same_length(labels=verdicts, predictions_labelled=seen)
    check_level(level)
    n = verdicts.size
    if n < 2 or unseen.size < 2:
        return Estimate(np.nan, np.nan, np.nan, level, "ppi_plus_plus", n, n)
    chosen = tune_ppi_weight(verdicts, seen, unseen) if weight is None else weight
    centre, margin = bound_ppi(verdicts, seen, unseen, chosen, level=level)
    rate = float(centre)
    if np.ptp(verdicts) == 0:
        return Estimate(rate, np.nan, np.nan, level, "ppi_plus_plus", n, n)
    rate, low, high = np.clip([rate, rate - margin, rate + margin], 0, 1).tolist()
    return Estimate(rate, low, high, level, "ppi_plus_plus", n, n)


def _expect_width(n: int, rate: float, phi: float, method: str, level: float) -> float:
    """Return the interval's full width when the labels fall as expected."""
    if method == "human_only":
        low, high = wilson_interval(rate * n, n, level=level)
        return float(high - low)
    labelled = n * np.array([1 - rate, rate])
    within = rate + abs(phi) * np.array([-rate, 1 - rate])
    low, high = bound_post_stratified(labelled * within, labelled, labelled * 1e9, level=level)
    return float(high - low)


def required_labels(
    *,
    width: float,
    rate: float,
    phi: float = 0.0,
    method: Literal["human_only", "post_stratified"] = "human_only",
    level: float = 0.95,
) -> int:
    """Return the smallest number of human labels whose interval is expected to be no wider than wished.

    Parameters
    ----------
    width : float
        Full width of the interval, for example .10 for ± 5 points.
    rate : float
        Expected rate.
    phi : float
        φ of the judge's verdict with humans on this generator, its sign without effect; the judge is taken to
        answer yes as often as humans do.
    method : {"human_only", "post_stratified"}
        Wilson's interval, or the post-stratified one with two strata and very many judged videos.

    Notes
    -----
    The width is that at the expected counts. For large n the post-stratified variance is 1 − φ² times that of
    the labels alone, φ² being the share of the variance that lies between the strata.
    """
    check_level(level)
    if method not in ("human_only", "post_stratified"):
        raise ValueError(f"method is {method!r}; choose human_only or post_stratified")
    if not (0 < width < 1 and 0 <= rate <= 1 and -1 <= phi <= 1):
        raise ValueError(
            f"width {width} and rate {rate} must lie between 0 and 1, phi {phi} between -1 and 1"
        )
    top = 1
    while _expect_width(top, rate, phi, method, level) > width:
        top *= 2
    return 1 + bisect_left(
        range(1, top), True, key=lambda n: _expect_width(n, rate, phi, method, level) <= width
    )
