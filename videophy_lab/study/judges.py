"""A judge against humans: correlations, the joint decision, pairs, calibration."""

from __future__ import annotations

import numpy as np
import pandas as pd

from videophy_lab.collisions import settle_collisions
from videophy_lab.schema import Scale
from videophy_lab.stats.agreement import (
    binary_agreement,
    calibration_curve,
    confusion_matrix,
    ordinal_agreement,
)
from videophy_lab.stats.pairwise import crossfit_pairwise_accuracy
from videophy_lab.study.correlation import correlate, pair_columns
from videophy_lab.study.joint import join_joint
from videophy_lab.study.tables import (
    TASKS,
    choose_scale,
    make_estimates,
    make_row,
    name_scores,
)


def agreement(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    on_collision: str = "warn",
    value: str = "score",
    scale: Scale | str | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure how well every scorer agrees with the human ratings.

    Parameters
    ----------
    ratings, scores : DataFrame
        Tables of the contract's form, joined by ``video_id``.
    on_collision : {"warn", "drop", "ignore", "error"}
        What to do when a scorer's scores are identical across two generators for nearly all shared prompts,
        or two videos have one SHA-256.
    value : {"score", "expected"}
        Which column of the scores is used for correlations and pairs.
    seed : int
        Decides the folds of prompts in which the tie threshold is tuned.

    Returns
    -------
    DataFrame
        Estimates with ``scorer, score_task, rating_task, centred_by, n_missing``: Pearson, Spearman and
        Kendall τ-b at every level; for a judge on the ratings' scale also exact agreement, agreement within
        one, mean difference and quadratic weighted κ; pairwise accuracy within prompts, with
        ties tuned on other prompts; and for a judge with SA and PC the joint decision:
        accuracy beside the majority class's and their difference, precision, recall, F1, φ.
    """
    scores = settle_collisions(name_scores(scores, ratings), on_collision=on_collision)
    scale = choose_scale(ratings, scale)
    return make_estimates(
        [
            *_correlation_rows(ratings, scores, value=value, scale=scale, confidence=confidence),
            *_ordinal_rows(ratings, scores, scale=scale, confidence=confidence),
            *_pairwise_rows(ratings, scores, value=value, seed=seed, scale=scale, confidence=confidence),
            *_joint_rows(ratings, scores, scale=scale, confidence=confidence),
        ],
        groups=("scorer", "score_task", "rating_task", "centred_by"),
    )


def _correlation_rows(
    ratings: pd.DataFrame, scores: pd.DataFrame, *, value: str, scale: Scale, confidence: float
) -> list[dict[str, object]]:
    table = correlate(ratings, scores, value=value, scale=scale, confidence=confidence)
    return [{str(name): cell for name, cell in row.items()} for row in table.to_dict("records")]


def _ordinal_rows(
    ratings: pd.DataFrame, scores: pd.DataFrame, *, scale: Scale, confidence: float
) -> list[dict[str, object]]:
    categories = np.arange(scale.low, scale.high + 1)
    rows = []
    for groups, human, judge, prompts, _, n_missing in pair_columns(ratings, scores, scale=scale):
        on_scale = np.isin(judge, categories).all() and np.isin(human, categories).all()
        if groups["score_task"] not in TASKS or not on_scale:
            continue
        found = ordinal_agreement(human, judge, prompts, categories=categories, level=confidence)
        rows += [make_row(e, name, **groups) | {"n_missing": n_missing} for name, e in found.items()]
    return rows


def _pairwise_rows(
    ratings: pd.DataFrame, scores: pd.DataFrame, *, value: str, seed: int, scale: Scale, confidence: float
) -> list[dict[str, object]]:
    rows = []
    for groups, human, judge, prompts, _, n_missing in pair_columns(
        ratings, scores, value=value, scale=scale
    ):
        found = crossfit_pairwise_accuracy(
            human, judge, prompts, rng=np.random.default_rng(seed), level=confidence
        )
        rows.append(
            make_row(found.estimate, "pairwise_accuracy", **groups, centred_by="prompt")
            | {"n_missing": n_missing, "seed": seed}
        )
    return rows


def _joint_rows(
    ratings: pd.DataFrame, scores: pd.DataFrame, *, scale: Scale, confidence: float
) -> list[dict[str, object]]:
    joint = join_joint(ratings, scores, scale=scale)
    rows = []
    for scorer, of_scorer in joint.groupby("scorer", sort=False):
        decided = of_scorer.dropna(subset=["joint_score"])
        found = binary_agreement(
            decided["joint"].to_numpy() == 1,
            decided["joint_score"].to_numpy() == 1,
            decided["prompt_id"].to_numpy(dtype=str),
            level=confidence,
        )
        groups = {"scorer": str(scorer), "score_task": "joint", "rating_task": "joint"}
        missing = {"n_missing": len(of_scorer) - len(decided)}
        rows += [make_row(e, f"joint_{name}", **groups) | missing for name, e in found.items()]
    return rows


def tabulate_confusion(
    ratings: pd.DataFrame, scores: pd.DataFrame, *, scale: Scale | str | None = None
) -> pd.DataFrame:
    """Tabulate how often humans gave one value and the judge another.

    Returns
    -------
    DataFrame
        ``scorer, task, rating, score, n_videos``; every pair of values has its row, zeros too. Scorers that
        are not on the ratings' scale have none.
    """
    scale = choose_scale(ratings, scale)
    categories = np.arange(scale.low, scale.high + 1)
    parts = []
    for groups, human, judge, *_ in pair_columns(ratings, scores, scale=scale):
        if not (np.isin(judge, categories).all() and np.isin(human, categories).all()):
            continue
        counts = confusion_matrix(human, judge, categories=categories)
        rating, score = np.meshgrid(categories, categories, indexing="ij")
        parts.append(
            pd.DataFrame(
                {"rating": rating.ravel(), "score": score.ravel(), "n_videos": counts.ravel()}
            ).assign(scorer=groups["scorer"], task=groups["rating_task"])
        )
    columns = ["scorer", "task", "rating", "score", "n_videos"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def calibration(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    value: str = "score",
    scale: Scale | str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate, for every value a scorer gave, how often humans rated those videos a success.

    Returns
    -------
    DataFrame
        Estimates ``success_rate`` with ``scorer, score_task, rating_task, score`` (mean score of the bin).
    """
    scale = choose_scale(ratings, scale)
    rows = []
    for groups, human, judge, prompts, _, _ in pair_columns(ratings, scores, value=value, scale=scale):
        curve = calibration_curve(judge, human >= scale.success, prompts, level=confidence)
        rows += [
            make_row(estimate, "success_rate", **groups, score=float(score))
            for score, estimate in zip(curve.score, curve.outcome, strict=True)
        ]
    return make_estimates(rows)
