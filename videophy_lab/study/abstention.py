"""What is gained by leaving the videos unscored on which an ensemble or a judge expects to be wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from videophy_lab.schema import Scale
from videophy_lab.stats.abstention import COVERAGES, AbstentionCurve, measure_abstention
from videophy_lab.study.ensembles import Recipe, collect_tasks, leave_out_nameless
from videophy_lab.study.tables import TASKS, make_estimates, make_row

GROUPS = ("scorer", "task", "abstain_by", "coverage", "verdict")
PREDICTED, RANDOM, ORACLE = "predicted disagreement", "chance", "disagreement itself"


def tabulate_abstention(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    members: Sequence[str] | None = None,
    *,
    coverages: Sequence[float] = COVERAGES,
    method: str = "mean",
    by: str = "prompt",
    tasks: Sequence[str] = TASKS,
    name: str = "",
    signs: Mapping[str, int] | None = None,
    value: str = "score",
    n_folds: int = 10,
    scale: Scale | str | None = None,
    seed: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate how far an ensemble is from humans on the videos it keeps when it abstains on the others.

    Parameters
    ----------
    members : sequence of str, optional
        As in :func:`videophy_lab.study.ensemble`, with its other options; one member is a single judge, whose
        disagreement is predicted from its distance from its mean alone.
    coverages : sequence of float
        Shares of the videos to keep.
    confidence : float
        Confidence level of the intervals.

    Returns
    -------
    DataFrame
        Estimates with ``scorer, task, abstain_by, coverage, verdict``, intervals by the delete-one-prompt
        jackknife. ``mean_absolute_disagreement`` is |human rating − the rating that the score predicts|, in
        rating units, over the videos kept: linear, cross-fitted as ``by`` says, also for a mean or a judge
        whose scores are on another scale. ``abstain_by`` is ``predicted disagreement`` (from the spread of
        the standardised members and the score's distance from the mean, cross-fitted), ``chance`` (what
        random abstaining is expected to leave: the mean over all videos, whose interval and number are
        given) or ``disagreement itself`` (the oracle that no prediction can beat). One row a task,
        ``difference_kept_minus_all``, compares the smallest coverage with all videos; its ``verdict`` is
        ``lower`` where the interval lies below 0, ``higher`` where above, else ``not shown``.

    Notes
    -----
    A prediction learnt on some generators may fail on another: with ``by="generator"`` a verdict may turn
    around. The intervals take the generators as they are; they say nothing of generators to come.
    """
    recipe = Recipe(method=method, by=by, signs=signs or {}, value=value, n_folds=n_folds, seed=seed)
    rows: list[dict[str, object]] = []
    for collected in collect_tasks(ratings, scores, members, recipe=recipe, tasks=tasks, scale=scale):
        known = leave_out_nameless(collected)
        usable = known.select(known.complete)
        found = recipe.predict_disagreement(usable)
        rated = ~np.isnan(found.disagreement)
        curve = measure_abstention(
            found.disagreement[rated],
            found.predicted[rated],
            usable.videos["prompt_id"].to_numpy(dtype=str)[rated],
            coverages=coverages,
            level=confidence,
        )
        alone = usable.members[0] if len(usable.members) == 1 else recipe.name()
        rows += _make_rows(curve, scorer=name or alone, task=usable.task)
    return make_estimates([row | {"seed": seed} for row in rows], groups=GROUPS)


def _make_rows(curve: AbstentionCurve, **groups: str) -> list[dict[str, object]]:
    """Make the rows of one task."""
    rows = []
    for kept, oracle, coverage in zip(curve.kept, curve.oracle, curve.coverages, strict=True):
        for estimate, way in ((kept, PREDICTED), (curve.everywhere, RANDOM), (oracle, ORACLE)):
            named = groups | {"abstain_by": way}
            rows.append(
                make_row(
                    estimate, "mean_absolute_disagreement", **named, coverage=float(coverage), verdict=""
                )
            )
    smallest = int(np.argmin(curve.coverages))
    difference = curve.differences[smallest]
    verdict = "lower" if difference.high < 0 else "higher" if difference.low > 0 else "not shown"
    return [
        *rows,
        make_row(
            difference,
            "difference_kept_minus_all",
            **groups,
            abstain_by=PREDICTED,
            coverage=float(curve.coverages[smallest]),
            verdict=verdict,
        ),
    ]
