"""How few human labels would do, with a judge and without."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from videophy_lab.schema import Scale
from videophy_lab.stats.calibration import bound_post_stratified, required_labels
from videophy_lab.stats.estimate import FloatArray, IntArray
from videophy_lab.stats.means import wilson_interval
from videophy_lab.study.joint import join_joint, need_one_judge
from videophy_lab.study.tables import pivot_ratings


def simulate_ranking(
    ratings: pd.DataFrame,
    *,
    sizes: Sequence[int] = (10, 20, 40, 80, 160, 320),
    n_draws: int = 2000,
    seed: int = 0,
    scale: Scale | str | None = None,
) -> pd.DataFrame:
    """Subsample the real ratings, again and again, and see how well fewer of them rank the generators.

    Every draw keeps ``size`` rated videos of each generator, without replacement (all of a generator that has
    fewer). The truth is the joint rate among all of its rated videos.

    Returns
    -------
    DataFrame
        ``size, n_draws, n_generators, mean_absolute_error, kendall`` (mean τ-b of estimated and true rates; 0
        for a draw in which all tie), ``pairs_right`` (share of the pairs with different true rates in the
        true order, ties half; NaN without such a pair) and ``seed``.
    """
    check_sizes(sizes)
    videos = pivot_ratings(ratings, scale=scale).dropna(subset=["joint"])
    labels = videos.groupby("generator")["joint"].agg(["sum", "size"]).astype(int)
    successes, counts = labels["sum"].to_numpy(), labels["size"].to_numpy()
    rng = np.random.default_rng(seed)
    rows = []
    for size in sizes:
        kept = np.minimum(size, counts)
        drawn = rng.hypergeometric(successes, counts - successes, kept, size=(n_draws, len(counts)))
        row = {"size": size, "n_draws": n_draws, "n_generators": len(counts)}
        rows.append(row | _summarise_order(drawn / kept, successes / counts) | {"seed": seed})
    return pd.DataFrame(rows)


def _summarise_order(estimate: FloatArray, truth: FloatArray) -> dict[str, float]:
    """Compare estimated rates of shape (draws, generators) with the true ones."""
    first, second = np.triu_indices(len(truth), 1)
    order = np.sign(estimate[:, first] - estimate[:, second])
    differs = truth[first] != truth[second]
    right = order * np.sign(truth[first] - truth[second])
    untied = np.count_nonzero(order, axis=1) * np.count_nonzero(differs)
    kendall = right.sum(axis=1) / np.sqrt(np.maximum(untied, 1))
    return {
        "mean_absolute_error": float(np.mean(np.abs(estimate - truth))),
        "kendall": float(kendall.mean()) if differs.any() else np.nan,
        "pairs_right": float(np.mean((1 + right[:, differs]) / 2)) if differs.any() else np.nan,
    }


def check_sizes(sizes: Sequence[int]) -> None:
    """Raise ValueError unless sizes are whole numbers from 1."""
    wrong = [size for size in sizes if not isinstance(size, int) or size < 1]
    if wrong or not sizes:
        raise ValueError(f"sizes is {list(sizes)!r}; give whole numbers from 1, such as [10, 20, 40]")


def simulate_labelling(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    sizes: Sequence[int] = (10, 20, 40, 80, 160, 320),
    n_scored: int = 590,
    n_draws: int = 2000,
    seed: int = 0,
    scale: Scale | str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Simulate what a judge of this quality adds to human labels.

    Every draw makes ``n_scored`` new videos for each generator by drawing with replacement from those that
    have both a rating and a score: the judge and the humans agree as they do there. The human label of the
    first ``size`` videos is kept, the judge's decision of all. The truth is the rate in the pool.

    Returns
    -------
    DataFrame
        ``size, method, n_draws, n_generators, width`` (mean full width), ``coverage`` (share of intervals
        that hold the truth), ``mean_absolute_error`` and ``seed``. Methods: ``human_only`` (Wilson) and
        ``post_stratified`` on the judge's joint decision.
    """
    check_sizes(sizes)
    joint = join_joint(ratings, scores, scale=scale).dropna(subset=["joint_score"])
    need_one_judge(joint)
    too_large = [size for size in sizes if size > n_scored]
    if too_large:
        raise ValueError(f"size {too_large[0]} exceeds n_scored {n_scored}: only scored videos are labelled")
    cells = _count_cells(joint)
    truth = cells[:, 1].sum(axis=1) / cells.sum(axis=(1, 2))
    rng = np.random.default_rng(seed)
    rows = []
    for size in sizes:
        labelled, everything = _draw_counts(cells, size, n_scored, n_draws, rng)
        estimates = {
            "human_only": _estimate_human_only(labelled, confidence),
            "post_stratified": _estimate_post_stratified(labelled, everything, confidence),
        }
        for method, (estimate, low, high) in estimates.items():
            rows.append(
                {
                    "size": size,
                    "method": method,
                    "n_draws": n_draws,
                    "n_generators": len(cells),
                    "width": float(np.mean(high - low)),
                    "coverage": float(np.mean((low <= truth) & (truth <= high))),
                    "mean_absolute_error": float(np.mean(np.abs(estimate - truth))),
                    "seed": seed,
                }
            )
    return pd.DataFrame(rows)


def _count_cells(joint: pd.DataFrame) -> IntArray:
    """Count videos by generator, human label and judge decision: shape (generators, 2, 2)."""
    return np.stack(
        [
            np.histogram2d(rows["joint"], rows["joint_score"], bins=2, range=[[0, 1], [0, 1]])[0].astype(int)
            for _, rows in joint.groupby("generator")
        ]
    )


def _draw_counts(
    cells: IntArray, size: int, n_scored: int, n_draws: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Draw counts of labels (draws, generators, 2, 2) and of all decisions (draws, generators, 2)."""
    labelled = np.empty((n_draws, len(cells), 2, 2), dtype=np.int64)
    everything = np.empty((n_draws, len(cells), 2), dtype=np.int64)
    for index, cell in enumerate(cells):
        shares = cell.ravel() / cell.sum()
        labelled[:, index] = rng.multinomial(size, shares, size=n_draws).reshape(n_draws, 2, 2)
        rest = rng.multinomial(n_scored - size, cell.sum(axis=0) / cell.sum(), size=n_draws)
        everything[:, index] = labelled[:, index].sum(axis=1) + rest
    return labelled, everything


def _estimate_human_only(labelled: IntArray, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    successes, counts = labelled[..., 1, :].sum(axis=-1), labelled.sum(axis=(-2, -1))
    low, high = wilson_interval(successes, counts, level=level)
    return successes / counts, low, high


def _estimate_post_stratified(
    labelled: IntArray, everything: IntArray, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Post-stratify every draw; where one decision has no label, both decisions form one stratum."""
    successes, counts = labelled[..., 1, :], labelled.sum(axis=-2)
    split = (counts > 0).all(axis=-1)
    rates = successes / np.maximum(counts, 1)
    weights = everything / everything.sum(axis=-1, keepdims=True)
    pooled = successes.sum(axis=-1) / counts.sum(axis=-1)
    estimate = np.where(split, (weights * rates).sum(axis=-1), pooled)
    two = bound_post_stratified(successes, counts, everything, level=level)
    one = bound_post_stratified(
        *(array.sum(axis=-1, keepdims=True) for array in (successes, counts, everything)), level=level
    )
    low, high = (np.where(split, both, merged) for both, merged in zip(two, one, strict=True))
    return estimate, low, high


def tabulate_required_labels(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    widths: Sequence[float] = (0.05, 0.1, 0.15, 0.2),
    scale: Scale | str | None = None,
) -> pd.DataFrame:
    """Tabulate how many human labels a generator needs for an interval of a wished full width.

    Returns
    -------
    DataFrame
        ``generator, rate, phi, width, human_only, post_stratified``: labels needed without and with the
        judge, whose φ with the human joint label is measured within the generator. A generator whose videos
        all succeed or all fail has no such number and is NA.
    """
    rows = []
    joint = join_joint(ratings, scores, scale=scale).dropna(subset=["joint_score"])
    need_one_judge(joint)
    for generator, rows_of in joint.groupby("generator"):
        rate = float(rows_of["joint"].mean())
        decided = rows_of[["joint", "joint_score"]]
        phi = float(decided.corr().to_numpy()[0, 1]) if (decided.nunique() > 1).all() else np.nan
        known_phi = 0.0 if np.isnan(phi) else phi
        for width in widths:
            needs = {
                method: required_labels(width=width, rate=rate, phi=known_phi, method=method)
                if 0 < rate < 1
                else pd.NA
                for method in ("human_only", "post_stratified")
            }
            rows.append({"generator": generator, "rate": rate, "phi": phi, "width": width, **needs})
    return pd.DataFrame(rows)
